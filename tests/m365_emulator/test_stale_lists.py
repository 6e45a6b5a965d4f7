"""Lists that lag behind by switches, while reading by id is fresh (facts 1.13; that they lag so is an assumption)."""

import time
from typing import Any

import pytest
from emulator_server import RunningEmulator

ASSIGNED = {"@odata.type": "#microsoft.graph.plannerAssignment", "orderHint": " !"}
LONG = 600.0
"""Seconds that no test takes."""


def listed(board: Any, path: str = "") -> list[dict[str, Any]]:
    """The rows of a list, the plan's unless said otherwise."""
    return list(board.app.get(path or f"/planner/plans/{board.plan_id}/tasks").json()["value"])


def change(board: Any, task_id: str, body: dict[str, Any], part: str = "") -> None:
    """Change a task or its details as it is now."""
    path = f"/planner/tasks/{task_id}{part}"
    etag = board.app.get(path).json()["@odata.etag"]
    assert board.patch(path, etag, body).status_code == 204


def until(holds: Any) -> None:
    """Wait until it holds; ten seconds are too long."""
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_list_shows_a_task_as_it_was_with_its_old_etag(board: Any, emulator: RunningEmulator) -> None:
    task = board.new_task(title="Before")
    emulator.control("switches", {"planner_stale_changes_seconds": LONG})
    change(board, task["id"], {"title": "After"})
    change(board, task["id"], {"title": "Later still"})
    (row,) = listed(board)
    assert (row["title"], row["@odata.etag"]) == ("Before", task["@odata.etag"])
    assert board.task(task["id"])["title"] == "Later still"
    emulator.control("switches", {"planner_stale_changes_seconds": 0})
    assert listed(board)[0]["title"] == "Later still"


def test_a_change_shows_in_lists_once_it_is_old_enough(board: Any, emulator: RunningEmulator) -> None:
    emulator.control("switches", {"planner_stale_changes_seconds": LONG})
    task = board.new_task(title="Before")
    change(board, task["id"], {"title": "After"})
    assert listed(board)[0]["title"] == "Before"
    emulator.control("switches", {"planner_stale_changes_seconds": 0.2})
    until(lambda: listed(board)[0]["title"] == "After")
    assert listed(board)[0]["@odata.etag"] == board.task(task["id"])["@odata.etag"]


def test_a_write_with_the_old_etag_of_a_list_is_judged_by_what_it_touches(
    board: Any, emulator: RunningEmulator
) -> None:
    emulator.control("switches", {"planner_stale_changes_seconds": LONG})
    task = board.new_task(title="Before")
    change(board, task["id"], {"title": "After"})
    stale = listed(board)[0]["@odata.etag"]
    path = f"/planner/tasks/{task['id']}"
    assert board.patch(path, stale, {"priority": 1}).status_code == 204
    assert board.patch(path, stale, {"title": "Ours"}).status_code == 409
    assert board.app.delete(path, headers={"If-Match": stale}).status_code == 409


def test_a_change_of_the_details_shows_late_in_the_tasks_row(board: Any, emulator: RunningEmulator) -> None:
    emulator.control("switches", {"planner_stale_changes_seconds": LONG})
    task = board.new_task()
    change(board, task["id"], {"description": "Read the log"}, "/details")
    assert (listed(board)[0]["hasDescription"], board.task(task["id"])["hasDescription"]) == (False, True)
    assert board.details(task["id"])["description"] == "Read the log"


def test_lists_of_buckets_and_people_lag_too(board: Any, emulator: RunningEmulator) -> None:
    ann = board.users["ann"]
    task = board.new_task(assignments={ann: ASSIGNED})
    emulator.control("switches", {"planner_stale_changes_seconds": LONG})
    change(board, task["id"], {"bucketId": board.other_bucket_id, "assignments": {ann: None}})
    old, new, hers = (
        listed(board, path)
        for path in (
            f"/planner/buckets/{board.bucket_id}/tasks",
            f"/planner/buckets/{board.other_bucket_id}/tasks",
            f"/users/{ann}/planner/tasks?$expand=details",
        )
    )
    assert ([row["id"] for row in old], new, [row["id"] for row in hers]) == ([task["id"]], [], [task["id"]])
    assert hers[0]["details"]["id"] == task["id"]


def test_a_deleted_task_stays_listed_in_its_place_and_is_not_found_by_id(board: Any, emulator: RunningEmulator) -> None:
    emulator.control("switches", {"planner_stale_deletes_seconds": LONG})
    first, second, third = (board.new_task(title=title) for title in ("One", "Two", "Three"))
    gone = board.app.delete(f"/planner/tasks/{second['id']}", headers={"If-Match": second["@odata.etag"]})
    assert gone.status_code == 204
    assert [row["id"] for row in listed(board)] == [task["id"] for task in (first, second, third)]
    assert board.app.get(f"/planner/tasks/{second['id']}").status_code == 404
    assert board.patch(f"/planner/tasks/{second['id']}", second["@odata.etag"], {"title": "x"}).status_code == 404
    assert emulator.control("state", method="GET")["tasks"] == 2
    emulator.control("switches", {"planner_stale_deletes_seconds": 0})
    assert [row["id"] for row in listed(board)] == [first["id"], third["id"]]


def test_a_deleted_task_leaves_lists_once_it_is_gone_long_enough(board: Any, emulator: RunningEmulator) -> None:
    emulator.control("switches", {"planner_stale_deletes_seconds": LONG})
    task = board.new_task()
    board.app.delete(f"/planner/tasks/{task['id']}", headers={"If-Match": task["@odata.etag"]})
    assert len(listed(board)) == 1
    emulator.control("switches", {"planner_stale_deletes_seconds": 0.2})
    until(lambda: listed(board) == [])


@pytest.mark.parametrize("whole", ["bucket", "plan"])
def test_tasks_of_a_deleted_bucket_or_plan_stay_in_a_persons_list(
    board: Any, emulator: RunningEmulator, whole: str
) -> None:
    emulator.control("switches", {"planner_stale_deletes_seconds": LONG})
    ann = board.users["ann"]
    task = board.new_task(assignments={ann: ASSIGNED})
    path = f"/planner/buckets/{board.bucket_id}" if whole == "bucket" else f"/planner/plans/{board.plan_id}"
    assert board.app.delete(path, headers={"If-Match": board.app.get(path).json()["@odata.etag"]}).status_code == 204
    assert [row["id"] for row in listed(board, f"/users/{ann}/planner/tasks?$expand=details")] == [task["id"]]
    assert board.app.get(f"/planner/tasks/{task['id']}").status_code == 404


def test_pages_of_a_lagging_list_give_everything_once(board: Any, emulator: RunningEmulator) -> None:
    emulator.control(
        "switches",
        {"planner_page_size": 2, "planner_stale_changes_seconds": LONG, "planner_stale_deletes_seconds": LONG},
    )
    made = [board.new_task(title=str(number)) for number in range(5)]
    change(board, made[0]["id"], {"title": "changed"})
    board.app.delete(f"/planner/tasks/{made[3]['id']}", headers={"If-Match": made[3]["@odata.etag"]})
    url, seen = f"/planner/plans/{board.plan_id}/tasks", []
    while url:
        body = board.app.get(url).json()
        seen += [(row["id"], row["title"]) for row in body["value"]]
        url = body.get("@odata.nextLink")
    assert seen == [(task["id"], str(number)) for number, task in enumerate(made)]


def test_what_lists_remember_outlives_a_snapshot(board: Any, emulator: RunningEmulator) -> None:
    emulator.control("switches", {"planner_stale_changes_seconds": LONG, "planner_stale_deletes_seconds": LONG})
    kept, gone = board.new_task(title="Before"), board.new_task(title="Gone")
    change(board, kept["id"], {"title": "After"})
    board.app.delete(f"/planner/tasks/{gone['id']}", headers={"If-Match": gone["@odata.etag"]})
    emulator.control("snapshots/late")
    emulator.control("snapshots/late/restore")
    assert [row["title"] for row in listed(board)] == ["Before", "Gone"]
