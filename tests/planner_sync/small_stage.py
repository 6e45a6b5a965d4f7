"""Sets the small force up: its config, its tenant and its database, provisioned once and put back for each test."""

import copy
import shutil
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml
from sqlalchemy import Engine, event

from graph_client.client import GraphClient
from service import wiring
from service.clock import MovableClock
from service.provision import Provision
from service.settings import Settings
from service.wiring import Service, build_service
from store.database import migrate, open_database
from tests.emulator_server import RunningEmulator
from tests.planner_sync.small_force import PEOPLE, SETTLE_SECONDS, UNITS, SmallForce

CONFIG = Path(__file__).parents[2] / "config"


@dataclass(frozen=True, slots=True)
class Stage:
    """What provisioning left behind, to be put back before each test."""

    config_dir: Path
    config: Mapping[str, Any]
    """What the service read from `config_dir`, by the name of the function that read it."""
    database: bytes
    tenant_parts: Mapping[str, Any]
    user_ids: Mapping[str, str]


def write_config(folder: Path, **rules: object) -> Path:
    """The shipped config cut down to the force, one division and two sections; `rules` go into its `force` part, but
    `restricted_board` stands for itself, and `level_labels` keeps those labels: without them the force has none.
    """
    shutil.copytree(CONFIG, folder, ignore=shutil.ignore_patterns("demo"))
    force = yaml.safe_load((folder / "force.yaml").read_text("utf-8"))
    apart = rules.pop("restricted_board", None)
    if not rules.pop("level_labels", False):
        force["labels"] = [each for each in force["labels"] if not each["code"].startswith("LEVEL_")]
    force["force"] |= rules
    force.pop("restricted_board", None)
    force |= {"restricted_board": apart} if apart else {}
    force["units"] = [each for each in force["units"] if each["code"] in UNITS]
    force["boards"] = [each for each in force["boards"] if each["unit"] in UNITS]
    force["meetings"] = [each for each in force["meetings"] if each["unit"] in UNITS]
    (folder / "force.yaml").write_text(yaml.safe_dump(force, sort_keys=False, allow_unicode=True), "utf-8")
    return folder


def environment(emulator: RunningEmulator, config_dir: Path, database: Path) -> dict[str, str]:
    """The settings of a service on this emulator."""
    return {
        "TASKING_DATABASE_URL": f"sqlite:///{database}",
        "TASKING_GRAPH_BASE_URL": emulator.graph_url,
        "TASKING_CONFIG_DIR": str(config_dir),
        "TASKING_SETTLE_SECONDS": str(SETTLE_SECONDS),
        "IDENTITY_ENDPOINT": emulator.identity_endpoint,
        "IDENTITY_HEADER": emulator.identity_header,
    }


async def provision_stage(emulator: RunningEmulator, folder: Path) -> Stage:
    """Provisions the small force on an empty tenant and keeps what came of it."""
    emulator.tenant.reset()
    config_dir, database = write_config(folder / "config"), folder / "stage.db"
    engine = open_database(f"sqlite:///{database}")
    migrate(engine)
    engine.dispose()
    service = build_service(Settings.read(environment(emulator, config_dir, database)), MovableClock())
    steps = await Provision(service, lambda step: None).run()
    assert {step.outcome for step in steps} == {"made"}, steps
    boards = service.force.boards
    config = {
        "load_force": (service.force, service.intake),
        "load_forms": service.forms,
        "load_policy": service.policy,
    }
    await service.aclose()
    seed = [{"upn": f"{name}@peakshire.example", "display_name": name.title()} for name in PEOPLE]
    users = emulator.control("seed", {"people": seed})["users"]
    for name, units in PEOPLE.items():
        for unit in units:
            order = {"group": boards[unit].group_nickname, "upns": [f"{name}@peakshire.example"]}
            emulator.control("members", order)
    tenant = emulator.tenant
    parts = copy.deepcopy({"planner": tenant.planner, "directory": tenant.directory, "teams": tenant.teams})
    user_ids = {name: users[f"{name}@peakshire.example"] for name in PEOPLE}
    return Stage(config_dir, config, database.read_bytes(), parts, user_ids)


@asynccontextmanager
async def small_force_at_work(
    emulator: RunningEmulator, stage: Stage, folder: Path, **rules: object
) -> AsyncIterator[SmallForce]:
    """The service on the provisioned boards, all empty. Reads that have to wait do not really sleep."""
    emulator.tenant.reset()
    for name, part in copy.deepcopy(dict(stage.tenant_parts)).items():
        setattr(emulator.tenant, name, part)
    clock = MovableClock()
    with ExitStack() as quick:
        if not rules:
            for name, loaded in stage.config.items():
                quick.enter_context(patch.object(wiring, name, lambda *given, loaded=loaded: loaded))
        service = build_service(Settings.read(_laid_out(emulator, stage, folder, rules)), clock)
    _never_wait(service.graph)
    _never_sync(service.store.engine)
    force = SmallForce(service, clock, emulator, stage.user_ids)
    try:
        # Nothing here speaks TLS, and reading all the world's certificates takes longer than most of these tests.
        with patch.object(
            ssl, "create_default_context", lambda *given, **more: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        ):
            yield force
    finally:
        for person in force.people.values():
            person.close()
        await service.aclose()


def another_service(force: SmallForce) -> Service:
    """A further service on the same database, boards and clock: after a restart, or a second worker beside the first.

    Whoever asks for it closes it, in the event loop that it was used in. `force` stays as it is.
    """
    first = force.service
    loaded = {"load_force": (first.force, first.intake), "load_forms": first.forms, "load_policy": first.policy}
    with ExitStack() as quick:
        for name, given in loaded.items():
            quick.enter_context(patch.object(wiring, name, lambda *_, given=given: given))
        service = build_service(first.settings, force.clock)
    _never_wait(service.graph)
    _never_sync(service.store.engine)
    return service


def _laid_out(emulator: RunningEmulator, stage: Stage, folder: Path, rules: Mapping[str, object]) -> dict[str, str]:
    folder.mkdir(parents=True, exist_ok=True)
    database = folder / "tasking.db"
    for left_over in folder.glob("tasking.db*"):
        left_over.unlink()
    database.write_bytes(stage.database)
    config_dir = write_config(folder / "config", **rules) if rules else stage.config_dir
    return environment(emulator, config_dir, database)


def _never_wait(graph: GraphClient) -> None:
    async def nap(seconds: float) -> None:
        return None

    graph.transport._sleep = nap
    graph.transport._coalescer._linger_seconds = 0.001


def _never_sync(engine: Engine) -> None:
    """A test's database need not survive a power cut."""
    event.listen(engine, "connect", lambda connection, record: connection.execute("PRAGMA synchronous=OFF"))
    engine.dispose()


def identity_variables(emulator: RunningEmulator) -> Iterable[tuple[str, str]]:
    """What azure-identity reads from the process's own environment."""
    return (("IDENTITY_ENDPOINT", emulator.identity_endpoint), ("IDENTITY_HEADER", emulator.identity_header))
