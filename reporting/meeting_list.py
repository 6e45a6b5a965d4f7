"""Meetings as a list: what the calendar has, and what the record says of each: to come, held, cancelled, not opened."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from reporting.wording import unit_name
from store import meetings
from tasking.calendar import Sitting, occurrences, sitting_of
from tasking.force import Force
from tasking.meetings import MeetingRecord, MeetingState


@dataclass(frozen=True, slots=True)
class ListedMeeting:
    """One meeting. `state` is what people say of it; `reason` why it was cancelled, empty else. Times are UTC."""

    meeting_ref: str
    name: str
    unit_name: str
    chair_role: str
    starts_at: datetime
    ends_at: datetime
    state: str
    is_cancelled: bool
    reason: str = ""


def meetings_between(
    connection: Connection, force: Force, units: Collection[str], since: datetime, until: datetime, now: datetime
) -> tuple[ListedMeeting, ...]:
    """Every meeting of these units that starts from `since` to before `until`, as at `now` (all UTC), earliest first.

    One that is on record and no more in the calendar is there too.
    """
    records = {record.meeting_ref: record for record in meetings.between(connection, since, until)}
    own = [meeting for meeting in force.meetings if meeting.unit in units]
    sittings = {
        sitting.meeting_ref: sitting
        for meeting in own
        for sitting in (Sitting(meeting, start) for start in occurrences(meeting, since, until))
    }
    codes = {meeting.code: meeting for meeting in own}
    for reference, record in records.items():
        if record.code in codes and reference not in sittings:
            sittings[reference] = Sitting(codes[record.code], record.starts_at)
    found = (_listed(force, each, records.get(reference), now) for reference, each in sittings.items())
    return tuple(sorted(found, key=lambda each: (each.starts_at, each.meeting_ref)))


def meeting_named(connection: Connection, force: Force, meeting_ref: str, now: datetime) -> ListedMeeting | None:
    """The one meeting with this reference, from the calendar or the record; None where neither has it."""
    told = sitting_on_record(connection, force, meeting_ref)
    return _listed(force, told, meetings.read(connection, meeting_ref), now) if told else None


def sitting_on_record(connection: Connection, force: Force, meeting_ref: str) -> Sitting | None:
    """The occasion that a reference names: as the record has it, else as the calendar does; None without either."""
    record = meetings.read(connection, meeting_ref)
    meeting = next((each for each in force.meetings if each.code == meeting_ref.partition(" ")[0]), None)
    if record is not None and meeting is not None:
        return Sitting(meeting, record.starts_at)
    return sitting_of(force, meeting_ref)


def _listed(force: Force, sitting: Sitting, record: MeetingRecord | None, now: datetime) -> ListedMeeting:
    meeting = sitting.meeting
    is_cancelled = record is not None and record.state is MeetingState.CANCELLED
    return ListedMeeting(
        meeting_ref=sitting.meeting_ref,
        name=meeting.name,
        unit_name=unit_name(force, meeting.unit),
        chair_role=meeting.chair_role,
        starts_at=sitting.starts_at,
        ends_at=sitting.ends_at,
        state=_state(sitting, record, now),
        is_cancelled=is_cancelled,
        reason=record.reason if record and is_cancelled else "",
    )


def _state(sitting: Sitting, record: MeetingRecord | None, now: datetime) -> str:
    if record is not None and record.state is MeetingState.CANCELLED:
        return "Cancelled"
    if record is not None and record.state is MeetingState.HELD:
        return "Held" if sitting.ends_at < now else "Open"
    if sitting.ends_at < now:
        return "Nobody opened it"
    return "Time to open it" if sitting.starts_at <= now else "To come"
