"""The sweep and time: managers are told, undecided steps are passed on, old risk is marked, fallen risk may go back."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bench.growth import counted
from escalation.sweep import Sweep
from store.database import open_database
from store.tables import audit_log
from tasking import actions
from tasking.decision import DecisionType
from tasking.escalation import EscalationStatus
from tasking.escalation_policy import EscalationPolicy
from tasking.events import EscalationChased, EscalationOverrun, TaskChased
from tasking.holding import cancel_meeting
from tasking.linking import link_tasks
from tasking.requests import ReassessRequest
from tasking.task import Task
from tasking.thrive import PriorityBand, RiskContext
from tasking.triggers import MeetingLimit, Rule
from tests.peakshire import (
    BY_BAND,
    DAY,
    HOUR,
    IMMEDIATE,
    MINUTE,
    MISSING,
    PRIORITY,
    ROUTINE,
    SCHEDULED,
    Desk,
    SetClock,
    a_proposal,
    limits,
    tables_in,
)
from tests.tasking.deciding_force import DecidingDesk, deciding_force, deciding_policy


@pytest.fixture
def deciding() -> Iterator[DecidingDesk]:
    """Peakshire with daily meetings at 09:15 London time and roles that decide between them; it is Monday, 08:30."""
    with tables_in(open_database("sqlite://")) as engine:
        yield DecidingDesk(engine, SetClock(), deciding_force())


def at_work(desk: Desk, *rules: Rule) -> Sweep:
    return Sweep(desk.store, desk.force, EscalationPolicy("test-1", rules))


ANY_LENGTH = limits(HOUR, HOUR, HOUR, HOUR)
NOW = limits(*[timedelta(0)] * 4)


def told(desk: Desk, kind: type[Any]) -> list[Any]:
    return [event for event in desk.events() if isinstance(event, kind)]


def test_the_line_manager_is_told_once_and_later_it_climbs(desk: Desk) -> None:
    sweep = at_work(desk, Rule("NOT_ACCEPTED", "NEXT", True, ANY_LENGTH, chase_at=1, climb_at=2))
    task = desk.raised(assessment=BY_BAND[IMMEDIATE])
    desk.clock.advance(HOUR)
    assert [sweep.run() for _ in range(3)] == [1, 0, 0]
    assert (desk.now(task).stands_on, told(desk, TaskChased)) == (("HP",), [TaskChased(task.task_id, "NOT_ACCEPTED")])
    assert desk.escalations(task) == ()
    line = desk.rows(audit_log)[-1]
    assert (line["actor"], line["action"]) == ("rule:NOT_ACCEPTED", "chased: NOT_ACCEPTED")
    desk.clock.advance(HOUR)
    assert sweep.run() == 1
    assert (desk.now(task).stands_on, len(told(desk, TaskChased))) == (("HP", "DIV_N"), 1)


def test_a_new_due_time_may_be_chased_again(desk: Desk) -> None:
    sweep = at_work(desk, Rule("OVERDUE", "NEXT", True, ANY_LENGTH, after={}, chase_after=NOW))
    task = desk.raised(needed_by=desk.clock.now())
    assert [sweep.run(), sweep.run()] == [1, 0]
    desk.on_board(task, due_at=desk.clock.now() + HOUR)
    assert sweep.run() == 0
    desk.clock.advance(HOUR)
    assert [sweep.run(), sweep.run()] == [1, 0]


def test_chase_and_climb_that_are_due_together_are_both_done_in_one_sweep(desk: Desk) -> None:
    sweep = at_work(desk, Rule("OVERDUE", "NEXT", True, limits(DAY, DAY, DAY, DAY), after=NOW, chase_after=NOW))
    task = desk.raised(needed_by=desk.clock.now())
    assert [sweep.run(), sweep.run()] == [2, 0]
    assert (desk.now(task).stands_on, len(told(desk, TaskChased))) == (("HP", "DIV_N"), 1)


def test_without_an_answer_the_deputy_is_asked_then_the_level_above_and_at_last_the_alarm_is_raised(
    deciding: DecidingDesk,
) -> None:
    desk, sweep = deciding, at_work(deciding)
    limit = desk.clock.now() + HOUR
    task = desk.escalated(desk.raised(), a_proposal(decide_by=limit))
    for _ in range(3):
        desk.clock.advance(HOUR - MINUTE)
        assert sweep.run() == 0
        desk.clock.advance(MINUTE)
        assert [sweep.run(), sweep.run()] == [1, 0]
    assert [hop.role for hop in desk.last_step(task).hops] == [
        "Duty Inspector",
        "Duty Chief Inspector",
        "Duty Superintendent",
    ]
    assert len(told(desk, EscalationChased)) == 2
    assert len(told(desk, EscalationOverrun)) == 1


def test_a_decision_ends_the_asking(deciding: DecidingDesk) -> None:
    desk, sweep = deciding, at_work(deciding)
    task = desk.escalated(desk.raised(), a_proposal(decide_by=desk.clock.now() + HOUR))
    desk.decide(task, DecisionType.ESCALATION_ACCEPT)
    desk.clock.advance(10 * HOUR)
    assert sweep.run() == 0


def left_to_a_meeting(desk: DecidingDesk) -> Task:
    """A task that the division's daily meeting of that Monday is to decide."""
    sweep = at_work(desk, Rule("OVERDUE", "NEXT", True, limits(*[MeetingLimit.DAILY] * 4), after=NOW))
    task = desk.raised(needed_by=desk.clock.now())
    assert sweep.run() == 1
    return desk.now(task)


def test_what_a_meeting_left_undecided_goes_to_the_next_daily_one_and_after_two_the_alarm_is_raised_once(
    deciding: DecidingDesk,
) -> None:
    desk, sweep = deciding, at_work(deciding)
    task = left_to_a_meeting(desk)
    assert desk.last_step(task).forum == "DIV_N_DAILY 2026-11-02"
    desk.clock.at = datetime(2026, 11, 2, 9, 35, tzinfo=UTC) - MINUTE
    assert sweep.run() == 0
    for day in (2, 3, 4):
        desk.clock.at = datetime(2026, 11, day, 9, 35, tzinfo=UTC)
        sweep.run()
        assert sweep.run() == 0
        step = desk.last_step(task)
        assert (step.status, step.forum) == (EscalationStatus.TO_MEETING, f"DIV_N_DAILY 2026-11-0{day + 1}")
        assert len(told(desk, EscalationOverrun)) == (1 if day > 2 else 0)


def test_a_cancelled_meeting_is_not_one_that_it_crossed(deciding: DecidingDesk) -> None:
    desk, sweep = deciding, at_work(deciding)
    task = left_to_a_meeting(desk)
    with desk.act() as uow:
        cancel_meeting(uow, desk.force, "DIV_N_DAILY", datetime(2026, 11, 2, 9, 15, tzinfo=UTC), "Snow")
    assert desk.last_step(task).forum == "DIV_N_DAILY 2026-11-03"
    for day in (2, 3):
        desk.clock.at = datetime(2026, 11, day, 9, 35, tzinfo=UTC)
        sweep.run()
        assert told(desk, EscalationOverrun) == []
    desk.clock.at = datetime(2026, 11, 4, 9, 35, tzinfo=UTC)
    sweep.run()
    assert len(told(desk, EscalationOverrun)) == 1


def test_what_is_only_proposed_goes_up_by_itself_when_the_task_becomes_immediate(deciding: DecidingDesk) -> None:
    desk, sweep = deciding, at_work(deciding)
    task = desk.escalated(desk.raised(), a_proposal(needs_endorsement=True))
    assert sweep.run() == 0
    desk.reassessed(task, BY_BAND[IMMEDIATE])
    assert [sweep.run(), sweep.run()] == [1, 0]
    step = desk.last_step(task)
    assert (step.status, step.endorsed_by) == (EscalationStatus.REQUESTED, "rule:ENDORSE")
    assert desk.now(task).stands_on == ("HP", "DIV_N")


def test_what_needs_nobody_takes_the_place_of_what_is_only_proposed(desk: Desk) -> None:
    sweep = at_work(desk, Rule("MISSING_HIGH", "FORCE", True, ANY_LENGTH))
    task = desk.escalated(desk.raised(assessment=BY_BAND[ROUTINE]), a_proposal(needs_endorsement=True))
    desk.on_board(desk.reassessed(task, BY_BAND[ROUTINE], MISSING), priority=9)
    assert sweep.run() == 1
    assert [step.status for step in desk.escalations(task)] == [EscalationStatus.WITHDRAWN, EscalationStatus.REQUESTED]
    assert desk.now(task).stands_on == ("HP", "PKS")


def test_what_was_overtaken_on_its_way_to_a_higher_unit_is_proposed_to_it_again(desk: Desk) -> None:
    crossing = Rule("CROSS_BORDER", "FORCE", False, ANY_LENGTH, needs_endorsement=True)
    sweep = at_work(desk, Rule("NOT_ACCEPTED", "NEXT", True, limits(DAY, DAY, DAY, DAY)), crossing)
    task, other = desk.raised(), desk.on_board(desk.raised(unit="DD"), progress=10)
    with desk.act() as uow:
        link_tasks(uow, task.reference, other.reference, "The same vehicle")
    sweep.run()
    desk.clock.advance(DAY)
    for _ in range(3):
        sweep.run()
    assert [(step.trigger, step.to_unit, step.status.value) for step in desk.escalations(task)] == [
        ("CROSS_BORDER", "PKS", "WITHDRAWN"),
        ("NOT_ACCEPTED", "DIV_N", "REQUESTED"),
        ("CROSS_BORDER", "PKS", "PROPOSED"),
    ]


# Risk to be assessed again, and what may come down


@pytest.mark.parametrize(
    ("band", "is_due"), [(IMMEDIATE, True), (PRIORITY, True), (SCHEDULED, False), (ROUTINE, False)]
)
def test_a_live_high_task_assessed_a_day_ago_is_to_be_assessed_again(
    desk: Desk, band: PriorityBand, is_due: bool
) -> None:
    sweep, task = at_work(desk), desk.raised(assessment=BY_BAND[band])
    desk.clock.advance(DAY - MINUTE)
    assert sweep.run() == 0
    desk.clock.advance(MINUTE)
    assert [sweep.run(), sweep.run()] == [int(is_due), 0]
    assert ("RE_THRIVE_DUE" in desk.now(task).service_labels) is is_due
    task = desk.reassessed(task, BY_BAND[band])
    assert "RE_THRIVE_DUE" not in task.service_labels
    assert sweep.run() == 0


def test_a_lower_band_set_by_a_person_takes_the_mark_off_again(desk: Desk) -> None:
    sweep, task = at_work(desk), desk.raised(assessment=BY_BAND[PRIORITY])
    desk.clock.advance(DAY)
    sweep.run()
    desk.on_board(task, priority=9)
    assert [sweep.run(), sweep.run()] == [1, 0]
    assert not desk.now(task).re_thrive_due


def review(desk: Desk, task: Task) -> None:
    request = ReassessRequest(
        task.reference, BY_BAND[ROUTINE], RiskContext(), "cy", desk.clock.now(), "Seen by a specialist", is_review=True
    )
    with desk.act() as uow:
        actions.reassess(uow, desk.force, request)


def taken_on(desk: DecidingDesk) -> Task:
    task = desk.escalated(desk.raised(assessment=BY_BAND[PRIORITY]))
    desk.decide(task, DecisionType.ESCALATION_ACCEPT)
    desk.clock.advance(HOUR)
    return desk.now(task)


@pytest.mark.parametrize(("apart", "proposed"), [(DAY - MINUTE, False), (DAY, True)])
def test_a_band_lower_in_two_assessments_a_day_apart_proposes_the_way_back(
    deciding: DecidingDesk, apart: timedelta, proposed: bool
) -> None:
    desk, sweep = deciding, at_work(deciding)
    task = desk.reassessed(taken_on(desk), BY_BAND[SCHEDULED])
    desk.clock.advance(apart)
    assert sweep.run() == 0
    desk.reassessed(task, BY_BAND[ROUTINE])
    assert [sweep.run(), sweep.run()] == [int(proposed), 0]
    expected = EscalationStatus.DE_ESCALATION_PROPOSED if proposed else EscalationStatus.ACCEPTED
    assert desk.last_step(task).status is expected
    assert desk.now(task).stands_on == ("HP", "DIV_N")


def test_one_assessment_by_a_second_assessor_is_enough_and_what_was_kept_is_not_proposed_again(
    deciding: DecidingDesk,
) -> None:
    desk, sweep = deciding, at_work(deciding)
    task = taken_on(desk)
    review(desk, task)
    assert sweep.run() == 1
    desk.decide(task, DecisionType.RETAIN)
    desk.clock.advance(HOUR)
    assert sweep.run() == 0
    assert desk.last_step(task).status is EscalationStatus.RETAINED


def test_a_band_that_rose_in_between_is_no_fall(deciding: DecidingDesk) -> None:
    desk, sweep = deciding, at_work(deciding)
    task = taken_on(desk)
    for band in (SCHEDULED, PRIORITY, ROUTINE):
        desk.reassessed(task, BY_BAND[band])
        desk.clock.advance(13 * HOUR)
    assert sweep.run() == 0


# What it costs


def test_a_sweep_asks_as_much_of_the_database_for_fifty_tasks_as_for_five(desk: Desk) -> None:
    sweep = Sweep(desk.store, desk.force, EscalationPolicy("test-1", (*deciding_policy().rules, REPEAT)))
    asked = []
    for more in (5, 45):
        for _ in range(more):
            first, second = desk.raised(), desk.raised(unit="DD")
            with desk.act() as uow:
                link_tasks(uow, first.reference, second.reference, "The same vehicle")
        while sweep.run():
            pass
        with counted(desk.store.engine) as counts:
            assert sweep.run() == 0
        asked.append(sum(counts.statements.values()))
    assert asked[0] == asked[1] <= 10


REPEAT = Rule("REPEAT", "DIVISION", False, ANY_LENGTH, count=100, within=28 * DAY)
