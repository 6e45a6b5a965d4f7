"""/_emulator/planner/tasks/{id}: what people do to a task by means that Graph v1.0 has not: give it a schedule, copy
it, put anything into it.
"""

import uuid
from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from m365_emulator.clock import parse_timestamp, timestamp_seconds
from m365_emulator.control.levers import person_of
from m365_emulator.control.orders import AnyMoment, ControlFault, Order, Person, Text, takes, tenant_of
from m365_emulator.graph import make_call
from m365_emulator.odata import GraphFault, Json
from m365_emulator.planner.copies import CHOSEN, copy_task
from m365_emulator.planner.force import force
from m365_emulator.planner.recurrence import LONGEST_INTERVAL, Recurrence
from m365_emulator.planner.state import TaskParts
from m365_emulator.recording import base_url
from m365_emulator.routing import Call
from m365_emulator.sign_in.tokens import PERSON_APP_ID, Caller
from m365_emulator.tenant import Tenant

Interval = Annotated[int, Field(ge=1, le=LONGEST_INTERVAL)]
Part = Literal["assignments", "progress", "dates", "description", "checklist", "references", "labels"]


class ScheduleOrder(Order):
    """When the task repeats."""

    type: Literal["daily", "weekly", "absoluteMonthly", "absoluteYearly"] = Field(
        description="the step of the schedule"
    )
    interval: Interval = Field(1, description="so many days, weeks, months or years at a time")
    starts_at: AnyMoment | None = Field(
        None, description="when the series is first due; the task's due date without it"
    )


class CopyOrder(Order):
    """Who copies what to where."""

    by: Person
    plan: Text | None = Field(None, description="a plan's id; the task's own without it")
    bucket: Text | None = Field(None, description="a bucket's id; without it the task's own, or the other plan's first")
    title: Text | None = Field(None, description="the title; the task's own without it")
    include: list[Part] | None = Field(None, description="what is copied; description, checklist and labels without it")


class ForceOrder(Order):
    """Who puts what; properties of the task or its details stand beside `by`, by Graph's names."""

    model_config = ConfigDict(extra="allow")

    by: Person | None = None


async def recurrence(request: Request) -> Response:
    """GET planner/tasks/{task_id}/recurrence: its place in the series, null without one."""
    return JSONResponse({"recurrence": _told(_task(request).recurrence)})


@takes(ScheduleOrder)
async def repeat(request: Request, order: ScheduleOrder) -> Response:
    """POST planner/tasks/{task_id}/recurrence: completing or deleting the task makes the next one from now on."""
    parts = _task(request)
    set_schedule(tenant_of(request), parts, order)
    return JSONResponse({"recurrence": _told(parts.recurrence)})


async def end_series(request: Request) -> Response:
    """DELETE planner/tasks/{task_id}/recurrence: the series ends with this task."""
    clear_schedule(tenant_of(request), _task(request))
    return Response(status_code=204)


@takes(CopyOrder)
async def copy(request: Request, order: CopyOrder) -> Response:
    """POST planner/tasks/{task_id}/copy: as Planner's "Copy task" does."""
    parts, call = _task(request), _call(request, order.by)
    own_plan, own_bucket = parts.task.values["planId"], parts.task.values["bucketId"]
    plan_id = order.plan or own_plan
    bucket_id = order.bucket or (own_bucket if plan_id == own_plan else _first_bucket(call.tenant, plan_id))
    chosen = CHOSEN if order.include is None else frozenset(order.include)
    try:
        made = copy_task(call, parts, chosen, plan_id, bucket_id, order.title or parts.task.values["title"])
    except GraphFault as fault:
        raise ControlFault(f"plan {plan_id!r}, bucket {bucket_id!r}: {fault}") from fault
    return JSONResponse(made.task.wire() | {"details": made.details.wire()}, 201)


@takes(ForceOrder)
async def put_by_force(request: Request, order: ForceOrder) -> Response:
    """POST planner/tasks/{task_id}/force: any properties of the task or its details, by Graph's names, past every
    limit; their etags move.
    """
    parts, call = _task(request), _call(request, order.by)
    try:
        force(call, parts, dict(order.model_extra or {}))
    except GraphFault as fault:
        raise ControlFault(fault.message) from fault
    return JSONResponse(parts.task.wire() | {"details": parts.details.wire()})


def set_schedule(tenant: Tenant, parts: TaskParts, order: ScheduleOrder) -> None:
    """Give a task that is not complete a schedule, or another one. ControlFault where that makes no sense."""
    if parts.task.values["percentComplete"] == 100 or (parts.recurrence and parts.recurrence.next_task_id):
        raise ControlFault("the task is complete, or its series has gone on")
    series = parts.recurrence.series_id if parts.recurrence else str(uuid.uuid4())
    parts.recurrence = Recurrence(order.type, order.interval, order.starts_at or _start(tenant, parts), series)
    tenant.planner.touch(parts.task, {("recurrence",)})


def clear_schedule(tenant: Tenant, parts: TaskParts) -> None:
    """Take the schedule away; nothing happens to a task without one."""
    if parts.recurrence is not None:
        parts.recurrence = None
        tenant.planner.touch(parts.task, {("recurrence",)})


def _start(tenant: Tenant, parts: TaskParts) -> datetime:
    text = parts.task.values["dueDateTime"] or parts.task.values["startDateTime"]
    return parse_timestamp(text) if text else tenant.clock.now().replace(microsecond=0)


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
    user_id = person_of(tenant, by, "by").id if by is not None else None
    return make_call(tenant, "POST", "/", {}, b"", base_url(request), Caller(PERSON_APP_ID, user_id, frozenset()))


def _first_bucket(tenant: Tenant, plan_id: str) -> str | None:
    buckets = sorted(tenant.planner.buckets_of_plan(plan_id), key=lambda bucket: str(bucket.values["orderHint"]))
    return buckets[0].id if buckets else None


_TASK = "/_emulator/planner/tasks/{task_id}"
TASK_CONTROL_ROUTES = (
    Route(f"{_TASK}/recurrence", recurrence, methods=["GET"]),
    Route(f"{_TASK}/recurrence", repeat, methods=["POST"]),
    Route(f"{_TASK}/recurrence", end_series, methods=["DELETE"]),
    Route(f"{_TASK}/copy", copy, methods=["POST"]),
    Route(f"{_TASK}/force", put_by_force, methods=["POST"]),
)
