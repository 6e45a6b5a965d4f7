"""The tasking officer's inbox: everything that nobody looks after, with what is wrong with it, the oldest first.

Not the inbox of responses (store/inbox.py); what is held or rejected there is one kind of entry here.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from pydantic_core import to_jsonable_python
from sqlalchemy import Connection, select

from reporting.cycle_report import carried_now
from reporting.meeting_sheet import keepings
from reporting.reviews import asked, outstanding, review_words
from reporting.second_scores import drawn_unchecked
from reporting.wording import (
    OPEN_IT_THERE,
    age_words,
    band_words,
    short_time,
    trigger_words,
    unit_name,
)
from store import cycles, waiting
from store import inbox as responses
from store.tables import remarks
from store.tasks import completed_before, read_completed_tasks, read_histories, read_open_tasks
from tasking.clocks import later
from tasking.decision import Decision
from tasking.escalation import Escalation, EscalationStatus
from tasking.force import TRIAGE, Force
from tasking.restricted import is_restricted
from tasking.task import Classification, Task
from tasking.thrive import BANDS, AssessedRisk
from tasking.time_limits import is_past_due

STALE_AFTER = 2
"""A task is stale when nobody moved it for so many of its band's update intervals (policing notes, trigger STALLED)."""
LISTED_FOR = timedelta(days=56)
"""A task that was done longer ago and still wants its result is counted and not listed: two tasking cycles."""

KINDS: Mapping[str, str] = {
    "UNDECIDED": "Escalation not decided",
    "PROPOSED": "Proposal to be endorsed",
    "UNSCORED": "Not assessed or not placed",
    "SECOND_SCORE": "Second score awaited",
    "UNOWNED": "No owner",
    "OVERDUE": "Past its due time",
    "STALE": "No movement",
    "NOT_RECEIVED": "Given back, not accepted below",
    "REVIEW_DUE": "Review due",
    "CARRIED_OVER": "Carried over, not decided",
    "AWAITING_RESULT": "Done, result to come",
    "MISSED_MEETING": "Meeting not held",
    "HELD": "Response held",
    "REJECTED": "Response rejected",
    "QUESTION": "Question on the task",
}
"""Kinds of entry in the order of the inbox, and what they are called."""
FOR_ACTION_MANAGER = frozenset({"UNOWNED", "STALE"})
"""What the action manager looks after (requirement 144); everything else is the tasking officer's."""


@dataclass(frozen=True, slots=True)
class InboxEntry:
    """One thing to look after. `since` is UTC; `reference` is empty for a response that is no task, and for a number
    of tasks.

    `looked_after_by` is the role that it is for: the unit's action manager for what has no owner or stands still, else
    its tasking officer. `title` says where to open a restricted task. `units` are the codes of those that it concerns,
    its own first.
    """

    kind: str
    kind_words: str
    reference: str
    title: str
    classification: Classification
    unit: str
    unit_name: str
    units: tuple[str, ...]
    band_words: str
    why: str
    since: datetime
    looked_after_by: str


@dataclass(frozen=True, slots=True)
class _Desk:
    """What entries are made of: a task, its escalations, reviews that nobody has made, and the moment (UTC)."""

    force: Force
    task: Task
    steps: tuple[Escalation, ...]
    now: datetime
    reviews: tuple[Decision, ...] = ()


def tasking_inbox(connection: Connection, force: Force, now: datetime, unit: str | None = None) -> list[InboxEntry]:
    """All entries at `now` (UTC), kind by kind, the oldest first; with `unit` those that concern this unit.

    Responses that are no task belong to the unit that triages. The number of queries does not grow with the tasks.
    """
    histories = read_histories(connection)
    opened = read_open_tasks(connection)
    reviews = outstanding(connection, opened)
    found = [
        entry
        for task in opened
        for entry in _of_open(
            _Desk(force, task, histories.get(task.task_id, ((), ()))[1], now, reviews.get(task.task_id, ()))
        )
    ]
    found += _to_score(connection, force, {task.task_id: task for task in opened}, histories, now)
    found += _carried_over(connection, force, {task.task_id: task for task in opened}, now)
    found += _of_done(connection, force, now)
    found += _questions(connection, force, {task.task_id: task for task in opened}, now)
    found += _missed_meetings(connection, force, now)
    found += _responses(connection, force)
    order = list(KINDS)
    ours = [entry for entry in found if unit is None or unit in entry.units]
    return sorted(ours, key=lambda entry: (order.index(entry.kind), entry.since, entry.reference))


def inbox_json(entries: list[InboxEntry]) -> list[dict[str, Any]]:
    """The entries as plain JSON values."""
    return [to_jsonable_python(asdict(entry)) for entry in entries]


def _of_open(desk: _Desk, kinds: Collection[str] = KINDS) -> Iterator[InboxEntry]:
    for kind, condition in CONDITIONS.items():
        if kind in kinds and (told := condition(desk)):
            why, since, units = told
            yield _entry(desk, kind, why, since, units)


Told = tuple[str, datetime, tuple[str, ...]] | None
"""Why an entry is there, since when, and which units it concerns besides the task's own."""


def _undecided(desk: _Desk) -> Told:
    step = _newest(desk, lambda each: each.awaits_decision)
    if step is None:
        return None
    by = f", to be decided by {short_time(step.decide_by)}" if step.decide_by else ""
    late = step.alerted_at is not None or (step.decide_by is not None and step.decide_by < desk.now)
    why = (
        f"Asked of {unit_name(desk.force, step.to_unit)}{_for_what(desk, step)}{by}{'. PAST ITS LIMIT' if late else ''}"
    )
    return why, step.requested_at, (step.to_unit, step.from_unit)


def _proposed(desk: _Desk) -> Told:
    step = _newest(desk, lambda each: each.status is EscalationStatus.PROPOSED)
    if step is None:
        return None
    why = f"Proposed to go up to {unit_name(desk.force, step.to_unit)}{_for_what(desk, step)}"
    return why, step.requested_at, (step.from_unit,)


def _unscored(desk: _Desk) -> Told:
    task = desk.task
    if task.band is not None and task.pillar != TRIAGE:
        return None
    why = "No complete assessment" if task.band is None else "Awaiting triage: no pillar yet"
    return why, task.raised_at, ()


def _unowned(desk: _Desk) -> Told:
    if desk.task.owner_ids:
        return None
    return f"Nobody owns it; it was raised {age_words(desk.task.raised_at, desk.now)} ago", desk.task.raised_at, ()


def _overdue(desk: _Desk) -> Told:
    due = desk.task.due_at
    if due is None or not is_past_due(desk.task, desk.now):
        return None
    return f"It was due {short_time(due)}, {age_words(due, desk.now)} ago", due, ()


def _stale(desk: _Desk) -> Told:
    task, band = desk.task, desk.task.working_band
    if band is None or task.clock_stands:
        return None
    moved = task.moved_at or task.raised_at
    limit = later(moved, STALE_AFTER * BANDS[band].update_every, BANDS[band].in_working_days)
    return (f"Nobody has moved it for {age_words(moved, desk.now)}", moved, ()) if limit < desk.now else None


def _not_received(desk: _Desk) -> Told:
    step = _newest(desk, lambda each: each.awaits_receipt)
    if step is None:
        return None
    above = unit_name(desk.force, step.to_unit)
    return f"Given back by {above}, not yet accepted", step.returned_at or step.requested_at, (step.to_unit,)


def _review_due(desk: _Desk) -> Told:
    due = [each for each in desk.reviews if each.review_at is not None and each.review_at <= desk.now]
    if not due or due[0].review_at is None:
        return None
    return f"Review due: {review_words(due[0])}", due[0].review_at, asked(due[0], desk.task)


CONDITIONS: Mapping[str, Callable[[_Desk], Told]] = {
    "UNDECIDED": _undecided,
    "PROPOSED": _proposed,
    "UNSCORED": _unscored,
    "UNOWNED": _unowned,
    "OVERDUE": _overdue,
    "STALE": _stale,
    "NOT_RECEIVED": _not_received,
    "REVIEW_DUE": _review_due,
}
"""What puts an open task into the inbox. One task may be there for several reasons."""


def _carried_over(
    connection: Connection, force: Force, opened: Mapping[str, Task], now: datetime
) -> Iterator[InboxEntry]:
    """Tasks of the last cycle's list that nobody has kept, closed or escalated since."""
    newest = cycles.newest(connection)
    for each in carried_now(connection, newest.report, now) if newest else ():
        if each.is_left and newest:
            again = f", left since {each.task.left_since}" if each.task.left_since else ""
            why = f"Carried over from {newest.report.cycle}{again}: keep, close or escalate it"
            yield _entry(
                _Desk(force, opened[each.task.task_id], (), now), "CARRIED_OVER", why, newest.report.closed_at, ()
            )


def _of_done(connection: Connection, force: Force, now: datetime) -> Iterator[InboxEntry]:
    """Tasks that want a result, and escalations of them that nobody has decided. Of old ones only their number."""
    undecided = waiting.undecided_of_done(connection)
    since = now - LISTED_FOR
    for task in read_completed_tasks(connection, since, undecided.keys()):
        desk = _Desk(force, task, undecided.get(task.task_id, ()), now)
        yield from _of_open(desk, ("UNDECIDED", "PROPOSED"))
        done_at = task.completed_at or task.raised_at
        if done_at >= since:
            words = f"Its officer says done, {age_words(done_at, now)} ago"
            yield _entry(desk, "AWAITING_RESULT", words, done_at, ())
    for unit, number in completed_before(connection, since).items():
        words = f"{number} more done over {LISTED_FOR.days} days ago, result to come"
        yield no_task(force, "AWAITING_RESULT", "", words, since, unit)


def _questions(connection: Connection, force: Force, opened: Mapping[str, Task], now: datetime) -> Iterator[InboxEntry]:
    """What the service asks or tells people on open tasks, such as an owner who cannot see the board."""
    query = select(remarks).where(remarks.c.settled_at.is_(None)).order_by(remarks.c.remark_id)
    for row in connection.execute(query).mappings():
        if task := opened.get(row["task_id"]):
            why = "The task says what" if is_restricted(force, task) else row["text"]
            yield _entry(_Desk(force, task, (), now), "QUESTION", why, row["raised_at"], ())


def _to_score(
    connection: Connection,
    force: Force,
    opened: Mapping[str, Task],
    histories: Mapping[str, tuple[Sequence[AssessedRisk], Sequence[Escalation]]],
    now: datetime,
) -> Iterator[InboxEntry]:
    """Drawn scores that still stand and nobody has checked. Their band is left out: a second score may be blind."""
    cycle, drawn = drawn_unchecked(connection)
    for task_id in drawn.keys() & opened.keys():
        risks = histories.get(task_id, ((), ()))[0]
        if risks and risks[-1].assessment_id == drawn[task_id].assessment_id:
            why = f"Drawn for the check of scores in {cycle}: score it without having seen its score"
            entry = _entry(_Desk(force, opened[task_id], (), now), "SECOND_SCORE", why, risks[-1].assessed_at, ())
            yield replace(entry, band_words="")


def _missed_meetings(connection: Connection, force: Force, now: datetime) -> Iterator[InboxEntry]:
    """Meetings that have a policy, and are over without anybody having opened them, until the next is held."""
    for keeping in keepings(connection, force, now):
        for each in keeping.missed[-1:]:
            more = f" ({len(keeping.missed)} in a row)" if len(keeping.missed) > 1 else ""
            why = f"{each.meeting.name} of {short_time(each.starts_at)}: nobody opened it{more}"
            yield no_task(force, "MISSED_MEETING", "", why, each.ends_at, each.meeting.unit)


def _responses(connection: Connection, force: Force) -> Iterator[InboxEntry]:
    """Responses that could not be understood, or of which nothing could be made. Nothing of what they say is shown."""
    for held in responses.held(connection):
        yield no_task(force, "HELD", "", held["reason"], held["held_at"], force.triage_unit)
    for row in responses.rejected(connection):
        why = " ".join(row.reasons)
        yield no_task(force, "REJECTED", row.reference, why, row.received_at, force.triage_unit)


def no_task(force: Force, kind: str, reference: str, why: str, since: datetime, unit: str) -> InboxEntry:
    """An entry that is no one task; `since` is UTC."""
    return InboxEntry(
        kind=kind,
        kind_words=KINDS[kind],
        reference=reference,
        title="",
        classification=Classification.OFFICIAL,
        unit=unit,
        unit_name=unit_name(force, unit),
        units=(unit,),
        band_words="",
        why=why,
        since=since,
        looked_after_by=_role_for(force, kind, unit),
    )


def _entry(desk: _Desk, kind: str, why: str, since: datetime, units: tuple[str, ...]) -> InboxEntry:
    task = desk.task
    return InboxEntry(
        kind=kind,
        kind_words=KINDS[kind],
        reference=task.reference,
        title=OPEN_IT_THERE if is_restricted(desk.force, task) else task.title,
        classification=task.classification,
        unit=task.unit,
        unit_name=unit_name(desk.force, task.unit),
        units=tuple(dict.fromkeys((*task.stands_on, *units))),
        band_words=band_words(task),
        why=why,
        since=since,
        looked_after_by=_role_for(desk.force, kind, task.unit),
    )


def _role_for(force: Force, kind: str, unit: str) -> str:
    return force.action_manager_at(unit) if kind in FOR_ACTION_MANAGER else force.tasking_officer_at(unit)


def _newest(desk: _Desk, wanted: Callable[[Escalation], bool]) -> Escalation | None:
    return next((step for step in reversed(desk.steps) if wanted(step)), None)


def _for_what(desk: _Desk, step: Escalation) -> str:
    return "" if is_restricted(desk.force, desk.task) else f": {trigger_words(step)}"
