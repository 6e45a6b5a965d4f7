"""Who agrees before a task climbs, what overtakes what is only proposed, and by when the higher level has to decide."""

from datetime import UTC, datetime, timedelta

import pytest

from tasking.escalation import EscalationStatus
from tasking.escalation_policy import (
    EscalationPolicy,
    Proposal,
    accepted_by_asking_further,
    overtaken,
    propose,
)
from tasking.task import Task
from tasking.triggers import Case, Limit, MeetingLimit, Rule, WorkingDays
from tests.peakshire import (
    BY_BAND,
    DAY,
    HOUR,
    IMMEDIATE,
    MORNING,
    PRIORITY,
    ROUTINE,
    SCHEDULED,
    Desk,
    a_proposal,
    limits,
    open_desk,
)
from tests.tasking.deciding_force import deciding_force


def proposed_by(desk: Desk, task: Task, rule: Rule, cancelled: frozenset[str] = frozenset()) -> Proposal | None:
    with desk.act() as uow:
        case = Case(uow.task(task.task_id), uow.assessments(task.task_id), uow.escalations(task.task_id))
    return propose(EscalationPolicy("test-1", (rule,)), desk.force, case, desk.clock.now(), cancelled)


RISEN = Rule("RISK_RISEN", "NEXT", False, limits(HOUR, HOUR, HOUR, HOUR), points=15, needs_endorsement=True)


def test_a_rule_that_only_proposes_waits_for_a_person_and_an_immediate_task_for_nobody(desk: Desk) -> None:
    statuses = []
    for risen in (PRIORITY, IMMEDIATE):
        task = desk.reassessed(desk.raised(assessment=BY_BAND[ROUTINE]), BY_BAND[risen])
        proposal = proposed_by(desk, task, RISEN)
        assert proposal is not None
        desk.escalated(task, proposal)
        statuses.append(desk.escalations(task)[-1].status)
    assert statuses == [EscalationStatus.PROPOSED, EscalationStatus.REQUESTED]


def test_while_one_step_is_only_proposed_a_second_is_not_but_what_needs_nobody_overtakes_it(desk: Desk) -> None:
    task = desk.reassessed(desk.raised(assessment=BY_BAND[ROUTINE]), BY_BAND[PRIORITY])
    first = proposed_by(desk, task, RISEN)
    assert first is not None
    task = desk.reassessed(desk.escalated(task, first), BY_BAND[SCHEDULED])
    task = desk.reassessed(task, BY_BAND[PRIORITY])
    assert proposed_by(desk, task, RISEN) is None
    desk.clock.advance(4 * HOUR)
    at_once = proposed_by(desk, task, Rule("NOT_ACCEPTED", "NEXT", True, limits(HOUR, HOUR, HOUR, HOUR)))
    assert at_once is not None
    with desk.act() as uow:
        case = Case(task, (), uow.escalations(task.task_id))
    assert overtaken(case, at_once) == case.escalations[-1]
    assert overtaken(case, first) is None


def overdue(limit: Limit) -> Rule:
    return Rule("OVERDUE", "NEXT", True, limits(limit, limit, limit, limit), limits(*[timedelta(0)] * 4))


UNTIL: list[tuple[Limit, frozenset[str], str, str]] = [
    (HOUR, frozenset(), "2026-11-02T09:30", ""),
    (WorkingDays(2), frozenset(), "2026-11-04T08:30", ""),
    (MeetingLimit.ANY, frozenset(), "2026-11-02T09:35", "DIV_N_DAILY 2026-11-02"),
    (MeetingLimit.DAILY, frozenset({"DIV_N_DAILY 2026-11-02"}), "2026-11-03T09:35", "DIV_N_DAILY 2026-11-03"),
    (MeetingLimit.TASKING, frozenset(), "2026-11-12T11:30", "DIV_N_TACTICAL 2026-11-12"),
    (MeetingLimit.TASKING, frozenset({"DIV_N_TACTICAL 2026-11-12"}), "2026-11-26T11:30", "DIV_N_TACTICAL 2026-11-26"),
]


@pytest.mark.parametrize(("limit", "cancelled", "decide_by", "forum"), UNTIL)
def test_the_higher_level_has_a_length_working_days_or_until_its_meeting_is_over(
    limit: Limit, cancelled: frozenset[str], decide_by: str, forum: str
) -> None:
    with open_desk(deciding_force()) as desk:
        proposal = proposed_by(desk, desk.raised(needed_by=MORNING), overdue(limit), cancelled)
    assert proposal is not None
    assert (proposal.decide_by, proposal.forum) == (datetime.fromisoformat(f"{decide_by}+00:00"), forum)


def test_without_a_meeting_to_come_it_has_a_day(desk: Desk) -> None:
    proposal = proposed_by(desk, desk.raised(needed_by=MORNING), overdue(MeetingLimit.ANY))
    assert proposal is not None
    assert (proposal.decide_by, proposal.forum) == (MORNING + DAY, "")


def test_working_days_to_decide_leave_out_weekends_and_bank_holidays(desk: Desk) -> None:
    desk.clock.at = datetime(2026, 12, 24, 10, tzinfo=UTC)
    proposal = proposed_by(desk, desk.raised(needed_by=desk.clock.at), overdue(WorkingDays(2)))
    assert proposal is not None
    assert proposal.decide_by == datetime(2026, 12, 30, 10, tzinfo=UTC)


def test_by_asking_further_for_any_reason_a_level_takes_on_what_it_had_to_decide(desk: Desk) -> None:
    task = desk.escalated(desk.raised())
    with desk.act() as uow:
        case = Case(task, (), uow.escalations(task.task_id))
    for trigger, taken_on in (("BEYOND_RESOURCES", True), ("ASKED_BY_LABEL", True), ("OVERDUE", False)):
        further = a_proposal("DIV_N", "PKS", trigger=trigger)
        assert bool(accepted_by_asking_further(case, further)) is taken_on
