"""Short transactions that are wanted at the same moment are made one: what twenty answers bring costs one commit."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

MOST_TOGETHER = 20
"""Pieces of work in one transaction: as many as Graph answers at once. More would keep others waiting for too long."""

T = TypeVar("T")
Work = Callable[[Connection], T]


class Together:
    """Transactions of one database for the coroutines of one event loop."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._boarding: list[Work[Any]] = []
        self._departure: asyncio.Task[list[Any] | None] | None = None

    async def run(self, work: Work[T]) -> T:
        """What `work` gives, once it is committed. Where it raises, nothing of it is kept and the error comes here.

        `work` reads and writes rows and does nothing else: where another piece of the same transaction fails, it is
        undone and run again in one of its own.
        """
        if self._departure is None or self._departure.done() or len(self._boarding) == MOST_TOGETHER:
            self._boarding = []
            self._departure = asyncio.get_running_loop().create_task(self._commit(self._boarding))
        place, departure = len(self._boarding), self._departure
        self._boarding.append(work)
        outcomes = await asyncio.shield(departure)
        if outcomes is None:
            with self._engine.begin() as connection:
                return work(connection)
        outcome: T = outcomes[place]
        return outcome

    async def _commit(self, together: list[Work[Any]]) -> list[Any] | None:
        """Their outcomes in one transaction; None where it had to be undone."""
        try:
            with self._engine.begin() as connection:
                return [work(connection) for work in together]
        except Exception:  # whose error it was shows when each is run by itself, and is raised there
            return None
