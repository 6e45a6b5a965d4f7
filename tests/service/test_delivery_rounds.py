"""A round of deliveries: each row by one worker only, many at once, the urgent first, and nobody held up by another."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from graph_client.errors import RetryLater
from graph_client.urgency import urgency_of_calls
from service.outbox_worker import AT_HOME_AT_ONCE, AT_ONCE, DELIVERY_SECONDS, OutboxWorker
from store import outbox
from store.outbox import Delivery
from store.unit_of_work import Store
from tasking.events import Event, TaskChanged
from tests.service.outbox_rows import HANDLER, Handler, clock_of, promise, row_of, store_in, worker_with


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with store_in(tmp_path) as made:
        yield made


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


class HeldUp:
    """A handler whose deliveries end when the test says so, by task id; `begun` has them in the order they began."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.under_way = 0
        self.most = 0
        self.may_end: dict[str, asyncio.Event] = {}

    async def __call__(self, event: Event, delivery: Delivery) -> None:
        assert isinstance(event, TaskChanged)
        self.begun.append(event.task_id)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await self.may_end.setdefault(event.task_id, asyncio.Event()).wait()
        finally:
            self.under_way -= 1

    def end(self, *task_ids: str) -> None:
        for task_id in task_ids:
            self.may_end.setdefault(task_id, asyncio.Event()).set()

    async def has_begun(self, task_id: str) -> None:
        async with asyncio.timeout(10):
            while task_id not in self.begun:  # noqa: ASYNC110 - what is waited for has no event to give
                await asyncio.sleep(0.001)


def names(count: int) -> list[str]:
    return [f"t-{number}" for number in range(count)]


def test_so_many_deliveries_are_under_way_at_once_and_no_more(store: Store) -> None:
    held = HeldUp()
    for name in names(AT_ONCE + 20):
        promise(store, name)

    async def delivering() -> int:
        round_of_all = asyncio.create_task(worker_with(store, held).deliver_due())
        await held.has_begun(names(AT_ONCE)[-1])
        held.end(*names(AT_ONCE + 20))
        return await round_of_all

    assert asyncio.run(delivering()) == AT_ONCE + 20
    assert held.most == AT_ONCE


def test_the_most_urgent_goes_first_and_of_these_the_oldest(store: Store) -> None:
    held = HeldUp()
    for name, urgency in (("late", 2), ("soon", 1), ("later", 2), ("now", 0), ("now too", 0)):
        promise(store, name, urgency=urgency)
        held.end(name)
    asyncio.run(OutboxWorker(store, {HANDLER: held}, at_once=1).deliver_due())
    assert held.begun == ["now", "now too", "soon", "late", "later"]


def test_what_is_immediate_and_promised_meanwhile_is_next(store: Store) -> None:
    held = HeldUp()
    for name in names(50):
        promise(store, name)

    async def delivering() -> None:
        worker = OutboxWorker(store, {HANDLER: held}, at_once=3)
        round_of_all = asyncio.create_task(worker.deliver_due())
        await held.has_begun("t-2")
        promise(store, "immediate", urgency=0)
        held.end("t-0")
        await held.has_begun("immediate")
        assert held.begun == ["t-0", "t-1", "t-2", "immediate"]
        held.end("immediate", *names(50))
        await round_of_all

    asyncio.run(delivering())
    assert len(held.begun) == 51


def test_a_slow_delivery_holds_nobody_up(store: Store) -> None:
    held = HeldUp()
    promise(store, "slow")
    for name in names(20):
        promise(store, name)
        held.end(name)

    async def delivering() -> int:
        round_of_all = asyncio.create_task(OutboxWorker(store, {HANDLER: held}, at_once=2).deliver_due())
        await held.has_begun("t-19")
        held.end("slow")
        return await round_of_all

    assert asyncio.run(delivering()) == 21


def test_boards_do_not_wait_until_all_responses_have_been_taken_and_these_do_not_wait_for_boards(store: Store) -> None:
    held, taken = HeldUp(), list[int]()

    async def take(event: Event, delivery: Delivery) -> None:
        taken.append(delivery.outbox_id)
        await asyncio.sleep(0)

    for name in names(AT_ONCE):
        promise(store, name)
    rows = [promise(store, "r", "ingest.take", urgency=0) for _ in range(5 * AT_HOME_AT_ONCE)]

    async def delivering() -> int:
        worker = OutboxWorker(store, {HANDLER: held, "ingest.take": take})
        round_of_all = asyncio.create_task(worker.deliver_due())
        await held.has_begun(names(AT_ONCE)[-1])
        assert len(taken) <= AT_HOME_AT_ONCE
        async with asyncio.timeout(10):
            while len(taken) < len(rows):  # noqa: ASYNC110 - what is waited for has no event to give
                await asyncio.sleep(0.001)
        assert held.under_way == AT_ONCE
        held.end(*names(AT_ONCE))
        return await round_of_all

    assert asyncio.run(delivering()) == AT_ONCE + len(rows)
    assert taken == rows


def test_what_is_promised_while_one_slow_delivery_is_under_way_does_not_wait_for_it(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.outbox_worker.LOOK_AGAIN_SECONDS", 0.01)
    held = HeldUp()
    promise(store, "slow")

    async def delivering() -> None:
        round_of_all = asyncio.create_task(worker_with(store, held).deliver_due())
        await held.has_begun("slow")
        promise(store, "new")
        await held.has_begun("new")
        held.end("slow", "new")
        await round_of_all

    asyncio.run(delivering())


def test_calls_to_graph_are_as_urgent_as_the_row_that_they_are_made_for(store: Store) -> None:
    seen: dict[str, int] = {}

    async def handler(event: Event, delivery: Delivery) -> None:
        assert isinstance(event, TaskChanged)
        await asyncio.sleep(0)
        seen[event.task_id] = urgency_of_calls()

    for urgency in (2, 0, 1):
        promise(store, f"t-{urgency}", urgency=urgency)
    row = promise(store, "by message", urgency=0)

    async def delivering() -> None:
        worker = worker_with(store, handler)
        await worker.deliver(row)
        await worker.deliver_due()

    asyncio.run(delivering())
    assert seen == {"t-0": 0, "t-1": 1, "t-2": 2, "by message": 0}


def test_after_being_throttled_the_most_urgent_go_first(store: Store) -> None:
    begun: list[str] = []

    async def handler(event: Event, delivery: Delivery) -> None:
        assert isinstance(event, TaskChanged)
        begun.append(event.task_id)
        if delivery.attempts == 0:
            raise RetryLater("POST /planner/tasks", status=429, after_seconds=30)

    for name, urgency in (("routine", 2), ("priority", 1), ("immediate", 0)):
        promise(store, name, urgency=urgency)
    worker = OutboxWorker(store, {HANDLER: handler}, at_once=1)
    asyncio.run(worker.deliver_due())
    begun.clear()
    clock_of(store).advance(timedelta(seconds=29))
    assert asyncio.run(worker.deliver_due()) == 0
    clock_of(store).advance(timedelta(seconds=1))
    asyncio.run(worker.deliver_due())
    assert begun == ["immediate", "priority", "routine"]


def test_a_round_with_a_limit_begins_nothing_after_it_and_finishes_what_it_began(store: Store) -> None:
    begun: list[str] = []

    async def handler(event: Event, delivery: Delivery) -> None:
        assert isinstance(event, TaskChanged)
        begun.append(event.task_id)
        clock_of(store).advance(timedelta(seconds=80))
        await asyncio.sleep(0)

    for name in names(9):
        promise(store, name)
    worker = OutboxWorker(store, {HANDLER: handler}, at_once=1)
    assert asyncio.run(worker.deliver_due(timedelta(minutes=3))) == 3
    with store.open() as connection:
        assert outbox.waiting(connection) == 6
    assert asyncio.run(worker.deliver_due()) == 6


def test_a_round_that_is_stopped_leaves_its_rows_to_the_next_worker(store: Store) -> None:
    held = HeldUp()
    rows = [promise(store, name) for name in names(5)]

    async def stopping() -> None:
        round_of_all = asyncio.create_task(worker_with(store, held).deliver_due())
        await held.has_begun("t-4")
        round_of_all.cancel()
        with pytest.raises(asyncio.CancelledError):
            await round_of_all

    asyncio.run(stopping())
    assert held.under_way == 0, "nothing goes on behind the back of who stopped it"
    assert [(row_of(store, row)["state"], row_of(store, row)["last_error"]) for row in rows] == [("PENDING", None)] * 5
    clock_of(store).advance(outbox.LEASE)
    assert asyncio.run(worker_with(store, Handler(None)).deliver_due()) == 5


def test_an_outcome_that_the_database_cannot_take_does_not_break_off_the_other_deliveries(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [promise(store, name) for name in names(4)]
    settle = outbox.settle

    def settle_but_one(connection: Any, outbox_ids: Any, now: Any) -> None:
        if rows[0] in outbox_ids:
            raise OperationalError("UPDATE", {}, Exception("locked"))
        settle(connection, outbox_ids, now)

    async def handler(event: Event, delivery: Delivery) -> None:
        for _ in range(0 if delivery.outbox_id == rows[0] else 20):
            await asyncio.sleep(0)

    monkeypatch.setattr(outbox, "settle", settle_but_one)
    with pytest.raises(OperationalError):
        asyncio.run(worker_with(store, handler).deliver_due())
    assert [row_of(store, row)["state"] for row in rows] == ["PENDING", "DONE", "DONE", "DONE"]


def test_a_delivery_ends_before_another_worker_may_have_its_row() -> None:
    assert timedelta(seconds=DELIVERY_SECONDS) + timedelta(seconds=20) < outbox.LEASE


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
