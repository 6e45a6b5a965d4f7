"""Who may decide: the chair or a deputy in a meeting, the duty roles between meetings, the unit's own people below.

Policing notes, section 4.3. Whether somebody really holds the role they name is the sign-in's to check.
"""

from tasking.calendar import sitting_of
from tasking.climbing import roles_to_ask
from tasking.decision import Capacity, DecisionRequest, DecisionType
from tasking.errors import RuleBroken
from tasking.escalation import Escalation
from tasking.force import Force, TaskingMeeting
from tasking.meetings import MeetingState
from tasking.ports import UnitOfWork

OWNER = "Owner"
"""What the accountable owner of a task acts as."""
ASKS_FOR_PEOPLE = "BEYOND_RESOURCES"


def capacity_of(uow: UnitOfWork, force: Force, request: DecisionRequest, unit: str, *, own_unit: bool) -> Capacity:
    """In what capacity this person decides for `unit`. Raises RuleBroken, saying who may.

    `own_unit` says that the unit asks for itself, for which its chairs, duty roles, action manager and the task's
    owner are enough.
    """
    if request.meeting_ref:
        return _in_meeting(uow, force, request, unit)
    duty = roles_to_ask(force, unit)
    if request.role in duty:
        return Capacity.DUTY
    may = between_meetings(force, unit, own_unit=own_unit)
    if request.role in may:
        return Capacity.UNIT
    name = force.units[unit].name
    raise RuleBroken(
        f"{request.role or 'Somebody without a role'} may not decide this for {name}"
        f"{'' if own_unit else ' between meetings'}. These may: {', '.join(may) or 'nobody in config'}."
    )


def between_meetings(force: Force, unit: str, *, own_unit: bool) -> tuple[str, ...]:
    """The roles that may decide for a unit between meetings; with `own_unit` also those by which it asks for itself."""
    own = _own_roles(force, unit) if own_unit else ()
    return tuple(dict.fromkeys((*roles_to_ask(force, unit), *own)))


def in_the_chair(meeting: TaskingMeeting) -> tuple[str, ...]:
    """The roles that may decide at a meeting, and open it."""
    return (meeting.chair_role, *meeting.deputy_roles)


def check_hours(force: Force, request: DecisionRequest, escalation: Escalation | None = None) -> None:
    """Raises RuleBroken when the hours are beyond the role's authority: the matter then goes up.

    Whose authority is limited says how many hours are granted when people are asked for.
    """
    limit = force.authorities.get(request.role)
    if limit is None or limit.most_hours is None:
        return
    grants = request.decision_type is DecisionType.ESCALATION_ACCEPT
    if grants and escalation is not None and escalation.trigger == ASKS_FOR_PEOPLE and request.hours is None:
        raise RuleBroken(f"People were asked for: say how many hours {request.role} grants.")
    if request.hours is not None and request.hours > limit.most_hours:
        raise RuleBroken(
            f"{request.hours:g} hours are beyond the authority of {request.role} ({limit.most_hours:g}): "
            "ask the level above to decide."
        )


def canonical_meeting(uow: UnitOfWork, force: Force, meeting_ref: str) -> str:
    """The reference as the calendar or the record has it; empty stays empty. Raises RuleBroken where neither has it."""
    told = " ".join(meeting_ref.split())
    if not told:
        return ""
    meeting = meeting_named(force, told)
    if sitting_of(force, told) is None and uow.meeting_record(told) is None:
        raise RuleBroken(f"The calendar has no {meeting.name} of that day: `tasking meeting list` shows what it has.")
    return told


def _in_meeting(uow: UnitOfWork, force: Force, request: DecisionRequest, unit: str) -> Capacity:
    meeting = meeting_named(force, request.meeting_ref)
    if meeting.unit != unit:
        names = force.units[meeting.unit].name, force.units[unit].name
        raise RuleBroken(f"{meeting.name} belongs to {names[0]}; this is for {names[1]} to decide.")
    record = uow.meeting_record(request.meeting_ref)
    if record is not None and record.state is MeetingState.CANCELLED:
        raise RuleBroken(f"{request.meeting_ref} was cancelled: its decisions went to the next daily meeting.")
    if request.role == meeting.chair_role:
        return Capacity.CHAIR
    if request.role in meeting.deputy_roles:
        return Capacity.DEPUTY
    may = ", ".join((meeting.chair_role, *meeting.deputy_roles))
    raise RuleBroken(f"{request.role or 'Somebody without a role'} may not decide at {meeting.name}. These may: {may}.")


def meeting_named(force: Force, meeting_ref: str) -> TaskingMeeting:
    """The meeting of config that a reference such as `HP_DAILY 2027-01-04` names. Raises RuleBroken."""
    code = meeting_ref.split(" ")[0]
    try:
        return force.meeting(code)
    except KeyError:
        known = ", ".join(meeting.code for meeting in force.meetings)
        raise RuleBroken(f"There is no meeting {code}; there are {known}.") from None


def _own_roles(force: Force, unit: str) -> tuple[str, ...]:
    level, meetings = force.level_of(unit), force.meetings_of(unit)
    chairs = [role for meeting in meetings for role in (meeting.chair_role, *meeting.deputy_roles)]
    named = (level.action_manager_role, *(meeting.action_manager_role for meeting in meetings))
    managers = [role for role in named if role]
    return tuple(dict.fromkeys([*chairs, *managers, OWNER]))
