"""The same doors without Azure: HTTP functions under uvicorn, timers on a clock, and the work queue in this process.

It serves what `function_app` registers and adds nothing, so what works here is what Azure is given.
"""

import asyncio
import hmac
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import azure.functions as func
import uvicorn
from croniter import croniter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from service import running
from service.wiring import Service

log = logging.getLogger(__name__)

MOST_DEQUEUES = 5
WORKERS = 4
KEY_HEADER = "x-functions-key"


@dataclass(slots=True)
class Doors:
    """What function_app registers, by trigger."""

    http: list[dict[str, Any]] = field(default_factory=list)
    timers: list[dict[str, Any]] = field(default_factory=list)
    queues: list[dict[str, Any]] = field(default_factory=list)


class LaptopHost:
    """Serves one service on this machine. `key` guards the doors that Azure would guard; empty leaves them open."""

    def __init__(self, service: Service, app: func.FunctionApp, key: str = "") -> None:
        self._service = service
        self._key = key
        self._doors = doors_of(app)
        self._queue: asyncio.Queue[int] = asyncio.Queue()
        self.application = Starlette(routes=[self._route(door) for door in self._doors.http])

    @asynccontextmanager
    async def at_work(self, with_timers: bool = True) -> AsyncIterator["LaptopHost"]:
        """While open, timers tick and the work queue is worked. Stops them at the end."""
        running.use(self._service)
        self._service.store.on_promised = self._promised
        jobs = [self._work() for _ in range(WORKERS)]
        jobs += [self._tick(timer) for timer in self._doors.timers] if with_timers else []
        tasks = [asyncio.create_task(job) for job in jobs]
        try:
            yield self
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            running.use(None)

    async def serve(self, host: str, port: int, ready: Callable[[], None] = lambda: None) -> None:
        """Serves until interrupted."""
        config = uvicorn.Config(self.application, host=host, port=port, log_level="warning", access_log=False)
        async with self.at_work():
            ready()
            await uvicorn.Server(config).serve()

    def _promised(self, ids: Sequence[int]) -> None:
        for outbox_id in ids:
            self._queue.put_nowait(outbox_id)

    async def _work(self) -> None:
        """Brings each id to the queue's function; after five failures to its poison queue's."""
        deliver, bury = (self._queue_function(poison) for poison in (False, True))
        while True:
            message = func.QueueMessage(id="laptop", body=str(await self._queue.get()))
            for _ in range(MOST_DEQUEUES):
                try:
                    await deliver(message)
                    break
                except Exception as error:  # as the Functions host does: logged, and tried again
                    log.error("queue function failed", extra={"error": type(error).__name__})
            else:
                await bury(message)

    async def _tick(self, timer: dict[str, Any]) -> None:
        while True:
            now = datetime.now(UTC)
            due = croniter(timer["schedule"], now, second_at_beginning=True).get_next(datetime)
            await asyncio.sleep((due - now).total_seconds())
            try:
                await timer["call"](None)
            except Exception as error:  # as the Functions host does: logged, and the next tick comes
                log.error("timer function failed", extra={"job": timer["name"], "error": type(error).__name__})

    def _queue_function(self, poison: bool) -> Callable[[func.QueueMessage], Awaitable[None]]:
        found: Callable[[func.QueueMessage], Awaitable[None]] = next(
            door["call"] for door in self._doors.queues if door["queueName"].endswith("-poison") is poison
        )
        return found

    def _route(self, door: dict[str, Any]) -> Route:
        async def endpoint(request: Request) -> Response:
            if door["authLevel"] == "FUNCTION" and not self._is_let_in(request):
                return JSONResponse({"title": "A function key is needed", "status": 401}, 401)
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

        return Route(f"/api/{door['route']}", endpoint, methods=door["methods"])

    def _is_let_in(self, request: Request) -> bool:
        given = request.headers.get(KEY_HEADER) or request.query_params.get("code", "")
        return not self._key or hmac.compare_digest(given, self._key)


def doors_of(app: func.FunctionApp) -> Doors:
    """The registered functions sorted by trigger, with what each binding says."""
    doors = Doors()
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
