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
from m365_emulator.routing import Call, Handler, Reply, Route, of_family
from m365_emulator.words import Assumed, Family

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
    """GET /planner/tasks/{id}: the task; $expand=details is understood."""
    parts, is_reduced = task_for_assignee(call)
    reply = entity(call, parts.task, TASK_CONTEXT)
    if isinstance(reply.body, dict) and not is_reduced:
        reply.body |= _expanded(call, parts)
    return reply


def update_task(call: Call) -> Reply:
    """PATCH /planner/tasks/{id}: 204, or 200 with Prefer: return=representation; 409 where it clashes."""
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
    """GET /planner/tasks/{id}/details: description, checklist, references; by switch not there at first."""
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
        """GET a board format of a task: its order hints on one kind of board."""
        return entity(call, format_of(call, task_at(call), name), f"planner/tasks/{name}/$entity")

    return handler


def _update_format(name: str) -> Handler:
    def handler(call: Call) -> Reply:
        """PATCH a board format of a task: order hints, with an etag of its own."""
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
FAMILY = Family(
    "Planner tasks",
    modelled=(
        "Etags: each resource has its own. An older etag is accepted unless a property that the change touches has "
        "changed since (409); in `assignments`, `appliedCategories`, `checklist` and `references` each key counts by "
        "itself. A delete wants the newest etag. No `If-Match`, an etag of another resource, or `*`: 412. A change of "
        "the details moves the task's etag; a change of the task leaves that of the details. A PATCH that changes "
        "nothing leaves the etag as it is.",
        "Errors have an empty code, except the 403 of a service limit, whose code is the limit's name.",
        "Order hints are composed by clients and replaced by the service; sending the service's value back is a 400.",
        "Details exist with the task; creating is two calls.",
        "Moments are those of the calendar in UTC; `0001-01-01T00:00:00+14:00` is a 400, as is one without a zone.",
        "Recurring tasks: people give a task a schedule (`POST /_emulator/planner/tasks/{id}/recurrence`, or on its "
        "page); version 1.0 shows nothing of it but a moved etag. Completing or deleting the task makes the next, with "
        "a new id: title, description, checklist without ticks, assignments, priority, labels and bucket are as "
        "before, the due date is one step after the planned one, and progress, start date and references are empty "
        "(concepts/planner-task-recurrence-overview.md). It happens once; reopening and completing again makes no "
        "second one.",
        "Copied tasks (`.../copy`, or on the board) have a new id, the person as `createdBy`, and the same title, "
        "priority, description, checklist and labels, so nothing but the id tells them from the original.",
        "Nonsense that other means could have made is put in by `.../force`: past every limit, with etags that move. "
        "Planner then refuses only what makes it worse: 30 assignees can become 29.",
    ),
    assumed=(
        Assumed("Status for a missing `If-Match`", "412", ("planner_missing_if_match_status",)),
        Assumed("`If-Match: *`", "refused", ("planner_if_match_star",)),
        Assumed("Nested details in POST of a task", "passed over", ("planner_post_details",)),
        Assumed("Read-only properties in a write", "400", ("planner_read_only",)),
        Assumed("A task PATCH moves the details etag", "no", ("planner_task_patch_moves_details",)),
        Assumed("How long old etags are remembered", "for ever"),
        Assumed("Two persons changing different fields of one checklist item", "409"),
        Assumed(
            "Assigning non-members and unknown ids",
            "accepted",
            ("planner_non_member_assignee", "planner_unknown_assignee"),
        ),
        Assumed(
            "Longest title, description, checklist title",
            "255, 32,000, 100",
            ("planner_title_max", "planner_description_max", "planner_checklist_title_max"),
        ),
        Assumed("`createdBy.user` of an app-only write", "ids null, application id of the token's app"),
        Assumed("Status of writes with an unknown plan", "404"),
        Assumed(
            "Time until a new task is seen in lists, or its details are found",
            "at once",
            ("planner_stale_list_seconds", "planner_details_404_ms"),
        ),
        Assumed(
            "Time until a change or a deletion shows in lists (seen for deleted plans and groups)",
            "at once; by switches lists show the task as it was, with its old etag, or go on to show it. Reading by "
            "id, details and buckets are always fresh",
            ("planner_stale_changes_seconds", "planner_stale_deletes_seconds"),
        ),
        Assumed(
            "What an assignee outside the group sees of a task",
            "the task alone, which may be completed",
            ("planner_outside_assignee",),
        ),
        Assumed(
            "`createdBy` of a series' next task",
            "who completed or deleted the last",
            ("planner_recurrence_created_by",),
        ),
        Assumed(
            "Time until the next task of a series is listed; its references",
            "at once; none",
            ("planner_recurrence_delay_seconds", "planner_recurrence_references"),
        ),
        Assumed("A schedule given or taken away", "moves the task's etag, clashes with nothing"),
        Assumed("Limits on the next task of a series", "none"),
        Assumed(
            'What "Copy task" copies unasked',
            "description, checklist without ticks, labels, priority; no assignees, dates, progress, links",
            by="`include`",
        ),
        Assumed("Keys of the checklist in a copy or next task", "the same", ("planner_copied_checklist_keys",)),
        Assumed(
            "A task that breaks a limit or rule already",
            "changes elsewhere, and fewer of what is too many, are accepted",
        ),
    ),
    refused=(
        "Planner delta, task chat, recurrence by Graph, schedules on several days of a week or on the nth day of a "
        "month.",
        "POST to `/me/planner/tasks` (400, as in Graph) and nested details in a PATCH.",
    ),
)
TASK_ROUTES = of_family(
    FAMILY,
    (
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
    ),
)
