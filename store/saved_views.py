"""Saved views as rows. The filter is JSON, read and written by one model that takes no unknown name."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection, delete, insert, select, update

from store.tab_tables import saved_views
from tasking.board_filter import BoardFilter
from tasking.errors import RuleBroken
from tasking.saved_views import SavedView

_FILTER: TypeAdapter[BoardFilter] = TypeAdapter(BoardFilter)
_NAMES = frozenset(each.name for each in fields(BoardFilter))


def filter_from(document: Mapping[str, Any]) -> BoardFilter:
    """The filter that plain JSON values say. Raises RuleBroken for a name or a value that no filter has."""
    if unknown := sorted(document.keys() - _NAMES):
        raise RuleBroken(f"A filter has nothing called {unknown[0][:40]!r}.")
    try:
        return _FILTER.validate_python(document)
    except ValidationError as error:
        where = error.errors()[0]["loc"]
        raise RuleBroken(f"This cannot be filtered by: {where[0] if where else 'it'} has a wrong value.") from error


def filter_document(wanted: BoardFilter) -> dict[str, Any]:
    """The filter as plain JSON values."""
    document: dict[str, Any] = _FILTER.dump_python(wanted, mode="json")
    return document


def of_owner(connection: Connection, owner_id: str) -> tuple[SavedView, ...]:
    """A person's views, by name."""
    query = select(saved_views).where(saved_views.c.owner_id == owner_id).order_by(saved_views.c.name)
    return tuple(
        SavedView(row["view_id"], row["owner_id"], row["name"], filter_from(row["filter"]), row["saved_at"])
        for row in connection.execute(query).mappings()
    )


def put(connection: Connection, view: SavedView) -> None:
    """Keeps a new or changed view."""
    values = {"name": view.name, "filter": filter_document(view.filter), "saved_at": view.saved_at}
    found = saved_views.c.view_id == view.view_id
    if connection.execute(update(saved_views).where(found).values(**values)).rowcount == 0:
        connection.execute(insert(saved_views).values(view_id=view.view_id, owner_id=view.owner_id, **values))


def remove(connection: Connection, view_id: str) -> None:
    """Deletes a view."""
    connection.execute(delete(saved_views).where(saved_views.c.view_id == view_id))
