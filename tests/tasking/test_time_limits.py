"""Time limits by band and kind of work, and a clock that stands while a task is paused."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from store.database import open_database
from tasking.chasing import Case
from tasking.clocks import LONDON
from tasking.decision import Decision, DecisionType
from tasking.errors import RuleBroken
from tasking.escalation_policy import propose
from tasking.force import Force, Pillar
from tasking.rag import Rag, rag_of, rag_reason
from tasking.task import Pause, Task
from tasking.thrive import PriorityBand
from tasking.time_limits import accept_by, is_past_due
from tests.peakshire import (
    BY_BAND,
    DAY,
    HOUR,
    IMMEDIATE,
    MINUTE,
    MORNING,
    PRIORITY,
    ROUTINE,
    SCHEDULED,
    SetClock,
    small_policy,
    tables_in,
)
from tests.tasking.deciding_force import DecidingDesk, deciding_force
from tests.tasking.test_rag import FRESH

T = DecisionType
WANTED = Pillar("WANTED", "Wanted", accept_within=2 * HOUR, finish_within=2 * DAY)
LOOSE = Pillar("LOOSE", "Loose", accept_within=400 * HOUR, finish_within=300 * DAY)


def limited_force() -> Force:
    force = deciding_force()
    return replace(force, pillars=force.pillars | {each.code: each for each in (WANTED, LOOSE)})


@pytest.fixture
def desk() -> Iterator[DecidingDesk]:
    with tables_in(open_database("sqlite://")) as engine:
        yield DecidingDesk(engine, SetClock(), limited_force())


def banded(desk: DecidingDesk, band: PriorityBand, **changes: Any) -> Task:
    return desk.raised(assessment=BY_BAND[band], **changes)


def pause(desk: DecidingDesk, task: Task, **given: Any) -> Decision:
    review: dict[str, Any] = {"review_at": desk.clock.now() + 7 * DAY}
    return desk.decide(task, T.PAUSE, **review | given)


# Limits


def test_a_kind_of_work_has_its_own_limits_where_they_are_tighter_than_the_bands(desk: DecidingDesk) -> None:
    wanted = banded(desk, SCHEDULED, pillar="WANTED")
    assert accept_by(wanted) == MORNING + 2 * HOUR
    assert wanted.due_at == MORNING + 2 * DAY
    assert rag_of(wanted, MORNING + 2 * HOUR) is Rag.GREEN
    assert rag_reason(wanted, MORNING + 2 * HOUR + MINUTE) == "Not accepted in time"


def test_a_kind_of_work_never_gives_a_task_more_time_than_its_risk_does(desk: DecidingDesk) -> None:
    loose, plain = banded(desk, PRIORITY, pillar="LOOSE"), banded(desk, PRIORITY)
    assert accept_by(loose) == accept_by(plain) == MORNING + 4 * HOUR
    assert loose.due_at == plain.due_at == MORNING + 3 * DAY
    assert accept_by(banded(desk, IMMEDIATE, pillar="WANTED")) == MORNING + HOUR


def test_the_limits_of_its_kind_come_with_a_task_that_people_put_into_that_pillar(desk: DecidingDesk) -> None:
    task = desk.on_board(banded(desk, SCHEDULED), pillar="WANTED")
    assert (accept_by(task), task.due_at) == (MORNING + 2 * HOUR, MORNING + 2 * DAY)
    loose = desk.on_board(task, pillar="LOOSE")
    assert loose.due_at == MORNING + 2 * DAY, "a due time is made earlier by a kind of work, never later"


def test_a_due_time_that_a_person_set_is_not_moved_by_the_kind_of_work(desk: DecidingDesk) -> None:
    asked = MORNING + 10 * DAY
    assert banded(desk, SCHEDULED, pillar="WANTED", needed_by=asked).due_at == asked
    task = desk.on_board(banded(desk, SCHEDULED), due_at=asked)
    assert desk.on_board(task, pillar="WANTED").due_at == asked


def test_the_rule_for_what_nobody_takes_up_goes_by_the_tighter_limit(desk: DecidingDesk) -> None:
    task = banded(desk, SCHEDULED, pillar="WANTED")
    policy = small_policy("NOT_ACCEPTED")

    def climbs(at: datetime) -> bool:
        return propose(policy, desk.force, Case(task, (), ()), at, frozenset()) is not None

    assert (climbs(MORNING + 2 * HOUR - MINUTE), climbs(MORNING + 2 * HOUR)) == (False, True)


# Pauses


def test_while_its_clock_is_stopped_a_task_is_not_late_and_no_rule_of_lateness_fires(desk: DecidingDesk) -> None:
    task = banded(desk, SCHEDULED)
    pause(desk, task)
    stopped, later = desk.now(task), MORNING + 60 * DAY
    assert not is_past_due(stopped, later)
    assert (rag_of(stopped, later), rag_reason(stopped, later)) == (Rag.AMBER, "Its clock is stopped")
    for trigger in ("NOT_ACCEPTED", "OVERDUE"):
        assert propose(small_policy(trigger), desk.force, Case(stopped, (), ()), later, frozenset()) is None
        assert propose(small_policy(trigger), desk.force, Case(task, (), ()), later, frozenset()) is not None


def test_when_it_runs_again_a_due_time_of_the_services_own_moves_by_as_long_as_it_stood(desk: DecidingDesk) -> None:
    task = banded(desk, SCHEDULED)
    assert task.due_at is not None
    desk.clock.advance(DAY)
    pause(desk, task)
    desk.clock.advance(3 * DAY)
    desk.decide(task, T.RESUME)
    after = desk.now(task)
    assert after.pause is None
    assert after.due_at == task.due_at + 3 * DAY
    assert (is_past_due(after, after.due_at), is_past_due(after, after.due_at + MINUTE)) == (False, True)
    desk.clock.advance(DAY)
    pause(desk, task)
    desk.clock.advance(DAY)
    desk.decide(task, T.RESUME)
    assert desk.now(task).due_at == task.due_at + 4 * DAY


@pytest.mark.parametrize("how", ["board", "decision", "form"])
def test_a_due_time_that_a_person_set_stays_when_the_clock_runs_again(desk: DecidingDesk, how: str) -> None:
    asked = MORNING + 20 * DAY
    task = banded(desk, SCHEDULED, **({"needed_by": asked} if how == "form" else {}))
    if how == "board":
        desk.on_board(task, due_at=asked)
    if how == "decision":
        desk.decide(task, T.EXTEND, due_at=asked)
    pause(desk, task)
    desk.clock.advance(3 * DAY)
    desk.decide(task, T.RESUME)
    assert desk.now(task).due_at == asked


def test_the_time_to_take_it_up_moves_by_pauses_that_began_before_it_was_over_and_by_no_other(
    desk: DecidingDesk,
) -> None:
    task = banded(desk, PRIORITY)
    desk.clock.advance(HOUR)
    pause(desk, task)
    desk.clock.advance(10 * HOUR)
    desk.decide(task, T.RESUME)
    limit = MORNING + 14 * HOUR
    assert accept_by(desk.now(task)) == limit
    desk.clock.at = limit + MINUTE
    pause(desk, task)
    desk.clock.advance(DAY)
    desk.decide(task, T.RESUME)
    assert accept_by(desk.now(task)) == limit


def test_a_limit_in_working_days_still_ends_on_a_working_day_after_a_pause() -> None:
    friday = datetime(2027, 1, 8, 9, tzinfo=LONDON)
    stood = Pause(friday + HOUR, friday + 9 * DAY, friday + DAY + HOUR)
    task = replace(FRESH, band=ROUTINE, raised_at=friday, pauses=(stood,))
    assert accept_by(task) == friday + 6 * DAY, "three working days from Friday and one for the pause: Thursday"


def test_an_immediate_task_is_not_paused_and_the_clock_of_one_that_rises_runs(desk: DecidingDesk) -> None:
    with pytest.raises(RuleBroken, match="is Immediate: its clock is not stopped"):
        pause(desk, banded(desk, IMMEDIATE))
    task = banded(desk, SCHEDULED)
    pause(desk, task)
    assert desk.now(task).clock_stands
    desk.reassessed(task, BY_BAND[IMMEDIATE])
    assert not desk.now(task).clock_stands
    assert is_past_due(desk.now(task), MORNING + 90 * DAY)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"review_at": None}, "also say when it is to be looked at again"),
        ({"review_at": MORNING}, "at a time to come"),
        ({"rationale": " "}, "needs its rationale"),
    ],
)
def test_a_pause_needs_a_reason_and_a_time_of_review_to_come(
    desk: DecidingDesk, given: dict[str, Any], words: str
) -> None:
    task = banded(desk, SCHEDULED)
    with pytest.raises(RuleBroken, match=words):
        pause(desk, task, **given)
    assert desk.now(task) == task


def test_only_what_is_paused_runs_again_and_only_what_is_open_is_paused(desk: DecidingDesk) -> None:
    task = banded(desk, SCHEDULED)
    with pytest.raises(RuleBroken, match="is not paused"):
        desk.decide(task, T.RESUME)
    desk.on_board(task, progress=100)
    with pytest.raises(RuleBroken, match="is not open"):
        pause(desk, task)


def test_pausing_again_changes_the_time_of_review_and_not_since_when_it_stands(desk: DecidingDesk) -> None:
    task = banded(desk, SCHEDULED)
    pause(desk, task)
    desk.clock.advance(DAY)
    pause(desk, task, review_at=MORNING + 30 * DAY)
    assert desk.now(task).pauses == (Pause(MORNING, MORNING + 30 * DAY),)
    assert len(desk.decisions(task)) == 2


def test_a_pause_that_was_decided_earlier_and_written_down_later_begins_when_it_was_decided(
    desk: DecidingDesk,
) -> None:
    task = banded(desk, SCHEDULED)
    desk.clock.advance(DAY)
    pause(desk, task, decided_at=MORNING + HOUR)
    desk.decide(task, T.RESUME, decided_at=MORNING + 3 * HOUR)
    assert desk.now(task).due_at == (task.due_at or MORNING) + 2 * HOUR


def test_who_stopped_the_clock_when_and_why_stays_on_record(desk: DecidingDesk) -> None:
    task = banded(desk, SCHEDULED)
    pause(desk, task, rationale="The suspect is abroad until May.")
    (made,) = desk.decisions(task)
    assert (made.decision_type, made.decided_at, made.rationale) == (
        T.PAUSE,
        MORNING,
        "The suspect is abroad until May.",
    )
    assert made.review_at == MORNING + timedelta(days=7)
    assert made.decided_by
