"""Meetings that were cancelled or held, as rows. What is only planned stands in the calendar and nowhere else."""

from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import Connection, func, insert, select, update

from store.read_once import forget, once
from store.tables import audit_log, meetings
from tasking.cadence import KnownMeetings
from tasking.meetings import MeetingRecord, MeetingState

_RECORD: TypeAdapter[MeetingRecord] = TypeAdapter(MeetingRecord)


def read(connection: Connection, meeting_ref: str) -> MeetingRecord | None:
    """What is on record of one meeting; None where it was neither cancelled nor held."""
    document = connection.execute(select(meetings.c.document).where(meetings.c.meeting_ref == meeting_ref)).scalar()
    return None if document is None else _RECORD.validate_python(document)


_CANCELLED = select(meetings.c.meeting_ref).where(meetings.c.state == MeetingState.CANCELLED.value)


def put(connection: Connection, record: MeetingRecord) -> None:
    """Keeps a meeting that was cancelled or held."""
    values = {
        "code": record.code,
        "starts_at": record.starts_at,
        "state": record.state.value,
        "document": _RECORD.dump_python(record, mode="json"),
    }
    found = meetings.c.meeting_ref == record.meeting_ref
    if connection.execute(update(meetings).where(found).values(**values)).rowcount == 0:
        connection.execute(insert(meetings).values(meeting_ref=record.meeting_ref, **values))
    forget(connection, _CANCELLED)


def cancelled(connection: Connection) -> frozenset[str]:
    """References of every meeting that was cancelled."""
    return once(connection, _CANCELLED, lambda: frozenset(connection.execute(_CANCELLED).scalars()))


def known(connection: Connection) -> KnownMeetings:
    """What tells how meetings keep to their policy: three queries. The record begins with the first line of its log."""
    held = select(meetings.c.code, func.max(meetings.c.starts_at)).where(meetings.c.state == MeetingState.HELD.value)
    last_held = {str(code): at for code, at in connection.execute(held.group_by(meetings.c.code))}
    first = connection.execute(select(audit_log.c.at).order_by(audit_log.c.number).limit(1)).scalar()
    return KnownMeetings(last_held, cancelled(connection), first)


def between(connection: Connection, since: datetime, until: datetime) -> tuple[MeetingRecord, ...]:
    """What is on record of meetings that start from `since` to before `until` (UTC), oldest first."""
    query = select(meetings.c.document).where(meetings.c.starts_at >= since, meetings.c.starts_at < until)
    found = connection.execute(query.order_by(meetings.c.starts_at, meetings.c.meeting_ref)).scalars()
    return tuple(_RECORD.validate_python(document) for document in found)
