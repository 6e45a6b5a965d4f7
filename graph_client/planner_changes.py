"""What may be sent to Planner, and how: only what is to change, never a member that was read.

Read-only members sent back are refused with 400, and an order hint of Planner's own is too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final

from graph_client.planner_models import reference_key


class Unset(Enum):
    """Says of a member that it is not to be sent, which null could not: null empties it."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET
FIRST_PLACE = " !"
# Open-type values without their type are refused: microsoftgraph/microsoft-graph-docs-contrib#169.
ASSIGNMENT = {"@odata.type": "#microsoft.graph.plannerAssignment", "orderHint": FIRST_PLACE}
CHECKLIST_ITEM_TYPE = "#microsoft.graph.plannerChecklistItem"
REFERENCE_TYPE = "#microsoft.graph.plannerExternalReference"


@dataclass(frozen=True, slots=True)
class NewTask:
    """A task to create. Times are aware; `categories` are label keys such as "category3"."""

    plan_id: str
    bucket_id: str
    title: str
    start_at: datetime | None = None
    due_at: datetime | None = None
    priority: int | None = None
    percent_complete: int = 0
    assignee_ids: tuple[str, ...] = ()
    categories: frozenset[str] = frozenset()

    def as_json(self) -> dict[str, Any]:
        """The body of POST /planner/tasks: nothing that is left to its default."""
        body: dict[str, Any] = {"planId": self.plan_id, "bucketId": self.bucket_id, "title": self.title}
        body |= _present(
            startDateTime=_utc(self.start_at) if self.start_at else UNSET,
            dueDateTime=_utc(self.due_at) if self.due_at else UNSET,
            priority=self.priority if self.priority is not None else UNSET,
            percentComplete=self.percent_complete or UNSET,
        )
        if self.assignee_ids:
            body["assignments"] = {user_id: ASSIGNMENT for user_id in self.assignee_ids}
        if self.categories:
            body["appliedCategories"] = {name: True for name in sorted(self.categories)}
        return body


@dataclass(frozen=True, slots=True)
class TaskChanges:
    """What to change on a task; None empties a time. Assignees and labels not named stay as they are."""

    title: str | Unset = UNSET
    bucket_id: str | Unset = UNSET
    priority: int | Unset = UNSET
    percent_complete: int | Unset = UNSET
    start_at: datetime | Unset | None = UNSET
    due_at: datetime | Unset | None = UNSET
    assign: tuple[str, ...] = ()
    unassign: tuple[str, ...] = ()
    set_categories: frozenset[str] = frozenset()
    remove_categories: frozenset[str] = frozenset()

    def as_json(self) -> dict[str, Any]:
        """The body of PATCH /planner/tasks/{id}; empty where nothing changes."""
        body = _present(
            title=self.title,
            bucketId=self.bucket_id,
            priority=self.priority,
            percentComplete=self.percent_complete,
            startDateTime=_utc(self.start_at),
            dueDateTime=_utc(self.due_at),
        )
        people = dict.fromkeys(self.unassign) | {user_id: ASSIGNMENT for user_id in self.assign}
        labels = dict.fromkeys(sorted(self.remove_categories), False)
        labels |= dict.fromkeys(sorted(self.set_categories), True)
        return body | _unless_empty(assignments=people, appliedCategories=labels)


@dataclass(frozen=True, slots=True)
class ChecklistChange:
    """A checklist line to add or change. `item_id` of a new line is the caller's, a GUID by custom."""

    item_id: str
    title: str | Unset = UNSET
    is_checked: bool | Unset = UNSET
    order_hint: str | Unset = UNSET

    def as_json(self) -> dict[str, Any]:
        """The value under the line's id."""
        changed = _present(title=self.title, isChecked=self.is_checked, orderHint=self.order_hint)
        return {"@odata.type": CHECKLIST_ITEM_TYPE, **changed}


@dataclass(frozen=True, slots=True)
class ReferenceChange:
    """A link to add or change, by its whole address."""

    url: str
    alias: str | Unset = UNSET
    kind: str | Unset = UNSET
    order_hint: str | Unset = UNSET

    def as_json(self) -> dict[str, Any]:
        """The value under the link's key."""
        changed = _present(alias=self.alias, type=self.kind, previewPriority=self.order_hint)
        return {"@odata.type": REFERENCE_TYPE, **changed}


@dataclass(frozen=True, slots=True)
class DetailsChanges:
    """What to change on a task's details; lines and links not named stay as they are."""

    description: str | Unset = UNSET
    preview_type: str | Unset = UNSET
    checklist: tuple[ChecklistChange, ...] = ()
    remove_checklist: tuple[str, ...] = ()
    references: tuple[ReferenceChange, ...] = ()
    remove_references: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The body of PATCH /planner/tasks/{id}/details; empty where nothing changes."""
        lines = dict.fromkeys(self.remove_checklist) | {line.item_id: line.as_json() for line in self.checklist}
        links: dict[str, Any] = dict.fromkeys(reference_key(url) for url in self.remove_references)
        links |= {reference_key(link.url): link.as_json() for link in self.references}
        body = _present(description=self.description, previewType=self.preview_type)
        return body | _unless_empty(checklist=lines, references=links)


def order_hint(after: str = "", before: str = "") -> str:
    """The hint for a place between two neighbours' hints; an empty one is the end of the list on that side.

    Hints that are not sent yet may be neighbours: a whole new list is chained with `after`.
    Source: learn.microsoft.com/graph/api/resources/planner-order-hint-format.
    """
    return f"{after} {before}!"


def utc_text(at: datetime) -> str:
    """A time as Graph takes it, in whole seconds of UTC. ValueError for a time without a zone."""
    if at.tzinfo is None:
        raise ValueError("a time sent to Graph must have a time zone")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _utc(at: datetime | Unset | None) -> str | Unset | None:
    return utc_text(at) if isinstance(at, datetime) else at


def _present(**members: object) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not UNSET}


def _unless_empty(**members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value}
