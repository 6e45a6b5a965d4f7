"""Change-notification subscriptions as records, and what became of each delivery to their endpoints."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

from m365_emulator.odata import Json

LATE_SECONDS = 3.0
WINDOW_SECONDS = 600.0
FEWEST_ANSWERS = 10
SLOW_SHARE, DROP_SHARE = 0.10, 0.15
KEPT_DELIVERIES = 1000


@dataclass(slots=True)
class Subscription:
    """One subscription. `kind` and `place` are what its resource leads to; `seen` is how far it has been told."""

    id: str
    app_id: str
    creator_id: str
    resource: str
    kind: str
    place: tuple[str, ...]
    change_types: frozenset[str]
    change_type: str
    notification_url: str
    lifecycle_url: str | None
    client_state: str | None
    expires_at: datetime
    seen: int
    tls_version: str = "v1_2"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One POST to an endpoint: its body, the status answered (0 for none), and what follows from it."""

    url: str
    body: Json
    status: int
    seconds: float
    outcome: str


@dataclass(slots=True)
class Endpoint:
    """One notification address and how long it took to answer: (moment, seconds) of real time."""

    answers: deque[tuple[float, float]] = field(default_factory=deque)
    dropped_until: float = 0.0

    def note(self, seconds: float, ceiling: float) -> None:
        """Count an answer; too many above the ceiling and deliveries are dropped for ten minutes."""
        now = time.monotonic()
        self.answers.append((now, seconds))
        while self.answers and now - self.answers[0][0] > WINDOW_SECONDS:
            self.answers.popleft()
        if self._share(ceiling) > DROP_SHARE:
            self.dropped_until = now + WINDOW_SECONDS

    def state(self, ceiling: float) -> str:
        """'ok', 'slow' (deliveries wait) or 'drop' (notifications are lost)."""
        if time.monotonic() < self.dropped_until:
            return "drop"
        return "slow" if self._share(ceiling) > SLOW_SHARE else "ok"

    def later_than(self, seconds: float) -> int:
        """How many answers of the last ten minutes took longer."""
        return sum(taken > seconds for _, taken in self.answers)

    def _share(self, ceiling: float) -> float:
        if len(self.answers) < FEWEST_ANSWERS:
            return 0.0
        return self.later_than(ceiling) / len(self.answers)


@dataclass(slots=True)
class SubscriptionsState:
    """Every live subscription by id; `waiting` is what was noticed and not yet sent, per address."""

    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    waiting: dict[str, list[Json]] = field(default_factory=dict)
    waiting_since: float | None = field(default=None, metadata={"monotonic": True})
    endpoints: dict[str, Endpoint] = field(default_factory=dict, metadata={"transient": True})
    deliveries: deque[Delivery] = field(default_factory=lambda: deque(maxlen=KEPT_DELIVERIES))
    running: set[asyncio.Task[None]] = field(default_factory=set, metadata={"transient": True})

    def endpoint(self, url: str) -> Endpoint:
        """What is known of an address."""
        return self.endpoints.setdefault(url, Endpoint())

    def queue(self, url: str, notification: Json) -> None:
        """Have a notification sent to an address with the next delivery."""
        self.waiting.setdefault(url, []).append(notification)
        if self.waiting_since is None:
            self.waiting_since = time.monotonic()
