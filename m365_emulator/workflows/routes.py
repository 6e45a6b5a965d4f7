"""The Teams Workflows webhook: "When a Teams webhook request is received", then a card in a channel.
A 202 says queued, not posted; the signature in the address is the only key (connectors-native-reqres of Logic Apps).
"""

from __future__ import annotations

import asyncio
import hmac
import json
import uuid
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import quote

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from m365_emulator.clock import timestamp
from m365_emulator.control.orders import Amount, ControlFault, Order, RefusalStatus, Text, takes, tenant_of
from m365_emulator.graph import cut_off
from m365_emulator.odata import GraphFault, Json
from m365_emulator.recording import base_url, raw_path, send_recorded
from m365_emulator.routing import Reply
from m365_emulator.tenant import Tenant
from m365_emulator.traffic import Stopwatch
from m365_emulator.workflows.state import Workflow, WorkflowPost, fault_in

INVOKE_PATH = "/workflows/{workflow_id}/triggers/manual/paths/invoke"
API_VERSION = "2016-06-01"
PERMISSION = "/triggers/manual/run"
LARGEST_BODY = 28 * 1024
FLOW_BOT: Json = {
    "application": {
        "@odata.type": "#microsoft.graph.teamworkApplicationIdentity",
        "id": "9ac5ef3b-1a2c-4d3e-8f40-5b6c7d8e9f01",
        "displayName": "Workflows",
        "applicationIdentityType": "bot",
    }
}


def invoke_url(base: str, workflow: Workflow) -> str:
    """The secret address of a workflow on this emulator."""
    path = INVOKE_PATH.format(workflow_id=workflow.workflow_id)
    query = f"api-version={API_VERSION}&sp={quote(PERMISSION, safe='')}&sv=1.0&sig={workflow.signature}"
    return f"{base}{path}?{query}"


async def invoke(request: Request) -> Response:
    """POST to the webhook: 202 and empty, or what is wrong. The exchange is recorded with the signature."""
    body = await request.body()
    watch, tenant, path = Stopwatch(), tenant_of(request), raw_path(request)
    struck = tenant.fault_plan.strike("POST", path)
    seconds = tenant.faults.delay_of("POST", path) + tenant.fault_plan.latency.wait() + struck.wait
    if seconds:
        await asyncio.sleep(seconds)
    run_id = f"{uuid.uuid4().hex.upper()}CU00"
    headers = {"x-ms-workflow-run-id": run_id, "x-ms-request-id": str(uuid.uuid4())}
    if struck.is_cut:
        return send_recorded(request, body, cut_off(), watch)
    try:
        tenant.faults.raise_if_struck("POST", path)
        if struck.refusal is not None:
            raise struck.refusal
        workflow = _admitted(tenant, request)
        _take(tenant, workflow, body)
    except GraphFault as fault:
        error = {"error": {"code": fault.code, "message": fault.message}}
        answer = Reply(fault.status, error, headers | fault.headers | {"Content-Type": "application/json"})
        return send_recorded(request, body, answer, watch)
    lost = struck.lost_as or tenant.faults.loss_of("POST", path)
    return send_recorded(request, body, Reply(504 if lost == "504" else 202, None, headers, lost_as=lost), watch)


def _admitted(tenant: Tenant, request: Request) -> Workflow:
    workflow = tenant.workflows.workflows.get(request.path_params["workflow_id"])
    if workflow is None:
        raise GraphFault(404, "WorkflowNotFound", "The workflow could not be found.")
    if request.query_params.get("api-version") != API_VERSION:
        raise GraphFault(400, "MissingApiVersionParameter", f"The query parameter api-version={API_VERSION} is needed.")
    if not hmac.compare_digest(request.query_params.get("sig", "").encode(), workflow.signature.encode()):
        message = "The authentication credentials are not valid."
        raise GraphFault(401, "DirectApiAuthorizationRequired", message)
    if workflow.mode == "fail":
        raise GraphFault(workflow.status, "WorkflowFailed", "The workflow answers this on order.")
    return workflow


def _take(tenant: Tenant, workflow: Workflow, body: bytes) -> None:
    if len(body) > LARGEST_BODY:
        raise GraphFault(413, "RequestEntityTooLarge", f"The body is larger than {LARGEST_BODY} bytes.")
    try:
        message: Any = json.loads(body)
    except ValueError:
        raise GraphFault(400, "InvalidRequestContent", "The body is not valid JSON.") from None
    wrong = fault_in(message)
    if wrong:
        raise GraphFault(400, "TriggerInputSchemaMismatch", wrong)
    tenant.workflows.accept(workflow, message)
    deliver_due(tenant)
    if workflow.mode == "late":
        asyncio.get_running_loop().call_later(workflow.seconds, deliver_due, tenant)


def deliver_due(tenant: Tenant) -> None:
    """Put every post whose time has come into its Teams channel, in the order of its time."""
    now = tenant.clock.now()
    due = [(p.shows_at, w, p) for w in tenant.workflows.workflows.values() for p in w.shown(now) if not p.delivered]
    for _, workflow, post in sorted(due, key=lambda entry: str(entry[0])):
        post.delivered = True
        channel = None
        if workflow.team_id and workflow.channel_id:
            channel = tenant.teams.channel(workflow.team_id, workflow.channel_id)
        if channel is not None:
            attachments = [_attachment(card) for card in post.cards]
            tags = "".join(f'<attachment id="{a["id"]}"></attachment>' for a in attachments)
            tenant.teams.post(channel, FLOW_BOT, tags, attachments, now)


def _attachment(card: Mapping[str, Any]) -> Json:
    return {
        "id": uuid.uuid4().hex,
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": json.dumps(card, ensure_ascii=False),
        "name": None,
        "thumbnailUrl": None,
    }


def workflow_json(base: str, workflow: Workflow) -> Json:
    """A workflow as the control area shows it, its secret address too."""
    return {
        "id": workflow.workflow_id,
        "name": workflow.name,
        "url": invoke_url(base, workflow),
        "team_id": workflow.team_id,
        "channel_id": workflow.channel_id,
        "mode": workflow.mode,
        "seconds": workflow.seconds,
        "status": workflow.status,
    }


class WorkflowOrder(Order):
    """A workflow, and where it posts."""

    name: Text
    team_id: Text | None = Field(None, description="a team's id, which is its group's")
    channel_id: Text | None = Field(None, description="a channel's id; without it nothing shows in Teams")


class ModeOrder(Order):
    """What becomes of posts."""

    mode: Literal["normal", "late", "never", "fail"]
    seconds: Amount = Field(0, description="how late, by the tenant's clock")
    status: RefusalStatus = Field(500, description="the HTTP status of the mode fail")


async def workflows(request: Request) -> Response:
    """GET workflows: all."""
    base = base_url(request)
    return JSONResponse([workflow_json(base, w) for w in tenant_of(request).workflows.workflows.values()])


@takes(WorkflowOrder)
async def make_workflow(request: Request, order: WorkflowOrder) -> Response:
    """POST workflows: one more, the same again for the same."""
    tenant = tenant_of(request)
    if order.channel_id and tenant.teams.channel(order.team_id or "", order.channel_id) is None:
        raise ControlFault(f"'channel_id': no channel {order.channel_id!r} in team {order.team_id!r}")
    workflow = tenant.workflows.create(order.name, order.team_id, order.channel_id)
    return JSONResponse(workflow_json(base_url(request), workflow), 201)


@takes(ModeOrder)
async def mode(request: Request, order: ModeOrder) -> Response:
    """POST workflows/{id}/mode: what becomes of the posts from now on."""
    workflow = _known(request)
    workflow.mode, workflow.seconds, workflow.status = order.mode, order.seconds, order.status
    return JSONResponse(workflow_json(base_url(request), workflow))


async def posts(request: Request) -> Response:
    """GET workflows/{id}/posts: every accepted post, and whether it shows in the channel by now"""
    workflow, tenant = _known(request), tenant_of(request)
    deliver_due(tenant)
    shown = workflow.shown(tenant.clock.now())
    return JSONResponse([_post_json(post, post in shown) for post in workflow.posts])


def _known(request: Request) -> Workflow:
    workflow = tenant_of(request).workflows.workflows.get(request.path_params["workflow_id"])
    if workflow is None:
        raise ControlFault(f"no workflow {request.path_params['workflow_id']!r}")
    return workflow


def _post_json(post: WorkflowPost, shown: bool) -> Json:
    return {
        "id": post.post_id,
        "accepted_at": timestamp(post.accepted_at),
        "shows_at": timestamp(post.shows_at) if post.shows_at else None,
        "shown": shown,
        "message": post.message,
        "cards": post.cards,
    }


PAGE_ROUTES = (Route(INVOKE_PATH, invoke, methods=["POST"]),)
WORKFLOW_CONTROL_ROUTES = (
    Route("/_emulator/workflows", workflows, methods=["GET"]),
    Route("/_emulator/workflows", make_workflow, methods=["POST"]),
    Route("/_emulator/workflows/{workflow_id}/mode", mode, methods=["POST"]),
    Route("/_emulator/workflows/{workflow_id}/posts", posts, methods=["GET"]),
)
