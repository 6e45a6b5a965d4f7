"""Reads are tried again while that is worth it, by tenacity. A write is never: its second copy is a second task."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception
from tenacity.stop import stop_after_attempt, stop_any, stop_before_delay
from tenacity.wait import wait_random_exponential

from graph_client.calls import THROTTLED, UNAVAILABLE
from graph_client.errors import RetryLater
from graph_client.limiter import LONGEST_WAIT_SECONDS, Sleep

READ_BUDGET_SECONDS = 60.0

T = TypeVar("T")


async def repeated(once: Callable[[], Awaitable[T]], *, attempts: int, sleep: Sleep) -> T:
    """What `once` gives. It is run again, `attempts` times in all and within READ_BUDGET_SECONDS, while it raises a
    RetryLater that is worth it; the last error is raised."""
    try:
        return await once()
    except RetryLater as error:
        # Only now: most reads need no second try, and tenacity's machinery costs as much as a call.
        failed = [error]

    async def again() -> T:
        if failed:
            raise failed.pop()
        return await once()

    retrying = AsyncRetrying(
        stop=stop_any(stop_after_attempt(attempts), stop_before_delay(READ_BUDGET_SECONDS)),
        wait=_pause,
        retry=retry_if_exception(is_worth_repeating),
        sleep=sleep,
        reraise=True,
    )
    return await retrying(again)


def is_worth_repeating(error: BaseException) -> bool:
    """True for a RetryLater whose wait is short enough to sit out here."""
    return isinstance(error, RetryLater) and (error.after_seconds or 0.0) <= LONGEST_WAIT_SECONDS


def _pause(state: RetryCallState) -> float:
    """Seconds before the next try: none where the limiter holds everybody back for as long as Graph asked, so that
    the call is in the queue, by its urgency, when that ends; else Graph's wish, or growing and random."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, RetryLater) and error.after_seconds is not None:
        return 0.0 if error.status in (THROTTLED, UNAVAILABLE) else error.after_seconds
    return wait_random_exponential(multiplier=0.5, max=LONGEST_WAIT_SECONDS)(state)
