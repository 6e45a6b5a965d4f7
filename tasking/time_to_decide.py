"""How long somebody has to decide about an escalation, and how far ahead the meeting may be that is to decide."""

from dataclasses import replace
from datetime import datetime, timedelta

from tasking.calendar import next_daily_meeting, next_meeting, sitting_of
from tasking.errors import RuleBroken
from tasking.escalation import Escalation, EscalationStatus
from tasking.force import Force
from tasking.ports import UnitOfWork
from tasking.task import Task
from tasking.thrive import PriorityBand

DECIDE_WITHIN = timedelta(hours=24)
"""How long a role has where nothing else says it: until the next daily meeting."""
FURTHEST_MEETING_DAYS = 28
"""No meeting further ahead may be left to decide: the tasking cycle is over by then."""
URGENT = frozenset({PriorityBand.IMMEDIATE, PriorityBand.PRIORITY})


def agree_by(escalation: Escalation) -> datetime:
    """Until when (UTC) the senders' people have to agree to what is only proposed: no longer than the level above would
    have. Where a meeting of that level is to decide, a day."""
    within_a_day = escalation.requested_at + DECIDE_WITHIN
    if escalation.decide_by is None:
        return within_a_day
    return min(escalation.decide_by, within_a_day) if escalation.forum else escalation.decide_by


def first_limit(escalation: Escalation) -> timedelta:
    """How long the first role has that is asked by name."""
    if escalation.status is EscalationStatus.PROPOSED:
        return min(agree_by(escalation) - escalation.requested_at, DECIDE_WITHIN)
    return DECIDE_WITHIN


def counted_from_now(uow: UnitOfWork, force: Force, escalation: Escalation) -> Escalation:
    """With the higher level's time counted from now: as long as it would have had, or until its next such meeting."""
    now, decide_by = uow.now(), escalation.decide_by
    if not escalation.forum:
        waited = now - escalation.requested_at
        return replace(escalation, decide_by=decide_by + waited) if decide_by else escalation
    cancelled, meant = uow.cancelled_meetings(), sitting_of(force, escalation.forum)
    if meant is not None and meant.starts_at > now and meant.meeting_ref not in cancelled:
        return escalation
    kind = force.kind_of(meant.meeting) if meant else None
    is_daily = kind.is_daily if kind else None
    found = next_meeting(force, escalation.to_unit, now, cancelled=cancelled, is_daily=is_daily)
    if found is None:
        return replace(escalation, forum="", decide_by=now + DECIDE_WITHIN)
    return replace(escalation, forum=found.meeting_ref, decide_by=found.ends_at)


def check_not_too_far(
    uow: UnitOfWork, task: Task, escalation: Escalation, decide_by: datetime, force: Force | None
) -> None:
    """Raises RuleBroken for a meeting, over at `decide_by` (UTC), to which nobody may leave an escalation.

    That is one more than 28 days ahead and, in the two highest bands, one after the unit's second daily meeting; for
    that the calendar is needed, which `force` has.
    """
    now, unit, cancelled = uow.now(), escalation.to_unit, uow.cancelled_meetings()
    if (decide_by - now).days > FURTHEST_MEETING_DAYS:
        raise RuleBroken(
            f"That meeting is more than {FURTHEST_MEETING_DAYS} days ahead: name an earlier meeting, or decide it now."
        )
    if force is None or task.working_band not in URGENT:
        return
    first = next_daily_meeting(force, unit, now, cancelled=cancelled)
    second = next_daily_meeting(force, unit, first.starts_at, cancelled=cancelled) if first else None
    if second is not None and decide_by > second.ends_at:
        raise RuleBroken(
            f"{task.reference} is {task.working_band}, so it waits no longer than for the second daily meeting "
            f"({second.meeting_ref}): name one until then, or decide it now."
        )
