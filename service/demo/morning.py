"""The morning that the demo plays: responses come in, people work their boards, two tasks climb by themselves.

Everything is done as it would be: responses through Forms, board work through Graph under people's own names.
"""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from planner_sync.boards import board_of
from service.clock import MovableClock
from service.demo.peakshire import DemoTask, http_flow, list_flow
from service.demo.tenant import DemoTenant, person
from service.jobs import JOBS, run
from service.wiring import Service
from store import outbox, planner_links, tasks
from store.planner_links import LinkState
from tasking.standing import own_board
from tasking.task import Task

RAISE = "raise_task"
LEFT_ALONE = 15
"""Nobody takes this one up: a PRIORITY task, so its four hours pass during the morning."""
RISES = 10
ASKED_UP = 13
DELETED = 25
SENT_TWICE = 7
UNNAMED_OFFICER = "pc.spireton.snt@peakshire.example"
MOVED = 19
MOST_SECONDS_TO_REST = 60
OWN_WAY = {"list": range(1, 10), "http": range(10, 18), "off": range(18, 26)}
"""Which way each task comes: the intake list, the HTTP door, or only the response workbook."""

UNCLEAR = {
    "live_risk": "No",
    "covert": "No",
    "title": "Check the alley behind the shops",
    "pillar": "I am not sure",
    "unit": "Midcity North",
    "why_now": "Several calls about people gathering there after dark; it is not clear what it is about.",
    "threat": "Possible, but more than 7 days away",
    "harm": "Minor harm or small loss",
    "risk": "Even chance",
    "investigation": "Nothing to follow up",
    "vulnerability": "Nobody vulnerable is known of",
    "engagement": "Local people are interested",
    "alignment": "No",
    "wanted": "Do it locally",
    "needed_by": "Within 7 days",
}


class Morning:
    """The script, act by act."""

    def __init__(
        self,
        tenant: DemoTenant,
        service: Service,
        clock: MovableClock,
        demo_tasks: list[DemoTask],
        people: list[dict[str, Any]],
        address: str,
        key: str,
    ) -> None:
        self._tenant = tenant
        self._service = service
        self._clock = clock
        self._tasks = {task.number: task for task in demo_tasks}
        self._managers = {each["units"][0]: each["upn"] for each in reversed(people) if each["kind"] == "manager"}
        self._address = address
        self._key = key
        self.numbers: dict[str, int] = {}
        """Demo task number by response id of the Raise form."""

    async def send_responses(self) -> int:
        """The twenty-five and the unclear one, by their three ways; one of them arrives twice. Returns how many."""
        flows: Mapping[str, dict[str, Any]] = {
            "list": list_flow(self._service),
            "http": http_flow(self._address, RAISE, self._key),
            "off": {"mode": "off"},
        }
        for way, numbers in OWN_WAY.items():
            for number in numbers:
                flow = {**flows[way], "copies": 2} if number == SENT_TWICE else flows[way]
                await self._tenant.control(f"forms/{RAISE}/flow", flow)
                await self._submit(RAISE, self._answers(self._tasks[number]), number)
        await self._tenant.control(f"forms/{RAISE}/flow", flows["list"])
        await self._submit(RAISE, UNCLEAR, None)
        return len(self._tasks) + 1

    async def work_boards(self, user_ids: Mapping[str, str]) -> None:
        """Managers assign; owners start what is pressing, tick, complete; one task is moved, one deleted by mistake."""
        for number, task in self._tasks.items():
            if number in (LEFT_ALONE, DELETED):
                continue
            manager = await person(self._tenant, self._managers[task.unit])
            assignment = {"@odata.type": "#microsoft.graph.plannerAssignment", "orderHint": " !"}
            await manager.change_task(self._shown(number), {"assignments": {user_ids[task.owner]: assignment}})
            await manager.aclose()
            pressing = task.band in ("IMMEDIATE", "PRIORITY")
            if pressing or number % 4 == 0:
                await self._start(task, completes=number % 5 == 0)
        await self._by_manager(MOVED, lambda who, task: who.change_task(task, self._bucket("ASB_NEIGHBOURHOOD", MOVED)))
        await self._by_manager(DELETED, lambda who, task: who.delete_task(task))
        await self._by_manager(ASKED_UP, lambda who, task: who.change_task(task, self._label("ESCALATE_ASKED")))

    async def raise_risk(self) -> None:
        """An officer assesses one task again: what was likely within a week is now imminent."""
        task = self._tasks[RISES]
        worse = {
            "live_risk": "No",
            "covert": "No",
            "reference": self.record(RISES).reference,
            "threat": "Likely within 24 hours",
            "harm": "Serious harm",
            "risk": "Almost certain, or it keeps happening",
            "investigation": "There are lines of enquiry",
            "vulnerability": "Repeat victim, a child, or several factors",
            "engagement": task.answers["engagement"],
            "alignment": task.answers["alignment"],
            "repeats_28d": 2,
            "reason": "Two more break-ins since the last assessment.",
            "confidence": "Medium: one good source",
        }
        await self._submit("reassess", worse, None)

    async def give_back(self) -> None:
        """The division gives back the task that was asked up, with conditions."""
        answers = {
            "live_risk": "No",
            "covert": "No",
            "reference": self.record(ASKED_UP).reference,
            "residual_risk": "A single break-in by the same hand.",
            "receiver": "Local Policing Inspector",
            "reason": "Two nights without a report, and the section has a patrol plan of its own.",
            "review_by": (self._clock.now() + timedelta(days=7)).date().isoformat(),
            "conditions": "Ask again if there are two more break-ins within seven days.",
        }
        await self._submit("return_task", answers, None)

    async def hours_pass(self, hours: float) -> None:
        """Sets both clocks ahead together, once everything promised is delivered: a claim lasts two minutes by the
        clock, and whoever works while hours jump would seem to have died."""
        await self._at_rest()
        self._clock.advance(timedelta(hours=hours))
        await self._tenant.control("clock", {"advance_seconds": hours * 3600})

    async def run_jobs(self, *names: str) -> None:
        """Runs jobs of the clock in this order, then delivers everything they promised."""
        by_name = {job.name: job for job in JOBS}
        for name in (*names, "deliver"):
            await run(self._service, by_name[name], by_hand=True)

    async def _at_rest(self) -> None:
        async with asyncio.timeout(MOST_SECONDS_TO_REST):
            while True:
                await self.run_jobs()
                with self._service.store.open() as connection:
                    if outbox.waiting(connection) == 0:
                        return
                await asyncio.sleep(0.1)

    def record(self, number: int) -> Task:
        """The record of a demo task."""
        with self._service.store.open() as connection:
            found = [t for t in tasks.read_all_tasks(connection) if self.numbers.get(t.response_id) == number]
        return next(task for task in found if task.form == RAISE)

    async def _submit(self, form: str, answers: Mapping[str, Any], number: int | None) -> None:
        fields = {question.field: question.key for question in self._service.forms[form].questions}
        submission = {
            "responder": UNNAMED_OFFICER if number is None else self._tasks[number].owner,
            "answers": {fields[name]: value for name, value in answers.items()},
        }
        made = await self._tenant.control(f"forms/{form}/responses", submission)
        if number is not None:
            self.numbers[str(made["response_id"])] = number

    def _answers(self, task: DemoTask) -> dict[str, Any]:
        answers = dict(task.answers)
        if task.needed_in_days is not None:
            answers["needed_by_date"] = (self._clock.now() + timedelta(days=task.needed_in_days)).date().isoformat()
        return answers

    async def _start(self, task: DemoTask, completes: bool) -> None:
        owner = await person(self._tenant, task.owner)
        await owner.change_task(self._shown(task.number), {"percentComplete": 50})
        await owner.tick_first(self._shown(task.number))
        if completes:
            await owner.change_task(self._shown(task.number), {"percentComplete": 100})
        await owner.aclose()

    async def _by_manager(self, number: int, do: Any) -> None:
        manager = await person(self._tenant, self._managers[self._tasks[number].unit])
        await do(manager, self._shown(number))
        await manager.aclose()

    def _shown(self, number: int) -> str:
        task = self.record(number)
        with self._service.store.open() as connection:
            link = planner_links.current(connection, task.task_id, own_board(self._service.force, task))
        assert link is not None
        assert link.state is LinkState.ACTIVE
        assert link.planner_task_id is not None
        return link.planner_task_id

    def _bucket(self, pillar: str, number: int) -> dict[str, Any]:
        code = own_board(self._service.force, self.record(number))
        with self._service.store.open() as connection:
            return {"bucketId": board_of(connection, code).bucket_of_pillar[pillar]}

    def _label(self, code: str) -> dict[str, Any]:
        return {"appliedCategories": {f"category{self._service.force.labels[code].slot}": True}}
