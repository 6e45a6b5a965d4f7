"""Tasks that people make on a board themselves: adopted with a reference of their own, or left alone."""

import pytest

from tasking.task import Status
from tasking.thrive import PriorityBand
from tests.planner_sync.small_force import SmallForce

pytestmark = pytest.mark.anyio

WRITES = ("POST", "PATCH", "DELETE")


async def test_a_task_made_by_hand_becomes_a_task_like_any_other_and_stays_as_it_was_made(force: SmallForce) -> None:
    board, amy = force.board(), force.amy
    on = amy.make_task(
        board.plan_id, board.bucket_of_pillar["RURAL"], "Mend the fence", priority=3, dueDateTime="2027-03-04T09:00:00Z"
    )
    amy.assign(on, force.user_ids["bob"])
    amy.change_details(on, description="The one by the stile.")
    await force.settle()
    (task,) = force.records()
    assert (task.title, task.unit, task.pillar, task.owner_ids) == (
        "Mend the fence",
        "HP",
        "RURAL",
        (force.user_ids["bob"],),
    )
    assert (task.status, task.band_override, task.submitted_by) == (
        Status.ALLOCATED,
        PriorityBand.PRIORITY,
        force.user_ids["amy"],
    )
    shown = force.shown(task)
    assert shown["title"] == f"{task.reference} Mend the fence"
    assert (shown["priority"], shown["dueDateTime"]) == (3, "2027-03-04T09:00:00Z")
    assert force.described(task).startswith("The one by the stile.\n")
    assert "no THRIVE" not in force.described(task)
    assert f"under {task.reference}" in force.described(task), "says how its risk is assessed"
    assert len(force.on_board()) == 1


async def test_an_adopted_task_climbs_is_worked_and_ends_like_any_other(force: SmallForce) -> None:
    force.amy.make_task(force.board().plan_id, force.board().bucket_of_pillar["ROADS"], "Mend the fence")
    await force.settle()
    (task,) = force.records()
    force.escalate(task)
    await force.settle()
    assert force.shown(task, "DIV_N")["title"] == f"{task.reference} Mend the fence"
    force.carl.change(force.planner_id(task, "DIV_N"), percentComplete=100)
    await force.settle()
    assert force.record(task).status is Status.COMPLETED


async def test_two_workers_that_meet_a_new_task_adopt_it_once(force: SmallForce) -> None:
    force.amy.make_task(force.board().plan_id, force.board().bucket_of_pillar["ROADS"], "Mend the fence")
    await force.pull()
    await force.pull()
    assert len(force.records()) == 1


async def test_a_task_without_words_is_left_until_it_has_some(force: SmallForce) -> None:
    on = force.amy.make_task(force.board().plan_id, force.board().bucket_of_pillar["ROADS"], "-")
    force.emulator.control(f"planner/tasks/{on}/force", {"title": "  "})
    await force.settle()
    assert force.records() == []
    force.amy.change(on, title="Mend the fence")
    await force.settle()
    assert [task.title for task in force.records()] == ["Mend the fence"]


async def test_what_was_finished_before_the_service_came_is_not_adopted(force: SmallForce) -> None:
    bucket = force.board().bucket_of_pillar["ROADS"]
    force.amy.make_task(force.board().plan_id, bucket, "Long done", percentComplete=100)
    await force.settle()
    assert force.records() == []


async def test_our_own_create_whose_answer_was_lost_is_never_adopted(force: SmallForce) -> None:
    force.fault("lose_next_answer", method="POST", path="/planner/tasks$")
    task = force.raise_task()
    await force.deliver()
    await force.pull()
    assert [each.reference for each in force.records()] == [task.reference]
    await force.settle()
    assert len(force.on_board()) == len(force.records()) == 1


async def test_a_copy_does_not_carry_the_original_s_labels_of_the_service_nor_its_request_to_climb(
    force: SmallForce,
) -> None:
    task = await force.task_on_board()
    force.escalate(task)
    await force.settle()
    force.emulator.control(f"planner/tasks/{force.planner_id(task)}/copy", {"by": "amy@peakshire.example"})
    await force.settle()
    (copy,) = [each for each in force.records() if each.reference != task.reference]
    assert force.category("ESCALATED") not in force.shown(copy)["appliedCategories"]
    assert force.category("ESCALATED") in force.shown(task)["appliedCategories"]
    assert task.reference not in force.shown(copy)["title"]
    assert force.described(copy).count("--- kept by the service ---") == 1
    assert f"copy or a repeat of {task.reference}" in force.described(copy)


async def test_where_the_force_says_so_they_stay_people_s_own_to_the_letter(leaving_force: SmallForce) -> None:
    force = leaving_force
    on = force.amy.make_task(force.board().plan_id, force.board().bucket_of_pillar["ROADS"], "Mend the fence")
    before = force.amy.task(on)
    await force.settle()
    assert (force.records(), force.amy.task(on)) == ([], before)


async def test_where_they_are_left_alone_the_original_says_that_a_copy_is_not_kept(leaving_force: SmallForce) -> None:
    force = leaving_force
    task = await force.task_on_board()
    copy = force.amy.copy(force.planner_id(task))
    before = force.amy.task(copy)
    await force.settle()
    assert "What is done to the copy does not reach this task." in force.described(task)
    assert force.amy.task(copy) == before
    force.watch()
    await force.settle()
    assert [call for method in WRITES for call in force.calls(method)] == [], "told once"
