"""Tasks that people delete, and boards that cannot be read or cannot be believed."""

import pytest

from graph_client.limiter import IN_FLIGHT
from store.planner_links import LinkState
from tasking.task import Status
from tests.planner_sync.small_force import SmallForce

pytestmark = pytest.mark.anyio


async def test_a_deleted_task_is_shown_again_once(force: SmallForce) -> None:
    task = await force.task_on_board()
    stays = force.raise_task(title="Stays")
    await force.settle()
    before = force.planner_id(task)
    force.amy.tick(before, task.checklist[0].line_id)
    force.amy.assign(before, force.bob.user_id)
    await force.settle()
    force.amy.delete(before)
    await force.settle()
    again = force.shown(task)
    assert again["id"] != before
    assert len(force.on_board()) == 2
    assert force.stays(task) == [("HP", 1, "GONE"), ("HP", 2, "ACTIVE")]
    assert len(force.audit(task, "deleted on the board")) == 1
    assert set(again["assignments"]) == {force.bob.user_id}
    checklist = again["details"]["checklist"]
    assert [checklist[line.line_id]["isChecked"] for line in task.checklist] == [True, False]
    assert force.link(stays).stay == 1


async def test_what_people_had_written_on_a_deleted_task_is_there_again(force: SmallForce) -> None:
    task = await force.task_on_board()
    on = force.planner_id(task)
    force.amy.line(on, "their-own-line", title="Ring the school", isChecked=True, orderHint=" !")
    link = {"@odata.type": "#microsoft.graph.plannerExternalReference", "alias": "Rota", "type": "Other"}
    force.amy.change_details(on, references={"https%3A//example%2Eorg/rota": link})
    force.amy.change_details(on, description="Ask for Pat.\n" + force.described(task))
    force.amy.tick(on, task.checklist[0].line_id)
    force.amy.label(on, force.slot("BLOCKED"))
    await force.settle()
    before = force.shown(task)
    force.amy.delete(on)
    await force.settle()
    after = force.shown(task)
    assert after["id"] != before["id"]
    assert after["details"]["description"] == before["details"]["description"]
    for shown in (before, after):
        lines = {key: (line["title"], line["isChecked"]) for key, line in shown["details"]["checklist"].items()}
        assert lines["their-own-line"] == ("Ring the school", True)
        assert [lines[line.line_id][1] for line in task.checklist] == [True, False]
    assert after["details"]["references"].keys() == before["details"]["references"].keys()
    assert after["appliedCategories"] == before["appliedCategories"]


async def test_a_task_deleted_again_is_shown_again_again(force: SmallForce) -> None:
    task = await force.task_on_board()
    for _ in range(2):
        force.amy.delete(force.planner_id(task))
        await force.settle()
    assert len(force.on_board()) == 1
    assert force.link(task).stay == 3


async def test_where_the_force_says_so_a_deleted_task_is_withdrawn(accepting_force: SmallForce) -> None:
    force = accepting_force
    task = await force.task_on_board()
    force.amy.delete(force.planner_id(task))
    await force.settle()
    assert force.record(task).status is Status.WITHDRAWN
    assert force.on_board() == []
    assert force.stays(task) == [("HP", 1, "GONE")]


async def test_a_completed_task_that_is_deleted_stays_deleted(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.amy.change(force.planner_id(task), percentComplete=100)
    await force.settle()
    force.amy.delete(force.planner_id(task))
    await force.settle()
    assert force.on_board() == []
    assert force.record(task).status is Status.COMPLETED


async def test_a_task_deleted_just_before_something_is_sent_to_it_is_shown_again(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.amy.delete(force.planner_id(task))
    force.assess_again(task)
    await force.deliver()
    await force.settle()
    (shown,) = force.on_board()
    assert shown["priority"] == 1
    assert len(force.audit(task, "deleted on the board")) == 1
    assert [state for unit, _, state in force.stays(task) if unit == "HP"] == ["GONE", "ACTIVE"]


@pytest.mark.parametrize(("status", "code"), [(403, ""), (500, "generalException"), (404, "")])
async def test_a_board_that_cannot_be_read_does_not_stop_the_others(force: SmallForce, status: int, code: str) -> None:
    northfell = await force.task_on_board()
    dalesmere = await force.task_on_board(unit="DD")
    force.amy.change(force.planner_id(northfell), percentComplete=50)
    force.bob.change(force.planner_id(dalesmere, "DD"), percentComplete=50)
    path = f"/planner/plans/{force.board('HP').plan_id}/tasks"
    force.fault("fail_next", method="GET", path=path, status=status, code=code, times=50)
    for _ in range(2):
        await force.pull()
    assert force.record(dalesmere).progress == 50
    assert force.record(northfell).progress == 0
    assert force.link(northfell).state is LinkState.ACTIVE
    (notice,) = force.notices("board of HP")
    assert notice["cleared_at"] is None
    force.emulator.control("faults", method="DELETE")
    for _ in range(2):
        await force.pull()
    assert force.record(northfell).progress == 50
    (notice,) = force.notices("board of HP")
    assert notice["cleared_at"] is not None


async def test_a_board_that_reads_empty_changes_nothing_and_the_operator_is_told_once(force: SmallForce) -> None:
    raised = [force.raise_task(title=f"Job {number}") for number in range(3)]
    await force.settle()
    plan = force.board().plan_id
    planner = force.emulator.tenant.planner
    hidden = {key: parts for key, parts in planner.tasks.items() if parts.task.values["planId"] == plan}
    for key in hidden:
        del planner.tasks[key]
    for _ in range(2):
        await force.pull()
    assert {force.link(task).state for task in raised} == {LinkState.ACTIVE}
    assert all(force.record(task).is_open for task in raised)
    (notice,) = force.notices("board of HP empty")
    assert "3 tasks" in notice["text"]
    planner.tasks.update(hidden)
    await force.settle()
    assert force.notices("board of HP empty")[0]["cleared_at"] is not None
    assert len(force.on_board()) == 3


async def test_a_board_that_people_did_empty_is_believed_when_somebody_says_so(force: SmallForce) -> None:
    raised = [await force.task_on_board() for _ in range(3)]
    for task in raised:
        force.amy.delete(force.planner_id(task))
    await force.pull()
    assert force.on_board() == []
    assert "tasking believe-board HP" in force.notices("board of HP empty")[-1]["text"]
    assert await force.service.in_step.believe_board("HP") == 3
    await force.settle()
    assert len(force.on_board()) == 3, "shown again, as this force wants it"
    assert force.notices("board of HP empty")[-1]["cleared_at"] is not None


async def test_a_list_shorter_than_its_own_count_is_not_believed(force: SmallForce) -> None:
    """Absent from one answer is not deleted: only a 404 on the task itself is."""
    task = await force.task_on_board()
    await force.task_on_board(title="Another")
    force.switch(planner_stale_list_seconds=3600)
    await force.pull()
    assert force.link(task).state is LinkState.ACTIVE
    assert force.audit(task, "deleted") == []


async def test_one_board_that_refuses_a_change_does_not_keep_it_from_the_other(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.escalate(task)
    await force.settle()
    own = force.planner_id(task)
    force.fault("fail_next", method="PATCH", path=f"/planner/tasks/{own}", status=403, code="", times=3)
    force.assess_again(task)
    await force.deliver()
    assert force.shown(task, "DIV_N")["priority"] == 1
    assert force.shown(task)["priority"] == 5
    assert force.notices("planner.update_boards")
    await force.settle()
    assert force.shown(task)["priority"] == 1
    assert force.notices("planner.update_boards")[-1]["cleared_at"] is not None


async def test_when_graph_asks_to_wait_the_other_boards_are_not_asked_until_the_next_round(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.amy.change(force.planner_id(task), percentComplete=50)
    force.fault("throttle", workload="planner", seconds=60, retry_after="fractional", value=20.5)
    force.watch()
    await force.pull()
    assert 1 <= len(force.calls("GET", "/tasks$")) <= IN_FLIGHT, "calls made while throttled still count"
    force.watch()
    await force.pull()
    assert force.calls("GET") == [], "Graph asked for 20 seconds"
    assert force.record(task).progress == 0
    assert force.notices("board") == [], "a wait is no trouble"
    force.later(minutes=11)
    await force.pull()
    assert "asked the service to wait" in force.notices("board")[-1]["text"], "until it lasts"
