"""What a pack is made of: everything on record that the meeting may have to see, read in a fixed number of queries."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from reporting.meeting_sheet import missed_lines
from reporting.regrading import Regrading, regrading
from reporting.reviews import outstanding
from reporting.strategy import CycleShare, shares, strategy_at
from reporting.wording import is_decision_restricted
from store import agenda, decisions, intelligence, meetings, offers, waiting
from store.tasks import read_ended_tasks, read_histories_seen_from, read_open_tasks_seen_from, read_tasks_by_references
from tasking.agenda import Agenda, agenda_of
from tasking.calendar import meeting_ref, previous_meeting
from tasking.clocks import local_day
from tasking.decision import Decision
from tasking.escalation import Escalation
from tasking.force import Force, TaskingMeeting
from tasking.intelligence_items import IntelligenceItem
from tasking.meetings import AgendaSection, MeetingKind, MeetingRecord, MeetingState
from tasking.offers import Offer
from tasking.restricted import is_restricted
from tasking.strategy import ControlStrategy
from tasking.task import Task
from tasking.thrive import AssessedRisk
from tasking.viewing import units_below

WINDOW = timedelta(hours=24)
"""Last and next 24 hours roll with the start of the meeting (policing notes, section 4.6)."""
LOOKS_BACK = timedelta(days=56)
"""How long the meeting follows up what it decided: two tasking cycles."""

WITHOUT_A_KIND = (
    AgendaSection.DUE_AND_OVERDUE,
    AgendaSection.ESCALATIONS,
    AgendaSection.NEW_TASKS,
    AgendaSection.DECISIONS,
)
"""What a meeting goes through where config gives it no kind."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A task with its history, oldest first. `is_below` where it stands only with a unit below the meeting's."""

    task: Task
    risks: tuple[AssessedRisk, ...] = ()
    steps: tuple[Escalation, ...] = ()
    is_below: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """All that sections and reasons look at. Times are UTC.

    `since` is when the last meeting of the same code began; `recorded` are the unit's decisions that were written down
    since then, `decided` those made in the last two cycles, by task id, and `superseded` the references that were put
    right; `reviews` are decisions that nobody has looked at again yet, by task id. `record` is this meeting's and
    `last_record` the last one held. `strategy` is in force today, `shares` how much of the work of the unit and those
    below it serves it, where that is on the agenda, and `intelligence` what intelligence puts before the meeting.
    `regraded` is how often risk moved in the last cycle's length, where the agenda asks. `offers` are those that stand.
    `granted_here` are decisions of the last two cycles by which another unit granted this one people or equipment,
    where the agenda asks; `missed` says of each occasion of this meeting that nobody has opened since the last one was
    held.
    `agenda` is as people built it, and `added` are tasks that only a point added by hand puts before the meeting.
    """

    force: Force
    meeting: TaskingMeeting
    kind: MeetingKind
    starts_at: datetime
    now: datetime
    since: datetime
    open_tasks: tuple[Seen, ...]
    ended: tuple[Seen, ...]
    recorded: tuple[Decision, ...]
    reviews: Mapping[str, tuple[Decision, ...]]
    decided: Mapping[str, tuple[Decision, ...]]
    superseded: frozenset[str]
    record: MeetingRecord | None
    last_record: MeetingRecord | None
    agenda: Agenda
    added: tuple[Seen, ...] = ()
    strategy: ControlStrategy | None = None
    shares: tuple[CycleShare, ...] = ()
    intelligence: tuple[IntelligenceItem, ...] = ()
    regraded: Regrading | None = None
    offers: tuple[Offer, ...] = ()
    granted_here: tuple[Decision, ...] = ()
    missed: tuple[str, ...] = ()

    @property
    def unit(self) -> str:
        """The code of the unit that meets."""
        return self.meeting.unit

    @property
    def window_from(self) -> datetime:
        """The beginning of the last 24 hours."""
        return self.starts_at - WINDOW

    @property
    def window_until(self) -> datetime:
        """The end of the next 24 hours."""
        return self.starts_at + WINDOW

    @property
    def tasks_by_id(self) -> Mapping[str, Task]:
        """Every task that was read, by its id."""
        return {seen.task.task_id: seen.task for seen in (*self.open_tasks, *self.ended)}


def view_of(connection: Connection, force: Force, meeting: TaskingMeeting, starts_at: datetime, now: datetime) -> View:
    """Reads what the meeting that starts at `starts_at` may have to see, as at `now` (UTC)."""
    before = previous_meeting(meeting, starts_at, cancelled=meetings.cancelled(connection))
    since = before.starts_at if before else starts_at - WINDOW
    decided = decisions.between(connection, now - LOOKS_BACK, now + timedelta(microseconds=1), [meeting.unit])
    recorded = [each for each in decisions.recorded_since(connection, since, meeting.unit) if each.recorded_at <= now]
    kind = force.kind_of(meeting) or MeetingKind("", meeting.name, WITHOUT_A_KIND)
    granted = _granted(connection, kind, meeting.unit, now)
    about = {decision.task_id for decision in (*decided, *recorded)}
    opened = read_open_tasks_seen_from(connection, meeting.unit, units_below(force, meeting.unit))
    record, last_record = _records(connection, meeting, starts_at)
    built = agenda_of(kind, agenda.of_meeting(connection, meeting_ref(meeting, starts_at)))
    open_tasks = _seen(connection, force, meeting.unit, opened)
    ended_about = about | {each.task_id for each in granted}
    ended = _ended(connection, force, meeting.unit, min(since, starts_at - WINDOW), ended_about)
    added = _added(connection, built, (*open_tasks, *ended))
    return View(
        force=force,
        meeting=meeting,
        kind=kind,
        starts_at=starts_at,
        now=now,
        since=since,
        open_tasks=open_tasks,
        ended=ended,
        recorded=tuple(recorded),
        reviews=outstanding(connection, (*opened, *(seen.task for seen in added))),
        decided={task_id: tuple(each for each in decided if each.task_id == task_id) for task_id in about},
        superseded=frozenset(decisions.superseded_by(connection, (*decided, *recorded, *granted))),
        record=record,
        last_record=last_record,
        agenda=built,
        added=added,
        strategy=strategy_at(connection, now),
        intelligence=_intelligence(connection, kind, meeting.unit, starts_at, since),
        shares=_shares(connection, force, meeting.unit, now) if AgendaSection.CONTROL_STRATEGY in kind.agenda else (),
        regraded=_regraded(connection, force, meeting.unit, now) if AgendaSection.RISK_GRADING in kind.agenda else None,
        offers=offers.standing(connection, now),
        granted_here=granted,
        missed=missed_lines(connection, force, meeting, now),
    )


def without_restricted(view: View) -> View:
    """The same without restricted tasks, decisions about them, and numbers that were counted with them: for a reader to
    whom they are not there."""
    tasks, force = view.tasks_by_id, view.force

    def may_be_told(decision: Decision) -> bool:
        return not is_decision_restricted(force, decision, tasks.get(decision.task_id))

    return replace(
        view,
        open_tasks=tuple(seen for seen in view.open_tasks if not is_restricted(force, seen.task)),
        ended=tuple(seen for seen in view.ended if not is_restricted(force, seen.task)),
        added=tuple(seen for seen in view.added if not is_restricted(force, seen.task)),
        recorded=tuple(filter(may_be_told, view.recorded)),
        decided={task_id: tuple(filter(may_be_told, made)) for task_id, made in view.decided.items()},
        reviews={task_id: tuple(filter(may_be_told, made)) for task_id, made in view.reviews.items()},
        granted_here=tuple(filter(may_be_told, view.granted_here)),
        shares=(),
        regraded=None,
    )


def _added(connection: Connection, built: Agenda, known: Iterable[Seen]) -> tuple[Seen, ...]:
    """Tasks that were added by hand and are not read for the meeting anyway: those that left its unit since."""
    others = built.added_tasks - {seen.task.reference for seen in known}
    return tuple(Seen(task) for task in read_tasks_by_references(connection, others)) if others else ()


def _intelligence(
    connection: Connection, kind: MeetingKind, unit: str, starts_at: datetime, since: datetime
) -> tuple[IntelligenceItem, ...]:
    if AgendaSection.INTELLIGENCE not in kind.agenda:
        return ()
    return tuple(intelligence.before_meeting(connection, unit, local_day(starts_at), since))


def _granted(connection: Connection, kind: MeetingKind, unit: str, now: datetime) -> tuple[Decision, ...]:
    if AgendaSection.RESOURCES not in kind.agenda:
        return ()
    return decisions.granted_to(connection, unit, now - LOOKS_BACK, now + timedelta(microseconds=1))


def _shares(connection: Connection, force: Force, unit: str, now: datetime) -> tuple[CycleShare, ...]:
    return shares(connection, force, now, units_below(force, unit) | {unit})


def _regraded(connection: Connection, force: Force, unit: str, now: datetime) -> Regrading:
    family = units_below(force, unit) | {unit}
    return regrading(connection, now - timedelta(days=force.cycle_days), now + timedelta(microseconds=1), family)


def _records(
    connection: Connection, meeting: TaskingMeeting, starts_at: datetime
) -> tuple[MeetingRecord | None, MeetingRecord | None]:
    """What is on record of this meeting, and of the last one of the same code that was held."""
    records = [
        record
        for record in meetings.between(connection, starts_at - LOOKS_BACK, starts_at + WINDOW)
        if record.code == meeting.code and record.state is MeetingState.HELD
    ]
    reference = meeting_ref(meeting, starts_at)
    earlier = [record for record in records if record.starts_at < starts_at and record.meeting_ref != reference]
    here = next((record for record in records if record.meeting_ref == reference), None)
    return here, earlier[-1] if earlier else None


def _ended(connection: Connection, force: Force, unit: str, since: datetime, about: set[str]) -> tuple[Seen, ...]:
    """Tasks with no work left: of the unit and those below it lately, those that it decided about, and those that are
    done although nobody has decided their escalation."""
    undecided = waiting.undecided_of_done(connection)
    family = units_below(force, unit)
    return tuple(
        Seen(task, steps=undecided.get(task.task_id, ()), is_below=unit not in task.stands_on)
        for task in read_ended_tasks(connection, since, about | undecided.keys(), family)
        if task.unit in family or task.task_id in about
    )


def _seen(connection: Connection, force: Force, unit: str, opened: Iterable[Task]) -> tuple[Seen, ...]:
    """The open tasks that stand with the unit, and those of the units below it."""
    below = units_below(force, unit) - {unit}
    histories = read_histories_seen_from(connection, unit, units_below(force, unit))
    return tuple(
        Seen(task, *histories.get(task.task_id, ((), ())), is_below=unit not in task.stands_on)
        for task in opened
        if unit in task.stands_on or task.unit in below
    )
