"""Recommendations and feed items as rows. The document column holds the whole; the others are for queries."""

from collections.abc import Collection
from datetime import date, datetime

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Connection, insert, or_, select, update

from store.tables import intelligence_items
from tasking.intelligence_items import IntelligenceItem, ItemState

_ITEM: TypeAdapter[IntelligenceItem] = TypeAdapter(IntelligenceItem)


def read(connection: Connection, reference: str) -> IntelligenceItem | None:
    """The item with this reference, in any case; None where there is none."""
    return _first(connection, intelligence_items.c.reference == reference.strip().upper())


def read_by_key(connection: Connection, key: str) -> IntelligenceItem | None:
    """The item that its source gave this key; None where there is none."""
    return _first(connection, intelligence_items.c.key == key)


def put(connection: Connection, item: IntelligenceItem) -> None:
    """Keeps a new or answered item."""
    values = {
        "key": item.key,
        "unit": item.unit,
        "state": item.state.value,
        "for_day": item.for_day.isoformat() if item.for_day else "",
        "document": _ITEM.dump_python(item, mode="json"),
    }
    found = intelligence_items.c.reference == item.reference
    if connection.execute(update(intelligence_items).where(found).values(**values)).rowcount == 0:
        connection.execute(insert(intelligence_items).values(reference=item.reference, **values))


def of_states(
    connection: Connection, states: Collection[ItemState], units: Collection[str] = ()
) -> list[IntelligenceItem]:
    """Items in these states, of these units where given, by reference."""
    conditions = [intelligence_items.c.state.in_([state.value for state in states])]
    if units:
        conditions.append(intelligence_items.c.unit.in_(units))
    return _many(connection, *conditions)


def before_meeting(connection: Connection, unit: str, day: date, since: datetime) -> list[IntelligenceItem]:
    """What a meeting of the unit on this London day has to see: what waits, what was answered since then (UTC), and
    what feeds that day."""
    rows = intelligence_items.c
    waits = rows.state != ItemState.FED.value
    feeds = rows.for_day == day.isoformat()
    found = _many(connection, rows.unit == unit, or_(waits, feeds))
    return [item for item in found if item.answered_at is None or item.answered_at >= since]


def _first(connection: Connection, condition: ColumnElement[bool]) -> IntelligenceItem | None:
    return next(iter(_many(connection, condition)), None)


def _many(connection: Connection, *conditions: ColumnElement[bool]) -> list[IntelligenceItem]:
    query = select(intelligence_items.c.document).where(*conditions).order_by(intelligence_items.c.reference)
    return [_ITEM.validate_python(document) for document in connection.execute(query).scalars()]
