"""Tasks on a plan that is noted as nobody's: the operator is told, nothing is tried for ever, provisioning mends it."""

import pytest

from reporting.operations import operations
from tasking.board_actions import withdraw
from tasking.task import Status
from tests.planner_sync.losing_plans import forgotten, plans, provision, said, titles, troubles
from tests.planner_sync.small_force import SmallForce

pytestmark = pytest.mark.anyio


async def test_the_operator_is_told_as_long_as_tasks_stand_on_a_plan_that_is_not_known(force: SmallForce) -> None:
    task, other = await force.task_on_board(), await force.task_on_board(title="Other")
    force.escalate(task)
    await force.settle()
    force.amy.remove(f"/planner/plans/{forgotten(force)}")
    for _ in range(2):
        await force.pull()
    told = [notice for notice in force.open_notices() if notice["subject"].endswith("not known")]
    assert len(told) == 1
    assert "2 tasks stand on a plan of the board of HP" in told[0]["text"]
    assert "tasking provision" in told[0]["text"]
    with force.service.store.open() as connection:
        health = operations(connection, force.clock.now())
    assert health.is_degraded
    assert told[0]["subject"] in health.troubles
    assert ("shown", "2 tasks are shown again on the plan in use") in said(await provision(force))
    await force.settle()
    assert titles(force) == sorted(f"{each.reference} {each.title}" for each in (task, other))
    assert troubles(force) == []


async def test_a_change_for_a_plan_that_is_not_known_is_not_tried_for_ever_and_reaches_the_other_board(
    force: SmallForce,
) -> None:
    task = await force.task_on_board()
    force.escalate(task)
    await force.settle()
    force.amy.remove(f"/planner/plans/{forgotten(force)}")
    force.assess_again(task)
    await force.deliver()
    assert force.outbox("PENDING") == force.outbox("DEAD") == []
    assert force.shown(task, "DIV_N")["priority"] == 1
    assert troubles(force) == ["board of HP: a plan that is not known"]
    await provision(force)
    await force.settle()
    assert force.shown(task)["priority"] == 1


async def test_a_task_that_ends_while_its_plan_is_not_known_ends_on_its_other_board(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.escalate(task)
    await force.settle()
    force.amy.remove(f"/planner/plans/{forgotten(force)}")
    force.carl.change(force.planner_id(task, "DIV_N"), percentComplete=100)
    await force.pull()
    await force.deliver()
    await provision(force)
    await force.settle()
    assert force.record(task).status is Status.COMPLETED
    assert force.on_board() == []


async def test_a_task_that_is_withdrawn_while_its_plan_is_not_known_is_closed_on_its_other_board(
    force: SmallForce,
) -> None:
    task = await force.task_on_board()
    force.escalate(task)
    await force.settle()
    force.carl.remove(f"/planner/plans/{forgotten(force, 'DIV_N')}")
    with force.service.store.act("test", "test", "withdraw") as uow:
        withdraw(uow, task.task_id, "Nobody needs it.")
    await force.deliver()
    assert [wire["percentComplete"] for wire in force.on_board()] == [100]
    await provision(force, unit="DIV_N")
    await force.settle()
    assert force.on_board("DIV_N") == []
    assert force.stays(task) == [("DIV_N", 1, "GONE"), ("HP", 1, "CLOSED")]
    assert troubles(force) == []


async def test_a_plan_that_was_forgotten_but_is_there_is_read_again_with_its_tasks(force: SmallForce) -> None:
    task, quiet = await force.task_on_board(), await force.task_on_board(title="Quiet")
    plan = forgotten(force)
    force.amy.change(force.planner_id(task), percentComplete=50)
    force.assess_again(quiet)
    await force.deliver()
    assert ("there", "it was not known, though tasks stand on it") in said(await provision(force))
    assert await provision(force) == []
    await force.settle()
    assert [(each.number, each.is_current) for each in plans(force)] == [(2, True), (1, False)]
    assert (force.link(task).plan_id, force.link(task).stay) == (plan, 1)
    assert force.record(task).progress == 50
    assert force.shown(quiet)["priority"] == 1
    assert troubles(force) == []
