"""A task with a schedule: completing or deleting it makes the next, which version 1.0 tells nothing of (facts 1.17)."""

from typing import Any

import httpx
import pytest
from emulator_server import RunningEmulator

from m365_emulator.planner.recurrence import Recurrence

ASSIGNED = {"@odata.type": "#microsoft.graph.plannerAssignment", "orderHint": " !"}
ITEM = {"@odata.type": "#microsoft.graph.plannerChecklistItem", "title": "Visit", "isChecked": True}
LINK = {"@odata.type": "#microsoft.graph.plannerExternalReference", "alias": "Plan"}
DUE = "2026-01-30T10:00:00Z"
WEEKLY = {"type": "weekly"}


def repeating(board: Any, emulator: RunningEmulator, **schedule: Any) -> dict[str, Any]:
    """A task of Ann's with everything on it, that repeats every week unless said otherwise."""
    task = board.new_task(
        title="Weekly return",
        dueDateTime=DUE,
        startDateTime="2026-01-29T10:00:00Z",
        priority=1,
        appliedCategories={"category3": True},
        assignments={board.users["ann"]: ASSIGNED},
    )
    path, etag = f"/planner/tasks/{task['id']}/details", board.details(task["id"])["@odata.etag"]
    body = {"description": "Read the log", "checklist": {"a1": ITEM}, "references": {"https%3A//a%2Eexample": LINK}}
    assert board.patch(path, etag, body).status_code == 204
    emulator.control(f"planner/tasks/{task['id']}/recurrence", WEEKLY | schedule)
    return dict(board.task(task["id"]))


def complete(client: httpx.Client, task: dict[str, Any]) -> httpx.Response:
    """Complete a task."""
    path = f"/planner/tasks/{task['id']}"
    return client.patch(path, json={"percentComplete": 100}, headers={"If-Match": task["@odata.etag"]})


def others(board: Any, *known: dict[str, Any]) -> list[dict[str, Any]]:
    """The tasks that the plan's list shows besides those known."""
    rows = board.app.get(f"/planner/plans/{board.plan_id}/tasks").json()["value"]
    return [row for row in rows if row["id"] not in {task["id"] for task in known}]


def test_completing_a_recurring_task_makes_the_next_with_what_the_documentation_names(
    board: Any, emulator: RunningEmulator
) -> None:
    task = repeating(board, emulator)
    with emulator.client(emulator.person_token("ben@peakshire.example")) as ben:
        assert complete(ben, task).status_code == 204
    (following,) = others(board, task)
    kept = ("planId", "bucketId", "title", "priority", "appliedCategories")
    assert {name: following[name] for name in kept} == {name: task[name] for name in kept}
    assert list(following["assignments"]) == [board.users["ann"]]
    assert (following["dueDateTime"], following["startDateTime"]) == ("2026-02-06T10:00:00Z", None)
    assert (following["percentComplete"], following["completedBy"]) == (0, None)
    assert following["createdBy"]["user"]["id"] == board.users["ben"]
    details = board.details(following["id"])
    assert (details["description"], details["references"]) == ("Read the log", {})
    assert [(key, item["title"], item["isChecked"]) for key, item in details["checklist"].items()] == [
        ("a1", "Visit", False)
    ]
    assert (following["checklistItemCount"], following["activeChecklistItemCount"]) == (1, 1)


def test_nothing_in_version_1_tells_that_a_task_repeats(board: Any, emulator: RunningEmulator) -> None:
    plain = board.new_task()
    task = repeating(board, emulator)
    assert set(task) == set(plain)
    assert "recurrence" not in board.details(task["id"])


def test_a_schedule_moves_the_tasks_etag_and_clashes_with_nothing(board: Any, emulator: RunningEmulator) -> None:
    task = board.new_task()
    emulator.control(f"planner/tasks/{task['id']}/recurrence", WEEKLY)
    assert board.task(task["id"])["@odata.etag"] > task["@odata.etag"]
    assert board.patch(f"/planner/tasks/{task['id']}", task["@odata.etag"], {"title": "New"}).status_code == 204


def test_deleting_a_recurring_task_makes_the_next_too(board: Any, emulator: RunningEmulator) -> None:
    task = repeating(board, emulator)
    gone = board.app.delete(f"/planner/tasks/{task['id']}", headers={"If-Match": task["@odata.etag"]})
    assert gone.status_code == 204
    (following,) = others(board)
    assert (following["title"], following["dueDateTime"]) == ("Weekly return", "2026-02-06T10:00:00Z")
    assert following["id"] != task["id"]


def test_the_next_task_has_what_was_changed_in_the_very_write_that_completed_the_last(
    board: Any, emulator: RunningEmulator
) -> None:
    task = repeating(board, emulator)
    body = {"percentComplete": 100, "title": "Monthly return", "bucketId": board.other_bucket_id}
    assert board.patch(f"/planner/tasks/{task['id']}", task["@odata.etag"], body).status_code == 204
    (following,) = others(board, task)
    assert (following["title"], following["bucketId"]) == ("Monthly return", board.other_bucket_id)


def test_a_task_goes_on_once_however_often_it_is_reopened(board: Any, emulator: RunningEmulator) -> None:
    task = repeating(board, emulator)
    complete(board.app, task)
    done = board.task(task["id"])
    board.patch(f"/planner/tasks/{task['id']}", done["@odata.etag"], {"percentComplete": 50})
    complete(board.app, board.task(task["id"]))
    again = board.task(task["id"])
    assert board.app.delete(f"/planner/tasks/{task['id']}", headers={"If-Match": again["@odata.etag"]}).is_success
    assert len(others(board, task)) == 1


def test_the_next_task_goes_on_in_its_turn_and_lateness_moves_no_date(board: Any, emulator: RunningEmulator) -> None:
    emulator.control("clock", {"now": "2026-06-01T09:00:00Z"})
    task = repeating(board, emulator, interval=2)
    complete(board.app, task)
    (second,) = others(board, task)
    moved = board.patch(f"/planner/tasks/{second['id']}", second["@odata.etag"], {"dueDateTime": None})
    assert moved.status_code == 204
    complete(board.app, board.task(second["id"]))
    (third,) = others(board, task, second)
    assert [second["dueDateTime"], third["dueDateTime"]] == ["2026-02-13T10:00:00Z", "2026-02-27T10:00:00Z"]
    place = emulator.control(f"planner/tasks/{third['id']}/recurrence", method="GET")["recurrence"]
    assert (place["occurrence"], place["next_task_id"]) == (3, None)


def test_a_month_that_is_too_short_is_due_on_its_last_day_and_the_one_after_is_not(
    board: Any, emulator: RunningEmulator
) -> None:
    task = repeating(board, emulator, type="absoluteMonthly")
    complete(board.app, task)
    (second,) = others(board, task)
    complete(board.app, second)
    (third,) = others(board, task, second)
    assert [second["dueDateTime"], third["dueDateTime"]] == ["2026-02-28T10:00:00Z", "2026-03-30T10:00:00Z"]


def test_a_series_ends_where_its_schedule_was_taken_away(board: Any, emulator: RunningEmulator) -> None:
    task = repeating(board, emulator)
    where = f"planner/tasks/{task['id']}/recurrence"
    emulator.control(where, method="DELETE")
    assert emulator.control(where, method="GET") == {"recurrence": None}
    complete(board.app, board.task(task["id"]))
    assert others(board, task) == []


def test_the_tasks_of_a_deleted_bucket_have_no_next(board: Any, emulator: RunningEmulator) -> None:
    repeating(board, emulator)
    path = f"/planner/buckets/{board.bucket_id}"
    assert board.app.delete(path, headers={"If-Match": board.app.get(path).json()["@odata.etag"]}).is_success
    assert others(board) == []


def test_what_no_source_settles_follows_switches(board: Any, emulator: RunningEmulator) -> None:
    emulator.control(
        "switches",
        {
            "planner_recurrence_created_by": "creator",
            "planner_recurrence_references": True,
            "planner_copied_checklist_keys": "new",
            "planner_recurrence_delay_seconds": 60,
        },
    )
    task = repeating(board, emulator)
    with emulator.client(emulator.person_token("ben@peakshire.example")) as ben:
        complete(ben, task)
    assert others(board, task) == [], "the next task is not to be seen yet"
    emulator.control("switches", {"planner_recurrence_delay_seconds": 0})
    (following,) = others(board, task)
    assert following["createdBy"] == task["createdBy"]
    details = board.details(following["id"])
    assert list(details["references"]) == ["https%3A//a%2Eexample"]
    assert list(details["checklist"]) != ["a1"]


@pytest.mark.parametrize(
    ("wish", "named"),
    [
        ({}, "type"),
        ({"type": "hourly"}, "type"),
        ({"type": "daily", "interval": 0}, "interval"),
        ({"type": "daily", "interval": 1000}, "interval"),
        ({"type": "daily", "starts_at": "tomorrow"}, "starts_at"),
    ],
)
def test_a_schedule_that_makes_no_sense_is_refused_by_name(
    board: Any, emulator: RunningEmulator, wish: dict[str, Any], named: str
) -> None:
    task = board.new_task()
    answer = httpx.post(f"{emulator.url}/_emulator/planner/tasks/{task['id']}/recurrence", json=wish)
    assert answer.status_code == 400
    assert named in answer.json()["error"]


def test_a_completed_task_takes_no_schedule(board: Any, emulator: RunningEmulator) -> None:
    task = board.new_task(percentComplete=100)
    answer = httpx.post(f"{emulator.url}/_emulator/planner/tasks/{task['id']}/recurrence", json=WEEKLY)
    assert answer.status_code == 400
    assert httpx.post(f"{emulator.url}/_emulator/planner/tasks/none/recurrence", json=WEEKLY).status_code == 400


def test_a_series_outlives_a_snapshot(board: Any, emulator: RunningEmulator) -> None:
    task = repeating(board, emulator)
    emulator.control("snapshots/series")
    emulator.control("snapshots/series/restore")
    complete(board.app, board.task(task["id"]))
    assert [row["title"] for row in others(board, task)] == ["Weekly return"]


def test_a_series_ends_with_the_calendar(board: Any, emulator: RunningEmulator) -> None:
    task = repeating(board, emulator, type="absoluteYearly", interval=999, starts_at="9990-01-01T00:00:00Z")
    assert complete(board.app, task).status_code == 204
    assert others(board, task) == []
    place = emulator.tenant.planner.tasks[task["id"]].recurrence
    assert isinstance(place, Recurrence)
    with pytest.raises(OverflowError):
        _ = place.next_due_at
