"""A response on the list is taken in within a moment because Graph says so: the service sees to the subscription."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from stage import Stage, answers_of

import function_app
from service.laptop_host import LaptopHost
from service.subscribing import keep_subscriptions
from service.wiring import Service
from store import inbox

KEY, SECRET = "the-key-of-the-doors", "only-we-know"


def taken_in(service: Service) -> int:
    """How many responses have had their effect."""
    with service.store.open() as connection:
        return inbox.counts(connection).get("DONE", 0)


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - what is waited for has no event to give
            await asyncio.sleep(0.01)


class Told:
    """A stage whose service can be reached by Graph, its clock standing still: no timer ticks."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.listening.bind(("127.0.0.1", 0))
        stage.environment |= {
            "TASKING_PUBLIC_URL": f"http://127.0.0.1:{self.listening.getsockname()[1]}",
            "TASKING_NOTIFICATION_SECRET": SECRET,
            "TASKING_FUNCTION_KEY": KEY,
        }
        stage.emulator.control("switches", {"notification_batch_seconds": 0.05})

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Service]:
        """The service at its doors, without timers."""
        async with self.stage.service() as service:
            host = LaptopHost(service, function_app.app, KEY)
            server = uvicorn.Server(uvicorn.Config(host.application, log_config=None, log_level="error"))
            async with host.at_work(with_timers=False):
                task = asyncio.create_task(server.serve([self.listening]))
                await until(lambda: server.started)
                yield service
                server.should_exit = True
                await task

    async def submitted(self, number: int, service: Service) -> None:
        """A person submits; returns when the response has had its effect, which nothing but Graph's word brings."""
        before = taken_in(service)
        await asyncio.to_thread(self.stage.submit, answers_of(number))
        await until(lambda: taken_in(service) > before)

    async def lever(self, path: str, order: dict[str, Any]) -> None:
        await asyncio.to_thread(self.stage.emulator.control, path, order)

    def subscriptions(self) -> list[Any]:
        return list(self.stage.emulator.tenant.subscriptions.subscriptions.values())


@pytest.fixture
def told(stage: Stage) -> Told:
    return Told(stage)


def test_a_response_on_the_list_becomes_a_task_at_once_without_a_poll(told: Told) -> None:
    async def playing() -> int:
        async with told.serving() as service:
            await keep_subscriptions(service)
            for number in (13, 19):
                await told.submitted(number, service)
            return taken_in(service)

    assert asyncio.run(playing()) == 2
    assert len(told.subscriptions()) == 1


def test_after_graph_has_ended_the_subscription_the_next_run_makes_it_anew_and_responses_come_at_once_again(
    told: Told,
) -> None:
    async def playing() -> int:
        async with told.serving() as service:
            await keep_subscriptions(service)
            (one,) = told.subscriptions()
            await told.lever("subscriptions/lifecycle", {"id": one.id, "event": "subscriptionRemoved"})
            assert await keep_subscriptions(service) == 1
            await told.submitted(13, service)
            return taken_in(service)

    assert asyncio.run(playing()) == 1


def test_what_came_while_nobody_was_told_is_read_because_graph_says_that_it_missed_something(told: Told) -> None:
    async def playing() -> int:
        async with told.serving() as service:
            await asyncio.to_thread(told.stage.submit, answers_of(13))
            await keep_subscriptions(service)
            (one,) = told.subscriptions()
            assert taken_in(service) == 0
            await told.lever("subscriptions/lifecycle", {"id": one.id, "event": "missed"})
            await until(lambda: taken_in(service))
            return taken_in(service)

    assert asyncio.run(playing()) == 1


def test_a_renewal_that_graph_asks_for_is_made_by_the_next_run(told: Told) -> None:
    async def playing() -> tuple[int, int]:
        async with told.serving() as service:
            await keep_subscriptions(service)
            (one,) = told.subscriptions()
            await told.lever("subscriptions/lifecycle", {"id": one.id, "event": "reauthorizationRequired"})
            await until(lambda: told.stage.emulator.control("subscriptions", method="GET")["deliveries"])
            return await keep_subscriptions(service), await keep_subscriptions(service)

    assert asyncio.run(playing()) == (1, 0)
