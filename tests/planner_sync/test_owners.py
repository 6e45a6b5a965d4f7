"""Who is assigned must be able to do the work; where not, the task's people are asked, without naming anybody."""

import pytest

from tasking.reassigning import reassign
from tests.planner_sync.small_force import SmallForce

pytestmark = pytest.mark.anyio

SUBJECT = "owner: HP"
NOBODY = "00000000-0000-4000-8000-00000000dead"


async def test_a_member_raises_no_question(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.amy.assign(force.planner_id(task), force.user_ids["amy"], force.user_ids["bob"])
    await force.settle()
    assert force.remarks(task) == {}


async def test_somebody_of_another_board_is_asked_about_until_they_are_a_member(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.amy.assign(force.planner_id(task), force.user_ids["carl"])
    await force.settle()
    assert "not a member of this board's group" in force.remarks(task)[SUBJECT]
    assert "not a member of this board's group" in force.described(task)
    nickname = force.service.force.boards["HP"].group_nickname
    force.emulator.control("members", {"group": nickname, "upns": ["carl@peakshire.example"]})
    await force.settle()
    assert force.remarks(task) == {}
    assert "not a member" not in force.described(task)


async def test_an_account_that_is_gone_is_asked_about(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.amy.assign(force.planner_id(task), NOBODY)
    await force.settle()
    assert "no account any more" in force.remarks(task)[SUBJECT]


async def test_an_account_switched_off_later_is_asked_about_within_the_hour(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.amy.assign(force.planner_id(task), force.user_ids["bob"])
    await force.settle()
    force.emulator.tenant.directory.users[force.user_ids["bob"]].enabled = False
    force.later(minutes=61)
    await force.settle()
    assert "switched off" in force.remarks(task)[SUBJECT]
    force.amy.unassign(force.planner_id(task), force.user_ids["bob"])
    await force.settle()
    assert force.remarks(task) == {}


async def test_the_question_names_nobody(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.amy.assign(force.planner_id(task), force.user_ids["carl"])
    await force.settle()
    said = force.remarks(task)[SUBJECT]
    assert "carl" not in said.lower()
    assert force.user_ids["carl"] not in said


async def test_a_directory_that_cannot_be_read_leaves_the_boards_in_step(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.amy.assign(force.planner_id(task), force.user_ids["carl"])
    force.fault("fail_next", method="GET", path="/members", status=403, code="", times=1000)
    await force.settle()
    assert force.record(task).owner_ids == (force.user_ids["carl"],)
    assert force.remarks(task) == {}


async def test_while_nobody_new_is_assigned_members_are_read_once_an_hour(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.amy.assign(force.planner_id(task), force.user_ids["amy"])
    await force.pull()
    force.watch()
    for _ in range(5):
        force.later(minutes=5)
        await force.pull()
    assert len(force.calls("GET", "/members")) == 0
    force.later(minutes=40)
    await force.pull()
    assert len(force.calls("GET", "/members")) == 1


async def test_an_owner_given_in_the_record_replaces_the_old_one_on_the_board_in_one_change(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.amy.assign(force.planner_id(task), force.user_ids["amy"])
    await force.settle()
    with force.service.store.act("dee", "tab", "c-1") as uow:
        reassign(uow, task.reference, force.user_ids["bob"])
    await force.settle()
    assert set(force.shown(task)["assignments"]) == {force.user_ids["bob"]}
    await force.settle()
    assert force.record(task).owner_ids == (force.user_ids["bob"],)


async def test_whom_somebody_on_the_board_gave_it_to_meanwhile_owns_it_beside_the_one_of_the_record(
    force: SmallForce,
) -> None:
    task = await force.task_on_board()
    with force.service.store.act("dee", "tab", "c-1") as uow:
        reassign(uow, task.reference, force.user_ids["bob"])
    force.amy.assign(force.planner_id(task), force.user_ids["amy"])
    await force.settle()
    await force.settle()
    both = {force.user_ids["amy"], force.user_ids["bob"]}
    assert set(force.shown(task)["assignments"]) == set(force.record(task).owner_ids) == both
