"""An audit log from before kinds and heads: its rows are whole after the migration, and what goes then is missed."""

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, text
from tampering import without_guards

import store
from store import audit_log, chain
from store.database import migrate, opened
from store.tables import audit_log as rows
from tests.peakshire import MORNING


def move(engine: Engine, step: Callable[[Config, str], None], version: str) -> None:
    """Brings a database forward or back to a version."""
    config = Config()
    config.set_main_option("script_location", str(Path(store.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        step(config, version)


def written_by_the_old_version(connection: Connection) -> None:
    """Three rows, hashed as version 0002 hashed them."""
    previous = "0" * 64
    for number in range(3):
        row = {
            "at": MORNING.isoformat(),
            "actor": "ann",
            "source": "forms",
            "action": "changed",
            "object_ref": "T-1001",
            "changes": {"progress": [number, "é"]},
            "correlation_id": "c-1",
            "prev_hash": previous,
        }
        previous = hashlib.sha256(json.dumps(row, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
        columns = ("at", "actor", "source", "action", "object_ref", "changes", "correlation_id", "prev_hash", "hash")
        stored = row | {"at": "2026-11-02 08:30:00.000000", "changes": json.dumps(row["changes"]), "hash": previous}
        names, values = ", ".join(columns), ", ".join(f":{name}" for name in columns)
        connection.execute(text(f"INSERT INTO audit_log ({names}) VALUES ({values})"), stored)


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Engine]:
    """A database of version 0002 with three rows in its audit log, brought to this version."""
    with opened(f"sqlite:///{tmp_path}/tasking.db") as engine:
        move(engine, command.upgrade, "0002")
        with engine.begin() as connection:
            written_by_the_old_version(connection)
        migrate(engine)
        yield engine


def test_old_rows_are_whole_after_the_migration_and_new_ones_follow_them(old: Engine) -> None:
    with old.begin() as connection:
        assert chain.first_break(connection, rows) is None
        assert chain.head(connection, rows).rows == 3
        audit_log.consulted(connection, MORNING, "ann", "page", "T-1001", "c-2")
        assert chain.first_break(connection, rows) is None
        assert chain.head(connection, rows).rows == 4


@pytest.mark.parametrize("column", ["kind", "on_behalf_of", "recipient"])
def test_an_old_row_cannot_be_given_what_it_never_had(old: Engine, column: str) -> None:
    with old.begin() as connection:
        without_guards(connection, rows)
        connection.execute(text(f"UPDATE audit_log SET {column} = 'COLLECTION' WHERE number = 2"))
        assert audit_log.first_broken_row(connection) == 2


def test_old_rows_that_are_cut_off_after_the_migration_are_missed(old: Engine) -> None:
    with old.begin() as connection:
        without_guards(connection, rows)
        connection.execute(text("DELETE FROM audit_log WHERE number = 3"))
        assert audit_log.first_broken_row(connection) == 3


def test_the_way_back_keeps_old_rows_and_takes_the_guards_off(old: Engine) -> None:
    move(old, command.downgrade, "0002")
    with old.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM audit_log")).scalar() == 3
        assert connection.execute(text("SELECT count(*) FROM sqlite_master WHERE type = 'trigger'")).scalar() == 0
    migrate(old)
    with old.begin() as connection:
        assert chain.first_break(connection, rows) is None
