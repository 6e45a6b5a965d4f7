"""Read-out of Planner for tests and pages: every plan and task with all its parts."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from m365_emulator.control.orders import tenant_of


async def all_tasks(request: Request) -> Response:
    """GET planner/tasks?plan=ID: tasks with details, whatever lists would hide."""
    state, plan = tenant_of(request).planner, request.query_params.get("plan")
    rows = [
        parts.task.wire() | {"details": parts.details.wire()}
        for parts in state.tasks.values()
        if plan in (None, parts.task.values["planId"])
    ]
    return JSONResponse({"value": rows})


async def all_plans(request: Request) -> Response:
    """GET planner/plans: plans with details, buckets and their group."""
    state = tenant_of(request).planner
    rows = [
        parts.plan.wire()
        | {
            "details": parts.details.wire(),
            "buckets": [b.wire() for b in state.buckets_of_plan(parts.plan.id)],
            "group_id": parts.group_id,
        }
        for parts in state.plans.values()
    ]
    return JSONResponse({"value": rows})


async def channel_messages(request: Request) -> Response:
    """GET teams/messages: every message of every channel, oldest first."""
    rows = [
        {
            "team_id": channel.team_id,
            "channel_id": channel.id,
            "channel": channel.display_name,
            "id": message.id,
            "reply_to_id": message.reply_to_id,
            "content": message.content,
            "attachments": message.attachments,
            "from": message.sender,
        }
        for team in tenant_of(request).teams.teams.values()
        for channel in team.channels.values()
        for message in channel.messages
    ]
    return JSONResponse({"value": rows})


PLANNER_CONTROL_ROUTES = (
    Route("/_emulator/planner/tasks", all_tasks, methods=["GET"]),
    Route("/_emulator/planner/plans", all_plans, methods=["GET"]),
    Route("/_emulator/teams/messages", channel_messages, methods=["GET"]),
)
