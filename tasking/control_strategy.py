"""The control strategy: what the force puts first, who owns each priority, and what it still has to find out.

Only the strategic meeting sets or changes it (APP, tasking and co-ordination): every version comes of one decision, is
kept as it was, and carries the strategic intelligence requirement that belongs to it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from tasking.authority import meeting_named
from tasking.clocks import local_day
from tasking.decision import DecisionRequest
from tasking.errors import RuleBroken
from tasking.events import TaskChanged
from tasking.force import Force
from tasking.ports import UnitOfWork
from tasking.saving import save
from tasking.strategy import NIM_LEVELS, ControlStrategy
from tasking.task import Task

NIM_WORDS: Mapping[int, str] = {
    1: "local crime and disorder",
    2: "across borders",
    3: "serious and organised, national or international",
}
"""Policing notes, section 1.1."""
KINDS_OF_WORK = ("PREVENTION", "INTELLIGENCE", "ENFORCEMENT", "REASSURANCE")
"""Codes of the labels that say what kind of work a task is: the four that APP asks a tactical meeting to decide on."""
ENFORCEMENT = "ENFORCEMENT"


def in_force(strategies: Iterable[ControlStrategy], day: date) -> ControlStrategy | None:
    """The version that holds on a London day: the newest that has begun, unless it has ended. None where none does."""
    begun = [each for each in strategies if each.in_force_from <= day]
    newest = max(begun, key=lambda each: (each.in_force_from, each.version), default=None)
    ended = newest is not None and newest.in_force_until is not None and newest.in_force_until < day
    return None if ended else newest


def strategy_now(uow: UnitOfWork) -> ControlStrategy | None:
    """The version in force today, London time."""
    return in_force(uow.control_strategies(), local_day(uow.now()))


def adopt(uow: UnitOfWork, force: Force, request: DecisionRequest, decision_ref: str) -> ControlStrategy:
    """Keeps what the strategic meeting decided as the next version.

    Raises RuleBroken where no strategic meeting decided it, or the strategy is not whole.
    """
    proposed = request.strategy
    if proposed is None:
        raise RuleBroken("Say which priorities: `tasking strategy set` takes the decision with the file that has them.")
    _check_meeting(force, request)
    _check_whole(proposed, local_day(uow.now()))
    before = uow.control_strategies()
    version = max((each.version for each in before), default=0) + 1
    adopted = replace(
        proposed, version=version, decision_ref=decision_ref, meeting_ref=request.meeting_ref, set_at=uow.now()
    )
    uow.add_control_strategy(adopted)
    codes = [priority.code for priority in adopted.priorities]
    shown: dict[str, tuple[object, object]] = {
        "decision": (None, decision_ref),
        "priorities": ([each.code for each in before[-1].priorities] if before else None, codes),
        "in_force_from": (None, adopted.in_force_from.isoformat()),
    }
    uow.audit("control strategy set", adopted.name, shown, on_behalf_of=request.decided_by)
    return adopted


@dataclass(frozen=True, slots=True)
class Placing:
    """What a person says about a task's place in the intelligence model. None leaves as it is, empty takes it off."""

    priority: str | None = None
    nim_level: int | None = None
    gap: str | None = None


def place(uow: UnitOfWork, reference: str, placing: Placing) -> Task:
    """Puts a task under a priority of the strategy in force, at a level of the model, or to an intelligence gap.

    Says TaskChanged. Raises RuleBroken for a task that is not open or a code that the strategy in force does not
    have; raises UnknownTask, StaleTask.
    """
    task = uow.task_by_reference(reference)
    if not task.is_open:
        raise RuleBroken(f"{task.reference} is not open, so its place in the control strategy cannot change.")
    strategy = strategy_now(uow)
    changed = task
    if placing.priority is not None:
        check_code("priority", placing.priority, strategy.priority_codes if strategy else ())
        version = strategy.version if strategy and placing.priority else None
        changed = replace(changed, control_priority=placing.priority, control_version=version)
    if placing.gap is not None:
        check_code("intelligence gap", placing.gap, strategy.gap_codes if strategy else ())
        changed = replace(changed, intelligence_gap=placing.gap)
    if placing.nim_level is not None:
        if placing.nim_level not in NIM_LEVELS:
            raise RuleBroken("The level of the intelligence model is 1, 2 or 3.")
        changed = replace(changed, nim_level=placing.nim_level)
    saved = save(uow, "placed in the control strategy", task, replace(changed, moved_at=uow.now()))
    uow.emit(TaskChanged(task.task_id))
    return saved


def check_code(what: str, code: str, known: Sequence[str]) -> None:
    """Raises RuleBroken for a code that the strategy in force does not have; empty is none."""
    if code and code not in known:
        have = f"there are {', '.join(known)}" if known else "no control strategy is in force that has one"
        raise RuleBroken(f"There is no {what} {code}: {have}.")


def kinds_of_work(task: Task) -> tuple[str, ...]:
    """Which of prevention, intelligence, enforcement and reassurance its labels say, in that order."""
    return tuple(kind for kind in KINDS_OF_WORK if kind in task.labels)


def only_enforces(tasks: Iterable[Task]) -> bool:
    """Whether work that says what kind it is says enforcement, and none of it anything else."""
    kinds = {kind for task in tasks for kind in kinds_of_work(task)}
    return kinds == {ENFORCEMENT}


def strategic_meetings(force: Force) -> tuple[str, ...]:
    """Codes of the meetings that may set the control strategy."""
    kinds = [(meeting.code, force.kind_of(meeting)) for meeting in force.meetings]
    return tuple(code for code, kind in kinds if kind is not None and kind.sets_control_strategy)


def _check_meeting(force: Force, request: DecisionRequest) -> None:
    may = strategic_meetings(force)
    if request.meeting_ref and meeting_named(force, request.meeting_ref).code in may:
        return
    where = f"at {' or '.join(may)}" if may else "and config names no meeting with that authority"
    raise RuleBroken(f"Only the strategic meeting sets or changes the control strategy: decide it {where}.")


def _check_whole(proposed: ControlStrategy, today: date) -> None:
    if not proposed.priorities:
        raise RuleBroken("A control strategy has at least one priority.")
    if proposed.in_force_until is not None and proposed.in_force_until < proposed.in_force_from:
        raise RuleBroken("A control strategy cannot end before it begins.")
    if proposed.in_force_from < today:
        raise RuleBroken("A control strategy begins today or later: what was in force before stays on record.")
    for what, codes in (("priority", proposed.priority_codes), ("intelligence gap", proposed.gap_codes)):
        twice = [code for code in dict.fromkeys(codes) if codes.count(code) > 1]
        if twice:
            raise RuleBroken(f"The {what} {twice[0]} is there twice: every code stands for one thing.")
    reasoned = {each.code for each in proposed.candidates if each.is_taken}
    if unreasoned := [code for code in proposed.priority_codes if code not in reasoned]:
        raise RuleBroken(f"Say why {unreasoned[0]} was taken: it needs a line among the candidates.")
    if strangers := sorted(reasoned - set(proposed.priority_codes)):
        raise RuleBroken(f"The candidate {strangers[0]} was taken, but no priority has that code.")
    if blank := next((each.title for each in proposed.candidates if not each.reason.strip()), None):
        raise RuleBroken(f"Say why the candidate '{blank}' was taken or left.")


def date_words(day: date | datetime) -> str:
    """A day as people read it: 4 January 2027."""
    return f"{day.day} {day:%B %Y}"
