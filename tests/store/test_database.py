"""Migrations make exactly the tables that the code expects, and a database of another version is refused by name."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, select, text
from sqlalchemy.exc import StatementError

import store
from store.database import SCHEMA_VERSION, OldSchema, check_schema, migrate, open_database
from store.schema import metadata
from store.tables import cursors


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A database file that does not exist yet, in a folder that does not either."""
    opened = open_database(f"sqlite:///{tmp_path}/a/new/folder/tasking.db")
    yield opened
    opened.dispose()


def downgrade(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(store.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")


def test_migrating_from_nothing_makes_the_tables_that_the_code_has(engine: Engine) -> None:
    migrate(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    assert set(inspect(engine).get_table_names()) == {*metadata.tables, "alembic_version"}


def test_unique_keys_of_the_migrated_tables_are_those_of_the_code(engine: Engine) -> None:
    migrate(engine)
    for table in metadata.sorted_tables:
        wanted = {frozenset(each.columns.keys()) for each in table.constraints if "Unique" in type(each).__name__}
        found = {frozenset(each["column_names"]) for each in inspect(engine).get_unique_constraints(table.name)}
        assert found == wanted, table.name


def test_migrating_twice_changes_nothing_and_keeps_what_is_there(engine: Engine) -> None:
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(cursors.insert().values(name="n", value="v", moved_at=datetime.now(UTC)))
    migrate(engine)
    check_schema(engine)
    with engine.connect() as connection:
        assert connection.execute(select(cursors.c.value)).scalars().all() == ["v"]


def test_migrating_back_to_nothing_leaves_no_table_and_forward_again_works(engine: Engine) -> None:
    migrate(engine)
    downgrade(engine)
    assert inspect(engine).get_table_names() == ["alembic_version"]
    migrate(engine)
    check_schema(engine)


def test_a_database_that_was_never_migrated_is_refused_with_what_to_do(engine: Engine) -> None:
    with pytest.raises(OldSchema, match=f"version none, the service needs {SCHEMA_VERSION}: run `tasking migrate`"):
        check_schema(engine)


def test_a_database_of_another_version_is_refused_by_its_version(engine: Engine) -> None:
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0999'"))
    with pytest.raises(OldSchema, match="0999"):
        check_schema(engine)


def test_sqlite_waits_for_other_writers_and_survives_a_power_cut(engine: Engine) -> None:
    with engine.connect() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        }
    assert settings == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 15000, "foreign_keys": 1}


def test_a_time_without_a_zone_is_refused_before_it_is_stored(engine: Engine) -> None:
    migrate(engine)
    naive = datetime.now(UTC).replace(tzinfo=None)
    with pytest.raises(StatementError, match="without a time zone"), engine.begin() as connection:
        connection.execute(cursors.insert().values(name="n", value="v", moved_at=naive))
    with engine.begin() as connection:
        assert connection.execute(select(cursors)).all() == []


def test_a_time_of_another_zone_is_stored_and_compared_as_the_same_moment(engine: Engine) -> None:
    migrate(engine)
    summer = datetime(2027, 7, 1, 9, 30, 0, 5, tzinfo=timezone(timedelta(hours=1)))
    with engine.begin() as connection:
        connection.execute(cursors.insert().values(name="n", value="v", moved_at=summer))
        read = connection.execute(select(cursors.c.moved_at)).scalar_one()
        assert (read, read.tzinfo) == (summer, UTC)
        in_utc = summer.astimezone(UTC)
        assert connection.execute(select(cursors).where(cursors.c.moved_at <= in_utc)).all()
        assert not connection.execute(select(cursors).where(cursors.c.moved_at < in_utc)).all()
