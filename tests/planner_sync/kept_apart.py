"""What the tests of the restricted board share: tasks with words that may be on no board, and a look at every plan."""

import json

from tasking.force import RESTRICTED_BOARD
from tasking.handling import set_handling
from tasking.task import Classification, EvidenceLink, Task, TaskText
from tests.planner_sync.small_force import SmallForce

APART = RESTRICTED_BOARD
RESTRICTED, OPEN = "MISSING_EXPLOITATION", "ROADS"
SECRET = "wuthering"
WORDS = TaskText(ask=f"{SECRET} ask", why_now=f"{SECRET} why", place=f"{SECRET} place")
NEUTRAL = "Missing and exploitation: see the record"
MARKED, LIFTED = Classification.OFFICIAL_SENSITIVE, Classification.OFFICIAL


async def task_on_board(force: SmallForce, **given: object) -> Task:
    links = (EvidenceLink("https://files.example/a.jpg", f"{SECRET}.jpg"),)
    first = {"title": f"Northfell: {SECRET}", "text": WORDS, "checklist": (f"{SECRET} step",), "links": links}
    return await force.task_on_board(**(first | given))


def mark(force: SmallForce, task: Task, classification: Classification) -> None:
    with force.service.store.act("dee", "test", "mark") as uow:
        set_handling(uow, force.service.force, task.reference, classification, "It names a source of harm.")


def plans_showing(force: SmallForce, task: Task) -> list[str]:
    """The boards of the plans, of all that the tenant has, on which a task bears this reference; each as often."""
    names = {row.plan_id: code for code in force.service.force.every_board for row in [force.board(code)]}
    found = [
        names.get(parts.task.wire()["planId"], "a plan of nobody's")
        for parts in force.emulator.tenant.planner.tasks.values()
        if parts.task.wire()["title"].startswith(f"{task.reference} ")
    ]
    return sorted(found)


def all_that_boards_say(force: SmallForce) -> str:
    parts = force.emulator.tenant.planner.tasks.values()
    return json.dumps([[each.task.wire(), each.details.wire()] for each in parts]).lower()
