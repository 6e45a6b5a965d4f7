"""The course of a task played again under other rules: what people did stays, what rules do is worked out anew. Pure.

A step that the record has too ends there as it did. One that only the other rules take counts as agreed to, and as
taken on by the higher level when its time to decide is over.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush

from tasking.decision import DecisionRequest, DecisionType
from tasking.errors import RuleBroken
from tasking.escalation import SENT_BACK, Escalation, EscalationStatus
from tasking.escalation_policy import (
    WITHOUT_A_MEETING,
    EscalationPolicy,
    Proposal,
    accepted_by_asking_further,
    asked_for,
    due_chases,
    due_notices,
    first_status,
    moments,
    overtaken,
    propose,
    was_overtaken,
)
from tasking.force import Force
from tasking.task import Task
from tasking.thrive import AssessedRisk
from tasking.triggers import MANUAL, Case, EarlierTask, problem_of

CLOCK = timedelta(minutes=1)
"""How often the service looks at what has become true by itself."""
INSTANT = timedelta(microseconds=1)
CHASED = "chase"


@dataclass(frozen=True, slots=True)
class TaskCourse:
    """One task as it was from time to time. `states` are oldest first, each from its moment (UTC) to the next.

    The first state is the one at the moment that was asked from, or when it was raised. `accepted` holds when an
    escalation was accepted, by its id; `chases` when its managers were told, and of what, as "TRIGGER fact".
    """

    task: Task
    states: tuple[tuple[datetime, Task], ...]
    assessments: tuple[AssessedRisk, ...]
    escalations: tuple[Escalation, ...]
    accepted: Mapping[str, datetime]
    chases: tuple[tuple[datetime, str], ...]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Other tasks: the unit of each by its id, and tasks by the problem that they are about."""

    units: Mapping[str, str]
    problems: Mapping[str, tuple[EarlierTask, ...]]


@dataclass(frozen=True, slots=True)
class Step:
    """Something that a policy did to a task at a moment (UTC). `to_unit` is 'chase' where only a manager was told."""

    at: datetime
    trigger: str
    fact: str
    from_unit: str
    to_unit: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it the same step under two policies, whenever it was taken."""
        return self.trigger, self.fact, self.to_unit

    @property
    def words(self) -> str:
        """In a line of a table."""
        return f"{self.trigger} told in {self.from_unit}" if self.to_unit == CHASED else self._climb

    @property
    def _climb(self) -> str:
        return f"{self.trigger} {self.from_unit} > {self.to_unit}"


@dataclass(frozen=True, slots=True)
class Play:
    """The rules to play by, from when until when (UTC), and the meetings that did not take place."""

    policy: EscalationPolicy
    force: Force
    around: Surroundings
    since: datetime
    until: datetime
    cancelled: frozenset[str] = frozenset()


def steps_on_record(course: TaskCourse, since: datetime, until: datetime) -> tuple[Step, ...]:
    """What was done to the task between these moments (UTC), oldest first."""
    climbs = [
        Step(each.requested_at, each.trigger, each.fact, each.from_unit, each.to_unit) for each in course.escalations
    ]
    told = [(at, key.partition(" ")) for at, key in course.chases]
    chases = [Step(at, trigger, fact, course.task.unit, CHASED) for at, (trigger, _, fact) in told]
    return tuple(sorted((each for each in [*climbs, *chases] if since <= each.at <= until), key=lambda each: each.at))


def play(course: TaskCourse, by: Play) -> tuple[Step, ...]:
    """What these rules would have done to the task, oldest first."""
    game = _Game(course, by)
    due = [at for at in game.known_moments() if by.since <= at <= by.until]
    heapify(due)
    seen = set[datetime]()
    while due:
        at = heappop(due)
        if at in seen:
            continue
        seen.add(at)
        for later in game.move(at):
            if at < later <= by.until:
                heappush(due, later)
    return tuple(game.steps)


@dataclass(slots=True)
class _Taken:
    """An escalation in the game: only proposed until `agreed_at`, undecided until `accepted_at`; None is for good."""

    escalation: Escalation
    agreed_at: datetime | None
    accepted_at: datetime | None

    def as_at(self, at: datetime) -> Escalation:
        """The escalation as it stood at a moment."""
        whole = self.escalation
        if whole.returned_at is not None and whole.returned_at < at:
            back = whole.status in SENT_BACK or whole.status is EscalationStatus.WITHDRAWN
            return whole if back else replace(whole, status=EscalationStatus.DE_ESCALATED)
        if self.agreed_at is None or self.agreed_at > at:
            return replace(whole, status=EscalationStatus.PROPOSED, returned_at=None, decided_at=None)
        is_accepted = self.accepted_at is not None and self.accepted_at <= at
        status = EscalationStatus.ACCEPTED if is_accepted else EscalationStatus.REQUESTED
        return replace(whole, status=status, returned_at=None, decided_at=self.accepted_at if is_accepted else None)

    def moments(self) -> Iterator[datetime]:
        """When it changes."""
        whole = self.escalation
        yield from (each for each in (self.agreed_at, self.accepted_at) if each is not None)
        if whole.returned_at is not None:
            yield whole.returned_at + INSTANT


@dataclass(slots=True)
class _Game:
    course: TaskCourse
    by: Play
    steps: list[Step] = field(default_factory=list)
    taken: list[_Taken] = field(default_factory=list)
    chased: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        before = [each for each in self.course.escalations if each.requested_at < self.by.since]
        self.taken = [_Taken(each, _agreed_at(each), self._accepted_at(each)) for each in before]
        self.chased = set(self.course.states[0][1].chased)

    def known_moments(self) -> list[datetime]:
        """When people did something, or something came back."""
        states = [at for at, _ in self.course.states]
        assessed = [each.assessed_at for each in self.course.assessments]
        asked = [each.requested_at for each in self.course.escalations if each.trigger in MANUAL]
        return [*states, *assessed, *asked, *(at for each in self.taken for at in each.moments())]

    def move(self, at: datetime) -> set[datetime]:
        """Does what the rules want at a moment; gives the moments at which there may be more to do."""
        here = [task for since, task in self.course.states if since == at]
        before = [task for since, task in self.course.states if since < at]
        found = set[datetime]()
        for state in here or before[-1:]:
            found |= self._move(at, state)
        return found | {moment for each in self.taken for moment in each.moments()}

    def _move(self, at: datetime, state: Task) -> set[datetime]:
        force, policy = self.by.force, self.by.policy
        for asked in self._asked_by_people(at, state):
            self._climb(at, state, asked)
        case = self._case(at, state)
        for chase in (*due_chases(policy, case, at), *due_notices(policy, force, case, at)):
            self.chased.add(chase.key)
            self.steps.append(Step(at, chase.trigger, chase.fact, state.unit, CHASED))
        for _ in policy.rules:
            proposal = propose(policy, force, self._case(at, state), at, self.by.cancelled)
            if proposal is None:
                break
            self._climb(at, state, proposal)
        return {moment + CLOCK for moment in moments(policy, self._case(at, state)) if moment > at - CLOCK}

    def _case(self, at: datetime, state: Task) -> Case:
        steps = tuple(each.as_at(at) for each in self.taken)
        above = sorted({each.to_unit for each in steps if each.is_standing}, key=self._rank)
        task = replace(state, stands_on=(state.unit, *above), chased=frozenset(self.chased))
        return Case(
            task,
            tuple(each for each in self.course.assessments if each.assessed_at <= at),
            steps,
            frozenset(self.by.around.units[other] for other in state.linked if other in self.by.around.units),
            self.by.around.problems.get(problem_of(task), ()),
        )

    def _rank(self, unit: str) -> int:
        return self.by.force.level_of(unit).rank

    def _asked_by_people(self, at: datetime, state: Task) -> list[Proposal]:
        """What people asked for at this moment, where these rules let them."""
        task, found = self._case(at, state).task, []
        done = {each.key for each in self.steps}
        for each in self.course.escalations:
            is_new = (each.trigger, each.fact, each.to_unit) not in done
            if is_new and each.requested_at == at and each.trigger in MANUAL and task.is_open:
                try:
                    found.append(asked_for(self.by.policy, self.by.force, task, _request(each), at, self.by.cancelled))
                except RuleBroken:
                    continue
        return found

    def _climb(self, at: datetime, state: Task, proposal: Proposal) -> None:
        case = self._case(at, state)
        idle, earlier = overtaken(case, proposal), accepted_by_asking_further(case, proposal)
        for each in self.taken:
            if idle is not None and each.escalation.escalation_id == idle.escalation_id:
                gone = replace(each.escalation, status=EscalationStatus.WITHDRAWN, returned_at=at, decided_by=None)
                each.escalation, each.agreed_at = gone, None
            if earlier is not None and each.escalation.escalation_id == earlier.escalation_id:
                each.accepted_at = at
        same = [
            each
            for each in self.course.escalations
            if (each.trigger, each.fact, each.to_unit) == (proposal.trigger, proposal.fact, proposal.to_unit)
        ]
        waits = first_status(proposal, case.task.working_band) is EscalationStatus.PROPOSED
        if same:
            agreed_at = same[0].endorsed_at if waits else at
            taken = _Taken(_outcome(same[0], at, self.course.escalations), agreed_at, self._accepted_at(same[0]))
        else:
            taken = _Taken(_assumed(at, case, proposal), at, proposal.decide_by or at + WITHOUT_A_MEETING)
        self.taken.append(taken)
        self.steps.append(Step(at, proposal.trigger, proposal.fact, proposal.from_unit, proposal.to_unit))

    def _accepted_at(self, escalation: Escalation) -> datetime | None:
        known = self.course.accepted.get(escalation.escalation_id)
        held = escalation.is_standing and not escalation.awaits_decision
        return known or (escalation.decided_at or escalation.requested_at if held else None)


def _agreed_at(escalation: Escalation) -> datetime | None:
    if escalation.endorsed_at is not None or escalation.status is EscalationStatus.PROPOSED:
        return escalation.endorsed_at
    return escalation.requested_at


def _outcome(escalation: Escalation, at: datetime, others: tuple[Escalation, ...]) -> Escalation:
    """How it ended on record. What no person took back was overtaken by another step, which is played anew; or it went
    when the task left the unit that it was to go up from."""
    left = any(each.returned_at == escalation.returned_at and each.to_unit == escalation.from_unit for each in others)
    is_open = was_overtaken(escalation) and not left
    return replace(escalation, requested_at=at, returned_at=None if is_open else escalation.returned_at)


def _request(escalation: Escalation) -> DecisionRequest:
    return DecisionRequest(
        reference="",
        decision_type=DecisionType.ESCALATE,
        decided_by=escalation.requested_by,
        role="",
        rationale=escalation.reason,
        unit=escalation.from_unit,
        resources=escalation.resources_requested,
        trigger=escalation.trigger,
    )


def _assumed(at: datetime, case: Case, proposal: Proposal) -> Escalation:
    return Escalation(
        escalation_id=f"{proposal.trigger} {proposal.fact} {proposal.to_unit}",
        task_id=case.task.task_id,
        trigger=proposal.trigger,
        fact=proposal.fact,
        from_unit=proposal.from_unit,
        to_unit=proposal.to_unit,
        status=EscalationStatus.ACCEPTED,
        reason=proposal.reason,
        requested_by="",
        requested_at=at,
        decide_by=proposal.decide_by,
        policy_version=proposal.policy_version,
        score_then=None,
        score_before=None,
        band_then=case.task.working_band,
    )
