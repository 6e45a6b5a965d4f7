"""Fixtures of the wiring: the small force's service on the emulator, played in an event loop of its own."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from built_service import environment, new_database
from emulator_server import RunningEmulator
from peakshire import SetClock
from small_force import small_config

from service.provision import Provision, Step
from service.settings import Settings
from service.wiring import Service, build_service

PILLARS = ("TRIAGE", "ROADS", "RURAL")
"""Enough to tell buckets apart, and few enough to make them quickly."""

Scenario = Callable[[Service], Awaitable[Any]]


class Stage:
    """The emulator, a folder with the small force's config and one database, and the service made from them."""

    def __init__(self, emulator: RunningEmulator, folder: Path) -> None:
        self.emulator = emulator
        self.clock = SetClock()
        self.config = small_config(folder)
        self.configure(lambda whole: whole.update(pillars=[e for e in whole["pillars"] if e["code"] in PILLARS]))
        self.database = new_database(folder)
        self.variables = environment(folder, TASKING_CONFIG_DIR=str(self.config)) | {
            "TASKING_GRAPH_BASE_URL": emulator.graph_url,
            "IDENTITY_ENDPOINT": emulator.identity_endpoint,
            "IDENTITY_HEADER": emulator.identity_header,
        }

    def configure(self, change: Callable[[dict[str, Any]], object]) -> None:
        """Changes force.yaml, read as a dictionary."""
        path = self.config / "force.yaml"
        whole = yaml.safe_load(path.read_text("utf-8"))
        change(whole)
        path.write_text(yaml.safe_dump(whole, sort_keys=False, allow_unicode=True), "utf-8")

    def play(self, scenario: Scenario) -> Any:
        """Builds the service, plays the scenario and closes it; the database stays for the next."""

        async def playing() -> Any:
            service = build_service(Settings.read(self.variables), self.clock)
            try:
                return await scenario(service)
            finally:
                await service.aclose()

        return asyncio.run(playing())

    def provision(self, only_look: bool = False, names_back: bool = False) -> list[Step]:
        """`tasking provision`, in process."""
        return self.play(lambda service: Provision(service, lambda step: None, only_look, names_back).run())

    def writes(self, since: int = 0) -> list[str]:
        """Writes to Graph from the nth exchange on, as `METHOD path`."""
        entries = list(self.emulator.tenant.traffic.entries)[since:]
        asked = [(entry["request"]["method"], entry["request"]["url"].partition("/v1.0")[2]) for entry in entries]
        return [f"{method} {path}" for method, path in asked if path and method != "GET"]

    def exchanges(self) -> int:
        """How many exchanges there were so far."""
        return len(self.emulator.tenant.traffic.entries)


@pytest.fixture
def stage(emulator: RunningEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """An empty tenant and a service that has provisioned nothing yet."""
    made = Stage(emulator, tmp_path)
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER"):
        monkeypatch.setenv(name, made.variables[name])
    return made
