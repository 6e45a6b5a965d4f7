"""Delivers outbox rows: claim, call, then done, later, or dead letter. The one place that catches every exception."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from escalation.posters.teams_workflow import PostFailed
from graph_client.errors import Conflict, Gone, NotPermitted, Rejected, RetryLater
from planner_sync.boards import NotProvisioned
from planner_sync.push import NotSettled
from store import notebook, outbox
from store.outbox import Delivery
from store.unit_of_work import Store
from tasking.errors import RuleBroken, StaleTask
from tasking.events import Event, event_from

log = logging.getLogger(__name__)

Handler = Callable[[Event, Delivery], Awaitable[None]]

AT_ONCE = 4
"""Deliveries under way at the same time in one process; Planner is asked by no more than four at once."""
LONGEST_WAIT_SECONDS = 900.0
DELIVERY_SECONDS = 90.0
"""The longest that one delivery may take: less than outbox.LEASE, so that no other worker has the row meanwhile."""
SHORTEST_WAIT_SECONDS = 1.0
"""Even where a service asks for none: without it a row could be tried again in the same round, without end."""
MOST_UNEXPECTED_TRIES = 8
TRIES_BEFORE_TOLD = 8
"""Something that is tried for ever (a channel out of reach, Graph down) is told to the operator from this try on."""
TOLD_IN_THEIR_WORDS = (RetryLater, Conflict, Gone, NotPermitted, Rejected, PostFailed, NotProvisioned, RuleBroken)
"""Errors whose text is written for people and holds nothing that anybody typed."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do after a failed delivery. `later_seconds` None means dead letter; `tell` is told to the operator."""

    later_seconds: float | None
    in_doubt: bool = False
    tell: bool = False


def judge(error: Exception, delivery: Delivery) -> Verdict:
    """What a failure means for the delivery, by what can be done about it."""
    for kind, verdict in VERDICTS:
        if isinstance(error, kind):
            return verdict(error, delivery)
    last = _is_last_try(delivery)
    return Verdict(None if last else backoff(delivery), delivery.in_doubt, tell=last)


def backoff(delivery: Delivery) -> float:
    """Seconds to wait before the next try: doubling, with jitter, at most a quarter of an hour."""
    growing = 2.0 ** min(delivery.attempts, 12) * random.uniform(0.75, 1.25)  # noqa: S311
    return min(max(growing, SHORTEST_WAIT_SECONDS), LONGEST_WAIT_SECONDS)


def _is_last_try(delivery: Delivery) -> bool:
    """Whether this try, which is not yet among the row's attempts, was the last that an unexpected failure gets."""
    return delivery.attempts + 1 >= MOST_UNEXPECTED_TRIES


def _wait(after_seconds: float | None, delivery: Delivery) -> float:
    return backoff(delivery) if after_seconds is None else max(after_seconds, SHORTEST_WAIT_SECONDS)


def _retry(error: Exception, delivery: Delivery) -> Verdict:
    assert isinstance(error, RetryLater)
    return Verdict(_wait(error.after_seconds, delivery), delivery.in_doubt)


def _post(error: Exception, delivery: Delivery) -> Verdict:
    assert isinstance(error, PostFailed)
    in_doubt = delivery.in_doubt or error.uncertain
    if error.is_final:
        return Verdict(None, in_doubt, tell=True)
    return Verdict(_wait(error.after_seconds, delivery), in_doubt)


def _settle(error: Exception, delivery: Delivery) -> Verdict:
    assert isinstance(error, NotSettled)
    return Verdict(_wait(error.after_seconds, delivery), delivery.in_doubt)


def _gone(error: Exception, delivery: Delivery) -> Verdict:
    last = _is_last_try(delivery)
    return Verdict(None if last else 60.0, delivery.in_doubt, tell=last)


VERDICTS: tuple[tuple[type[Exception], Callable[[Exception, Delivery], Verdict]], ...] = (
    (NotSettled, _settle),
    (RetryLater, _retry),
    (PostFailed, _post),
    (Conflict, lambda error, delivery: Verdict(backoff(delivery), delivery.in_doubt)),
    (StaleTask, lambda error, delivery: Verdict(1.0, delivery.in_doubt)),
    (NotPermitted, lambda error, delivery: Verdict(300.0, delivery.in_doubt, tell=True)),
    (NotProvisioned, lambda error, delivery: Verdict(300.0, delivery.in_doubt, tell=True)),
    (Gone, _gone),
    (Rejected, lambda error, delivery: Verdict(None, delivery.in_doubt, tell=True)),
    (RuleBroken, lambda error, delivery: Verdict(None, delivery.in_doubt, tell=True)),
)


class OutboxWorker:
    """Delivers rows of one database. Any number of workers may see the same row; one of them gets it."""

    def __init__(self, store: Store, handlers: Mapping[str, Handler]) -> None:
        self._store = store
        self._handlers = handlers

    async def deliver_due(self) -> int:
        """Delivers all that is due, including what deliveries promise meanwhile; returns how many rows were tried."""
        tried = 0
        while True:
            with self._store.open() as connection:
                ids = outbox.due_ids(connection, self._store.clock.now())
            if not ids:
                return tried
            gate = asyncio.Semaphore(AT_ONCE)

            async def one(outbox_id: int, gate: asyncio.Semaphore = gate) -> bool:
                async with gate:
                    return await self.deliver(outbox_id)

            done = await asyncio.gather(*(one(outbox_id) for outbox_id in ids))
            if not any(done):
                return tried
            tried += sum(done)

    async def deliver(self, outbox_id: int) -> bool:
        """Delivers one row. False when it was not this worker's to deliver."""
        with self._store.open() as connection:
            delivery = outbox.claim(connection, outbox_id, self._store.clock.now())
        if delivery is None:
            return False
        try:
            event = event_from(delivery.event, delivery.payload)
            async with asyncio.timeout(DELIVERY_SECONDS):
                await self._handlers[delivery.handler](event, delivery)
        except Exception as error:  # recorded on the row: the next try, or a person, deals with it
            self._record(delivery, error)
        else:
            self._settled(delivery)
        return True

    def dead_letter(self, outbox_id: int, reason: str) -> None:
        """Gives up on a row that its queue gave up on, and tells the operator; unless the timer delivered it since."""
        with self._store.open() as connection:
            if not outbox.dead_letter(connection, outbox_id, self._store.clock.now(), reason):
                return
            notebook.raise_notice(connection, f"outbox {outbox_id}", reason, self._store.clock.now())
        log.error("dead letter", extra={"outbox_id": outbox_id})

    def _settled(self, delivery: Delivery) -> None:
        now = self._store.clock.now()
        with self._store.open() as connection:
            outbox.settle(connection, delivery.outbox_id, now)
            dead = any(row["handler"] == delivery.handler for row in outbox.dead_letters(connection))
            if not dead and notebook.clear_notice(connection, f"deliveries: {delivery.handler}", now):
                log.info("deliveries work again", extra={"handler": delivery.handler})

    def _record(self, delivery: Delivery, error: Exception) -> None:
        verdict, now = judge(error, delivery), self._store.clock.now()
        kind = type(error).__name__
        words = str(error) if isinstance(error, TOLD_IN_THEIR_WORDS) else kind
        with self._store.open() as connection:
            if verdict.later_seconds is None:
                outbox.dead_letter(connection, delivery.outbox_id, now, words)
            else:
                due = now + timedelta(seconds=verdict.later_seconds)
                outbox.try_later(connection, delivery.outbox_id, due, words, verdict.in_doubt)
            if verdict.tell or delivery.attempts + 1 >= TRIES_BEFORE_TOLD:
                notebook.raise_notice(connection, f"deliveries: {delivery.handler}", words, now)
        level = logging.ERROR if verdict.later_seconds is None else logging.WARNING
        facts = {"handler": delivery.handler, "attempts": delivery.attempts + 1, "error": kind}
        log.log(level, "delivery failed", extra={**facts, "correlation_id": delivery.correlation_id})
