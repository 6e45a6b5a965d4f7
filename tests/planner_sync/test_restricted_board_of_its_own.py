"""A force may give restricted tasks a board of their own: then they stand there, and on no ordinary board at all."""

import json
from pathlib import Path

import pytest

from planner_sync.description import LINE
from service.provision import Provision
from tasking import board_actions
from tests.emulator_server import RunningEmulator
from tests.planner_sync.conftest import RESTRICTED_BOARD_CONFIG
from tests.planner_sync.kept_apart import (
    APART,
    LIFTED,
    MARKED,
    OPEN,
    RESTRICTED,
    SECRET,
    all_that_boards_say,
    mark,
    plans_showing,
    task_on_board,
)
from tests.planner_sync.small_force import SmallForce
from tests.planner_sync.small_stage import Stage, small_force_at_work

pytestmark = pytest.mark.anyio


RAISED_RESTRICTED = {
    "restricted pillar": {"pillar": RESTRICTED},
    "higher mark": {"pillar": OPEN, "classification": MARKED},
    "restricted pillar, in Triage for a fault": {"pillar": RESTRICTED, "faults": ("A date was not clear.",)},
}


@pytest.mark.parametrize("given", RAISED_RESTRICTED.values(), ids=RAISED_RESTRICTED)
async def test_a_task_that_is_restricted_stands_on_the_restricted_board_alone_and_without_its_words(
    apart_force: SmallForce, given: dict[str, object]
) -> None:
    force = apart_force
    task = await task_on_board(force, **given)
    assert plans_showing(force, task) == [APART]
    assert SECRET not in all_that_boards_say(force)
    assert force.shown(task, APART)["title"].endswith(": see the record")
    assert "Stands with: Northfell" in force.described(task, APART)
    assert SECRET in force.record(task).title, "the record keeps it"


async def test_any_other_task_stands_on_its_unit_s_board_as_before(apart_force: SmallForce) -> None:
    task = await task_on_board(apart_force)
    assert plans_showing(apart_force, task) == ["HP"]
    assert SECRET in all_that_boards_say(apart_force)


async def test_without_a_restricted_board_in_config_a_restricted_task_stands_on_its_unit_s_board(
    force: SmallForce,
) -> None:
    task = await task_on_board(force, pillar=RESTRICTED)
    assert plans_showing(force, task) == ["HP"]


async def test_a_task_that_is_marked_later_leaves_every_ordinary_board_and_nobody_is_said_to_have_deleted_it(
    apart_force: SmallForce,
) -> None:
    force = apart_force
    task = await task_on_board(force)
    force.escalate(task)
    await force.settle()
    force.escalate(task, "PKS")
    await force.settle()
    assert plans_showing(force, task) == ["DIV_N", "HP", "PKS"]
    mark(force, task, MARKED)
    await force.settle()
    assert plans_showing(force, task) == [APART]
    assert SECRET not in all_that_boards_say(force)
    assert force.stays(task) == [("DIV_N", 1, "MOVED"), ("HP", 1, "MOVED"), ("PKS", 1, "MOVED"), (APART, 1, "ACTIVE")]
    assert force.record(task).is_open
    assert force.record(task).stands_on == ("HP", "DIV_N", "PKS")
    assert force.audit(task, "deleted on the board") == []
    assert len(force.audit(task, "left the board: it may stand on other boards only")) == 3
    await force.settle()
    assert plans_showing(force, task) == [APART]
    assert [row["subject"] for row in force.open_notices() if "board" in row["subject"]] == []


async def test_a_force_that_takes_deletions_at_their_word_does_not_withdraw_what_is_marked_later(
    emulator: RunningEmulator, stage: Stage, tmp_path: Path
) -> None:
    rules = {"restricted_board": RESTRICTED_BOARD_CONFIG, "deleted_task_policy": "accept"}
    async with small_force_at_work(emulator, stage, tmp_path / "work", **rules) as force:
        await Provision(force.service, lambda step: None).run()
        task = await task_on_board(force)
        mark(force, task, MARKED)
        # The board is read when the task is off it and the service does not know yet that it got through.
        force.emulator.tenant.planner.drop_task(force.planner_id(task))
        await force.pull()
        await force.settle()
        assert force.record(task).is_open
        assert plans_showing(force, task) == [APART]
        assert force.stays(task) == [("HP", 1, "MOVED"), (APART, 1, "ACTIVE")]


async def test_the_finished_twin_of_an_earlier_escalation_goes_too(apart_force: SmallForce) -> None:
    force = apart_force
    task = await task_on_board(force)
    force.escalate(task)
    await force.settle()
    force.give_back(task)
    await force.settle()
    assert plans_showing(force, task) == ["DIV_N", "HP"]
    mark(force, task, MARKED)
    await force.settle()
    assert plans_showing(force, task) == [APART]
    assert SECRET not in all_that_boards_say(force)


async def test_a_task_whose_mark_is_lowered_with_a_reason_comes_back_with_what_people_had_written_there(
    apart_force: SmallForce,
) -> None:
    force = apart_force
    task = await task_on_board(force)
    described = force.described(task)
    force.amy.change_details(force.planner_id(task), description=described.replace(LINE, f"Amy was here\n{LINE}"))
    await force.settle()
    mark(force, task, MARKED)
    await force.settle()
    assert "amy was here" not in all_that_boards_say(force)
    force.amy.change_details(force.planner_id(task, APART), description=f"Dee was here\n{force.described(task, APART)}")
    await force.settle()
    mark(force, task, LIFTED)
    await force.settle()
    assert plans_showing(force, task) == ["HP"]
    assert force.shown(task)["title"] == f"{task.reference} Northfell: {SECRET}"
    assert f"{SECRET} step" in json.dumps(force.shown(task))
    assert "Amy was here" in force.described(task)
    assert "dee was here" not in all_that_boards_say(force)
    mark(force, task, MARKED)
    await force.settle()
    assert plans_showing(force, task) == [APART]
    assert "Dee was here" in force.described(task, APART)
    assert SECRET not in all_that_boards_say(force)


async def test_a_restricted_task_that_is_escalated_and_returned_stays_on_the_restricted_board_and_says_where_it_is(
    apart_force: SmallForce,
) -> None:
    force = apart_force
    task = await task_on_board(force, pillar=RESTRICTED)
    force.escalate(task)
    await force.settle()
    assert plans_showing(force, task) == [APART]
    assert "Stands with: Northfell, North Division" in force.described(task, APART)
    assert force.shown(task, APART)["appliedCategories"][force.category("ESCALATED")]
    force.give_back(task)
    await force.settle()
    assert plans_showing(force, task) == [APART]
    assert force.shown(task, APART)["percentComplete"] == 0
    assert force.shown(task, APART)["appliedCategories"][force.category("RETURNED")]
    assert "Stands with: Northfell\n" in force.described(task, APART)


async def test_a_task_that_was_escalated_while_restricted_stands_on_both_boards_once_it_is_not(
    apart_force: SmallForce,
) -> None:
    force = apart_force
    task = await task_on_board(force, classification=MARKED)
    force.escalate(task)
    await force.settle()
    mark(force, task, LIFTED)
    await force.settle()
    assert plans_showing(force, task) == ["DIV_N", "HP"]
    force.give_back(task)
    await force.settle()
    assert force.shown(task, "DIV_N")["percentComplete"] == 100
    force.escalate(task)
    await force.settle()
    assert force.stays(task)[:2] == [("DIV_N", 1, "CLOSED"), ("DIV_N", 2, "ACTIVE")]


async def test_owners_and_progress_flow_from_the_restricted_board_and_whoever_is_not_in_its_group_is_asked_about(
    apart_force: SmallForce,
) -> None:
    force = apart_force
    task = await task_on_board(force, pillar=RESTRICTED)
    force.amy.assign(force.planner_id(task, APART), force.user_ids["amy"])
    force.amy.change(force.planner_id(task, APART), percentComplete=50)
    await force.settle()
    assert (force.record(task).owner_ids, force.record(task).progress) == ((force.user_ids["amy"],), 50)
    assert f"owner: {APART}" not in force.remarks(task)
    force.amy.assign(force.planner_id(task, APART), force.user_ids["bob"])
    await force.settle()
    assert "not a member of this board's group" in force.remarks(task)[f"owner: {APART}"]


async def test_an_officer_who_finished_it_just_before_it_was_marked_has_finished_it(apart_force: SmallForce) -> None:
    force = apart_force
    task = await task_on_board(force)
    force.amy.change(force.planner_id(task), percentComplete=100)
    mark(force, task, MARKED)
    await force.settle()
    assert force.record(task).status == "COMPLETED"
    assert plans_showing(force, task) == [APART]
    assert force.shown(task, APART)["percentComplete"] == 100


async def test_somebody_sets_the_restricted_label_or_drags_it_into_a_restricted_bucket_and_it_leaves_for_good(
    apart_force: SmallForce,
) -> None:
    force = apart_force
    labelled, dragged = await task_on_board(force), await task_on_board(force)
    force.amy.label(force.planner_id(labelled), force.slot("RESTRICTED"))
    force.amy.change(force.planner_id(dragged), bucketId=force.board().bucket_of_pillar[RESTRICTED])
    await force.settle()
    for task in (labelled, dragged):
        assert plans_showing(force, task) == [APART]
    assert SECRET not in all_that_boards_say(force)
    force.amy.label(force.planner_id(labelled, APART), force.slot("RESTRICTED"), is_on=False)
    force.amy.change(force.planner_id(dragged, APART), bucketId=force.board(APART).bucket_of_pillar[OPEN])
    await force.settle()
    assert force.record(dragged).pillar == OPEN
    for task in (labelled, dragged):
        assert plans_showing(force, task) == [APART], "only a person with a reason lifts it"


async def test_a_restricted_task_that_people_delete_is_shown_again_on_the_restricted_board(
    apart_force: SmallForce,
) -> None:
    force = apart_force
    task = await task_on_board(force, pillar=RESTRICTED)
    force.amy.delete(force.planner_id(task, APART))
    await force.settle()
    assert plans_showing(force, task) == [APART]
    assert force.stays(task) == [(APART, 1, "GONE"), (APART, 2, "ACTIVE")]


async def test_what_people_move_or_copy_from_the_restricted_board_to_another_plan_does_not_stay_there(
    apart_force: SmallForce,
) -> None:
    force = apart_force
    task = await task_on_board(force, pillar=RESTRICTED)
    title = f"{task.reference} Look for {SECRET} by the mill"
    force.amy.change(force.planner_id(task, APART), title=title)
    await force.settle()
    board = force.board()
    force.amy.make_task(board.plan_id, board.bucket_of_pillar[OPEN], title)
    force.amy.delete(force.planner_id(task, APART))
    await force.settle()
    copy = next(each for each in force.records() if each.reference != task.reference)
    assert plans_showing(force, task) == [APART]
    assert plans_showing(force, copy) == [APART]
    assert [each["title"] for each in force.on_board("HP")] == []


async def test_what_people_make_on_the_restricted_board_is_adopted_there_and_its_words_go_nowhere_else(
    apart_force: SmallForce,
) -> None:
    force = apart_force
    board = force.board(APART)
    force.amy.make_task(board.plan_id, board.bucket_of_pillar[OPEN], f"Look for {SECRET}")
    await force.settle()
    (task,) = force.records()
    assert (task.unit, task.pillar, task.is_held) == ("PKS", OPEN, True)
    assert plans_showing(force, task) == [APART]
    assert force.shown(task, APART)["title"] == f"{task.reference} Look for {SECRET}"


async def test_what_people_make_in_a_restricted_bucket_of_an_ordinary_board_goes_to_the_restricted_one_without_words(
    apart_force: SmallForce,
) -> None:
    force = apart_force
    force.amy.make_task(force.board().plan_id, force.board().bucket_of_pillar[RESTRICTED], f"Look for {SECRET}")
    await force.settle()
    (task,) = force.records()
    assert plans_showing(force, task) == [APART]
    assert SECRET not in all_that_boards_say(force)
    assert force.record(task).board_titles == (f"Look for {SECRET}",), "the record keeps what was typed"


async def test_a_task_that_is_withdrawn_after_it_was_marked_is_left_open_on_no_board(apart_force: SmallForce) -> None:
    force = apart_force
    task = await task_on_board(force, pillar=RESTRICTED)
    mark(force, task, MARKED)
    await force.settle()
    with force.service.store.act("dee", "test", "withdraw") as uow:
        board_actions.withdraw(uow, task.task_id, "It was found.")
    await force.settle()
    assert plans_showing(force, task) == [APART]
    assert force.shown(task, APART)["percentComplete"] == 100
