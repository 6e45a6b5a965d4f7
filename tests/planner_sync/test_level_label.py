"""A force may give each level a label: every board of a task then says at which level it stands."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.provision import Provision
from tasking.task import Task
from tests.emulator_server import RunningEmulator
from tests.planner_sync.small_force import SmallForce
from tests.planner_sync.small_stage import Stage, small_force_at_work

pytestmark = pytest.mark.anyio


@pytest.fixture
async def labelled(
    emulator: RunningEmulator, stage: Stage, tmp_path: Path, anyio_backend: str
) -> AsyncIterator[SmallForce]:
    """The small force with a label for each of its three levels."""
    async with small_force_at_work(emulator, stage, tmp_path / "work", level_labels=True) as at_work:
        await Provision(at_work.service, lambda step: None).run()
        yield at_work


def levels_shown(force: SmallForce, task: Task, unit: str) -> set[str]:
    shown = force.shown(task, unit)["appliedCategories"]
    codes = [code for code in force.service.force.labels if code.startswith("LEVEL_")]
    return {code for code in codes if shown.get(force.category(code))}


async def test_the_level_is_on_every_board_and_moves_with_the_task_up_and_down(labelled: SmallForce) -> None:
    force = labelled
    task = await force.task_on_board()
    assert levels_shown(force, task, "HP") == {"LEVEL_LPU"}
    force.escalate(task)
    await force.settle()
    assert [levels_shown(force, task, unit) for unit in ("HP", "DIV_N")] == [{"LEVEL_DIVISION"}] * 2
    force.escalate(task, "PKS")
    await force.settle()
    assert [levels_shown(force, task, unit) for unit in ("HP", "DIV_N", "PKS")] == [{"LEVEL_FORCE"}] * 3
    force.give_back(task)
    await force.settle()
    assert [levels_shown(force, task, unit) for unit in ("HP", "DIV_N")] == [{"LEVEL_DIVISION"}] * 2
    assert levels_shown(force, task, "PKS") == set(), "what was given back is at no level there"


async def test_a_level_that_somebody_takes_off_or_sets_on_a_board_is_put_right(labelled: SmallForce) -> None:
    force = labelled
    task = await force.task_on_board()
    force.amy.label(force.planner_id(task), force.slot("LEVEL_LPU"), is_on=False)
    force.amy.label(force.planner_id(task), force.slot("LEVEL_FORCE"))
    await force.settle()
    assert levels_shown(force, task, "HP") == {"LEVEL_LPU"}
    assert force.record(task).stands_on == ("HP",)


async def test_the_labels_have_their_names_on_every_plan(labelled: SmallForce) -> None:
    for unit in ("HP", "DIV_N", "PKS"):
        plan = labelled.emulator.tenant.planner.plans[labelled.board(unit).plan_id]
        names = plan.details.wire()["categoryDescriptions"]
        assert names[labelled.category("LEVEL_DIVISION")] == "Level: division"


async def test_a_force_without_such_labels_says_the_level_in_the_description(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.escalate(task)
    await force.settle()
    assert "Journey: Section > Division (here now)" in force.described(task)
    assert not any(code.startswith("LEVEL_") for code in force.service.force.labels)
