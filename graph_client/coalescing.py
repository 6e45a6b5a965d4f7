"""Calls made at the same time by coroutines that know nothing of one another ride together in one batch.

A call that is alone goes at once and plainly. While anything is under way, calls wait a moment for company.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from graph_client.batching import MOST_IN_ONE, answers_of, batch_of, is_refused_as_a_batch
from graph_client.calls import JSON_TYPE, Answer, Call, NoAnswer
from graph_client.errors import RetryLater
from graph_client.limiter import Limiter, Ticket
from graph_client.urgency import AT_ONCE
from graph_client.wire import Wire

LINGER_SECONDS = 0.05


@dataclass(slots=True, eq=False)
class _Passenger:
    """A call whose caller waits. One whose caller has gone is `done` and is left behind."""

    call: Call
    fate: asyncio.Future[Answer | NoAnswer] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    goes_alone: bool = False

    @property
    def done(self) -> bool:
        return self.fate.done()

    def tell(self, fate: Answer | NoAnswer) -> None:
        if not self.fate.done():
            self.fate.set_result(fate)


class Coalescer:
    """Sends JSON calls, each exactly once, twenty to a request where there are so many.

    `base` begins the address of every call. `linger_seconds` is how long a call waits for company while others are
    under way. Requests run in tasks of their own, so that a caller who gives up takes nobody along.
    """

    def __init__(self, wire: Wire, limiter: Limiter, base: str, linger_seconds: float = LINGER_SECONDS) -> None:
        self._wire = wire
        self._limiter = limiter
        self._base = base
        self._linger_seconds = linger_seconds
        self._waiting: list[_Passenger] = []
        self._departures: asyncio.Task[None] | None = None
        self._under_way: set[asyncio.Task[None]] = set()
        self._enough = asyncio.Event()
        self._ticket: Ticket | None = None
        self._asked_urgency = AT_ONCE

    def takes(self, call: Call) -> bool:
        """Whether the call may ride in a batch: JSON or nothing, to an address below `base`."""
        return call.content_type == JSON_TYPE and call.url.startswith(f"{self._base}/")

    async def send(self, call: Call) -> Answer | NoAnswer:
        """Send a call, alone or in company, and give what came of it."""
        passenger = _Passenger(call)
        self._waiting.append(passenger)
        self._see_to_departures()
        if call.urgency == AT_ONCE or len(self._waiting) >= MOST_IN_ONE:
            self._enough.set()
        if self._ticket is not None and call.urgency < self._asked_urgency:
            self._asked_urgency = call.urgency
            self._limiter.hurry(self._ticket, call.urgency)
        return await passenger.fate

    async def aclose(self) -> None:
        """Stop. Callers who still wait are told RetryLater."""
        tasks = [*self._under_way, *([self._departures] if self._departures else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _see_to_departures(self) -> None:
        if self._departures is None:
            self._departures = asyncio.get_running_loop().create_task(self._depart())
            self._departures.add_done_callback(self._departures_ended)

    async def _depart(self) -> None:
        """Requests leave, one after the other, as long as anybody waits."""
        while self._waiting:
            await self._linger()
            if not await self._slot():
                self._turn_away(self._limiter.refusal())
            elif together := self._board():
                task = asyncio.get_running_loop().create_task(self._carry(together))
                self._under_way.add(task)
                task.add_done_callback(partial(self._carried, together))
            else:
                self._limiter.release()
        self._departures = None

    async def _linger(self) -> None:
        # Those who call in the same moment are company even where nothing is under way.
        await asyncio.sleep(0)
        in_a_hurry = any(passenger.goes_alone or passenger.call.urgency == AT_ONCE for passenger in self._waiting)
        if not self._limiter.in_flight or in_a_hurry or len(self._waiting) >= MOST_IN_ONE:
            return
        self._enough = asyncio.Event()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._linger_seconds):
                await self._enough.wait()

    async def _slot(self) -> bool:
        self._asked_urgency = min(passenger.call.urgency for passenger in self._waiting)
        self._ticket = self._limiter.ask(self._asked_urgency)
        try:
            return await self._limiter.granted(self._ticket)
        finally:
            self._ticket = None

    def _board(self) -> list[_Passenger]:
        """Takes those who go next: the most urgent first, and of two changes of one resource only the first, since
        Graph works on the items of a batch in any order."""
        waiting = sorted((p for p in self._waiting if not p.done), key=lambda passenger: passenger.call.urgency)
        if waiting and waiting[0].goes_alone:
            self._waiting = waiting[1:]
            return waiting[:1]
        together: list[_Passenger] = []
        left: list[_Passenger] = []
        changed: set[str] = set()
        for passenger in waiting:
            resource = passenger.call.changed_resource
            if len(together) == MOST_IN_ONE or passenger.goes_alone or resource in changed:
                left.append(passenger)
                continue
            together.append(passenger)
            if resource is not None:
                changed.add(resource)
        self._waiting = left
        return together

    async def _carry(self, together: list[_Passenger]) -> None:
        if len(together) == 1:
            together[0].tell(await self._wire.send(together[0].call))
            return
        calls = [passenger.call for passenger in together]
        answer = await self._wire.send(batch_of(calls, self._base), carries=len(calls))
        if is_refused_as_a_batch(answer):
            for passenger in together:
                passenger.goes_alone = True
            self._waiting[:0] = together
            self._see_to_departures()
            return
        for passenger, fate in zip(together, answers_of(answer, calls), strict=True):
            if isinstance(fate, Answer) and fate is not answer:
                self._wire.heed(fate)
            passenger.tell(fate)

    def _turn_away(self, why: NoAnswer) -> None:
        turned_away, self._waiting = self._waiting, []
        for passenger in turned_away:
            passenger.tell(why)

    def _carried(self, together: list[_Passenger], task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        # Here and not in the task, which may be stopped before it begins.
        self._limiter.release()
        _tell_of_the_end(task, together, was_sent=True)

    def _departures_ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or task.exception() is not None:
            self._departures = None
            turned_away, self._waiting = self._waiting, []
            _tell_of_the_end(task, turned_away, was_sent=False)


def _tell_of_the_end(task: asyncio.Task[None], passengers: list[_Passenger], *, was_sent: bool) -> None:
    """Nobody waits for a task that was stopped, or that failed by a mistake of ours."""
    error = None if task.cancelled() else task.exception()
    for passenger in passengers:
        if task.cancelled():
            passenger.tell(NoAnswer(RetryLater, "the connection was closed meanwhile", was_sent=was_sent))
        elif error is not None and not passenger.done:
            passenger.fate.set_exception(error)
