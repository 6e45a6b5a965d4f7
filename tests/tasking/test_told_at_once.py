"""What a certain level has to be told at once is told wherever the task stands; a withdrawal hides no other fact."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from store.database import open_database
from tasking.decision import DecisionType
from tasking.escalation_policy import Chase, EscalationPolicy, Proposal, due_notices, propose
from tasking.task import Task
from tasking.thrive import ThriveAssessment
from tasking.triggers import Case
from tests.peakshire import (
    ASK,
    BY_BAND,
    DAY,
    IMMEDIATE,
    MINUTE,
    MISSING,
    MORNING,
    ROUTINE,
    SetClock,
    a_proposal,
    small_policy,
    tables_in,
)
from tests.tasking.deciding_force import ASKS, DecidingDesk, deciding_force

T = DecisionType


@pytest.fixture
def desk() -> Iterator[DecidingDesk]:
    with tables_in(open_database("sqlite://")) as engine:
        yield DecidingDesk(engine, SetClock(), deciding_force())


def case_of(desk: DecidingDesk, task: Task) -> Case:
    with desk.act() as uow:
        return Case(uow.task(task.task_id), uow.assessments(task.task_id), uow.escalations(task.task_id))


def notices(desk: DecidingDesk, task: Task, policy: EscalationPolicy | None = None) -> list[Chase]:
    return list(due_notices(policy or small_policy(), desk.force, case_of(desk, task), desk.clock.now()))


def proposed(desk: DecidingDesk, task: Task, *triggers: str) -> Proposal | None:
    return propose(small_policy(*triggers), desk.force, case_of(desk, task), desk.clock.now())


def missing_at(desk: DecidingDesk, *way: str) -> Task:
    """A task that went up this way, and then a person was missing."""
    task = desk.raised(assessment=BY_BAND[ROUTINE])
    for below, above in zip(("HP", *way), way, strict=False):
        task = desk.escalated(task, a_proposal(below, above, fact=above))
    desk.clock.advance(MINUTE)
    return desk.reassessed(task, BY_BAND[ROUTINE], MISSING)


def test_a_level_that_has_the_task_already_is_told_once_that_somebody_is_missing(desk: DecidingDesk) -> None:
    task = missing_at(desk, "DIV_N", "PKS")
    assert proposed(desk, task) is None
    (notice,) = notices(desk, task)
    assert (notice.trigger, notice.unit) == ("MISSING_HIGH", "PKS")
    with desk.act() as uow:
        uow.save_task(with_told(task, notice))
    assert notices(desk, task) == []


def with_told(task: Task, notice: Chase) -> Task:
    return replace(task, chased=task.chased | {notice.key})


def test_where_it_goes_up_for_that_nobody_is_told_a_second_time(desk: DecidingDesk) -> None:
    task = missing_at(desk, "DIV_N")
    assert notices(desk, task) == []
    proposal = proposed(desk, task, "MISSING_HIGH")
    assert proposal is not None
    assert notices(desk, desk.escalated(task, proposal)) == []


def test_a_rule_for_the_next_level_tells_nobody_at_the_top(desk: DecidingDesk) -> None:
    task = desk.raised(unit="PKS")
    desk.clock.advance(30 * DAY)
    assert notices(desk, task) == []


def test_what_was_never_told_goes_up_although_the_task_came_back_meanwhile(desk: DecidingDesk) -> None:
    task = missing_at(desk, "DIV_N", "PKS")
    desk.clock.advance(MINUTE)
    task = desk.returned(task)
    proposal = proposed(desk, task, "MISSING_HIGH")
    assert proposal is not None
    assert proposal.to_unit == "PKS"


def test_what_was_told_where_it_stood_stays_quiet_when_it_has_come_back(desk: DecidingDesk) -> None:
    task = missing_at(desk, "DIV_N", "PKS")
    (notice,) = notices(desk, task)
    with desk.act() as uow:
        uow.save_task(with_told(task, notice))
    desk.clock.advance(MINUTE)
    assert proposed(desk, desk.returned(desk.now(task)), "MISSING_HIGH") is None


def test_a_request_taken_back_says_nothing_of_a_risk_that_rose_meanwhile(desk: DecidingDesk) -> None:
    task = desk.raised(assessment=BY_BAND[ROUTINE])
    desk.decide(task, T.ESCALATE, "Duty Sergeant", **ASKS)
    desk.clock.advance(5 * MINUTE)
    task = desk.reassessed(desk.now(task), BY_BAND[IMMEDIATE])
    desk.clock.advance(MINUTE)
    desk.decide(task, T.ESCALATION_WITHDRAW, "Duty Sergeant")
    proposal = proposed(desk, task, "RISK_RISEN")
    assert proposal is not None
    assert (proposal.from_unit, proposal.to_unit) == ("HP", "DIV_N")


def test_a_request_taken_back_is_not_made_again_by_the_same_fact(desk: DecidingDesk) -> None:
    task = desk.escalated(desk.reassessed(desk.raised(assessment=BY_BAND[ROUTINE]), BY_BAND[IMMEDIATE]))
    desk.decide(task, T.ESCALATION_WITHDRAW, "Owner")
    again = proposed(desk, task, "RISK_RISEN")
    assert again is not None
    task = desk.escalated(task, again)
    desk.decide(task, T.ESCALATION_WITHDRAW, "Owner")
    assert proposed(desk, task, "RISK_RISEN") is None


def test_a_task_that_nobody_has_assessed_is_decided_in_the_time_of_the_lowest_band(desk: DecidingDesk) -> None:
    task = desk.on_board(desk.raised(assessment=ThriveAssessment(*[None] * 6)), labels=frozenset({ASK}))
    proposal = proposed(desk, task, "ASKED_BY_LABEL")
    assert proposal is not None
    assert proposal.decide_by == MORNING + DAY
    step = desk.escalations(desk.escalated(task, proposal))[0]
    assert [(hop.role, hop.decide_by) for hop in step.hops] == [("Duty Inspector", MORNING + DAY)]
