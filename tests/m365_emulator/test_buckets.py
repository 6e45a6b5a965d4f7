"""What becomes of tasks whose bucket is gone, by each value of the switch (facts §12, point 7: not settled)."""

from typing import Any

import httpx
import pytest
from emulator_server import RunningEmulator


def drop_bucket(board: Any, emulator: RunningEmulator, switch: str) -> None:
    """Delete the first bucket under this value of the switch."""
    emulator.control("switches", {"planner_delete_bucket": switch})
    path = f"/planner/buckets/{board.bucket_id}"
    assert board.app.delete(path, headers={"If-Match": board.app.get(path).json()["@odata.etag"]}).status_code == 204


@pytest.mark.parametrize("switch", ["orphan", "dangle"])
def test_a_task_without_its_bucket_is_found_in_the_plan_alone(
    board: Any, emulator: RunningEmulator, switch: str
) -> None:
    task = board.new_task()
    drop_bucket(board, emulator, switch)
    (row,) = board.app.get(f"/planner/plans/{board.plan_id}/tasks").json()["value"]
    assert row["bucketId"] == (None if switch == "orphan" else board.bucket_id)
    assert (row["@odata.etag"] > task["@odata.etag"]) is (switch == "orphan")
    assert board.app.get(f"/planner/buckets/{board.bucket_id}").status_code == 404
    assert board.app.get(f"/planner/buckets/{board.bucket_id}/tasks").status_code == 404
    assert "No bucket" in httpx.get(f"{emulator.url}/boards/{board.plan_id}").text


@pytest.mark.parametrize("switch", ["orphan", "dangle"])
def test_a_task_without_its_bucket_can_be_changed_and_put_into_another(
    board: Any, emulator: RunningEmulator, switch: str
) -> None:
    task = board.new_task()
    drop_bucket(board, emulator, switch)
    path = f"/planner/tasks/{task['id']}"
    assert board.patch(path, task["@odata.etag"], {"priority": 1}).status_code == 204
    made = board.app.post("/planner/buckets", json={"name": "Neighbourhood", "planId": board.plan_id}).json()["id"]
    assert made != board.bucket_id
    assert board.patch(path, board.task(task["id"])["@odata.etag"], {"bucketId": made}).status_code == 204
    assert [t["id"] for t in board.app.get(f"/planner/buckets/{made}/tasks").json()["value"]] == [task["id"]]


def test_a_move_that_did_not_know_of_the_orphaning_conflicts(board: Any, emulator: RunningEmulator) -> None:
    task = board.new_task()
    drop_bucket(board, emulator, "orphan")
    body = {"bucketId": board.other_bucket_id}
    assert board.patch(f"/planner/tasks/{task['id']}", task["@odata.etag"], body).status_code == 409
    fresh = board.task(task["id"])["@odata.etag"]
    assert board.patch(f"/planner/tasks/{task['id']}", fresh, body).status_code == 204


@pytest.mark.parametrize("bucket", ["A" * 28, "short", ""])
def test_a_task_cannot_be_made_in_or_moved_to_a_bucket_that_is_not_there(board: Any, bucket: str) -> None:
    body = {"planId": board.plan_id, "title": "Search", "bucketId": bucket}
    refused = board.app.post("/planner/tasks", json=body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "")
    task = board.new_task()
    moved = board.patch(f"/planner/tasks/{task['id']}", task["@odata.etag"], {"bucketId": bucket})
    assert moved.status_code == 400
    assert board.task(task["id"]) == task


def test_a_task_cannot_be_made_in_a_bucket_that_was_deleted(board: Any, emulator: RunningEmulator) -> None:
    drop_bucket(board, emulator, "delete")
    body = {"planId": board.plan_id, "title": "Search", "bucketId": board.bucket_id}
    assert board.app.post("/planner/tasks", json=body).status_code == 400
