"""Versions of the control strategy as rows: appended, never changed. The document holds the whole."""

from collections.abc import Iterator

from pydantic import TypeAdapter
from sqlalchemy import Connection, insert, select

from store.read_once import forget, once
from store.tables import control_strategies
from tasking.strategy import ControlStrategy

_STRATEGY: TypeAdapter[ControlStrategy] = TypeAdapter(ControlStrategy)
_ALL = select(control_strategies.c.document).order_by(control_strategies.c.version)


def read_all(connection: Connection) -> tuple[ControlStrategy, ...]:
    """Every version, oldest first."""
    return once(connection, control_strategies, lambda: tuple(_documents(connection)))


def append(connection: Connection, strategy: ControlStrategy) -> None:
    """Appends a version. The database refuses a second one of the same number."""
    row = {
        "version": strategy.version,
        "decision_ref": strategy.decision_ref,
        "document": _STRATEGY.dump_python(strategy, mode="json"),
    }
    connection.execute(insert(control_strategies).values(row))
    forget(connection, control_strategies)


def _documents(connection: Connection) -> Iterator[ControlStrategy]:
    return (_STRATEGY.validate_python(document) for document in connection.execute(_ALL).scalars())
