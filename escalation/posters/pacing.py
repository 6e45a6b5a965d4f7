"""Four posts a second to one channel and no more, and none while the channel asks to be left alone.

Source: learn.microsoft.com/graph/throttling-limits (Teams); the connectors' page has the same figure for webhooks.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable

from escalation.posters.post_failed import PostFailed

PER_SECOND = 4
LONGEST_WAIT_SECONDS = 15.0
"""A longer wait is the outbox's: a delivery that sleeps holds its lease."""

Sleep = Callable[[float], Awaitable[None]]


class Pace:
    """Turns by channel. Use it in one event loop; `now` is a clock of seconds (the loop's own by default)."""

    def __init__(
        self, per_second: int = PER_SECOND, *, sleep: Sleep = asyncio.sleep, now: Callable[[], float] | None = None
    ) -> None:
        self._sleep = sleep
        self._now = now
        self._turns: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=per_second))
        self._held_until: dict[str, float] = {}

    async def turn(self, channel: str) -> None:
        """Returns when a post to this channel may go. Raises PostFailed where that is too far off: nothing was sent."""
        now = self._time()
        turns = self._turns[channel]
        free_at = turns[0] + 1.0 if len(turns) == turns.maxlen else now
        at = max(now, free_at, turns[-1] if turns else now, self._held_until.get(channel, now))
        if at - now > LONGEST_WAIT_SECONDS:
            raise PostFailed(f"The channel of {channel} has asked to wait.", after_seconds=at - now)
        turns.append(at)
        if at > now:
            await self._sleep(at - now)

    def hold(self, channel: str, seconds: float) -> None:
        """Nobody posts there for so long: the channel has asked for it. Of two waits the longer counts."""
        self._held_until[channel] = max(self._held_until.get(channel, 0.0), self._time() + seconds)

    def _time(self) -> float:
        return self._now() if self._now is not None else asyncio.get_running_loop().time()
