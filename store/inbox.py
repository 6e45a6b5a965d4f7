"""The inbox: every response that reached us, once, as it came, with what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from store.tables import arrivals, held_items, inbox, stop_counts

_READ = select(inbox).where(inbox.c.inbox_id == bindparam("this"))
_READ_TO_SETTLE = _READ.with_for_update()
_FIND = select(inbox).where(inbox.c.form == bindparam("of_form"), inbox.c.response_id == bindparam("of_response"))
_ADD = insert(inbox)
_FINISH = update(inbox).where(inbox.c.inbox_id == bindparam("this"))
_KNOWN_ARRIVAL = select(arrivals.c.arrival_id).where(
    arrivals.c.inbox_id == bindparam("of_row"),
    arrivals.c.door == bindparam("by_door"),
    arrivals.c.item == bindparam("as_item"),
)
_ADD_ARRIVAL = insert(arrivals)


class InboxState(StrEnum):
    """RECEIVED: not yet taken. DONE: it had its effect. REJECTED: nothing could be made of it. STOPPED: not kept."""

    RECEIVED = "RECEIVED"
    DONE = "DONE"
    REJECTED = "REJECTED"
    STOPPED = "STOPPED"


@dataclass(frozen=True, slots=True)
class InboxRow:
    """One response. `encoding` says in which of Forms' two formats the answers are. Times are UTC.

    `reasons` say why it was rejected, or what of it was not clear and stands on its task, which is in Triage.
    """

    inbox_id: int
    form: str
    response_id: str
    reference: str
    state: InboxState
    encoding: str
    answers: Mapping[str, Any] | None
    responder: str | None
    submitted_at: datetime | None
    received_at: datetime
    reasons: tuple[str, ...]
    task_id: str | None
    correlation_id: str


def find(connection: Connection, form: str, response_id: str) -> InboxRow | None:
    """The row of this response, or None while it has not arrived."""
    row = connection.execute(_FIND, {"of_form": form, "of_response": response_id}).mappings().first()
    return _row(row) if row else None


def read(connection: Connection, inbox_id: int) -> InboxRow:
    """The row with this id."""
    return _row(connection.execute(_READ, {"this": inbox_id}).mappings().one())


def read_to_settle(connection: Connection, inbox_id: int) -> InboxRow:
    """The same, and nobody else can settle it until this transaction ends: a door and a worker may both want to."""
    return _row(connection.execute(_READ_TO_SETTLE, {"this": inbox_id}).mappings().one())


def add(connection: Connection, **values: object) -> InboxRow:
    """Keeps a new response."""
    done = connection.execute(_ADD, {"reasons": [], **values})
    assert done.inserted_primary_key is not None
    return read(connection, int(done.inserted_primary_key[0]))


def finish(
    connection: Connection, inbox_id: int, state: InboxState, reasons: Sequence[str] = (), task_id: str | None = None
) -> None:
    """Notes what became of a response."""
    values = {"state": state, "reasons": list(reasons), "task_id": task_id}
    connection.execute(_FINISH, {"this": inbox_id, **values})


def note_arrival(connection: Connection, inbox_id: int, door: str, item: str, now: datetime) -> bool:
    """Notes that the response came by this door. False when this very item had been noted before."""
    this = {"of_row": inbox_id, "by_door": door, "as_item": item}
    if connection.execute(_KNOWN_ARRIVAL, this).first() is not None:
        return False
    connection.execute(_ADD_ARRIVAL, {"inbox_id": inbox_id, "door": door, "item": item, "arrived_at": now})
    return True


def ids_received(connection: Connection) -> list[int]:
    """Rows that nothing has been made of yet, oldest first."""
    query = select(inbox.c.inbox_id).where(inbox.c.state == InboxState.RECEIVED).order_by(inbox.c.inbox_id)
    return list(connection.execute(query).scalars())


def count_stop(connection: Connection, day: str, reply_code: str) -> None:
    """Counts one stopped response of that day; nothing else of it is kept."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    query = dialect.insert(stop_counts).values(day=day, reply_code=reply_code, times=1)
    connection.execute(
        query.on_conflict_do_update(
            index_elements=[stop_counts.c.day, stop_counts.c.reply_code], set_={"times": stop_counts.c.times + 1}
        )
    )


def hold(connection: Connection, door: str, item: str, reason: str, content: object, now: datetime) -> bool:
    """Keeps an item that cannot be made a response, with the reason. False when it is held already.

    An item that was released and cannot be understood again is held again.
    """
    this = (held_items.c.door == door, held_items.c.item == item)
    known = connection.execute(select(held_items.c.settled_at).where(*this)).first()
    if known is not None and known.settled_at is None:
        return False
    values = {"reason": reason, "content": content, "held_at": now, "settled_at": None}
    if known is not None:
        connection.execute(update(held_items).where(*this).values(**values))
    else:
        connection.execute(insert(held_items).values(door=door, item=item, **values))
    return True


def release(connection: Connection, door: str, item: str, now: datetime) -> None:
    """An item that was held has been understood after all."""
    query = update(held_items).where(
        held_items.c.door == door, held_items.c.item == item, held_items.c.settled_at.is_(None)
    )
    connection.execute(query.values(settled_at=now))


def held(connection: Connection) -> list[RowMapping]:
    """Items still held, oldest first."""
    query = select(held_items).where(held_items.c.settled_at.is_(None)).order_by(held_items.c.held_id)
    return list(connection.execute(query).mappings())


def rejected(connection: Connection) -> list[InboxRow]:
    """Responses that nothing could be made of, oldest first."""
    query = select(inbox).where(inbox.c.state == InboxState.REJECTED).order_by(inbox.c.inbox_id)
    return [_row(row) for row in connection.execute(query).mappings()]


def counts(connection: Connection) -> dict[str, int]:
    """How many responses are in each state, how many arrivals there were, and how many were stopped."""
    states = connection.execute(select(inbox.c.state, func.count()).group_by(inbox.c.state)).all()
    found = {str(state): int(number) for state, number in states}
    found["arrivals"] = int(connection.execute(select(func.count()).select_from(arrivals)).scalar_one())
    found["stop_count"] = int(connection.execute(select(func.coalesce(func.sum(stop_counts.c.times), 0))).scalar_one())
    return found


def _row(row: RowMapping) -> InboxRow:
    values = {name: row[name] for name in InboxRow.__dataclass_fields__}
    return InboxRow(**{**values, "state": InboxState(row["state"]), "reasons": tuple(row["reasons"])})
