"""The stage of a bench: a force of as many boards as wanted, provisioned on the emulator, with its own database."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bench.tenant import NO_LIMITS, PROJECT, Tenant, running_tenant
from service.clock import MovableClock
from service.demo.peakshire import form_for_emulator
from service.jobs import JOBS, run
from service.provision import Provision
from service.settings import Settings
from service.wiring import Service, build_service
from store import notebook
from store.database import migrate, opened

CONFIG = PROJECT / "config"
SHIPPED_BOARDS = 13
UNITS_IN_A_DIVISION = 6
PEOPLE = tuple(f"sgt.{name}@peakshire.example" for name in ("ash", "birch", "cedar", "elm"))
"""Members of every board's group, for what people do on the boards."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A provisioned force. `environment` is what a service of its own needs; `people` maps addresses to user ids."""

    tenant: Tenant
    folder: Path
    environment: Mapping[str, str]
    people: Mapping[str, str]

    @asynccontextmanager
    async def service(self, clock: MovableClock | None = None) -> AsyncIterator[Service]:
        """The service of this process while the block runs."""
        os.environ.update(self.tenant.environment)  # azure-identity reads it there by itself
        service = build_service(Settings.read(self.environment), clock or MovableClock())
        try:
            yield service
        finally:
            await service.aclose()

    def person_token(self) -> str:
        """A delegated token of the first of the people."""
        order = {"user": PEOPLE[0], "scopes": ["Tasks.ReadWrite", "Group.Read.All"]}
        return str(self.tenant.control("tokens", order)["access_token"])


def set_up(tenant: Tenant, folder: Path, boards: int = SHIPPED_BOARDS, **settings: str) -> Stage:
    """Writes the config, migrates a database, provisions, opens webhooks and forms, and seats people."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = {
        **tenant.environment,
        "TASKING_DATABASE_URL": f"sqlite:///{folder / 'tasking.db'}",
        "TASKING_CONFIG_DIR": str(write_config(folder / "config", boards)),
        "TASKING_LOG_LEVEL": "ERROR",
        **settings,
    }
    with opened(environment["TASKING_DATABASE_URL"]) as engine:
        migrate(engine)
    bare = Stage(tenant, folder, environment, {})
    webhooks = asyncio.run(_provision(bare))
    people = tenant.control("seed", {"people": [{"upn": upn, "display_name": "A Sergeant"} for upn in PEOPLE]})["users"]
    for board in yaml.safe_load((folder / "config" / "force.yaml").read_text("utf-8"))["boards"]:
        tenant.control("members", {"group": board["group_nickname"], "upns": list(PEOPLE)})
    return Stage(tenant, folder, environment | webhooks, people)


@contextmanager
def staged(boards: int = SHIPPED_BOARDS) -> Iterator[Stage]:
    """A force on an emulator of its own, in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, running_tenant(Path(folder), NO_LIMITS) as tenant:
        yield set_up(tenant, Path(folder) / "stage", boards, TASKING_SETTLE_SECONDS="1")


def write_config(folder: Path, boards: int) -> Path:
    """The shipped config with no board but units'; for any other number, a force of as many units in three levels."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(CONFIG, folder)
    force = yaml.safe_load((folder / "force.yaml").read_text("utf-8"))
    del force["restricted_board"]
    if boards != SHIPPED_BOARDS:
        force["units"] = list(_units(boards))
        names = {unit["code"]: unit["name"] for unit in force["units"]}
        force["meetings"] = [_meeting(code, name) for code, name in names.items()]
        force["boards"] = [_board(code, name) for code, name in names.items()]
        force.pop("authority", None)  # its roles sit in meetings that are not there any more
        for pillar in force["pillars"]:
            pillar.pop("meeting", None)
    text = yaml.safe_dump(force, sort_keys=False, allow_unicode=True)
    (folder / "force.yaml").write_text(text, "utf-8")
    return folder


async def run_job(service: Service, name: str) -> int:
    """Runs one job of the clock. Raises RuntimeError with the trouble when it cannot do its work."""
    job = next(each for each in JOBS if each.name == name)
    done = await run(service, job)
    if done is None:
        with service.store.open() as connection:
            troubles = [str(notice["text"]) for notice in notebook.open_notices(connection)]
        raise RuntimeError(f"The job {name} could not do its work: {' '.join(troubles)}")
    return done


async def _provision(stage: Stage) -> dict[str, str]:
    """Provisions; returns the settings of a webhook for each channel."""
    async with stage.service() as service:
        failed = [step for step in await Provision(service, lambda step: None).run() if step.outcome == "failed"]
        if failed:
            raise RuntimeError(f"Provisioning failed: {failed[0].kind} {failed[0].name}: {failed[0].words}")
        with service.store.open() as connection:
            channels = notebook.provisioned_rows(connection, "channel")
        webhooks = {}
        for code, row in channels.items():
            order = {"name": code, "team_id": row["details"]["team_id"], "channel_id": row["graph_id"]}
            webhooks[f"TASKING_WEBHOOK_{code}"] = stage.tenant.control("workflows", order)["url"]
        for form in service.forms.values():
            stage.tenant.control("forms", form_for_emulator(form, service))
            stage.tenant.control(f"forms/{form.slug}/workbook", {"paused": True})  # not what is measured
    return webhooks


def _units(number: int) -> Iterator[dict[str, Any]]:
    yield {"code": "PKS", "name": "Peakshire", "level": "FORCE"}
    divisions = -(-(number - 1) // (UNITS_IN_A_DIVISION + 1))
    for division in range(divisions):
        yield {"code": f"D{division}", "name": f"Division {division}", "level": "DIVISION", "parent": "PKS"}
    for section in range(number - 1 - divisions):
        parent = f"D{section % divisions}"
        yield {"code": f"S{section}", "name": f"Section {section}", "level": "LPU", "parent": parent}


def _meeting(code: str, name: str) -> dict[str, str]:
    told = {"chair_role": "Duty Inspector", "channel": f"{name} daily"}
    return {"code": f"{code}_DAILY", "name": f"{name} daily", "unit": code, **told}


def _board(code: str, name: str) -> dict[str, str]:
    nickname = "pks-tasking-force" if code == "PKS" else f"pks-tasking-{code.lower()}"
    return {"unit": code, "group_nickname": nickname, "group_name": f"{name} tasking", "plan_title": f"{name} board"}
