"""Rows read so that a change of any stored byte shows, also one that would be read as the same value.

A blank in JSON or a T in a time means the same to whoever reads it; it is not what the service had written.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlalchemy import JSON, Column, ColumnElement, Connection, Dialect, LargeBinary, Table, Text, cast, func, select

SQLITE_STORES_AS: Mapping[type, str] = {int: "integer", bool: "integer"}
"""How SQLite keeps a value of this type; everything else that chained tables have is text."""

AT_A_TIME = 500

Values = Mapping[str, Any]


class NotAsWritten(Exception):
    """What is stored is not what the service stores for any value."""


def exact_rows(
    connection: Connection, table: Table, *conditions: ColumnElement[bool]
) -> Iterator[tuple[Any, Values | None]]:
    """Primary key and values of each row, in the key's order; None for the values of one not stored as it was written.

    The key has one column.
    """
    read = _as_bytes if connection.dialect.name == "sqlite" else _as_values
    yield from read(connection, table, conditions)


def _as_bytes(
    connection: Connection, table: Table, conditions: tuple[ColumnElement[bool], ...]
) -> Iterator[tuple[Any, Values | None]]:
    """SQLite keeps any bytes in any column, so each is fetched as bytes with the name of its type."""
    (key,) = table.primary_key
    columns = list(table.c)
    cells = [cell for column in columns for cell in (func.typeof(column), cast(column, LargeBinary))]
    readers = [(column.name, _reader(column, connection.dialect)) for column in columns]
    query = select(key, *cells).where(*conditions).order_by(key).execution_options(yield_per=AT_A_TIME)
    for found, *pairs in connection.execute(query):
        try:
            values = {
                name: read(kind, stored)
                for (name, read), kind, stored in zip(readers, pairs[::2], pairs[1::2], strict=True)
            }
        except (NotAsWritten, ValueError, RecursionError):
            yield found, None
        else:
            yield found, values


def _reader(column: Column[Any], dialect: Dialect) -> Callable[[str, bytes | None], Any]:
    """Turns stored bytes into the column's value. Raises NotAsWritten, or ValueError where they are no value at all."""
    kind = SQLITE_STORES_AS.get(column.type.python_type, "text")
    here = column.type.dialect_impl(dialect)
    to_value, to_stored = here.result_processor(dialect, None), here.bind_processor(dialect)

    def read(found: str, stored: bytes | None) -> Any:
        if stored is None and column.nullable:
            return None
        if stored is None or found != kind:
            raise NotAsWritten
        plain = int(stored) if kind == "integer" else stored.decode()
        value = to_value(plain) if to_value else plain
        if (to_stored(value) if to_stored else value) != plain:
            raise NotAsWritten
        return value

    return read


def _as_values(
    connection: Connection, table: Table, conditions: tuple[ColumnElement[bool], ...]
) -> Iterator[tuple[Any, Values | None]]:
    """Other databases take only values of a column's type; JSON alone keeps blanks and order as they were written."""
    (key,) = table.primary_key
    documents = [column for column in table.c if isinstance(column.type, JSON)]
    texts = [cast(column, Text) for column in documents]
    query = select(*table.c, *texts).where(*conditions).order_by(key).execution_options(yield_per=AT_A_TIME)
    for row in connection.execute(query):
        values = dict(zip(table.c.keys(), row, strict=False))
        written = [json.dumps(values[column.name]) for column in documents]
        as_written = written == list(row[len(values) :])
        yield values[key.name], values if as_written else None
