"""Teams apps installed for people and teams, and the activity notifications sent to them."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

from m365_emulator.odata import Json


@dataclass(frozen=True, slots=True)
class Activity:
    """One line in a person's activity feed, as it was sent."""

    user_id: str
    app_id: str
    sent_at: datetime
    sent: Json


@dataclass(slots=True)
class ActivityState:
    """(person, app) and (team, app) pairs that are installed; every notification, oldest first."""

    installed: set[tuple[str, str]] = field(default_factory=set)
    feed: list[Activity] = field(default_factory=list)
    recent_calls: dict[str, deque[float]] = field(default_factory=dict, metadata={"transient": True})

    def install(self, holder_id: str, app_id: str, *, installed: bool) -> None:
        """Give the app of this client id to a person or a team, or take it away."""
        pair = (holder_id.lower(), app_id.lower())
        (self.installed.add if installed else self.installed.discard)(pair)

    def has(self, holder_id: str, app_id: str) -> bool:
        """Whether a person or team has the app."""
        return (holder_id.lower(), app_id.lower()) in self.installed

    def is_over_rate(self, app_id: str, per_second: int) -> bool:
        """Count a call of this app; True when it is more than so many within a second of real time."""
        calls, now = self.recent_calls.setdefault(app_id, deque()), time.monotonic()
        while calls and now - calls[0] >= 1.0:
            calls.popleft()
        calls.append(now)
        return bool(per_second) and len(calls) > per_second
