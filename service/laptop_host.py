"""The same doors without Azure: HTTP functions under uvicorn, timers on a clock, and the work queue in this process.

It serves what `function_app` registers and adds nothing, so what works here is what Azure is given.
"""

import asyncio
import hmac
import importlib
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import azure.functions as func
import uvicorn
from croniter import croniter
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from service import running
from service.outbox_worker import AT_ONCE
from service.wiring import Service
from store.outbox import LEAST_URGENT
from store.tables import outbox

log = logging.getLogger(__name__)

MOST_DEQUEUES = 5
PAUSE_SECONDS = 30.0
"""Between two tries of one queue message: the visibilityTimeout of host.json."""
WORKERS = AT_ONCE
"""Queue messages worked at once, as many as the timer's round: deliveries wait together for their turn at Graph."""
CATCH_ALL = re.compile(r"\{\*(\w+)\}")
"""How Azure's routes write a part that may hold slashes."""
KEY_HEADER = "x-functions-key"

Sleep = Callable[[float], Awaitable[None]]


@dataclass(slots=True)
class Doors:
    """What function_app registers, by trigger."""

    http: list[dict[str, Any]] = field(default_factory=list)
    timers: list[dict[str, Any]] = field(default_factory=list)
    queues: list[dict[str, Any]] = field(default_factory=list)


class LaptopHost:
    """Serves one service on this machine. `key` guards the doors that Azure would guard; empty leaves them open.

    Timers follow the service's clock; `sleep` is how they and the work queue wait.
    """

    def __init__(self, service: Service, app: func.FunctionApp, key: str = "", sleep: Sleep = asyncio.sleep) -> None:
        self._service = service
        self._key = key
        self._sleep = sleep
        self._doors = doors_of(app)
        self._queue: asyncio.PriorityQueue[tuple[int, int]] = asyncio.PriorityQueue()
        self.application = Starlette(routes=[self._route(door) for door in self._doors.http])

    @asynccontextmanager
    async def at_work(self, with_timers: bool = True) -> AsyncIterator["LaptopHost"]:
        """While open, timers tick and the work queue is worked. Stops them at the end."""
        running.use(self._service)
        before, self._service.store.on_promised = self._service.store.on_promised, self._promised
        jobs = [self._work() for _ in range(WORKERS)]
        jobs += [self._tick(timer) for timer in self._doors.timers] if with_timers else []
        tasks = [asyncio.create_task(job) for job in jobs]
        try:
            yield self
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._service.store.on_promised = before
            running.use(None)

    async def serve(self, host: str, port: int, ready: Callable[[], None] = lambda: None) -> None:
        """Serves until interrupted."""
        # Without uvicorn's own log set-up, which would print the text of exceptions.
        config = uvicorn.Config(
            self.application, host=host, port=port, log_config=None, log_level="warning", access_log=False
        )
        async with self.at_work():
            ready()
            await uvicorn.Server(config).serve()

    def _promised(self, ids: Sequence[int]) -> None:
        """Queues the ids by the urgency of their rows. Azure's queue is first in, first out; there the timer's round
        brings an urgent row to the front within twenty seconds."""
        query = select(outbox.c.outbox_id, outbox.c.urgency).where(outbox.c.outbox_id.in_(ids))
        urgency: dict[int, int] = {}
        # The rows are committed: that the database is busy now must not look like a failure of who promised them.
        with suppress(SQLAlchemyError), self._service.store.open() as connection:
            urgency = {row.outbox_id: row.urgency for row in connection.execute(query)}
        for outbox_id in ids:
            self._queue.put_nowait((urgency.get(outbox_id, LEAST_URGENT), outbox_id))

    async def _work(self) -> None:
        """Brings each id to the queue's function, the most urgent first; after five failures to its poison queue's."""
        deliver, bury = (self._queue_function(poison) for poison in (False, True))
        while True:
            _, outbox_id = await self._queue.get()
            message = func.QueueMessage(id="laptop", body=str(outbox_id))
            for tried in range(MOST_DEQUEUES):
                if tried:
                    await self._sleep(PAUSE_SECONDS)
                if await self._called("queue function failed", deliver, message):
                    break
            else:
                await self._called("poison queue function failed", bury, message)

    async def _tick(self, timer: dict[str, Any]) -> None:
        clock = self._service.store.clock
        due = clock.now()
        while True:
            # From the last due time where the sleep ended a hair early: otherwise the same tick would come twice.
            due = next_due(timer["schedule"], max(clock.now(), due))
            await self._sleep((due - clock.now()).total_seconds())
            await self._called("timer function failed", timer["call"], None, job=timer["name"])

    async def _called(self, words: str, call: Callable[[Any], Awaitable[None]], message: Any, **facts: str) -> bool:
        try:
            await call(message)
        except Exception as error:  # as the Functions host does: logged; the next message or tick comes all the same
            log.error(words, extra={**facts, "error": type(error).__name__})
            return False
        return True

    def _queue_function(self, poison: bool) -> Callable[[func.QueueMessage], Awaitable[None]]:
        found: Callable[[func.QueueMessage], Awaitable[None]] = next(
            door["call"] for door in self._doors.queues if door["queueName"].endswith("-poison") is poison
        )
        return found

    def _route(self, door: dict[str, Any]) -> Route:
        async def endpoint(request: Request) -> Response:
            if door["authLevel"] != "ANONYMOUS" and not self._is_let_in(request):
                content = {"type": "about:blank", "title": "A function key is needed", "status": 401}
                return JSONResponse(content, 401, media_type="application/problem+json")
            answer = await door["call"](
                func.HttpRequest(
                    method=request.method,
                    url=str(request.url),
                    headers=dict(request.headers),
                    params=dict(request.query_params),
                    route_params=dict(request.path_params),
                    body=await request.body(),
                )
            )
            return Response(answer.get_body(), answer.status_code, dict(answer.headers), answer.mimetype)

        path = CATCH_ALL.sub(r"{\1:path}", door["route"])
        return Route(f"/api/{path}", endpoint, methods=door["methods"])

    def _is_let_in(self, request: Request) -> bool:
        given = request.headers.get(KEY_HEADER) or request.query_params.get("code", "")
        return not self._key or hmac.compare_digest(given.encode(), self._key.encode())


def next_due(schedule: str, after: datetime) -> datetime:
    """The first moment later than `after` (UTC) that an NCRONTAB of six fields names."""
    due: datetime = croniter(schedule, after, second_at_beginning=True).get_next(datetime)
    return due


def load_app() -> func.FunctionApp:
    """What the project's function_app registers, imported by its name, as Azure's own host does."""
    app = importlib.import_module("function_app").app
    assert isinstance(app, func.FunctionApp)
    return app


def doors_of(app: func.FunctionApp) -> Doors:
    """The registered functions sorted by trigger, with what each binding says."""
    doors = Doors()
    app.functions_bindings = {}  # azure-functions lists an app's functions once only; an app may be hosted again
    kinds = {"httpTrigger": doors.http, "timerTrigger": doors.timers, "queueTrigger": doors.queues}
    for function in app.get_functions():
        trigger = function.get_trigger()
        assert trigger is not None
        about = {key: getattr(value, "value", value) for key, value in trigger.get_dict_repr().items()}
        methods = [str(getattr(method, "value", method)) for method in about.get("methods") or ("GET", "POST")]
        about |= {"name": function.get_function_name(), "call": function.get_user_function(), "methods": methods}
        about["authLevel"] = str(about.get("authLevel", "")).upper()
        kinds[trigger.get_binding_name()].append(about)
    return doors
