"""Versions of the control strategy as rows: appended, never changed. The document holds the whole."""

from pydantic import TypeAdapter
from sqlalchemy import Connection, insert, select

from store.tables import control_strategies
from tasking.strategy import ControlStrategy

_STRATEGY: TypeAdapter[ControlStrategy] = TypeAdapter(ControlStrategy)


def read_all(connection: Connection) -> tuple[ControlStrategy, ...]:
    """Every version, oldest first."""
    query = select(control_strategies.c.document).order_by(control_strategies.c.version)
    return tuple(_STRATEGY.validate_python(document) for document in connection.execute(query).scalars())


def append(connection: Connection, strategy: ControlStrategy) -> None:
    """Appends a version. The database refuses a second one of the same number."""
    row = {
        "version": strategy.version,
        "decision_ref": strategy.decision_ref,
        "document": _STRATEGY.dump_python(strategy, mode="json"),
    }
    connection.execute(insert(control_strategies).values(row))
