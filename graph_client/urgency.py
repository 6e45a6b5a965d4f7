"""How urgent the calls are that a piece of work makes. The level travels with the work into every asyncio task."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

AT_ONCE, SOON, IN_TURN, IN_THE_BACKGROUND = range(4)
"""The levels: what cannot wait, what goes before the rest, the rest, and reads that nobody is waiting for."""

_urgency: ContextVar[int] = ContextVar("urgency of calls to Graph", default=IN_TURN)


@contextmanager
def calls_of_urgency(level: int) -> Iterator[None]:
    """Calls to Graph made inside are of this level, 0 (most urgent) to 3. ValueError for any other number.

    A task that is started inside keeps the level when the block has ended.
    """
    if not AT_ONCE <= level <= IN_THE_BACKGROUND:
        raise ValueError("a level of urgency is a number from 0 to 3")
    before = _urgency.set(level)
    try:
        yield
    finally:
        _urgency.reset(before)


def urgency_of_calls() -> int:
    """The level of calls that are made here."""
    return _urgency.get()
