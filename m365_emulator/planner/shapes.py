"""TABLES: what may be written to each Planner resource, and the one reader that holds a body against its table."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from m365_emulator.odata import Json
from m365_emulator.planner.state import BOARD_FORMATS, CATEGORIES
from m365_emulator.planner.values import (
    PREVIEW_TYPES,
    Check,
    any_key,
    entry_object,
    invalid,
    moment,
    one_of,
    order_hint,
    reference_key,
    text,
    truth,
    unknown_property,
    user_key,
    whole_number,
)
from m365_emulator.switches import Switches

REMOVED = None


@dataclass(frozen=True, slots=True)
class OpenType:
    """A map whose keys the client chooses. With `type_name` its entries are objects of that type."""

    key: Callable[[str], None]
    type_name: str = ""
    fields: dict[str, Check] = field(default_factory=dict)
    read_only: frozenset[str] = frozenset()
    value: Check | None = None
    false_removes: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """One resource: what may be written when, and what its refusals call it."""

    type_name: str
    writable: dict[str, Check]
    maps: dict[str, OpenType] = field(default_factory=dict)
    on_create_only: dict[str, Check] = field(default_factory=dict)
    read_only: frozenset[str] = frozenset()
    navigation: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Changes:
    """A checked body: plain values, and per map the entries set (an object or value) or removed (None)."""

    plain: Json
    maps: dict[str, dict[str, Any]]


def _category_key(key: str) -> None:
    if key not in CATEGORIES:
        raise unknown_property(key, "microsoft.taskServices.categoriesCollection")


_MODIFIED = frozenset({"lastModifiedBy", "lastModifiedDateTime"})
_ASSIGNMENTS = OpenType(
    user_key,
    "plannerAssignment",
    {"orderHint": order_hint("orderHint")},
    frozenset({"assignedBy", "assignedDateTime"}),
)
_CHECKLIST = OpenType(
    any_key,
    "plannerChecklistItem",
    {
        "title": text("title", "planner_checklist_title_max"),
        "isChecked": truth("isChecked"),
        "orderHint": order_hint("orderHint"),
    },
    _MODIFIED,
)
_REFERENCES = OpenType(
    reference_key,
    "plannerExternalReference",
    {
        "alias": text("alias", nullable=True),
        "type": text("type", nullable=True),
        "previewPriority": order_hint("previewPriority"),
    },
    _MODIFIED,
)

TASK = Shape(
    "microsoft.taskServices.task",
    {
        "title": text("title", "planner_title_max", required=True),
        "bucketId": text("bucketId", nullable=True),
        "assigneePriority": order_hint("assigneePriority"),
        "conversationThreadId": text("conversationThreadId", nullable=True),
        "dueDateTime": moment("dueDateTime"),
        "startDateTime": moment("startDateTime"),
        "orderHint": order_hint("orderHint"),
        "percentComplete": whole_number("percentComplete", 0, 100),
        "priority": whole_number("priority", 0, 10),
    },
    maps={
        "assignments": _ASSIGNMENTS,
        "appliedCategories": OpenType(_category_key, value=truth("appliedCategories"), false_removes=True),
    },
    on_create_only={"planId": text("planId", required=True)},
    read_only=frozenset(
        {
            "activeChecklistItemCount",
            "checklistItemCount",
            "completedBy",
            "completedDateTime",
            "createdBy",
            "createdDateTime",
            "hasDescription",
            "previewType",
            "referenceCount",
        }
    ),
    navigation=frozenset({"details", *BOARD_FORMATS}),
)

TASK_DETAILS = Shape(
    "microsoft.taskServices.taskDetails",
    {
        "description": text("description", "planner_description_max", nullable=True),
        "previewType": one_of("previewType", PREVIEW_TYPES),
    },
    maps={"checklist": _CHECKLIST, "references": _REFERENCES},
)

PLAN = Shape(
    "microsoft.taskServices.plan",
    {"title": text("title", "planner_title_max", required=True)},
    read_only=frozenset({"createdBy", "createdDateTime", "container", "owner"}),
    navigation=frozenset({"details", "buckets", "tasks"}),
)

PLAN_DETAILS = Shape(
    "microsoft.taskServices.planDetails",
    {},
    maps={
        "categoryDescriptions": OpenType(_category_key, value=text("categoryDescriptions", nullable=True)),
        "sharedWith": OpenType(user_key, value=truth("sharedWith"), false_removes=True),
    },
)

BUCKET = Shape(
    "microsoft.taskServices.bucket",
    {"name": text("name", "planner_title_max", required=True), "orderHint": order_hint("orderHint")},
    on_create_only={"planId": text("planId", required=True)},
    navigation=frozenset({"tasks"}),
)

FORMATS = {
    "assignedToTaskBoardFormat": Shape(
        "microsoft.taskServices.assignedToTaskBoardTaskFormat",
        {"unassignedOrderHint": order_hint("unassignedOrderHint")},
        maps={"orderHintsByAssignee": OpenType(user_key, value=order_hint("orderHintsByAssignee"))},
    ),
    "bucketTaskBoardFormat": Shape(
        "microsoft.taskServices.bucketTaskBoardTaskFormat", {"orderHint": order_hint("orderHint")}
    ),
    "progressTaskBoardFormat": Shape(
        "microsoft.taskServices.progressTaskBoardTaskFormat", {"orderHint": order_hint("orderHint")}
    ),
}


def read(shape: Shape, body: Json, switches: Switches, *, creating: bool) -> Changes:
    """Hold a body against a shape: every property allowed and valid, or a 400 that names the first that is not.

    Annotations and `id` are passed over, as the service does.
    """
    plain: Json = {}
    maps: dict[str, dict[str, Any]] = {}
    checks = shape.writable | (shape.on_create_only if creating else {})
    for name, value in body.items():
        if "@" in name or name == "id":
            continue
        if name in checks:
            plain[name] = checks[name](value, switches)
        elif name in shape.maps:
            maps[name] = _entries(name, shape.maps[name], value, switches)
        else:
            _refuse(shape, name, switches)
    return Changes(plain, maps)


def _refuse(shape: Shape, name: str, switches: Switches) -> None:
    if name in shape.navigation:
        raise invalid(f"Cannot apply PATCH to navigation property '{name}' on entity type '{shape.type_name}'.")
    if name not in shape.read_only and name not in shape.on_create_only:
        raise unknown_property(name, shape.type_name)
    if switches.planner_read_only != "ignore":
        raise invalid(f"The property '{name}' on type '{shape.type_name}' is read-only and cannot be set.")


def _entries(name: str, kind: OpenType, value: Any, switches: Switches) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise invalid(f"The property '{name}' has to be an object.")
    entries: dict[str, Any] = {}
    for key, entry in value.items():
        if key.startswith("@"):
            continue
        kind.key(key)
        entries[key] = _entry(name, kind, key, entry, switches)
    return entries


def _entry(name: str, kind: OpenType, key: str, entry: Any, switches: Switches) -> Any:
    if entry is None:
        return REMOVED
    if kind.value is not None:
        kept = kind.value(entry, switches)
        return REMOVED if kind.false_removes and kept is False else kept
    kept = {}
    for field_name, field_value in entry_object(name, key, entry, kind.type_name).items():
        if field_name.startswith("@"):
            continue
        if field_name in kind.read_only:
            if switches.planner_read_only == "ignore":
                continue
            raise invalid(
                f"An unexpected 'StartObject' node was found for property named '{field_name}' when reading from "
                "the JSON reader. A 'PrimitiveValue' node was expected."
            )
        if field_name not in kind.fields:
            raise unknown_property(field_name, f"microsoft.taskServices.{kind.type_name}")
        kept[field_name] = kind.fields[field_name](field_value, switches)
    return kept
