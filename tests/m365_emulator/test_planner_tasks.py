"""Planner tasks: what a write may hold and what comes back (facts §11, points 10 to 26)."""

import re
from typing import Any

import httpx
import pytest
from emulator_server import RunningEmulator

ASSIGNED = {"@odata.type": "#microsoft.graph.plannerAssignment", "orderHint": " !"}
ITEM = {"@odata.type": "#microsoft.graph.plannerChecklistItem", "title": "Visit the address"}
REFERENCE = {"@odata.type": "#microsoft.graph.plannerExternalReference", "alias": "Plan", "type": "Other"}
ENCODED = "https%3A//peakshire%2Esharepoint%2Eexample/sites/x"


def message(reply: httpx.Response) -> str:
    """The text of an error answer, whose code Planner leaves empty."""
    error = reply.json()["error"]
    assert error["code"] == ""
    return str(error["message"])


def test_point_10_ids_have_28_characters_and_are_made_by_the_service(board: Any) -> None:
    task = board.new_task(id="mine")
    assert re.fullmatch(r"[A-Za-z0-9_-]{28}", task["id"])


@pytest.mark.parametrize("wrong", ["short", "x" * 29, "has space aaaaaaaaaaaaaaaaaa".replace(" ", "%20")])
def test_point_10_a_malformed_id_is_refused(board: Any, wrong: str) -> None:
    assert board.app.get(f"/planner/tasks/{wrong}").status_code == 400


def test_point_10_an_id_in_the_wrong_case_is_malformed(board: Any) -> None:
    task = board.new_task()
    assert board.app.get(f"/planner/tasks/{task['id'].swapcase()}").status_code == 400


def test_point_10_an_unknown_id_is_not_found(board: Any) -> None:
    reply = board.app.get("/planner/tasks/" + "A" * 28)
    assert reply.status_code == 404
    assert message(reply) == "The requested item is not found."


def test_point_11_a_new_task_has_every_field_with_its_default(board: Any) -> None:
    reply = board.app.post("/planner/tasks", json={"planId": board.plan_id, "title": "Search"})
    task = reply.json()
    assert reply.status_code == 201
    assert reply.headers["location"].endswith(f"/v1.0/planner/tasks/{task['id']}")
    assert task["@odata.context"].endswith("$metadata#planner/tasks/$entity")
    expected = {
        "priority": 5,
        "previewType": "automatic",
        "appliedCategories": {},
        "assignments": {},
        "percentComplete": 0,
        "hasDescription": False,
        "referenceCount": 0,
        "checklistItemCount": 0,
        "activeChecklistItemCount": 0,
        "assigneePriority": "",
        "startDateTime": None,
        "dueDateTime": None,
        "completedDateTime": None,
        "completedBy": None,
        "conversationThreadId": None,
        "bucketId": None,
    }
    assert {name: task[name] for name in expected} == expected
    assert re.fullmatch(r"\d{19}", task["orderHint"])


def test_point_11_created_by_carries_ids_and_no_names(board: Any, emulator: RunningEmulator) -> None:
    by_app = board.new_task()["createdBy"]
    with emulator.client(emulator.person_token("ann@peakshire.example")) as ann:
        by_ann = ann.post("/planner/tasks", json={"planId": board.plan_id, "title": "Hers"}).json()["createdBy"]
    assert by_app["application"] == {"displayName": None, "id": emulator.tenant.options.app_id}
    assert by_app["user"]["id"] is None
    assert by_ann["user"] == {"displayName": None, "id": board.users["ann"]}


@pytest.mark.parametrize("missing", ["planId", "title"])
def test_point_12_a_task_needs_a_plan_and_a_title(board: Any, missing: str) -> None:
    body = {"planId": board.plan_id, "title": "Search"}
    del body[missing]
    assert missing in message(board.app.post("/planner/tasks", json=body))


def test_point_12_an_empty_title_is_refused(board: Any) -> None:
    assert board.app.post("/planner/tasks", json={"planId": board.plan_id, "title": " "}).status_code == 400


def test_point_12_a_bucket_of_another_plan_is_refused(board: Any) -> None:
    container = {"containerId": board.group_id, "type": "group"}
    other = board.app.post("/planner/plans", json={"title": "Other", "container": container}).json()
    body = {"planId": other["id"], "title": "Search", "bucketId": board.bucket_id}
    assert board.app.post("/planner/tasks", json=body).status_code == 400
    task = board.new_task()
    away = board.app.post("/planner/buckets", json={"name": "Away", "planId": other["id"]}).json()["id"]
    reply = board.patch(f"/planner/tasks/{task['id']}", task["@odata.etag"], {"bucketId": away})
    assert reply.status_code == 400


def test_point_13_posting_to_my_tasks_is_refused(board: Any, emulator: RunningEmulator) -> None:
    with emulator.client(emulator.person_token("ann@peakshire.example")) as ann:
        error = ann.post("/me/planner/tasks", json={"title": "Search"}).json()["error"]
    assert error["code"] == "BadRequest"
    assert error["message"].startswith("Write requests are only supported on contained entities")


def test_point_14_nested_details_in_a_patch_are_refused(board: Any) -> None:
    task = board.new_task()
    body = {"details": {"description": "x"}}
    reply = board.patch(f"/planner/tasks/{task['id']}", task["@odata.etag"], body)
    assert reply.status_code == 400
    assert "Cannot apply PATCH to navigation property 'details'" in message(reply)


@pytest.mark.parametrize(("switch", "kept"), [("ignore", ""), ("accept", "Front door")])
def test_point_14_nested_details_in_a_post_follow_the_switch(
    board: Any, emulator: RunningEmulator, switch: str, kept: str
) -> None:
    emulator.control("switches", {"planner_post_details": switch})
    task = board.new_task(details={"description": "Front door"})
    assert board.details(task["id"])["description"] == kept
    assert task["hasDescription"] is bool(kept)


def test_point_14_nested_details_in_a_post_can_be_refused(board: Any, emulator: RunningEmulator) -> None:
    emulator.control("switches", {"planner_post_details": "refuse"})
    body = {"planId": board.plan_id, "title": "Search", "details": {"description": "x"}}
    assert board.app.post("/planner/tasks", json=body).status_code == 400


@pytest.mark.parametrize("name", ["createdBy", "hasDescription", "completedDateTime", "previewType", "planId"])
def test_point_15_read_only_properties_are_refused_or_ignored(board: Any, emulator: RunningEmulator, name: str) -> None:
    task = board.new_task()
    path = f"/planner/tasks/{task['id']}"
    assert board.patch(path, task["@odata.etag"], {name: task[name]}).status_code == 400
    emulator.control("switches", {"planner_read_only": "ignore"})
    assert board.patch(path, task["@odata.etag"], {name: task[name]}).status_code == 204
    assert board.task(task["id"]) == task


def test_point_15_assigned_by_cannot_be_written(board: Any) -> None:
    entry = ASSIGNED | {"assignedBy": {"user": {"id": board.users["ann"]}}}
    body = {"planId": board.plan_id, "title": "Search", "assignments": {board.users["ann"]: entry}}
    assert "'assignedBy'" in message(board.app.post("/planner/tasks", json=body))


@pytest.mark.usefixtures("malformed")
def test_point_16_an_unknown_property_is_named(board: Any) -> None:
    task = board.new_task()
    reply = board.patch(f"/planner/tasks/{task['id']}", task["@odata.etag"], {"urgency": 1})
    assert reply.status_code == 400
    assert "The property 'urgency' does not exist on type 'microsoft.taskServices.task'" in message(reply)


def test_point_17_an_open_type_entry_needs_its_type(board: Any) -> None:
    body = {"planId": board.plan_id, "title": "Search", "assignments": {board.users["ann"]: {"orderHint": " !"}}}
    reply = board.app.post("/planner/tasks", json=body)
    assert reply.status_code == 400
    assert "Value cannot be null.\r\nParameter name: qualifiedName" in message(reply)


def test_point_17_an_open_type_entry_has_to_be_an_object(board: Any) -> None:
    body = {"planId": board.plan_id, "title": "Search", "assignments": {board.users["ann"]: "yes"}}
    assert "invalid type" in message(board.app.post("/planner/tasks", json=body))


def test_point_18_removing_one_assignee_leaves_the_other(board: Any) -> None:
    ann, ben = board.users["ann"], board.users["ben"]
    task = board.new_task(assignments={ann: ASSIGNED, ben: ASSIGNED})
    stamped = task["assignments"][ann]
    assert stamped["assignedDateTime"].endswith("Z")
    assert stamped["assignedBy"]["application"]["displayName"] is None
    board.patch(f"/planner/tasks/{task['id']}", task["@odata.etag"], {"assignments": {ann: None}})
    assert list(board.task(task["id"])["assignments"]) == [ben]


def test_point_18_a_sign_in_name_is_no_key_of_an_assignment(board: Any) -> None:
    body = {"planId": board.plan_id, "title": "Search", "assignments": {"ann@peakshire.example": ASSIGNED}}
    assert board.app.post("/planner/tasks", json=body).status_code == 400


def test_point_19_a_category_set_to_false_is_absent(board: Any) -> None:
    task = board.new_task(appliedCategories={"category1": True, "category25": True})
    body = {"appliedCategories": {"category1": False}}
    board.patch(f"/planner/tasks/{task['id']}", task["@odata.etag"], body)
    assert board.task(task["id"])["appliedCategories"] == {"category25": True}


def test_point_19_category26_does_not_exist(board: Any) -> None:
    body = {"planId": board.plan_id, "title": "Search", "appliedCategories": {"category26": True}}
    assert "'category26' does not exist on type 'microsoft.taskServices.cate" in message(
        board.app.post("/planner/tasks", json=body)
    )


@pytest.mark.usefixtures("malformed")
@pytest.mark.parametrize(
    "wrong",
    [{"priority": 11}, {"priority": -1}, {"percentComplete": 101}, {"percentComplete": -1}, {"priority": "1"}],
)
def test_point_20_numbers_outside_their_range_are_refused(board: Any, wrong: dict[str, Any]) -> None:
    body = {"planId": board.plan_id, "title": "Search", **wrong}
    assert board.app.post("/planner/tasks", json=body).status_code == 400


def test_point_21_completing_stamps_and_reopening_clears(board: Any, emulator: RunningEmulator) -> None:
    task = board.new_task()
    path = f"/planner/tasks/{task['id']}"
    with emulator.client(emulator.person_token("ann@peakshire.example")) as ann:
        sent = {"If-Match": task["@odata.etag"], "Prefer": "return=representation"}
        done = ann.patch(path, json={"percentComplete": 100}, headers=sent).json()
    assert done["completedBy"]["user"]["id"] == board.users["ann"]
    assert done["completedDateTime"].endswith("Z")
    board.patch(path, done["@odata.etag"], {"percentComplete": 50})
    reopened = board.task(task["id"])
    assert (reopened["completedBy"], reopened["completedDateTime"]) == (None, None)


def test_point_22_a_start_after_the_due_date_is_refused(board: Any) -> None:
    task = board.new_task(dueDateTime="2026-02-01T10:00:00Z")
    late = {"startDateTime": "2026-02-01T12:00:00+01:00"}
    assert board.patch(f"/planner/tasks/{task['id']}", task["@odata.etag"], late).status_code == 400
    sound = {"startDateTime": "2026-02-01T10:30:00+01:00"}
    assert board.patch(f"/planner/tasks/{task['id']}", task["@odata.etag"], sound).status_code == 204
    assert board.task(task["id"])["startDateTime"] == "2026-02-01T09:30:00Z"


@pytest.mark.usefixtures("malformed")
@pytest.mark.parametrize("wrong", ["2026-02-01", "tomorrow", 5, "2026-02-01T10:00:00"])
def test_point_22_dates_need_a_time_and_a_zone(board: Any, wrong: Any) -> None:
    body = {"planId": board.plan_id, "title": "Search", "dueDateTime": wrong}
    assert board.app.post("/planner/tasks", json=body).status_code == 400


def test_point_23_an_order_hint_is_replaced_by_a_value_between_its_neighbours(board: Any) -> None:
    first, last = board.new_task(orderHint=" !"), board.new_task()
    low, high = sorted((first["orderHint"], last["orderHint"]))
    between = board.new_task(orderHint=f"{low} {high}!")["orderHint"]
    assert low < between < high
    assert between != f"{low} {high}!"
    assert board.new_task(orderHint=f"{high} !")["orderHint"] > high
    assert board.new_task(orderHint=f" {low}!")["orderHint"] < low


@pytest.mark.parametrize("wrong", ["abc", " \u00e9!", "", "a b"])
def test_point_23_a_hint_of_another_form_is_refused(board: Any, wrong: str) -> None:
    body = {"planId": board.plan_id, "title": "Search", "orderHint": wrong}
    assert board.app.post("/planner/tasks", json=body).status_code == 400


def test_point_23_a_value_of_the_service_cannot_be_sent_back(board: Any) -> None:
    task = board.new_task()
    body = {"orderHint": task["orderHint"]}
    assert board.patch(f"/planner/tasks/{task['id']}", task["@odata.etag"], body).status_code == 400


def test_point_24_references_keep_encoded_keys_and_are_counted(board: Any) -> None:
    task = board.new_task()
    path, etag = f"/planner/tasks/{task['id']}/details", board.details(task["id"])["@odata.etag"]
    assert board.patch(path, etag, {"references": {ENCODED: REFERENCE}}).status_code == 204
    details = board.details(task["id"])
    assert list(details["references"]) == [ENCODED]
    assert details["references"][ENCODED]["lastModifiedBy"]["application"]["id"]
    assert board.task(task["id"])["referenceCount"] == 1
    board.patch(path, details["@odata.etag"], {"references": {ENCODED: None}})
    assert board.details(task["id"])["references"] == {}
    assert board.task(task["id"])["referenceCount"] == 0


@pytest.mark.parametrize(
    "key",
    [
        "https://peakshire%2Eexample/x",
        "https%3A//peakshire.example/x",
        "ftp%3A//peakshire%2Eexample/x",
        "https%3A//a%2Eb/%zz",
    ],
)
def test_point_24_a_reference_key_that_is_raw_or_no_web_address_is_refused(board: Any, key: str) -> None:
    task = board.new_task()
    etag = board.details(task["id"])["@odata.etag"]
    body = {"references": {key: REFERENCE}}
    assert board.patch(f"/planner/tasks/{task['id']}/details", etag, body).status_code == 400


def test_point_25_checklist_and_description_show_on_the_task(board: Any) -> None:
    task = board.new_task()
    path, etag = f"/planner/tasks/{task['id']}/details", board.details(task["id"])["@odata.etag"]
    body = {"description": "Line one\nLine two", "checklist": {"a1": ITEM, "b2": ITEM | {"isChecked": True}}}
    assert board.patch(path, etag, body).status_code == 204
    after = board.task(task["id"])
    counts = (after["checklistItemCount"], after["activeChecklistItemCount"], after["hasDescription"])
    assert counts == (2, 1, True)
    tick = {"checklist": {"a1": {"@odata.type": ITEM["@odata.type"], "isChecked": True}}}
    board.patch(path, board.details(task["id"])["@odata.etag"], tick)
    ticked = board.details(task["id"])["checklist"]["a1"]
    assert (ticked["isChecked"], ticked["title"]) == (True, "Visit the address")
    board.patch(path, board.details(task["id"])["@odata.etag"], {"description": None, "checklist": {"b2": None}})
    assert board.task(task["id"])["hasDescription"] is False
    assert board.task(task["id"])["checklistItemCount"] == 1


@pytest.mark.usefixtures("malformed")
def test_point_25_the_preview_type_is_set_on_the_details(board: Any) -> None:
    task = board.new_task()
    path, etag = f"/planner/tasks/{task['id']}/details", board.details(task["id"])["@odata.etag"]
    assert board.patch(path, etag, {"previewType": "checklist"}).status_code == 204
    assert board.task(task["id"])["previewType"] == "checklist"
    newer = board.details(task["id"])["@odata.etag"]
    assert board.patch(path, newer, {"previewType": "picture"}).status_code == 400


def test_point_26_details_and_board_formats_exist_from_the_start_with_the_tasks_id(board: Any) -> None:
    task = board.new_task()
    parts = ("details", "assignedToTaskBoardFormat", "bucketTaskBoardFormat", "progressTaskBoardFormat")
    rows = [board.app.get(f"/planner/tasks/{task['id']}/{part}").json() for part in parts]
    assert {row["id"] for row in rows} == {task["id"]}
    assert len({row["@odata.etag"] for row in rows} | {task["@odata.etag"]}) == 5


def test_point_26_board_formats_take_order_hints(board: Any) -> None:
    task, ann = board.new_task(), board.users["ann"]
    path = f"/planner/tasks/{task['id']}/assignedToTaskBoardFormat"
    etag = board.app.get(path).json()["@odata.etag"]
    body = {"orderHintsByAssignee": {ann: " !"}, "unassignedOrderHint": " !"}
    reply = board.patch(path, etag, body, Prefer="return=representation")
    assert reply.status_code == 200
    assert reply.json()["orderHintsByAssignee"][ann] != " !"
    for name in ("bucketTaskBoardFormat", "progressTaskBoardFormat"):
        path = f"/planner/tasks/{task['id']}/{name}"
        etag = board.app.get(path).json()["@odata.etag"]
        assert board.patch(path, etag, {"orderHint": " !"}).status_code == 204
        assert board.patch(path, etag, {"orderHint": "bad"}).status_code == 400


def test_titles_and_descriptions_have_configurable_limits(board: Any, emulator: RunningEmulator) -> None:
    emulator.control("switches", {"planner_title_max": 5, "planner_description_max": 5})
    assert board.app.post("/planner/tasks", json={"planId": board.plan_id, "title": "abcdef"}).status_code == 400
    task = board.new_task(title="abcde")
    etag = board.details(task["id"])["@odata.etag"]
    reply = board.patch(f"/planner/tasks/{task['id']}/details", etag, {"description": "abcdef"})
    assert reply.status_code == 400
