"""What a task's people have to know: one sentence for each subject, until it is over."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from store import remarks

MORNING = datetime(2026, 7, 1, 7, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def texts(connection: Connection, task_id: str = "task-1") -> list[str]:
    return [remark.text for remark in remarks.remarks_on(connection, task_id)]


def test_the_same_sentence_is_said_once(connection: Connection) -> None:
    assert remarks.raise_remark(connection, "task-1", "owner: HP", "Who is to do it?", MORNING)
    assert not remarks.raise_remark(connection, "task-1", "owner: HP", "Who is to do it?", MORNING + HOUR)
    assert texts(connection) == ["Who is to do it?"]


def test_a_new_sentence_about_the_same_subject_takes_the_place_of_the_old(connection: Connection) -> None:
    remarks.raise_remark(connection, "task-1", "owner: HP", "Who is to do it?", MORNING)
    assert remarks.raise_remark(connection, "task-1", "owner: HP", "Nobody can see it.", MORNING + HOUR)
    assert texts(connection) == ["Nobody can see it."]


def test_a_remark_that_is_settled_is_gone_and_can_come_again(connection: Connection) -> None:
    remarks.raise_remark(connection, "task-1", "owner: HP", "Who is to do it?", MORNING)
    assert remarks.settle_remark(connection, "task-1", "owner: HP", MORNING + HOUR)
    assert not remarks.settle_remark(connection, "task-1", "owner: HP", MORNING + HOUR)
    assert texts(connection) == []
    assert remarks.raise_remark(connection, "task-1", "owner: HP", "Who is to do it?", MORNING + 2 * HOUR)


def test_remarks_belong_to_their_task_and_are_found_by_their_subject(connection: Connection) -> None:
    for task_id in ("task-1", "task-2"):
        remarks.raise_remark(connection, task_id, "owner: HP", f"About {task_id}", MORNING)
    remarks.raise_remark(connection, "task-1", "origin", "A copy", MORNING)
    assert texts(connection, "task-2") == ["About task-2"]
    assert texts(connection, "task-1") == ["About task-1", "A copy"], "oldest first"
    assert [each.task_id for each in remarks.open_about(connection, "owner: HP")] == ["task-1", "task-2"]
