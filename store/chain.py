"""A hash chain over an append-only table: each row carries the hash of the one before, and a head says where it ends.

Such a table has the columns number (its key), prev_hash and hash. Its row in `chain_heads` is moved in the transaction
of each append, so that rows cut off at the end are missed too. Whoever may write everything, the heads included, can
still forge a whole chain anew: against that, the newest hash is noted elsewhere (`head`, `stands`).
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table, bindparam, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from store.read_once import keep, once
from store.stored_rows import exact_rows
from store.tables import chain_heads

_MOVE = update(chain_heads).where(chain_heads.c.name == bindparam("chain"))

FIRST_HASH = "0" * 64
"""What the first row carries as the hash of the one before it."""

SINCE = "since"
"""In a column's `info`: the migration that added it. Older rows were hashed without it, so None there is left out."""


class Fault(StrEnum):
    """CHANGED: a row. MISPLACED: rows taken out, put in or swapped. CUT_OFF: newest rows gone. ADDED: rows put after
    them. HEAD: the head itself."""

    CHANGED = "CHANGED"
    MISPLACED = "MISPLACED"
    CUT_OFF = "CUT_OFF"
    ADDED = "ADDED"
    HEAD = "HEAD"


WORDS: Mapping[Fault, str] = {
    Fault.CHANGED: "row {number} is not as it was written",
    Fault.MISPLACED: "row {number} does not follow the one before it: rows were taken out, put in or changed places",
    Fault.CUT_OFF: "rows from {number} on were written and are gone",
    Fault.ADDED: "rows from {number} on were not written by the service",
    Fault.HEAD: "the note of how many rows there are and of the newest hash does not fit row {number}, or is gone",
}


@dataclass(frozen=True, slots=True)
class Break:
    """Where a chain breaks first: the row's number and what is wrong there."""

    number: int
    fault: Fault

    @property
    def words(self) -> str:
        """What was found, as the end of a sentence."""
        return WORDS[self.fault].format(number=self.number)


@dataclass(frozen=True, slots=True)
class Head:
    """How many rows a chain has, and the hash of the newest."""

    rows: int
    hash: str


def append(connection: Connection, table: Table, values: Mapping[str, Any]) -> int:
    """Adds one row with these values and moves the head; gives the row's number. Columns left out are NULL.

    Number and previous hash come from the head, never from the rows that are found there: so rows taken away or put in
    leave a gap that later rows do not heal. The head is read with a transaction's first row, and locked from then on.
    """
    head, last = once(connection, (chain_heads, table), lambda: _locked_head(connection, table))
    number = max(head.rows, last) + 1
    named = (column.name for column in table.c if column.name not in ("number", "hash"))
    content = {name: values.get(name) for name in named} | {"prev_hash": head.hash}
    new_hash = hash_of(table, content)
    connection.execute(insert(table), {**content, "number": number, "hash": new_hash})
    connection.execute(_MOVE, {"chain": table.name, "rows": head.rows + 1, "hash": new_hash})
    keep(connection, (chain_heads, table), (Head(head.rows + 1, new_hash), number))
    return number


def hash_of(table: Table, row: Mapping[str, Any]) -> str:
    """The hash that a row must carry, over all its columns but number and hash. Times are hashed as UTC."""
    told = {
        name: value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
        if name not in ("number", "hash") and not (value is None and SINCE in table.c[name].info)
    }
    text = json.dumps(told, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def head(connection: Connection, table: Table) -> Head:
    """Where the chain ends by its head, to be noted elsewhere."""
    row = connection.execute(_heads(table)).first()
    return Head(row.rows, row.hash) if row else Head(0, FIRST_HASH)


def stands(connection: Connection, table: Table, noted: str) -> bool:
    """Whether a hash that was noted earlier is still one of the chain's."""
    return connection.execute(select(table.c.number).where(table.c.hash == noted)).first() is not None


def first_break(connection: Connection, table: Table) -> Break | None:
    """The first place where rows or head are not as they were written, or None when all are."""
    rows, newest = 0, FIRST_HASH
    for number, row in exact_rows(connection, table):
        rows += 1
        if row is None or row["hash"] != hash_of(table, row):
            return Break(number, Fault.CHANGED)
        if number != rows or row["prev_hash"] != newest:
            return Break(number, Fault.MISPLACED)
        newest = row["hash"]
    return _break_at_the_end(connection, table, Head(rows, newest))


def _break_at_the_end(connection: Connection, table: Table, found: Head) -> Break | None:
    heads = [row for _, row in exact_rows(connection, chain_heads, chain_heads.c.name == table.name)]
    if not heads and found.rows == 0:
        return None
    if not heads or heads[0] is None:
        return Break(found.rows, Fault.HEAD)
    written = heads[0]["rows"]
    if found.rows < written:
        return Break(found.rows + 1, Fault.CUT_OFF)
    if found.rows > written:
        return Break(written + 1, Fault.ADDED)
    return None if heads[0]["hash"] == found.hash else Break(found.rows, Fault.HEAD)


def _locked_head(connection: Connection, table: Table) -> tuple[Head, int]:
    """The head, which nobody else moves until the commit, and the highest number that stands there."""
    query = _lock(table)
    row = connection.execute(query).first()
    if row is None:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        first = dialect.insert(chain_heads).values(name=table.name, rows=0, hash=FIRST_HASH)
        connection.execute(first.on_conflict_do_nothing())
        row = connection.execute(query).one()
    return Head(row.rows, row.hash), row.last


@cache
def _lock(table: Table) -> Any:
    last = func.coalesce(select(func.max(table.c.number)).scalar_subquery(), 0)
    return _heads(table).add_columns(last.label("last")).with_for_update(of=chain_heads)


@cache
def _heads(table: Table) -> Any:
    return select(chain_heads.c.rows, chain_heads.c.hash).where(chain_heads.c.name == table.name)
