"""People and the service at the same task between two pulls: nothing that a person did is lost."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from graph_client.planner import PlannerTask
from tasking.thrive import ThriveAssessment
from tests.planner_sync.small_force import SLIGHT, SmallForce

pytestmark = pytest.mark.anyio

TASK = "/planner/tasks/[^/]+$"
RISEN = ThriveAssessment(3, 3, 2, 1, 3, 1)
"""PRIORITY, not enough of a rise to climb by itself from 28."""


async def test_where_both_changed_the_same_the_person_wins_and_the_audit_holds_both(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.assess_again(task, SLIGHT)
    force.amy.change(force.planner_id(task), priority=1)
    await force.settle()
    assert force.shown(task)["priority"] == 1
    assert force.record(task).band_override == "IMMEDIATE"
    assert force.record(task).band == "ROUTINE"
    (row,) = force.audit(task, "the board's value stands")
    assert row["changes"] == {"priority": [9, 1]}


async def test_a_pull_that_comes_before_the_delivery_ends_the_same(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.assess_again(task, SLIGHT)
    force.amy.change(force.planner_id(task), priority=1)
    await force.pull()
    await force.settle()
    assert force.shown(task)["priority"] == 1
    assert force.record(task).working_band == "IMMEDIATE"
    assert len(force.audit(task, "the board's value stands")) == 1


@pytest.mark.parametrize("pulled_first", [True, False])
async def test_where_each_changed_something_else_both_stand(force: SmallForce, pulled_first: bool) -> None:
    task = await force.task_on_board()
    planner_id = force.planner_id(task)
    force.assess_again(task, SLIGHT)
    force.amy.change(planner_id, title=f"{task.reference} Moved", percentComplete=50)
    force.amy.assign(planner_id, force.bob.user_id)
    force.amy.tick(planner_id, task.checklist[0].line_id)
    if pulled_first:
        await force.pull()
    await force.settle()
    record, shown = force.record(task), force.shown(task)
    assert (record.title, record.progress, record.owner_ids) == ("Moved", 50, (force.bob.user_id,))
    assert record.checklist[0].is_done
    assert record.band == "ROUTINE"
    assert (shown["priority"], shown["percentComplete"], shown["title"]) == (9, 50, f"{task.reference} Moved")
    assert force.audit(task, "the board's value stands") == []


async def test_what_a_person_did_just_before_we_sent_something_is_still_read(force: SmallForce) -> None:
    """Planner takes our change with the older etag; the etag it answers with covers the person's change as well."""
    task = await force.task_on_board()
    force.amy.assign(force.planner_id(task), force.bob.user_id)
    force.assess_again(task, SLIGHT)
    await force.deliver()
    assert force.shown(task)["priority"] == 9
    await force.pull()
    assert force.record(task).owner_ids == (force.bob.user_id,)


async def test_what_a_person_did_just_before_one_field_was_sent_is_still_read(force: SmallForce) -> None:
    """The same where the description has nothing new to say, so that only the task itself is written."""
    task = await force.task_on_board()
    force.escalate(task)
    await force.settle()
    force.carl.change(force.planner_id(task, "DIV_N"), percentComplete=50)
    await force.pull()
    force.amy.assign(force.planner_id(task), force.bob.user_id)
    force.amy.tick(force.planner_id(task), task.checklist[0].line_id)
    await force.deliver()
    assert force.shown(task)["percentComplete"] == 50
    await force.pull()
    assert force.record(task).owner_ids == (force.bob.user_id,)
    assert force.record(task).checklist[0].is_done


@pytest.mark.parametrize("what", ["title", "progress", "tick"])
async def test_what_got_through_without_an_answer_does_not_undo_what_a_person_did_next(
    force: SmallForce, what: str
) -> None:
    """Carl changes it above; ours to the board below gets through, its answer does not; Carl changes it again."""
    task = await force.task_on_board()
    force.escalate(task)
    await force.settle()
    twin, line = force.planner_id(task, "DIV_N"), task.checklist[0].line_id
    first: dict[str, Callable[[], None]] = {
        "title": lambda: force.carl.change(twin, title=f"{task.reference} First"),
        "progress": lambda: force.carl.change(twin, percentComplete=50),
        "tick": lambda: force.carl.tick(twin, line),
    }
    then: dict[str, Callable[[], None]] = {
        "title": lambda: force.carl.change(twin, title=f"{task.reference} Second"),
        "progress": lambda: force.carl.change(twin, percentComplete=100),
        "tick": lambda: force.carl.tick(twin, line, is_done=False),
    }
    first[what]()
    await force.pull()
    force.fault("lose_next_answer", method="PATCH", path=force.planner_id(task))
    await force.deliver()
    then[what]()
    await force.pull()
    await force.settle()
    record = force.record(task)
    assert (record.title == "Second") == (what == "title")
    assert record.progress == (100 if what == "progress" else 0)
    assert not any(each.is_done for each in record.checklist)
    assert force.audit(task, "the board's value stands") == []
    for unit in ("HP", "DIV_N"):
        shown = force.shown(task, unit)
        assert shown["title"].endswith("Second") == (what == "title")
        assert shown["percentComplete"] == record.progress
        assert not shown["details"]["checklist"][line]["isChecked"]


async def test_a_second_change_of_ours_does_not_overrun_a_person_s_that_was_never_read(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.assess_again(task, SLIGHT)
    await force.deliver()
    force.amy.change(force.planner_id(task), priority=1)
    force.amy.label(force.planner_id(task), force.slot("BLOCKED"))
    force.assess_again(task, RISEN)
    await force.settle()
    assert force.shown(task)["priority"] == 1
    assert force.record(task).working_band == "IMMEDIATE"
    assert force.record(task).labels == {"BLOCKED"}


async def test_a_person_s_tick_just_before_ours_is_sent_stays(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.escalate(task)
    await force.settle()
    first, second = (line.line_id for line in task.checklist)
    force.carl.tick(force.planner_id(task, "DIV_N"), first)
    await force.pull()
    force.amy.tick(force.planner_id(task), second)
    await force.deliver()
    await force.settle()
    assert all(line.is_done for line in force.record(task).checklist)
    for unit in ("HP", "DIV_N"):
        checklist = force.shown(task, unit)["details"]["checklist"]
        assert [checklist[line]["isChecked"] for line in (first, second)] == [True, True]


async def test_an_etag_that_is_only_old_is_good_enough(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.amy.change(force.planner_id(task), percentComplete=50)
    force.watch()
    force.assess_again(task, SLIGHT)
    await force.deliver()
    assert len(force.calls("PATCH", TASK)) == 1
    assert force.calls("GET", TASK) == []


@pytest.mark.parametrize("status", [409, 412])
async def test_a_refused_change_is_read_merged_and_sent_again(force: SmallForce, status: int) -> None:
    task = await force.task_on_board()
    force.amy.change(force.planner_id(task), percentComplete=50)
    force.fault("fail_next", method="PATCH", path=TASK, status=status, code="")
    force.assess_again(task, SLIGHT)
    await force.deliver()
    assert force.shown(task)["priority"] == 9
    assert force.record(task).progress == 50
    assert force.outbox("PENDING") == []


async def test_a_clash_without_end_is_left_for_later_and_not_given_up(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.fault("fail_next", method="PATCH", path=TASK, status=409, code="", times=6)
    force.assess_again(task, SLIGHT)
    force.watch()
    await force.deliver()
    assert len(force.calls("PATCH", TASK)) == 3
    assert force.outbox("DEAD") == []
    await force.settle()
    assert force.shown(task)["priority"] == 9


async def test_the_details_clash_and_both_texts_stand(force: SmallForce, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person writes in the description between our read of it and our write."""
    task = await force.task_on_board()
    planner = force.service.graph.planner
    update = planner.update_details
    typed: list[str] = []

    async def late(*given: Any) -> Any:
        if not typed:
            typed.append("Spoke to the shops.\n")
            seen = force.shown(task)["details"]["description"]
            force.amy.change_details(force.planner_id(task), description=typed[0] + seen)
        return await update(*given)

    monkeypatch.setattr(planner, "update_details", late)
    force.assess_again(task, SLIGHT)
    await force.deliver()
    text = force.shown(task)["details"]["description"]
    assert text.startswith("Spoke to the shops.\nAsk: Two patrols")
    assert "ROUTINE, score 7" in text


@pytest.mark.parametrize("lost_as", ["disconnect", "504"])
async def test_a_change_whose_answer_was_lost_is_sent_again_and_not_taken_for_a_person_s(
    force: SmallForce, lost_as: str
) -> None:
    task = await force.task_on_board()
    force.fault("lose_next_answer", method="PATCH", path=TASK, **{"as": lost_as})
    force.assess_again(task, SLIGHT)
    await force.deliver()
    await force.pull()
    await force.settle()
    assert force.shown(task)["priority"] == 9
    assert force.record(task).band_override is None
    assert force.audit(task, "the board's value stands") == []
    assert force.audit(task, "changed on the board") == []


async def test_what_we_send_while_a_board_is_being_read_is_not_taken_for_a_person_s(
    force: SmallForce, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list was read before our change, and is merged after it."""
    task = await force.task_on_board()
    force.amy.change(force.planner_id(task), percentComplete=50)
    planner = force.service.graph.planner
    read = planner.tasks

    async def slowly(plan_id: str) -> tuple[PlannerTask, ...]:
        listed = await read(plan_id)
        if plan_id == force.board().plan_id:
            await force.deliver()
        return listed

    with monkeypatch.context() as patch:
        patch.setattr(planner, "tasks", slowly)
        force.assess_again(task, SLIGHT)
        await force.pull()
    assert force.record(task).band_override is None
    await force.settle()
    assert force.record(task).band_override is None
    assert force.record(task).progress == 50
    assert force.shown(task)["priority"] == 9


Edit = Callable[[SmallForce, str], None]
ONE_BY_ONE: dict[str, Edit] = {
    "title": lambda force, planner_id: force.amy.change(planner_id, title="T-1001 Other words"),
    "progress": lambda force, planner_id: force.amy.change(planner_id, percentComplete=50),
    "due": lambda force, planner_id: force.amy.change(planner_id, dueDateTime="2027-05-05T10:00:00Z"),
    "bucket": lambda force, planner_id: force.amy.change(planner_id, bucketId=force.board().bucket_of_pillar["RURAL"]),
    "owner": lambda force, planner_id: force.amy.assign(planner_id, force.amy.user_id),
    "label": lambda force, planner_id: force.amy.label(planner_id, force.slot("BLOCKED")),
}


@pytest.mark.parametrize("name", ONE_BY_ONE)
async def test_a_person_s_change_is_never_sent_back_to_the_board_it_was_made_on(force: SmallForce, name: str) -> None:
    task = await force.task_on_board()
    ONE_BY_ONE[name](force, force.planner_id(task))
    force.watch()
    await force.settle()
    assert force.calls("PATCH", TASK) == []
    assert force.record(task).version == task.version + 1


async def test_a_tick_is_sent_alone(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.escalate(task)
    await force.settle()
    line = task.checklist[0].line_id
    force.amy.tick(force.planner_id(task), line)
    await force.pull()
    force.watch()
    await force.deliver()
    (body,) = force.calls("PATCH", "/details$")
    assert body == {"checklist": {line: {"@odata.type": "#microsoft.graph.plannerChecklistItem", "isChecked": True}}}


async def test_a_due_date_cleared_by_a_person_while_risk_is_assessed_stays_cleared(force: SmallForce) -> None:
    task = await force.task_on_board(needed_by=datetime(2027, 3, 4, 9, 30, tzinfo=UTC))
    force.amy.change(force.planner_id(task), dueDateTime=None)
    force.assess_again(task, SLIGHT)
    await force.settle()
    assert force.record(task).due_at is None
    assert force.shown(task)["dueDateTime"] is None
