"""The outbox: what has been promised to the outside and not yet delivered. One row per event and handler."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, bindparam, func, insert, or_, select, update

from store.tables import outbox

LEAST_URGENT = 2
LONGEST_DELIVERY = timedelta(seconds=90)
"""The longest that one delivery may take, waiting for its turn at Graph included: whoever began something so long ago
does not go on with it."""
LEASE = timedelta(minutes=2)
"""How long a claimed row belongs to one worker; longer than any delivery may take."""

_IS_FREE = (
    outbox.c.state == "PENDING",
    outbox.c.due_at <= bindparam("now"),
    or_(outbox.c.claimed_until.is_(None), outbox.c.claimed_until <= bindparam("now")),
)
_FREE = select(outbox).where(*_IS_FREE).order_by(outbox.c.urgency, outbox.c.outbox_id).with_for_update(skip_locked=True)
_DUE_BESIDES = _FREE.where(outbox.c.handler.not_in(bindparam("besides", expanding=True))).limit(bindparam("most"))
_DUE_OF = _FREE.where(outbox.c.handler.in_(bindparam("of", expanding=True))).limit(bindparam("most"))
_THIS_ONE = _FREE.where(outbox.c.outbox_id == bindparam("this"))
_CHANGE = update(outbox).where(outbox.c.outbox_id == bindparam("this"))
_CHANGE_ALL = update(outbox).where(outbox.c.outbox_id.in_(bindparam("these", expanding=True)))
_CLAIM = _CHANGE_ALL.values(attempts=outbox.c.attempts + 1)
_ADD = insert(outbox).returning(outbox.c.outbox_id)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One row to deliver. `in_doubt` says that an earlier try may have got through; `urgency` 0 comes first."""

    outbox_id: int
    event: str
    handler: str
    payload: Mapping[str, str]
    attempts: int
    in_doubt: bool
    created_at: datetime
    correlation_id: str
    urgency: int


def add(
    connection: Connection,
    event: str,
    handler: str,
    payload: Mapping[str, str],
    now: datetime,
    correlation_id: str,
    urgency: int = LEAST_URGENT,
) -> int:
    """Promises one delivery and returns its id. The most urgent (0) goes first."""
    return add_for(connection, event, (handler,), payload, now, correlation_id, urgency)[0]


def add_for(
    connection: Connection,
    event: str,
    handlers: Collection[str],
    payload: Mapping[str, str],
    now: datetime,
    correlation_id: str,
    urgency: int = LEAST_URGENT,
) -> list[int]:
    """Promises one delivery to each of these handlers and returns their ids."""
    row = {
        "event": event,
        "payload": dict(payload),
        "state": "PENDING",
        "due_at": now,
        "attempts": 0,
        "in_doubt": False,
        "created_at": now,
        "correlation_id": correlation_id,
        "urgency": urgency,
    }
    rows = [{**row, "handler": handler} for handler in handlers]
    return sorted(connection.execute(_ADD, rows).scalars()) if rows else []


def claim(connection: Connection, outbox_id: int, now: datetime) -> Delivery | None:
    """Takes a due row for this worker, or None when it is not due, settled, or another worker has it."""
    rows = connection.execute(_THIS_ONE, {"now": now, "this": outbox_id}).mappings().all()
    return next(iter(_claimed(connection, rows, now)), None)


def claim_due(connection: Connection, now: datetime, limit: int, besides: Collection[str] = ()) -> list[Delivery]:
    """Takes rows that may be delivered now: the most urgent first, of these the oldest. No other worker gets them.

    Those for the handlers in `besides` are left.
    """
    rows = connection.execute(_DUE_BESIDES, {"now": now, "most": limit, "besides": list(besides)}).mappings().all()
    return _claimed(connection, rows, now)


def claim_due_of(connection: Connection, now: datetime, limit: int, handlers: Collection[str]) -> list[Delivery]:
    """The same, of the rows for these handlers alone."""
    rows = connection.execute(_DUE_OF, {"now": now, "most": limit, "of": list(handlers)}).mappings().all()
    return _claimed(connection, rows, now)


def _claimed(connection: Connection, rows: Sequence[RowMapping], now: datetime) -> list[Delivery]:
    if rows:
        taken = [row["outbox_id"] for row in rows]
        connection.execute(_CLAIM, {"these": taken, "claimed_until": now + LEASE})
    return [_delivery(row) for row in rows]


def mark_in_doubt(connection: Connection, outbox_id: int) -> None:
    """Notes, before a send that has no way of being checked, that from here on it may have got through."""
    _change(connection, outbox_id, in_doubt=True)


def mark_not_sent(connection: Connection, outbox_id: int) -> None:
    """Takes the doubt back: what was about to be sent has certainly not got through."""
    _change(connection, outbox_id, in_doubt=False)


def settle(connection: Connection, outbox_ids: Sequence[int], now: datetime) -> None:
    """These deliveries are done."""
    values = {"state": "DONE", "settled_at": now, "claimed_until": None, "last_error": None}
    connection.execute(_CHANGE_ALL, {"these": list(outbox_ids), **values})


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
    """Puts one dead letter, or all of them, back to be delivered; returns their ids. What somebody else has put back
    at the same moment is not put back again."""
    dead = [outbox.c.state == "DEAD"] + ([outbox.c.outbox_id == outbox_id] if outbox_id is not None else [])
    values = {"state": "PENDING", "due_at": now, "settled_at": None, "attempts": 0}
    put_back = update(outbox).where(*dead).values(**values).returning(outbox.c.outbox_id)
    return sorted(connection.execute(put_back).scalars())


def dead_letters(connection: Connection) -> list[RowMapping]:
    """All dead letters, oldest first."""
    query = select(outbox).where(outbox.c.state == "DEAD").order_by(outbox.c.outbox_id)
    return list(connection.execute(query).mappings())


def is_promised(connection: Connection, handler: str, payload: Mapping[str, str]) -> bool:
    """Whether this very delivery waits already, so that a poll need not promise it again."""
    query = select(outbox.c.payload).where(outbox.c.state == "PENDING", outbox.c.handler == handler)
    return any(waits == payload for waits in connection.execute(query).scalars())


def oldest_waiting(connection: Connection) -> datetime | None:
    """When the oldest undelivered row was promised, or None when nothing waits."""
    return connection.execute(select(func.min(outbox.c.created_at)).where(outbox.c.state == "PENDING")).scalar()


def waiting(connection: Connection) -> int:
    """How many rows wait to be delivered."""
    query = select(func.count()).select_from(outbox).where(outbox.c.state == "PENDING")
    return int(connection.execute(query).scalar_one())


def _change(connection: Connection, outbox_id: int, **values: object) -> None:
    connection.execute(_CHANGE, {"this": outbox_id, **values})


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
        row["urgency"],
    )
