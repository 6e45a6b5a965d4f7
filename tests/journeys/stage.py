"""The stage of a journey: a small provisioned force on an emulator, and a way to run the service on it."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import yaml
from emulator_server import RunningEmulator
from small_force import CONFIG, small_config

from service.clock import MovableClock
from service.demo.peakshire import form_for_emulator
from service.jobs import job_named, run
from service.provision import Provision
from service.settings import Settings
from service.wiring import Service, build_service
from store import notebook
from store.database import migrate, open_database

T = TypeVar("T")
ORDER = ("read-intake-list", "read-workbooks", "deliver", "pull-boards", "sweep-escalations", "deliver")
OFFICER = "pc.northfell@peakshire.example"


class Stage:
    """One force on one emulator with one database. `environment` is what a service of its own needs to know."""

    def __init__(self, emulator: RunningEmulator, folder: Path) -> None:
        self.emulator = emulator
        self.environment = {
            "TASKING_DATABASE_URL": f"sqlite:///{folder / 'tasking.db'}",
            "TASKING_CONFIG_DIR": str(small_config(folder)),
            "TASKING_GRAPH_BASE_URL": emulator.graph_url,
            "TASKING_SETTLE_SECONDS": "1",
            "TASKING_LOG_LEVEL": "ERROR",
            "IDENTITY_ENDPOINT": emulator.identity_endpoint,
            "IDENTITY_HEADER": emulator.identity_header,
        }

    def set_up(self) -> None:
        """Migrates, provisions, opens a webhook on every channel, and puts the forms up with a flow into the list."""
        engine = open_database(self.environment["TASKING_DATABASE_URL"])
        migrate(engine)
        engine.dispose()
        self.emulator.control("seed", {"people": [{"upn": OFFICER, "display_name": "An Officer"}]})
        self.do(self._provision)

    def do(self, work: Callable[[Service], Awaitable[T]], ahead: timedelta = timedelta(0)) -> T:
        """Runs something with a service of its own, its clock set ahead."""

        async def inside() -> T:
            async with self.service(ahead) as service:
                return await work(service)

        return asyncio.run(inside())

    def run_all(self, ahead: timedelta = timedelta(0)) -> None:
        """All jobs of the clock once, in the order of the straight path."""
        self.do(all_jobs, ahead)

    @asynccontextmanager
    async def service(self, ahead: timedelta = timedelta(0)) -> Any:
        """A service on this stage."""
        os.environ.update({name: value for name, value in self.environment.items() if name.startswith("IDENTITY_")})
        clock = MovableClock()
        clock.advance(ahead)
        service = build_service(Settings.read(self.environment), clock)
        try:
            yield service
        finally:
            await service.aclose()

    def submit(
        self, answers: Mapping[str, Any], form: str = "raise_task", flow: Mapping[str, Any] | None = None
    ) -> int:
        """A person submits a form; answers by field name. Returns the response's number."""
        if flow is not None:
            self.emulator.control(f"forms/{form}/flow", dict(flow))
        questions = yaml.safe_load((CONFIG / "forms" / f"{form}.yaml").read_text("utf-8"))["questions"]
        keys = {question["field"]: question["key"] for question in questions}
        body = {"responder": OFFICER, "answers": {keys[field]: value for field, value in answers.items()}}
        return int(self.emulator.control(f"forms/{form}/responses", body)["response_id"])

    def planner_tasks(self) -> list[dict[str, Any]]:
        """Every Planner task of the tenant."""
        found: list[dict[str, Any]] = self.emulator.control("planner/tasks", method="GET")["value"]
        return found

    def cards(self) -> list[dict[str, Any]]:
        """Every card in every channel, oldest first."""
        flows = self.emulator.control("workflows", method="GET")
        posts = [
            post for flow in flows for post in self.emulator.control(f"workflows/{flow['id']}/posts", method="GET")
        ]
        return sorted(posts, key=lambda post: str(post["accepted_at"]))

    def escalated_cards(self) -> list[dict[str, Any]]:
        """Those that ask a higher level, and not the ones that tell a unit of what is proposed or late."""
        return [card for card in self.cards() if "ESCALATED" in str(card)]

    async def _provision(self, service: Service) -> None:
        steps = await Provision(service, lambda step: None).run()
        assert [step for step in steps if step.outcome == "failed"] == []
        with service.store.open() as connection:
            channels = notebook.provisioned_rows(connection, "channel")
        for code, row in channels.items():
            order = {"name": code, "team_id": row["details"]["team_id"], "channel_id": row["graph_id"]}
            self.environment[f"TASKING_WEBHOOK_{code}"] = self.emulator.control("workflows", order)["url"]
        for form in service.forms.values():
            self.emulator.control("forms", form_for_emulator(form, service))


async def all_jobs(service: Service) -> None:
    """The jobs in the order of the straight path, as by hand: every board is read."""
    for name in ORDER:
        await run(service, job_named(name), by_hand=True)


def answers_of(number: int) -> dict[str, Any]:
    """The answers of one of the twenty-five demo tasks, without a date of its own."""
    entries = yaml.safe_load((CONFIG / "demo" / "tasks.yaml").read_text("utf-8"))["tasks"]
    answers = dict(next(entry["answers"] for entry in entries if entry["number"] == number))
    return {**answers, "needed_by": "Within 7 days"}
