"""Tasks, their details and their three board formats below /v1.0/planner, and the lists of a person's tasks."""

from m365_emulator.clock import parse_timestamp
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
from m365_emulator.planner.lists import task_listing
from m365_emulator.planner.making import (
    details_defaults,
    format_of,
    put_in_place,
    stamp_completion,
    summary,
    task_defaults,
)
from m365_emulator.planner.place import not_found, plan_at, require_bucket_of, task_at, task_for_assignee
from m365_emulator.planner.series import go_on
from m365_emulator.planner.shapes import FORMATS, TASK, TASK_DETAILS, Changes, read
from m365_emulator.planner.state import Record, TaskParts
from m365_emulator.planner.values import invalid
from m365_emulator.planner.writes import (
    changed,
    commit,
    entity,
    merge,
    require_no_clash,
    require_unchanged,
    stamp_of,
    version_asked,
)
from m365_emulator.routing import Call, Handler, Reply, Route

TASK_CONTEXT, DETAILS_CONTEXT = "planner/tasks/$entity", "planner/tasks/details/$entity"


def create_task(call: Call) -> Reply:
    """POST /planner/tasks: the task with all defaults; details and board formats come into being with it."""
    body, switches = call.json(), call.tenant.switches
    nested = {name: body.pop(name) for name in TASK.navigation & set(body)}
    if nested and switches.planner_post_details == "refuse":
        raise invalid(f"Cannot apply POST to navigation property '{min(nested)}' on entity type '{TASK.type_name}'.")
    changes = read(TASK, body, switches, creating=True)
    for name in ("planId", "title"):
        if name not in changes.plain:
            raise invalid(f"The field '{name}' is required.")
    plan_at(call, changes.plain["planId"])
    stamp = stamp_of(call)
    after, _ = merge(task_defaults(call), changes, stamp)
    _require_sound(call, after, changes)
    stamp_completion(call, after, 0)
    require_room_for_task(call, after)
    details = details_defaults()
    if nested.get("details") and switches.planner_post_details == "accept":
        details, _ = merge(details, read(TASK_DETAILS, nested["details"], switches, creating=True), stamp)
        require_room_in_details(call, details_defaults(), details)
    task = put_in_place(call, after, details).task
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
    parts, is_reduced = task_for_assignee(call)
    task, before = parts.task, parts.task.values
    version = version_asked(call, task)
    changes = read(TASK, call.json(), call.tenant.switches, creating=False)
    if is_reduced and {*changes.plain, *changes.maps} - {"percentComplete"}:
        raise planner_denied()
    after, paths = merge(task.values, changes, stamp_of(call))
    require_no_clash(task, version, paths)
    _require_sound(call, after, changes)
    paths |= stamp_completion(call, after, before["percentComplete"])
    _require_room(call, task, after, changes)
    commit(call.tenant, task, after, paths)
    if paths and call.tenant.switches.planner_task_patch_moves_details:
        call.tenant.planner.touch(parts.details, set())
    if after["percentComplete"] == 100:
        go_on(call, parts, was_complete=before["percentComplete"] == 100)
    return changed(call, task, TASK_CONTEXT)


def delete_task(call: Call) -> Reply:
    """DELETE /planner/tasks/{id}: 409 with any older etag."""
    parts = task_at(call)
    require_unchanged(parts.task, version_asked(call, parts.task))
    call.tenant.planner.drop_task(parts.task.id, call.tenant.switches.planner_stale_deletes_seconds)
    go_on(call, parts, was_complete=parts.task.values["percentComplete"] == 100)
    return Reply(204)


def get_task_details(call: Call) -> Reply:
    """GET /planner/tasks/{id}/details; absent for a while after creation by switch."""
    parts, late = task_at(call), call.tenant.switches.planner_details_404_ms
    if late and parts.age_seconds() * 1000 < late:
        raise not_found()
    return entity(call, parts.details, DETAILS_CONTEXT)


def update_task_details(call: Call) -> Reply:
    """PATCH /planner/tasks/{id}/details: moves the task's etag too, which carries counts and hasDescription."""
    parts = task_at(call)
    version = version_asked(call, parts.details)
    changes = read(TASK_DETAILS, call.json(), call.tenant.switches, creating=False)
    after, paths = merge(parts.details.values, changes, stamp_of(call))
    require_no_clash(parts.details, version, paths)
    require_room_in_details(call, parts.details.values, after)
    commit_details(call, parts, after, paths)
    return changed(call, parts.details, DETAILS_CONTEXT)


def commit_details(call: Call, parts: TaskParts, after: Json, paths: set[Path]) -> None:
    """Put new details in place; the task moves with them, since it tells of them."""
    commit(call.tenant, parts.details, after, paths)
    if paths:
        told = summary(after)
        moved: set[Path] = {(name,) for name, value in told.items() if parts.task.values[name] != value}
        commit(call.tenant, parts.task, parts.task.values | told, moved | {("details",)})


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


def _require_sound(call: Call, after: Json, changes: Changes) -> None:
    """What is sent has to fit; what was wrong before and is left alone is nobody's business here."""
    if "bucketId" in changes.plain:
        require_bucket_of(call, after["bucketId"], after["planId"])
    start, due = after["startDateTime"], after["dueDateTime"]
    dated = "startDateTime" in changes.plain or "dueDateTime" in changes.plain
    if dated and start and due and parse_timestamp(start) > parse_timestamp(due):
        raise invalid("The start date of a task cannot be later than its due date.")


def _require_room(call: Call, task: Record, after: Json, changes: Changes) -> None:
    added = set(after["assignments"]) - set(task.values["assignments"])
    if added:
        require_room_for_assignees(call, after, added)
    if task.values["percentComplete"] == 100:
        require_room_for_active(call, after, task.id)


def _assigned_listing(call: Call, user_id: str) -> Reply:
    tasks, context = call.tenant.planner.tasks, f"users('{user_id}')/planner/tasks"

    def details(task_id: str) -> Json:
        return _expanded(call, tasks[task_id]) if task_id in tasks else {}

    return task_listing(call, tasks.values(), lambda values: user_id in values["assignments"], context, details)


def _expanded(call: Call, parts: TaskParts) -> Json:
    wanted = {name.strip().lower() for name in call.query.get("$expand", "").split(",")}
    return {"details": parts.details.wire()} if "details" in wanted else {}


def _get_format(name: str) -> Handler:
    def handler(call: Call) -> Reply:
        return entity(call, format_of(call, task_at(call), name), f"planner/tasks/{name}/$entity")

    return handler


def _update_format(name: str) -> Handler:
    def handler(call: Call) -> Reply:
        record = format_of(call, task_at(call), name)
        version = version_asked(call, record)
        changes = read(FORMATS[name], call.json(), call.tenant.switches, creating=False)
        after, paths = merge(record.values, changes, stamp_of(call))
        require_no_clash(record, version, paths)
        commit(call.tenant, record, after, paths)
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
