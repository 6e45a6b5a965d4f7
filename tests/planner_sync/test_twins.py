"""A task that climbs shows on the higher board as well: one record, one reference, and one way back."""

from dataclasses import replace
from typing import Any

import pytest

from graph_client.planner import PlannerTask
from store.planner_links import LinkState
from tasking.task import Status, Task
from tests.planner_sync.small_force import SLIGHT, SmallForce

pytestmark = pytest.mark.anyio


async def test_an_escalated_task_shows_on_the_higher_board_and_the_first_is_marked(force: SmallForce) -> None:
    task = await force.task_on_board()
    escalation = force.escalate(task)
    await force.settle()
    own, twin = force.shown(task), force.shown(task, "DIV_N")
    assert own["title"] == twin["title"] == f"{task.reference} {task.title}"
    for shown in (own, twin):
        assert shown["appliedCategories"][force.category("ESCALATED")]
        assert shown["appliedCategories"][force.category("DECISION_NEEDED")]
        block = shown["details"]["description"].partition("--- kept by the service ---")[2]
        assert "On the boards of: Northfell, North Division" in block
        assert escalation.reason in block
    assert twin["bucketId"] == force.board("DIV_N").bucket_of_pillar["ROADS"]
    assert [line.line_id for line in task.checklist] == sorted(
        twin["details"]["checklist"], key=lambda key: twin["details"]["checklist"][key]["orderHint"]
    )
    assert len(force.on_board()) == len(force.on_board("DIV_N")) == 1


async def test_a_task_that_climbs_twice_stands_on_three_boards(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.escalate(task)
    await force.settle()
    force.escalate(task, "PKS")
    await force.settle()
    force.dee.change(force.planner_id(task, "PKS"), percentComplete=50)
    await force.settle()
    assert [force.shown(task, unit)["percentComplete"] for unit in ("HP", "DIV_N", "PKS")] == [50, 50, 50]


@pytest.mark.parametrize(("who", "unit", "other"), [("amy", "HP", "DIV_N"), ("carl", "DIV_N", "HP")])
async def test_what_is_done_on_either_board_reaches_the_record_and_the_other(
    force: SmallForce, who: str, unit: str, other: str
) -> None:
    task = await force.task_on_board()
    force.escalate(task)
    await force.settle()
    person, planner_id = getattr(force, who), force.planner_id(task, unit)
    person.change(planner_id, percentComplete=50, title=f"{task.reference} Other words")
    person.change(planner_id, bucketId=force.board(unit).bucket_of_pillar["RURAL"])
    person.label(planner_id, force.slot("BLOCKED"))
    person.tick(planner_id, task.checklist[0].line_id)
    await force.settle()
    record, shown = force.record(task), force.shown(task, other)
    assert (record.progress, record.title, record.pillar) == (50, "Other words", "RURAL")
    assert (record.labels, record.checklist[0].is_done) == ({"BLOCKED"}, True)
    assert (shown["percentComplete"], shown["title"]) == (50, f"{task.reference} Other words")
    assert shown["bucketId"] == force.board(other).bucket_of_pillar["RURAL"]
    assert shown["appliedCategories"][force.category("BLOCKED")]
    assert shown["details"]["checklist"][task.checklist[0].line_id]["isChecked"]


async def test_completing_it_above_completes_the_record_and_the_board_below(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.escalate(task)
    await force.settle()
    force.carl.change(force.planner_id(task, "DIV_N"), percentComplete=100)
    await force.settle()
    assert force.record(task).status is Status.COMPLETED
    assert force.shown(task)["percentComplete"] == 100
    assert force.audit(task, "changed on the board of DIV_N")[0]["actor"] == force.carl.user_id


async def test_the_owner_stays_below_until_the_higher_board_assigns(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.amy.assign(force.planner_id(task), force.amy.user_id)
    await force.settle()
    force.escalate(task)
    await force.settle()
    force.carl.change(force.planner_id(task, "DIV_N"), percentComplete=50)
    await force.settle()
    assert force.shown(task, "DIV_N")["assignments"] == {}
    assert force.record(task).owner_ids == (force.amy.user_id,)
    force.carl.assign(force.planner_id(task, "DIV_N"), force.bob.user_id)
    await force.settle()
    assert force.record(task).owner_ids == (force.bob.user_id,)
    assert set(force.shown(task)["assignments"]) == {force.bob.user_id}


async def hand_over_above(force: SmallForce) -> Task:
    """Amy owns it below; above it is given to Bob. Nothing of that is delivered yet."""
    task = await force.task_on_board()
    force.amy.assign(force.planner_id(task), force.amy.user_id)
    force.escalate(task)
    await force.settle()
    force.carl.assign(force.planner_id(task, "DIV_N"), force.bob.user_id)
    force.watch()
    await force.pull()
    return task


async def test_a_hand_over_takes_the_old_owner_off_in_the_same_change(force: SmallForce) -> None:
    await hand_over_above(force)
    await force.deliver()
    (sent,) = [body for body in force.calls("PATCH", "/planner/tasks/[^/]+$") if "assignments" in body]
    assert sent["assignments"].keys() == {force.amy.user_id, force.bob.user_id}
    assert sent["assignments"][force.amy.user_id] is None


async def test_a_hand_over_that_the_board_does_not_show_is_sent_again(
    force: SmallForce, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = await hand_over_above(force)
    planner, update, answers = force.service.graph.planner, force.service.graph.planner.update_task, []

    async def first_answer_shows_the_old_owner(*sent: Any) -> PlannerTask:
        answer = await update(*sent)
        answers.append(answer)
        return replace(answer, assignee_ids=(force.amy.user_id,)) if len(answers) == 1 else answer

    monkeypatch.setattr(planner, "update_task", first_answer_shows_the_old_owner)
    await force.settle()
    assert set(force.shown(task)["assignments"]) == {force.bob.user_id}
    assert force.record(task).owner_ids == (force.bob.user_id,)
    assert force.outbox("DEAD") == []


async def test_a_return_closes_the_twin_and_the_task_goes_on_below(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.escalate(task)
    await force.settle()
    force.amy.change(force.planner_id(task), percentComplete=50)
    await force.settle()
    force.give_back(task)
    await force.settle()
    twin, own = force.shown(task, "DIV_N"), force.shown(task)
    assert twin["percentComplete"] == 100
    assert twin["appliedCategories"] == {force.category("RETURNED"): True}
    assert "Returned by North Division to Northfell" in twin["details"]["description"]
    assert "Ask again after two more." in twin["details"]["description"]
    assert own["percentComplete"] == 50
    assert own["appliedCategories"] == {force.category("BAND_SCHEDULED"): True, force.category("RETURNED"): True}
    assert "Returned by North Division" in own["details"]["description"]
    assert force.record(task).status is Status.IN_PROGRESS
    assert force.link(task, "DIV_N").state is LinkState.CLOSED


async def test_what_happens_to_a_closed_twin_changes_nothing(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.escalate(task)
    await force.settle()
    force.give_back(task)
    await force.settle()
    version, twin = force.record(task).version, force.planner_id(task, "DIV_N")
    force.carl.change(twin, percentComplete=50)
    force.carl.change(twin, percentComplete=100, title="Not ours any more")
    await force.settle()
    force.carl.delete(twin)
    await force.settle()
    assert force.record(task).version == version
    assert force.on_board("DIV_N") == []


async def test_completing_it_above_after_it_was_returned_does_not_complete_the_record(force: SmallForce) -> None:
    """The return stands on the record, and its delivery has not come to the higher board yet."""
    task = await force.task_on_board()
    force.amy.assign(force.planner_id(task), force.amy.user_id)
    force.escalate(task)
    await force.settle()
    force.give_back(task)
    force.carl.assign(force.planner_id(task, "DIV_N"), force.carl.user_id)
    force.carl.change(force.planner_id(task, "DIV_N"), percentComplete=100)
    await force.pull()
    await force.settle()
    record = force.record(task)
    assert (record.progress, record.status, record.owner_ids) == (0, Status.ALLOCATED, (force.amy.user_id,))
    assert force.shown(task)["percentComplete"] == 0
    assert force.link(task, "DIV_N").state is LinkState.CLOSED


async def test_a_twin_closed_with_its_answer_lost_does_not_complete_the_record(force: SmallForce) -> None:
    """Between the lost answer and the second try the board is read, and the twin stands there complete."""
    task = await force.task_on_board()
    force.escalate(task)
    await force.settle()
    twin = force.planner_id(task, "DIV_N")
    force.give_back(task)
    force.fault("lose_next_answer", method="PATCH", path=f"/planner/tasks/{twin}$")
    await force.deliver()
    assert force.shown(task, "DIV_N")["percentComplete"] == 100
    await force.pull()
    assert force.record(task).status is Status.TRIAGED
    await force.settle()
    assert force.record(task).progress == 0
    assert force.shown(task)["percentComplete"] == 0
    assert force.shown(task, "DIV_N")["percentComplete"] == 100
    assert force.link(task, "DIV_N").state is LinkState.CLOSED


async def test_what_was_done_above_just_before_the_return_is_not_lost(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.escalate(task)
    await force.settle()
    twin = force.planner_id(task, "DIV_N")
    force.carl.tick(twin, task.checklist[0].line_id)
    force.carl.label(twin, force.slot("PREVENTION"))
    force.give_back(task)
    await force.pull()
    await force.settle()
    assert force.record(task).checklist[0].is_done
    assert force.record(task).labels == {"PREVENTION"}
    assert force.link(task, "DIV_N").state is LinkState.CLOSED


async def test_a_later_escalation_is_a_new_stay_with_a_new_task(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.escalate(task)
    await force.settle()
    first = force.planner_id(task, "DIV_N")
    force.give_back(task)
    await force.settle()
    force.escalate(task)
    await force.settle()
    second = force.shown(task, "DIV_N")
    assert second["id"] != first
    assert second["percentComplete"] == 0
    assert force.category("RETURNED") not in second["appliedCategories"]
    assert force.stays(task) == [("DIV_N", 1, "CLOSED"), ("DIV_N", 2, "ACTIVE"), ("HP", 1, "ACTIVE")]


async def test_up_down_and_up_again_before_anything_is_delivered_makes_one_twin(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.escalate(task)
    force.give_back(task)
    force.escalate(task)
    force.fault("delay", method="POST", path="/planner/tasks$", seconds=0.05, times=2)
    await force.settle()
    assert len(force.on_board("DIV_N")) == 1
    assert force.record(task).stands_on == ("HP", "DIV_N")


async def test_a_task_returned_before_its_twin_was_made_gets_none(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.escalate(task)
    force.give_back(task)
    await force.settle()
    assert force.on_board("DIV_N") == []


async def test_a_twin_whose_making_was_in_doubt_is_closed_by_the_return(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.fault("lose_next_answer", method="POST", path="/planner/tasks$")
    force.escalate(task)
    await force.deliver()
    force.give_back(task)
    await force.settle()
    (twin,) = force.on_board("DIV_N")
    assert twin["percentComplete"] == 100
    assert force.record(task).progress == 0


async def test_a_deleted_twin_is_shown_again(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.escalate(task)
    await force.settle()
    force.carl.delete(force.planner_id(task, "DIV_N"))
    await force.settle()
    assert len(force.on_board("DIV_N")) == 1
    assert len(force.on_board()) == 1


async def test_a_deleted_twin_of_a_task_that_was_returned_stays_away(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.escalate(task)
    await force.settle()
    force.carl.delete(force.planner_id(task, "DIV_N"))
    await force.pull()
    force.give_back(task)
    await force.settle()
    assert force.on_board("DIV_N") == []
    assert [state for unit, _, state in force.stays(task) if unit == "DIV_N"] == ["GONE"]


async def test_a_return_of_a_twin_that_a_person_just_deleted_comes_to_rest(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.escalate(task)
    await force.settle()
    force.carl.delete(force.planner_id(task, "DIV_N"))
    force.give_back(task)
    await force.settle()
    assert force.on_board("DIV_N") == []
    assert force.outbox("DEAD", "planner.") == []


async def test_a_risk_assessed_again_reaches_both_boards(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.escalate(task)
    await force.settle()
    force.assess_again(task, SLIGHT)
    await force.settle()
    assert [force.shown(task, unit)["priority"] for unit in ("HP", "DIV_N")] == [9, 9]
