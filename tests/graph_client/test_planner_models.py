"""Planner's JSON becomes plain values, and what is not as documented is an error."""

from datetime import UTC, datetime
from typing import Any

import pytest

from graph_client.errors import Rejected
from graph_client.planner_models import (
    Plan,
    PlanDetails,
    PlannerTask,
    TaskDetails,
    reference_key,
    reference_url,
)

TASK: dict[str, Any] = {
    "@odata.etag": 'W/"1"',
    "id": "gcrYAaAkgU2EQUvpkNNXLGQAAGTo",
    "planId": "xqQg5FS2LkCp935s-FIFm2QAFkHM",
    "bucketId": "hsOf2dhOJkqyYYZEtdzDe2QAIUCR",
    "title": "Find the van",
    "percentComplete": 50,
    "priority": 3,
    "startDateTime": None,
    "dueDateTime": "2026-01-31T10:00:00Z",
    "completedDateTime": None,
    "createdDateTime": "2026-01-30T09:08:07.1234567Z",
    "createdBy": {"user": {"displayName": None, "id": None}, "application": {"displayName": None, "id": "app"}},
    "completedBy": None,
    "hasDescription": True,
    "checklistItemCount": 2,
    "referenceCount": 1,
    "appliedCategories": {"category3": True, "category4": False},
    "assignments": {
        "zoe": {"assignedDateTime": "2026-01-30T09:00:00Z"},
        "amy": {"assignedDateTime": "2026-01-30T10:00:00Z"},
        "bob": {"assignedDateTime": "2026-01-30T09:00:00Z"},
        "ida": {},
        "eve": None,
    },
}


def test_a_task_is_read_whole() -> None:
    task = PlannerTask.read(TASK)
    assert task.due_at == datetime(2026, 1, 31, 10, tzinfo=UTC)
    assert task.created_at == datetime(2026, 1, 30, 9, 8, 7, 123456, tzinfo=UTC)
    assert (task.created_by_app_id, task.created_by_user_id, task.completed_by_user_id) == ("app", None, None)
    assert task.categories == {"category3"}
    assert (task.has_description, task.checklist_item_count, task.reference_count) == (True, 2, 1)


def test_who_was_assigned_first_comes_first_and_those_of_one_moment_by_id() -> None:
    assert PlannerTask.read(TASK).assignee_ids == ("bob", "zoe", "amy", "ida")


def test_a_task_without_optional_members_is_read() -> None:
    bare = {key: TASK[key] for key in ("@odata.etag", "id", "planId", "title")}
    task = PlannerTask.read(bare)
    assert (task.bucket_id, task.due_at, task.assignee_ids, task.categories) == (None, None, (), frozenset())


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("id", None),
        ("title", 5),
        ("@odata.etag", None),
        ("percentComplete", "50"),
        ("priority", True),
        ("dueDateTime", "next week"),
        ("assignments", []),
        ("assignments", {"bob": "yes"}),
        ("appliedCategories", {"category3": "yes"}),
        ("createdBy", {"user": {"id": 5}}),
    ],
)
def test_a_member_that_is_not_as_documented_is_named(member: str, value: object) -> None:
    with pytest.raises(Rejected, match="is not as documented"):
        PlannerTask.read({**TASK, member: value})


def test_details_come_in_the_order_of_the_board_with_decoded_addresses() -> None:
    details = TaskDetails.read(
        {
            "@odata.etag": 'W/"2"',
            "id": "t",
            "description": None,
            "checklist": {
                "b": {"title": "second", "isChecked": True, "orderHint": "85b"},
                "a": {"title": "first", "isChecked": False, "orderHint": "85A"},
            },
            "references": {
                "https%3A//x%2Ey/a%2520b": {"alias": "B", "type": "Other", "previewPriority": "2"},
                "https%3A//x%2Ey/q": {"alias": None, "type": "Word", "previewPriority": "1"},
            },
        }
    )
    assert details.description == ""
    assert [line.title for line in details.checklist] == ["first", "second"]
    assert [link.url for link in details.references] == ["https://x.y/q", "https://x.y/a%20b"]


def test_a_plan_names_its_group_and_its_labels() -> None:
    plan = Plan.read({"@odata.etag": "e", "id": "p", "title": "T", "container": {"containerId": "g"}})
    assert plan.group_id == "g"
    labels = {"category1": "High risk", "category2": None, "@odata.type": "#x"}
    details = PlanDetails.read({"@odata.etag": "e", "categoryDescriptions": labels})
    assert details.categories == {"category1": "High risk", "category2": None}


@pytest.mark.parametrize(
    "url",
    ["https://x.sharepoint.com/a%20b?q=1&r=%252E#top", "http://user@x/", "https://x/é", "https://x/%2E"],
)
def test_a_reference_comes_back_as_it_went(url: str) -> None:
    key = reference_key(url)
    assert not set(key) & set(".:@#")
    assert reference_url(key) == url


@pytest.mark.parametrize("url", ["ftp://x", "javascript:alert(1)", "x.y", ""])
def test_a_reference_that_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="web address"):
        reference_key(url)
