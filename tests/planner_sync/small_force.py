"""A force of four boards with the real service on it: the emulator over HTTP, a database of its own, a clock to move.

Provisioning is done once and put back for each test, so that a test starts on empty boards at once.
"""

import copy
import re
import shutil
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import yaml
from sqlalchemy import RowMapping, select

from graph_client.client import GraphClient
from planner_sync.boards import BoardPlan, board_of
from service.clock import MovableClock
from service.provision import Provision
from service.settings import Settings
from service.wiring import Service, build_service
from store import notebook, planner_links, tables, tasks
from store.database import migrate, open_database
from store.planner_links import PlannerLink
from tasking import actions
from tasking.escalation import Escalation
from tasking.escalation_policy import Proposal
from tasking.requests import ReassessRequest, ReturnRequest, TaskRequest
from tasking.task import Task, TaskText
from tasking.thrive import RiskContext, ThriveAssessment
from tests.emulator_server import RunningEmulator, plain_client

CONFIG = Path(__file__).parents[2] / "config"
UNITS = ("PKS", "DIV_N", "HP", "DD")
PEOPLE: Mapping[str, tuple[str, ...]] = {
    "amy": ("HP",),
    "bob": ("HP", "DD"),
    "carl": ("DIV_N",),
    "dee": ("PKS",),
}
SETTLE_SECONDS = 10
MODERATE = ThriveAssessment(2, 2, 2, 1, 1, 1)
"""Scores 28: SCHEDULED."""
SEVERE = ThriveAssessment(4, 3, 4, 1, 4, 1)
"""Scores 72: IMMEDIATE."""
A_DAY = datetime(2027, 3, 4, 9, 30, tzinfo=UTC)

Wire = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Stage:
    """What provisioning left behind, to be put back before each test."""

    config_dir: Path
    database: bytes
    tenant_parts: Mapping[str, Any]
    user_ids: Mapping[str, str]


class Person:
    """Somebody at work in Planner under their own name, sending what a person's client sends."""

    def __init__(self, emulator: RunningEmulator, upn: str, user_id: str) -> None:
        self.user_id = user_id
        self._http = emulator.client(emulator.person_token(upn))

    def task(self, planner_id: str) -> Wire:
        return dict(self._http.get(f"/planner/tasks/{planner_id}").raise_for_status().json())

    def details(self, planner_id: str) -> Wire:
        return dict(self._http.get(f"/planner/tasks/{planner_id}/details").raise_for_status().json())

    def change(self, planner_id: str, **fields: Any) -> None:
        self._patch(f"/planner/tasks/{planner_id}", self.task(planner_id), fields)

    def change_details(self, planner_id: str, **fields: Any) -> None:
        self._patch(f"/planner/tasks/{planner_id}/details", self.details(planner_id), fields)

    def assign(self, planner_id: str, *user_ids: str) -> None:
        for user_id in user_ids:
            how = {"@odata.type": "#microsoft.graph.plannerAssignment", "orderHint": " !"}
            self.change(planner_id, assignments={user_id: how})

    def unassign(self, planner_id: str, user_id: str) -> None:
        self.change(planner_id, assignments={user_id: None})

    def label(self, planner_id: str, slot: int, is_on: bool = True) -> None:
        self.change(planner_id, appliedCategories={f"category{slot}": is_on})

    def line(self, planner_id: str, line_id: str, **fields: Any) -> None:
        """Changes or adds a line of the checklist."""
        kind = {"@odata.type": "#microsoft.graph.plannerChecklistItem"}
        self.change_details(planner_id, checklist={line_id: kind | fields})

    def tick(self, planner_id: str, line_id: str, is_done: bool = True) -> None:
        self.line(planner_id, line_id, isChecked=is_done)

    def copy(self, planner_id: str, title: str | None = None) -> str:
        """Makes a copy of a task on the same plan, as Planner's own "copy task" does."""
        seen = self.task(planner_id)
        kept = {name: seen[name] for name in ("planId", "bucketId", "priority", "dueDateTime", "appliedCategories")}
        body = {**kept, "title": title or seen["title"]}
        return str(self._http.post("/planner/tasks", json=body).raise_for_status().json()["id"])

    def delete(self, planner_id: str) -> None:
        etag = self.task(planner_id)["@odata.etag"]
        self._http.delete(f"/planner/tasks/{planner_id}", headers={"If-Match": etag}).raise_for_status()

    def close(self) -> None:
        self._http.close()

    def _patch(self, path: str, seen: Wire, fields: Wire) -> None:
        answer = self._http.patch(path, json=fields, headers={"If-Match": seen["@odata.etag"]})
        assert answer.status_code == 204, answer.text


@dataclass
class SmallForce:
    """The service and everything that a test does to it, to the boards and to the clock."""

    service: Service
    clock: MovableClock
    emulator: RunningEmulator
    user_ids: Mapping[str, str]
    people: dict[str, Person] = field(default_factory=dict)
    _seen: int = 0

    def __getattr__(self, name: str) -> Person:
        if name not in PEOPLE:
            raise AttributeError(name)
        if name not in self.people:
            self.people[name] = Person(self.emulator, f"{name}@peakshire.example", self.user_ids[name])
        return self.people[name]

    def raise_task(self, **given: Any) -> Task:
        """Raises a task on Northfell's board, without delivering anything."""
        with self.service.store.act("test", "test", "raise") as uow:
            reference = uow.next_reference()
            request = TaskRequest(
                reference=reference,
                title="Mkt Pl: stop bricks at traffic",
                unit="HP",
                pillar="ROADS",
                text=TaskText(ask="Two patrols", why_now="Third night", place="Mkt Pl", good_looks_like="No bricks"),
                wanted="LOCAL",
                assessment=MODERATE,
                context=RiskContext(),
                form="raise_task",
                response_id=reference,
                submitted_by="officer@peakshire.example",
                submitted_at=uow.now(),
                checklist=("Sgt - brief the shift - today", "PC - speak to the shops - Friday"),
            )
            return actions.raise_task(uow, self.service.force, replace(request, **given))

    async def task_on_board(self, **given: Any) -> Task:
        """A task that is raised, shown and in step, with nothing left to read."""
        task = self.raise_task(**given)
        await self.settle()
        return task

    def escalate(self, task: Task, to_unit: str = "DIV_N") -> Escalation:
        """Sends the record up, without delivering anything."""
        now = self.clock.now()
        from_unit = self.record(task).top_unit
        proposal = Proposal(
            "NOT_ACCEPTED", f"{now}", from_unit, to_unit, "Nobody took it up.", now + timedelta(hours=1), True, "test"
        )
        with self.service.store.act("test", "test", "escalate") as uow:
            return actions.escalate(uow, self.service.force, task.task_id, proposal)

    def give_back(self, task: Task) -> None:
        """Returns the record one level down, without delivering anything."""
        request = ReturnRequest(
            task.reference, "It is quiet now.", "Ask again after two more.", "chief", self.clock.now()
        )
        with self.service.store.act("test", "test", "return") as uow:
            actions.de_escalate(uow, self.service.force, request)

    def assess_again(self, task: Task, assessment: ThriveAssessment = SEVERE) -> None:
        """Puts a new assessment on the record, without delivering anything."""
        request = ReassessRequest(task.reference, assessment, RiskContext(), "officer", self.clock.now())
        with self.service.store.act("test", "test", "reassess") as uow:
            actions.reassess(uow, self.service.force, request)

    async def deliver(self) -> int:
        return await self.service.worker.deliver_due()

    async def pull(self) -> int:
        return await self.service.in_step.pull_boards()

    async def settle(self) -> None:
        """Delivers and pulls, waiting out every retry, until neither has anything to do."""
        for _ in range(12):
            self.later(minutes=16)
            moved = await self.deliver()
            mark = self.version()
            await self.pull()
            if not moved and self.version() == mark:
                return
        raise AssertionError("boards and record do not come to rest")

    def version(self) -> tuple[Any, ...]:
        """What stands in the record and in the links, to see whether anything moved."""
        with self.service.store.open() as connection:
            links = connection.execute(select(tables.planner_links).order_by(tables.planner_links.c.link_id)).all()
            records = connection.execute(select(tables.tasks.c.version).order_by(tables.tasks.c.task_id)).all()
        return (str(links), str(records))

    def later(self, **by: float) -> None:
        self.clock.advance(timedelta(**by))

    def record(self, task: Task) -> Task:
        with self.service.store.open() as connection:
            return tasks.read_task(connection, task.task_id)

    def link(self, task: Task, unit: str = "HP") -> PlannerLink:
        with self.service.store.open() as connection:
            found = planner_links.current(connection, task.task_id, unit)
        assert found is not None
        return found

    def stays(self, task: Task) -> list[tuple[str, int, str]]:
        """Every stay of the task on any board: unit, number, state."""
        columns = tables.planner_links.c
        with self.service.store.open() as connection:
            query = select(columns.unit, columns.stay, columns.state).where(columns.task_id == task.task_id)
            return [tuple(row) for row in connection.execute(query.order_by(columns.unit, columns.stay))]

    def board(self, unit: str = "HP") -> BoardPlan:
        with self.service.store.open() as connection:
            return board_of(connection, unit)

    def planner_id(self, task: Task, unit: str = "HP") -> str:
        found = self.link(task, unit).planner_task_id
        assert found is not None
        return found

    def shown(self, task: Task, unit: str = "HP") -> Wire:
        """What Planner holds for the task on that board, its details under "details"."""
        parts = self.emulator.tenant.planner.tasks[self.planner_id(task, unit)]
        return {**parts.task.wire(), "details": parts.details.wire()}

    def on_board(self, unit: str = "HP") -> list[Wire]:
        """Everything in the plan, whatever lists would hide."""
        plan = self.board(unit).plan_id
        return [
            {**p.task.wire(), "details": p.details.wire()} for p in self.emulator.tenant.planner.tasks_of_plan(plan)
        ]

    def category(self, code: str) -> str:
        return f"category{self.service.force.labels[code].slot}"

    def slot(self, code: str) -> int:
        return self.service.force.labels[code].slot

    def fault(self, lever: str, **order: Any) -> None:
        """Orders a fault: throttle, fail_next, lose_next_answer or delay."""
        self.emulator.control(f"faults/{lever}", order)

    def switch(self, **values: Any) -> None:
        self.emulator.control("switches", values)

    def watch(self) -> None:
        """Forgets the traffic so far: `calls` counts from here."""
        self._seen = len(self.emulator.tenant.traffic.entries)

    def calls(self, method: str, path: str = "") -> list[Any]:
        """The service's calls to Graph since `watch`: the body of each, None where it had none."""
        found = []
        for entry in list(self.emulator.tenant.traffic.entries)[self._seen :]:
            sent = entry["request"]
            by_service = any(name["name"] == "client-request-id" for name in sent["headers"])
            if by_service and sent["method"] == method and re.search(f"/v1.0.*{path}", sent["url"]):
                found.append(yaml.safe_load(sent["postData"]["text"]) if "postData" in sent else None)
        return found

    def notices(self, subject: str = "") -> list[RowMapping]:
        """Every notice to the operator, open or over, whose subject holds these words."""
        with self.service.store.open() as connection:
            rows = connection.execute(select(tables.notices).order_by(tables.notices.c.notice_id)).mappings().all()
        return [row for row in rows if subject in row["subject"]]

    def open_notices(self) -> list[RowMapping]:
        with self.service.store.open() as connection:
            return notebook.open_notices(connection)

    def audit(self, task: Task, action: str = "") -> list[RowMapping]:
        columns = tables.audit_log.c
        with self.service.store.open() as connection:
            query = select(tables.audit_log).where(columns.object_ref == task.reference).order_by(columns.number)
            return [row for row in connection.execute(query).mappings() if action in row["action"]]

    def outbox(self, state: str, handler: str = "planner.") -> list[RowMapping]:
        columns = tables.outbox.c
        with self.service.store.open() as connection:
            rows = connection.execute(select(tables.outbox).where(columns.state == state)).mappings().all()
        return [row for row in rows if row["handler"].startswith(handler)]


def write_config(folder: Path, policy: str = "restore") -> Path:
    """The shipped config cut down to the force, one division and two sections."""
    shutil.copytree(CONFIG, folder, ignore=shutil.ignore_patterns("demo"))
    force = yaml.safe_load((folder / "force.yaml").read_text("utf-8"))
    force["force"]["deleted_task_policy"] = policy
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
    await service.aclose()
    seed = [{"upn": f"{name}@peakshire.example", "display_name": name.title()} for name in PEOPLE]
    users = emulator.control("seed", {"people": seed})["users"]
    for name, units in PEOPLE.items():
        for unit in units:
            order = {"group": boards[unit].group_nickname, "upns": [f"{name}@peakshire.example"]}
            emulator.control("members", order)
    tenant = emulator.tenant
    parts = copy.deepcopy({"planner": tenant.planner, "directory": tenant.directory, "teams": tenant.teams})
    return Stage(
        config_dir, database.read_bytes(), parts, {name: users[f"{name}@peakshire.example"] for name in PEOPLE}
    )


@asynccontextmanager
async def small_force_at_work(
    emulator: RunningEmulator, stage: Stage, folder: Path, policy: str = "restore"
) -> AsyncIterator[SmallForce]:
    """The service on the provisioned boards, all empty. Reads that have to wait do not really sleep."""
    emulator.tenant.reset()
    for name, part in copy.deepcopy(dict(stage.tenant_parts)).items():
        setattr(emulator.tenant, name, part)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tasking.db").write_bytes(stage.database)
    config_dir = stage.config_dir if policy == "restore" else write_config(folder / "config", policy)
    clock = MovableClock()
    service = build_service(Settings.read(environment(emulator, config_dir, folder / "tasking.db")), clock)
    _never_sleep(service.graph)
    force = SmallForce(service, clock, emulator, stage.user_ids)
    try:
        yield force
    finally:
        for person in force.people.values():
            person.close()
        await service.aclose()


def _never_sleep(graph: GraphClient) -> None:
    async def nap(seconds: float) -> None:
        return None

    graph.transport._sleep = nap


def identity_variables(emulator: RunningEmulator) -> Iterable[tuple[str, str]]:
    """What azure-identity reads from the process's own environment."""
    return (("IDENTITY_ENDPOINT", emulator.identity_endpoint), ("IDENTITY_HEADER", emulator.identity_header))


def raw(emulator: RunningEmulator) -> httpx.Client:
    """A plain client on the emulator's address."""
    return plain_client(emulator.url)
