"""Planner's "Copy task": a new task of the same title, made by a person, with those parts that were chosen.

The parts are those of the dialogue in Planner. Which of them are chosen to begin with is an assumption.
"""

from m365_emulator.odata import Json
from m365_emulator.planner.limits import require_room_for_task, require_room_in_details
from m365_emulator.planner.making import (
    copied_assignments,
    copied_checklist,
    details_defaults,
    put_in_place,
    stamp_completion,
    task_defaults,
)
from m365_emulator.planner.place import plan_at, require_bucket_of
from m365_emulator.planner.state import TaskParts
from m365_emulator.planner.writes import stamp_of
from m365_emulator.routing import Call

CHOSEN = frozenset({"description", "checklist", "labels"})
DATES = ("startDateTime", "dueDateTime")


def copy_task(
    call: Call, parts: TaskParts, chosen: frozenset[str], plan_id: str, bucket_id: str | None, title: str
) -> TaskParts:
    """The copy, in that plan and bucket, made by the caller. A schedule is never copied.

    Raises the GraphFault of a plan that the caller may not see, a bucket that is not of it, or a limit.
    """
    plan_at(call, plan_id)
    require_bucket_of(call, bucket_id, plan_id)
    values = _values(call, parts.task.values, chosen) | {"planId": plan_id, "bucketId": bucket_id, "title": title}
    details = _details(call, parts.details.values, chosen)
    require_room_for_task(call, values)
    require_room_in_details(call, details_defaults(), details)
    return put_in_place(call, values, details)


def _values(call: Call, last: Json, chosen: frozenset[str]) -> Json:
    values = task_defaults(call) | {"priority": last["priority"]}
    if "labels" in chosen:
        values["appliedCategories"] = last["appliedCategories"]
    if "dates" in chosen:
        values |= {name: last[name] for name in DATES}
    if "progress" in chosen:
        values["percentComplete"] = last["percentComplete"]
        stamp_completion(call, values, 0)
    if "assignments" in chosen:
        values["assignments"] = copied_assignments(stamp_of(call), last["assignments"])
    return values


def _details(call: Call, last: Json, chosen: frozenset[str]) -> Json:
    details = details_defaults() | {"previewType": last["previewType"]}
    if "description" in chosen:
        details["description"] = last["description"]
    if "references" in chosen:
        details["references"] = last["references"]
    if "checklist" in chosen:
        ticked = "progress" in chosen
        details["checklist"] = copied_checklist(call, stamp_of(call), last["checklist"], ticked=ticked)
    return details
