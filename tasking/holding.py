"""Meetings held and meetings cancelled. What a cancelled one was to decide goes to the next daily meeting."""

from datetime import datetime

from tasking import climbing
from tasking.authority import meeting_named
from tasking.calendar import meeting_ref, next_daily_meeting
from tasking.errors import RuleBroken
from tasking.force import Force
from tasking.meetings import Attendance, MeetingRecord, MeetingState, Opening
from tasking.ports import UnitOfWork


def open_meeting(
    uow: UnitOfWork,
    force: Force,
    code: str,
    starts_at: datetime,
    chaired_by: str,
    role: str,
    attendance: tuple[Attendance, ...] = (),
) -> MeetingRecord:
    """The chair or a deputy opens a meeting. `starts_at` is UTC.

    Opening it again adds who has come, and changes what is on record of those who are named again; how it was opened
    before stays on the record.

    Raises RuleBroken where the role may not chair it, or it was cancelled.
    """
    meeting = meeting_named(force, code)
    reference = meeting_ref(meeting, starts_at)
    if role not in (meeting.chair_role, *meeting.deputy_roles):
        may = ", ".join((meeting.chair_role, *meeting.deputy_roles))
        raise RuleBroken(f"{role or 'Somebody without a role'} may not chair {meeting.name}. These may: {may}.")
    known = uow.meeting_record(reference)
    if known is not None and known.state is MeetingState.CANCELLED:
        raise RuleBroken(f"{reference} was cancelled, so it cannot be opened.")
    record = MeetingRecord(
        meeting_ref=reference,
        code=code,
        starts_at=starts_at,
        state=MeetingState.HELD,
        chaired_by=chaired_by,
        role=role,
        attendance=_with_who_was_there(known, attendance),
        opened_at=uow.now(),
        earlier=_openings(known),
    )
    uow.put_meeting(record)
    shown = {
        "state": (known.state.value if known else MeetingState.PLANNED.value, record.state.value),
        "role": (known.role if known else None, role),
        "attendance": (_places(known.attendance) if known else [], _places(record.attendance)),
    }
    uow.audit("meeting opened", reference, shown, on_behalf_of=chaired_by)
    return record


def cancel_meeting(uow: UnitOfWork, force: Force, code: str, starts_at: datetime, reason: str) -> MeetingRecord:
    """Cancels one meeting; its undecided escalations go to the unit's next daily meeting. `starts_at` is UTC.

    Raises RuleBroken without a reason, where it has been held, or where the calendar has no daily meeting to take over
    what it was to decide. Cancelling it again changes nothing.
    """
    meeting = meeting_named(force, code)
    reference = meeting_ref(meeting, starts_at)
    if not reason.strip():
        raise RuleBroken("Say why the meeting is cancelled.")
    known = uow.meeting_record(reference)
    if known is not None and known.state is MeetingState.CANCELLED:
        return known
    if known is not None and known.state is MeetingState.HELD:
        raise RuleBroken(f"{reference} has been held, so it cannot be cancelled.")
    record = MeetingRecord(reference, code, starts_at, MeetingState.CANCELLED, reason=reason)
    uow.put_meeting(record)
    uow.audit("meeting cancelled", reference, {"state": (MeetingState.PLANNED.value, record.state.value)})
    _move_decisions(uow, force, meeting.unit, reference)
    return record


def _with_who_was_there(known: MeetingRecord | None, named: tuple[Attendance, ...]) -> tuple[Attendance, ...]:
    again = {(each.who, each.role, each.agency) for each in named}
    before = known.attendance if known else ()
    return (*(each for each in before if (each.who, each.role, each.agency) not in again), *named)


def _openings(known: MeetingRecord | None) -> tuple[Opening, ...]:
    if known is None or known.state is not MeetingState.HELD:
        return ()
    return (*known.earlier, Opening(known.chaired_by, known.role, known.opened_at, known.attendance))


def _places(attendance: tuple[Attendance, ...]) -> list[str]:
    """Roles and agencies for the audit log, which keeps no names."""
    return [
        f"{each.role}{f', {each.agency}' if each.agency else ''}"
        f"{'' if each.partner_part or each.police_part else ' (apologies)'}"
        for each in attendance
    ]


def _move_decisions(uow: UnitOfWork, force: Force, unit: str, reference: str) -> None:
    waiting = uow.awaiting_forum(reference)
    if not waiting:
        return
    found = next_daily_meeting(force, unit, uow.now(), cancelled=uow.cancelled_meetings())
    if found is None:
        raise RuleBroken(
            f"{len(waiting)} escalations wait for {reference}, and no daily meeting is to come: decide them first."
        )
    for escalation in waiting:
        climbing.send_to_meeting(uow, *climbing.as_it_stands(uow, escalation), found.meeting_ref, found.ends_at)
