"""What Planner holds, as plain frozen values. Ids are case-sensitive; every resource has an etag of its own."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote

from graph_client.reading import Json, etag, flag, maybe_text, moment, objects, text, whole_number


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan and the Microsoft 365 group that holds it (None for a plan held by something else)."""

    plan_id: str
    title: str
    group_id: str | None
    etag: str

    @classmethod
    def read(cls, of: Json) -> "Plan":
        """From a plannerPlan."""
        group = maybe_text(of, "container", "containerId") or maybe_text(of, "owner")
        return cls(text(of, "id"), text(of, "title"), group, etag(of))


@dataclass(frozen=True, slots=True)
class PlanDetails:
    """The label names of a plan: "category1" to "category25", None where a label has no name."""

    etag: str
    categories: Mapping[str, str | None]

    @classmethod
    def read(cls, of: Json) -> "PlanDetails":
        """From plannerPlanDetails."""
        names = of.get("categoryDescriptions") or {}
        kept = {key: maybe_text(names, key) for key in names if key.startswith("category")}
        return cls(etag(of), kept)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A column of a board. Buckets stand in the ordinal order of `order_hint`."""

    bucket_id: str
    name: str
    plan_id: str
    order_hint: str
    etag: str

    @classmethod
    def read(cls, of: Json) -> "Bucket":
        """From a plannerBucket."""
        hint = maybe_text(of, "orderHint") or ""
        return cls(text(of, "id"), text(of, "name"), text(of, "planId"), hint, etag(of))


@dataclass(frozen=True, slots=True)
class PlannerTask:
    """A task on a board. Times are UTC.

    `priority` is 0 to 10: 0-1 urgent, 2-4 important, 5-7 medium, 8-10 low. `percent_complete` is 0, 1 to 99 in
    progress, 100 complete. `assignee_ids` begins with who was assigned first. `categories` are the labels set,
    such as "category3". Source: learn.microsoft.com/graph/api/resources/plannertask.
    """

    task_id: str
    plan_id: str
    bucket_id: str | None
    title: str
    percent_complete: int
    priority: int
    start_at: datetime | None
    due_at: datetime | None
    completed_at: datetime | None
    created_at: datetime | None
    created_by_app_id: str | None
    created_by_user_id: str | None
    completed_by_user_id: str | None
    assignee_ids: tuple[str, ...]
    categories: frozenset[str]
    has_description: bool
    checklist_item_count: int
    reference_count: int
    etag: str

    @classmethod
    def read(cls, of: Json) -> "PlannerTask":
        """From a plannerTask."""
        labels = of.get("appliedCategories") or {}
        return cls(
            task_id=text(of, "id"),
            plan_id=text(of, "planId"),
            bucket_id=maybe_text(of, "bucketId"),
            title=text(of, "title"),
            percent_complete=whole_number(of, "percentComplete", 0),
            priority=whole_number(of, "priority", 5),
            start_at=moment(of, "startDateTime"),
            due_at=moment(of, "dueDateTime"),
            completed_at=moment(of, "completedDateTime"),
            created_at=moment(of, "createdDateTime"),
            created_by_app_id=maybe_text(of, "createdBy", "application", "id"),
            created_by_user_id=maybe_text(of, "createdBy", "user", "id"),
            completed_by_user_id=maybe_text(of, "completedBy", "user", "id"),
            assignee_ids=_assignees(of),
            categories=frozenset(name for name in labels if flag(labels, name)),
            has_description=flag(of, "hasDescription") or False,
            checklist_item_count=whole_number(of, "checklistItemCount", 0),
            reference_count=whole_number(of, "referenceCount", 0),
            etag=etag(of),
        )


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """A line of a task's checklist. Its `order_hint` is Planner's and may not be sent back."""

    item_id: str
    title: str
    is_checked: bool
    order_hint: str

    @classmethod
    def read(cls, item_id: str, of: Json) -> "ChecklistItem":
        """From a plannerChecklistItem and its key."""
        title, hint = maybe_text(of, "title") or "", maybe_text(of, "orderHint") or ""
        return cls(item_id, title, flag(of, "isChecked") or False, hint)


@dataclass(frozen=True, slots=True)
class Reference:
    """A link on a task: its whole address, its name, and Planner's word for its kind (Word, Excel, Other, …)."""

    url: str
    alias: str | None
    kind: str | None


@dataclass(frozen=True, slots=True)
class TaskDetails:
    """A task's description, checklist and links, in the order of the board."""

    task_id: str
    description: str
    checklist: tuple[ChecklistItem, ...]
    references: tuple[Reference, ...]
    preview_type: str | None
    etag: str

    @classmethod
    def read(cls, of: Json) -> "TaskDetails":
        """From plannerTaskDetails."""
        lines = [ChecklistItem.read(key, item) for key, item in objects(of, "checklist").items()]
        links = [
            (maybe_text(item, "previewPriority") or "", reference_url(key), item)
            for key, item in objects(of, "references").items()
        ]
        return cls(
            task_id=text(of, "id"),
            description=maybe_text(of, "description") or "",
            checklist=tuple(sorted(lines, key=lambda line: (line.order_hint, line.item_id))),
            references=tuple(
                Reference(url, maybe_text(item, "alias"), maybe_text(item, "type"))
                for _, url, item in sorted(links, key=lambda link: link[:2])
            ),
            preview_type=maybe_text(of, "previewType"),
            etag=etag(of),
        )


# The order matters: the percent sign first, or the codes of the others would be encoded again.
REFERENCE_KEY_CODES = (("%", "%25"), (".", "%2E"), (":", "%3A"), ("@", "%40"), ("#", "%23"))


def reference_key(url: str) -> str:
    """A web address as Planner wants it for a key. ValueError for anything but http and https.

    Source: learn.microsoft.com/graph/api/resources/plannerexternalreferences.
    """
    if not url.lower().startswith(("https://", "http://")):
        raise ValueError("a reference must be a web address")
    for character, encoded in REFERENCE_KEY_CODES:
        url = url.replace(character, encoded)
    return url


def reference_url(key: str) -> str:
    """The web address that a reference's key stands for."""
    return unquote(key)


def is_older(etag: str, than: str) -> bool:
    """Whether an etag is certainly of an earlier version of the same resource.

    Planner's etags hold a text that is ordinally greater for a later version; False where they do not look like that.
    Source: learn.microsoft.com/graph/api/resources/planner-overview, "Planner resource versioning".
    """
    one, other = _version(etag), _version(than)
    if one is None or other is None or len(one) != len(other):
        return False
    kind = _KIND.match(one)
    return kind is not None and other.startswith(kind[0]) and one < other


_KIND = re.compile(r"'\d+-[A-Za-z]+ *")


def _version(etag: str) -> str | None:
    weak = re.fullmatch(r'W/"([A-Za-z0-9+/=]+)"', etag)
    try:
        return base64.b64decode(weak[1], validate=True).decode("ascii") if weak else None
    except ValueError:
        return None


def _assignees(of: Json) -> tuple[str, ...]:
    """Who was assigned first comes first; those of one moment in the order of their ids; the undated last."""
    given = objects(of, "assignments")
    dated = ((moment(how, "assignedDateTime"), user_id) for user_id, how in given.items())
    return tuple(
        user_id
        for at, user_id in sorted(dated, key=lambda pair: (pair[0] is None, pair[0] and pair[0].timestamp(), pair[1]))
    )
