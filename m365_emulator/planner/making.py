"""How a Planner task comes into being: by POST, as a copy, or as the next of a series. Its details come with it."""

import uuid
from collections.abc import Callable, Iterable

from m365_emulator.clock import timestamp
from m365_emulator.odata import Json
from m365_emulator.planner.etags import Path
from m365_emulator.planner.state import Record, TaskParts
from m365_emulator.planner.writes import Stamp, identity_of
from m365_emulator.routing import Call

ETAG_KINDS = {
    "assignedToTaskBoardFormat": "AssignedToTaskBoardFormat",
    "bucketTaskBoardFormat": "BucketTaskBoardFormat",
    "progressTaskBoardFormat": "ProgressTaskBoardFormat",
}

_FORMAT_STARTS: dict[str, Callable[[str], Json]] = {
    "assignedToTaskBoardFormat": lambda hint: {"unassignedOrderHint": hint, "orderHintsByAssignee": {}},
    "bucketTaskBoardFormat": lambda hint: {"orderHint": hint},
    "progressTaskBoardFormat": lambda hint: {"orderHint": hint},
}


def put_in_place(call: Call, values: Json, details: Json) -> TaskParts:
    """A new task of these values with these details; what the task tells of its details is filled in."""
    state = call.tenant.planner
    task = state.new_record("Task", values | summary(details))
    parts = TaskParts(task, state.new_record("TaskDetails", details, task.id))
    state.tasks[task.id] = parts
    return parts


def task_defaults(call: Call) -> Json:
    """Every property of a task as it is when nothing was said."""
    now = call.tenant.clock.now()
    return {
        "planId": None,
        "bucketId": None,
        "title": None,
        "orderHint": call.tenant.planner.new_order_hint(now),
        "assigneePriority": "",
        "percentComplete": 0,
        "startDateTime": None,
        "createdDateTime": timestamp(now),
        "dueDateTime": None,
        "hasDescription": False,
        "previewType": "automatic",
        "completedDateTime": None,
        "completedBy": None,
        "referenceCount": 0,
        "checklistItemCount": 0,
        "activeChecklistItemCount": 0,
        "conversationThreadId": None,
        "priority": 5,
        "createdBy": identity_of(call.who),
        "appliedCategories": {},
        "assignments": {},
    }


def details_defaults() -> Json:
    """Details as they are when nothing was said."""
    return {"description": "", "previewType": "automatic", "references": {}, "checklist": {}}


def summary(details: Json) -> Json:
    """What a task tells of its details."""
    items = details["checklist"].values()
    return {
        "hasDescription": bool(details["description"]),
        "previewType": details["previewType"],
        "referenceCount": len(details["references"]),
        "checklistItemCount": len(items),
        "activeChecklistItemCount": sum(not item["isChecked"] for item in items),
    }


def stamp_completion(call: Call, after: Json, before: int) -> set[Path]:
    """Completing stamps when and by whom, going below 100 clears both; the paths that this changes."""
    done = after["percentComplete"] == 100
    if done == (before == 100):
        return set()
    after["completedDateTime"] = timestamp(call.tenant.clock.now()) if done else None
    after["completedBy"] = identity_of(call.who) if done else None
    return {("completedDateTime",), ("completedBy",)}


def copied_checklist(call: Call, stamp: Stamp, checklist: Json, *, ticked: bool) -> Json:
    """The items again in their order, with their ticks or without, stamped anew; keys follow a switch."""
    same = call.tenant.switches.planner_copied_checklist_keys == "same"
    return {
        key if same else str(uuid.uuid4()): item
        | ({} if ticked else {"isChecked": False})
        | stamp.modified("checklist")
        for key, item in checklist.items()
    }


def copied_assignments(stamp: Stamp, user_ids: Iterable[str]) -> Json:
    """The same people, assigned now."""
    return {user_id: stamp.new_entry("assignments") for user_id in user_ids}


def format_of(call: Call, parts: TaskParts, name: str) -> Record:
    """One board format of a task. It is there from the start, and made when somebody first looks: few ever do."""
    found = parts.formats.get(name)
    if found is None:
        start = _FORMAT_STARTS[name](parts.task.values["orderHint"])
        found = call.tenant.planner.new_record(ETAG_KINDS[name], start, parts.task.id)
        parts.formats[name] = found
    return found
