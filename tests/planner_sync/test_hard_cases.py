"""Cases where something of a person's could slip between two reads, two plans of a board, or two deliveries."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event

from graph_client.errors import RetryLater
from planner_sync.boards import BoardPlan
from planner_sync.roll_over import RollOver
from store import remarks
from tasking import board_actions
from tasking.events import TaskChanged
from tasking.task import Status, Task, TaskText
from tests.planner_sync.small_force import SmallForce

pytestmark = pytest.mark.anyio


async def goes_on_in_a_second_plan(force: SmallForce, unit: str = "HP") -> BoardPlan:
    service = force.service
    return await RollOver(service.store, service.graph.planner, service.force).next_plan(force.board(unit))


async def rounds(force: SmallForce, count: int) -> None:
    for _ in range(count):
        force.later(minutes=16)
        await force.pull()
        await force.deliver()


async def finished_long_ago(force: SmallForce) -> Task:
    task = await force.task_on_board()
    force.amy.change(force.planner_id(task), percentComplete=100)
    await force.settle()
    force.later(days=29)
    return task


async def test_what_was_done_above_just_before_the_return_reaches_the_record(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.escalate(task)
    await force.settle()
    above = force.planner_id(task, "DIV_N")
    force.carl.tick(above, task.checklist[0].line_id)
    force.carl.change(above, title=f"{task.reference} New words")
    force.give_back(task)
    await force.deliver()
    await force.settle()
    assert force.record(task).checklist[0].is_done
    assert force.record(task).title == "New words"


async def test_a_change_of_ours_that_is_still_under_way_is_not_taken_for_a_person_s(force: SmallForce) -> None:
    """Two deliveries of one task meet: the first's change lands with its answer lost while the second goes on."""
    task = await force.task_on_board()
    force.escalate(task)
    await force.settle()
    below, above = force.planner_id(task), force.planner_id(task, "DIV_N")
    planner, worker = force.service.graph.planner, force.service.worker
    really, may_send, calls = planner.update_task, asyncio.Event(), []

    async def update(task_id: str, changes: Any, etag: str) -> Any:
        if task_id == below:
            calls.append(changes)
        if task_id == below and len(calls) == 1:
            await may_send.wait()
            await really(task_id, changes, etag)
            raise RetryLater("PATCH", uncertain=True)
        return await really(task_id, changes, etag)

    planner.update_task = update  # type: ignore[method-assign]
    force.carl.change(above, percentComplete=30)
    await force.pull()
    (first,) = [row["outbox_id"] for row in force.outbox("PENDING", "planner.update_boards")]
    delivering = asyncio.create_task(worker.deliver(first))
    while not calls:  # noqa: ASYNC110 - what is waited for has no event to give
        await asyncio.sleep(0.01)
    force.carl.change(above, percentComplete=60)
    await force.pull()
    (second,) = [
        row["outbox_id"] for row in force.outbox("PENDING", "planner.update_boards") if row["outbox_id"] != first
    ]
    await worker.deliver(second)
    may_send.set()
    await delivering
    planner.update_task = really  # type: ignore[method-assign]
    await force.settle()
    assert force.record(task).progress == 60
    assert force.shown(task)["percentComplete"] == 60


async def test_a_bucket_that_goes_just_before_something_is_sent_withdraws_nothing(accepting_force: SmallForce) -> None:
    force = accepting_force
    task = await force.task_on_board()
    force.amy.remove(f"/planner/buckets/{force.board().bucket_of_pillar['ROADS']}")
    force.assess_again(task)
    await force.deliver()
    await force.settle()
    assert force.record(task).status is not Status.WITHDRAWN
    assert len(force.on_board()) == 1


async def test_a_finished_task_opened_while_it_was_about_to_leave_is_open_again(
    force: SmallForce, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = await finished_long_ago(force)
    planner, delete = force.service.graph.planner, force.service.graph.planner.delete_task

    async def somebody_is_quicker(*given: Any) -> None:
        force.amy.change(force.planner_id(task), percentComplete=50)
        await delete(*given)

    monkeypatch.setattr(planner, "delete_task", somebody_is_quicker)
    await force.service.in_step.retire_boards()
    await force.settle()
    assert force.record(task).progress == 50


async def test_a_finished_task_whose_removal_failed_can_still_be_opened_again(force: SmallForce) -> None:
    task = await finished_long_ago(force)
    force.fault("fail_next", method="DELETE", path="/planner/tasks/", status=503)
    await force.service.in_step.retire_boards()
    force.amy.change(force.planner_id(task), percentComplete=50)
    await force.settle()
    assert force.record(task).progress == 50


async def test_one_task_that_cannot_be_read_does_not_stop_its_board(force: SmallForce) -> None:
    broken, well = await force.task_on_board(), await force.task_on_board()
    for task in (broken, well):
        force.amy.change(force.planner_id(task), percentComplete=50)
    path = f"/planner/tasks/{force.planner_id(broken)}/details$"
    force.fault("fail_next", method="GET", path=path, status=500, times=100_000)
    await rounds(force, 2)
    assert (force.record(broken).progress, force.record(well).progress) == (0, 50)
    assert "1 tasks on the board of HP cannot be read" in force.notices("details")[-1]["text"]
    force.emulator.control("faults", method="DELETE")
    await rounds(force, 2)
    assert force.record(broken).progress == 50
    assert force.notices("details")[-1]["cleared_at"] is not None


async def test_a_deleted_task_that_a_list_still_shows_is_not_adopted(force: SmallForce) -> None:
    force.switch(planner_stale_deletes_seconds=3600)
    board = force.board()
    force.amy.delete(force.amy.make_task(board.plan_id, board.bucket_of_pillar["ROADS"], "Mend the fence"))
    await force.settle()
    force.switch(planner_stale_deletes_seconds=0)
    await force.settle()
    assert (force.records(), force.on_board()) == ([], [])


async def test_a_create_that_cannot_be_finished_does_not_keep_others_from_being_adopted(force: SmallForce) -> None:
    force.fault("fail_next", method="PATCH", path="/details$", status=400)
    force.raise_task()
    await rounds(force, 2)
    force.amy.make_task(force.board().plan_id, force.board().bucket_of_pillar["ROADS"], "Mend the fence")
    await rounds(force, 2)
    assert "Mend the fence" in [task.title for task in force.records()]


async def test_a_board_in_two_plans_asks_about_an_owner_once(force: SmallForce) -> None:
    task = await force.task_on_board()
    await goes_on_in_a_second_plan(force)
    force.amy.assign(force.planner_id(task), force.user_ids["carl"])
    await rounds(force, 4)
    force.watch()
    await rounds(force, 4)
    assert force.calls("PATCH") == []
    assert "owner: HP" in force.remarks(task)


async def test_an_old_plan_that_is_emptied_is_told_once_and_can_be_believed(force: SmallForce) -> None:
    raised = [await force.task_on_board() for _ in range(2)]
    await goes_on_in_a_second_plan(force)
    for task in raised:
        force.amy.delete(force.planner_id(task))
    await rounds(force, 3)
    assert len(force.notices("empty")) == 1
    assert await force.service.in_step.believe_board("HP") == 2


async def test_a_pillar_that_a_board_has_no_bucket_for_stays_the_task_s_pillar(
    force: SmallForce, monkeypatch: pytest.MonkeyPatch
) -> None:
    pillars = force.service.force.pillars
    monkeypatch.setitem(pillars, "ROADS", replace(pillars["ROADS"], retired=True))
    await goes_on_in_a_second_plan(force, "DIV_N")
    task = await force.task_on_board()
    force.escalate(task)
    await force.settle()
    force.amy.change(force.planner_id(task), percentComplete=50)
    await force.settle()
    assert force.record(task).pillar == "ROADS"


async def test_a_sentence_that_comes_while_the_task_is_being_made_is_shown(
    force: SmallForce, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = force.raise_task()
    planner, update = force.service.graph.planner, force.service.graph.planner.update_details

    async def meanwhile(*given: Any) -> Any:
        with force.service.store.act("service", "planner", "test") as uow:
            remarks.raise_remark(uow.connection, task.task_id, "limit: X", "Something was left out.", uow.now())
            uow.emit(TaskChanged(task.task_id))
        for row in uow.promised:
            await force.service.worker.deliver(row)
        return await update(*given)

    with monkeypatch.context() as patch:
        patch.setattr(planner, "update_details", meanwhile)
        await force.deliver()
    await force.settle()
    assert "Something was left out." in force.described(task)


async def test_a_task_withdrawn_before_it_was_shown_never_is(force: SmallForce) -> None:
    force.fault("throttle", method="POST", path="/planner/tasks$")
    task = force.raise_task()
    await force.deliver()
    with force.service.store.act("test", "test", "test") as uow:
        board_actions.withdraw(uow, task.task_id, "Not wanted.")
    await force.settle()
    assert [shown for shown in force.on_board() if shown["percentComplete"] < 100] == []


async def test_a_request_longer_than_planner_takes_is_cut_on_the_board_alone(force: SmallForce) -> None:
    task = await force.task_on_board(text=TaskText(*(["x" * 7_000] * 5)))
    assert len(force.described(task)) <= 32_000
    assert f"· OFFICIAL · {task.reference}" in force.described(task)
    assert force.record(task).text.constraints == "x" * 7_000
    assert force.outbox("DEAD") == []


async def test_one_board_out_of_reach_does_not_keep_a_withdrawn_task_open_on_the_others(
    accepting_force: SmallForce,
) -> None:
    force = accepting_force
    task = await force.task_on_board()
    for unit in ("DIV_N", "PKS"):
        force.escalate(task, unit)
        await force.settle()
    path = f"/planner/tasks/{force.planner_id(task, 'DIV_N')}"
    force.fault("fail_next", method="PATCH", path=path, status=403, times=100_000)
    force.amy.delete(force.planner_id(task))
    await rounds(force, 4)
    assert force.shown(task, "PKS")["percentComplete"] == 100


async def test_a_limit_s_sentence_goes_when_there_is_room_again(force: SmallForce) -> None:
    task = await force.task_on_board()
    link = {"@odata.type": "#microsoft.graph.plannerExternalReference", "alias": "Rota"}
    force.amy.change_details(force.planner_id(task), references={"https%3A//example%2Eorg/rota": link})
    force.switch(planner_max_references=1)
    force.escalate(task)
    await force.settle()
    assert "limit: MaximumReferencesOnTask" in force.remarks(task)
    force.switch(planner_max_references=15)
    force.escalate(task, "PKS")
    await force.settle()
    assert "limit: MaximumReferencesOnTask" not in force.remarks(task)
    assert "no more links" not in force.described(task)


async def test_copies_that_are_left_alone_cost_a_silent_poll_no_writing(leaving_force: SmallForce) -> None:
    force = leaving_force
    task = await force.task_on_board()
    await force.settle()
    begun: list[object] = []
    event.listen(force.service.store.engine, "begin", begun.append)
    await force.pull()
    without = len(begun)
    for _ in range(20):
        force.amy.copy(force.planner_id(task))
    await force.settle()
    begun.clear()
    await force.pull()
    assert len(begun) <= without + 2, "as many transactions as without them, but for one that looks"
