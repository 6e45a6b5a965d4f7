"""A sound body with one thing wrong: each property of each write in turn given each odd value, and one too many.

These calls are malformed on purpose, so they are made apart from the tests whose traffic is judged.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import httpx
import pytest
from emulator_server import running_emulator
from odd_values import DATES, changed
from whole_tenant import Place, assert_graph_answer

FRESH = "(a new name)"
ITEM = {"@odata.type": "#microsoft.graph.plannerChecklistItem", "title": "Ask", "isChecked": False, "orderHint": " !"}
LINK = {
    "@odata.type": "#microsoft.graph.plannerExternalReference",
    "alias": "a",
    "type": "Word",
    "previewPriority": " !",
}
ASSIGNED = {"@odata.type": "#microsoft.graph.plannerAssignment", "orderHint": " !"}
TOPIC = {"source": "text", "value": "x", "webUrl": "https://x.example/"}
CARD = {"id": "1", "contentType": "application/vnd.microsoft.card.adaptive", "content": "{}", "name": None}
SOUND: dict[str, dict[str, Any]] = {
    "POST /planner/plans": {"title": "P", "container": {"containerId": "{group_id}", "type": "group"}},
    "PATCH /planner/plans/{plan_id}": {"title": "P"},
    "PATCH /planner/plans/{plan_id}/details": {
        "categoryDescriptions": {"category1": "x"},
        "sharedWith": {"{user_id}": True},
    },
    "POST /planner/buckets": {"name": "B", "planId": "{plan_id}", "orderHint": " !"},
    "PATCH /planner/buckets/{bucket_id}": {"name": "B", "orderHint": " !"},
    "POST /planner/tasks": {
        "planId": "{plan_id}",
        "bucketId": "{bucket_id}",
        "title": "T",
        "assignments": {"{user_id}": ASSIGNED},
        "appliedCategories": {"category1": True},
        "dueDateTime": "2026-12-01T10:00:00Z",
        "startDateTime": "2026-11-01T10:00:00Z",
        "percentComplete": 0,
        "priority": 5,
        "orderHint": " !",
        "details": {"description": "x"},
    },
    "PATCH /planner/tasks/{task_id}": {
        "title": "T",
        "assignments": {"{user_id}": ASSIGNED},
        "appliedCategories": {"category1": True},
        "dueDateTime": None,
        "percentComplete": 0,
        "priority": 5,
        "orderHint": " !",
        "bucketId": "{bucket_id}",
    },
    "PATCH /planner/tasks/{task_id}/details": {
        "description": "x",
        "previewType": "automatic",
        "checklist": {"a": ITEM},
        "references": {"https%3A//x%2Eexample": LINK},
    },
    "PATCH /planner/tasks/{task_id}/assignedToTaskBoardFormat": {
        "orderHintsByAssignee": {"{user_id}": " !"},
        "unassignedOrderHint": " !",
    },
    "PATCH /planner/tasks/{task_id}/bucketTaskBoardFormat": {"orderHint": " !"},
    "POST /groups": {
        "displayName": "G",
        "mailNickname": FRESH,
        "mailEnabled": True,
        "securityEnabled": False,
        "groupTypes": ["Unified"],
        "description": "x",
        "visibility": "Private",
        "members@odata.bind": ["https://graph.microsoft.com/v1.0/users/{user_id}"],
    },
    "PATCH /groups/{group_id}": {"displayName": "G", "description": "x", "visibility": "Private"},
    "POST /groups/{group_id}/members/$ref": {"@odata.id": "https://graph.microsoft.com/v1.0/users/{user_id}"},
    "POST /teams/{team_id}/channels": {"displayName": FRESH, "description": "x", "membershipType": "standard"},
    "POST /teams/{team_id}/channels/{channel_id}/messages": {
        "body": {"contentType": "html", "content": '<attachment id="1"></attachment><at id="0">A</at>'},
        "attachments": [CARD],
        "mentions": [{"id": 0, "mentionText": "A", "mentioned": {"user": {"id": "{user_id}"}}}],
        "subject": "S",
        "importance": "normal",
    },
    "POST /users/{user_id}/teamwork/sendActivityNotification": {
        "topic": TOPIC,
        "activityType": "x",
        "previewText": {"content": "x"},
        "templateParameters": [{"name": "a", "value": "b"}],
    },
    "POST /teams/{team_id}/sendActivityNotification": {
        "topic": TOPIC,
        "activityType": "x",
        "recipient": {"userId": "{user_id}"},
    },
    "POST /sites/{site_id}/lists": {
        "displayName": FRESH,
        "description": "x",
        "list": {"template": "genericList"},
        "columns": [{"name": "A", "text": {}}],
    },
    "POST /sites/{site_id}/lists/{list_id}/columns": {
        "name": FRESH,
        "displayName": "A",
        "required": False,
        "text": {"maxLength": 5},
    },
    "POST /sites/{site_id}/lists/{list_id}/items": {"fields": {"Title": "x"}},
    "PATCH /sites/{site_id}/lists/{list_id}/items/{item_id}": {"fields": {"Title": "x"}},
    "PATCH /sites/{site_id}/lists/{list_id}/items/{item_id}/fields": {"Title": "x"},
    "POST /drives/{drive_id}/root/children": {"name": FRESH, "folder": {}},
    "PATCH /drives/{drive_id}/items/{item_id}": {"name": "a.txt"},
    "POST /subscriptions": {
        "changeType": "updated",
        "notificationUrl": "http://127.0.0.1:9/x",
        "resource": "/sites/{site_id}/lists/{list_id}",
        "expirationDateTime": (datetime.now(UTC) + timedelta(hours=9)).isoformat(),
        "clientState": "x",
        "lifecycleNotificationUrl": "http://127.0.0.1:9/y",
    },
}
NUMBERS = count(1)


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with running_emulator() as running:
        made = Place(running)
        yield made
        made.app.close()
        made.person.close()


def filled(place: Place, value: Any) -> Any:
    """Known ids, and a new name where one is wanted."""
    if isinstance(value, dict):
        return {filled(place, key): filled(place, part) for key, part in value.items()}
    if isinstance(value, list):
        return [filled(place, part) for part in value]
    if value == FRESH:
        return f"Name{next(NUMBERS)}"
    return place.fill(value, {}) if isinstance(value, str) and "_id}" in value else value


def send(place: Place, operation: str, body: Any) -> httpx.Response:
    """The operation with this body, by whoever may do it, with the right etag."""
    method, template = operation.split(" ")
    path, headers = place.fill(template, {}), {}
    client = place.person if template.endswith("/messages") else place.app
    if method == "PATCH" and "/planner/" in path:
        headers["If-Match"] = client.get(path).json()["@odata.etag"]
    return client.request(method, path, json=body, headers=headers)


@pytest.mark.parametrize("operation", sorted(SOUND))
def test_a_sound_body_is_accepted(place: Place, operation: str) -> None:
    expected = {"POST /subscriptions": {400}, "POST /groups/{group_id}/members/$ref": {400}}
    assert_graph_answer(reply := send(place, operation, filled(place, SOUND[operation])))
    assert reply.status_code in expected.get(operation, {200, 201, 204}), reply.text


@pytest.mark.parametrize("operation", sorted(SOUND))
def test_a_body_with_one_odd_value_gets_a_graph_answer(place: Place, operation: str) -> None:
    for body in changed(SOUND[operation]):
        assert_graph_answer(send(place, operation, filled(place, body)))


@pytest.mark.parametrize("operation", sorted(name for name in SOUND if not name.endswith("$ref")))
def test_point_16_a_property_too_many_is_refused(place: Place, operation: str) -> None:
    reply = send(place, operation, filled(place, SOUND[operation]) | {"zebra": 1})
    assert_graph_answer(reply)
    assert reply.status_code == 400
    assert "zebra" in reply.json()["error"]["message"]


@pytest.mark.parametrize("name", ["startDateTime", "dueDateTime"])
def test_a_moment_outside_the_calendar_is_refused_and_one_at_its_ends_is_not(place: Place, name: str) -> None:
    body = {"planId": place.known["plan_id"], "title": "T"}
    statuses = [place.app.post("/planner/tasks", json=body | {name: moment}).status_code for moment in DATES]
    assert statuses == [400, 400, 201, 201, 400, 400, 400, 400, 400]
    board = httpx.get(f"{place.emulator.url}/boards/{place.known['plan_id']}")
    assert board.status_code == 200, "the board shows them all"


@pytest.mark.parametrize("moment", DATES)
def test_a_subscription_that_would_end_at_an_odd_moment_is_refused(place: Place, moment: str) -> None:
    reply = send(
        place, "POST /subscriptions", filled(place, SOUND["POST /subscriptions"] | {"expirationDateTime": moment})
    )
    assert_graph_answer(reply)
    assert reply.status_code == 400


def test_a_number_too_large_for_any_is_no_json(place: Place) -> None:
    text = b'{"displayName": "x", "name": "Large", "text": {"maxLength": 1e999}}'
    reply = place.app.post(place.fill("/sites/{site_id}/lists/{list_id}/columns", {}), content=text)
    assert_graph_answer(reply)
    assert reply.status_code == 400
