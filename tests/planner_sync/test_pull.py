"""What people do on a board reaches the record: owners, progress, moves, dates, titles, labels, ticks."""

import pytest

from tasking.force import TRIAGE
from tasking.task import Status
from tests.planner_sync.small_force import SmallForce

pytestmark = pytest.mark.anyio


async def test_who_is_assigned_first_is_accountable(force: SmallForce) -> None:
    task = await force.task_on_board()
    planner_id = force.planner_id(task)
    force.amy.assign(planner_id, force.bob.user_id)
    force.emulator.control("clock", {"advance_seconds": 60})
    force.amy.assign(planner_id, force.amy.user_id)
    await force.pull()
    record = force.record(task)
    assert record.owner_ids == (force.bob.user_id, force.amy.user_id)
    assert record.status is Status.ALLOCATED
    assert record.allocated_at is not None


async def test_a_hand_over_changes_the_owner(force: SmallForce) -> None:
    task = await force.task_on_board()
    planner_id = force.planner_id(task)
    force.amy.assign(planner_id, force.amy.user_id)
    await force.pull()
    force.amy.unassign(planner_id, force.amy.user_id)
    force.amy.assign(planner_id, force.bob.user_id)
    await force.settle()
    assert force.record(task).owner_ids == (force.bob.user_id,)
    assert set(force.shown(task)["assignments"]) == {force.bob.user_id}


async def test_a_task_nobody_owns_any_more_goes_back(force: SmallForce) -> None:
    task = await force.task_on_board()
    planner_id = force.planner_id(task)
    force.amy.assign(planner_id, force.amy.user_id)
    await force.pull()
    force.amy.unassign(planner_id, force.amy.user_id)
    await force.settle()
    assert force.record(task).owner_ids == ()
    assert force.record(task).status is Status.TRIAGED
    assert force.shown(task)["assignments"] == {}


async def test_starting_work_accepts_the_task(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.amy.change(force.planner_id(task), percentComplete=50)
    await force.pull()
    record = force.record(task)
    assert (record.progress, record.status) == (50, Status.IN_PROGRESS)
    assert record.accepted_at is not None


async def test_completion_is_recorded_with_who_did_it(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.bob.change(force.planner_id(task), percentComplete=100)
    await force.settle()
    record = force.record(task)
    assert record.status is Status.COMPLETED
    assert record.completed_at is not None
    (row,) = force.audit(task, "changed on the board")
    assert row["actor"] == force.bob.user_id
    assert row["source"] == "planner"
    assert force.shown(task)["appliedCategories"] == {
        force.category("BAND_SCHEDULED"): True,
        force.category("RESULT_NEEDED"): True,
    }


async def test_what_others_do_to_a_completed_task_is_not_put_down_to_who_completed_it(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.bob.change(force.planner_id(task), percentComplete=100)
    await force.settle()
    force.amy.label(force.planner_id(task), force.slot("BEST_PRACTICE"))
    await force.settle()
    first, second = force.audit(task, "changed on the board")
    assert first["actor"] == force.bob.user_id
    assert second["actor"] == "board of HP"


async def test_a_completed_task_can_be_opened_again(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.bob.change(force.planner_id(task), percentComplete=100)
    await force.settle()
    force.bob.change(force.planner_id(task), percentComplete=50)
    await force.settle()
    assert force.record(task).status is Status.IN_PROGRESS
    assert force.record(task).completed_at is None
    assert force.category("RESULT_NEEDED") not in force.shown(task)["appliedCategories"]


async def test_a_move_to_another_bucket_changes_the_pillar(force: SmallForce) -> None:
    task = await force.task_on_board(pillar=TRIAGE, faults=("The pillar was left open.",))
    force.amy.change(force.planner_id(task), bucketId=force.board().bucket_of_pillar["RURAL"])
    await force.settle()
    assert force.record(task).pillar == "RURAL"
    assert force.record(task).status is Status.TRIAGED
    assert force.shown(task)["bucketId"] == force.board().bucket_of_pillar["RURAL"]


async def test_a_bucket_that_people_made_leaves_the_pillar_and_the_task_where_they_are(force: SmallForce) -> None:
    task = await force.task_on_board()
    made = force.amy.new_bucket(force.board().plan_id, "Waiting for partner")
    force.amy.change(force.planner_id(task), bucketId=made, percentComplete=50)
    await force.settle()
    assert force.record(task).pillar == "ROADS"
    assert force.record(task).progress == 50
    assert force.shown(task)["bucketId"] == made
    force.amy.change(force.planner_id(task), bucketId=force.board().bucket_of_pillar["RURAL"])
    await force.settle()
    assert force.record(task).pillar == "RURAL"


async def test_a_due_date_set_and_cleared_by_a_person_stands(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.amy.change(force.planner_id(task), dueDateTime="2027-01-02T10:00:00Z", startDateTime="2026-12-30T10:00:00Z")
    await force.settle()
    record = force.record(task)
    assert record.due_at is not None
    assert record.due_at.isoformat() == "2027-01-02T10:00:00+00:00"
    assert record.start_at is not None
    force.amy.change(force.planner_id(task), dueDateTime=None)
    await force.settle()
    assert force.record(task).due_at is None
    assert force.shown(task)["dueDateTime"] is None
    assert force.shown(task)["startDateTime"] == "2026-12-30T10:00:00Z"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("{reference} Moved to the High St", "Moved to the High St"),
        ("Moved to the High St", "Moved to the High St"),
        ("{lower} Moved to the High St", "Moved to the High St"),
        ("A-52 closed northbound", "A-52 closed northbound"),
        ("T-9 fence post missing", "T-9 fence post missing"),
        ("{reference}5 is another task", "{reference}5 is another task"),
    ],
)
async def test_a_title_is_taken_in_people_s_words_with_or_without_the_reference(
    force: SmallForce, typed: str, words: str
) -> None:
    task = await force.task_on_board()
    names = {"reference": task.reference, "lower": task.reference.lower()}
    force.amy.change(force.planner_id(task), title=typed.format(**names))
    await force.settle()
    assert force.record(task).title == words.format(**names)
    assert force.record(task).reference == task.reference
    is_marked = typed.startswith(("{reference} ", "{lower} "))
    assert force.shown(task)["title"] == (typed if is_marked else "{reference} " + words).format(**names)


async def test_a_title_cut_down_to_the_reference_keeps_the_words_on_the_record(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.amy.change(force.planner_id(task), title=task.reference)
    await force.settle()
    assert force.record(task).title == task.title


async def test_priority_set_by_a_person_overrides_the_computed_band(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.amy.change(force.planner_id(task), priority=1)
    await force.settle()
    record = force.record(task)
    assert record.band_override == "IMMEDIATE"
    assert record.band == "SCHEDULED"
    shown = force.shown(task)
    assert shown["appliedCategories"] == {force.category("BAND_IMMEDIATE"): True}
    assert "set by a person (computed SCHEDULED)" in shown["details"]["description"]


async def test_a_number_within_the_same_priority_changes_nothing(force: SmallForce) -> None:
    task = await force.task_on_board()
    version = force.record(task).version
    force.amy.change(force.planner_id(task), priority=6)
    await force.settle()
    assert force.record(task).version == version
    assert force.shown(task)["priority"] == 6


async def test_people_s_labels_are_kept_and_recorded(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.amy.label(force.planner_id(task), force.slot("BLOCKED"))
    force.amy.label(force.planner_id(task), 25)
    await force.settle()
    assert force.record(task).labels == {"BLOCKED"}
    force.assess_again(task)
    await force.settle()
    kept = force.shown(task)["appliedCategories"]
    assert kept[force.category("BLOCKED")]
    assert kept["category25"]
    force.amy.label(force.planner_id(task), force.slot("BLOCKED"), is_on=False)
    await force.settle()
    assert force.record(task).labels == frozenset()
    assert force.category("BLOCKED") not in force.shown(task)["appliedCategories"]


async def test_labels_that_the_service_keeps_are_put_right_again(force: SmallForce) -> None:
    task = await force.task_on_board()
    version = force.record(task).version
    force.amy.label(force.planner_id(task), force.slot("BAND_SCHEDULED"), is_on=False)
    force.amy.label(force.planner_id(task), force.slot("BAND_IMMEDIATE"))
    force.amy.label(force.planner_id(task), force.slot("RETURNED"))
    await force.settle()
    assert force.shown(task)["appliedCategories"] == {force.category("BAND_SCHEDULED"): True}
    assert force.record(task).version == version


async def test_a_label_is_put_right_even_where_the_first_try_fails(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.amy.label(force.planner_id(task), force.slot("BAND_SCHEDULED"), is_on=False)
    force.fault("fail_next", method="PATCH", status=503, times=2)
    await force.pull()
    await force.settle()
    assert force.shown(task)["appliedCategories"] == {force.category("BAND_SCHEDULED"): True}


async def test_a_tick_on_the_board_is_a_tick_on_the_record(force: SmallForce) -> None:
    task = await force.task_on_board()
    line = task.checklist[1].line_id
    force.amy.tick(force.planner_id(task), line)
    await force.settle()
    assert [each.is_done for each in force.record(task).checklist] == [False, True]
    assert force.record(task).accepted_at is not None
    force.amy.tick(force.planner_id(task), line, is_done=False)
    await force.settle()
    assert not any(each.is_done for each in force.record(task).checklist)


async def test_checklist_lines_of_people_s_own_stay_theirs(force: SmallForce) -> None:
    task = await force.task_on_board()
    planner_id = force.planner_id(task)
    force.amy.line(planner_id, "own-line", title="Ring the council", isChecked=True)
    await force.settle()
    force.assess_again(task)
    await force.settle()
    own = force.shown(task)["details"]["checklist"]["own-line"]
    assert own["isChecked"]
    assert own["title"] == "Ring the council"
    assert not any(line.is_done for line in force.record(task).checklist)


async def test_a_ticked_line_that_a_person_removes_was_done_all_the_same(force: SmallForce) -> None:
    task = await force.task_on_board()
    line = task.checklist[0].line_id
    force.amy.tick(force.planner_id(task), line)
    await force.settle()
    force.amy.change_details(force.planner_id(task), checklist={line: None})
    await force.settle()
    assert [each.is_done for each in force.record(task).checklist] == [True, False]
    assert line not in force.shown(task)["details"]["checklist"]


async def test_nothing_is_read_again_while_the_etags_are_equal(force: SmallForce) -> None:
    for _ in range(3):
        force.raise_task()
    await force.settle()
    force.watch()
    assert await force.pull() == 0
    assert len(force.calls("GET", "/tasks$")) == 4
    assert force.calls("GET", "/planner/tasks/") == []


async def test_only_what_changed_is_read_again(force: SmallForce) -> None:
    raised = [force.raise_task() for _ in range(3)]
    await force.settle()
    force.amy.change(force.planner_id(raised[1]), percentComplete=50)
    force.watch()
    assert await force.pull() == 1
    ((url, _),) = force.asked("GET", "/planner/tasks/")
    assert url.split("/")[-2:] == [force.planner_id(raised[1]), "details"]


async def test_a_board_of_more_than_one_page_is_read_whole(force: SmallForce) -> None:
    force.switch(planner_page_size=2)
    raised = [force.raise_task(title=f"Job {number}") for number in range(5)]
    await force.settle()
    for task in raised:
        force.amy.change(force.planner_id(task), percentComplete=50)
    await force.settle()
    assert [force.record(task).progress for task in raised] == [50] * 5
    assert {state for task in raised for _, _, state in force.stays(task)} == {"ACTIVE"}


async def test_what_another_app_made_is_left_alone(force: SmallForce) -> None:
    await force.task_on_board()
    board = force.board()
    with force.emulator.client(force.emulator.app_token("Tasks.ReadWrite.All")) as app:
        body = {"planId": board.plan_id, "bucketId": board.bucket_of_pillar["ROADS"], "title": "Tea rota"}
        theirs = app.post("/planner/tasks", json=body).raise_for_status().json()["id"]
    before = force.amy.task(theirs)
    force.watch()
    await force.settle()
    assert force.amy.task(theirs) == before
    assert force.calls("PATCH") == []
    assert len(force.records()) == 1
