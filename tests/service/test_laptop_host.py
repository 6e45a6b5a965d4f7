"""Azure's host on a laptop: timers by NCRONTAB without waiting for them, five tries of a queue message, a clean end."""

import asyncio
import json
import logging
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import azure.functions as func
import httpx
import pytest
import uvicorn
from built_service import KEY, PROJECT, built_service, clock_of, root_logger_restored
from sqlalchemy.exc import OperationalError

import function_app
from service import logs, running
from service.jobs import JOBS
from service.laptop_host import MOST_DEQUEUES, PAUSE_SECONDS, WORKERS, LaptopHost, next_due
from service.outbox_worker import AT_ONCE
from service.wiring import Service
from store import outbox

SECRET = "What a person wrote"
SIX = datetime(2026, 3, 29, 6, 0, tzinfo=UTC)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with built_service(tmp_path) as built:
        yield built


def app_with(
    tick: Callable[[Any], Awaitable[None]] | None = None,
    deliver: Callable[[Any], Awaitable[None]] | None = None,
    bury: Callable[[Any], Awaitable[None]] | None = None,
) -> func.FunctionApp:
    """An app with one timer, a work queue and its poison queue, which do nothing unless said otherwise."""

    async def nothing(message: Any) -> None:
        return None

    app, blueprint = func.FunctionApp(), func.Blueprint()
    timer = blueprint.timer_trigger(schedule="*/20 * * * * *", arg_name="timer")
    blueprint.function_name("tick")(timer(tick or nothing))
    for name, call, queue in (("deliver", deliver, "work"), ("bury", bury, "work-poison")):
        queued = blueprint.queue_trigger(arg_name="message", queue_name=queue, connection="AzureWebJobsStorage")
        blueprint.function_name(name)(queued(call or nothing))
    app.register_functions(blueprint)
    return app


class Sleeper:
    """Stands in for asyncio.sleep: notes how long, moves the service's clock on, and gives way once."""

    def __init__(self, service: Service, early: timedelta = timedelta(0)) -> None:
        self.slept: list[float] = []
        self._service = service
        self._early = early

    async def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)
        clock_of(self._service).advance(timedelta(seconds=seconds) - self._early)
        await asyncio.sleep(0)


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - what is waited for has no event to give
            await asyncio.sleep(0.001)


@pytest.mark.parametrize(
    ("schedule", "after", "due"),
    [
        ("*/30 * * * * *", SIX, SIX + timedelta(seconds=30)),
        ("*/30 * * * * *", SIX + timedelta(seconds=29.999), SIX + timedelta(seconds=30)),
        ("10 */10 * * * *", SIX, SIX + timedelta(seconds=10)),
        ("10 */10 * * * *", SIX + timedelta(seconds=10), SIX + timedelta(minutes=10, seconds=10)),
        ("15 * * * * *", SIX + timedelta(seconds=20), SIX + timedelta(minutes=1, seconds=15)),
        ("0 0 7 * * 1", SIX, datetime(2026, 3, 30, 7, 0, tzinfo=UTC)),
        ("0 30 1 * * *", datetime(2026, 3, 29, 0, 0, tzinfo=UTC), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
    ],
)
def test_the_next_tick_is_the_next_moment_that_the_schedule_names_in_utc(
    schedule: str, after: datetime, due: datetime
) -> None:
    assert next_due(schedule, after) == due


LONGEST_GAP = {
    "retire-tasks": timedelta(days=1),
    "renew-account": timedelta(days=1),
    "check-channels": timedelta(minutes=15),
    "remind-reviews": timedelta(minutes=15),
}


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_every_job_ticks_often_enough_and_never_twice_a_second(job: Any) -> None:
    at, ticks = SIX, []
    for _ in range(30):
        at = next_due(job.schedule, at)
        ticks.append(at)
    gaps = [later - earlier for earlier, later in pairwise(ticks)]
    assert timedelta(seconds=10) <= min(gaps)
    assert max(gaps) <= LONGEST_GAP.get(job.name, timedelta(minutes=10))


def test_a_timer_sleeps_until_its_tick_and_ticks_once_for_each(service: Service) -> None:
    ticks: list[datetime] = []
    sleeper = Sleeper(service)

    async def tick(timer: Any) -> None:
        ticks.append(service.store.clock.now())

    async def working() -> None:
        async with LaptopHost(service, app_with(tick=tick), sleep=sleeper).at_work():
            await until(lambda: len(ticks) >= 4)

    clock_of(service).at = SIX + timedelta(seconds=5)
    asyncio.run(working())
    assert ticks[:4] == [SIX + timedelta(seconds=each) for each in (20, 40, 60, 80)]
    assert sleeper.slept[:4] == [15, 20, 20, 20]


def test_a_timer_that_wakes_a_hair_early_does_not_tick_twice(service: Service) -> None:
    ticks: list[datetime] = []

    async def tick(timer: Any) -> None:
        ticks.append(service.store.clock.now())

    async def working() -> None:
        early = Sleeper(service, early=timedelta(milliseconds=1))
        async with LaptopHost(service, app_with(tick=tick), sleep=early).at_work():
            await until(lambda: len(ticks) >= 5)

    clock_of(service).at = SIX
    asyncio.run(working())
    gaps = [later - earlier for earlier, later in pairwise(ticks)]
    assert min(gaps) > timedelta(seconds=19)


def test_a_timer_that_fails_ticks_again_and_only_the_kind_of_failure_is_logged(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    ticks = 0

    async def tick(timer: Any) -> None:
        nonlocal ticks
        ticks += 1
        raise ValueError(SECRET)

    async def working() -> None:
        async with LaptopHost(service, app_with(tick=tick), sleep=Sleeper(service)).at_work():
            await until(lambda: ticks >= 3)

    asyncio.run(working())
    ours = [record for record in caplog.records if record.name == "service.laptop_host"]
    assert {(record.__dict__["error"], record.__dict__["job"]) for record in ours} == {("ValueError", "tick")}
    assert SECRET not in caplog.text


def test_what_is_promised_is_brought_to_the_queue_function_as_text(service: Service) -> None:
    brought: list[str] = []

    async def deliver(message: Any) -> None:
        brought.append(message.get_body().decode())

    async def working() -> None:
        async with LaptopHost(service, app_with(deliver=deliver)).at_work(with_timers=False):
            service.store.on_promised([3, 1, 2])
            await until(lambda: len(brought) == 3)

    asyncio.run(working())
    assert sorted(brought) == ["1", "2", "3"]


def test_an_urgent_row_does_not_wait_behind_five_hundred_others(service: Service) -> None:
    brought: list[int] = []
    may_end = asyncio.Event()

    async def deliver(message: Any) -> None:
        brought.append(int(message.get_body()))
        await may_end.wait()

    def promised(urgency: int) -> int:
        with service.store.open() as connection:
            now = service.store.clock.now()
            return outbox.add(connection, "TaskChanged", "a handler", {"task_id": "t"}, now, "c-1", urgency)

    async def working() -> None:
        async with LaptopHost(service, app_with(deliver=deliver)).at_work(with_timers=False):
            many = [promised(urgency=2) for _ in range(500)]
            service.store.on_promised(many)
            await until(lambda: len(brought) == WORKERS)
            service.store.on_promised([immediate, soon])
            may_end.set()
            await until(lambda: len(brought) == 502)

    soon, immediate = promised(urgency=1), promised(urgency=0)
    asyncio.run(working())
    assert brought[WORKERS : WORKERS + 2] == [immediate, soon]


def test_what_was_promised_is_brought_though_the_database_is_busy(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought: list[bytes] = []

    async def deliver(message: Any) -> None:
        brought.append(message.get_body())

    def busy() -> Any:
        raise OperationalError("BEGIN IMMEDIATE", {}, Exception("database is locked"))

    async def working() -> None:
        async with LaptopHost(service, app_with(deliver=deliver)).at_work(with_timers=False):
            with monkeypatch.context() as patched:
                patched.setattr(service.store, "open", busy)
                service.store.on_promised([3])
            await until(lambda: brought)

    asyncio.run(working())
    assert brought == [b"3"]


def test_azures_queue_brings_enough_at_once_to_fill_two_batches_and_no_more_than_a_round_takes() -> None:
    """`batchSize` is at most 32 (Microsoft's reference for host.json, queues); a batch to Graph holds twenty calls."""
    queues = json.loads((PROJECT / "host.json").read_text("utf-8"))["extensions"]["queues"]
    assert queues["batchSize"] <= 32
    assert 2 * 20 <= queues["batchSize"] + queues["newBatchThreshold"] <= AT_ONCE


def test_a_message_that_fails_five_times_goes_to_the_poison_queue(service: Service) -> None:
    tries: list[str] = []
    buried: list[str] = []
    sleeper = Sleeper(service)

    async def deliver(message: Any) -> None:
        tries.append(message.get_body().decode())
        raise OSError(SECRET)

    async def bury(message: Any) -> None:
        buried.append(message.get_body().decode())

    async def working() -> None:
        host = LaptopHost(service, app_with(deliver=deliver, bury=bury), sleep=sleeper)
        async with host.at_work(with_timers=False):
            service.store.on_promised([7])
            await until(lambda: buried)

    asyncio.run(working())
    assert (tries, buried) == (["7"] * MOST_DEQUEUES, ["7"])
    assert sleeper.slept == [PAUSE_SECONDS] * (MOST_DEQUEUES - 1), "between tries it waits, as Azure does"


def test_a_message_that_works_at_the_fifth_try_is_not_buried(service: Service) -> None:
    tries, buried = 0, 0

    async def deliver(message: Any) -> None:
        nonlocal tries
        tries += 1
        if tries < MOST_DEQUEUES:
            raise OSError

    async def bury(message: Any) -> None:
        nonlocal buried
        buried += 1

    async def working() -> None:
        host = LaptopHost(service, app_with(deliver=deliver, bury=bury), sleep=Sleeper(service))
        async with host.at_work(with_timers=False):
            service.store.on_promised([7])
            await until(lambda: tries == MOST_DEQUEUES)
            await asyncio.sleep(0.01)

    asyncio.run(working())
    assert buried == 0


def test_the_work_queue_survives_a_poison_function_that_fails_too(service: Service) -> None:
    worked: list[str] = []

    async def deliver(message: Any) -> None:
        if message.get_body() != b"99":
            raise OSError
        worked.append("99")

    async def bury(message: Any) -> None:
        raise OSError

    async def working() -> None:
        host = LaptopHost(service, app_with(deliver=deliver, bury=bury), sleep=Sleeper(service))
        async with host.at_work(with_timers=False):
            service.store.on_promised([*range(3 * WORKERS), 99])
            await until(lambda: worked)

    asyncio.run(working())


def test_at_the_end_nothing_of_the_host_is_left(service: Service) -> None:
    before = service.store.on_promised

    async def working() -> None:
        ours = asyncio.all_tasks()
        async with LaptopHost(service, function_app.app).at_work():
            assert running.running() is service
            assert len(asyncio.all_tasks() - ours) == WORKERS + len(JOBS)
        assert asyncio.all_tasks() == ours

    asyncio.run(working())
    assert service.store.on_promised == before, "a commit after the end must not fill a queue that nobody works"


def test_an_app_can_be_hosted_more_than_once(service: Service) -> None:
    first, second = (LaptopHost(service, function_app.app) for _ in range(2))
    assert [route.path for route in first.application.routes] == [route.path for route in second.application.routes]


@pytest.mark.parametrize(("key", "status"), [(KEY, 401), ("", 404)])
def test_doors_that_azure_would_guard_are_guarded_where_a_key_is_set(service: Service, key: str, status: int) -> None:
    application = LaptopHost(service, function_app.app, key).application

    async def asking() -> int:
        through = httpx.ASGITransport(app=application)
        async with httpx.AsyncClient(transport=through, base_url="http://doors") as client:
            return (await client.post("/api/forms/none/responses", json={})).status_code

    assert asyncio.run(asking()) == status


def test_it_serves_over_http_and_prints_no_text_of_an_exception(
    service: Service, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*args: Any) -> Any:
        raise ValueError(SECRET)

    monkeypatch.setattr(type(service.receiver), "receive", failing)
    monkeypatch.setattr("functions.forms_intake.parse_body", lambda *args: None)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    servers: list[uvicorn.Server] = []
    began = uvicorn.Server.startup

    async def startup(server: uvicorn.Server, sockets: Any = None) -> None:
        servers.append(server)
        await began(server, sockets)

    monkeypatch.setattr(uvicorn.Server, "startup", startup)
    # Another server in this process may have given uvicorn's loggers handlers of their own.
    for name in ("uvicorn", "uvicorn.error"):
        monkeypatch.setattr(logging.getLogger(name), "handlers", [])
        monkeypatch.setattr(logging.getLogger(name), "propagate", True)
    with root_logger_restored():
        logs.set_up("INFO")
        host = LaptopHost(service, function_app.app)
        thread = threading.Thread(target=lambda: asyncio.run(host.serve("127.0.0.1", port)))
        thread.start()
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
                deadline = time.monotonic() + 10
                while not (servers and servers[0].started) and time.monotonic() < deadline:
                    time.sleep(0.01)
                running.use(service)
                assert client.get("/api/health").status_code == 200
                assert client.post("/api/forms/raise_task/responses", json={}).status_code == 500
        finally:
            servers[0].should_exit = True
            thread.join(timeout=10)
        logging.shutdown()
    assert not thread.is_alive()
    printed = "".join(capfd.readouterr())
    assert '"exception": "ValueError"' in printed
    assert SECRET not in printed
