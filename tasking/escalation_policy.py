"""Rules of escalation at work: from what stands on the record to a proposal to climb, or a chase, with the reason.

What fires a rule is in tasking/triggers.py. What people ask for goes the same way, by `asked_for`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from tasking.asking import asked_in, bid_in
from tasking.calendar import next_meeting
from tasking.clocks import later
from tasking.decision import DecisionRequest
from tasking.errors import RuleBroken
from tasking.escalation import AWAITING_DECISION, SENT_BACK, Escalation, EscalationStatus
from tasking.force import Force, TaskingLevel
from tasking.resources import ResourceBid
from tasking.task import Task
from tasking.thrive import PriorityBand
from tasking.triggers import (
    ASK_LABEL,
    CHASES,
    COMMON_LEVEL,
    CONDITIONS,
    MANUAL,
    NEXT_LEVEL,
    TRIGGERS,
    Case,
    Fact,
    Limit,
    MeetingLimit,
    Rule,
    WorkingDays,
    in_words,
)

__all__ = [
    "ASK_LABEL",
    "CONDITIONS",
    "MANUAL",
    "NEXT_LEVEL",
    "TRIGGERS",
    "Case",
    "Chase",
    "EscalationPolicy",
    "Proposal",
    "Rule",
    "accepted_by_asking_further",
    "asked_for",
    "due_chases",
    "due_notices",
    "first_status",
    "in_words",
    "moments",
    "overtaken",
    "propose",
    "reasons_to_ask",
    "was_overtaken",
]

WITHOUT_A_MEETING = timedelta(hours=24)
"""How long the higher level has where its next meeting was to decide and its calendar has none."""
IS_DAILY: dict[MeetingLimit, bool | None] = {MeetingLimit.DAILY: True, MeetingLimit.TASKING: False}


@dataclass(frozen=True, slots=True)
class EscalationPolicy:
    """The rules in the order they are tried, and the version that each escalation keeps."""

    version: str
    rules: tuple[Rule, ...]

    def rule(self, trigger: str) -> Rule | None:
        """Its rule for this trigger, if it has one."""
        return next((each for each in self.rules if each.trigger == trigger), None)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a rule or a person wants: the task shown to a higher unit, for a decision by a time.

    With `needs_endorsement` a person of the sending unit has to say so first, but for an IMMEDIATE task. `forum` is
    the meeting that is to decide, empty where the duty roles are asked. `asked`, `action_so_far` and `bid` are what
    people said they want, have tried, and want of people or equipment. `asked_by` and `asked_role` are the person who
    asked, empty where a rule did.
    """

    trigger: str
    fact: str
    from_unit: str
    to_unit: str
    reason: str
    decide_by: datetime | None
    notifies_at_once: bool
    policy_version: str
    needs_endorsement: bool = False
    forum: str = ""
    asked: str = ""
    action_so_far: str = ""
    resources_requested: str = ""
    bid: ResourceBid | None = None
    asked_by: str = ""
    asked_role: str = ""


@dataclass(frozen=True, slots=True)
class Chase:
    """A fact that people are to be told of, once: a manager of the task's own level, or the level of `unit`."""

    trigger: str
    fact: str
    words: str
    unit: str = ""

    @property
    def key(self) -> str:
        """What the task remembers it by."""
        return f"{self.trigger} {self.fact}"


class Until(NamedTuple):
    """By when a higher unit has to decide (UTC), and at which meeting; '' between meetings."""

    decide_by: datetime | None
    forum: str


def propose(
    policy: EscalationPolicy, force: Force, case: Case, now: datetime, cancelled: frozenset[str] = frozenset()
) -> Proposal | None:
    """The first proposal that the policy makes for an open task at `now` (UTC), or None.

    A fact that already fired, or that was known when the higher level last gave the task back, stays quiet.
    `cancelled` are the references of meetings that do not take place.
    """
    if not case.task.is_open:
        return None
    for rule in policy.rules:
        to_unit = _target(rule, force, case)
        fact = next(_fresh(rule, case, now), None) if to_unit is not None else None
        if fact is not None and to_unit is not None:
            until = _until(rule, force, case.task, to_unit, now, cancelled)
            return Proposal(
                rule.trigger,
                fact.identity,
                case.task.top_unit,
                to_unit,
                fact.words,
                until.decide_by,
                rule.notifies_at_once,
                policy.version,
                needs_endorsement=rule.needs_endorsement,
                forum=until.forum,
            )
    return None


def asked_for(
    policy: EscalationPolicy,
    force: Force,
    task: Task,
    request: DecisionRequest,
    now: datetime,
    cancelled: frozenset[str] = frozenset(),
) -> Proposal:
    """The proposal that people make themselves, for a reason of MANUAL, at `now` (UTC).

    Whoever asks in a meeting that they chair needs nobody to agree. Raises RuleBroken where the policy has no rule for
    it, nothing is above, or the task stands higher than they are. What has to be said is in tasking/asking.py.
    """
    rule = policy.rule(request.trigger)
    if rule is None or request.trigger not in MANUAL:
        raise RuleBroken(f"The policy {policy.version} has no rule by which people ask for {request.trigger}.")
    asks = request.unit or _unit_of_meeting(force, request.meeting_ref) or task.top_unit
    if asks != task.top_unit:
        raise RuleBroken(f"{task.reference} stands with {force.units[task.top_unit].name}: that level asks further.")
    goal = _goal(rule, force, Case(task, (), ()))
    if goal is None:
        raise RuleBroken(f"{task.reference} stands as high as it can go for this ({request.trigger}) already.")
    to_unit = force.unit_at(task.unit, goal.code).code
    until = _until(rule, force, task, to_unit, now, cancelled)
    return Proposal(
        rule.trigger,
        f"asked {now.isoformat()}",
        task.top_unit,
        to_unit,
        request.rationale.strip(),
        until.decide_by,
        rule.notifies_at_once,
        policy.version,
        needs_endorsement=rule.needs_endorsement and not request.meeting_ref,
        forum=until.forum,
        asked=asked_in(request),
        action_so_far=request.tried.strip(),
        resources_requested=request.resources.strip(),
        bid=bid_in(request),
        asked_by=request.decided_by,
        asked_role=request.role,
    )


def reasons_to_ask(policy: EscalationPolicy, force: Force, task: Task) -> tuple[str, ...]:
    """The reasons of MANUAL for which people may ask now that a task goes further up; none where it stands highest."""
    rules = (rule for rule in policy.rules if rule.trigger in MANUAL)
    return tuple(rule.trigger for rule in rules if _goal(rule, force, Case(task, (), ())) is not None)


def due_chases(policy: EscalationPolicy, case: Case, now: datetime) -> tuple[Chase, ...]:
    """What managers of the task's own level have to be told at `now` (UTC) and have not been."""
    if not case.task.is_open:
        return ()
    found = (
        Chase(rule.trigger, fact.identity, fact.words)
        for rule in policy.rules
        if rule.trigger in CHASES
        for fact in CHASES[rule.trigger](rule, case)
        if fact.since <= now
    )
    return tuple(chase for chase in found if chase.key not in case.task.chased)


def due_notices(policy: EscalationPolicy, force: Force, case: Case, now: datetime) -> tuple[Chase, ...]:
    """What the level where the task stands has to be told at `now` (UTC): it would have gone up to there for that.

    Rules that notify at once and name their level; what went up by the same fact was told then.
    """
    if not case.task.is_open:
        return ()
    here = case.task.top_unit
    found = (
        Chase(rule.trigger, fact.identity, fact.words, here)
        for rule in policy.rules
        if _names_its_level(rule) and _goal(rule, force, case) is None
        for fact in CONDITIONS[rule.trigger](rule, case)
        if fact.since <= now and not _has_gone_up(rule.trigger, fact, case)
    )
    return tuple(notice for notice in found if notice.key not in case.task.chased)


def moments(policy: EscalationPolicy, case: Case) -> frozenset[datetime]:
    """When (UTC) something of this policy becomes true of the case as it stands, past and to come."""
    tables = (CONDITIONS, CHASES)
    rules = [(rule, table[rule.trigger]) for rule in policy.rules for table in tables if rule.trigger in table]
    return frozenset(fact.since for rule, condition in rules for fact in condition(rule, case))


def accepted_by_asking_further(case: Case, proposal: Proposal | Escalation) -> Escalation | None:
    """The undecided escalation to the unit that now asks further up: by asking, that unit has taken the task on.

    It has asked when the level above hears of it: not while its own people have still to agree.
    """
    if isinstance(proposal, Proposal) and first_status(proposal, case.task.working_band) is EscalationStatus.PROPOSED:
        return None
    if proposal.trigger not in MANUAL | {"ASKED_BY_LABEL"}:
        return None
    waiting = [
        each for each in case.escalations if each.status in AWAITING_DECISION and each.to_unit == proposal.from_unit
    ]
    return waiting[-1] if waiting else None


def first_status(proposal: Proposal, band: PriorityBand | None) -> EscalationStatus:
    """How an escalation starts: before the higher level, unless a person of the sending unit has to agree first.

    An IMMEDIATE task does not wait for that (policing notes, section 4.3).
    """
    waits = proposal.needs_endorsement and band is not PriorityBand.IMMEDIATE
    return EscalationStatus.PROPOSED if waits else EscalationStatus.REQUESTED


def overtaken(case: Case, proposal: Proposal) -> Escalation | None:
    """What is only proposed, where this proposal goes up without anybody having agreed first and so makes it idle."""
    if first_status(proposal, case.task.working_band) is EscalationStatus.PROPOSED:
        return None
    return _only_proposed(case)


def was_overtaken(escalation: Escalation) -> bool:
    """Whether it was only proposed when another step was taken instead: no person took it back."""
    return escalation.status is EscalationStatus.WITHDRAWN and escalation.decided_by is None


def _fresh(rule: Rule, case: Case, now: datetime) -> Iterator[Fact]:
    if rule.trigger not in CONDITIONS:
        return
    for fact in CONDITIONS[rule.trigger](rule, case):
        if fact.since <= now and not _is_spent(rule, fact, case):
            yield fact


def _is_spent(rule: Rule, fact: Fact, case: Case) -> bool:
    """It has gone up, or whoever gave the task back knew of it. A withdrawal says nothing of other facts.

    What has to be told at once counts as known only where it has been told. What was overtaken on its way to a unit
    has not been heard by it until the task stands there.
    """
    stands_on, fired = case.task.stands_on, _fired(rule.trigger, fact, case)
    if any(not was_overtaken(each) or each.to_unit in stands_on for each in fired):
        return True
    returned = [each.returned_at for each in case.escalations if each.returned_at and each.status in SENT_BACK]
    was_told = Chase(rule.trigger, fact.identity, fact.words).key in case.task.chased
    is_known = was_told or not _names_its_level(rule)
    return is_known and any(fact.since <= at for at in returned)


def _has_gone_up(trigger: str, fact: Fact, case: Case) -> bool:
    return any(not was_overtaken(each) for each in _fired(trigger, fact, case))


def _fired(trigger: str, fact: Fact, case: Case) -> list[Escalation]:
    return [each for each in case.escalations if each.trigger == trigger and each.fact == fact.identity]


def _names_its_level(rule: Rule) -> bool:
    """Whether the rule has a certain level told at once, however high the task stands."""
    is_named = rule.to not in ("", NEXT_LEVEL, COMMON_LEVEL)
    return rule.notifies_at_once and is_named and rule.trigger in CONDITIONS


def _target(rule: Rule, force: Force, case: Case) -> str | None:
    """The unit to climb to; None at the top, at the goal already, or while somebody still has to decide."""
    task = case.task
    goal = _goal(rule, force, case)
    if goal is None:
        return None
    awaits = any(each.status in AWAITING_DECISION and each.to_unit == task.top_unit for each in case.escalations)
    asked_from_here = rule.trigger == "ASKED_BY_LABEL" and task.asked_up_from == task.top_unit
    if awaits and rule.to == NEXT_LEVEL and not asked_from_here:
        return None
    waits_for_consent = rule.needs_endorsement and task.working_band is not PriorityBand.IMMEDIATE
    if waits_for_consent and _only_proposed(case) is not None:
        return None
    return force.unit_at(task.unit, goal.code).code


def _goal(rule: Rule, force: Force, case: Case) -> TaskingLevel | None:
    """The level that the rule wants; None where the task stands there, or higher, already."""
    here = force.level_of(case.task.top_unit)
    if rule.to == NEXT_LEVEL:
        return force.above(here)
    if not rule.to:
        return None
    wanted = _common_level(force, case) if rule.to == COMMON_LEVEL else force.level(rule.to)
    return wanted if wanted is not None and wanted.rank > here.rank else None


def _common_level(force: Force, case: Case) -> TaskingLevel | None:
    """The lowest level at which all linked units come under one; None where they never do."""
    lines = [_line(force, unit) for unit in {case.task.unit, *case.linked_units} if unit in force.units]
    common = set.intersection(*map(set, lines)) if lines else set()
    levels = [force.level_of(unit) for unit in common]
    return min(levels, key=lambda level: level.rank, default=None)


def _line(force: Force, unit: str) -> list[str]:
    """The unit and those above it."""
    line, parent = [unit], force.units[unit].parent
    while parent is not None:
        line.append(parent)
        parent = force.units[parent].parent
    return line


def _only_proposed(case: Case) -> Escalation | None:
    return next((each for each in case.escalations if each.status is EscalationStatus.PROPOSED), None)


def _unit_of_meeting(force: Force, meeting_ref: str) -> str | None:
    code = meeting_ref.split(" ")[0]
    return next((meeting.unit for meeting in force.meetings if meeting.code == code), None)


def _until(rule: Rule, force: Force, task: Task, to_unit: str, now: datetime, cancelled: frozenset[str]) -> Until:
    limit: Limit | None = rule.decide_within.get(task.working_band or PriorityBand.ROUTINE)
    if limit is None:
        return Until(None, "")
    if isinstance(limit, WorkingDays):
        return Until(later(now, timedelta(days=limit.days), working=True), "")
    if not isinstance(limit, MeetingLimit):
        return Until(now + limit, "")
    sitting = next_meeting(force, to_unit, now, cancelled=cancelled, is_daily=IS_DAILY.get(limit))
    return Until(sitting.ends_at, sitting.meeting_ref) if sitting else Until(now + WITHOUT_A_MEETING, "")
