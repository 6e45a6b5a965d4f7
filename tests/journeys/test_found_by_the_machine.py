"""What the machine of test_board_and_record.py has found, each kept as a promise of its own."""

import pytest

from store.planner_links import LinkState
from tasking.task import Status
from tests.planner_sync.small_force import SLIGHT, SmallForce

pytestmark = pytest.mark.anyio


async def test_a_task_deleted_with_its_bucket_is_shown_again_also_where_a_delivery_finds_it_gone(
    accepting_force: SmallForce,
) -> None:
    force = accepting_force
    task = await force.task_on_board()
    force.amy.remove(f"/planner/buckets/{force.board().bucket_of_pillar['ROADS']}")
    force.assess_again(task, SLIGHT)
    await force.deliver()
    await force.settle()
    assert force.record(task).is_open
    assert len(force.on_board()) == 1


async def test_a_task_deleted_with_a_bucket_of_people_s_own_is_shown_again(accepting_force: SmallForce) -> None:
    force = accepting_force
    task = await force.task_on_board()
    bucket = force.amy.new_bucket(force.board().plan_id, "Ours")
    force.amy.change(force.planner_id(task), bucketId=bucket)
    await force.settle()
    force.amy.remove(f"/planner/buckets/{bucket}")
    await force.settle()
    assert force.record(task).is_open
    assert len(force.on_board()) == 1


async def test_what_was_changed_above_just_before_the_return_is_kept_also_where_the_delivery_comes_first(
    force: SmallForce,
) -> None:
    task = await force.task_on_board()
    force.escalate(task)
    await force.settle()
    twin = force.planner_id(task, "DIV_N")
    force.carl.change(twin, title=f"{task.reference} Other words")
    force.carl.tick(twin, task.checklist[0].line_id)
    force.give_back(task)
    await force.deliver()
    await force.settle()
    assert force.record(task).title == "Other words"
    assert force.record(task).checklist[0].is_done
    assert force.link(task, "DIV_N").state is LinkState.CLOSED


async def test_a_completed_task_that_was_deleted_on_one_board_is_there_again_when_it_is_opened_again(
    force: SmallForce,
) -> None:
    task = await force.task_on_board()
    force.escalate(task)
    await force.settle()
    force.carl.change(force.planner_id(task, "DIV_N"), percentComplete=100)
    await force.settle()
    force.amy.delete(force.planner_id(task))
    await force.settle()
    force.carl.change(force.planner_id(task, "DIV_N"), percentComplete=50)
    await force.settle()
    assert force.record(task).status is Status.IN_PROGRESS
    assert [shown["percentComplete"] for shown in force.on_board()] == [50]


async def test_dates_of_a_person_and_of_the_record_that_together_planner_refuses_are_no_dead_letter(
    force: SmallForce,
) -> None:
    task = await force.task_on_board()
    force.escalate(task)
    await force.settle()
    force.carl.change(force.planner_id(task, "DIV_N"), dueDateTime="2027-05-06T08:00:00Z")
    await force.settle()
    force.carl.change(force.planner_id(task, "DIV_N"), startDateTime="2027-03-04T09:00:00Z")
    await force.pull()
    force.amy.change(force.planner_id(task), dueDateTime="2027-01-02T10:00:00Z")
    await force.deliver()
    await force.settle()
    assert force.outbox("DEAD") == []


async def test_a_description_that_somebody_pasted_twice_has_one_block(force: SmallForce) -> None:
    task = await force.task_on_board()
    text = force.described(task)
    force.amy.change_details(force.planner_id(task), description=f"{text}\n\n{text}")
    await force.settle()
    assert force.described(task).count("--- kept by the service ---") == 1
    assert force.described(task).endswith(text.partition("--- kept by the service ---")[2])


async def test_a_task_that_leaves_a_bucket_of_people_s_own_is_no_clash(force: SmallForce) -> None:
    task = await force.task_on_board()
    bucket = force.amy.new_bucket(force.board().plan_id, "Ours")
    force.amy.change(force.planner_id(task), bucketId=bucket)
    await force.settle()
    force.amy.change(force.planner_id(task), bucketId=force.board().bucket_of_pillar["RURAL"])
    await force.settle()
    assert force.record(task).pillar == "RURAL"
    assert force.remarks(task) == {}
