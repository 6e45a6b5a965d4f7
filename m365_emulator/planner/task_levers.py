"""/_emulator/planner/tasks/{id}: what people do to a task by means that Graph v1.0 has not: give it a schedule, copy
it, put anything into it.
"""

import uuid
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from m365_emulator.clock import parse_timestamp, timestamp_seconds
from m365_emulator.control.levers import ControlFault, body_of, person_of, tenant_of, wanted
from m365_emulator.graph import make_call
from m365_emulator.odata import GraphFault, Json
from m365_emulator.planner.copies import CHOSEN, PARTS, copy_task
from m365_emulator.planner.force import force
from m365_emulator.planner.recurrence import LONGEST_INTERVAL, TYPES, Recurrence
from m365_emulator.planner.state import TaskParts
from m365_emulator.recording import base_url
from m365_emulator.routing import Call
from m365_emulator.sign_in.tokens import PERSON_APP_ID, Caller
from m365_emulator.tenant import Tenant


async def recurrence(request: Request) -> Response:
    """POST planner/tasks/{task_id}/recurrence {type, interval?, starts_at?}: completing or deleting the task makes the
    next one from now on; GET: its place in the series, null without one; DELETE: the series ends with this task.
    """
    tenant, parts = tenant_of(request), _task(request)
    if request.method == "POST":
        set_schedule(tenant, parts, await body_of(request))
    if request.method == "DELETE":
        clear_schedule(tenant, parts)
        return Response(status_code=204)
    return JSONResponse({"recurrence": _told(parts.recurrence)})


async def copy(request: Request) -> Response:
    """POST planner/tasks/{task_id}/copy {by, plan?, bucket?, title?, include?}: as Planner's "Copy task" does."""
    parts, body = _task(request), await body_of(request)
    call = _call(request, wanted(body, "by"))
    own_plan, own_bucket = parts.task.values["planId"], parts.task.values["bucketId"]
    plan_id = str(body.get("plan") or own_plan)
    bucket_id = body.get("bucket") or (own_bucket if plan_id == own_plan else _first_bucket(call.tenant, plan_id))
    title = str(body.get("title") or parts.task.values["title"])
    try:
        made = copy_task(call, parts, _chosen(body), plan_id, bucket_id, title)
    except GraphFault as fault:
        raise ControlFault(str(fault)) from fault
    return JSONResponse(made.task.wire() | {"details": made.details.wire()}, 201)


async def put_by_force(request: Request) -> Response:
    """POST planner/tasks/{task_id}/force {by?}: any properties of the task or its details besides, by Graph's names,
    past every limit; their etags move.
    """
    parts, body = _task(request), await body_of(request)
    call = _call(request, body.pop("by", None))
    try:
        force(call, parts, body)
    except GraphFault as fault:
        raise ControlFault(fault.message) from fault
    return JSONResponse(parts.task.wire() | {"details": parts.details.wire()})


def set_schedule(tenant: Tenant, parts: TaskParts, wish: Json) -> None:
    """Give a task that is not complete a schedule, or another one. ControlFault where that makes no sense."""
    kind, interval = wanted(wish, "type"), wish.get("interval", 1)
    if kind not in TYPES:
        raise ControlFault(f"type is one of {', '.join(TYPES)}")
    if isinstance(interval, bool) or not isinstance(interval, int) or not 1 <= interval <= LONGEST_INTERVAL:
        raise ControlFault(f"interval is a whole number from 1 to {LONGEST_INTERVAL}")
    if parts.task.values["percentComplete"] == 100 or (parts.recurrence and parts.recurrence.next_task_id):
        raise ControlFault("the task is complete, or its series has gone on")
    series = parts.recurrence.series_id if parts.recurrence else str(uuid.uuid4())
    parts.recurrence = Recurrence(kind, interval, _start(tenant, parts, wish.get("starts_at")), series)
    tenant.planner.touch(parts.task, {("recurrence",)})


def clear_schedule(tenant: Tenant, parts: TaskParts) -> None:
    """Take the schedule away; nothing happens to a task without one."""
    if parts.recurrence is not None:
        parts.recurrence = None
        tenant.planner.touch(parts.task, {("recurrence",)})


def _start(tenant: Tenant, parts: TaskParts, wished: Any) -> datetime:
    values = parts.task.values
    text = wished or values["dueDateTime"] or values["startDateTime"]
    if not text:
        return tenant.clock.now().replace(microsecond=0)
    try:
        return parse_timestamp(text)
    except (TypeError, ValueError) as fault:
        raise ControlFault(f"starts_at {text!r} is no time with a zone") from fault


def _told(place: Recurrence | None) -> Json | None:
    if place is None:
        return None
    return {
        "type": place.type,
        "interval": place.interval,
        "starts_at": timestamp_seconds(place.starts_at),
        "series_id": place.series_id,
        "occurrence": place.occurrence,
        "next_task_id": place.next_task_id,
    }


def _task(request: Request) -> TaskParts:
    task_id = request.path_params["task_id"]
    parts = tenant_of(request).planner.tasks.get(task_id)
    if parts is None:
        raise ControlFault(f"no task {task_id!r}")
    return parts


def _call(request: Request, by: str | None) -> Call:
    """A call of a person's own app, or of nobody."""
    tenant = tenant_of(request)
    user_id = person_of(tenant, by).id if by is not None else None
    return make_call(tenant, "POST", "/", {}, b"", base_url(request), Caller(PERSON_APP_ID, user_id, frozenset()))


def _chosen(body: Json) -> frozenset[str]:
    include = body.get("include")
    if include is None:
        return CHOSEN
    if not isinstance(include, list) or not set(include) <= set(PARTS):
        raise ControlFault(f"include is a list of {', '.join(PARTS)}")
    return frozenset(include)


def _first_bucket(tenant: Tenant, plan_id: str) -> str | None:
    buckets = sorted(tenant.planner.buckets_of_plan(plan_id), key=lambda bucket: str(bucket.values["orderHint"]))
    return buckets[0].id if buckets else None


_TASK = "/_emulator/planner/tasks/{task_id}"
TASK_CONTROL_ROUTES = (
    Route(f"{_TASK}/recurrence", recurrence, methods=["GET", "POST", "DELETE"]),
    Route(f"{_TASK}/copy", copy, methods=["POST"]),
    Route(f"{_TASK}/force", put_by_force, methods=["POST"]),
)
