"""Delivering: what each kind of failure means for a row, and that each row is delivered by one worker only."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from built_service import new_database
from peakshire import SetClock

from escalation.posters.teams_workflow import PostFailed
from graph_client.errors import Conflict, Gone, NotPermitted, Rejected, RetryLater
from planner_sync.boards import NotProvisioned
from planner_sync.push import NotSettled
from service.event_routes import ROUTES
from service.outbox_worker import (
    LONGEST_WAIT_SECONDS,
    MOST_UNEXPECTED_TRIES,
    TRIES_BEFORE_TOLD,
    OutboxWorker,
    Verdict,
    backoff,
    judge,
)
from store import notebook, outbox
from store.database import open_database
from store.outbox import Delivery
from store.unit_of_work import Store
from tasking.errors import RuleBroken, StaleTask
from tasking.events import Event, TaskChanged

HANDLER = "planner.update_boards"
SECRET = "What a person wrote"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    engine = open_database(f"sqlite:///{new_database(tmp_path)}")
    yield Store(engine, SetClock(), ROUTES)
    engine.dispose()


def clock_of(store: Store) -> SetClock:
    assert isinstance(store.clock, SetClock)
    return store.clock


def promise(store: Store, task_id: str = "t-1", handler: str = HANDLER) -> int:
    with store.open() as connection:
        return outbox.add(connection, "TaskChanged", handler, {"task_id": task_id}, store.clock.now(), "c-1")


def row_of(store: Store, outbox_id: int) -> Any:
    with store.open() as connection:
        return connection.execute(outbox.outbox.select().where(outbox.outbox.c.outbox_id == outbox_id)).mappings().one()


def notices(store: Store) -> list[tuple[str, str]]:
    with store.open() as connection:
        return [(row["subject"], row["text"]) for row in notebook.open_notices(connection)]


class Handler:
    """Raises these errors one after another, the last for ever; None is a success. Counts its calls."""

    def __init__(self, *outcomes: Exception | None) -> None:
        self.outcomes = list(outcomes)
        self.calls = 0
        self.in_doubt: list[bool] = []

    async def __call__(self, event: Event, delivery: Delivery) -> None:
        self.calls += 1
        self.in_doubt.append(delivery.in_doubt)
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if outcome is not None:
            raise outcome


def worker_with(store: Store, handler: Any) -> OutboxWorker:
    return OutboxWorker(store, {HANDLER: handler})


def until_settled(store: Store, worker: OutboxWorker, row: int, most: int = 60) -> Any:
    """Lets the hours pass until the row waits no more, or has been tried so often."""
    for _ in range(most):
        asyncio.run(worker.deliver(row))
        if row_of(store, row)["state"] != "PENDING":
            break
        clock_of(store).advance(timedelta(hours=1))
    return row_of(store, row)


def delivery(attempts: int = 0, in_doubt: bool = False) -> Delivery:
    return Delivery(1, "TaskChanged", HANDLER, {}, attempts, in_doubt, SetClock().now(), "c-1")


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
    assert notices(store) == [(f"deliveries: {HANDLER}", "ZeroDivisionError")]


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


def test_many_rows_with_several_workers_are_delivered_once_each(store: Store) -> None:
    seen: Counter[str] = Counter()

    async def handler(event: Event, delivery: Delivery) -> None:
        assert isinstance(event, TaskChanged)
        await asyncio.sleep(0)
        seen[event.task_id] += 1

    rows = [promise(store, f"t-{number}") for number in range(60)]

    async def racing() -> None:
        workers = [worker_with(store, handler) for _ in range(3)]
        by_message = [workers[0].deliver(row) for row in rows for _ in range(2)]
        await asyncio.gather(*(worker.deliver_due() for worker in workers), *by_message)

    asyncio.run(racing())
    assert seen == Counter({f"t-{number}": 1 for number in range(60)})
    with store.open() as connection:
        assert outbox.waiting(connection) == 0


def test_no_more_than_four_deliveries_are_under_way_at_once(store: Store) -> None:
    under_way, most = 0, 0

    async def handler(event: Event, delivery: Delivery) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        for _ in range(5):
            await asyncio.sleep(0)
        under_way -= 1

    for number in range(20):
        promise(store, f"t-{number}")
    asyncio.run(worker_with(store, handler).deliver_due())
    assert most == 4


def test_what_a_delivery_promises_is_delivered_in_the_same_round(store: Store) -> None:
    async def handler(event: Event, delivery: Delivery) -> None:
        assert isinstance(event, TaskChanged)
        if event.task_id != "t-3":
            promise(store, f"t-{int(event.task_id[2:]) + 1}")

    promise(store, "t-1")
    assert asyncio.run(worker_with(store, handler).deliver_due()) == 3


def test_a_row_whose_worker_died_is_taken_by_another_after_its_lease(store: Store) -> None:
    row = promise(store)

    async def dying(event: Event, delivery: Delivery) -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(worker_with(store, dying).deliver(row))
    other = worker_with(store, Handler(None))
    assert asyncio.run(other.deliver(row)) is False
    clock_of(store).advance(outbox.LEASE)
    assert asyncio.run(other.deliver(row)) is True
    assert row_of(store, row)["state"] == "DONE"


def test_burying_a_row_that_is_done_or_unknown_changes_nothing(store: Store) -> None:
    row, worker = promise(store), worker_with(store, Handler(None))
    asyncio.run(worker.deliver(row))
    worker.dead_letter(row, "gave up")
    worker.dead_letter(4711, "gave up")
    assert (row_of(store, row)["state"], notices(store)) == ("DONE", [])
