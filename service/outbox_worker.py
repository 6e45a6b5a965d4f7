"""Delivers outbox rows: claim, call, then done, later, or dead letter. The one place that catches every exception.

Of the rows that are due the most urgent go first; a row claimed in the database is this worker's and nobody else's.
What only the record has to be asked for has room of its own, so that Graph is not idle while many responses come in.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from escalation.posters.post_failed import PostFailed
from forms_ingest.ingest import FormNotInConfig
from graph_client.errors import Conflict, Gone, NotPermitted, Rejected, RetryLater
from graph_client.urgency import calls_of_urgency
from planner_sync.boards import NotProvisioned
from planner_sync.create import NotSettled
from service.event_routes import AT_HOME
from store import notebook, outbox
from store.outbox import Delivery
from store.unit_of_work import Store
from tasking.errors import RuleBroken, StaleTask
from tasking.events import Event, event_from

log = logging.getLogger(__name__)

Handler = Callable[[Event, Delivery], Awaitable[None]]

AT_ONCE = 120
"""Deliveries under way together in one process. graph_client lets four requests at a time out, each of up to twenty
calls: half as many again keep them full. host.json has Azure's queue bring 32 + 16 at once to each instance."""
AT_HOME_AT_ONCE = 10
"""Further deliveries under way together that wait for nobody outside. They share a transaction, during which no answer
of Graph's is heard: so few that Graph is not kept waiting."""
REFILLS = 6
"""Rows are claimed when so much of the room is free, not one by one: each claim is a commit."""
LOOK_AGAIN_SECONDS = 1.0
"""While deliveries are under way, what has become due meanwhile waits no longer than this for free room."""
LONGEST_WAIT_SECONDS = 900.0
DELIVERY_SECONDS = outbox.LONGEST_DELIVERY.total_seconds()
SHORTEST_WAIT_SECONDS = 1.0
"""Even where a service asks for none: without it a row could be tried again in the same round, without end."""
MOST_UNEXPECTED_TRIES = 8
TRIES_BEFORE_TOLD = 8
"""Something that is tried for ever (a channel out of reach, Graph down) is told to the operator from this try on."""
TOLD_IN_THEIR_WORDS = (
    RetryLater,
    Conflict,
    Gone,
    NotPermitted,
    Rejected,
    PostFailed,
    NotProvisioned,
    RuleBroken,
    FormNotInConfig,
)
"""Errors whose text is written for people and holds nothing that anybody typed."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do after a failed delivery. `later_seconds` None means dead letter; `tell` is told to the operator, and
    `is_told` says that the operator knows already."""

    later_seconds: float | None
    in_doubt: bool = False
    tell: bool = False
    is_told: bool = False


@dataclass(frozen=True, slots=True)
class Room:
    """Deliveries that may be begun: such as need the record alone, and such as call somebody outside."""

    at_home: int
    outside: int


NO_ROOM = Room(0, 0)


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
    (TimeoutError, lambda error, delivery: Verdict(backoff(delivery), delivery.in_doubt)),
    (NotPermitted, lambda error, delivery: Verdict(300.0, delivery.in_doubt, tell=True)),
    (FormNotInConfig, lambda error, delivery: Verdict(300.0, delivery.in_doubt, is_told=True)),
    (NotProvisioned, lambda error, delivery: Verdict(300.0, delivery.in_doubt, tell=True)),
    (Gone, _gone),
    (Rejected, lambda error, delivery: Verdict(None, delivery.in_doubt, tell=True)),
    (RuleBroken, lambda error, delivery: Verdict(None, delivery.in_doubt, tell=True)),
)


def told_words(error: Exception) -> str:
    """What may be kept and told of a failure: no error's own words but those written for people."""
    if isinstance(error, TOLD_IN_THEIR_WORDS):
        return str(error)
    if isinstance(error, TimeoutError):
        return f"it took longer than {DELIVERY_SECONDS:.0f} seconds"
    return type(error).__name__


class OutboxWorker:
    """Delivers rows of one database. Any number of workers may see the same row; one of them gets it."""

    def __init__(self, store: Store, handlers: Mapping[str, Handler], at_once: int = AT_ONCE) -> None:
        self._store = store
        self._handlers = handlers
        self._at_once = at_once

    async def deliver_due(self, within: timedelta | None = None) -> int:
        """Delivers until nothing is due, what is promised meanwhile too; returns how many deliveries were tried.

        Each that ends makes room for the most urgent of those that are due by then. After `within` none is begun
        any more; those under way are finished.
        """
        began, tried, is_waiting = self._store.clock.now(), 0, True
        under_way: dict[asyncio.Task[Delivery | None], Delivery] = {}
        done: list[Delivery] = []
        try:
            while True:
                is_open = within is None or self._store.clock.now() - began < within
                room = self._room(under_way.values(), is_waiting) if is_open else NO_ROOM
                settling, done = done, []
                claimed = self._turn_over(settling, room)
                tried += len(claimed)
                under_way |= {asyncio.create_task(self._carry_out(delivery)): delivery for delivery in claimed}
                if not under_way:
                    return tried
                ended, _ = await asyncio.wait(
                    under_way, timeout=LOOK_AGAIN_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
                is_waiting = not ended or len(ended) == len(under_way)
                under_way = {task: delivery for task, delivery in under_way.items() if task not in ended}
                done = [delivery for delivery in await asyncio.gather(*ended) if delivery is not None]
        except asyncio.CancelledError:
            for task in under_way:
                task.cancel()
            raise
        finally:  # what is under way is finished even where the database could not take one outcome
            last = await asyncio.gather(*under_way, return_exceptions=True)
            self._turn_over([*done, *(each for each in last if isinstance(each, Delivery))], NO_ROOM)

    async def deliver(self, outbox_id: int) -> bool:
        """Delivers one row. False when it was not this worker's to deliver."""
        with self._store.open() as connection:
            delivery = outbox.claim(connection, outbox_id, self._store.clock.now())
        if delivery is None:
            return False
        done = await self._carry_out(delivery)
        self._turn_over([done] if done else [], NO_ROOM)
        return True

    def dead_letter(self, outbox_id: int, reason: str) -> None:
        """Gives up on a row that its queue gave up on, and tells the operator; unless the timer delivered it since."""
        with self._store.open() as connection:
            if not outbox.dead_letter(connection, outbox_id, self._store.clock.now(), reason):
                return
            notebook.raise_notice(connection, f"outbox {outbox_id}", reason, self._store.clock.now())
        log.error("dead letter", extra={"outbox_id": outbox_id})

    async def _carry_out(self, delivery: Delivery) -> Delivery | None:
        """Makes one delivery and gives it back to be settled; None where it failed, which is on its row then."""
        try:
            event = event_from(delivery.event, delivery.payload)
            with calls_of_urgency(delivery.urgency):
                async with asyncio.timeout(DELIVERY_SECONDS):
                    await self._handlers[delivery.handler](event, delivery)
        except Exception as error:  # recorded on the row: the next try, or a person, deals with it
            self._record(delivery, error)
            return None
        return delivery

    def _room(self, under_way: Collection[Delivery], is_waiting: bool) -> Room:
        """How many more may be begun: none where it is not worth a commit yet, unless nothing else happens."""
        at_home = sum(delivery.handler in AT_HOME for delivery in under_way)
        home, outside = AT_HOME_AT_ONCE - at_home, self._at_once - (len(under_way) - at_home)
        return Room(
            home if is_waiting or at_home == 0 else 0,
            outside if is_waiting or outside >= self._at_once // REFILLS else 0,
        )

    def _turn_over(self, done: Sequence[Delivery], room: Room) -> list[Delivery]:
        """One transaction: settles what is done, and takes what is due for as many as there is room for."""
        if not done and room == NO_ROOM:
            return []
        now = self._store.clock.now()
        with self._store.open() as connection:
            if done:
                outbox.settle(connection, [delivery.outbox_id for delivery in done], now)
                self._tell_of_recovery(connection, {delivery.handler for delivery in done}, now)
            at_home = outbox.claim_due_of(connection, now, room.at_home, AT_HOME) if room.at_home else []
            return at_home + (outbox.claim_due(connection, now, room.outside, AT_HOME) if room.outside else [])

    def _tell_of_recovery(self, connection: Connection, handlers: set[str], now: datetime) -> None:
        """Clears the notices of handlers whose deliveries work; of dead letters, once none is left."""
        told = {notice["subject"] for notice in notebook.open_notices(connection)}
        over = told & {f"{kind}: {handler}" for handler in handlers for kind in ("deliveries", "dead letters")}
        dead = {row["handler"] for row in outbox.dead_letters(connection)} if over else set()
        for subject in over - {f"dead letters: {handler}" for handler in dead}:
            notebook.clear_notice(connection, subject, now)
            log.info("deliveries work again", extra={"handler": subject.partition(": ")[2]})

    def _record(self, delivery: Delivery, error: Exception) -> None:
        verdict, now = judge(error, delivery), self._store.clock.now()
        with self._store.open() as connection:
            self._keep(connection, delivery, verdict, told_words(error), now)
        level = logging.ERROR if verdict.later_seconds is None else logging.WARNING
        facts = {"handler": delivery.handler, "attempts": delivery.attempts + 1, "error": type(error).__name__}
        log.log(level, "delivery failed", extra={**facts, "correlation_id": delivery.correlation_id})

    def _keep(self, connection: Connection, delivery: Delivery, verdict: Verdict, words: str, now: datetime) -> None:
        """Puts the row off or gives it up, and tells the operator where that is due: what happened, and what now."""
        subject, what_now = "deliveries", "Nothing is lost: it is tried again by itself."
        if verdict.later_seconds is None:
            subject, what_now = "dead letters", "It is kept: once this is mended, `tasking replay` delivers it."
            outbox.dead_letter(connection, delivery.outbox_id, now, words)
        else:
            due_at = now + timedelta(seconds=verdict.later_seconds)
            outbox.try_later(connection, delivery.outbox_id, due_at, words, verdict.in_doubt)
        lasts = delivery.attempts + 1 >= TRIES_BEFORE_TOLD and not verdict.is_told
        if verdict.tell or lasts:
            text = f"A delivery ({delivery.handler}) could not be made: {words.rstrip('.')}. {what_now}"
            notebook.raise_notice(connection, f"{subject}: {delivery.handler}", text, now)
