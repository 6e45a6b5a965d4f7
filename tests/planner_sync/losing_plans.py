"""What tests of lost plans do: lose or forget a plan, provision a unit's board, look at what it shows afterwards."""

from dataclasses import replace

from sqlalchemy import select

from planner_sync.boards import BoardPlan, all_boards, note_board
from planner_sync.roll_over import RollOver
from service.provision import Provision, Step
from store import tables
from tasking.task import Task
from tests.planner_sync.person import Person
from tests.planner_sync.small_force import SmallForce

OWN_LINE, OWN_LINK = "their-own-line", "https%3A//example%2Eorg/rota"


async def provision(force: SmallForce, only_look: bool = False, unit: str = "HP") -> list[Step]:
    """What `tasking provision` says of a unit's plans and their tasks, but for what is simply there."""
    whole = force.service.force
    only = replace(whole, boards={unit: whole.boards[unit]}, meetings=())
    steps = await Provision(replace(force.service, force=only), lambda step: None, only_look).run()
    return [step for step in steps if step.kind in ("plan", "tasks") and (step.outcome != "there" or step.words)]


def said(steps: list[Step]) -> list[tuple[str, str]]:
    """Outcome and words of each step."""
    return [(step.outcome, step.words) for step in steps]


def person_of(force: SmallForce, unit: str) -> Person:
    """Somebody of that board."""
    return {"HP": force.amy, "DIV_N": force.carl}[unit]


def write_on(force: SmallForce, task: Task, unit: str = "HP") -> None:
    """A person's own words, line and link on the task, besides a tick, an owner and progress."""
    person = person_of(force, unit)
    on = force.planner_id(task, unit)
    person.line(on, OWN_LINE, title="Ring the school", isChecked=True, orderHint=" !")
    link = {"@odata.type": "#microsoft.graph.plannerExternalReference", "alias": "Rota", "type": "Other"}
    person.change_details(on, references={OWN_LINK: link})
    person.change_details(on, description=f"Ask for Pat.\n{force.described(task, unit)}")
    person.tick(on, task.checklist[0].line_id)
    person.label(on, force.slot("BLOCKED"))
    person.change(on, percentComplete=50)


def has_peoples_words(force: SmallForce, task: Task, unit: str = "HP") -> bool:
    """Whether the board shows all that `write_on` wrote."""
    shown = force.shown(task, unit)
    details = shown["details"]
    lines = {key: (line["title"], line["isChecked"]) for key, line in details["checklist"].items()}
    return (
        details["description"].startswith("Ask for Pat.\n")
        and lines[OWN_LINE] == ("Ring the school", True)
        and [lines[line.line_id][1] for line in task.checklist] == [True, False]
        and OWN_LINK in details["references"]
        and shown["appliedCategories"][force.category("BLOCKED")]
        and shown["percentComplete"] == 50
    )


def troubles(force: SmallForce) -> list[str]:
    """Subjects of open notices about boards; this force has no channels to post to."""
    return [notice["subject"] for notice in force.open_notices() if "announce" not in notice["subject"]]


def titles(force: SmallForce, unit: str = "HP") -> list[str]:
    """What stands in the plan in use."""
    return sorted(wire["title"] for wire in force.on_board(unit))


def states(force: SmallForce, plan_id: str) -> set[str]:
    """The states of every stay on that plan."""
    c = tables.planner_links.c
    with force.service.store.open() as connection:
        return set(connection.execute(select(c.state).where(c.plan_id == plan_id)).scalars())


def plans(force: SmallForce, unit: str = "HP") -> list[BoardPlan]:
    """The unit's plans as they are noted."""
    with force.service.store.open() as connection:
        return [each for each in all_boards(connection) if each.unit == unit]


def lose(force: SmallForce, unit: str = "HP", plan_id: str = "") -> str:
    """Somebody deletes a plan of the unit, by default that in use. Returns its id."""
    plan_id = plan_id or force.board(unit).plan_id
    person_of(force, unit).remove(f"/planner/plans/{plan_id}")
    return plan_id


async def rolled_over(force: SmallForce) -> BoardPlan:
    """Northfell's next plan, its first being full."""
    service = force.service
    return await RollOver(service.store, service.graph.planner, service.force).next_plan(force.board())


def forgotten(force: SmallForce, unit: str = "HP") -> str:
    """The unit's board noted with another plan, and nothing said of the tasks on the one before; the id of that."""
    old, person = force.board(unit), person_of(force, unit)
    new = person.make_plan(f"{force.emulator.graph_url}/groups/{old.group_id}", "Another")
    with force.service.store.open() as connection:
        note_board(connection, BoardPlan(unit, new, {}, {}, old.group_id), {}, force.clock.now())
    return old.plan_id
