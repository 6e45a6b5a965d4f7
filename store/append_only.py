"""Tables whose rows only ever come: the database itself refuses to change or delete one, whoever asks.

A migration that makes such a table anew, as Alembic's batch mode does on SQLite, has to make its guards again.
"""

from collections.abc import Sequence

from sqlalchemy import DDL, Table, event

_SQLITE = {
    "update": "BEFORE UPDATE ON {table}",
    "delete": "BEFORE DELETE ON {table}",
    # INSERT OR REPLACE deletes without firing the trigger on delete.
    "replace": "BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})",
}
_POSTGRESQL = {
    "change": "BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW",
    "truncate": "BEFORE TRUNCATE ON {table} FOR EACH STATEMENT",
}
_POSTGRESQL_REFUSAL = (
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " RAISE EXCEPTION USING MESSAGE = 'rows of ' || TG_TABLE_NAME || ' are never changed or deleted'; END $$"
)


def guard(table: Table, keys: Sequence[str] = ("number",)) -> None:
    """Gives the table its guards whenever `create_all` makes it. `keys` are its columns that are unique."""
    for dialect in ("sqlite", "postgresql"):
        for statement in guards(table.name, dialect, keys):
            event.listen(table, "after_create", statement.execute_if(dialect=dialect))


def guards(table: str, dialect: str, keys: Sequence[str] = ("number",)) -> tuple[DDL, ...]:
    """What a migration runs once the table is there; nothing for a database that is neither of the two."""
    if dialect == "sqlite":
        same = " OR ".join(f"{key} = NEW.{key}" for key in keys)
        refuse = f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed or deleted'); END"
        return tuple(
            _ddl(f"CREATE TRIGGER {table}_no_{name} {when.format(table=table, same=same)} {refuse}")
            for name, when in _SQLITE.items()
        )
    if dialect == "postgresql":
        triggers = (
            _ddl(f"CREATE TRIGGER {table}_no_{name} {when.format(table=table)} EXECUTE FUNCTION refuse_change()")
            for name, when in _POSTGRESQL.items()
        )
        return (_ddl(_POSTGRESQL_REFUSAL), *triggers)
    return ()


def unguards(table: str, dialect: str) -> tuple[DDL, ...]:
    """What takes the guards away again: for a migration back, and before one that makes the table anew."""
    if dialect == "sqlite":
        return tuple(_ddl(f"DROP TRIGGER {table}_no_{name}") for name in _SQLITE)
    if dialect == "postgresql":
        return tuple(_ddl(f"DROP TRIGGER {table}_no_{name} ON {table}") for name in _POSTGRESQL)
    return ()


def _ddl(statement: str) -> DDL:
    return DDL(statement)  # type: ignore[no-untyped-call]
