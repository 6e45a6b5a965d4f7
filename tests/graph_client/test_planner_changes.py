"""Only what is to change is sent, in the form that Planner accepts."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from graph_client.planner_changes import (
    ChecklistChange,
    DetailsChanges,
    NewTask,
    ReferenceChange,
    TaskChanges,
    order_hint,
    utc_text,
)

DUE = datetime(2026, 6, 1, 10, 0, 0, 999, tzinfo=timezone(timedelta(hours=1)))
ASSIGNED = {"@odata.type": "#microsoft.graph.plannerAssignment", "orderHint": " !"}


def test_nothing_to_change_is_an_empty_body() -> None:
    assert TaskChanges().as_json() == {}
    assert DetailsChanges().as_json() == {}


def test_a_date_is_emptied_by_none_and_left_alone_without_a_word() -> None:
    assert TaskChanges(due_at=None).as_json() == {"dueDateTime": None}
    assert TaskChanges(start_at=DUE).as_json() == {"startDateTime": "2026-06-01T09:00:00Z"}


def test_zero_is_a_value_and_is_sent() -> None:
    assert TaskChanges(percent_complete=0, priority=0).as_json() == {"percentComplete": 0, "priority": 0}


def test_assigning_and_unassigning_name_only_those_people() -> None:
    body = TaskChanges(assign=("bob",), unassign=("amy",)).as_json()
    assert body == {"assignments": {"amy": None, "bob": ASSIGNED}}


def test_labels_are_set_by_true_and_removed_by_false() -> None:
    changes = TaskChanges(set_categories=frozenset({"category3"}), remove_categories=frozenset({"category1"}))
    assert changes.as_json() == {"appliedCategories": {"category1": False, "category3": True}}


def test_a_new_task_sends_what_it_was_given_and_no_defaults() -> None:
    assert NewTask("p", "b", "T").as_json() == {"planId": "p", "bucketId": "b", "title": "T"}
    whole = NewTask(
        "p",
        "b",
        "T",
        due_at=DUE,
        priority=1,
        percent_complete=50,
        assignee_ids=("bob",),
        categories=frozenset({"category2"}),
    ).as_json()
    assert whole["dueDateTime"] == "2026-06-01T09:00:00Z"
    assert (whole["priority"], whole["percentComplete"]) == (1, 50)
    assert whole["assignments"] == {"bob": ASSIGNED}
    assert whole["appliedCategories"] == {"category2": True}


def test_checklist_lines_carry_their_type_and_only_their_changes() -> None:
    changes = DetailsChanges(
        checklist=(ChecklistChange("k", is_checked=True), ChecklistChange("n", "New line", False, " !")),
        remove_checklist=("old",),
    )
    kind = "#microsoft.graph.plannerChecklistItem"
    assert changes.as_json() == {
        "checklist": {
            "old": None,
            "k": {"@odata.type": kind, "isChecked": True},
            "n": {"@odata.type": kind, "title": "New line", "isChecked": False, "orderHint": " !"},
        }
    }


def test_links_are_keyed_by_their_encoded_address() -> None:
    changes = DetailsChanges(
        description="",
        references=(ReferenceChange("https://x.y/a%20b", "Map", "Other"),),
        remove_references=("https://x.y/old",),
    )
    assert changes.as_json() == {
        "description": "",
        "references": {
            "https%3A//x%2Ey/old": None,
            "https%3A//x%2Ey/a%2520b": {
                "@odata.type": "#microsoft.graph.plannerExternalReference",
                "alias": "Map",
                "type": "Other",
            },
        },
    }


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        utc_text(datetime(2026, 6, 1))  # noqa: DTZ001
    assert utc_text(datetime(2026, 6, 1, tzinfo=UTC)) == "2026-06-01T00:00:00Z"


def test_order_hints_are_composed_from_their_neighbours() -> None:
    assert order_hint() == " !"
    assert order_hint(after="8a") == "8a !"
    assert order_hint("8a", "8c") == "8a 8c!"
    assert order_hint(after=order_hint()) == " ! !"
