"""What happens to a task because time has passed: managers told, escalations passed on, risk to look at again.

Each `due_*` function looks only; the action beside it does what it found, in the unit of work that it is given.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import takewhile
from typing import NamedTuple

from tasking import climbing
from tasking.calendar import daily_meetings_between, next_daily_meeting
from tasking.clocks import later
from tasking.escalation import UNDECIDED, Escalation, EscalationStatus
from tasking.escalation_policy import Chase
from tasking.events import TaskChanged, TaskChased
from tasking.force import Force
from tasking.ports import UnitOfWork
from tasking.saving import save
from tasking.task import Task
from tasking.thrive import BANDS, AssessedRisk, PriorityBand
from tasking.time_to_decide import agree_by
from tasking.triggers import Case

DAILY_MEETINGS_TO_DECIDE = 2
"""An escalation may not cross as many daily meetings undecided (policing notes, section 4.6)."""
TOLD_AGAIN_AFTER = timedelta(days=1)
"""Where a unit has no daily meeting to count by, chair and action manager are told again each working day."""
RE_THRIVE_AFTER = timedelta(hours=24)
RE_THRIVE_BANDS = frozenset({PriorityBand.IMMEDIATE, PriorityBand.PRIORITY})
FALLEN_FOR = timedelta(hours=24)
"""How far apart two assessments are that show that a band has fallen (policing notes, section 4.5)."""


class Late(NamedTuple):
    """What has to be done about an undecided escalation, by its name in STEPS."""

    step: str
    escalation: Escalation


def chase_task(uow: UnitOfWork, task_id: str, chase: Chase) -> Task:
    """Has a manager of the task's own level told, or the level that it stands at, once; says TaskChased.

    Nothing where that has been done.
    """
    task = uow.task(task_id)
    if chase.key in task.chased or not task.is_open:
        return task
    saved = save(uow, f"chased: {chase.trigger}", task, replace(task, chased=task.chased | {chase.key}))
    uow.emit(TaskChased(task_id, chase.trigger, chase.unit))
    return saved


def due_steps(force: Force, case: Case, now: datetime, cancelled: frozenset[str]) -> tuple[Late, ...]:
    """What has to be done at `now` (UTC) about escalations of this task that nobody has decided.

    The task may be done by then: those who were asked have still to answer.
    """
    found = ((_late_step(force, case, each, now, cancelled), each) for each in case.escalations)
    late = [Late(step, escalation) for step, escalation in found if step]
    asked_again = {each.escalation.escalation_id for each in late}
    overrun = [
        Late("OVERRUN", each)
        for each in case.escalations
        if _has_crossed(force, each, now, cancelled)
        or (each.escalation_id not in asked_again and _is_told_again(force, each, now, cancelled))
    ]
    return (*late, *overrun)


def take_step(uow: UnitOfWork, force: Force, late: Late) -> Escalation:
    """Does what `due_steps` found, on task and escalation as they stand now. Raises RuleBroken where it was decided."""
    return STEPS[late.step](uow, force, *climbing.as_it_stands(uow, late.escalation))


def is_re_thrive_due(case: Case, now: datetime) -> bool:
    """Whether a live task of a high band was assessed so long ago that somebody has to look again (UTC)."""
    if not case.assessments or case.task.working_band not in RE_THRIVE_BANDS:
        return False
    return now - case.assessments[-1].assessed_at >= RE_THRIVE_AFTER


def mark_re_thrive(uow: UnitOfWork, task_id: str, due: bool) -> Task:
    """Shows, or shows no longer, that the risk has to be assessed again. Says TaskChanged."""
    task = uow.task(task_id)
    saved = save(uow, "risk to be assessed again" if due else "risk current", task, replace(task, re_thrive_due=due))
    uow.emit(TaskChanged(task_id))
    return saved


def due_return(case: Case) -> tuple[Escalation, Chase] | None:
    """The escalation whose reason has gone, and why: the band has been lower in two assessments a day apart.

    One assessment is enough where a second assessor made it. What has been proposed once is not proposed again.
    """
    held = [each for each in case.escalations if each.status in _HELD and each.to_unit == case.task.top_unit]
    if not held or held[-1].band_then is None or not case.task.is_open:
        return None
    lower = _lower_since(case.assessments, held[-1].requested_at, held[-1].band_then)
    shown = next((each for each in lower if _is_shown(each, lower[0])), None)
    if shown is None:
        return None
    found = Chase("BAND_FELL", shown.assessment_id, "Its band has fallen and stayed lower.")
    return None if found.key in case.task.chased else (held[-1], found)


def propose_return(uow: UnitOfWork, escalation: Escalation, why: Chase) -> Escalation:
    """Proposes that the task goes back down, once for one reason; the higher chair decides."""
    task, current = climbing.as_it_stands(uow, escalation)
    saved = save(uow, f"band has fallen: {why.fact}", task, replace(task, chased=task.chased | {why.key}))
    return climbing.propose_return(uow, saved, current)


_HELD = frozenset({EscalationStatus.ACCEPTED, EscalationStatus.RETAINED})


def _late_step(
    force: Force, case: Case, escalation: Escalation, now: datetime, cancelled: frozenset[str]
) -> str | None:
    if _may_go_up_at_once(case, escalation):
        return "ENDORSE"
    limit = _limit(escalation)
    if escalation.status not in UNDECIDED or limit is None or limit > now:
        return None
    has_daily = next_daily_meeting(force, escalation.to_unit, now, cancelled=cancelled) is not None
    if escalation.awaits_decision and escalation.forum and has_daily:
        return "MEETING"
    left = set(climbing.roles_that_answer(force, escalation)) - {hop.role for hop in escalation.hops}
    return "PASS_ON" if left or escalation.alerted_at is None else None


def _may_go_up_at_once(case: Case, escalation: Escalation) -> bool:
    """An IMMEDIATE task waits for nobody's consent (policing notes, section 4.3)."""
    if escalation.status is not EscalationStatus.PROPOSED or escalation.from_unit != case.task.top_unit:
        return False
    return case.task.is_open and case.task.working_band is PriorityBand.IMMEDIATE


def _limit(escalation: Escalation) -> datetime | None:
    """Until when (UTC) whoever was asked last has to answer: the meeting, else the newest role, else the unit."""
    newest = escalation.hops[-1] if escalation.hops else None
    if escalation.status is EscalationStatus.PROPOSED:
        return newest.decide_by if newest else agree_by(escalation)
    if newest is None or (escalation.forum and escalation.decide_by and newest.asked_at < escalation.decide_by):
        return escalation.decide_by
    return newest.decide_by


def _has_crossed(force: Force, escalation: Escalation, now: datetime, cancelled: frozenset[str]) -> bool:
    """Whether two daily meetings left it undecided, since it was asked or since chair and manager were last told."""
    if escalation.status not in UNDECIDED:
        return False
    since = escalation.alerted_at or escalation.endorsed_at or escalation.requested_at
    unit = climbing.unit_that_answers(escalation)
    crossed = daily_meetings_between(force, unit, since, now, cancelled=cancelled)
    return len(crossed) >= DAILY_MEETINGS_TO_DECIDE


def _is_told_again(force: Force, escalation: Escalation, now: datetime, cancelled: frozenset[str]) -> bool:
    """Whether a working day has passed since they were told, at a unit that has no daily meeting to come.

    Not while somebody has still time to answer, such as a meeting that it was left to.
    """
    limit, told_at = _limit(escalation), escalation.alerted_at
    if escalation.status not in UNDECIDED or told_at is None or limit is None or limit > now:
        return False
    if next_daily_meeting(force, climbing.unit_that_answers(escalation), now, cancelled=cancelled) is not None:
        return False
    return later(told_at, TOLD_AGAIN_AFTER, working=True) <= now


def _endorse_at_once(uow: UnitOfWork, force: Force, task: Task, escalation: Escalation) -> Escalation:
    return climbing.endorse(uow, force, task, escalation, uow.actor)


def _to_next_meeting(uow: UnitOfWork, force: Force, task: Task, escalation: Escalation) -> Escalation:
    sitting = next_daily_meeting(force, escalation.to_unit, uow.now(), cancelled=uow.cancelled_meetings())
    if sitting is None or not escalation.awaits_decision:
        return climbing.chase(uow, force, escalation)
    return climbing.send_to_meeting(uow, task, escalation, sitting.meeting_ref, sitting.ends_at)


STEPS: Mapping[str, Callable[[UnitOfWork, Force, Task, Escalation], Escalation]] = {
    "ENDORSE": _endorse_at_once,
    "MEETING": _to_next_meeting,
    "PASS_ON": lambda uow, force, task, escalation: climbing.chase(uow, force, escalation),
    "OVERRUN": lambda uow, force, task, escalation: climbing.overrun(uow, escalation),
}
"""What is done about an escalation that waits: agreed to, moved to the next daily meeting, passed to the next role, or
told to chair and action manager."""


def _lower_since(risks: tuple[AssessedRisk, ...], since: datetime, than: PriorityBand) -> list[AssessedRisk]:
    """The newest assessments in a row, after `since`, whose band is lower; oldest first."""
    rank = BANDS[than].rank
    newest = (each for each in reversed(risks) if each.result is not None)
    return list(takewhile(lambda each: each.assessed_at > since and _rank(each) < rank, newest))[::-1]


def _rank(risk: AssessedRisk) -> int:
    assert risk.result is not None
    return BANDS[risk.result.band].rank


def _is_shown(risk: AssessedRisk, first: AssessedRisk) -> bool:
    return risk.trigger == "REVIEW" or risk.assessed_at - first.assessed_at >= FALLEN_FOR
