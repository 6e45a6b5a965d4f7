"""Keeps the Graph traffic of a whole test run as HAR files, one per test process, for the public checker.

    PYTHONPATH=tests EMULATOR_TRAFFIC=/tmp/traffic .venv/bin/python -m pytest -p keep_traffic
    .venv/bin/python ../shared/graph/check_traffic.py --permissions ../shared/graph/permissions.json /tmp/traffic/*.har

Left out are the tests that send on purpose what Graph could not take, since the checker judges what a client sends:
those that use the fixture `malformed`, and the modules of LEFT_OUT, each with its reason. What their answers have to be
they say themselves: a Graph answer below 500. Modules that call handlers in process pass no HTTP, so no traffic.
"""

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from m365_emulator.traffic import Exchange, Traffic

LEFT_OUT = {
    "test_bad_input.py": "it sends any path, verb, body, header and token to every route",
    "test_valid_but_for_one.py": "it sends each write with each property in turn given each odd value",
}


class Keeper:
    """Listens to every tenant's traffic while a test runs that means what it sends."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / f"{os.getpid()}.har"
        self._rows: list[dict[str, Any]] = []
        self._listens = False

    def listen(self) -> None:
        """Have every exchange that any Traffic takes told here too."""
        add = Traffic.add

        def add_and_tell(traffic: Traffic, exchange: Exchange, now: datetime) -> None:
            add(traffic, exchange, now)
            if self._listens and "/v1.0" in exchange.url:
                one = Traffic()
                add(one, exchange, now)
                self._rows.extend(one.entries)

        Traffic.add = add_and_tell  # type: ignore[method-assign]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Listen from here on, unless the test is malformed on purpose."""
        names = getattr(item, "fixturenames", ())
        self._listens = "malformed" not in names and item.path.name not in LEFT_OUT

    def pytest_sessionfinish(self) -> None:
        """Write what was kept."""
        if self._rows:
            log = {"version": "1.2", "creator": {"name": "m365_emulator", "version": "1"}, "entries": self._rows}
            self._file.write_text(json.dumps({"log": log}), encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    """Begin where EMULATOR_TRAFFIC names a folder."""
    if "EMULATOR_TRAFFIC" in os.environ:
        folder = Path(os.environ["EMULATOR_TRAFFIC"])
        folder.mkdir(parents=True, exist_ok=True)
        keeper = Keeper(folder)
        keeper.listen()
        config.pluginmanager.register(keeper, "traffic keeper")
