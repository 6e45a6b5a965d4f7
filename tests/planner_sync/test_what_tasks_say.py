"""What a task says about itself on its boards: clashes with both values, limits, and where else it stands."""

import pytest

from planner_sync.conflicts import FIELD_WORDS
from planner_sync.field_map import WINNERS, BoardState, Winner
from tasking.task import Task
from tests.planner_sync.small_force import SmallForce

pytestmark = pytest.mark.anyio


def put_a_link(force: SmallForce, task: Task) -> None:
    link = {"@odata.type": "#microsoft.graph.plannerExternalReference", "alias": "Rota"}
    force.amy.change_details(force.planner_id(task), references={"https%3A//example%2Eorg/rota": link})


async def clash(force: SmallForce, below: dict[str, object], above: dict[str, object]) -> None:
    """Two boards change the same thing before either is read."""
    task = await force.task_on_board()
    force.escalate(task)
    await force.settle()
    force.amy.change(force.planner_id(task), **below)
    force.carl.change(force.planner_id(task, "DIV_N"), **above)
    await force.settle()


async def test_where_two_boards_changed_the_same_thing_the_task_says_both_values(force: SmallForce) -> None:
    await clash(force, {"dueDateTime": "2027-03-04T09:00:00Z"}, {"dueDateTime": "2027-05-06T09:00:00Z"})
    (task,) = force.records()
    said = force.remarks(task)["conflict: due_at"]
    assert "4 March 2027" in said
    assert "6 May 2027" in said
    assert said in force.described(task)
    assert said in force.described(task, "DIV_N")
    stands = force.record(task).due_at
    assert stands is not None
    assert f"{stands.day} {stands:%B}" in said.split("stands")[0].split(";")[1]


async def test_a_title_that_gave_way_is_still_there_to_be_read(force: SmallForce) -> None:
    await clash(force, {"title": "T-1001 Bricks at lorries"}, {"title": "T-1001 Bricks at buses"})
    (task,) = force.records()
    said = force.described(task)
    assert '"Bricks at lorries"' in said
    assert '"Bricks at buses"' in said


async def test_the_remark_goes_when_somebody_settles_the_matter(force: SmallForce) -> None:
    await clash(force, {"priority": 1}, {"priority": 9})
    (task,) = force.records()
    assert "conflict: priority" in force.remarks(task)
    force.amy.change(force.planner_id(task), priority=3)
    await force.settle()
    assert force.remarks(task) == {}
    assert "two places at once" not in force.described(task)


def test_every_field_that_can_clash_has_words() -> None:
    sets = {"labels", "ticks"}
    by_board = {name for name, winner in WINNERS.items() if winner is Winner.BOARD}
    assert set(FIELD_WORDS) == by_board - sets
    assert sets <= set(BoardState.__dataclass_fields__)


async def test_each_board_links_to_the_task_s_other_boards_while_it_stands_there(force: SmallForce) -> None:
    task = await force.task_on_board()
    assert force.shown(task)["details"]["references"] == {}
    force.escalate(task)
    await force.settle()
    (below,) = force.shown(task)["details"]["references"].items()
    (above,) = force.shown(task, "DIV_N")["details"]["references"].items()
    assert force.planner_id(task, "DIV_N") in below[0]
    assert below[1]["alias"] == f"{task.reference} on the board of North Division"
    assert force.planner_id(task) in above[0]
    assert above[1]["alias"] == f"{task.reference} on the board of Northfell"
    force.give_back(task)
    await force.settle()
    assert force.shown(task)["details"]["references"] == {}, "it does not stand there any more"


async def test_links_that_people_put_on_a_task_are_never_touched(force: SmallForce) -> None:
    task = await force.task_on_board()
    put_a_link(force, task)
    force.escalate(task)
    await force.settle()
    force.give_back(task)
    await force.settle()
    (kept,) = force.shown(task)["details"]["references"].values()
    assert kept["alias"] == "Rota"


async def test_links_beyond_planner_s_limit_are_left_out_with_a_sentence(force: SmallForce) -> None:
    task = await force.task_on_board()
    put_a_link(force, task)
    force.switch(planner_max_references=1)
    force.escalate(task)
    await force.settle()
    assert len(force.shown(task)["details"]["references"]) == 1
    assert "no more links" in force.described(task)
    assert "On the boards of: Northfell, North Division" in force.described(task)
    assert force.outbox("DEAD") == []


async def test_a_checklist_beyond_planner_s_limit_stands_in_the_description(force: SmallForce) -> None:
    force.switch(planner_max_checklist_items=1)
    task = await force.task_on_board()
    assert "brief the shift" in force.described(task)
    assert "speak to the shops" in force.described(task)
    assert "no more lines" in force.described(task)
    assert force.outbox("DEAD") == []


async def test_somebody_with_too_many_tasks_is_not_assigned_and_the_task_says_so(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.escalate(task)
    await force.settle()
    force.switch(planner_max_tasks_assigned=1)
    force.carl.assign(force.planner_id(task, "DIV_N"), force.user_ids["amy"])
    await force.settle()
    assert force.record(task).owner_ids == (force.user_ids["amy"],)
    assert "as many tasks in Planner as it allows" in force.described(task)
    assert force.outbox("DEAD") == []


async def test_a_withdrawn_task_ends_on_every_board_and_says_why(accepting_force: SmallForce) -> None:
    force = accepting_force
    task = await force.task_on_board()
    force.escalate(task)
    await force.settle()
    force.amy.delete(force.planner_id(task))
    await force.settle()
    assert force.on_board() == []
    twin = force.shown(task, "DIV_N")
    assert (twin["percentComplete"], twin["appliedCategories"].get(force.category("ESCALATED"))) == (100, None)
    assert "Withdrawn: Its people deleted it from the board of Northfell." in force.described(task, "DIV_N")
    assert not force.record(task).decision_needed
