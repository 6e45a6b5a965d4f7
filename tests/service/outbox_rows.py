"""An outbox on a database of its own, for tests of delivering: promises, what became of them, handlers that fail."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from built_service import new_database
from peakshire import SetClock

from service.event_routes import ROUTES
from service.outbox_worker import OutboxWorker
from store import notebook, outbox
from store.database import open_database
from store.outbox import Delivery
from store.unit_of_work import Store
from tasking.events import Event

HANDLER = "planner.update_boards"


@contextmanager
def store_in(folder: Path) -> Iterator[Store]:
    """A store on a new database, its clock to set."""
    engine = open_database(f"sqlite:///{new_database(folder)}")
    yield Store(engine, SetClock(), ROUTES)
    engine.dispose()


def clock_of(store: Store) -> SetClock:
    assert isinstance(store.clock, SetClock)
    return store.clock


def promise(store: Store, task_id: str = "t-1", handler: str = HANDLER, urgency: int = 2) -> int:
    with store.open() as connection:
        now = store.clock.now()
        return outbox.add(connection, "TaskChanged", handler, {"task_id": task_id}, now, "c-1", urgency)


def row_of(store: Store, outbox_id: int) -> Any:
    with store.open() as connection:
        return connection.execute(outbox.outbox.select().where(outbox.outbox.c.outbox_id == outbox_id)).mappings().one()


def notices(store: Store) -> list[tuple[str, str]]:
    with store.open() as connection:
        return [(row["subject"], row["text"]) for row in notebook.open_notices(connection)]


class Handler:
    """Raises these errors one after another, the last for ever; None is a success. Counts its calls."""

    def __init__(self, *outcomes: Exception | None) -> None:
        self.outcomes = list(outcomes)
        self.calls = 0
        self.in_doubt: list[bool] = []

    async def __call__(self, event: Event, delivery: Delivery) -> None:
        self.calls += 1
        self.in_doubt.append(delivery.in_doubt)
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if outcome is not None:
            raise outcome


def worker_with(store: Store, handler: Any) -> OutboxWorker:
    return OutboxWorker(store, {HANDLER: handler})


def until_settled(store: Store, worker: OutboxWorker, row: int, most: int = 60) -> Any:
    """Lets the hours pass until the row waits no more, or has been tried so often."""
    for _ in range(most):
        asyncio.run(worker.deliver(row))
        if row_of(store, row)["state"] != "PENDING":
            break
        clock_of(store).advance(timedelta(hours=1))
    return row_of(store, row)
