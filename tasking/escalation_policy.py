"""Rules of escalation: from what stands on the record to a proposal to climb, with the reason in words.

Trigger codes and what fires them follow the policing notes, section 4.2; thresholds and limits come from config.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import takewhile

from tasking.escalation import AWAITING_DECISION, Escalation, EscalationStatus
from tasking.force import Force
from tasking.task import Task
from tasking.thrive import BANDS, AssessedRisk, PriorityBand

NEXT_LEVEL = "NEXT"
ASK_LABEL = "ESCALATE_ASKED"
"""Code of the label by which a person asks on the board for the task to go up."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the policy. `to` is NEXT or a level code. Times per band; a band left out is not watched."""

    trigger: str
    to: str
    notifies_at_once: bool
    decide_within: Mapping[PriorityBand, timedelta]
    after: Mapping[PriorityBand, timedelta] = field(default_factory=dict)
    points: int = 0


@dataclass(frozen=True, slots=True)
class EscalationPolicy:
    """The rules in the order they are tried, and the version that each escalation keeps."""

    version: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """All that a rule may look at. Assessments and escalations are oldest first."""

    task: Task
    assessments: tuple[AssessedRisk, ...]
    escalations: tuple[Escalation, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """What is true of a task since when. The same `identity` never fires the same trigger twice."""

    identity: str
    since: datetime
    words: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a rule wants: the task shown to a higher unit, for a decision by a time."""

    trigger: str
    fact: str
    from_unit: str
    to_unit: str
    reason: str
    decide_by: datetime | None
    notifies_at_once: bool
    policy_version: str


Condition = Callable[[Rule, Case, datetime], Fact | None]


def propose(policy: EscalationPolicy, force: Force, case: Case, now: datetime) -> Proposal | None:
    """The first proposal that the policy makes for an open task at `now` (UTC), or None.

    A fact that already fired, or that was known when the higher level last gave the task back, stays quiet.
    """
    if not case.task.is_open:
        return None
    for rule in policy.rules:
        fact = CONDITIONS[rule.trigger](rule, case, now)
        if fact is None or fact.since > now or _is_spent(rule.trigger, fact, case):
            continue
        to_unit = _target(rule, force, case)
        if to_unit is not None:
            band = case.task.working_band
            limit = rule.decide_within.get(band) if band else None
            return Proposal(
                rule.trigger,
                fact.identity,
                case.task.top_unit,
                to_unit,
                fact.words,
                now + limit if limit else None,
                rule.notifies_at_once,
                policy.version,
            )
    return None


def _is_spent(trigger: str, fact: Fact, case: Case) -> bool:
    fired = any(each.trigger == trigger and each.fact == fact.identity for each in case.escalations)
    returned = [each.returned_at for each in case.escalations if each.returned_at is not None]
    return fired or any(fact.since <= at for at in returned)


def _target(rule: Rule, force: Force, case: Case) -> str | None:
    """The unit to climb to; None at the top, at the goal already, or while that level still has to decide."""
    task = case.task
    here = force.level_of(task.top_unit)
    goal = force.above(here) if rule.to == NEXT_LEVEL else force.level(rule.to)
    if goal is None or goal.rank <= here.rank:
        return None
    awaits = any(each.status in AWAITING_DECISION and each.to_unit == task.top_unit for each in case.escalations)
    asked_from_here = rule.trigger == "ASKED_BY_LABEL" and task.asked_up_from == task.top_unit
    if awaits and rule.to == NEXT_LEVEL and not asked_from_here:
        return None
    return force.unit_at(task.unit, goal.code).code


def _not_accepted(rule: Rule, case: Case, now: datetime) -> Fact | None:
    task, band = case.task, case.task.working_band
    if task.accepted_at is not None or band is None or band not in rule.decide_within:
        return None
    limit = BANDS[band].accept_within
    return Fact("raised", task.raised_at + limit, f"Nobody has taken it up within {in_words(limit)}.")


def _overdue(rule: Rule, case: Case, now: datetime) -> Fact | None:
    task, band = case.task, case.task.working_band
    if task.due_at is None or band is None or band not in rule.after:
        return None
    return Fact(f"due {task.due_at.isoformat()}", task.due_at + rule.after[band], "It is past its due time.")


def _risk_risen(rule: Rule, case: Case, now: datetime) -> Fact | None:
    scored = [each for each in case.assessments if each.result is not None]
    if len(scored) < 2:
        return None
    before, latest = scored[-2], scored[-1]
    assert before.result is not None
    assert latest.result is not None
    to_immediate = latest.result.band is PriorityBand.IMMEDIATE and before.result.band is not PriorityBand.IMMEDIATE
    if not to_immediate and latest.result.score - before.result.score < rule.points:
        return None
    words = (
        f"Risk has risen: score {before.result.score} to {latest.result.score}, "
        f"{before.result.band} to {latest.result.band}."
    )
    return Fact(latest.assessment_id, latest.assessed_at, words)


def _missing_high(rule: Rule, case: Case, now: datetime) -> Fact | None:
    """One fact from the assessment that set the flag until one clears it: missing again is a fact of its own."""
    flagged = list(takewhile(lambda each: "MISSING_HIGH" in each.context.flags, reversed(case.assessments)))
    if not flagged:
        return None
    first = flagged[-1]
    words = "High-risk missing person: the force level is told at once."
    return Fact(f"flagged {first.assessment_id}", first.assessed_at, words)


def _asked_by_label(rule: Rule, case: Case, now: datetime) -> Fact | None:
    asked_at = case.task.asked_up_at
    if asked_at is None or ASK_LABEL not in case.task.labels:
        return None
    return Fact(f"asked {asked_at.isoformat()}", asked_at, "Asked for on the board by the people working it.")


CONDITIONS: Mapping[str, Condition] = {
    "MISSING_HIGH": _missing_high,
    "RISK_RISEN": _risk_risen,
    "NOT_ACCEPTED": _not_accepted,
    "OVERDUE": _overdue,
    "ASKED_BY_LABEL": _asked_by_label,
}


def accepted_by_asking_further(case: Case, proposal: Proposal) -> Escalation | None:
    """The undecided escalation to the unit that now asks further up: by asking, that unit has taken the task on."""
    if proposal.trigger != "ASKED_BY_LABEL":
        return None
    waiting = [
        each for each in case.escalations if each.status in AWAITING_DECISION and each.to_unit == proposal.from_unit
    ]
    return waiting[-1] if waiting else None


def first_status(proposal: Proposal) -> EscalationStatus:
    """How an escalation starts: requested where a person asked, proposed where a rule did."""
    asked = proposal.trigger == "ASKED_BY_LABEL"
    return EscalationStatus.REQUESTED if asked else EscalationStatus.PROPOSED


def in_words(length: timedelta) -> str:
    """A length of time as people say it, in whole days, hours or minutes."""
    for unit, size in (
        ("day", timedelta(days=1)),
        ("hour", timedelta(hours=1)),
        ("minute", timedelta(minutes=1)),
    ):
        if length >= size and length % size == timedelta(0):
            count = length // size
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{int(length.total_seconds())} seconds"
