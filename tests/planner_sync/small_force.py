"""A force of four boards with the real service on it, and what a test does to it, its boards and the clock."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import yaml
from sqlalchemy import RowMapping, select

from planner_sync.boards import BoardPlan, board_of
from service.clock import MovableClock
from service.wiring import Service
from store import notebook, outbox, planner_links, remarks, tables, tasks
from store.planner_links import PlannerLink
from tasking import actions
from tasking.escalation import Escalation
from tasking.escalation_policy import Proposal
from tasking.requests import ReassessRequest, ReturnRequest, TaskRequest
from tasking.task import Task, TaskText
from tasking.thrive import RiskContext, ThriveAssessment
from tests.emulator_server import RunningEmulator
from tests.planner_sync.person import Person, Wire

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
SLIGHT = ThriveAssessment(1, 1, 1, 0, 0, 0)
"""Scores 7: ROUTINE."""
SEVERE = ThriveAssessment(4, 3, 4, 1, 4, 1)
"""Scores 72: IMMEDIATE."""
A_DAY = datetime(2027, 3, 4, 9, 30, tzinfo=UTC)


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
            task.reference,
            "It is quiet now.",
            "Ask again after two more.",
            "A repeat.",
            "Sgt",
            "chief",
            self.clock.now(),
        )
        with self.service.store.act("test", "test", "return") as uow:
            actions.de_escalate(uow, self.service.force, request)

    def assess_again(self, task: Task, assessment: ThriveAssessment = SEVERE) -> None:
        """Puts a new assessment on the record, without delivering anything."""
        request = ReassessRequest(task.reference, assessment, RiskContext(), "officer", self.clock.now(), "New facts")
        with self.service.store.act("test", "test", "reassess") as uow:
            actions.reassess(uow, self.service.force, request)

    async def deliver(self) -> int:
        return await self.service.worker.deliver_due()

    async def pull(self) -> int:
        return await self.service.in_step.pull_boards()

    async def settle(self) -> None:
        """Delivers and pulls, waiting out every retry, until nothing is promised any more."""
        for _ in range(12):
            self.later(minutes=16)
            await self.deliver()
            await self.pull()
            with self.service.store.open() as connection:
                if outbox.waiting(connection) == 0:
                    return
        raise AssertionError("boards and record do not come to rest")

    def later(self, **by: float) -> None:
        self.clock.advance(timedelta(**by))

    def record(self, task: Task) -> Task:
        with self.service.store.open() as connection:
            return tasks.read_task(connection, task.task_id)

    def records(self) -> list[Task]:
        """Every record, oldest first."""
        with self.service.store.open() as connection:
            return tasks.read_all_tasks(connection)

    def remarks(self, task: Task) -> dict[str, str]:
        """What the task's people have to know, by subject."""
        with self.service.store.open() as connection:
            return {each.subject: each.text for each in remarks.remarks_on(connection, task.task_id)}

    def described(self, task: Task, unit: str = "HP") -> str:
        """The description on that board."""
        return str(self.shown(task, unit)["details"]["description"])

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
        """The service's calls to Graph since `watch`, alone or in a batch: the body of each, None where it had none."""
        return [body for _, body in self.asked(method, path)]

    def asked(self, method: str, path: str = "") -> list[tuple[str, Any]]:
        """The same, each with its address."""
        found: list[tuple[str, Any]] = []
        for entry in list(self.emulator.tenant.traffic.entries)[self._seen :]:
            sent = entry["request"]
            body = yaml.safe_load(sent["postData"]["text"]) if "postData" in sent else None
            if sent["url"].endswith("/$batch"):
                parts = [(each["method"], each["url"], each.get("body")) for each in body["requests"]]
            elif any(name["name"] == "client-request-id" for name in sent["headers"]) and "/v1.0/" in sent["url"]:
                parts = [(sent["method"], sent["url"], body)]
            else:
                continue
            found += [(url, inner) for verb, url, inner in parts if verb == method and re.search(path, url)]
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
