"""What each kind of failure means for an outbox row, and what the operator is told of it."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from peakshire import SetClock

from escalation.posters.post_failed import PostFailed
from graph_client.errors import Conflict, Gone, NotPermitted, Rejected, RetryLater
from planner_sync.boards import NotProvisioned
from planner_sync.create import NotSettled
from service.outbox_worker import (
    LONGEST_WAIT_SECONDS,
    MOST_UNEXPECTED_TRIES,
    TRIES_BEFORE_TOLD,
    Verdict,
    backoff,
    judge,
)
from store import outbox
from store.outbox import Delivery
from store.unit_of_work import Store
from tasking.errors import RuleBroken, StaleTask
from tasking.events import Event, TaskChanged
from tests.service.outbox_rows import (
    HANDLER,
    Handler,
    clock_of,
    notices,
    promise,
    row_of,
    store_in,
    until_settled,
    worker_with,
)

SECRET = "What a person wrote"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with store_in(tmp_path) as made:
        yield made


def delivery(attempts: int = 0, in_doubt: bool = False) -> Delivery:
    return Delivery(1, "TaskChanged", HANDLER, {}, attempts, in_doubt, SetClock().now(), "c-1", urgency=2)


LATER = "later"
TABLE = [
    (RetryLater("GET /x", after_seconds=7), Verdict(7.0)),
    (RetryLater("GET /x"), LATER),
    (NotSettled(3.5), Verdict(3.5)),
    (Conflict("PATCH /x", status=412), LATER),
    (StaleTask("T-1"), Verdict(1.0)),
    (NotPermitted("GET /x", status=403), Verdict(300.0, tell=True)),
    (NotProvisioned("run it"), Verdict(300.0, tell=True)),
    (Gone("GET /x", status=404), Verdict(60.0)),
    (Rejected("POST /x", status=400), Verdict(None, tell=True)),
    (RuleBroken("no"), Verdict(None, tell=True)),
    (PostFailed("busy", after_seconds=20), Verdict(20.0)),
    (PostFailed("refused"), LATER),
    (PostFailed("no answer", uncertain=True, after_seconds=5), Verdict(5.0, in_doubt=True)),
    (PostFailed("wrong address", is_final=True), Verdict(None, tell=True)),
    (TimeoutError(), LATER),
    (ValueError("a bug"), LATER),
]


@pytest.mark.parametrize(("error", "meant"), TABLE, ids=lambda value: f"{type(value).__name__}")
def test_each_failure_means_one_thing(error: Exception, meant: Verdict | str) -> None:
    verdict = judge(error, delivery())
    if isinstance(meant, Verdict):
        assert verdict == meant
    else:
        assert verdict.later_seconds is not None
        assert 1.0 <= verdict.later_seconds <= 1.25
        assert not verdict.tell


@pytest.mark.parametrize(("error", "meant"), TABLE, ids=lambda value: f"{type(value).__name__}")
def test_a_doubt_stays_whatever_happens_next(error: Exception, meant: Any) -> None:
    assert judge(error, delivery(in_doubt=True)).in_doubt


@pytest.mark.parametrize("attempts", [0, 1, 5, 9, 10, 11, 12, 100, 10_000])
def test_the_wait_doubles_up_to_a_quarter_of_an_hour(attempts: int) -> None:
    for _ in range(20):
        wait = backoff(delivery(attempts))
        assert 1.0 <= wait <= LONGEST_WAIT_SECONDS
        assert wait >= min(0.75 * 2.0 ** min(attempts, 12), LONGEST_WAIT_SECONDS)


def test_a_delivered_row_is_done_and_not_delivered_again(store: Store) -> None:
    row, handler = promise(store), Handler(None)
    assert asyncio.run(worker_with(store, handler).deliver_due()) == 1
    assert asyncio.run(worker_with(store, handler).deliver_due()) == 0
    assert (row_of(store, row)["state"], handler.calls) == ("DONE", 1)


def test_the_handler_gets_the_event_that_happened(store: Store) -> None:
    got: list[Event] = []

    async def handler(event: Event, delivery: Delivery) -> None:
        got.append(event)

    promise(store, "t-42")
    asyncio.run(worker_with(store, handler).deliver_due())
    assert got == [TaskChanged("t-42")]


def test_a_row_that_must_wait_is_left_alone_until_it_is_due(store: Store) -> None:
    row, handler = promise(store), Handler(RetryLater("GET /x", after_seconds=30), None)
    worker = worker_with(store, handler)
    asyncio.run(worker.deliver_due())
    clock_of(store).advance(timedelta(seconds=29))
    assert asyncio.run(worker.deliver_due()) == 0
    clock_of(store).advance(timedelta(seconds=1))
    assert asyncio.run(worker.deliver_due()) == 1
    assert (row_of(store, row)["state"], handler.calls) == ("DONE", 2)


@pytest.mark.parametrize(
    "error", [RetryLater("GET /x", after_seconds=0), PostFailed("busy", after_seconds=0), NotSettled(0)]
)
def test_a_service_that_asks_for_no_wait_is_not_asked_without_end(store: Store, error: Exception) -> None:
    promise(store)
    handler = Handler(error)

    async def delivering() -> int:
        async with asyncio.timeout(5):
            return await worker_with(store, handler).deliver_due()

    assert asyncio.run(delivering()) == 1
    assert handler.calls == 1


def test_throttling_never_makes_a_dead_letter(store: Store) -> None:
    row, handler = promise(store), Handler(RetryLater("GET /x", status=429, after_seconds=1))
    last = until_settled(store, worker_with(store, handler), row, most=50)
    assert (last["state"], last["attempts"], handler.calls) == ("PENDING", 50, 50)


def test_what_is_tried_for_ever_is_told_to_the_operator_once_it_lasts(store: Store) -> None:
    row, handler = promise(store), Handler(RetryLater("GET /x", status=429, after_seconds=1))
    until_settled(store, worker_with(store, handler), row, most=TRIES_BEFORE_TOLD - 1)
    assert notices(store) == []
    until_settled(store, worker_with(store, handler), row, most=20)
    assert [subject for subject, _ in notices(store)] == [f"deliveries: {HANDLER}"]


def test_an_unexpected_failure_is_tried_eight_times_and_then_kept_for_a_person(store: Store) -> None:
    row, handler = promise(store), Handler(ZeroDivisionError(SECRET))
    last = until_settled(store, worker_with(store, handler), row)
    assert (last["state"], handler.calls) == ("DEAD", MOST_UNEXPECTED_TRIES)
    assert last["last_error"] == "ZeroDivisionError"
    ((subject, text),) = [notice for notice in notices(store) if notice[0].startswith("dead letters")]
    assert subject == f"dead letters: {HANDLER}"
    assert "ZeroDivisionError" in text
    assert "tasking replay" in text


def test_an_unexpected_failure_that_goes_away_is_no_trouble(store: Store) -> None:
    row, handler = promise(store), Handler(ZeroDivisionError(SECRET), KeyError(SECRET), None)
    assert until_settled(store, worker_with(store, handler), row)["state"] == "DONE"
    assert (handler.calls, notices(store)) == (3, [])


def test_what_is_gone_is_looked_for_eight_times(store: Store) -> None:
    row, handler = promise(store), Handler(Gone("GET /x", status=404))
    assert until_settled(store, worker_with(store, handler), row)["state"] == "DEAD"
    assert handler.calls == MOST_UNEXPECTED_TRIES


def test_a_handler_that_does_not_exist_makes_a_dead_letter_in_the_end(store: Store) -> None:
    row = promise(store, handler="nobody.home")
    assert until_settled(store, worker_with(store, Handler(None)), row)["state"] == "DEAD"


def test_what_graph_refuses_is_a_dead_letter_at_once_with_the_reason(store: Store) -> None:
    row, handler = promise(store), Handler(Rejected("POST /planner/tasks", status=403, code="MaximumTasksInProject"))
    last = until_settled(store, worker_with(store, handler), row)
    assert (last["state"], handler.calls) == ("DEAD", 1)
    assert "MaximumTasksInProject" in last["last_error"]
    assert "MaximumTasksInProject" in notices(store)[0][1]


@pytest.mark.parametrize("error", [ValueError(SECRET), StaleTask(SECRET), KeyError(SECRET)])
def test_what_a_person_wrote_is_not_kept_as_an_error(
    store: Store, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    row = promise(store)
    until_settled(store, worker_with(store, Handler(error)), row, most=9)
    assert SECRET not in str(row_of(store, row)["last_error"])
    assert SECRET not in str(notices(store))
    assert SECRET not in caplog.text
    assert all(SECRET not in str(vars(record)) for record in caplog.records)


def test_a_lost_answer_puts_the_row_in_doubt_for_the_next_try(store: Store) -> None:
    row, handler = promise(store), Handler(PostFailed("no answer", uncertain=True), PostFailed("refused"), None)
    assert until_settled(store, worker_with(store, handler), row)["state"] == "DONE"
    assert handler.in_doubt == [False, True, True]


def test_a_missing_permission_is_told_once_and_its_end_clears_the_notice(store: Store) -> None:
    row, handler = promise(store), Handler(*[NotPermitted("GET /x", status=403)] * 3, None)
    worker = worker_with(store, handler)
    for _ in range(3):
        asyncio.run(worker.deliver(row))
        clock_of(store).advance(timedelta(seconds=300))
        assert len(notices(store)) == 1
    asyncio.run(worker.deliver(row))
    assert (row_of(store, row)["state"], notices(store)) == ("DONE", [])


def test_a_delivery_that_takes_too_long_is_tried_again_and_never_given_up(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have waited for its turn at a throttled Graph; that is no reason to lose it."""
    monkeypatch.setattr("service.outbox_worker.DELIVERY_SECONDS", 0.001)

    async def handler(event: Event, delivery: Delivery) -> None:
        await asyncio.Event().wait()

    row = promise(store)
    last = until_settled(store, worker_with(store, handler), row, most=MOST_UNEXPECTED_TRIES + 4)
    assert (last["state"], last["attempts"]) == ("PENDING", MOST_UNEXPECTED_TRIES + 4)
    assert "longer than" in last["last_error"]
    ((subject, text),) = notices(store)
    assert subject == f"deliveries: {HANDLER}"
    assert "longer than" in text


def test_the_notice_of_dead_letters_stays_until_none_is_left(store: Store) -> None:
    outcomes: dict[str, Exception | None] = {"bad": Rejected("POST /x", status=400), "good": None}

    async def handler(event: Event, delivery: Delivery) -> None:
        assert isinstance(event, TaskChanged)
        if (error := outcomes[event.task_id]) is not None:
            raise error

    worker = worker_with(store, handler)
    bad = promise(store, "bad")
    asyncio.run(worker.deliver_due())
    promise(store, "good")
    asyncio.run(worker.deliver_due())
    assert [subject for subject, _ in notices(store)] == [f"dead letters: {HANDLER}"]
    outcomes["bad"] = None
    with store.open() as connection:
        outbox.replay(connection, bad, store.clock.now())
    asyncio.run(worker.deliver_due())
    assert notices(store) == []


def test_a_notice_says_what_happened_and_what_is_done_about_it(store: Store) -> None:
    handler = Handler(NotPermitted("POST /planner/tasks", status=403), Rejected("POST /planner/tasks", status=400))
    worker = worker_with(store, handler)
    promise(store)
    asyncio.run(worker.deliver_due())
    clock_of(store).advance(timedelta(minutes=5))
    asyncio.run(worker.deliver_due())
    told = dict(notices(store))
    waiting, dead = told[f"deliveries: {HANDLER}"], told[f"dead letters: {HANDLER}"]
    assert "not permitted" in waiting
    assert "tried again by itself" in waiting
    assert "refused" in dead
    assert "tasking replay" in dead


def test_burying_a_row_that_is_done_or_unknown_changes_nothing(store: Store) -> None:
    row, worker = promise(store), worker_with(store, Handler(None))
    asyncio.run(worker.deliver(row))
    worker.dead_letter(row, "gave up")
    worker.dead_letter(4711, "gave up")
    assert (row_of(store, row)["state"], notices(store)) == ("DONE", [])
