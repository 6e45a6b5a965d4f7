"""Building the agenda of one meeting by hand, until its pack is frozen: each step kept with who and when, and audited.

What is overdue for review is not left out: it stays until it is decided (requirement 63).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tasking.agenda import (
    LAST_HOUR,
    MOST_REASON,
    MOST_WORDS,
    Agenda,
    AgendaChange,
    AgendaStep,
    agenda_of,
    group_of,
)
from tasking.authority import meeting_named
from tasking.calendar import Sitting, sitting_of
from tasking.errors import RuleBroken
from tasking.force import Force
from tasking.meetings import MeetingKind, MeetingState, Stage
from tasking.ports import UnitOfWork
from tasking.restricted import is_restricted
from tasking.task import Task
from tasking.viewing import units_below


@dataclass(frozen=True, slots=True)
class OnAgenda:
    """What the meeting has before it: references of the `tasks` under its points, and by each point's code or task's
    reference the tasks that would skip their review if it were left out (`owed`)."""

    tasks: frozenset[str] = frozenset()
    owed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewPoint:
    """A point to be added: a task's `reference`, or `words`; in the part with partners, at a `stage` of the meeting,
    `before` another point, where that is wanted."""

    reference: str = ""
    words: str = ""
    with_partners: bool = False
    stage: Stage | None = None
    before: str = ""


def add_point(uow: UnitOfWork, force: Force, meeting_ref: str, by: str, new: NewPoint) -> AgendaStep:
    """Adds a point by hand: a task, or a short plain point.

    Raises RuleBroken where the agenda is closed, the task is not this meeting's, or the place is none.
    """
    sitting, kind, agenda = _open_agenda(uow, force, meeting_ref)
    words = " ".join(new.words.split())
    if bool(words) == bool(new.reference.strip()):
        raise RuleBroken("Give either a task's reference or the words of a plain point.")
    if len(words) > MOST_WORDS:
        raise RuleBroken(f"A point is said in at most {MOST_WORDS} characters; this has {len(words)}.")
    reference = _task_to_add(uow, force, sitting, agenda, new).reference if new.reference.strip() else ""
    _check_place(kind, agenda, new)
    step = AgendaStep(
        meeting_ref=sitting.meeting_ref,
        change=AgendaChange.ADDED,
        point=uow.next_agenda_reference(),
        by=by,
        at=uow.now(),
        reference=reference,
        words=words,
        before=new.before.strip().upper(),
        with_partners=new.with_partners,
        stage=new.stage,
    )
    return _kept(uow, step)


def move_point(uow: UnitOfWork, force: Force, meeting_ref: str, by: str, point: str, before: str = "") -> AgendaStep:
    """Moves a point before another, or with an empty `before` to the end of its part and stage.

    Raises RuleBroken where the agenda is closed, has no such point, or the place is in another part or stage.
    """
    sitting, _, agenda = _open_agenda(uow, force, meeting_ref)
    code, place = _point_named(agenda, point), _point_named(agenda, before) if before.strip() else ""
    if code == place:
        raise RuleBroken("A point cannot stand before itself.")
    if place and agenda.groups[code] != agenda.groups[place]:
        raise RuleBroken(
            f"{code} and {place} are in different parts or stages of the meeting: a point stays in its own."
        )
    return _kept(uow, _step(uow, sitting, AgendaChange.MOVED, code, by, agenda, before=place))


def leave_out(
    uow: UnitOfWork, force: Force, meeting_ref: str, by: str, point: str, because: str, on_agenda: OnAgenda
) -> AgendaStep:
    """Leaves a point, or one task by its reference, out of this meeting. It stands again at the next one.

    Raises RuleBroken without a reason, for what is not on the agenda, and for what is overdue for review.
    """
    sitting, _, agenda = _open_agenda(uow, force, meeting_ref)
    why = " ".join(because.split())
    if not why or len(why) > MOST_REASON:
        raise RuleBroken(f"Say why it is left out, in at most {MOST_REASON} characters.")
    code = point.strip().upper()
    if code in agenda.out:
        raise RuleBroken(f"{code} is left out already.")
    code = code if code in on_agenda.tasks else _point_named(agenda, point)
    if owed := on_agenda.owed.get(code):
        raise RuleBroken(
            f"{', '.join(owed)} {'is' if len(owed) == 1 else 'are'} overdue for review and cannot be left out: "
            f"{'it stays' if len(owed) == 1 else 'they stay'} before the meeting until decided."
        )
    return _kept(uow, _step(uow, sitting, AgendaChange.LEFT_OUT, code, by, agenda, because=why))


def put_back(uow: UnitOfWork, force: Force, meeting_ref: str, by: str, point: str) -> AgendaStep:
    """Puts back what was left out. Raises RuleBroken where the agenda is closed or it is not left out."""
    sitting, _, agenda = _open_agenda(uow, force, meeting_ref)
    code = point.strip().upper()
    if code not in agenda.out:
        raise RuleBroken(f"{code or 'Nothing'} is not left out of {sitting.meeting_ref}.")
    return _kept(uow, _step(uow, sitting, AgendaChange.PUT_BACK, code, by, agenda))


def why_closed(sitting: Sitting, now: datetime, *, is_cancelled: bool, is_frozen: bool) -> str:
    """Why the agenda can be changed no more as at `now` (UTC), in a sentence; empty while it can. `is_frozen` says that
    a pack was frozen for the meeting in the last hour before it."""
    if is_cancelled:
        return f"{sitting.meeting_ref} was cancelled: it has no agenda any more."
    if sitting.starts_at <= now:
        return f"{sitting.meeting_ref} has begun: its agenda stands as it is."
    if is_frozen:
        return f"The pack of {sitting.meeting_ref} is frozen: its agenda stands as it is. Say it at the meeting."
    return ""


def _open_agenda(uow: UnitOfWork, force: Force, meeting_ref: str) -> tuple[Sitting, MeetingKind, Agenda]:
    told = " ".join(meeting_ref.split())
    sitting = sitting_of(force, told)
    if sitting is None:
        name = meeting_named(force, told).name
        raise RuleBroken(f"The calendar has no {name} of that day: `tasking meeting list` shows what it has.")
    record = uow.meeting_record(told)
    is_cancelled = record is not None and record.state is MeetingState.CANCELLED
    is_frozen = uow.has_pack_since(told, sitting.starts_at - LAST_HOUR)
    if closed := why_closed(sitting, uow.now(), is_cancelled=is_cancelled, is_frozen=is_frozen):
        raise RuleBroken(closed)
    kind = force.kind_of(sitting.meeting)
    if kind is None:
        raise RuleBroken(f"{sitting.meeting.name} has no kind in config, and so no agenda to build.")
    return sitting, kind, agenda_of(kind, uow.agenda_steps(told))


def _task_to_add(uow: UnitOfWork, force: Force, sitting: Sitting, agenda: Agenda, new: NewPoint) -> Task:
    task, unit = uow.task_by_reference(new.reference.strip()), sitting.meeting.unit
    if not task.is_open:
        raise RuleBroken(f"{task.reference} is not open any more.")
    if unit not in task.stands_on and task.unit not in units_below(force, unit):
        raise RuleBroken(f"{task.reference} is no task of {force.units[unit].name} or of a unit below it.")
    if task.reference in agenda.added_tasks:
        raise RuleBroken(f"{task.reference} was added to this agenda before.")
    if new.with_partners and is_restricted(force, task):
        raise RuleBroken(f"{task.reference} is restricted: it cannot be in the part with partners.")
    return task


def _check_place(kind: MeetingKind, agenda: Agenda, new: NewPoint) -> None:
    if new.with_partners and not kind.partner_sections:
        raise RuleBroken(f"A {kind.name} has no part with partners.")
    if bool(kind.stages) != (new.stage is not None):
        stages = ", ".join(Stage)
        raise RuleBroken(
            f"Say at which stage of the meeting it comes: {stages}." if kind.stages else f"A {kind.name} has no stages."
        )
    if before := new.before.strip():
        place = _point_named(agenda, before)
        if agenda.groups[place] != group_of(kind, new.with_partners, new.stage):
            raise RuleBroken(f"{place} is in another part or stage of the meeting.")


def _point_named(agenda: Agenda, point: str) -> str:
    code = point.strip().upper()
    if code not in agenda.points:
        raise RuleBroken(f"There is no {code or 'point'} on this agenda; it has {', '.join(agenda.points)}.")
    return code


def _step(
    uow: UnitOfWork,
    sitting: Sitting,
    change: AgendaChange,
    code: str,
    by: str,
    agenda: Agenda,
    *,
    before: str = "",
    because: str = "",
) -> AgendaStep:
    """A step about a point that stands or stood, or about one task."""
    added = agenda.added.get(code)
    reference = added.reference if added else "" if code in agenda.order else code
    return AgendaStep(sitting.meeting_ref, change, code, by, uow.now(), reference, "", before, because)


def _kept(uow: UnitOfWork, step: AgendaStep) -> AgendaStep:
    uow.add_agenda_step(step)
    told = {"point": step.point, "task": step.reference, "before": step.before, "because": step.because}
    shown = {name: (None, value) for name, value in told.items() if value}
    uow.audit(f"agenda point {step.change.lower().replace('_', ' ')}", step.meeting_ref, shown, on_behalf_of=step.by)
    return step
