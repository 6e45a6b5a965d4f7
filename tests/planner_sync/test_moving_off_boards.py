"""Whatever fails while a task moves to the restricted board or back, it ends on one kind of board, once."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest

from graph_client.planner import NewTask, PlannerTask
from planner_sync.create import NotSettled
from service.provision import Provision
from store.planner_links import LinkState
from tasking.force import Board
from tests.emulator_server import RunningEmulator
from tests.planner_sync.conftest import RESTRICTED_BOARD_CONFIG
from tests.planner_sync.kept_apart import (
    APART,
    LIFTED,
    MARKED,
    RESTRICTED,
    SECRET,
    WORDS,
    all_that_boards_say,
    mark,
    plans_showing,
    task_on_board,
)
from tests.planner_sync.small_force import SmallForce
from tests.planner_sync.small_stage import Stage, another_service, small_force_at_work

pytestmark = pytest.mark.anyio


async def test_an_answer_that_is_lost_while_it_moves_leaves_it_nowhere_twice(apart_force: SmallForce) -> None:
    force = apart_force
    task = await task_on_board(force)
    mark(force, task, MARKED)
    force.fault("lose_next_answer", method="DELETE", path="/planner/tasks/")
    await force.settle()
    assert plans_showing(force, task) == [APART]
    mark(force, task, LIFTED)
    force.fault("lose_next_answer", method="POST", path="/planner/tasks")
    await force.settle()
    assert plans_showing(force, task) == ["HP"]


async def test_a_task_that_is_marked_while_its_first_create_has_no_answer_is_found_and_taken_off(
    apart_force: SmallForce,
) -> None:
    force = apart_force
    task = force.raise_task(title=f"Northfell: {SECRET}", text=WORDS)
    force.fault("lose_next_answer", method="POST", path="/planner/tasks")
    await force.deliver()
    assert force.link(task).state is LinkState.CREATING
    mark(force, task, MARKED)
    await force.settle()
    assert plans_showing(force, task) == [APART]
    assert SECRET not in all_that_boards_say(force)


async def test_a_task_whose_create_never_got_through_is_not_made_on_an_ordinary_board_when_it_was_marked_meanwhile(
    apart_force: SmallForce,
) -> None:
    force = apart_force
    task = force.raise_task()
    force.fault("fail_next", method="POST", path="/planner/tasks", status=503)
    await force.deliver()
    mark(force, task, MARKED)
    force.watch()
    await force.settle()
    assert plans_showing(force, task) == [APART]
    plans = {body["planId"] for body in force.calls("POST", "/planner/tasks$")}
    assert plans == {force.board(APART).plan_id}


async def test_when_config_names_a_restricted_board_later_provisioning_makes_it_and_moves_what_belongs_there(
    emulator: RunningEmulator, stage: Stage, tmp_path: Path
) -> None:
    async with small_force_at_work(emulator, stage, tmp_path / "work") as force:
        task, other = await task_on_board(force, pillar=RESTRICTED), await task_on_board(force)
        without = force.service.force
        with_board = replace(without, restricted_board=Board(**RESTRICTED_BOARD_CONFIG, code=APART))
        for config, boards in ((with_board, [APART]), (without, ["HP"])):
            force.service = replace(force.service, force=config)
            force.service = another_service(force)
            steps = await Provision(force.service, lambda step: None).run()
            assert [step.words for step in steps if step.outcome == "moved"] == [
                "1 stood where they may not be any more"
            ]
            await force.settle()
            showing = {each.task_id: plans_showing(force, each) for each in (task, other)}
            assert showing == {task.task_id: boards, other.task_id: ["HP"]}
            again = await Provision(force.service, lambda step: None).run()
            assert [step for step in again if step.outcome in ("made", "moved")] == []
            await force.service.aclose()


async def test_only_looking_makes_no_restricted_board_and_says_what_would_be_moved(force: SmallForce) -> None:
    task, _ = await task_on_board(force, pillar=RESTRICTED), await task_on_board(force)
    board = Board(**RESTRICTED_BOARD_CONFIG, code=APART)
    service = replace(force.service, force=replace(force.service.force, restricted_board=board))
    steps = await Provision(service, lambda step: None, only_look=True).run()
    missing = [(step.kind, step.name, step.words) for step in steps if step.outcome == "missing"]
    assert ("group", "pks-tasking-restricted", "") in missing
    assert ("tasks", "all boards", "1 would be moved: they may not stand there") in missing
    await force.settle()
    assert force.stays(task) == [("HP", 1, "ACTIVE")]


async def test_a_task_that_is_marked_while_it_is_being_put_on_an_ordinary_board_is_taken_off_again(
    apart_force: SmallForce,
) -> None:
    force = apart_force
    task = force.raise_task(title=f"Northfell: {SECRET}", text=WORDS)
    planner = force.service.graph.planner
    make = planner.create_task

    async def made_while_it_is_marked(new: NewTask) -> PlannerTask:
        answer = await make(new)
        if new.plan_id == force.board().plan_id:
            mark(force, task, MARKED)
            with suppress(NotSettled):
                await force.service.in_step.update_all(task.task_id)
        return answer

    with patch.object(planner, "create_task", made_while_it_is_marked):
        await force.settle()
    assert plans_showing(force, task) == [APART]
    assert SECRET not in all_that_boards_say(force)
    assert force.stays(task) == [("HP", 1, "MOVED"), (APART, 1, "ACTIVE")]
