"""The page of a form, and the page after submitting: what was sent, where to turn, what the flow was answered."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from m365_emulator.control.orders import tenant_of
from m365_emulator.forms.flow import start
from m365_emulator.forms.model import ANONYMOUS, RATING_TOP, FlowRun, Form, FormFault, Question
from m365_emulator.forms.state import KeptForm
from m365_emulator.forms.submit import keep_upload, submit
from m365_emulator.odata import Json
from m365_emulator.pages.frame import COOKIE, acting_person, not_here, show
from m365_emulator.tenant import Tenant

GROUPED = ("multi_choice", "rating")
RADIOS_UP_TO = 14
WAIT_FOR_FLOW_SECONDS = 8.0
LARGEST_UPLOAD = 10 * 1024 * 1024


async def form_page(request: Request) -> Response:
    """GET /forms/{slug}: the form, to fill in as the chosen person"""
    kept = _kept(request)
    if kept is None:
        return not_here(request, "There is no such form.")
    person = acting_person(request)
    return _page(request, kept.form, {}, person.upn if person else "", {})


async def submit_page(request: Request) -> Response:
    """POST /forms/{slug}: submit as the chosen person, then look at what became of it"""
    kept, tenant = _kept(request), tenant_of(request)
    if kept is None:
        return not_here(request, "There is no such form.")
    async with request.form() as sent:
        responder = ANONYMOUS if kept.form.anonymous else str(sent.get("responder", ""))
        given: dict[str, Any] = {q.key: _given(q, sent) for q in kept.form.questions}
        try:
            given |= await _uploads(tenant, kept.form, sent, responder)
            response = submit(tenant, kept, responder, given)
        except FormFault as fault:
            return _page(request, kept.form, given, responder, fault.problems)
    await asyncio.wait([start(tenant, kept.form, response)], timeout=WAIT_FOR_FLOW_SECONDS)
    answer = RedirectResponse(f"/forms/{kept.form.slug}/responses/{response.response_id}", 303)
    person = tenant.directory.user(responder)
    if person:
        answer.set_cookie(COOKIE, person.id, httponly=True, samesite="lax")
    return answer


async def done_page(request: Request) -> Response:
    """GET /forms/{slug}/responses/{id}: what was sent, and what the flow was answered"""
    kept = _kept(request)
    response = kept.response(request.path_params["response_id"]) if kept else None
    if kept is None or response is None:
        return not_here(request, "There is no such response.")
    stopped = kept.form.question(response.stopped_by) if response.stopped_by else None
    values = {
        "form": kept.form,
        "mode": kept.form.flow.mode,
        "response": response,
        "guidance": stopped.stop_message if stopped else None,
        "runs": [{"words": _run_words(run), "facts": _facts(run)} for run in response.runs],
    }
    return show(request, "form_done.html", values)


def _kept(request: Request) -> KeptForm | None:
    return tenant_of(request).forms.forms.get(request.path_params["slug"])


def _given(question: Question, sent: FormData) -> Any:
    texts = [value for value in sent.getlist(question.key) if isinstance(value, str)]
    if question.type == "multi_choice":
        return texts
    return texts[0] if texts else None


async def _uploads(tenant: Tenant, form: Form, sent: FormData, responder: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for question in (q for q in form.questions if q.type == "file"):
        files = [f for f in sent.getlist(question.key) if isinstance(f, UploadFile) and f.filename]
        if any((f.size or 0) > LARGEST_UPLOAD for f in files):
            raise FormFault({question.key: "Choose files of at most 10 MB."})
        found[question.key] = [
            keep_upload(tenant, form, question.title, str(f.filename), await f.read(), responder) for f in files
        ]
    return found


def _page(request: Request, form: Form, given: dict[str, Any], responder: str, problems: dict[str, str]) -> Response:
    people = [user for user in tenant_of(request).directory.users.values() if user.enabled]
    questions = [_question(q, given.get(q.key), problems.get(q.key)) for q in form.questions]
    listed = [{"title": q["title"], "text": q["problem"], "href": f"#{q['target']}"} for q in questions if q["problem"]]
    known = {q.key for q in form.questions}
    listed += [{"title": name, "text": text, "href": ""} for name, text in problems.items() if name not in known]
    values = {
        "form": form,
        "questions": questions,
        "people": sorted(people, key=lambda user: user.display_name.casefold()),
        "responder": responder,
        "problems": listed,
    }
    return show(request, "form.html", values, 400 if problems else 200)


def _question(question: Question, given: Any, problem: str | None) -> Json:
    choices = question.choices
    if question.type == "rating":
        choices = tuple(str(n) for n in range(1, RATING_TOP + 1))
    grouped = question.type in GROUPED or (question.type == "choice" and len(choices) <= RADIOS_UP_TO)
    described = [f"{question.key}-hint"] if question.subtitle else []
    described += [f"{question.key}-wrong"] if problem else []
    texts = given if isinstance(given, list) else [given or ""]
    return {
        "key": question.key,
        "target": f"{question.key}-1" if grouped else question.key,
        "title": question.title,
        "subtitle": question.subtitle,
        "type": question.type,
        "required": question.required,
        "choices": choices,
        "grouped": grouped,
        "given": texts,
        "problem": problem,
        "described": " ".join(described),
        "show_if": question.show_if,
        "stop_value": question.stop_value,
        "stop_message": question.stop_message,
    }


def _run_words(run: FlowRun) -> str:
    status = run.tries[-1]["status"] if run.tries else None
    where = "the intake list" if run.mode == "list" else "the service"
    words = {
        "delivered": f"Handed to {where}",
        "failed": f"Could not be handed to {where}",
        "waiting": f"On its way to {where}",
        "dropped": f"Never handed to {where}: it was lost on order",
    }
    tries = f" after {len(run.tries)} tries" if len(run.tries) > 1 else ""
    return f"{words[run.state]}{tries}" + (f" (status {status})." if status else ".")


def _facts(run: FlowRun) -> list[tuple[str, str]]:
    answer = run.tries[-1]["answer"] if run.tries else None
    if isinstance(answer, dict):
        shown = {name: value for name, value in answer.items() if isinstance(value, (str, int, float))}
        return [(name.replace("_", " ").capitalize(), str(value)) for name, value in shown.items()]
    return [("Answer", str(answer))] if answer else []


FORM_ROUTES = (
    Route("/forms/{slug}", form_page, methods=["GET"]),
    Route("/forms/{slug}", submit_page, methods=["POST"]),
    Route("/forms/{slug}/responses/{response_id:int}", done_page),
)
