"""The sweep and what nobody answers: proposals and done tasks too, again and again; one bad case stops no other."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from escalation.sweep import Sweep
from store import notebook
from store.database import open_database
from store.tables import outbox
from tasking.decision import DecisionType
from tasking.escalation import EscalationStatus
from tasking.escalation_policy import EscalationPolicy
from tasking.events import EscalationChased, EscalationOverrun, TaskChased
from tasking.force import Force, Unit
from tasking.thrive import RiskContext
from tests.peakshire import (
    BY_BAND,
    DAY,
    HOUR,
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
from tests.tasking.deciding_force import DecidingDesk, deciding_force

T, S = DecisionType, EscalationStatus


@pytest.fixture
def desk() -> Iterator[DecidingDesk]:
    with tables_in(open_database("sqlite://")) as engine:
        yield DecidingDesk(engine, SetClock(), deciding_force())


def at_work(desk: DecidingDesk, *triggers: str, force: Force | None = None) -> Sweep:
    policy = small_policy(*triggers) if triggers else EscalationPolicy("test-1", ())
    return Sweep(desk.store, force or desk.force, policy)


def told(desk: DecidingDesk, kind: type[Any]) -> list[Any]:
    return [event for event in desk.events() if isinstance(event, kind)]


def alarms(desk: DecidingDesk) -> list[str]:
    """The units whose chairs and managers were told, oldest first."""
    return [row["payload"]["unit"] for row in desk.rows(outbox) if row["event"] == "EscalationOverrun"]


def after_the_meeting(day: int) -> datetime:
    return datetime(2026, 11, day, 9, 35, tzinfo=UTC)


def notices(desk: DecidingDesk) -> list[str]:
    with desk.store.open() as connection:
        return [row["text"] for row in notebook.open_notices(connection)]


# What is only proposed


def test_a_proposal_that_nobody_agrees_to_is_asked_of_the_units_duty_role_in_the_end(desk: DecidingDesk) -> None:
    sweep = at_work(desk)
    task = desk.escalated(desk.raised(), a_proposal(needs_endorsement=True, decide_by=MORNING + 4 * HOUR))
    desk.clock.advance(4 * HOUR - MINUTE)
    assert sweep.run() == 0
    desk.clock.advance(MINUTE)
    assert [sweep.run(), sweep.run()] == [1, 0]
    step = desk.last_step(task)
    assert [hop.role for hop in step.hops] == ["Duty Sergeant"]
    assert told(desk, EscalationChased) == [EscalationChased(task.task_id, step.escalation_id, "0", "HP")]
    desk.clock.advance(4 * HOUR)
    assert [sweep.run(), sweep.run()] == [1, 0]
    assert told(desk, EscalationOverrun) == [EscalationOverrun(task.task_id, step.escalation_id, "HP")]
    assert (desk.now(task).stands_on, desk.last_step(task).status) == (("HP",), S.PROPOSED)


@pytest.mark.parametrize(
    "given", [{}, {"forum": "DIV_N_TACTICAL 2026-11-12", "decide_by": datetime(2026, 11, 12, 11, 30, tzinfo=UTC)}]
)
def test_a_proposal_without_a_time_of_its_own_may_wait_for_a_day(desk: DecidingDesk, given: dict[str, Any]) -> None:
    sweep = at_work(desk)
    desk.escalated(desk.raised(), a_proposal(needs_endorsement=True, **given))
    desk.clock.advance(DAY - MINUTE)
    assert sweep.run() == 0
    desk.clock.advance(MINUTE)
    assert sweep.run() == 1


def test_a_proposal_that_two_daily_meetings_of_its_own_unit_left_is_told_to_chair_and_manager(
    desk: DecidingDesk,
) -> None:
    sweep, far = at_work(desk), MORNING + 30 * DAY
    desk.escalated(desk.raised(), a_proposal(needs_endorsement=True, decide_by=far))
    for day, alerts in ((2, 0), (3, 1), (4, 1), (5, 2)):
        desk.clock.at = after_the_meeting(day)
        sweep.run()
        assert alarms(desk) == ["HP"] * alerts


# What a meeting was to decide


def test_left_to_a_meeting_nobody_is_asked_before_it_is_over_even_where_no_daily_one_follows(
    desk: DecidingDesk,
) -> None:
    meetings = tuple(each for each in desk.force.meetings if each.code != "DIV_N_DAILY")
    desk.force = replace(desk.force, meetings=meetings)
    sweep = at_work(desk)
    task = desk.escalated(desk.raised(), a_proposal(decide_by=MORNING + HOUR))
    desk.decide(task, T.ESCALATION_TO_MEETING)
    assert desk.last_step(task).forum == "DIV_N_TACTICAL 2026-11-12"
    desk.clock.advance(2 * DAY)
    assert sweep.run() == 0
    desk.clock.at = datetime(2026, 11, 12, 11, 30, tzinfo=UTC)
    assert [sweep.run(), sweep.run()] == [1, 0]
    assert [hop.role for hop in desk.last_step(task).hops] == ["Duty Inspector", "Duty Chief Inspector"]


def test_the_alarm_is_raised_again_at_every_second_daily_meeting(desk: DecidingDesk) -> None:
    sweep = at_work(desk)
    task = desk.escalated(desk.raised(), a_proposal(decide_by=MORNING + HOUR))
    desk.decide(task, T.ESCALATION_TO_MEETING)
    for day, alerts in ((2, 0), (3, 1), (4, 1), (5, 2), (6, 2), (7, 3)):
        desk.clock.at = after_the_meeting(day)
        sweep.run()
        assert sweep.run() == 0
        assert alarms(desk) == ["DIV_N"] * alerts


# A task that is done


def test_what_nobody_decided_about_a_task_that_is_done_is_still_asked_for_and_nothing_else_happens_to_it(
    desk: DecidingDesk,
) -> None:
    sweep = at_work(desk, "NOT_ACCEPTED", "OVERDUE")
    task = desk.escalated(desk.raised(assessment=BY_BAND[IMMEDIATE]), a_proposal(decide_by=MORNING + HOUR))
    task = desk.on_board(task, progress=100)
    desk.clock.advance(HOUR)
    assert [sweep.run(), sweep.run()] == [1, 0]
    for _ in range(3):
        desk.clock.advance(DAY)
        sweep.run()
    step, now = desk.last_step(task), desk.now(task)
    assert (len(step.hops), step.alerted_at is not None) == (3, True)
    assert (now.stands_on, now.re_thrive_due, now.chased) == (("HP", "DIV_N"), False, frozenset())
    desk.decide(task, T.ESCALATION_ACCEPT)
    desk.clock.advance(10 * DAY)
    assert sweep.run() == 0


def test_a_proposal_about_a_task_that_is_done_does_not_go_up_by_itself(desk: DecidingDesk) -> None:
    sweep = at_work(desk)
    task = desk.escalated(desk.raised(), a_proposal(needs_endorsement=True))
    desk.on_board(desk.reassessed(task, BY_BAND[IMMEDIATE]), progress=100)
    assert sweep.run() == 0
    assert desk.now(task).stands_on == ("HP",)


# Told at once where it stands


@pytest.mark.parametrize("by_the_clock", [True, False])
def test_a_level_that_has_the_task_already_is_told_at_once_that_somebody_is_missing(
    desk: DecidingDesk, by_the_clock: bool
) -> None:
    sweep = at_work(desk, "MISSING_HIGH")
    task = desk.escalated(desk.raised(assessment=BY_BAND[ROUTINE]), a_proposal("HP", "PKS"))
    desk.clock.advance(MINUTE)
    task = desk.reassessed(task, BY_BAND[ROUTINE], MISSING)
    done = [sweep.run() if by_the_clock else asyncio.run(sweep.look_at(task.task_id)) for _ in range(2)]
    assert done == [1, 0]
    assert told(desk, TaskChased) == [TaskChased(task.task_id, "MISSING_HIGH", "PKS")]


# One bad case


def without_dalesmere(force: Force) -> Force:
    return replace(force, units={code: unit for code, unit in force.units.items() if code != "DD"})


def test_a_task_that_config_no_longer_fits_is_told_to_the_operator_once_and_the_others_climb(
    desk: DecidingDesk,
) -> None:
    lost, other = desk.raised(unit="DD"), desk.raised()
    missing = desk.raised(assessment=BY_BAND[ROUTINE], context=RiskContext(flags=MISSING))
    sweep = at_work(desk, "MISSING_HIGH", "OVERDUE", force=without_dalesmere(desk.force))
    desk.clock.advance(30 * DAY)
    assert {task.reference for task, _ in sweep.proposals()} == {other.reference, missing.reference}
    assert [sweep.run() > 0, sweep.run()] == [True, 0]
    assert (desk.now(other).stands_on, desk.now(missing).stands_on) == (("HP", "DIV_N"), ("HP", "PKS"))
    assert desk.now(lost).stands_on == ("DD",)
    (notice,) = notices(desk)
    assert f"cannot be applied to {lost.reference}" in notice
    assert "KeyError: 'DD'" in notice
    at_work(desk, "MISSING_HIGH").run()
    assert notices(desk) == [], "the unit is back"


def test_a_task_whose_division_was_replaced_stops_nobody_else(desk: DecidingDesk) -> None:
    stands_above, other = desk.escalated(desk.raised()), desk.raised(unit="DD")
    units = {code: unit for code, unit in desk.force.units.items() if code != "DIV_N"}
    units |= {code: replace(units[code], parent="DIV_X") for code in ("HP", "DD")}
    force = replace(desk.force, units={**units, "DIV_X": Unit("DIV_X", "West", "DIVISION", "PKS")})
    desk.clock.advance(30 * DAY)
    at_work(desk, "OVERDUE", force=force).run()
    assert desk.now(other).stands_on == ("DD", "DIV_X")
    assert [stands_above.reference in text for text in notices(desk)] == [True]


# A unit without daily meetings


def without_daily_meetings(desk: DecidingDesk) -> None:
    desk.force = replace(desk.force, meetings=tuple(each for each in desk.force.meetings if each.kind != "DAILY"))


def alarms_by(desk: DecidingDesk, sweep: Sweep, moment: datetime) -> int:
    """How many alarms there were when the sweep ran at this moment, twice so that nothing is told twice at once."""
    desk.clock.at = moment
    while sweep.run():
        pass
    return len(alarms(desk))


def test_without_daily_meetings_chair_and_manager_are_told_again_each_working_day(desk: DecidingDesk) -> None:
    without_daily_meetings(desk)
    sweep = at_work(desk)
    task = desk.escalated(desk.raised(), a_proposal(needs_endorsement=True, decide_by=MORNING + 4 * HOUR))
    alarms_by(desk, sweep, MORNING + 4 * HOUR)
    friday = datetime(2026, 11, 6, 9, tzinfo=UTC)
    assert alarms_by(desk, sweep, friday) == 1, "first told when nobody was left to ask"
    assert alarms_by(desk, sweep, friday + DAY - MINUTE) == 1
    assert alarms_by(desk, sweep, friday + 2 * DAY) == 1, "a weekend is no working day"
    assert alarms_by(desk, sweep, friday + 3 * DAY - MINUTE) == 1
    assert alarms_by(desk, sweep, friday + 3 * DAY) == 2
    assert alarms_by(desk, sweep, friday + 4 * DAY) == 3
    desk.decide(task, T.ESCALATION_WITHDRAW, "Duty Sergeant")
    assert alarms_by(desk, sweep, friday + 10 * DAY) == 3, "what is decided is told no more"


def test_without_daily_meetings_nobody_is_told_again_while_a_meeting_it_was_left_to_is_to_come(
    desk: DecidingDesk,
) -> None:
    without_daily_meetings(desk)
    sweep = at_work(desk)
    task = desk.escalated(desk.raised(), a_proposal(decide_by=MORNING + HOUR))
    for day in range(2, 5):  # each role that may be asked, then the alarm
        told_by_then = alarms_by(desk, sweep, datetime(2026, 11, day, 9, 35, tzinfo=UTC))
    assert told_by_then == 1
    desk.decide(task, T.ESCALATION_TO_MEETING)
    assert desk.last_step(task).forum == "DIV_N_TACTICAL 2026-11-12"
    assert alarms_by(desk, sweep, datetime(2026, 11, 12, 11, 29, tzinfo=UTC)) == 1
    assert alarms_by(desk, sweep, datetime(2026, 11, 12, 11, 30, tzinfo=UTC)) == 2
