"""What people do on a board becomes the record: it wins, is timed once, audited, and said only when it changed."""

import pytest

from store.tables import audit_log, outbox
from tasking import board_actions
from tasking.board_actions import band_for_priority
from tasking.errors import UnknownTask
from tasking.events import TaskChanged, TaskDeletedOnBoard, TaskWithdrawn
from tasking.force import TRIAGE
from tasking.requests import BoardChanges
from tasking.task import Status
from tasking.thrive import BANDS, PriorityBand, ThriveAssessment
from tests.peakshire import (
    ASK,
    DAY,
    HOUR,
    IMMEDIATE,
    MORNING,
    PRIORITY,
    ROUTINE,
    SCHEDULED,
    Desk,
    open_desk,
    small_force,
)


def test_title_owner_bucket_and_dates_of_the_board_become_the_records(desk: Desk) -> None:
    task = desk.on_board(
        desk.raised(),
        title="Speeding on Mill Lane",
        owner_ids=("owner-1",),
        pillar="RURAL",
        start_at=MORNING + HOUR,
        due_at=MORNING + DAY,
        labels=frozenset({"BLOCKED"}),
    )
    assert (task.title, task.owner_ids, task.pillar) == ("Speeding on Mill Lane", ("owner-1",), "RURAL")
    assert (task.start_at, task.due_at, task.labels) == (MORNING + HOUR, MORNING + DAY, frozenset({"BLOCKED"}))
    assert desk.now(task) == task
    assert desk.events()[-1] == TaskChanged(task.task_id)


def test_a_date_taken_off_the_board_is_taken_off_the_record(desk: Desk) -> None:
    assert desk.on_board(desk.raised(), due_at=None).due_at is None


def test_what_nobody_changed_stays_and_is_neither_said_nor_logged(desk: Desk) -> None:
    task = desk.raised()
    promised, logged = len(desk.rows(outbox)), len(desk.rows(audit_log))
    assert desk.on_board(task) == task
    assert desk.on_board(task, title=task.title, progress=0, priority=5) == task
    assert (len(desk.rows(outbox)), len(desk.rows(audit_log))) == (promised, logged)


def test_the_log_names_the_board_and_the_values_before_and_after(desk: Desk) -> None:
    task = desk.raised()
    desk.on_board(task, progress=50)
    line = desk.rows(audit_log)[-1]
    assert (line["action"], line["actor"], line["object_ref"]) == (
        "changed on the board of HP",
        "board of HP",
        task.reference,
    )
    assert line["changes"]["progress"] == [0, 50]
    assert line["changes"]["status"] == ["TRIAGED", "IN_PROGRESS"]


def test_an_owner_allocates_and_a_start_accepts_each_at_its_first_moment(desk: Desk) -> None:
    task = desk.on_board(desk.raised(), owner_ids=("owner-1",))
    assert (task.status, task.allocated_at, task.accepted_at) == (Status.ALLOCATED, MORNING, None)
    desk.clock.advance(HOUR)
    task = desk.on_board(task, progress=50)
    assert (task.status, task.accepted_at) == (Status.IN_PROGRESS, MORNING + HOUR)
    desk.clock.advance(HOUR)
    task = desk.on_board(task, progress=0, owner_ids=("owner-2",))
    assert (task.status, task.allocated_at, task.accepted_at) == (Status.ACCEPTED, MORNING, MORNING + HOUR)


def test_one_tick_counts_as_taking_the_task_up_at_once(desk: Desk) -> None:
    task = desk.on_board(desk.raised(), owner_ids=("owner-1",))
    desk.clock.advance(HOUR)
    task = desk.on_board(task, ticks={task.checklist[1].line_id: True})
    assert [line.is_done for line in task.checklist] == [False, True]
    assert (task.status, task.accepted_at) == (Status.ACCEPTED, MORNING + HOUR)


def test_a_tick_of_a_line_that_the_record_does_not_have_changes_nothing(desk: Desk) -> None:
    task = desk.raised()
    assert desk.on_board(task, ticks={"somebody's own line": True}) == task


def test_a_task_whose_owner_is_taken_off_goes_back_and_may_be_given_to_another(desk: Desk) -> None:
    task = desk.on_board(desk.raised(), owner_ids=("owner-1",))
    task = desk.on_board(task, owner_ids=())
    assert (task.status, task.owner_ids) == (Status.TRIAGED, ())
    task = desk.on_board(task, owner_ids=("owner-2",))
    assert task.status is Status.ALLOCATED


def test_a_task_once_taken_up_and_given_to_another_does_not_stay_without_an_owner_on_the_record(desk: Desk) -> None:
    task = desk.on_board(desk.raised(), owner_ids=("owner-1",))
    task = desk.on_board(task, ticks={task.checklist[0].line_id: True})
    task = desk.on_board(desk.on_board(task, owner_ids=()), owner_ids=("owner-2",))
    assert task.status is Status.ACCEPTED


def test_completing_sets_the_time_and_opening_again_clears_it(desk: Desk) -> None:
    task = desk.on_board(desk.raised(), owner_ids=("owner-1",), progress=100)
    assert (task.status, task.completed_at, task.is_open) == (Status.COMPLETED, MORNING, False)
    assert "RESULT_NEEDED" in task.service_labels
    desk.clock.advance(HOUR)
    task = desk.on_board(task, title="Another title")
    assert task.completed_at == MORNING
    task = desk.on_board(task, progress=50)
    assert (task.status, task.completed_at, task.is_open) == (Status.IN_PROGRESS, None, True)
    task = desk.on_board(task, progress=100)
    assert task.completed_at == MORNING + HOUR


def test_a_completed_task_set_back_to_not_started_is_open_again(desk: Desk) -> None:
    task = desk.on_board(desk.raised(), owner_ids=("owner-1",), progress=100)
    task = desk.on_board(task, progress=0)
    assert (task.status, task.is_open, task.completed_at) == (Status.ACCEPTED, True, None)


def test_moving_a_task_out_of_triage_triages_it(desk: Desk) -> None:
    task = desk.raised(faults=("The unit is not known.",))
    task = desk.on_board(task, pillar="ROADS")
    assert (task.status, task.pillar) == (Status.TRIAGED, "ROADS")
    assert desk.on_board(task, pillar=TRIAGE).status is Status.TRIAGED


@pytest.mark.parametrize("priority", range(11))
def test_each_planner_priority_is_one_of_four_bands(priority: int) -> None:
    assert (
        band_for_priority(priority) is [*[IMMEDIATE] * 2, *[PRIORITY] * 3, *[SCHEDULED] * 3, *[ROUTINE] * 3][priority]
    )


@pytest.mark.parametrize("band", PriorityBand)
def test_the_priority_that_a_band_is_shown_as_reads_back_as_that_band(band: PriorityBand) -> None:
    assert band_for_priority(BANDS[band].planner_priority) is band


def test_a_person_may_set_another_band_and_the_score_stays(desk: Desk) -> None:
    task = desk.on_board(desk.raised(), priority=1)
    assert (task.working_band, task.band, task.band_override, task.score) == (IMMEDIATE, SCHEDULED, IMMEDIATE, 24)
    assert task.service_labels == {"BAND_IMMEDIATE"}
    task = desk.on_board(task, priority=5)
    assert (task.working_band, task.band_override) == (SCHEDULED, None)


def test_a_person_may_set_the_band_of_a_task_that_is_not_assessed(desk: Desk) -> None:
    task = desk.raised(assessment=ThriveAssessment(*[None] * 6))
    assert task.working_band is None
    task = desk.on_board(task, priority=3)
    assert (task.working_band, task.band, task.score) == (PRIORITY, None, None)


def test_asking_by_label_is_timed_when_it_is_set_and_again_when_it_is_set_anew(desk: Desk) -> None:
    asked = desk.on_board(desk.raised(), labels=frozenset({ASK}))
    assert (asked.asked_up_at, asked.asked_up_from) == (MORNING, "HP")
    desk.clock.advance(HOUR)
    assert desk.on_board(asked, labels=frozenset({ASK, "BLOCKED"})).asked_up_at == MORNING
    task = desk.on_board(asked, labels=frozenset())
    assert desk.on_board(task, labels=frozenset({ASK})).asked_up_at == MORNING + HOUR


def test_a_task_deleted_by_a_slip_is_shown_again(desk: Desk) -> None:
    task = desk.raised()
    with desk.act() as uow:
        kept = board_actions.record_deleted_on_board(uow, desk.force, task.task_id, "HP")
    assert kept == task
    assert desk.events()[-1] == TaskDeletedOnBoard(task.task_id, "HP")
    assert desk.rows(audit_log)[-1]["changes"] == {"unit": ["HP", None]}


def test_where_the_force_says_so_a_deleted_task_is_withdrawn_for_good() -> None:
    with open_desk(small_force(deleted_task_policy="accept")) as desk:
        task = desk.raised()
        with desk.act() as uow:
            gone = board_actions.record_deleted_on_board(uow, desk.force, task.task_id, "HP")
        assert (gone.status, gone.is_open) == (Status.WITHDRAWN, False)
        assert gone.ended_reason == "Its people deleted it from the board of Northfell."
        assert desk.events()[-1] == TaskWithdrawn(task.task_id)
        assert desk.on_board(gone, progress=50).status is Status.WITHDRAWN


def test_deleting_the_copy_on_the_higher_board_never_withdraws_the_task() -> None:
    with open_desk(small_force(deleted_task_policy="accept")) as desk:
        task = desk.escalated(desk.raised())
        with desk.act() as uow:
            board_actions.record_deleted_on_board(uow, desk.force, task.task_id, "DIV_N")
        assert desk.now(task).is_open
        assert desk.events()[-1] == TaskDeletedOnBoard(task.task_id, "DIV_N")


@pytest.mark.parametrize(("unit", "progress"), [("DIV_N", 0), ("HP", 100)], ids=["left that board", "done"])
def test_a_deletion_that_no_longer_matters_is_logged_and_nothing_follows(desk: Desk, unit: str, progress: int) -> None:
    task = desk.on_board(desk.raised(), progress=progress)
    promised = len(desk.rows(outbox))
    with desk.act() as uow:
        assert board_actions.record_deleted_on_board(uow, desk.force, task.task_id, unit) == task
    assert len(desk.rows(outbox)) == promised
    assert desk.rows(audit_log)[-1]["action"] == "deleted on the board"


def test_a_change_to_a_task_that_nobody_knows_is_refused(desk: Desk) -> None:
    with desk.act() as uow, pytest.raises(UnknownTask):
        board_actions.record_board_changes(uow, desk.force, "no such task", "HP", BoardChanges(progress=50))
