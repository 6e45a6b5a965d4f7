"""Meetings held and meetings cancelled. What a cancelled one was to decide goes to the next daily meeting."""

from datetime import datetime

from tasking import climbing
from tasking.authority import meeting_named
from tasking.calendar import meeting_ref, next_daily_meeting
from tasking.errors import RuleBroken
from tasking.force import Force
from tasking.meetings import Attendance, MeetingRecord, MeetingState
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
    """The chair or a deputy opens a meeting; opening it again changes who is there. `starts_at` is UTC.

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
    record = MeetingRecord(reference, code, starts_at, MeetingState.HELD, chaired_by, role, attendance)
    uow.put_meeting(record)
    shown = {
        "state": (known.state.value if known else MeetingState.PLANNED.value, record.state.value),
        "role": (known.role if known else None, role),
        "attendance": (len(known.attendance) if known else 0, len(attendance)),
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
        task = uow.task(escalation.task_id)
        climbing.send_to_meeting(uow, task, escalation, found.meeting_ref, found.ends_at)
