"""What is left out of a write when Planner refuses it with one of its limits, and what people are told."""

from datetime import UTC, datetime
from typing import Any

import pytest

from graph_client.planner import ChecklistChange, DetailsChanges, NewTask, ReferenceChange, TaskChanges
from planner_sync.limits import LIMITS, PLAN_FULL, left_out, sentence, subject, without

LINES, LINKS = "MaximumChecklistItemsOnTask", "MaximumReferencesOnTask"
PEOPLE, BUSY = "MaximumAssigneesInTasks", "MaximumTasksAssignedToUser"
TICK = ChecklistChange("a", is_checked=True)
NEW_LINE = ChecklistChange("b", "Brief the shift", False, " !")
LINK = ReferenceChange("https://example.org/map", "Map", "Other")
NAMELESS = ReferenceChange("https://example.org/plan")
DETAILS = DetailsChanges(
    description="Words", checklist=(TICK, NEW_LINE), references=(LINK, NAMELESS), remove_references=("https://old",)
)
TASK = NewTask(
    "plan", "bucket", "T-1 Title", assignee_ids=("ann", "bea", "cy"), due_at=datetime(2027, 3, 4, tzinfo=UTC)
)


def test_new_checklist_lines_are_left_out_and_ticks_are_sent() -> None:
    less = without(DETAILS, LINES)
    assert less is not None
    assert less.checklist == (TICK,)
    assert (less.description, less.references, less.remove_references) == ("Words", (LINK, NAMELESS), ("https://old",))


def test_lines_that_were_left_out_are_given_back_in_words() -> None:
    assert left_out(DETAILS, LINES) == ("To do: Brief the shift",)


def test_links_that_were_left_out_are_given_back_in_words_and_old_ones_still_go() -> None:
    less = without(DETAILS, LINKS)
    assert less is not None
    assert (less.references, less.remove_references, less.checklist) == ((), ("https://old",), (TICK, NEW_LINE))
    assert left_out(DETAILS, LINKS) == ("Link: Map https://example.org/map", "Link: https://example.org/plan")


@pytest.mark.parametrize("code", [PEOPLE, BUSY])
def test_who_is_assigned_stays_as_it_is_and_the_rest_of_the_change_is_sent(code: str) -> None:
    change = TaskChanges(title="T-1 New", assign=("ann",), unassign=("bea",), set_categories=frozenset({"category5"}))
    assert without(change, code) == TaskChanges(title="T-1 New", set_categories=frozenset({"category5"}))


@pytest.mark.parametrize("code", [PEOPLE, BUSY])
def test_a_new_task_keeps_whoever_is_accountable_and_only_then_goes_without(code: str) -> None:
    first = without(TASK, code)
    assert first is not None
    assert first.assignee_ids == ("ann",)
    alone = without(first, code)
    assert alone is not None
    assert (alone.assignee_ids, alone.title, alone.due_at) == ((), TASK.title, TASK.due_at)
    assert without(alone, code) is None, "refused once more it cannot be done"


def test_a_change_of_nothing_but_the_owner_leaves_nothing_to_send() -> None:
    less = without(TaskChanges(assign=("ann",), unassign=("bea",)), PEOPLE)
    assert less is not None
    assert less.as_json() == {}


@pytest.mark.parametrize("code", [*sorted(PLAN_FULL), "MaximumTasksCreatedByUser", "MaximumMoonsPerPlanet"])
@pytest.mark.parametrize("change", [TASK, DETAILS, TaskChanges(title="New", percent_complete=50, assign=("ann",))])
def test_nothing_is_left_out_for_a_limit_that_no_part_of_the_write_meets(code: str, change: Any) -> None:
    assert without(change, code) is None
    assert left_out(change, code) == ()


@pytest.mark.parametrize("code", [LINES, LINKS])
def test_details_without_lines_or_links_have_nothing_to_leave_out(code: str) -> None:
    change = DetailsChanges(description="Words", checklist=(TICK,))
    assert without(change, code) is None
    assert left_out(change, code) == ()


@pytest.mark.parametrize("code", [PEOPLE, BUSY])
def test_taking_people_off_is_never_left_out(code: str) -> None:
    assert without(TaskChanges(unassign=("bea",)), code) is None


def test_a_plan_is_full_by_all_its_tasks_or_by_the_open_ones() -> None:
    assert {"MaximumTasksInProject", "MaximumActiveTasksInProject"} == PLAN_FULL


@pytest.mark.parametrize("code", [*LIMITS, "MaximumMoonsPerPlanet"])
def test_every_limit_has_a_sentence_for_people_and_a_subject_that_the_store_takes(code: str) -> None:
    words = sentence(code)
    assert words[0].isupper()
    assert words.endswith(".")
    assert not {"graph", "403", "null", "patch"} & set(words.lower().split())
    assert subject(code) == f"limit: {code}"


def test_the_sentence_of_an_unknown_limit_names_it() -> None:
    assert "MaximumMoonsPerPlanet" in sentence("MaximumMoonsPerPlanet")
    assert len(subject("Maximum" + "x" * 73)) == 80
