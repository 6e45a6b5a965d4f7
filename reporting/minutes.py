"""Draft minutes of a meeting, made of what is on record: who was there, what was decided and why, what follows.

A draft: a person reads it, mends it and answers for it. Decisions stand in it as they were written.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from reporting.agenda_lines import agenda_lines
from reporting.pack_lines import who_words
from reporting.wording import (
    READ_ON_RECORD,
    STATUS_WORDS,
    band_words,
    highest,
    is_decision_restricted,
    mark_of_decision,
    owner_words,
    time_words,
    unit_name,
)
from store import agenda, meetings
from store import decisions as decision_rows
from store.tables import tasks as task_table
from store.tasks import read_tasks_by_references
from tasking.authority import meeting_named
from tasking.calendar import sitting_of
from tasking.decision import Capacity, Decision
from tasking.errors import RuleBroken
from tasking.force import Force, TaskingMeeting
from tasking.meetings import MeetingRecord, MeetingState, Opening
from tasking.recording import WORDS
from tasking.resources import granted_words
from tasking.restricted import is_restricted
from tasking.roster import Quorum, quorum_of
from tasking.task import Classification, Task

CAPACITY_WORDS = {
    Capacity.CHAIR: "in the chair",
    Capacity.DEPUTY: "deputy in the chair",
    Capacity.DUTY: "on duty",
    Capacity.UNIT: "for the unit",
    Capacity.FORM: "by the form",
}
GIVEN_WORDS = {
    "band": "Band",
    "due_at": "Due",
    "to_meeting": "To meeting",
    "conditions": "Conditions",
    "residual_risk": "Residual risk",
    "receiver": "Taken over by",
    "resources": "People and equipment",
    "trigger": "Reason",
    "tried": "Tried so far",
    "how_many": "How many",
    "starts_at": "From",
    "ends_at": "Until",
}
"""What a decision says besides its text and rationale, by the request's names."""
MOMENTS = frozenset({"due_at", "starts_at", "ends_at"})
TOLD_OF_ALL = frozenset({"band", "due_at", "to_meeting"})
"""What of that is said of a restricted task too, as packs say it."""
LATE = timedelta(minutes=15)
"""A decision written down later than this shows both times."""
NOTHING_DONE = "nothing"
NO_NOTHING = "Doing nothing is not on record as an option that was considered."


@dataclass(frozen=True, slots=True)
class MinutedDecision:
    """A decision as minutes have it. `given` are further facts by name; `superseded_by` a later decision's reference.

    `authority` is how far the role's decisions went, empty where that was not kept.

    One that `is_hidden` concerns restricted matter: what people wrote is left out, and `text` says where to read it.

    `recorded_late_at` (UTC) is when it was written down, where that was well after it was made.
    """

    decision_ref: str
    reference: str
    title: str
    classification: Classification
    is_hidden: bool
    what: str
    text: str
    rationale: str
    options: tuple[str, ...]
    nothing_considered: bool
    ndm: tuple[tuple[str, str], ...]
    dissent: str
    given: tuple[tuple[str, str], ...]
    decided_by: str
    role: str
    capacity: str
    authority: str
    decided_at: datetime
    recorded_late_at: datetime | None
    review_at: datetime | None
    supersedes: str
    superseded_by: str


@dataclass(frozen=True, slots=True)
class MinutedAction:
    """A task that was decided about, or raised while the meeting was on (`is_new`), as it stands: what, by when."""

    reference: str
    title: str
    classification: Classification
    unit_name: str
    band_words: str
    owner: str
    due_at: datetime | None
    status: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class Minutes:
    """Draft minutes of one meeting, as at `as_at`. All times UTC. `classification` is the highest of what they hold.

    `absent` are those who sent apologies, or were there the last time and not now. `chair_note` says who took the
    chair in whose place, or that nobody opened the meeting. `cancelled_because` is empty for a meeting not cancelled.
    `agenda` says how people built the agenda by hand, oldest first; `too_few` warns where fewer of the tasking team
    were there than are needed.
    """

    meeting_ref: str
    meeting: str
    unit_name: str
    starts_at: datetime
    as_at: datetime
    classification: Classification
    chair_role: str
    chaired_by: str
    chaired_as: str
    chair_note: str
    deputy_roles: tuple[str, ...]
    partner_part: tuple[str, ...]
    police_part: tuple[str, ...]
    has_partner_part: bool
    absent: tuple[str, ...]
    decisions: tuple[MinutedDecision, ...]
    actions: tuple[MinutedAction, ...]
    cancelled_because: str = ""
    agenda: tuple[str, ...] = ()
    too_few: str = ""


def minutes(
    connection: Connection,
    force: Force,
    meeting_ref: str,
    now: datetime,
    with_restricted: bool = False,
    leave_out: bool = False,
) -> Minutes:
    """Draft minutes of the meeting with this reference, such as `HP_DAILY 2027-01-04`, as at `now` (UTC).

    What people wrote about restricted matter is left out, unless `with_restricted`: then it raises the mark.
    With `leave_out` not even the references of restricted tasks and of decisions about them are there.
    Raises RuleBroken where the force has no such meeting, or it is not in the calendar and nothing is on record of it.
    """
    meeting = meeting_named(force, meeting_ref)
    record = meetings.read(connection, meeting_ref)
    made = decision_rows.of_meeting(connection, meeting_ref)
    starts_at = _starts_at(force, meeting_ref, record, made)
    raised = _raised_there(connection, meeting, starts_at)
    found = read_tasks_by_references(connection, {each.task_reference for each in made} | raised)
    tasks = {task.reference: task for task in found}
    built = _built(connection, force, meeting_ref, with_restricted, leave_out)
    if leave_out:
        found = [task for task in found if not is_restricted(force, task)]
        made = tuple(each for each in made if not is_decision_restricted(force, each, tasks.get(each.task_reference)))
    later = decision_rows.superseded_by(connection, made)
    decided = tuple(_decision(force, each, tasks.get(each.task_reference), later, with_restricted) for each in made)
    actions = tuple(_action(force, task, task.reference in raised, with_restricted) for task in found)
    partner_part, police_part, apologies = _attendance(record)
    kind, quorum = force.kind_of(meeting), quorum_of(meeting, record)
    return Minutes(
        meeting_ref=meeting_ref,
        meeting=meeting.name,
        unit_name=unit_name(force, meeting.unit),
        starts_at=starts_at,
        as_at=now,
        classification=highest(
            [*(each.classification for each in decided), *(each.classification for each in actions)]
        ),
        chair_role=meeting.chair_role,
        chaired_by=record.chaired_by if record else "",
        chaired_as=record.role if record else "",
        chair_note=_chair_note(meeting, record),
        deputy_roles=meeting.deputy_roles,
        partner_part=partner_part,
        police_part=police_part,
        has_partner_part=bool(partner_part or (kind and kind.partner_sections)),
        absent=(*apologies, *_not_seated(quorum), *_missing_since_last(connection, meeting, starts_at, record)),
        decisions=decided,
        actions=actions,
        cancelled_because=record.reason if record and record.state is MeetingState.CANCELLED else "",
        agenda=built,
        too_few=quorum.warning if quorum else "",
    )


def _built(
    connection: Connection, force: Force, meeting_ref: str, with_restricted: bool, leave_out: bool
) -> tuple[str, ...]:
    """How the agenda was built by hand."""
    steps = agenda.of_meeting(connection, meeting_ref)
    about = {step.reference for step in steps if step.reference}
    tasks = {task.reference: task for task in read_tasks_by_references(connection, about)} if about else {}
    return agenda_lines(force, steps, tasks, with_restricted, leave_out)


def _starts_at(force: Force, meeting_ref: str, record: MeetingRecord | None, made: Sequence[Decision]) -> datetime:
    sitting = sitting_of(force, meeting_ref)
    if record is None and sitting is None and not made:
        raise RuleBroken(f"There is no meeting {meeting_ref}: neither the calendar nor the record has it.")
    if record is not None:
        return record.starts_at
    return sitting.starts_at if sitting else made[0].decided_at


def _raised_there(connection: Connection, meeting: TaskingMeeting, starts_at: datetime) -> set[str]:
    """References of the unit's tasks that were raised while the meeting was on."""
    ends_at = starts_at + timedelta(minutes=meeting.recurrence.minutes if meeting.recurrence else 60)
    rows = task_table.c.unit == meeting.unit, task_table.c.raised_at >= starts_at, task_table.c.raised_at <= ends_at
    return set(connection.execute(select(task_table.c.reference).where(*rows)).scalars())


def _attendance(record: MeetingRecord | None) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Who was in the partner part, who in the police part, and who sent apologies: those entered for neither."""
    entries = record.attendance if record else ()
    return (
        tuple(who_words(each) for each in entries if each.partner_part),
        tuple(who_words(each) for each in entries if each.police_part),
        tuple(f"{who_words(each)}: apologies" for each in entries if not each.partner_part and not each.police_part),
    )


def _not_seated(quorum: Quorum | None) -> tuple[str, ...]:
    return tuple(f"{seat.words}: of the tasking team, not there" for seat in quorum.empty) if quorum else ()


def _missing_since_last(
    connection: Connection, meeting: TaskingMeeting, starts_at: datetime, record: MeetingRecord | None
) -> tuple[str, ...]:
    if record is None or record.state is not MeetingState.HELD:
        return ()
    earlier = [
        each
        for each in meetings.between(connection, starts_at - timedelta(days=56), starts_at)
        if each.code == meeting.code and each.state is MeetingState.HELD
    ]
    here = {(each.role, each.agency) for each in record.attendance}
    last = [each for each in earlier[-1].attendance if each.partner_part or each.police_part] if earlier else []
    return tuple(f"{who_words(each)}: there last time" for each in last if (each.role, each.agency) not in here)


def _chair_note(meeting: TaskingMeeting, record: MeetingRecord | None) -> str:
    if record is None:
        return "It is not on record that anybody opened this meeting."
    told = [f"{each.chaired_by}, {each.role}, opened it before." for each in _other_chairs(record)]
    if record.state is MeetingState.HELD and record.role != meeting.chair_role:
        told.append(f"{record.role} took the chair in place of the {meeting.chair_role}.")
    return " ".join(told)


def _other_chairs(record: MeetingRecord) -> Sequence[Opening]:
    """Those who opened it before somebody else did, each once."""
    chairs = {(each.chaired_by, each.role): each for each in record.earlier}
    return [each for key, each in chairs.items() if key != (record.chaired_by, record.role)]


def _decision(
    force: Force, made: Decision, task: Task | None, later: dict[str, str], with_restricted: bool
) -> MinutedDecision:
    late = made.recorded_at - made.decided_at > LATE
    restricted = is_decision_restricted(force, made, task)
    hidden = restricted and not with_restricted
    text = "" if made.text == WORDS[made.decision_type] else made.text
    return MinutedDecision(
        decision_ref=made.decision_ref,
        reference=made.task_reference,
        title="" if hidden or task is None else task.title,
        classification=mark_of_decision(made, task, is_told=restricted and not hidden),
        is_hidden=hidden,
        what=WORDS[made.decision_type],
        text=READ_ON_RECORD if hidden else text,
        rationale="" if hidden else made.rationale,
        options=() if hidden else made.options,
        nothing_considered=any(NOTHING_DONE in option.casefold() for option in made.options),
        ndm=() if hidden else _ndm(made),
        dissent="" if hidden else made.dissent,
        given=_given(made, hidden),
        decided_by=made.decided_by,
        role=made.role,
        capacity=CAPACITY_WORDS[made.capacity],
        authority=made.authority,
        decided_at=made.decided_at,
        recorded_late_at=made.recorded_at if late else None,
        review_at=made.review_at,
        supersedes=made.supersedes or "",
        superseded_by=later.get(made.decision_ref, ""),
    )


def _ndm(made: Decision) -> tuple[tuple[str, str], ...]:
    """What stands under the headings of the National Decision Model that were used."""
    headings = (
        ("Information", made.information),
        ("Threat assessment and working strategy", made.threat_assessment),
        ("Powers and policy", made.powers_policy),
    )
    return tuple((name, words) for name, words in headings if words)


def _given(made: Decision, hidden: bool) -> tuple[tuple[str, str], ...]:
    given = {name: value for name, value in made.given.items() if not hidden or name in TOLD_OF_ALL}
    told = [(GIVEN_WORDS.get(name, name), _plain(name, value)) for name, value in given.items()]
    hours = [("Hours", f"{made.hours:g}")] if made.hours is not None and not hidden else []
    granted = [("Granted", granted_words(made.allocation))] if made.allocation and not hidden else []
    return (*told, *hours, *granted)


def _plain(name: str, value: str) -> str:
    """A fact as people read it: moments in London time."""
    if name not in MOMENTS:
        return value
    return time_words(datetime.fromisoformat(value))


def _action(force: Force, task: Task, is_new: bool, with_restricted: bool) -> MinutedAction:
    restricted = is_restricted(force, task)
    hidden = restricted and not with_restricted
    return MinutedAction(
        reference=task.reference,
        title="" if hidden else task.title,
        classification=Classification.OFFICIAL_SENSITIVE if restricted and not hidden else task.classification,
        unit_name=unit_name(force, task.unit),
        band_words=band_words(task),
        owner=owner_words(bool(task.owner_ids)),
        due_at=task.due_at,
        status=STATUS_WORDS[task.status],
        is_new=is_new,
    )
