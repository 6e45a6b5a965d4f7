"""Control of forms: register one, change its flow, submit to it, hold its workbook back, run a flow again.
Forms has no API in Graph, so all of this lies under /_emulator; people use the page of pages_forms.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from m365_emulator.clock import timestamp
from m365_emulator.control.orders import ControlFault, takes, tenant_of
from m365_emulator.forms.flow import deliver, start
from m365_emulator.forms.formats import flow_body, workbook_row
from m365_emulator.forms.model import ANONYMOUS, Form, FormFault, UploadedFile
from m365_emulator.forms.model import Response as FormResponse
from m365_emulator.forms.orders import DeliveriesOrder, FlowOrder, FormOrder, PauseOrder, ResponseOrder
from m365_emulator.forms.state import KeptForm
from m365_emulator.forms.submit import form_drive, keep_upload, submit, write_workbook
from m365_emulator.odata import Json
from m365_emulator.tenant import Tenant


def response_json(form: Form, response: FormResponse) -> Json:
    """A response in both encodings, with the runs of its flow."""
    row = [v.isoformat() if isinstance(v, datetime) else v for v in workbook_row(form, response)]
    return {
        "response_id": response.response_id,
        "responder": response.responder,
        "submitted_at": timestamp(response.submitted_at),
        "stopped_by": response.stopped_by,
        "body": flow_body(form, response),
        "row": row,
        "flow": [run.as_json() for run in response.runs],
    }


def form_json(kept: KeptForm) -> Json:
    """A form as the control area shows it."""
    form = kept.form
    return {
        "form_id": form.form_id,
        "slug": form.slug,
        "title": form.title,
        "mail_nickname": form.mail_nickname,
        "path": f"/forms/{form.slug}",
        "anonymous": form.anonymous,
        "workbook": {"path": form.workbook_path, "paused": kept.workbook_paused},
        "questions": [{"key": q.key, "title": q.title, "type": q.type} for q in form.questions],
        "flow": {"mode": form.flow.mode, "copies": form.flow.copies, "delay_seconds": form.flow.delay_seconds},
        "responses": len(kept.responses),
    }


async def forms(request: Request) -> Response:
    """GET forms: all."""
    return JSONResponse([form_json(kept) for kept in tenant_of(request).forms.forms.values()])


@takes(FormOrder)
async def register_form(request: Request, order: FormOrder) -> Response:
    """POST forms: register one, or change the one of the same form_id."""
    tenant, form = tenant_of(request), order.form()
    try:
        form_drive(tenant, form)
        kept = tenant.forms.register(form)
        write_workbook(tenant, kept)
    except FormFault as fault:
        raise _refused(fault) from fault
    return JSONResponse(form_json(kept), 201)


@takes(FlowOrder)
async def flow(request: Request, order: FlowOrder) -> Response:
    """POST forms/{slug}/flow: the flow from now on."""
    kept = _kept(request)
    tenant_of(request).forms.change_flow(kept, order.flow())
    return JSONResponse(form_json(kept))


@takes(PauseOrder)
async def workbook(request: Request, order: PauseOrder) -> Response:
    """POST forms/{slug}/workbook: hold new rows back; false writes what was held."""
    kept = _kept(request)
    kept.workbook_paused = order.paused
    if not kept.workbook_paused:
        write_workbook(tenant_of(request), kept)
    return JSONResponse({"paused": kept.workbook_paused, "unwritten": len(kept.unwritten)})


async def responses(request: Request) -> Response:
    """GET forms/{slug}/responses: all."""
    kept = _kept(request)
    return JSONResponse([response_json(kept.form, response) for response in kept.responses])


@takes(ResponseOrder)
async def respond(request: Request, order: ResponseOrder) -> Response:
    """POST forms/{slug}/responses: one more."""
    kept, tenant = _kept(request), tenant_of(request)
    responder = order.responder or (ANONYMOUS if kept.form.anonymous else "")
    if not responder:
        raise ControlFault("'responder' is missing")
    try:
        given = {name: _with_files(tenant, kept.form, name, a, responder) for name, a in order.answers.items()}
        response = submit(tenant, kept, responder, given, order.submitted_at)
    except FormFault as fault:
        raise _refused(fault) from fault
    task = start(tenant, kept.form, response)
    if kept.form.flow.delay_seconds == 0 if order.wait is None else order.wait:
        await asyncio.shield(task)
    return JSONResponse(response_json(kept.form, response), 201)


@takes(DeliveriesOrder)
async def deliveries(request: Request, order: DeliveriesOrder) -> Response:
    """POST forms/{slug}/deliveries: the next responses' deliveries are dropped, come more than once, or come late."""
    kept = _kept(request)
    kept.orders.extend([order.delivery()] * order.next)
    return JSONResponse({"on_order": len(kept.orders)})


async def resubmit(request: Request) -> Response:
    """POST forms/{slug}/responses/{id}/resubmit: run the flow for this response once more."""
    kept, tenant = _kept(request), tenant_of(request)
    response = kept.response(request.path_params["response_id"])
    if response is None:
        raise ControlFault(f"no response {request.path_params['response_id']}")
    await deliver(tenant, kept.form, response)
    return JSONResponse(response_json(kept.form, response))


def _kept(request: Request) -> KeptForm:
    slug = request.path_params["slug"]
    kept = tenant_of(request).forms.forms.get(slug)
    if kept is None:
        raise ControlFault(f"no form {slug!r}")
    return kept


def _refused(fault: FormFault) -> ControlFault:
    return ControlFault(str(fault), fault.problems)


def _with_files(tenant: Tenant, form: Form, name: str, answer: Any, who: str) -> Any:
    question = form.question(name)
    if question is None or question.type != "file" or not isinstance(answer, list):
        return answer
    kept: list[UploadedFile] = []
    for file in answer:
        if not isinstance(file, dict) or not isinstance(file.get("name"), str):
            raise FormFault({name: "a file is an object with name, and text or content_base64"})
        try:
            content = base64.b64decode(file.get("content_base64", ""), validate=True)
        except (binascii.Error, TypeError, ValueError) as fault:
            raise FormFault({name: "content_base64 is not base64"}) from fault
        content = content or str(file.get("text", "")).encode()
        kept.append(keep_upload(tenant, form, question.title, file["name"], content, who))
    return kept


FORM_CONTROL_ROUTES = (
    Route("/_emulator/forms", forms, methods=["GET"]),
    Route("/_emulator/forms", register_form, methods=["POST"]),
    Route("/_emulator/forms/{slug}/flow", flow, methods=["POST"]),
    Route("/_emulator/forms/{slug}/workbook", workbook, methods=["POST"]),
    Route("/_emulator/forms/{slug}/responses", responses, methods=["GET"]),
    Route("/_emulator/forms/{slug}/responses", respond, methods=["POST"]),
    Route("/_emulator/forms/{slug}/deliveries", deliveries, methods=["POST"]),
    Route("/_emulator/forms/{slug}/responses/{response_id:int}/resubmit", resubmit, methods=["POST"]),
)
