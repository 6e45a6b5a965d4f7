"""Boards with work on them, and the people who change it: what a poll of the service finds."""

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from bench.responses import WHY_NOW
from bench.stage import PEOPLE, Stage, run_job
from service.clock import MovableClock
from service.wiring import Service
from store import outbox
from tasking import actions
from tasking.requests import TaskRequest
from tasking.task import TaskText
from tasking.thrive import RiskContext, ThriveAssessment

MODERATE = ThriveAssessment(2, 2, 2, 1, 1, 1)
"""Scores SCHEDULED: left alone by the policy for a day."""
CHECKLIST = ("Sgt - brief the shift - today", "PC - speak to the traders - Friday")
ASSIGNED = {"@odata.type": "#microsoft.graph.plannerAssignment", "orderHint": " !"}
TICKED = {"@odata.type": "#microsoft.graph.plannerChecklistItem"}
MOST_ROUNDS = 50
LONGEST_WAIT = timedelta(minutes=16)
"""Longer than any pause of the outbox between two tries."""


def raise_tasks(service: Service, units: Sequence[str], each: int) -> None:
    """Raises `each` tasks for every one of these units, without delivering anything."""
    pillars = [code for code, pillar in service.force.pillars.items() if code != "TRIAGE" and not pillar.retired]
    for unit in units:
        for number in range(each):
            with service.store.act("bench", "bench", "bench") as uow:
                reference = uow.next_reference()
                request = TaskRequest(
                    reference=reference,
                    title=f"Bench {reference}: keep the market place quiet",
                    unit=unit,
                    pillar=pillars[number % len(pillars)],
                    text=TaskText(ask="Two patrols", why_now=WHY_NOW, place="Market place", good_looks_like="Quiet"),
                    wanted="LOCAL",
                    assessment=MODERATE,
                    context=RiskContext(),
                    form="raise_task",
                    response_id=reference,
                    submitted_by=PEOPLE[0],
                    submitted_at=uow.now(),
                    checklist=CHECKLIST,
                )
                actions.raise_task(uow, service.force, request)


async def deliver_everything(service: Service, clock: MovableClock | None = None) -> None:
    """Delivers until nothing waits; a pause before a next try is waited out, or skipped with a clock to move.

    RuntimeError when that does not come about, or when something was given up.
    """
    for _ in range(MOST_ROUNDS):
        await run_job(service, "deliver")
        with service.store.open() as connection:
            waiting, dead = outbox.waiting(connection), outbox.dead_letters(connection)
        if dead:
            raise RuntimeError(f"{len(dead)} deliveries were given up: {dead[0]['handler']}: {dead[0]['last_error']}")
        if not waiting:
            return
        if clock is not None:
            clock.advance(LONGEST_WAIT)
        else:
            await asyncio.sleep(1)
    raise RuntimeError("the outbox does not empty")


@dataclass(frozen=True, slots=True)
class Change:
    """One change by a person: which task, and what is sent to it or, as `tick`, to its first checklist line."""

    task: Mapping[str, Any]
    body: Mapping[str, Any] | None
    tick: bool = False


class People:
    """The people of the boards at work: plain Graph calls under a person's own name."""

    def __init__(self, stage: Stage, seed: int = 1) -> None:
        self._http = httpx.Client(base_url=f"{stage.tenant.url}/v1.0", timeout=60, trust_env=False)
        self._http.headers["Authorization"] = f"Bearer {stage.person_token()}"
        self._people = list(stage.people.values())
        self._random = random.Random(seed)
        self._round = 0

    def close(self) -> None:
        """Hangs up."""
        self._http.close()

    def on_board(self, plan_id: str) -> list[dict[str, Any]]:
        """Every task of a plan."""
        found: list[dict[str, Any]] = []
        url = f"/planner/plans/{plan_id}/tasks"
        while url:
            page = self._http.get(url).raise_for_status().json()
            found += page["value"]
            url = page.get("@odata.nextLink", "")
        return found

    def change(self, tasks: Sequence[Mapping[str, Any]]) -> None:
        """Changes each task: progress, due date, owner and a tick by turns. Nothing that the service must answer."""
        self._round += 1
        for number, task in enumerate(tasks):
            self._send(self._change(task, (number + self._round) % 4))

    def change_some(self, plan_ids: Sequence[str], each: int) -> None:
        """Changes so many tasks of every plan, chosen at random."""
        for plan_id in plan_ids:
            there = self.on_board(plan_id)
            self.change(self._random.sample(there, min(each, len(there))))

    def _change(self, task: Mapping[str, Any], kind: int) -> Change:
        if kind == 0:
            return Change(task, {"percentComplete": 50 if task["percentComplete"] == 0 else 0})
        if kind == 1:
            due = datetime.now(UTC).replace(microsecond=0) + timedelta(days=7 + self._round)
            return Change(task, {"dueDateTime": due.isoformat().replace("+00:00", "Z")})
        if kind == 2:
            others = [person for person in self._people if person not in task["assignments"]]
            gone: dict[str, Any] = dict.fromkeys(task["assignments"])
            return Change(task, {"assignments": {**gone, others[0]: ASSIGNED}})
        return Change(task, None, tick=True)

    def _send(self, change: Change) -> None:
        path, etag, body = f"/planner/tasks/{change.task['id']}", change.task["@odata.etag"], change.body
        if change.tick:
            path += "/details"
            there = self._http.get(path).raise_for_status().json()
            line, was = next(iter(there["checklist"].items()))
            etag, body = there["@odata.etag"], {"checklist": {line: {**TICKED, "isChecked": not was["isChecked"]}}}
        self._http.patch(path, json=body, headers={"If-Match": etag}).raise_for_status()


def say(words: str) -> None:
    """A line of progress, with the time."""
    print(f"{time.strftime('%H:%M:%S')}  {words}", flush=True)
