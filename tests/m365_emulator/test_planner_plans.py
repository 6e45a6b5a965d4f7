"""Plans, buckets, lists, limits and memberships of Planner (facts §11, points 27, 28 and 37 to 44)."""

import time
from typing import Any

import pytest
from emulator_server import RunningEmulator

ASSIGNED = {"@odata.type": "#microsoft.graph.plannerAssignment", "orderHint": " !"}
ITEM = {"@odata.type": "#microsoft.graph.plannerChecklistItem", "title": "Step"}
REFERENCE = {"@odata.type": "#microsoft.graph.plannerExternalReference", "alias": "Link"}


def get(board: Any, path: str) -> dict[str, Any]:
    """The body of a successful GET."""
    reply = board.app.get(path)
    assert reply.status_code == 200, reply.text
    return dict(reply.json())


def test_a_new_plan_names_its_container_three_ways(board: Any) -> None:
    plan = get(board, f"/planner/plans/{board.plan_id}")
    assert plan["container"]["containerId"] == plan["owner"] == board.group_id
    assert plan["container"]["type"] == "group"
    assert plan["container"]["url"].endswith(f"/groups/{board.group_id}")


@pytest.mark.parametrize("container", [None, {}, {"url": "https://example/teams/x"}, {"type": "roster"}])
def test_a_plan_needs_a_group_as_its_container(board: Any, container: Any) -> None:
    reply = board.app.post("/planner/plans", json={"title": "Plan", "container": container})
    assert reply.status_code == 400


def test_a_plan_can_be_renamed_and_keeps_its_container(board: Any) -> None:
    path = f"/planner/plans/{board.plan_id}"
    etag = get(board, path)["@odata.etag"]
    assert board.patch(path, etag, {"title": "Renamed"}).status_code == 204
    assert board.patch(path, etag, {"container": {"containerId": board.group_id}}).status_code == 400
    assert get(board, path)["title"] == "Renamed"


def test_point_27_plan_details_have_25_empty_category_slots(board: Any) -> None:
    details = get(board, f"/planner/plans/{board.plan_id}/details")
    assert details["id"] == board.plan_id
    assert details["categoryDescriptions"] == {f"category{n}": None for n in range(1, 26)}
    assert details["sharedWith"] == {}


@pytest.mark.usefixtures("malformed")
def test_point_27_category_names_and_sharing_can_be_set_and_taken_back(board: Any) -> None:
    path, ann = f"/planner/plans/{board.plan_id}/details", board.users["ann"]
    body = {"categoryDescriptions": {"category25": "Vulnerability"}, "sharedWith": {ann: True}}
    etag = get(board, path)["@odata.etag"]
    shown = board.patch(path, etag, body, Prefer="return=representation").json()
    assert shown["categoryDescriptions"]["category25"] == "Vulnerability"
    assert shown["sharedWith"] == {ann: True}
    back = {"categoryDescriptions": {"category25": None}, "sharedWith": {ann: False}}
    assert board.patch(path, shown["@odata.etag"], back).status_code == 204
    after = get(board, path)
    assert (after["categoryDescriptions"]["category25"], after["sharedWith"]) == (None, {})
    assert board.patch(path, after["@odata.etag"], {"categoryDescriptions": {"category26": "x"}}).status_code == 400


@pytest.mark.parametrize(("switch", "left"), [("delete", 404), ("orphan", 200)])
def test_point_28_tasks_of_a_deleted_bucket_follow_the_switch(
    board: Any, emulator: RunningEmulator, switch: str, left: int
) -> None:
    emulator.control("switches", {"planner_delete_bucket": switch})
    task = board.new_task()
    etag = get(board, f"/planner/buckets/{board.bucket_id}")["@odata.etag"]
    gone = board.app.delete(f"/planner/buckets/{board.bucket_id}", headers={"If-Match": etag})
    assert gone.status_code == 204
    reply = board.app.get(f"/planner/tasks/{task['id']}")
    assert reply.status_code == left
    if left == 200:
        assert reply.json()["bucketId"] is None


def test_point_28_the_tasks_of_a_deleted_plan_are_not_found(board: Any) -> None:
    task = board.new_task()
    etag = get(board, f"/planner/plans/{board.plan_id}")["@odata.etag"]
    board.app.delete(f"/planner/plans/{board.plan_id}", headers={"If-Match": etag})
    for path in (f"tasks/{task['id']}", f"buckets/{board.bucket_id}", f"plans/{board.plan_id}/tasks"):
        assert board.app.get(f"/planner/{path}").status_code == 404


def test_a_bucket_can_be_renamed_and_reordered(board: Any) -> None:
    path = f"/planner/buckets/{board.bucket_id}"
    bucket = get(board, path)
    body = {"name": "Proactive", "orderHint": " !"}
    shown = board.patch(path, bucket["@odata.etag"], body, Prefer="return=representation").json()
    assert shown["name"] == "Proactive"
    assert shown["orderHint"] not in (" !", bucket["orderHint"])


@pytest.mark.parametrize("query", ["$top=1", "$filter=priority eq 1", "$orderby=title", "$top=1&$skip=1"])
def test_point_37_lists_ignore_top_filter_and_orderby(board: Any, query: str) -> None:
    made = {board.new_task()["id"] for _ in range(3)}
    listed = get(board, f"/planner/plans/{board.plan_id}/tasks?{query}")
    assert {task["id"] for task in listed["value"]} == made
    assert listed["@odata.count"] == 3


def test_point_38_pages_link_on_until_everything_was_given_once(board: Any, emulator: RunningEmulator) -> None:
    emulator.control("switches", {"planner_page_size": 3})
    made = {board.new_task()["id"] for _ in range(7)}
    url, sizes, seen = f"/planner/plans/{board.plan_id}/tasks?$select=id", [], []
    while url:
        body = board.app.get(url).json()
        sizes.append(len(body["value"]))
        seen += [task["id"] for task in body["value"]]
        assert all(set(task) == {"@odata.etag", "id"} for task in body["value"])
        url = body.get("@odata.nextLink")
    assert sizes == [3, 3, 1]
    assert sorted(seen) == sorted(made)


def test_point_38_a_task_deleted_between_pages_pushes_no_other_out(board: Any, emulator: RunningEmulator) -> None:
    emulator.control("switches", {"planner_page_size": 2})
    tasks = [board.new_task() for _ in range(4)]
    first = get(board, f"/planner/plans/{board.plan_id}/tasks")
    board.app.delete(f"/planner/tasks/{tasks[0]['id']}", headers={"If-Match": tasks[0]["@odata.etag"]})
    rest = board.app.get(first["@odata.nextLink"]).json()["value"]
    assert [task["id"] for task in rest] == [task["id"] for task in tasks[2:]]


def test_point_38_the_service_gives_400_tasks_a_page(board: Any) -> None:
    board.new_task()
    parts = next(iter(board_tasks(board)))
    assert parts["@odata.count"] == 1
    assert "@odata.nextLink" not in parts


def board_tasks(board: Any) -> list[dict[str, Any]]:
    """The pages of the plan's tasks."""
    return [get(board, f"/planner/plans/{board.plan_id}/tasks")]


@pytest.mark.parametrize("name", ["plans", "tasks", "buckets"])
def test_point_39_a_whole_entity_set_is_refused(board: Any, name: str) -> None:
    reply = board.app.get(f"/planner/{name}")
    assert reply.status_code == 400
    assert reply.json()["error"]["message"] == "This entity set must be queried with a filter."


def test_plans_are_listed_through_their_group_or_by_owner(board: Any) -> None:
    by_group = get(board, f"/groups/{board.group_id}/planner/plans")["value"]
    by_owner = get(board, f"/planner/plans?$filter=owner eq '{board.group_id}'")["value"]
    assert [p["id"] for p in by_group] == [p["id"] for p in by_owner] == [board.plan_id]


def test_tasks_are_listed_by_bucket(board: Any) -> None:
    here = board.new_task()
    board.new_task(bucketId=board.other_bucket_id)
    assert [t["id"] for t in get(board, f"/planner/buckets/{board.bucket_id}/tasks")["value"]] == [here["id"]]


@pytest.mark.parametrize(
    ("switch", "limit", "code"),
    [
        ("planner_max_tasks", 1, "MaximumTasksInProject"),
        ("planner_max_active_tasks", 1, "MaximumActiveTasksInProject"),
        ("planner_max_tasks_created", 1, "MaximumTasksCreatedByUser"),
    ],
)
def test_point_40_a_full_plan_refuses_with_the_limits_name(
    board: Any, emulator: RunningEmulator, switch: str, limit: int, code: str
) -> None:
    emulator.control("switches", {switch: limit})
    board.new_task()
    reply = board.app.post("/planner/tasks", json={"planId": board.plan_id, "title": "One too many"})
    assert reply.status_code == 403
    error = reply.json()["error"]
    assert (error["code"], error["message"]) == (code, "The request exceeded allowed limits.")


def test_point_40_completed_tasks_are_not_active(board: Any, emulator: RunningEmulator) -> None:
    emulator.control("switches", {"planner_max_active_tasks": 1})
    done = board.new_task(percentComplete=100)
    board.new_task()
    reply = board.patch(f"/planner/tasks/{done['id']}", done["@odata.etag"], {"percentComplete": 0})
    assert reply.json()["error"]["code"] == "MaximumActiveTasksInProject"


def test_point_40_assignees_checklist_and_references_have_limits(board: Any, emulator: RunningEmulator) -> None:
    limits = {"planner_max_assignees": 1, "planner_max_checklist_items": 1, "planner_max_references": 1}
    emulator.control("switches", limits)
    task, path = board.new_task(), "/planner/tasks/{}"
    both = {"assignments": {board.users["ann"]: ASSIGNED, board.users["ben"]: ASSIGNED}}
    details = board.details(task["id"])["@odata.etag"]
    links = {"https%3A//a%2Eexample": REFERENCE, "https%3A//b%2Eexample": REFERENCE}
    replies = [
        board.patch(path.format(task["id"]), task["@odata.etag"], both),
        board.patch(path.format(task["id"]) + "/details", details, {"checklist": {"a": ITEM, "b": ITEM}}),
        board.patch(path.format(task["id"]) + "/details", details, {"references": links}),
    ]
    codes = ["MaximumAssigneesInTasks", "MaximumChecklistItemsOnTask", "MaximumReferencesOnTask"]
    assert [(r.status_code, r.json()["error"]["code"]) for r in replies] == [(403, code) for code in codes]
    assert board.task(task["id"]) == task


@pytest.mark.parametrize("way", ["unassign", "delete", "delete the bucket", "restore"])
def test_point_40_a_persons_room_comes_back_with_each_task_given_up(
    board: Any, emulator: RunningEmulator, way: str
) -> None:
    emulator.control("switches", {"planner_max_tasks_assigned": 1})
    emulator.control("snapshots/empty")
    ann = {"assignments": {board.users["ann"]: ASSIGNED}}
    task = board.new_task()
    path, bucket = f"/planner/tasks/{task['id']}", f"/planner/buckets/{board.bucket_id}"
    assert board.patch(path, task["@odata.etag"], ann).status_code == 204
    wish = {"planId": board.plan_id, "title": "Next"} | ann
    assert board.app.post("/planner/tasks", json=wish).json()["error"]["code"] == "MaximumTasksAssignedToUser"
    etag = board.task(task["id"])["@odata.etag"]
    if way == "unassign":
        board.patch(path, etag, {"assignments": {board.users["ann"]: None}})
    if way == "delete":
        board.app.delete(path, headers={"If-Match": etag})
    if way == "delete the bucket":
        board.app.delete(bucket, headers={"If-Match": get(board, bucket)["@odata.etag"]})
    if way == "restore":
        emulator.control("snapshots/empty/restore")
    assert board.app.post("/planner/tasks", json=wish).status_code == 201
    assert board.app.post("/planner/tasks", json=wish).status_code == 403


def test_point_40_buckets_and_plans_have_limits(board: Any, emulator: RunningEmulator) -> None:
    emulator.control("switches", {"planner_max_buckets": 2, "planner_max_plans_per_group": 1})
    bucket = board.app.post("/planner/buckets", json={"name": "Third", "planId": board.plan_id})
    container = {"containerId": board.group_id, "type": "group"}
    plan = board.app.post("/planner/plans", json={"title": "Second", "container": container})
    assert bucket.json()["error"]["code"] == "MaximumBucketsInProject"
    assert plan.json()["error"]["code"] == "MaximumPlannerPlans"


def test_point_41_lacking_rights_is_told_apart_from_limits(board: Any, emulator: RunningEmulator) -> None:
    with emulator.client(emulator.app_token("Tasks.Read.All")) as reader:
        reply = reader.post("/planner/tasks", json={"planId": board.plan_id, "title": "x"})
    assert reply.status_code == 403
    error = reply.json()["error"]
    text = "You do not have the required permissions to access this item."
    assert (error["code"], error["message"]) == ("", text)


def test_point_41_a_person_outside_the_group_sees_nothing_of_the_plan(board: Any, emulator: RunningEmulator) -> None:
    task = board.new_task()
    paths = (f"plans/{board.plan_id}", f"tasks/{task['id']}", f"plans/{board.plan_id}/tasks")
    with emulator.client(emulator.person_token("cas@peakshire.example")) as cas:
        refused = [cas.get(f"/planner/{path}").status_code for path in paths]
        container = {"containerId": board.group_id, "type": "group"}
        refused.append(cas.post("/planner/plans", json={"title": "x", "container": container}).status_code)
    with emulator.client(emulator.person_token("ann@peakshire.example")) as ann:
        allowed = [ann.get(f"/planner/{path}").status_code for path in paths]
    assert (refused, allowed) == ([403] * 4, [200] * 3)


def test_point_42_planner_has_no_subscriptions_and_no_delta(board: Any) -> None:
    order = {"changeType": "updated", "resource": f"/planner/plans/{board.plan_id}/tasks"}
    assert board.app.post("/subscriptions", json=order).status_code == 400
    assert board.app.get("/planner/tasks/delta").status_code == 400


def test_point_43_assigning_a_non_member_works_unless_switched_off(board: Any, emulator: RunningEmulator) -> None:
    cas, nobody = board.users["cas"], "0d4f1c9e-0000-4000-8000-000000000001"
    task = board.new_task(assignments={cas: ASSIGNED, nobody: ASSIGNED})
    assert set(task["assignments"]) == {cas, nobody}
    emulator.control("switches", {"planner_non_member_assignee": "refuse", "planner_unknown_assignee": "refuse"})
    for user in (cas, nobody):
        body = {"planId": board.plan_id, "title": "x", "assignments": {user: ASSIGNED}}
        assert board.app.post("/planner/tasks", json=body).status_code == 400


@pytest.mark.parametrize(("switch", "status"), [(None, 200), ("reduced", 200), ("nothing", 403)])
def test_point_43_an_assignee_outside_the_group_sees_the_basic_task_and_completes_it(
    board: Any, emulator: RunningEmulator, switch: str | None, status: int
) -> None:
    if switch:
        emulator.control("switches", {"planner_outside_assignee": switch})
    task = board.new_task(assignments={board.users["cas"]: ASSIGNED})
    path, etag = f"/planner/tasks/{task['id']}", {"If-Match": task["@odata.etag"]}
    with emulator.client(emulator.person_token("cas@peakshire.example")) as cas:
        seen = cas.get(f"{path}?$expand=details")
        done = cas.patch(path, json={"percentComplete": 100}, headers=etag)
        others = [
            cas.patch(path, json={"title": "Mine"}, headers=etag),
            cas.get(f"{path}/details"),
            cas.delete(path, headers=etag),
            cas.get(f"/planner/plans/{board.plan_id}"),
        ]
        mine = cas.get("/me/planner/tasks").json()["value"]
    assert (seen.status_code, "details" in seen.json(), [reply.status_code for reply in others]) == (
        status,
        False,
        [403] * 4,
    )
    assert done.status_code == (204 if status == 200 else 403)
    assert board.task(task["id"])["percentComplete"] == (100 if status == 200 else 0)
    assert [each["id"] for each in mine] == [task["id"]]


def test_point_44_a_new_task_can_be_late_in_lists(board: Any, emulator: RunningEmulator) -> None:
    emulator.control("switches", {"planner_stale_list_seconds": 0.3})
    task = board.new_task()
    path = f"/planner/plans/{board.plan_id}/tasks"
    assert get(board, path)["value"] == []
    assert board.task(task["id"])["id"] == task["id"]
    assert [t["id"] for t in emulator.control("planner/tasks", method="GET")["value"]] == [task["id"]]
    time.sleep(0.35)
    assert [t["id"] for t in get(board, path)["value"]] == [task["id"]]


def test_point_44_details_can_be_late_after_creation(board: Any, emulator: RunningEmulator) -> None:
    emulator.control("switches", {"planner_details_404_ms": 200})
    task = board.new_task()
    assert board.app.get(f"/planner/tasks/{task['id']}/details").status_code == 404
    time.sleep(0.25)
    assert board.app.get(f"/planner/tasks/{task['id']}/details").status_code == 200


def test_a_persons_own_tasks_and_plans_are_listed(board: Any, emulator: RunningEmulator) -> None:
    ann = board.users["ann"]
    mine = board.new_task(assignments={ann: ASSIGNED})
    board.new_task()
    with emulator.client(emulator.person_token("ann@peakshire.example")) as client:
        tasks = client.get("/me/planner/tasks?$expand=details").json()["value"]
        plans = client.get("/me/planner/plans").json()["value"]
        other = client.get(f"/users/{board.users['ben']}/planner/tasks")
    assert [t["id"] for t in tasks] == [mine["id"]]
    assert tasks[0]["details"]["id"] == mine["id"]
    assert [p["id"] for p in plans] == [board.plan_id]
    assert other.status_code == 403
    assert [t["id"] for t in get(board, f"/users/{ann}/planner/tasks")["value"]] == [mine["id"]]
