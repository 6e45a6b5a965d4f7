"""Recurring tasks: completing or deleting one makes the next of its series, with an id of its own.

What the next one has of the last: concepts/planner-task-recurrence-overview.md of Microsoft's Graph documentation.
"""

from m365_emulator.clock import timestamp_seconds
from m365_emulator.odata import Json
from m365_emulator.planner.making import copied_assignments, copied_checklist, put_in_place, task_defaults
from m365_emulator.planner.state import TaskParts
from m365_emulator.planner.writes import stamp_of
from m365_emulator.routing import Call

KEPT = ("planId", "bucketId", "title", "priority", "appliedCategories")


def go_on(call: Call, parts: TaskParts, *, was_complete: bool) -> TaskParts | None:
    """The next task of the series that this one belongs to, made now that it was completed or deleted.

    None where there is no active schedule: none at all, one that went on before, a task that `was_complete` already,
    or the end of the calendar.
    """
    schedule, switches = parts.recurrence, call.tenant.switches
    if schedule is None or schedule.next_task_id is not None or was_complete:
        return None
    try:
        due_at = schedule.next_due_at
    except OverflowError:
        return None
    stamp, task, last = stamp_of(call), parts.task.values, parts.details.values
    values = task_defaults(call) | {name: task[name] for name in KEPT}
    values["dueDateTime"] = timestamp_seconds(due_at)
    values["assignments"] = copied_assignments(stamp, task["assignments"])
    if switches.planner_recurrence_created_by == "creator":
        values["createdBy"] = task["createdBy"]
    details: Json = {
        "description": last["description"],
        "previewType": "automatic",
        "references": last["references"] if switches.planner_recurrence_references else {},
        "checklist": copied_checklist(call, stamp, last["checklist"], ticked=False),
    }
    following = put_in_place(call, values, details)
    following.recurrence = schedule.following()
    following.born += switches.planner_recurrence_delay_seconds
    schedule.next_task_id = following.task.id
    return following
