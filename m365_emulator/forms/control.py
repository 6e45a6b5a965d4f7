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

from m365_emulator.clock import parse_timestamp, timestamp
from m365_emulator.control.levers import ControlFault, body_of, number, tenant_of, wanted
from m365_emulator.forms.flow import deliver, start
from m365_emulator.forms.formats import flow_body, workbook_row
from m365_emulator.forms.model import (
    ANONYMOUS,
    DeliveryOrder,
    Form,
    FormFault,
    UploadedFile,
    flow_from_json,
    form_from_json,
)
from m365_emulator.forms.model import Response as FormResponse
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
    """GET forms: all; POST forms {form_id, slug, title, mail_nickname, questions, anonymous?, workbook?, flow?}:
    register one, or change the one of the same form_id
    """
    tenant = tenant_of(request)
    if request.method == "GET":
        return JSONResponse([form_json(kept) for kept in tenant.forms.forms.values()])
    body = await body_of(request)
    try:
        form = form_from_json(body)
        form_drive(tenant, form)
        kept = tenant.forms.register(form)
        write_workbook(tenant, kept)
    except FormFault as fault:
        return _refused(fault)
    return JSONResponse(form_json(kept), 201)


async def flow(request: Request) -> Response:
    """POST forms/{slug}/flow {mode, list?, http?, copies?, delay_seconds?, retry_seconds?}: the flow from now on"""
    kept = _kept(request)
    try:
        tenant_of(request).forms.change_flow(kept, flow_from_json(await body_of(request)))
    except FormFault as fault:
        return _refused(fault)
    return JSONResponse(form_json(kept))


async def workbook(request: Request) -> Response:
    """POST forms/{slug}/workbook {paused}: hold new rows back; false writes what was held"""
    kept, body = _kept(request), await body_of(request)
    kept.workbook_paused = bool(wanted(body, "paused"))
    if not kept.workbook_paused:
        write_workbook(tenant_of(request), kept)
    return JSONResponse({"paused": kept.workbook_paused, "unwritten": len(kept.unwritten)})


async def responses(request: Request) -> Response:
    """GET forms/{slug}/responses: all.
    POST forms/{slug}/responses {responder?, answers, submitted_at?, wait?}: one more
    """
    kept, tenant = _kept(request), tenant_of(request)
    if request.method == "GET":
        return JSONResponse([response_json(kept.form, response) for response in kept.responses])
    body = await body_of(request)
    answers = body.get("answers", {})
    if not isinstance(answers, dict):
        raise ControlFault("'answers' has to be an object")
    responder = str(body.get("responder", ANONYMOUS) if kept.form.anonymous else wanted(body, "responder"))
    at = _moment(body["submitted_at"]) if "submitted_at" in body else None
    try:
        given = {name: _with_files(tenant, kept.form, name, a, responder) for name, a in answers.items()}
        response = submit(tenant, kept, responder, given, at)
    except FormFault as fault:
        return _refused(fault)
    task = start(tenant, kept.form, response)
    if body.get("wait", kept.form.flow.delay_seconds == 0):
        await asyncio.shield(task)
    return JSONResponse(response_json(kept.form, response), 201)


async def deliveries(request: Request) -> Response:
    """POST forms/{slug}/deliveries {next?, drop?, copies?, delay_seconds?}: the next responses' deliveries are dropped,
    come more than once, or come late
    """
    kept, body = _kept(request), await body_of(request)
    copies = int(number(body, "copies", 1)) if "copies" in body else None
    late = number(body, "delay_seconds", 0) if "delay_seconds" in body else None
    if (copies is not None and copies < 1) or (late is not None and late < 0):
        raise ControlFault("copies is at least 1, delay_seconds at least 0")
    order = DeliveryOrder(bool(body.get("drop")), copies, late)
    kept.orders.extend([order] * int(number(body, "next", 1)))
    return JSONResponse({"on_order": len(kept.orders)})


async def resubmit(request: Request) -> Response:
    """POST forms/{slug}/responses/{id}/resubmit: run the flow for this response once more"""
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


def _refused(fault: FormFault) -> Response:
    return JSONResponse({"error": str(fault), "problems": fault.problems}, 400)


def _moment(text: Any) -> datetime:
    try:
        return parse_timestamp(str(text))
    except ValueError as fault:
        raise ControlFault(f"submitted_at: {text!r} is no time with a zone") from fault


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
    Route("/_emulator/forms", forms, methods=["GET", "POST"]),
    Route("/_emulator/forms/{slug}/flow", flow, methods=["POST"]),
    Route("/_emulator/forms/{slug}/workbook", workbook, methods=["POST"]),
    Route("/_emulator/forms/{slug}/responses", responses, methods=["GET", "POST"]),
    Route("/_emulator/forms/{slug}/deliveries", deliveries, methods=["POST"]),
    Route("/_emulator/forms/{slug}/responses/{response_id:int}/resubmit", resubmit, methods=["POST"]),
)
