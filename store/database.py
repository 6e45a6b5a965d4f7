"""Opens the database by its address and brings its tables up to date with Alembic."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, inspect, text
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import make_url

SCHEMA_VERSION = "0016"
"""The newest of store/migrations/versions; written here so that a start need not import Alembic to compare."""

SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA busy_timeout=15000",
    "PRAGMA foreign_keys=ON",
)


class ImmediateSqlite(SQLiteDialect_pysqlite):
    """SQLite whose transactions take the place of the one writer when they begin, not in the middle.

    As a dialect and not as a listener for each beginning: with a listener SQLAlchemy tells of each statement too.
    """

    driver = "immediate"
    supports_statement_cache = True

    def do_begin(self, dbapi_connection: Any) -> None:
        """Called by SQLAlchemy where a transaction begins."""
        dbapi_connection.execute("BEGIN IMMEDIATE")


class OldSchema(Exception):
    """The database's tables are older or newer than this version of the service."""


def open_database(url: str) -> Engine:
    """An engine for this SQLAlchemy address. SQLite gets write-ahead logging and one writer at a time."""
    address = make_url(url)
    if address.get_backend_name() != "sqlite":
        return create_engine(address, pool_pre_ping=True, hide_parameters=True)
    if address.database and address.database != ":memory:":
        Path(address.database).parent.mkdir(parents=True, exist_ok=True)
    driver = f"sqlite.{ImmediateSqlite.driver}"
    registry.register(driver, __name__, ImmediateSqlite.__name__)
    engine = create_engine(address.set(drivername=driver.replace(".", "+")), hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    return engine


@contextmanager
def opened(url: str) -> Iterator[Engine]:
    """An engine for the length of the block; its connections are closed whatever happens."""
    engine = open_database(url)
    try:
        yield engine
    finally:
        engine.dispose()


def open_at_this_version(url: str) -> Engine:
    """An engine whose tables fit this version of the service. Raises OldSchema, with nothing left open."""
    with ExitStack() as unless_it_fits:
        engine = open_database(url)
        unless_it_fits.callback(engine.dispose)
        check_schema(engine)
        unless_it_fits.pop_all()
    return engine


def migrate(engine: Engine) -> None:
    """Brings the tables to this version. Nothing happens when they are."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def check_schema(engine: Engine) -> None:
    """Raises OldSchema when `tasking migrate` has to be run first."""
    with engine.connect() as connection:
        has_version = inspect(connection).has_table("alembic_version")
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar() if has_version else None
    if found != SCHEMA_VERSION:
        raise OldSchema(
            f"The database is at version {found or 'none'}, the service needs {SCHEMA_VERSION}: run `tasking migrate`."
        )


def _prepare_sqlite(connection: Any, record: object) -> None:
    connection.isolation_level = None
    for pragma in SQLITE_PRAGMAS:
        connection.execute(pragma)
