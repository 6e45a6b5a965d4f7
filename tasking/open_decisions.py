"""What may be decided about a task as it stands, by whom: what a page offers, by the rules of `tasking.deciding`.

What is offered is no promise: `decide` looks again when it is sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tasking.authority import OWNER, between_meetings, in_the_chair
from tasking.climbing import roles_to_ask
from tasking.deciding import RULES, step_to_decide
from tasking.decision import DecisionType
from tasking.errors import RuleBroken
from tasking.escalation import Escalation, EscalationStatus
from tasking.escalation_policy import EscalationPolicy, reasons_to_ask
from tasking.force import Force, TaskingMeeting
from tasking.rights import Person, Right, line_up, may_on, posts_of
from tasking.task import Task
from tasking.thrive import PriorityBand

T = DecisionType
NEEDS_AN_OPEN_TASK = frozenset(
    {T.ESCALATE, T.ENDORSE, T.CARRY_OVER, T.NO_TASKING, T.PRIORITY_OVERRIDE, T.EXTEND, T.PAUSE, T.RESUME}
)
ONLY_THE_HIGHEST = frozenset({T.ESCALATION_DECLINE, T.ESCALATION_RETURN, T.DE_ESCALATE})
"""Who gives a task back is the highest level that it stands with."""


@dataclass(frozen=True, slots=True)
class OpenDecision:
    """A decision that may be taken now: for which unit, about which escalation if any, and the roles that may."""

    kind: DecisionType
    unit: str
    step: Escalation | None
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Post:
    """A role in which somebody may decide, and the unit for which they would."""

    role: str
    unit: str


def open_decisions(
    force: Force,
    policy: EscalationPolicy,
    task: Task,
    steps: Sequence[Escalation],
    meeting: TaskingMeeting | None = None,
) -> tuple[OpenDecision, ...]:
    """Every decision that the task's state allows, in the order of the rules; in a meeting those of its unit alone.

    `steps` are all escalations of the task, oldest first.
    """
    found = []
    for kind in RULES:
        for unit, step in _places(task, steps, kind):
            if meeting is not None and unit != meeting.unit:
                continue
            if _is_possible(force, policy, task, steps, kind, step):
                found.append(OpenDecision(kind, unit, step, _roles(force, kind, unit, meeting)))
    return tuple(found)


def posts_for(
    person: Person, force: Force, task: Task, offer: OpenDecision, meeting: TaskingMeeting | None = None
) -> tuple[Post, ...]:
    """The posts in which the person may take what is offered; none where it is not theirs to take."""
    if not may_on(person, right_for(offer.kind), force, task):
        return ()
    held = list(posts_of(person, force, offer.unit))
    if meeting is None:
        for unit in line_up(force, offer.unit)[1:]:
            duty = force.level_of(unit).duty_roles
            held += [role for role in posts_of(person, force, unit) if role in duty]
        held += [OWNER] if person.user_id in task.owner_ids else []
    roles = [role for role in dict.fromkeys(held) if role in offer.roles]
    if offer.kind is T.RECEIVE and offer.step is not None:
        receiver = (offer.step.receiver or "").casefold()
        roles = [role for role in roles if receiver in (role.casefold(), person.upn)]
    return tuple(Post(role, offer.unit) for role in roles)


def right_for(kind: DecisionType) -> Right:
    """The right that a decision of this type needs: to ask for one's own unit, or to decide for one."""
    return Right.ASK_UP if RULES[kind].side == "BELOW" else Right.DECIDE


def receivers(force: Force, unit: str) -> tuple[str, ...]:
    """The roles of a unit that may take over what is given back to it."""
    above = {role for code in line_up(force, unit)[1:] for role in roles_to_ask(force, code)}
    own = between_meetings(force, unit, own_unit=True)
    return tuple(role for role in own if role not in above and role != OWNER) or own


def _places(task: Task, steps: Sequence[Escalation], kind: DecisionType) -> list[tuple[str, Escalation | None]]:
    """The units that could decide this, each with the escalation that it would be about."""
    rule = RULES[kind]
    if not rule.statuses:
        units = task.stands_on if rule.side == "HERE" else (task.top_unit,)
        return [(unit, None) for unit in units]
    try:
        step = step_to_decide(task, steps, kind)
    except RuleBroken:
        return []
    return [(step.to_unit if rule.side == "ABOVE" else step.from_unit, step)] if step else []


def _is_possible(
    force: Force,
    policy: EscalationPolicy,
    task: Task,
    steps: Sequence[Escalation],
    kind: DecisionType,
    step: Escalation | None,
) -> bool:
    if step is None and not task.is_open:
        return False
    if kind is T.RESOURCE_DECLINE:
        return task.wanted == "RESOURCES" or any(each.is_standing and each.bid for each in steps)
    if kind in NEEDS_AN_OPEN_TASK and not task.is_open:
        return False
    if kind is T.ESCALATE:
        is_proposed = any(each.status is EscalationStatus.PROPOSED for each in steps)
        return not is_proposed and bool(reasons_to_ask(policy, force, task))
    if kind is T.PAUSE:
        return task.working_band is not PriorityBand.IMMEDIATE
    if kind is T.RESUME:
        return task.pause is not None
    if step is None:
        return True
    if kind is T.ENDORSE:
        return step.from_unit == task.top_unit
    goes_back = kind in ONLY_THE_HIGHEST or (kind is T.ESCALATION_WITHDRAW and step.is_standing)
    return not goes_back or step.to_unit == task.top_unit


def _roles(force: Force, kind: DecisionType, unit: str, meeting: TaskingMeeting | None) -> tuple[str, ...]:
    if meeting is not None:
        return in_the_chair(meeting)
    return between_meetings(force, unit, own_unit=RULES[kind].side == "BELOW")
