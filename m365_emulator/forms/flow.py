"""The form's Power Automate flow: carries a response into the intake list or to an HTTP door.
It is delivered at least once: the HTTP action repeats on 408, 429 and 5xx, as Logic Apps does by default.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx

from m365_emulator.forms.formats import flow_body
from m365_emulator.forms.model import DeliveryOrder, FlowRun, Form, Response
from m365_emulator.odata import GraphFault

if TYPE_CHECKING:
    from m365_emulator.tenant import Tenant

TRIES = 4
TIMEOUT_SECONDS = 30.0
LONGEST_WAIT_SECONDS = 20.0
KEPT_ANSWER_CHARACTERS = 4000
DEFAULT_COLUMNS = {
    "form_id": "FormId",
    "response_id": "ResponseId",
    "responder": "Responder",
    "submitted": "SubmitDate",
    "answers": "Answers",
}
FLOW_OWNER = {"user": {"displayName": "Intake Flow Owner"}}


def start(tenant: Tenant, form: Form, response: Response) -> asyncio.Task[None]:
    """Set the flow going in the background, `copies` times; the runs stand on the response as they happen.

    What is on order for the form's next delivery (late, twice, dropped) befalls this one.
    """
    kept = tenant.forms.forms.get(form.slug)
    order = kept.orders.pop(0) if kept is not None and kept.orders else DeliveryOrder()
    if order.drop:
        response.runs.append(FlowRun(form.flow.mode, "dropped"))
    form = replace(form, flow=replace(form.flow, mode="off") if order.drop else order.applied(form.flow))
    task = asyncio.get_running_loop().create_task(deliver(tenant, form, response))
    running = tenant.forms.running
    running.add(task)
    task.add_done_callback(running.discard)
    return task


async def deliver(tenant: Tenant, form: Form, response: Response) -> None:
    """Run the flow to its end, all copies one after another, after its delay in seconds of real time."""
    if form.flow.mode == "off":
        return
    for _ in range(form.flow.copies):
        run = FlowRun(form.flow.mode)
        response.runs.append(run)
        if form.flow.delay_seconds:
            await asyncio.sleep(form.flow.delay_seconds)
        body = flow_body(form, response)
        if form.flow.mode == "list":
            add_list_item(tenant, form, body, run)
        else:
            await post(form, body, run)


def add_list_item(tenant: Tenant, form: Form, body: Mapping[str, Any], run: FlowRun) -> None:
    """The flow's 'Create item': the same rules as a Graph POST. A refusal is kept on the run."""
    target = form.flow.list
    names = DEFAULT_COLUMNS | dict(target.get("columns") or {})
    values = {
        "form_id": body["formId"],
        "response_id": body["responseId"],
        "responder": body["responder"],
        "submitted": body["submitDate"],
        "answers": json.dumps(body, ensure_ascii=False),
    }
    fields = {name: values[part] for part, name in names.items() if part in values and name}
    try:
        one = tenant.sharepoint.site(str(target["site_id"])).list_named(str(target["list_id"]))
        item = tenant.sharepoint.add_item(one, fields, FLOW_OWNER)
    except GraphFault as fault:
        run.tries.append({"status": fault.status, "answer": {"code": fault.code, "message": fault.message}})
        run.state = "failed"
        return
    run.tries.append({"status": 201, "answer": {"list item": item.item_id}})
    run.state = "delivered"


async def post(form: Form, body: Mapping[str, Any], run: FlowRun) -> None:
    """The flow's HTTP action: up to four tries. Every answer is kept on the run."""
    target = form.flow.http
    headers = {str(target["key_header"]): str(target.get("key", ""))} if target.get("key_header") else {}
    async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
        for number in range(TRIES):
            status, answer, wait = await _try(client, str(target["url"]), headers, body)
            run.tries.append({"status": status, "answer": answer})
            if 200 <= status < 300:
                run.state = "delivered"
                return
            if 0 < status < 500 and status not in (408, 429):
                break
            if number + 1 < TRIES:
                pause = wait if wait is not None else form.flow.retry_seconds * 2**number
                await asyncio.sleep(min(pause, LONGEST_WAIT_SECONDS))
    run.state = "failed"


async def _try(
    client: httpx.AsyncClient, url: str, headers: Mapping[str, str], body: Mapping[str, Any]
) -> tuple[int, Any, float | None]:
    """(status, answer, seconds to wait if the answer says so); status 0 when no answer came."""
    try:
        reply = await client.post(url, json=dict(body), headers=dict(headers))
    except httpx.HTTPError as fault:
        return 0, f"no answer: {type(fault).__name__}", None
    after = reply.headers.get("Retry-After", "")
    try:
        answer: Any = reply.json()
    except ValueError:
        answer = reply.text[:KEPT_ANSWER_CHARACTERS]
    return reply.status_code, answer, float(after) if after.isdigit() else None
