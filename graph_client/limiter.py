"""One limiter for the tenant: so many requests at a time, the urgent first, and none while Graph asks us to wait.

Source: learn.microsoft.com/graph/throttling; calls that are made while throttled count against the caller.
"""

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from graph_client.calls import NoAnswer
from graph_client.errors import RetryLater

# Nothing is published for Planner; four at a time is Outlook's figure and the usual advice.
IN_FLIGHT = 4
# Longer waits than this are the caller's to plan: a Function that sleeps is billed and holds its lease.
LONGEST_WAIT_SECONDS = 15.0

Sleep = Callable[[float], Awaitable[None]]
# True once the slot is one's own, False where the wait would be too long.
Ticket = asyncio.Future[bool]


class Limiter:
    """Hands out slots by urgency, then in order of arrival. Use it in one event loop; a slot is one HTTP request.

    `sleep` sits out a pause, and the pause is over when it returns; `now` is a clock of seconds (the loop's own).
    """

    def __init__(
        self, in_flight: int = IN_FLIGHT, *, sleep: Sleep = asyncio.sleep, now: Callable[[], float] | None = None
    ) -> None:
        if in_flight < 1:
            raise ValueError("at least one request must be allowed at a time")
        self.in_flight = 0
        self._most = in_flight
        self._sleep = sleep
        self._now = now
        self._waiting: list[tuple[int, int, Ticket]] = []
        self._arrivals = itertools.count()
        self._paused_until = float("-inf")
        self._sitting_out: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def slot(self, urgency: int, operation: str) -> AsyncIterator[None]:
        """A slot for one request. RetryLater where a pause would keep the call longer than LONGEST_WAIT_SECONDS."""
        if not await self.granted(self.ask(urgency)):
            raise self.refusal().error(operation)
        try:
            yield
        finally:
            self.release()

    def ask(self, urgency: int) -> Ticket:
        """A place in the queue. Await it with `granted`."""
        ticket: Ticket = asyncio.get_running_loop().create_future()
        if self.pause_left() > LONGEST_WAIT_SECONDS:
            ticket.set_result(False)
        else:
            self.hurry(ticket, urgency)
            self._hand_out()
        return ticket

    def hurry(self, ticket: Ticket, urgency: int) -> None:
        """Give a place that was asked for this urgency too; the better one counts."""
        heapq.heappush(self._waiting, (urgency, next(self._arrivals), ticket))

    async def granted(self, ticket: Ticket) -> bool:
        """True with the slot, which is then to be released; False where a pause makes the wait too long."""
        try:
            return await ticket
        except asyncio.CancelledError:
            if ticket.done() and not ticket.cancelled() and ticket.result():
                self.release()  # the slot had come, and nobody is here any more to use it
            raise

    def release(self) -> None:
        """Give a slot back."""
        self.in_flight -= 1
        self._hand_out()

    def pause(self, seconds: float) -> None:
        """Let nobody send for so long. Of two pauses the one that ends later counts."""
        until = self._time() + seconds
        if until <= self._paused_until:
            return
        self._paused_until = until
        if seconds > LONGEST_WAIT_SECONDS:
            waiting, self._waiting = self._waiting, []
            for *_, ticket in waiting:
                if not ticket.done():
                    ticket.set_result(False)
        self._hand_out()

    def pause_left(self) -> float:
        """Seconds until the pause ends, 0 where there is none."""
        return max(0.0, self._paused_until - self._time())

    def refusal(self) -> NoAnswer:
        """What a call is told that a pause would keep too long: nothing was sent."""
        sentence = "Graph has asked the service to wait"
        return NoAnswer(RetryLater, sentence, was_sent=False, status=429, after_seconds=self.pause_left())

    async def aclose(self) -> None:
        """Stop sitting out a pause; the pause itself stays."""
        if self._sitting_out is not None:
            self._sitting_out.cancel()
            await asyncio.gather(self._sitting_out, return_exceptions=True)
            self._sitting_out = None

    def _hand_out(self) -> None:
        if self.pause_left() > 0:
            if self._waiting and self._sitting_out is None:
                self._sitting_out = asyncio.get_running_loop().create_task(self._sit_out())
            return
        while self.in_flight < self._most and self._waiting:
            *_, ticket = heapq.heappop(self._waiting)
            if not ticket.done():  # not cancelled, and not served at a better urgency
                self.in_flight += 1
                ticket.set_result(True)

    async def _sit_out(self) -> None:
        while self._waiting and (left := self.pause_left()) > 0:
            until = self._paused_until
            await self._sleep(left)
            if self._paused_until == until:
                self._paused_until = float("-inf")
        self._sitting_out = None
        self._hand_out()

    def _time(self) -> float:
        return self._now() if self._now is not None else asyncio.get_running_loop().time()
