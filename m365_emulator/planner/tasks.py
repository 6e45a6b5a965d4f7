"""Tasks, their details and their three board formats below /v1.0/planner, and the lists of a person's tasks."""

from m365_emulator.clock import parse_timestamp, timestamp
from m365_emulator.directory.routes import not_found as no_such_user
from m365_emulator.odata import GraphFault, Json
from m365_emulator.permissions.check import planner_denied
from m365_emulator.planner.etags import Path
from m365_emulator.planner.limits import (
    require_room_for_active,
    require_room_for_assignees,
    require_room_for_task,
    require_room_in_details,
)
from m365_emulator.planner.place import (
    listed_tasks,
    listing,
    not_found,
    plan_at,
    require_bucket_of,
    task_at,
    task_for_assignee,
)
from m365_emulator.planner.shapes import FORMATS, TASK, TASK_DETAILS, Changes, read
from m365_emulator.planner.state import Record, TaskParts
from m365_emulator.planner.values import invalid
from m365_emulator.planner.writes import (
    changed,
    commit,
    entity,
    identity_of,
    merge,
    require_no_clash,
    require_unchanged,
    stamp_of,
    version_asked,
)
from m365_emulator.routing import Call, Handler, Reply, Route

TASK_CONTEXT, DETAILS_CONTEXT = "planner/tasks/$entity", "planner/tasks/details/$entity"
ETAG_KINDS = {
    "assignedToTaskBoardFormat": "AssignedToTaskBoardFormat",
    "bucketTaskBoardFormat": "BucketTaskBoardFormat",
    "progressTaskBoardFormat": "ProgressTaskBoardFormat",
}


def create_task(call: Call) -> Reply:
    """POST /planner/tasks: the task with all defaults; details and board formats come into being with it."""
    body, switches, state = call.json(), call.tenant.switches, call.tenant.planner
    nested = {name: body.pop(name) for name in TASK.navigation & set(body)}
    if nested and switches.planner_post_details == "refuse":
        raise invalid(f"Cannot apply POST to navigation property '{min(nested)}' on entity type '{TASK.type_name}'.")
    changes = read(TASK, body, switches, creating=True)
    for name in ("planId", "title"):
        if name not in changes.plain:
            raise invalid(f"The field '{name}' is required.")
    plan_at(call, changes.plain["planId"])
    stamp = stamp_of(call)
    after, _ = merge(_defaults(call), changes, stamp)
    _require_sound(call, after)
    _stamp_completion(call, after, 0)
    require_room_for_task(call, after)
    details: Json = {"description": "", "previewType": "automatic", "references": {}, "checklist": {}}
    if nested.get("details") and switches.planner_post_details == "accept":
        details, _ = merge(details, read(TASK_DETAILS, nested["details"], switches, creating=True), stamp)
        require_room_in_details(call, details)
    after |= _summary(details)
    task = state.new_record("Task", after)
    parts = TaskParts(task, state.new_record("TaskDetails", details, task.id), _new_formats(call, task.id))
    state.tasks[task.id] = parts
    reply = entity(call, task, TASK_CONTEXT, 201)
    reply.headers["Location"] = f"{call.base_url}/v1.0/planner/tasks/{task.id}"
    return reply


def get_task(call: Call) -> Reply:
    """GET /planner/tasks/{id}; $expand=details is understood."""
    parts, is_reduced = task_for_assignee(call)
    reply = entity(call, parts.task, TASK_CONTEXT)
    if isinstance(reply.body, dict) and not is_reduced:
        reply.body |= _expanded(call, parts)
    return reply


def update_task(call: Call) -> Reply:
    """PATCH /planner/tasks/{id}."""
    (parts, is_reduced), state = task_for_assignee(call), call.tenant.planner
    task = parts.task
    version = version_asked(call, task)
    changes = read(TASK, call.json(), call.tenant.switches, creating=False)
    if is_reduced and {*changes.plain, *changes.maps} - {"percentComplete"}:
        raise planner_denied()
    after, paths = merge(task.values, changes, stamp_of(call))
    require_no_clash(task, version, paths)
    _require_sound(call, after)
    paths |= _stamp_completion(call, after, task.values["percentComplete"])
    _require_room(call, task, after, changes)
    commit(state, task, after, paths)
    if paths and call.tenant.switches.planner_task_patch_moves_details:
        state.touch(parts.details, set())
    return changed(call, task, TASK_CONTEXT)


def delete_task(call: Call) -> Reply:
    """DELETE /planner/tasks/{id}: 409 with any older etag."""
    task = task_at(call).task
    require_unchanged(task, version_asked(call, task))
    del call.tenant.planner.tasks[task.id]
    return Reply(204)


def get_task_details(call: Call) -> Reply:
    """GET /planner/tasks/{id}/details; absent for a while after creation by switch."""
    parts = task_at(call)
    if parts.age_seconds() * 1000 < call.tenant.switches.planner_details_404_ms:
        raise not_found()
    return entity(call, parts.details, DETAILS_CONTEXT)


def update_task_details(call: Call) -> Reply:
    """PATCH /planner/tasks/{id}/details: moves the task's etag too, which carries counts and hasDescription."""
    parts, state = task_at(call), call.tenant.planner
    version = version_asked(call, parts.details)
    changes = read(TASK_DETAILS, call.json(), call.tenant.switches, creating=False)
    after, paths = merge(parts.details.values, changes, stamp_of(call))
    require_no_clash(parts.details, version, paths)
    require_room_in_details(call, after)
    commit(state, parts.details, after, paths)
    if paths:
        summary = _summary(after)
        moved: set[Path] = {(name,) for name, value in summary.items() if parts.task.values[name] != value}
        parts.task.values |= summary
        state.touch(parts.task, moved | {("details",)})
    return changed(call, parts.details, DETAILS_CONTEXT)


def list_my_tasks(call: Call) -> Reply:
    """GET /me/planner/tasks: what is assigned to the person."""
    return _assigned_listing(call, call.who.user_id or "")


def list_user_tasks(call: Call) -> Reply:
    """GET /users/{id}/planner/tasks: 403 for a person who asks about another."""
    user = call.tenant.directory.user(call.params["user_id"])
    if user is None:
        raise no_such_user(call.params["user_id"])
    if call.who.user_id not in (None, user.id):
        raise planner_denied()
    return _assigned_listing(call, user.id)


def refuse_my_task(call: Call) -> Reply:
    """POST /me/planner/tasks: never creates."""
    message = "Write requests are only supported on contained entities or navigation properties with bindings."
    raise GraphFault(400, "BadRequest", message)


def _defaults(call: Call) -> Json:
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


def _new_formats(call: Call, task_id: str) -> dict[str, Record]:
    state, now = call.tenant.planner, call.tenant.clock.now()
    hint = state.new_order_hint(now)
    starts: dict[str, Json] = {
        "assignedToTaskBoardFormat": {"unassignedOrderHint": hint, "orderHintsByAssignee": {}},
        "bucketTaskBoardFormat": {"orderHint": hint},
        "progressTaskBoardFormat": {"orderHint": hint},
    }
    return {name: state.new_record(ETAG_KINDS[name], start, task_id) for name, start in starts.items()}


def _require_sound(call: Call, after: Json) -> None:
    require_bucket_of(call, after["bucketId"], after["planId"])
    start, due = after["startDateTime"], after["dueDateTime"]
    if start and due and parse_timestamp(start) > parse_timestamp(due):
        raise invalid("The start date of a task cannot be later than its due date.")


def _require_room(call: Call, task: Record, after: Json, changes: Changes) -> None:
    added = set(after["assignments"]) - set(task.values["assignments"])
    if "assignments" in changes.maps:
        require_room_for_assignees(call, after, added)
    if task.values["percentComplete"] == 100:
        require_room_for_active(call, after, task.id)


def _stamp_completion(call: Call, after: Json, before: int) -> set[Path]:
    """Completing stamps when and by whom, going below 100 clears both; the paths that this changes."""
    done = after["percentComplete"] == 100
    if done == (before == 100):
        return set()
    after["completedDateTime"] = timestamp(call.tenant.clock.now()) if done else None
    after["completedBy"] = identity_of(call.who) if done else None
    return {("completedDateTime",), ("completedBy",)}


def _summary(details: Json) -> Json:
    items = details["checklist"].values()
    return {
        "hasDescription": bool(details["description"]),
        "previewType": details["previewType"],
        "referenceCount": len(details["references"]),
        "checklistItemCount": len(items),
        "activeChecklistItemCount": sum(not item["isChecked"] for item in items),
    }


def _assigned_listing(call: Call, user_id: str) -> Reply:
    held = [t for t in call.tenant.planner.tasks.values() if user_id in t.task.values["assignments"]]
    rows = [t.task.wire() | _expanded(call, t) for t in listed_tasks(call, held)]
    return listing(call, rows, f"users('{user_id}')/planner/tasks")


def _expanded(call: Call, parts: TaskParts) -> Json:
    wanted = {name.strip().lower() for name in call.query.get("$expand", "").split(",")}
    return {"details": parts.details.wire()} if "details" in wanted else {}


def _get_format(name: str) -> Handler:
    def handler(call: Call) -> Reply:
        return entity(call, task_at(call).formats[name], f"planner/tasks/{name}/$entity")

    return handler


def _update_format(name: str) -> Handler:
    def handler(call: Call) -> Reply:
        record = task_at(call).formats[name]
        version = version_asked(call, record)
        changes = read(FORMATS[name], call.json(), call.tenant.switches, creating=False)
        after, paths = merge(record.values, changes, stamp_of(call))
        require_no_clash(record, version, paths)
        commit(call.tenant.planner, record, after, paths)
        return changed(call, record, f"planner/tasks/{name}/$entity")

    return handler


def _format_routes() -> tuple[Route, ...]:
    routes: list[Route] = []
    for name in FORMATS:
        path, key = f"{_TASK}/{name}", f"/planner/tasks/{{id}}/{name.lower()}"
        routes.append(Route("GET", path, _get_format(name), f"GET {key}"))
        routes.append(Route("PATCH", path, _update_format(name), f"PATCH {key}"))
    return tuple(routes)


_TASK = "/planner/tasks/{task_id}"
TASK_ROUTES = (
    Route("POST", "/planner/tasks", create_task),
    Route("GET", _TASK, get_task),
    Route("PATCH", _TASK, update_task),
    Route("DELETE", _TASK, delete_task),
    Route("GET", _TASK + "/details", get_task_details),
    Route("PATCH", _TASK + "/details", update_task_details),
    Route("GET", "/me/planner/tasks", list_my_tasks),
    Route("POST", "/me/planner/tasks", refuse_my_task),
    Route("GET", "/users/{user_id}/planner/tasks", list_user_tasks),
    *_format_routes(),
)
