"""The outbox: what has been promised to the outside and not yet delivered. One row per event and handler."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, or_, select, update

from store.tables import outbox

LEASE = timedelta(minutes=2)
"""How long a claimed row belongs to one worker; longer than any delivery may take."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One row to deliver. `in_doubt` says that an earlier try may have got through."""

    outbox_id: int
    event: str
    handler: str
    payload: Mapping[str, str]
    attempts: int
    in_doubt: bool
    created_at: datetime
    correlation_id: str


def add(
    connection: Connection, event: str, handler: str, payload: Mapping[str, str], now: datetime, correlation_id: str
) -> int:
    """Promises one delivery and returns its id."""
    row = {
        "event": event,
        "handler": handler,
        "payload": dict(payload),
        "state": "PENDING",
        "due_at": now,
        "attempts": 0,
        "in_doubt": False,
        "created_at": now,
        "correlation_id": correlation_id,
    }
    done = connection.execute(insert(outbox).values(**row))
    assert done.inserted_primary_key is not None
    return int(done.inserted_primary_key[0])


def due_ids(connection: Connection, now: datetime, limit: int = 500) -> list[int]:
    """Ids of the rows that may be delivered now, oldest first."""
    query = select(outbox.c.outbox_id).where(*_is_free(now)).order_by(outbox.c.outbox_id).limit(limit)
    return list(connection.execute(query).scalars())


def claim(connection: Connection, outbox_id: int, now: datetime) -> Delivery | None:
    """Takes a due row for this worker, or None when it is not due, settled, or another worker has it."""
    query = select(outbox).where(outbox.c.outbox_id == outbox_id, *_is_free(now)).with_for_update(skip_locked=True)
    row = connection.execute(query).mappings().first()
    if row is None:
        return None
    _change(connection, outbox_id, claimed_until=now + LEASE, attempts=row["attempts"] + 1)
    return _delivery(row)


def mark_in_doubt(connection: Connection, outbox_id: int) -> None:
    """Notes, before a send that has no way of being checked, that from here on it may have got through."""
    _change(connection, outbox_id, in_doubt=True)


def mark_not_sent(connection: Connection, outbox_id: int) -> None:
    """Takes the doubt back: what was about to be sent has certainly not got through."""
    _change(connection, outbox_id, in_doubt=False)


def settle(connection: Connection, outbox_id: int, now: datetime) -> None:
    """The delivery is done."""
    _change(connection, outbox_id, state="DONE", settled_at=now, claimed_until=None, last_error=None)


def try_later(connection: Connection, outbox_id: int, due_at: datetime, error: str, in_doubt: bool) -> None:
    """The delivery failed for now and comes again at `due_at` (UTC). `in_doubt` adds a doubt; it takes none away."""
    doubt = {"in_doubt": True} if in_doubt else {}
    _change(connection, outbox_id, due_at=due_at, claimed_until=None, last_error=error, **doubt)


def dead_letter(connection: Connection, outbox_id: int, now: datetime, error: str) -> bool:
    """The delivery will not succeed by itself: kept for a person, with the reason.

    False, and nothing changed, when it does not wait any more: what is done must not be replayed.
    """
    values = {"state": "DEAD", "settled_at": now, "claimed_until": None, "last_error": error}
    waiting = (outbox.c.outbox_id == outbox_id, outbox.c.state == "PENDING")
    return connection.execute(update(outbox).where(*waiting).values(**values)).rowcount > 0


def replay(connection: Connection, outbox_id: int | None, now: datetime) -> list[int]:
    """Puts one dead letter, or all of them, back to be delivered; returns their ids."""
    dead = [outbox.c.state == "DEAD"] + ([outbox.c.outbox_id == outbox_id] if outbox_id is not None else [])
    ids = list(connection.execute(select(outbox.c.outbox_id).where(*dead).order_by(outbox.c.outbox_id)).scalars())
    values = {"state": "PENDING", "due_at": now, "settled_at": None, "attempts": 0}
    connection.execute(update(outbox).where(outbox.c.outbox_id.in_(ids)).values(**values))
    return ids


def dead_letters(connection: Connection) -> list[RowMapping]:
    """All dead letters, oldest first."""
    query = select(outbox).where(outbox.c.state == "DEAD").order_by(outbox.c.outbox_id)
    return list(connection.execute(query).mappings())


def oldest_waiting(connection: Connection) -> datetime | None:
    """When the oldest undelivered row was promised, or None when nothing waits."""
    return connection.execute(select(func.min(outbox.c.created_at)).where(outbox.c.state == "PENDING")).scalar()


def waiting(connection: Connection) -> int:
    """How many rows wait to be delivered."""
    query = select(func.count()).select_from(outbox).where(outbox.c.state == "PENDING")
    return int(connection.execute(query).scalar_one())


def _is_free(now: datetime) -> tuple[Any, ...]:
    unclaimed = or_(outbox.c.claimed_until.is_(None), outbox.c.claimed_until <= now)
    return (outbox.c.state == "PENDING", outbox.c.due_at <= now, unclaimed)


def _change(connection: Connection, outbox_id: int, **values: object) -> None:
    connection.execute(update(outbox).where(outbox.c.outbox_id == outbox_id).values(**values))


def _delivery(row: RowMapping) -> Delivery:
    return Delivery(
        row["outbox_id"],
        row["event"],
        row["handler"],
        row["payload"],
        row["attempts"],
        row["in_doubt"],
        row["created_at"],
        row["correlation_id"],
    )
