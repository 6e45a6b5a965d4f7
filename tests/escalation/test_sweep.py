"""The sweep: what must be done is done once, in its own commit, and never on what was true a moment ago."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from escalation.sweep import Sweep
from service.event_routes import ROUTES
from store.tables import audit_log, outbox
from store.unit_of_work import SqlUnitOfWork, Store
from tasking.task import Task
from tasking.thrive import RiskContext
from tests.peakshire import (
    BY_BAND,
    DAY,
    HOUR,
    IMMEDIATE,
    MINUTE,
    MISSING,
    PRIORITY,
    ROUTINE,
    Desk,
    small_policy,
)


@pytest.fixture
def sweep(desk: Desk) -> Sweep:
    """The policy of the tests at work on the desk's store."""
    return Sweep(desk.store, desk.force, small_policy())


def missing(desk: Desk) -> Task:
    return desk.raised(assessment=BY_BAND[ROUTINE], context=RiskContext(flags=MISSING))


def test_a_sweep_with_nothing_to_do_writes_nothing(desk: Desk, sweep: Sweep) -> None:
    desk.raised()
    before = len(desk.rows(audit_log)), len(desk.rows(outbox))
    assert (sweep.proposals(), sweep.run()) == ([], 0)
    assert (len(desk.rows(audit_log)), len(desk.rows(outbox))) == before


def test_what_must_climb_climbs_once_however_often_the_clock_strikes(desk: Desk, sweep: Sweep) -> None:
    task, other = desk.raised(assessment=BY_BAND[IMMEDIATE]), desk.raised()
    desk.clock.advance(HOUR)
    assert [sweep.run() for _ in range(3)] == [1, 0, 0]
    desk.clock.advance(HOUR - MINUTE)
    assert sweep.run() == 0
    assert (desk.now(task).stands_on, desk.now(other).stands_on) == (("HP", "DIV_N"), ("HP",))
    assert len(desk.escalations(task)) == 1
    assert sum(row["handler"] == "announce.escalated" for row in desk.rows(outbox)) == 1


def test_the_log_names_the_rule_and_the_policy_that_sent_it_up(desk: Desk, sweep: Sweep) -> None:
    desk.raised(assessment=BY_BAND[IMMEDIATE])
    desk.clock.advance(HOUR)
    sweep.run()
    line = desk.rows(audit_log)[-1]
    assert (line["actor"], line["source"], line["action"]) == (
        "rule:NOT_ACCEPTED",
        "policy test-1",
        "escalated: NOT_ACCEPTED",
    )


def test_what_the_policy_would_do_is_shown_without_doing_it(desk: Desk, sweep: Sweep) -> None:
    task = missing(desk)
    ((shown, proposal),) = sweep.proposals()
    assert (shown, proposal.trigger, proposal.to_unit) == (task, "MISSING_HIGH", "PKS")
    assert desk.now(task).stands_on == ("HP",)


def test_one_sweep_takes_every_task_that_must_climb_each_in_a_commit_of_its_own(desk: Desk, sweep: Sweep) -> None:
    tasks = [desk.raised(assessment=BY_BAND[IMMEDIATE]) for _ in range(3)]
    desk.on_board(tasks[1], progress=50)
    desk.clock.advance(HOUR)
    assert sweep.run() == 2
    ids = {row["correlation_id"] for row in desk.rows(outbox) if row["event"] == "TaskEscalated"}
    assert len(ids) == 2


def test_looking_at_one_task_escalates_it_at_once_and_no_other(desk: Desk, sweep: Sweep) -> None:
    task, other = missing(desk), missing(desk)
    assert [asyncio.run(sweep.look_at(task.task_id)) for _ in range(2)] == [1, 0]
    assert (desk.now(task).stands_on, desk.now(other).stands_on) == (("HP", "PKS"), ("HP",))


def test_looking_at_a_task_that_is_done_does_nothing(desk: Desk, sweep: Sweep) -> None:
    task = desk.on_board(missing(desk), progress=100)
    assert asyncio.run(sweep.look_at(task.task_id)) == 0


def test_a_task_that_came_back_stays_down_until_something_new_happens(desk: Desk, sweep: Sweep) -> None:
    task = desk.raised(assessment=BY_BAND[ROUTINE])
    desk.reassessed(task, BY_BAND[PRIORITY])
    assert sweep.run() == 1
    desk.returned(task)
    desk.clock.advance(HOUR)
    assert sweep.run() == 0
    desk.reassessed(task, BY_BAND[IMMEDIATE])
    assert sweep.run() == 1


class StoreWithAnother(Store):
    """A store in which somebody else acts once, just before the sweep's own transaction begins."""

    meanwhile: Callable[[], Any] | None = None

    @contextmanager
    def act(self, actor: str, source: str, correlation_id: str) -> Iterator[SqlUnitOfWork]:
        """First lets the other one act."""
        if actor.startswith("rule:") and self.meanwhile is not None:
            first, self.meanwhile = self.meanwhile, None
            first()
        with super().act(actor, source, correlation_id) as uow:
            yield uow


@pytest.mark.parametrize("by_the_clock", [True, False])
def test_a_task_taken_up_just_before_it_would_climb_stays_and_the_next_sweep_looks_again(
    desk: Desk, by_the_clock: bool
) -> None:
    store = StoreWithAnother(desk.store.engine, desk.clock, ROUTES)
    sweep = Sweep(store, desk.force, small_policy())
    task = desk.raised(assessment=BY_BAND[IMMEDIATE])
    desk.clock.advance(HOUR)
    store.meanwhile = lambda: desk.on_board(task, owner_ids=("owner-1",), progress=50)
    assert (sweep.run() if by_the_clock else asyncio.run(sweep.look_at(task.task_id))) == 0
    assert desk.now(task).stands_on == ("HP",)
    assert sweep.run() == 0
    desk.clock.advance(DAY)
    sweep.run()
    assert desk.now(task).stands_on == ("HP", "DIV_N")


def test_two_sweeps_at_once_escalate_a_task_once(desk: Desk) -> None:
    store = StoreWithAnother(desk.store.engine, desk.clock, ROUTES)
    sweep, other = (Sweep(each, desk.force, small_policy()) for each in (store, desk.store))
    task = missing(desk)
    done: list[int] = []
    store.meanwhile = lambda: done.append(other.run())
    assert (sweep.run(), done) == (0, [1])
    assert len(desk.escalations(task)) == 1
