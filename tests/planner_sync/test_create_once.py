"""One record, one Planner task on its board, whatever is lost, refused or late on the way."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import delete

from graph_client.errors import RetryLater
from graph_client.planner import NewTask, PlannerTask
from planner_sync.create import NotSettled
from store import outbox, planner_links, tables
from store.planner_links import LinkState
from tests.planner_sync.small_force import SETTLE_SECONDS, SmallForce

pytestmark = pytest.mark.anyio

TASKS = "/planner/tasks$"


class PowerCut(BaseException):
    """Not an Exception: nothing may catch it."""


async def test_a_raised_task_is_on_its_board_once(force: SmallForce) -> None:
    task = await force.task_on_board()
    (shown,) = force.on_board()
    assert shown["title"] == f"{task.reference} {task.title}"
    assert force.on_board("DD") == []


@pytest.mark.parametrize("lost_as", ["disconnect", "504"])
async def test_a_create_whose_answer_was_lost_is_found_and_not_repeated(force: SmallForce, lost_as: str) -> None:
    task = force.raise_task()
    force.fault("lose_next_answer", method="POST", path=TASKS, **{"as": lost_as})
    await force.settle()
    (shown,) = force.on_board()
    assert shown["id"] == force.planner_id(task)
    assert "--- kept by the service ---" in shown["details"]["description"]
    assert len(force.calls("POST", TASKS)) == 1


async def test_the_lists_are_not_asked_before_a_lost_create_can_stand_in_them(force: SmallForce) -> None:
    task = force.raise_task()
    force.switch(planner_stale_list_seconds=3600)
    force.fault("lose_next_answer", method="POST", path=TASKS)
    await force.deliver()
    force.later(seconds=SETTLE_SECONDS - 4)
    await force.deliver()
    assert len(force.on_board()) == 1
    force.switch(planner_stale_list_seconds=0)
    await force.settle()
    assert [each["id"] for each in force.on_board()] == [force.planner_id(task)]


async def test_the_settling_time_counts_from_when_the_answer_was_given_up(
    force: SmallForce, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A create that hangs until its time-out may have been done in the last of those seconds."""
    create = force.service.graph.planner.create_task

    async def hangs(new: NewTask) -> PlannerTask:
        force.later(seconds=3 * SETTLE_SECONDS)
        return await create(new)

    monkeypatch.setattr(force.service.graph.planner, "create_task", hangs)
    force.fault("lose_next_answer", method="POST", path=TASKS)
    task = force.raise_task()
    with pytest.raises(RetryLater):
        await force.service.in_step.show(task.task_id, None)
    with pytest.raises(NotSettled):
        await force.service.in_step.show(task.task_id, None)


async def test_a_task_not_yet_in_the_lists_is_not_taken_for_deleted(force: SmallForce) -> None:
    force.switch(planner_stale_list_seconds=3600)
    task = await force.task_on_board()
    await force.pull()
    assert force.link(task).state is LinkState.ACTIVE
    assert force.audit(task, "deleted") == []


async def test_a_copy_that_a_person_made_meanwhile_is_not_taken_for_ours(force: SmallForce) -> None:
    task = force.raise_task()
    force.fault("lose_next_answer", method="POST", path=TASKS)
    await force.deliver()
    (ours,) = force.on_board()
    force.amy.copy(ours["id"])
    await force.settle()
    assert force.planner_id(task) == ours["id"]
    assert len(force.on_board()) == 2


async def test_a_task_that_a_person_renamed_before_we_found_it_again_is_still_ours(force: SmallForce) -> None:
    task = force.raise_task()
    force.fault("lose_next_answer", method="POST", path=TASKS)
    await force.deliver()
    (ours,) = force.on_board()
    force.amy.change(ours["id"], title="Bricks again")
    await force.settle()
    assert [each["id"] for each in force.on_board()] == [ours["id"]]
    assert force.planner_id(task) == ours["id"]
    assert force.record(task).title == "Bricks again"


async def test_what_a_person_did_to_a_task_before_we_found_it_again_reaches_the_record(force: SmallForce) -> None:
    task = force.raise_task()
    force.fault("lose_next_answer", method="POST", path=TASKS)
    await force.deliver()
    (ours,) = force.on_board()
    force.amy.assign(ours["id"], force.bob.user_id)
    force.amy.change_details(ours["id"], description="Spoke to the shops.")
    await force.settle()
    assert force.record(task).owner_ids == (force.bob.user_id,)
    description = force.shown(task)["details"]["description"]
    assert description.startswith("Spoke to the shops.")
    assert "Ask: Two patrols" in description


async def test_two_lost_creates_on_one_board_are_each_found(force: SmallForce) -> None:
    first = force.raise_task(title="Alley lights")
    second = force.raise_task(title="Alley gates")
    force.fault("lose_next_answer", method="POST", path=TASKS, times=2)
    await force.settle()
    assert sorted(each["title"] for each in force.on_board()) == sorted(
        [f"{first.reference} Alley lights", f"{second.reference} Alley gates"]
    )
    assert force.planner_id(first) != force.planner_id(second)


async def test_a_throttled_create_makes_one_task(force: SmallForce) -> None:
    force.fault("throttle", path=TASKS, times=2, value=3)
    force.raise_task()
    await force.settle()
    assert len(force.on_board()) == 1
    assert force.outbox("DEAD") == []


async def test_details_that_come_late_are_waited_for(force: SmallForce) -> None:
    force.switch(planner_details_404_ms=3_600_000)
    task = force.raise_task()
    await force.deliver()
    assert len(force.on_board()) == 1
    force.switch(planner_details_404_ms=0)
    await force.settle()
    assert len(force.on_board()) == 1
    assert len(force.shown(task)["details"]["checklist"]) == 2


async def test_a_full_plan_goes_on_in_the_next_and_the_old_one_is_still_read(force: SmallForce) -> None:
    old = await force.task_on_board()
    full = force.board()
    force.switch(planner_max_active_tasks=1)
    new = await force.task_on_board()
    assert (force.board().number, force.board().is_current) == (2, True)
    assert force.link(new).plan_id == force.board().plan_id != full.plan_id == force.link(old).plan_id
    assert [shown["title"] for shown in force.on_board()] == [f"{new.reference} {new.title}"]
    force.amy.change(force.planner_id(old), percentComplete=50)
    await force.settle()
    assert force.record(old).progress == 50
    assert force.outbox("DEAD") == []


async def test_a_limit_with_no_way_round_keeps_the_task_as_a_dead_letter_and_tells_the_operator(
    force: SmallForce,
) -> None:
    await force.task_on_board()
    force.switch(planner_max_tasks_created=1)
    force.raise_task()
    await force.deliver()
    (dead,) = force.outbox("DEAD", "planner.show_on_board")
    assert "MaximumTasksCreatedByUser" in dead["last_error"]
    (notice,) = force.notices("planner.show_on_board")
    assert "MaximumTasksCreatedByUser" in notice["text"]
    assert notice["cleared_at"] is None


async def test_a_dead_letter_put_back_after_room_was_made_makes_one_task(force: SmallForce) -> None:
    await force.task_on_board()
    force.switch(planner_max_tasks_created=1)
    force.raise_task()
    await force.deliver()
    force.switch(planner_max_tasks_created=0)
    with force.service.store.open() as connection:
        outbox.replay(connection, None, force.clock.now())
    await force.settle()
    assert len(force.on_board()) == 2
    assert force.notices("planner.show_on_board")[0]["cleared_at"] is not None


STEPS = range(1, 7)
"""The row held, noted as being created, its id noted, its details noted, on the board; one more, so none is missed."""


@pytest.mark.parametrize("dies_at", STEPS)
@pytest.mark.parametrize("after_commit", [False, True], ids=["before-the-commit", "after-the-commit"])
async def test_a_service_that_dies_at_any_step_of_creating_makes_one_task(
    force: SmallForce, monkeypatch: pytest.MonkeyPatch, dies_at: int, after_commit: bool
) -> None:
    change, steps = planner_links.change, iter(range(1, 100))

    def changes(connection: Any, link_id: str, **values: object) -> None:
        dies = next(steps) == dies_at
        if dies and not after_commit:
            raise PowerCut
        change(connection, link_id, **values)
        if dies:
            connection.commit()
            raise PowerCut

    task = force.raise_task()
    with monkeypatch.context() as patch:
        patch.setattr(planner_links, "change", changes)
        with suppress(PowerCut):
            await force.service.in_step.show(task.task_id, None)
    await force.settle()
    (shown,) = force.on_board()
    assert shown["id"] == force.planner_id(task)
    assert len(shown["details"]["checklist"]) == 2
    assert shown["details"]["description"].count("--- kept by the service ---") == 1


async def test_what_people_do_while_the_service_is_dead_after_filling_the_details_is_not_lost(
    force: SmallForce, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = planner_links.change

    def changes(connection: Any, link_id: str, **values: object) -> None:
        if values.get("state") is LinkState.ACTIVE:
            raise PowerCut
        change(connection, link_id, **values)

    task = force.raise_task()
    with monkeypatch.context() as patch:
        patch.setattr(planner_links, "change", changes)
        with pytest.raises(PowerCut):
            await force.service.in_step.show(task.task_id, None)
    (shown,) = force.on_board()
    force.amy.assign(shown["id"], force.bob.user_id)
    await force.settle()
    assert force.record(task).owner_ids == (force.bob.user_id,)


async def test_two_workers_that_show_the_same_task_at_once_make_one(force: SmallForce) -> None:
    task = force.raise_task()
    force.fault("delay", method="POST", path=TASKS, seconds=0.1, times=2)
    show = force.service.in_step.show
    await asyncio.gather(show(task.task_id, None), show(task.task_id, None), return_exceptions=True)
    await force.settle()
    assert len(force.on_board()) == 1


async def test_two_workers_that_both_find_an_unfinished_create_make_one(
    force: SmallForce, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first worker died before its create was sent; two others take over when the settling time is past."""

    async def dies(new: NewTask) -> PlannerTask:
        raise PowerCut

    task = force.raise_task()
    show = force.service.in_step.show
    with monkeypatch.context() as patch:
        patch.setattr(force.service.graph.planner, "create_task", dies)
        with pytest.raises(PowerCut):
            await show(task.task_id, None)
    force.later(seconds=SETTLE_SECONDS + 1)
    await asyncio.gather(show(task.task_id, None), show(task.task_id, None), return_exceptions=True)
    await force.settle()
    assert [each["id"] for each in force.on_board()] == [force.planner_id(task)]


async def test_a_task_deleted_while_it_was_being_made_is_made_once_more(force: SmallForce) -> None:
    force.switch(planner_details_404_ms=3_600_000)
    task = force.raise_task()
    await force.deliver()
    (shown,) = force.on_board()
    force.amy.delete(shown["id"])
    force.switch(planner_details_404_ms=0)
    await force.settle()
    (again,) = force.on_board()
    assert again["id"] == force.planner_id(task) != shown["id"]


async def test_a_board_that_was_never_provisioned_waits_and_the_operator_is_told(force: SmallForce) -> None:
    with force.service.store.open() as connection:
        connection.execute(delete(tables.provisioned).where(tables.provisioned.c.key == "DD"))
    force.raise_task(unit="DD")
    await force.deliver()
    (waiting,) = force.outbox("PENDING", "planner.show_on_board")
    assert "tasking provision" in waiting["last_error"]
    assert force.notices("planner.show_on_board")
