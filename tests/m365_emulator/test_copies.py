"""What people do to tasks by other means than Graph: copy them, and put nonsense into them past every limit."""

import uuid
from typing import Any

import httpx
import pytest
from emulator_server import RunningEmulator

ASSIGNED = {"@odata.type": "#microsoft.graph.plannerAssignment", "orderHint": " !"}
ITEM = {"@odata.type": "#microsoft.graph.plannerChecklistItem", "title": "Visit", "isChecked": True}
LINK = {"@odata.type": "#microsoft.graph.plannerExternalReference", "alias": "Plan"}
ANN = "ann@peakshire.example"


@pytest.fixture
def original(board: Any) -> dict[str, Any]:
    """A task with everything on it."""
    task = board.new_task(
        title="Search",
        dueDateTime="2026-01-30T10:00:00Z",
        priority=3,
        percentComplete=50,
        appliedCategories={"category2": True},
        assignments={board.users["ben"]: ASSIGNED},
    )
    path, etag = f"/planner/tasks/{task['id']}/details", board.details(task["id"])["@odata.etag"]
    body = {"description": "Ref T-1", "checklist": {"a1": ITEM}, "references": {"https%3A//a%2Eexample": LINK}}
    assert board.patch(path, etag, body).status_code == 204
    return dict(board.task(task["id"]))


def copy(emulator: RunningEmulator, task: dict[str, Any], **wish: Any) -> dict[str, Any]:
    """Ann copies a task; the copy with its details."""
    return dict(emulator.control(f"planner/tasks/{task['id']}/copy", {"by": ANN} | wish))


def test_a_copy_has_an_id_of_its_own_and_what_planner_copies_unasked(
    board: Any, emulator: RunningEmulator, original: dict[str, Any]
) -> None:
    made = copy(emulator, original)
    assert board.task(made["id"])["title"] == "Search"
    assert made["id"] != original["id"]
    same = ("planId", "bucketId", "title", "priority", "appliedCategories", "hasDescription")
    assert {name: made[name] for name in same} == {name: original[name] for name in same}
    assert made["createdBy"]["user"]["id"] == board.users["ann"]
    assert (made["assignments"], made["dueDateTime"], made["percentComplete"]) == ({}, None, 0)
    details = board.details(made["id"])
    assert (details["description"], details["references"]) == ("Ref T-1", {})
    assert {key: item["isChecked"] for key, item in details["checklist"].items()} == {"a1": False}
    assert board.task(original["id"]) == original


def test_a_copy_has_what_was_chosen(board: Any, emulator: RunningEmulator, original: dict[str, Any]) -> None:
    everything = ["assignments", "progress", "dates", "description", "checklist", "references", "labels"]
    made = copy(emulator, original, include=everything, title="Search again")
    assert (made["title"], made["percentComplete"], made["dueDateTime"]) == (
        "Search again",
        50,
        original["dueDateTime"],
    )
    assert list(made["assignments"]) == [board.users["ben"]]
    assert made["details"]["checklist"]["a1"]["isChecked"] is True
    assert made["referenceCount"] == 1
    bare = copy(emulator, original, include=[])
    assert (bare["appliedCategories"], bare["hasDescription"], bare["checklistItemCount"]) == ({}, False, 0)


def test_a_copy_can_stand_on_another_board_and_changes_by_itself(
    board: Any, emulator: RunningEmulator, original: dict[str, Any]
) -> None:
    container = {"containerId": board.group_id, "type": "group"}
    plan = board.app.post("/planner/plans", json={"title": "Other", "container": container}).json()["id"]
    bucket = board.app.post("/planner/buckets", json={"name": "New", "planId": plan}).json()["id"]
    made = copy(emulator, original, plan=plan)
    assert (made["planId"], made["bucketId"]) == (plan, bucket)
    details = board.details(made["id"])
    board.patch(f"/planner/tasks/{made['id']}/details", details["@odata.etag"], {"description": "Mine"})
    assert board.details(original["id"])["description"] == "Ref T-1"


def test_a_schedule_is_not_copied(board: Any, emulator: RunningEmulator, original: dict[str, Any]) -> None:
    emulator.control(f"planner/tasks/{original['id']}/recurrence", {"type": "daily"})
    made = copy(emulator, original)
    assert emulator.control(f"planner/tasks/{made['id']}/recurrence", method="GET") == {"recurrence": None}


@pytest.mark.parametrize(
    ("wish", "named"),
    [
        ({}, "by"),
        ({"by": "cas@peakshire.example"}, "403"),
        ({"by": "nobody@peakshire.example"}, "nobody"),
        ({"by": ANN, "plan": "A" * 28}, "404"),
        ({"by": ANN, "bucket": "A" * 28}, "bucket"),
        ({"by": ANN, "include": ["everything"]}, "include"),
    ],
)
def test_a_copy_that_planner_would_refuse_is_refused(
    board: Any, emulator: RunningEmulator, original: dict[str, Any], wish: dict[str, Any], named: str
) -> None:
    answer = httpx.post(f"{emulator.url}/_emulator/planner/tasks/{original['id']}/copy", json=wish)
    assert answer.status_code == 400
    assert named in answer.json()["error"]
    assert emulator.control("state", method="GET")["tasks"] == 1


def test_a_copy_counts_against_the_plans_limits(
    board: Any, emulator: RunningEmulator, original: dict[str, Any]
) -> None:
    emulator.control("switches", {"planner_max_active_tasks": 1})
    answer = httpx.post(f"{emulator.url}/_emulator/planner/tasks/{original['id']}/copy", json={"by": ANN})
    assert "MaximumActiveTasksInProject" in answer.json()["error"]


NONSENSE: list[dict[str, Any]] = [
    {"title": ""},
    {"title": "🚓" * 300},
    {"description": "x" * 40_000},
    {"description": "<script>alert(1)</script>\u202eabc"},
    {"assignments": {str(uuid.UUID(int=n + 1)): {} for n in range(30)}},
    {"checklist": {f"k{n}": {"title": "y" * 500} for n in range(50)}},
    {"references": {f"https%3A//a%2Eexample/{n}": {} for n in range(30)}},
    {"bucketId": "A" * 28},
    {"startDateTime": "2026-02-02T00:00:00Z", "dueDateTime": "2026-01-01T00:00:00Z"},
    {"percentComplete": 100, "priority": 10},
]


@pytest.mark.parametrize("raw", NONSENSE, ids=lambda raw: "-".join(raw))
def test_nonsense_can_be_put_into_a_task_past_every_limit_and_moves_its_etags(
    board: Any, emulator: RunningEmulator, raw: dict[str, Any]
) -> None:
    task = board.new_task()
    before = board.details(task["id"])
    emulator.control(f"planner/tasks/{task['id']}/force", {"by": ANN} | raw)
    after, details = board.task(task["id"]), board.details(task["id"])
    assert after["@odata.etag"] > task["@odata.etag"]
    of_details = bool(set(raw) & {"description", "checklist", "references"})
    assert (details["@odata.etag"] > before["@odata.etag"]) is of_details
    for name, value in raw.items():
        found = (after | {k: details[k] for k in ("description", "checklist", "references")})[name]
        assert set(found) == set(value) if isinstance(value, dict) else found == value
    assert httpx.get(f"{emulator.url}/boards/{board.plan_id}").status_code == 200
    assert httpx.get(f"{emulator.url}/boards/{board.plan_id}/tasks/{task['id']}").status_code == 200


@pytest.mark.parametrize("raw", NONSENSE, ids=lambda raw: "-".join(raw))
def test_what_does_not_touch_the_nonsense_is_still_accepted(
    board: Any, emulator: RunningEmulator, raw: dict[str, Any]
) -> None:
    task = board.new_task()
    emulator.control(f"planner/tasks/{task['id']}/force", raw)
    path = f"/planner/tasks/{task['id']}"
    label = {"appliedCategories": {"category1": True}}
    assert board.patch(path, board.task(task["id"])["@odata.etag"], label).status_code == 204
    preview = {"previewType": "checklist"}
    assert board.patch(f"{path}/details", board.details(task["id"])["@odata.etag"], preview).status_code == 204


def test_too_many_assignees_can_become_fewer_and_not_more(board: Any, emulator: RunningEmulator) -> None:
    task = board.new_task()
    people = [str(uuid.UUID(int=n + 1)) for n in range(30)]
    emulator.control(f"planner/tasks/{task['id']}/force", {"assignments": {person: {} for person in people}})
    path = f"/planner/tasks/{task['id']}"
    fewer = board.patch(path, board.task(task["id"])["@odata.etag"], {"assignments": {people[0]: None}})
    assert fewer.status_code == 204
    more = {"assignments": {board.users["ann"]: ASSIGNED}}
    refused = board.patch(path, board.task(task["id"])["@odata.etag"], more)
    assert refused.json()["error"]["code"] == "MaximumAssigneesInTasks"


def test_a_forced_change_clashes_as_a_persons_would(board: Any, emulator: RunningEmulator) -> None:
    task = board.new_task()
    emulator.control(f"planner/tasks/{task['id']}/force", {"by": ANN, "title": "Theirs"})
    path = f"/planner/tasks/{task['id']}"
    assert board.patch(path, task["@odata.etag"], {"title": "Ours"}).status_code == 409
    assert board.patch(path, task["@odata.etag"], {"priority": 1}).status_code == 204


@pytest.mark.parametrize(
    ("raw", "named"), [({"colour": "red"}, "colour"), ({"title": 5}, "title"), ({"planId": "x"}, "planId")]
)
def test_force_has_its_limits_too(board: Any, emulator: RunningEmulator, raw: dict[str, Any], named: str) -> None:
    task = board.new_task()
    answer = httpx.post(f"{emulator.url}/_emulator/planner/tasks/{task['id']}/force", json=raw)
    assert answer.status_code == 400
    assert named in answer.json()["error"]
    assert board.task(task["id"]) == task
