"""What has to be true of a task for a rule to fire: each trigger code with its condition, pure.

Codes and what fires them follow the policing notes, section 4.2; thresholds come from config. A condition gives facts
with the moment (UTC) from which each is true, which may be to come.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import takewhile

from tasking.escalation import Escalation
from tasking.task import Task
from tasking.thrive import BANDS, AssessedRisk, PriorityBand, RiskContext
from tasking.time_limits import accept_by, time_to_accept

NEXT_LEVEL = "NEXT"
COMMON_LEVEL = "COMMON"
"""The lowest level that the units of all linked tasks have above them."""
ASK_LABEL = "ESCALATE_ASKED"
"""Code of the label by which a person asks on the board for the task to go up."""


class MeetingLimit(StrEnum):
    """The higher level has until its next meeting that suits is over: any, a daily one, or one of the others."""

    ANY = "meeting"
    DAILY = "daily meeting"
    TASKING = "tasking meeting"


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """So many working days; bank holidays of England and Wales are none."""

    days: int


Limit = timedelta | WorkingDays | MeetingLimit


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the policy. `to` is NEXT, COMMON or a level code; empty where the rule only chases.

    Times are per band; a band left out is not watched. With `needs_endorsement` a person of the sending unit agrees
    first. Which of the settings at the end a trigger reads is said at its condition; a chase of 0 is none.
    """

    trigger: str
    to: str
    notifies_at_once: bool
    decide_within: Mapping[PriorityBand, Limit]
    after: Mapping[PriorityBand, timedelta] = field(default_factory=dict)
    points: int = 0
    needs_endorsement: bool = False
    chase_after: Mapping[PriorityBand, timedelta] = field(default_factory=dict)
    chase_at: int = 0
    climb_at: int = 1
    count: int = 0
    level: int = 0
    within: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class EarlierTask:
    """What is known of another task when it is asked whether a problem has come back. Times are UTC."""

    task_id: str
    problem: str
    raised_at: datetime
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Case:
    """All that a rule may look at. Assessments and escalations are oldest first.

    `linked_units` are the units of the tasks that it is linked with; `earlier` other tasks, of whatever problem.
    """

    task: Task
    assessments: tuple[AssessedRisk, ...]
    escalations: tuple[Escalation, ...]
    linked_units: frozenset[str] = frozenset()
    earlier: tuple[EarlierTask, ...] = ()


@dataclass(frozen=True, slots=True)
class Fact:
    """What is true of a task since when. The same `identity` never fires the same trigger twice."""

    identity: str
    since: datetime
    words: str


Condition = Callable[[Rule, Case], Iterator[Fact]]

_WORDS = re.compile(r"[^\W_]+")


def problem_key(unit: str, pillar: str, place: str) -> str:
    """What two tasks about the same problem have in common: where and what, never who. Empty without a place."""
    words = _WORDS.findall(place.casefold())
    return " ".join([unit, pillar, *words]) if words else ""


def problem_of(task: Task) -> str:
    """The problem that a task is about, '' where it says no place."""
    return problem_key(task.unit, task.pillar, task.text.place)


def by_problem(found: Iterable[EarlierTask]) -> Mapping[str, tuple[EarlierTask, ...]]:
    """Tasks by the problem that they are about."""
    grouped: dict[str, list[EarlierTask]] = {}
    for each in found:
        grouped.setdefault(each.problem, []).append(each)
    return {problem: tuple(some) for problem, some in grouped.items()}


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


def moved_at(case: Case) -> datetime:
    """When a person last did something to the task: on its board, by assessing it or by deciding about it."""
    decided = [each.decided_at for each in case.escalations if each.decided_at is not None]
    assessed = [each.assessed_at for each in case.assessments]
    return max([case.task.moved_at or case.task.raised_at, case.task.raised_at, *assessed, *decided])


def _not_accepted(rule: Rule, case: Case) -> Iterator[Fact]:
    """`climb_at`: at how many times the band's time to accept it climbs."""
    band = case.task.working_band
    if band in rule.decide_within:
        yield from _unaccepted(case, rule.climb_at)


def _chase_not_accepted(rule: Rule, case: Case) -> Iterator[Fact]:
    """`chase_at`: at how many times the band's time to accept the line manager is told."""
    if rule.chase_at:
        yield from _unaccepted(case, rule.chase_at)


def _unaccepted(case: Case, times: int) -> Iterator[Fact]:
    task, band = case.task, case.task.working_band
    allowed, since = time_to_accept(task), accept_by(task, times)
    if task.accepted_at is not None or band is None or allowed is None or since is None or task.clock_stands:
        return
    limit, in_working_days = times * allowed, BANDS[band].in_working_days
    words = in_words(limit).replace("day", "working day") if in_working_days else in_words(limit)
    yield Fact("raised", since, f"Nobody has taken it up within {words}.")


def _overdue(rule: Rule, case: Case) -> Iterator[Fact]:
    """`after`: how long after the due time it climbs."""
    yield from _past_due(case, rule.after)


def _chase_overdue(rule: Rule, case: Case) -> Iterator[Fact]:
    """`chase_after`: how long after the due time the action manager is told."""
    yield from _past_due(case, rule.chase_after)


def _past_due(case: Case, after: Mapping[PriorityBand, timedelta]) -> Iterator[Fact]:
    task, band = case.task, case.task.working_band
    if task.due_at is not None and band is not None and band in after and not task.clock_stands:
        yield Fact(f"due {task.due_at.isoformat()}", task.due_at + after[band], "It is past its due time.")


def _chase_stalled(rule: Rule, case: Case) -> Iterator[Fact]:
    """`chase_at`: at how many times the band's update interval without any movement."""
    band, at = case.task.working_band, moved_at(case)
    if band is not None and rule.chase_at and not case.task.clock_stands:
        limit = rule.chase_at * BANDS[band].update_every
        yield Fact(f"moved {at.isoformat()}", at + limit, f"Nothing has moved for {in_words(limit)}.")


def _risk_risen(rule: Rule, case: Case) -> Iterator[Fact]:
    """`points`: by how many points at least, where it has not become IMMEDIATE."""
    scored = [each for each in case.assessments if each.result is not None]
    if len(scored) < 2:
        return
    before, latest = scored[-2], scored[-1]
    assert before.result is not None
    assert latest.result is not None
    to_immediate = latest.result.band is PriorityBand.IMMEDIATE and before.result.band is not PriorityBand.IMMEDIATE
    if to_immediate or latest.result.score - before.result.score >= rule.points:
        words = (
            f"Risk has risen: score {before.result.score} to {latest.result.score}, "
            f"{before.result.band} to {latest.result.band}."
        )
        yield Fact(latest.assessment_id, latest.assessed_at, words)


def _missing_high(rule: Rule, case: Case) -> Iterator[Fact]:
    yield from _flagged(case, "MISSING_HIGH", "High-risk missing person: the force level is told at once.")


def _critical_incident(rule: Rule, case: Case) -> Iterator[Fact]:
    yield from _flagged(case, "CRITICAL_INCIDENT", "Declared a critical incident: the force level is told at once.")


def _vulnerability(rule: Rule, case: Case) -> Iterator[Fact]:
    """`after`: how long a high-risk domestic abuse suspect may stay outstanding; `level`: of vulnerability, where it
    happened before."""
    band = case.task.working_band
    for fact in _flagged(case, "DA_HIGH_OUTSTANDING", "High-risk domestic abuse suspect still outstanding."):
        if band is not None and band in rule.after:
            yield Fact(f"outstanding {fact.identity}", fact.since + rule.after[band], fact.words)
    yield from _flagged(case, "CHILD_EXPLOITATION", "Child exploitation.")
    yield from _since_assessed(case, lambda each: _is_repeat_victim(rule, each), "vulnerable", "Vulnerable, and again.")


def _is_repeat_victim(rule: Rule, risk: AssessedRisk) -> bool:
    return (risk.assessment.vulnerability or 0) >= rule.level and risk.context.repeats_28d > 0


def _flagged(case: Case, flag: str, words: str) -> Iterator[Fact]:
    """One fact from the assessment that set the flag until one clears it: set again is a fact of its own."""
    yield from _since_assessed(case, lambda each: flag in each.context.flags, "flagged", words)


def _since_assessed(case: Case, holds: Callable[[AssessedRisk], bool], said: str, words: str) -> Iterator[Fact]:
    holding = list(takewhile(holds, reversed(case.assessments)))
    if holding:
        yield Fact(f"{said} {holding[-1].assessment_id}", holding[-1].assessed_at, words)


def _cross_border(rule: Rule, case: Case) -> Iterator[Fact]:
    """Tasks of another unit are linked with it; the same units are one fact however many tasks they have."""
    units = case.linked_units | {case.task.unit}
    if len(units) > 1:
        since = case.task.linked_at or case.task.raised_at
        yield Fact(f"linked {' '.join(sorted(units))}", since, f"It belongs to tasks of {len(units)} units.")


def _repeat(rule: Rule, case: Case) -> Iterator[Fact]:
    """`count` and `within`: so many tasks of the same problem in that time, or one again so soon after the last ended.

    The same number of earlier reports, told on the form, counts too.
    """
    task, words = case.task, f"The same problem has come back within {in_words(rule.within)}."
    key = problem_of(task)
    same = [
        each
        for each in case.earlier
        if key and each.problem == key and each.task_id != task.task_id and each.raised_at <= task.raised_at
    ]
    recent = [each for each in same if task.raised_at - each.raised_at <= rule.within]
    ended = [each.completed_at for each in same if each.completed_at and each.completed_at <= task.raised_at]
    if len(recent) + 1 >= rule.count or (ended and task.raised_at - max(ended) <= rule.within):
        yield Fact("came back", task.raised_at, words)
    yield from _since_assessed(case, lambda each: _is_told_often(each.context, rule), "reported", words)


def _is_told_often(context: RiskContext, rule: Rule) -> bool:
    return context.repeats_28d >= rule.count


def _asked_by_label(rule: Rule, case: Case) -> Iterator[Fact]:
    asked_at = case.task.asked_up_at
    if asked_at is not None and ASK_LABEL in case.task.labels:
        yield Fact(f"asked {asked_at.isoformat()}", asked_at, "Asked for on the board by the people working it.")


CONDITIONS: Mapping[str, Condition] = {
    "MISSING_HIGH": _missing_high,
    "CRITICAL_INCIDENT": _critical_incident,
    "NOT_ACCEPTED": _not_accepted,
    "OVERDUE": _overdue,
    "ASKED_BY_LABEL": _asked_by_label,
    "RISK_RISEN": _risk_risen,
    "VULNERABILITY": _vulnerability,
    "CROSS_BORDER": _cross_border,
    "REPEAT": _repeat,
}
"""What lets a rule propose that a task climbs."""

CHASES: Mapping[str, Condition] = {
    "NOT_ACCEPTED": _chase_not_accepted,
    "OVERDUE": _chase_overdue,
    "STALLED": _chase_stalled,
}
"""What is told to a manager at the task's own level. A chase is no escalation."""

MANUAL = frozenset({"BEYOND_RESOURCES", "BEYOND_CAPABILITY", "TENSION_CONFIDENCE", "PARTNER_BLOCKED", "NOT_WORKING"})
"""What only people ask for."""

TRIGGERS: tuple[str, ...] = (*CONDITIONS, "STALLED", *sorted(MANUAL))
"""Every code that a rule may have."""
