"""/meetings/{ref}/cancel: a meeting is cancelled, with the reason, after it was said what becomes of its decisions."""

from starlette.responses import Response

from store import meetings, tasks
from tasking.calendar import next_daily_meeting
from tasking.errors import RuleBroken
from tasking.holding import cancel_meeting
from tasking.meetings import MeetingState
from tasking.rights import Right
from web.decision_page import TOO_LATE, typed_again
from web.meeting_view import MeetingView, for_police, meeting_seen
from web.visit import NotAllowed, Page, Visit

LONGEST_REASON = 500


async def cancelling_page(visit: Visit) -> Response:
    """Says what would happen and asks for the reason, or cancels."""
    seen = for_police(meeting_seen(visit))
    closed = _why_closed(visit, seen)
    if visit.request.method == "POST" and not closed and _cancel(visit, seen):
        return visit.go(seen.path, "cancelled")
    with visit.reading() as connection:
        waiting = len(tasks.awaiting_forum(connection, seen.ref))
        gone = meetings.cancelled(connection) | {seen.ref}
    return visit.page(
        "cancel_meeting.html",
        mark="",
        status=422 if visit.given and not closed else TOO_LATE if closed else 200,
        meeting=seen,
        closed=closed,
        waiting=waiting,
        next_daily=next_daily_meeting(visit.force, seen.sitting.meeting.unit, visit.now, cancelled=gone),
        **typed_again(visit),
    )


def _why_closed(visit: Visit, seen: MeetingView) -> str:
    """Why it is not to be cancelled any more; empty where it is. Raises NotAllowed for who may not run it."""
    if seen.sitting.meeting.unit not in visit.units(Right.RUN_MEETING):
        raise NotAllowed("You may not cancel this meeting.")
    if seen.listed.is_cancelled:
        return f"{seen.ref} was cancelled already."
    if seen.record is not None and seen.record.state is MeetingState.HELD:
        return f"{seen.ref} has been held, so it cannot be cancelled."
    return ""


def _cancel(visit: Visit, seen: MeetingView) -> bool:
    """Whether it was cancelled; else the faults are on the form."""
    reason = visit.form.text("reason", "Why it is cancelled", needed=True, most=LONGEST_REASON)
    if visit.form.faults:
        return False
    try:
        with visit.acting() as uow:
            cancel_meeting(uow, visit.force, seen.sitting.meeting.code, seen.sitting.starts_at, reason)
    except RuleBroken as error:
        visit.form.fault("reason", str(error))
    return not visit.form.faults


PAGES = (Page("/meetings/{ref}/cancel", Right.RUN_MEETING, cancelling_page, methods=("GET", "POST")),)
