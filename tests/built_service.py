"""The whole service for tests: built from settings on a migrated SQLite file of its own, its clock to set."""

import asyncio
import functools
import logging
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from peakshire import SetClock

import function_app
from service import running
from service.laptop_host import LaptopHost
from service.settings import Settings
from service.wiring import Service, build_service
from store.database import migrate, open_database

PROJECT = Path(__file__).parent.parent
KEY = "the-key-of-this-test"


@functools.cache
def _empty_tables() -> bytes:
    """A migrated database file; migrating anew for every test would take most of the time."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        engine = open_database(f"sqlite:///{path}")
        migrate(engine)
        engine.dispose()
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
        connection.close()
        return path.read_bytes()


def new_database(folder: Path) -> Path:
    """A migrated, empty database in the folder."""
    path = folder / "tasking.db"
    path.write_bytes(_empty_tables())
    return path


def environment(folder: Path, **variables: str) -> dict[str, str]:
    """What the environment says: the shipped config, a database in the folder, and these variables."""
    return {
        "TASKING_DATABASE_URL": f"sqlite:///{folder / 'tasking.db'}",
        "TASKING_CONFIG_DIR": str(PROJECT / "config"),
        "TASKING_SETTLE_SECONDS": "0",
        **variables,
    }


@contextmanager
def built_service(folder: Path, **variables: str) -> Iterator[Service]:
    """The service of this process while the block runs, on a new database, its clock at a set time."""
    new_database(folder)
    service = build_service(Settings.read(environment(folder, **variables)), SetClock())
    running.use(service)
    try:
        yield service
    finally:
        running.use(None)
        asyncio.run(service.aclose())


def clock_of(service: Service) -> SetClock:
    """The clock that a test may move."""
    assert isinstance(service.store.clock, SetClock)
    return service.store.clock


@contextmanager
def root_logger_restored() -> Iterator[logging.Logger]:
    """The root logger without handlers; afterwards it, and the service's loggers, are as they were."""
    root = logging.getLogger()
    names = ("service", "functions", "web", "forms_ingest", "planner_sync", "escalation", "store", "graph_client")
    levels = {name: logging.getLogger(name).level for name in names}
    handlers, level = list(root.handlers), root.level
    root.handlers[:] = []
    try:
        yield root
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        for name, before in levels.items():
            logging.getLogger(name).setLevel(before)


class Doors:
    """The HTTP doors as the laptop host serves them, one request at a time."""

    def __init__(self, service: Service, key: str = KEY) -> None:
        self._application = LaptopHost(service, function_app.app, key).application

    def send(self, method: str, path: str, headers: Mapping[str, str] | None = None, **more: Any) -> httpx.Response:
        """One request with the function key, or with just these headers; the answer, whatever it is."""

        async def sending() -> httpx.Response:
            through = httpx.ASGITransport(app=self._application)
            async with httpx.AsyncClient(transport=through, base_url="http://doors") as client:
                given = {"x-functions-key": KEY} if headers is None else dict(headers)
                return await client.request(method, path, headers=given, **more)

        return asyncio.run(sending())
