"""Finished tasks leave the board after their time; the record keeps them, and what people wrote on them."""

import pytest

from store.planner_links import LinkState
from tasking.task import Status, Task
from tests.planner_sync.small_force import SmallForce

pytestmark = pytest.mark.anyio


async def finished(force: SmallForce) -> Task:
    task = await force.task_on_board()
    force.amy.change(force.planner_id(task), percentComplete=100)
    force.amy.change_details(force.planner_id(task), description="Two cautioned.\n" + force.described(task))
    await force.settle()
    return task


def days_later(force: SmallForce, days: int) -> None:
    force.later(days=days)


async def test_a_finished_task_stays_for_its_time_and_then_leaves(force: SmallForce) -> None:
    task = await finished(force)
    days_later(force, 27)
    assert await force.service.in_step.retire_boards() == 0
    assert len(force.on_board()) == 1
    days_later(force, 2)
    assert await force.service.in_step.retire_boards() == 1
    assert force.on_board() == []
    assert force.record(task).status is Status.COMPLETED
    kept = force.link(task).last_seen
    assert kept is not None
    assert kept["description"].startswith("Two cautioned.\n"), "what people wrote is not lost"
    assert len(force.audit(task, "left the board after its retention")) == 1


async def test_leaving_is_not_taken_for_a_person_s_deletion(force: SmallForce) -> None:
    task = await finished(force)
    days_later(force, 29)
    await force.service.in_step.retire_boards()
    await force.settle()
    assert force.on_board() == []
    assert force.audit(task, "deleted on the board") == []
    assert force.link(task).state is LinkState.RETIRED


async def test_open_tasks_and_people_s_own_never_leave(leaving_force: SmallForce) -> None:
    force = leaving_force
    await force.task_on_board()
    bucket = force.board().bucket_of_pillar["ROADS"]
    force.amy.make_task(force.board().plan_id, bucket, "Long done", percentComplete=100)
    days_later(force, 400)
    assert await force.service.in_step.retire_boards() == 0
    assert len(force.on_board()) == 2


async def test_a_task_opened_again_stays(force: SmallForce) -> None:
    task = await finished(force)
    force.amy.change(force.planner_id(task), percentComplete=50)
    await force.settle()
    days_later(force, 400)
    assert await force.service.in_step.retire_boards() == 0


async def test_a_closed_twin_leaves_too_while_the_task_goes_on_below(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.escalate(task)
    await force.settle()
    force.give_back(task)
    await force.settle()
    days_later(force, 29)
    assert await force.service.in_step.retire_boards() == 1
    assert (force.on_board("DIV_N"), len(force.on_board("HP"))) == ([], 1)


@pytest.mark.parametrize("lost_as", ["disconnect", "504"])
async def test_a_delete_whose_answer_was_lost_is_made_good_the_next_day(force: SmallForce, lost_as: str) -> None:
    task = await finished(force)
    days_later(force, 29)
    force.fault("lose_next_answer", **{"method": "DELETE", "path": "/planner/tasks/", "as": lost_as})
    await force.service.in_step.retire_boards()
    await force.settle()
    await force.service.in_step.retire_boards()
    assert (force.on_board(), force.link(task).state) == ([], LinkState.RETIRED)


async def test_a_delete_that_is_refused_for_a_clash_waits_for_the_next_day(force: SmallForce) -> None:
    task = await finished(force)
    days_later(force, 29)
    force.fault("fail_next", method="DELETE", path="/planner/tasks/", status=409, code="")
    assert await force.service.in_step.retire_boards() == 0
    assert len(force.on_board()) == 1
    assert await force.service.in_step.retire_boards() == 1
    assert (force.on_board(), force.record(task).status) == ([], Status.COMPLETED)
