"""Timers call the job of their name; the work queue delivers a row, and its poison queue buries one."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import azure.functions as func
import pytest

import function_app
from service.jobs import JOBS
from service.laptop_host import doors_of
from service.outbox_worker import OutboxWorker
from service.wiring import Service
from store import notebook, outbox
from store.outbox import Delivery
from tasking.events import Event, TaskChanged

Called = list[str]


@pytest.fixture
def delivered(service: Service, monkeypatch: pytest.MonkeyPatch) -> Called:
    """Ids of the tasks that reached the handler, which stands in for the boards."""
    reached: Called = []

    async def handler(event: Event, delivery: Delivery) -> None:
        assert isinstance(event, TaskChanged)
        reached.append(event.task_id)

    monkeypatch.setattr(service.worker, "_handlers", {"planner.update_boards": handler})
    return reached


def promise(service: Service, task_id: str = "t-1") -> int:
    with service.store.open() as connection:
        now = service.store.clock.now()
        return outbox.add(connection, "TaskChanged", "planner.update_boards", {"task_id": task_id}, now, "c-1")


def function(name: str) -> Callable[[Any], Awaitable[None]]:
    doors = doors_of(function_app.app)
    found: Callable[[Any], Awaitable[None]] = next(
        door["call"] for door in (*doors.timers, *doors.queues) if door["name"] == name
    )
    return found


def bring(name: str, body: str) -> None:
    async def bringing() -> None:
        assert await function(name)(func.QueueMessage(id="m", body=body)) is None

    asyncio.run(bringing())


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_each_timer_runs_the_job_of_its_name(service: Service, monkeypatch: pytest.MonkeyPatch, job: Any) -> None:
    ran: list[tuple[Service, str]] = []

    async def run(of: Service, what: Any) -> int:
        ran.append((of, what.name))
        return 3

    monkeypatch.setattr("functions.timers.run", run)

    async def ticking() -> None:
        assert await function(job.name.replace("-", "_"))(None) is None, "a timer that returns a value fails in Azure"

    asyncio.run(ticking())
    assert ran == [(service, job.name)]


def test_the_deliver_timer_brings_what_no_queue_message_brought(service: Service, delivered: Called) -> None:
    promise(service, "t-1"), promise(service, "t-2")

    async def ticking() -> None:
        await function("deliver")(None)

    asyncio.run(ticking())
    assert sorted(delivered) == ["t-1", "t-2"]


def test_a_queue_message_delivers_its_row_and_no_other(service: Service, delivered: Called) -> None:
    promise(service, "t-1")
    bring("deliver_row", str(promise(service, "t-2")))
    assert delivered == ["t-2"]


def test_the_same_message_twice_delivers_once(service: Service, delivered: Called) -> None:
    row = promise(service)
    bring("deliver_row", str(row))
    bring("deliver_row", str(row))
    assert delivered == ["t-1"]


def test_a_message_for_a_row_that_nobody_has_is_let_go(service: Service, delivered: Called) -> None:
    bring("deliver_row", "4711")
    assert delivered == []


def test_a_poison_message_makes_a_dead_letter_and_tells_the_operator(service: Service, delivered: Called) -> None:
    row = promise(service)
    bring("bury_row", str(row))
    with service.store.open() as connection:
        (dead,) = outbox.dead_letters(connection)
        (notice,) = notebook.open_notices(connection)
    assert (dead["outbox_id"], delivered) == (row, [])
    assert "gave up" in dead["last_error"]
    assert str(row) in notice["subject"]


def test_a_poison_message_that_comes_after_the_delivery_changes_nothing(service: Service, delivered: Called) -> None:
    row = promise(service)
    asyncio.run(service.worker.deliver_due())
    bring("bury_row", str(row))
    with service.store.open() as connection:
        assert outbox.dead_letters(connection) == []
        assert notebook.open_notices(connection) == []
        assert outbox.replay(connection, None, service.store.clock.now()) == []
    assert delivered == ["t-1"]


def test_a_buried_row_can_be_replayed(service: Service, delivered: Called) -> None:
    row = promise(service)
    bring("bury_row", str(row))
    with service.store.open() as connection:
        assert outbox.replay(connection, row, service.store.clock.now()) == [row]
    assert asyncio.run(service.worker.deliver_due()) == 1
    assert delivered == ["t-1"]
    assert isinstance(service.worker, OutboxWorker)
