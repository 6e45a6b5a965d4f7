"""What somebody with the database in hand does to rows that are never changed: past the guards, byte by byte."""

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

from sqlalchemy import Connection, Table, func, select, text

from store.append_only import unguards

NUMBER_BYTES = 8


def without_guards(connection: Connection, table: Table) -> None:
    """Takes the triggers off, as whoever owns the database can."""
    for statement in unguards(table.name, connection.dialect.name):
        connection.execute(statement)


@contextmanager
def undone(connection: Connection) -> Iterator[None]:
    """Whatever the block does to the rows is taken back at its end."""
    savepoint = connection.begin_nested()
    try:
        yield
    finally:
        savepoint.rollback()


def change_one_byte(connection: Connection, table: Table, random: Random) -> str:
    """Makes one stored byte of one row another byte; says where. A number never becomes that of another row."""
    (key,) = table.primary_key
    keys = list(connection.execute(select(key).order_by(key)).scalars())
    while True:
        row, column = random.choice(keys), random.choice(list(table.c))
        cell = (
            f'SELECT typeof("{column.name}"), CAST("{column.name}" AS BLOB) FROM {table.name} WHERE {key.name} = :key'
        )
        kind, stored = connection.execute(text(cell), {"key": row}).one()
        if kind == "null":
            continue
        new: Any = _other_number(int(stored), random) if kind == "integer" else _other_bytes(stored, random)
        if column is key and new in keys:
            continue
        value = ":new" if kind == "integer" else "CAST(:new AS TEXT)"
        put = f'UPDATE {table.name} SET "{column.name}" = {value} WHERE {key.name} = :key'
        connection.execute(text(put), {"new": new, "key": row})
        return f"{column.name} of {row}: {stored!r} became {new!r}"


def _other_bytes(stored: bytes, random: Random) -> bytes:
    place = random.randrange(len(stored))
    return stored[:place] + bytes([_other(stored[place], random)]) + stored[place + 1 :]


def _other_number(number: int, random: Random) -> int:
    return int.from_bytes(_other_bytes(number.to_bytes(NUMBER_BYTES, "big", signed=True), random), "big", signed=True)


def _other(byte: int, random: Random) -> int:
    return (byte + random.randrange(1, 256)) % 256


def swap(connection: Connection, table: Table, one: int, other: int) -> None:
    """Two rows change places."""
    for number, to in ((one, -1), (other, one), (-1, other)):
        connection.execute(table.update().where(table.c.number == number).values(number=to))


def last_number(connection: Connection, table: Table) -> int:
    """The number of the newest row."""
    return int(connection.execute(select(func.max(table.c.number))).scalar_one())
