"""Who may decide: the chair or a deputy in a meeting, the duty roles between meetings, the unit's own people below.

How far their authority goes stands in config. Policing notes, section 4.3. Whether somebody really holds the role they
name is the sign-in's to check.
"""

from tasking.asking import asks_for_people
from tasking.calendar import sitting_of
from tasking.climbing import roles_to_ask
from tasking.decision import Capacity, DecisionRequest, DecisionType
from tasking.errors import RuleBroken
from tasking.escalation import Escalation
from tasking.force import Force, TaskingMeeting
from tasking.meetings import Authority, MeetingState
from tasking.ports import UnitOfWork
from tasking.recording import WORDS
from tasking.task import Task
from tasking.thrive import BANDS, PriorityBand

OWNER = "Owner"
"""What the accountable owner of a task acts as."""


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


def check_authority(
    force: Force, request: DecisionRequest, task: Task, unit: str, escalation: Escalation | None = None
) -> None:
    """Raises RuleBroken when what is decided for `unit` is beyond the role's authority, saying which level to ask.

    Whose hours are limited says how many are granted when people are asked for.
    """
    limit = force.authorities.get(request.role)
    if limit is None:
        return
    grants = request.decision_type is DecisionType.ESCALATION_ACCEPT
    asks = escalation is not None and asks_for_people(escalation)
    if limit.most_hours is not None and grants and asks and request.hours is None:
        raise RuleBroken(f"People were asked for: say how many hours {request.role} grants.")
    beyond = _beyond(limit, request, task)
    if beyond is not None:
        raise RuleBroken(f"{beyond}: {_whom_to_ask(force, unit)}.")


def authority_words(force: Force, role: str) -> str:
    """How far a role's decisions go, as it stands beside a decision; empty for a decision that names no role."""
    if not role:
        return ""
    limit = force.authorities.get(role)
    if limit is None:
        return "no limit"
    said = (
        f"at most {limit.most_hours:g} hours" if limit.most_hours is not None else "",
        f"up to {limit.highest_band.capitalize()}" if limit.highest_band else "",
        f"may not decide: {', '.join(WORDS[kind] for kind in limit.may_not)}" if limit.may_not else "",
    )
    return "; ".join(words for words in said if words) or "no limit"


def _beyond(limit: Authority, request: DecisionRequest, task: Task) -> str | None:
    """What of it goes beyond the limit, in words; None where nothing does."""
    role, kind = limit.role, request.decision_type
    if kind in limit.may_not:
        return f"This decision ({WORDS[kind]}) is beyond the authority of {role}"
    band = _highest(task.working_band, request.band)
    if band and limit.highest_band and BANDS[band].rank > BANDS[limit.highest_band].rank:
        return f"A task in band {band} is beyond the authority of {role} (up to {limit.highest_band})"
    if request.hours is not None and limit.most_hours is not None and request.hours > limit.most_hours:
        return f"{request.hours:g} hours are beyond the authority of {role} ({limit.most_hours:g})"
    return None


def _highest(band: PriorityBand | None, wanted: str | None) -> PriorityBand | None:
    """The band of the task, or the one that is to become its band where that is higher."""
    named = [each for each in PriorityBand if each == (wanted or "").upper()]
    return max([*named, *([band] if band else [])], key=lambda each: BANDS[each].rank, default=None)


def _whom_to_ask(force: Force, unit: str) -> str:
    above = force.above(force.level_of(unit))
    if above is None:
        return f"ask a role of {force.units[unit].name} with wider authority to decide"
    return f"ask the level above, {force.unit_at(unit, above.code).name}, to decide"


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
