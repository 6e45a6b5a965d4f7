"""The board of a plan and the page of a task, where a person works as in Planner.
Every change is a Graph call made as that person, so the same rules, stamps and refusals hold as over HTTP.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from m365_emulator.control.levers import caller_for
from m365_emulator.control.orders import ControlFault, tenant_of
from m365_emulator.directory.state import User
from m365_emulator.graph import make_call
from m365_emulator.odata import GraphFault, Json
from m365_emulator.pages.board_columns import GROUPS, NO_BUCKET, NOBODY, PROGRESS, buckets_of, columns_of
from m365_emulator.pages.board_view import board_summary, members_of, task_view
from m365_emulator.pages.frame import acting_person, not_here, show
from m365_emulator.pages.task_menu import MENU, NEVER, STEPS, MenuEntry
from m365_emulator.planner.state import PlanParts, TaskParts
from m365_emulator.recording import base_url, graph_of

SCOPES = frozenset({"Tasks.ReadWrite"})
ASSIGNMENT: Json = {"@odata.type": "#microsoft.graph.plannerAssignment", "orderHint": " !"}
CHECKLIST_TYPE = "#microsoft.graph.plannerChecklistItem"
MID_MORNING = "T10:00:00Z"


class ActionFault(ValueError):
    """A button was pressed without what it needs; the text is for the person."""


@dataclass(frozen=True, slots=True)
class Action:
    """What a button does: the body of a PATCH of the task (or its details), and what is said afterwards."""

    body: Callable[[FormData, User], Json]
    said: str
    on_details: bool = False


def _field(sent: FormData, name: str, missing: str) -> str:
    value = sent.get(name)
    if not isinstance(value, str) or not value:
        raise ActionFault(missing)
    return value


def _assign(sent: FormData, person: User) -> Json:
    return {"assignments": {_field(sent, "user", "Choose a person."): ASSIGNMENT}}


def _unassign(sent: FormData, person: User) -> Json:
    return {"assignments": {_field(sent, "user", "Choose a person."): None}}


def _due(sent: FormData, person: User) -> Json:
    text = str(sent.get("due", ""))
    if not text:
        return {"dueDateTime": None}
    try:
        return {"dueDateTime": date.fromisoformat(text).isoformat() + MID_MORNING}
    except ValueError:
        raise ActionFault("Enter the date as year-month-day, for example 2026-11-27.") from None


def _tick(sent: FormData, is_checked: bool) -> Json:
    key = _field(sent, "item", "Choose a checklist item.")
    return {"checklist": {key: {"@odata.type": CHECKLIST_TYPE, "isChecked": is_checked}}}


def _label(sent: FormData, is_set: bool) -> Json:
    return {"appliedCategories": {_field(sent, "label", "Choose a label."): is_set}}


def _place(sent: FormData, person: User) -> Json:
    """A card put into another column: what that means depends on how the board is grouped."""
    group, to, left = (str(sent.get(name, "")) for name in ("group", "to", "from"))
    if group == "progress" and to in dict(PROGRESS):
        return {"percentComplete": int(to)}
    if group == "bucket":
        return {"bucketId": None if to == NO_BUCKET else to}
    if group == "owner" and to and to != left:
        given: Json = {} if to == NOBODY else {to: ASSIGNMENT}
        return {"assignments": given | ({left: None} if left not in ("", NOBODY) else {})}
    raise ActionFault("Choose another column.")


ACTIONS: dict[str, Action] = {
    "assign": Action(_assign, "Assigned."),
    "unassign": Action(_unassign, "Unassigned."),
    "assign_me": Action(lambda sent, person: {"assignments": {person.id: ASSIGNMENT}}, "Assigned to you."),
    "unassign_me": Action(lambda sent, person: {"assignments": {person.id: None}}, "You are unassigned."),
    "start": Action(lambda sent, person: {"percentComplete": 50}, "Started."),
    "complete": Action(lambda sent, person: {"percentComplete": 100}, "Completed."),
    "reopen": Action(lambda sent, person: {"percentComplete": 0}, "Opened again."),
    "move": Action(lambda sent, person: {"bucketId": _field(sent, "bucket", "Choose a bucket.")}, "Moved."),
    "place": Action(_place, "Moved."),
    "due": Action(_due, "Due date set."),
    "label": Action(lambda sent, person: _label(sent, True), "Label set."),
    "unlabel": Action(lambda sent, person: _label(sent, False), "Label taken off."),
    "tick": Action(lambda sent, person: _tick(sent, True), "Ticked.", on_details=True),
    "untick": Action(lambda sent, person: _tick(sent, False), "Unticked.", on_details=True),
}
DELETED = "deleted"


async def boards(request: Request) -> Response:
    """GET /boards: every plan with its counts, those with something late first"""
    tenant = tenant_of(request)
    rows = [board_summary(tenant, parts) for parts in tenant.planner.plans.values()]
    rows.sort(key=lambda row: (-row["late"], -row["open"], str(row["title"]).casefold()))
    return show(request, "boards.html", {"boards": rows})


async def board(request: Request) -> Response:
    """GET /boards/{plan_id}?group=bucket|owner|progress: a board with its columns and cards"""
    plan = _plan(request)
    return _board_page(request, plan) if plan else not_here(request, "There is no such plan.")


async def task(request: Request) -> Response:
    """GET /boards/{plan_id}/tasks/{task_id}: everything about a task, and all that can be done with it"""
    plan, parts = _plan(request), _task(request)
    if plan is None or parts is None:
        return not_here(request, "There is no such task. It may have been deleted.")
    return _task_page(request, plan, parts)


async def act(request: Request) -> Response:
    """POST /boards/{plan_id}/tasks/{task_id}: one button, as the acting person"""
    plan, parts, person = _plan(request), _task(request), acting_person(request)
    if plan is None or parts is None:
        return not_here(request, "There is no such task. It may have been deleted.")
    async with request.form() as sent:
        return _answer(request, plan, parts, person, sent)


def _answer(request: Request, plan: PlanParts, parts: TaskParts, person: User | None, sent: FormData) -> Response:
    name, on_board = str(sent.get("action", "")), sent.get("back") == "board"
    try:
        if person is None:
            raise ActionFault("Choose whom you act as first.")
        if name == "delete":
            return _delete(request, plan, parts, person, sent)
        _change(request, parts, person, name, sent)
    except ActionFault as fault:
        group = str(sent.get("group", ""))
        page = _board_page(request, plan, str(fault), 400, group=group) if on_board else None
        return page or _task_page(request, plan, parts, str(fault), 400)
    path = f"/boards/{plan.plan.id}" + ("" if on_board else f"/tasks/{parts.task.id}") + f"?said={name}"
    if not on_board:
        return RedirectResponse(path, 303)
    return RedirectResponse(f"{path}&group={_group(str(sent.get('group', '')))}#task-{parts.task.id}", 303)


def _change(request: Request, parts: TaskParts, person: User, name: str, sent: FormData) -> None:
    if name in MENU:
        return _choose(request, parts, person, MENU[name], sent)
    action = ACTIONS.get(name)
    if action is None:
        raise ActionFault("That is no action.")
    record = parts.details if action.on_details else parts.task
    path = f"/planner/tasks/{parts.task.id}" + ("/details" if action.on_details else "")
    return _call(request, person, "PATCH", path, action.body(sent, person), record.versions.etag)


def _choose(request: Request, parts: TaskParts, person: User, entry: MenuEntry, sent: FormData) -> None:
    tenant = tenant_of(request)
    call = make_call(tenant, "POST", "/", {}, b"", base_url(request), caller_for(tenant, person, SCOPES))
    try:
        entry.act(call, parts, sent)
    except GraphFault as fault:
        raise _refused(person, fault.message, fault.status) from fault
    except ControlFault as fault:
        raise ActionFault(str(fault)) from fault


def _delete(request: Request, plan: PlanParts, parts: TaskParts, person: User, sent: FormData) -> Response:
    if sent.get("sure") != "yes":
        raise ActionFault("Tick 'I want to delete it' first.")
    _call(request, person, "DELETE", f"/planner/tasks/{parts.task.id}", None, parts.task.versions.etag)
    return RedirectResponse(f"/boards/{plan.plan.id}?said={DELETED}", 303)


def _call(request: Request, person: User, method: str, path: str, body: Json | None, etag: str) -> None:
    caller = caller_for(tenant_of(request), person, SCOPES)
    reply = graph_of(request).as_person(
        caller, method, path, body, headers={"If-Match": etag}, base_url=base_url(request)
    )
    if reply.status >= 400:
        error = reply.body.get("error", {}) if isinstance(reply.body, dict) else {}
        raise _refused(person, error.get("message") or "Planner gave no reason.", reply.status)


def _refused(person: User, message: str, status: int) -> ActionFault:
    return ActionFault(f"Planner refused it for {person.display_name}: {message} (status {status})")


def _plan(request: Request) -> PlanParts | None:
    return tenant_of(request).planner.plans.get(request.path_params["plan_id"])


def _task(request: Request) -> TaskParts | None:
    parts = tenant_of(request).planner.tasks.get(request.path_params["task_id"])
    own = parts is not None and parts.task.values["planId"] == request.path_params["plan_id"]
    return parts if own else None


def _said(request: Request) -> str:
    name = request.query_params.get("said", "")
    told = {DELETED: "The task was deleted."}
    told |= {action: one.said for action, one in ACTIONS.items()} | {entry: one.said for entry, one in MENU.items()}
    return told.get(name, "")


def _group(asked: str) -> str:
    return asked if asked in GROUPS else "bucket"


def _people(request: Request, plan: PlanParts) -> dict[str, Any]:
    tenant, person = tenant_of(request), acting_person(request)
    people = members_of(tenant, plan)
    if person is not None and person not in people:
        people = [*people, person]
    return {
        "people": people,
        "person": person,
        "board": board_summary(tenant, plan),
        "said": _said(request),
    }


def _board_page(
    request: Request, plan: PlanParts, trouble: str = "", status: int = 200, *, group: str = ""
) -> Response:
    values = _people(request, plan)
    group = _group(group or request.query_params.get("group", ""))
    columns = columns_of(tenant_of(request), plan, values["person"], group)
    more = {"trouble": trouble, "group": group, "groups": tuple(GROUPS), "columns": columns}
    return show(request, "board.html", values | more, status)


def _task_page(request: Request, plan: PlanParts, parts: TaskParts, trouble: str = "", status: int = 200) -> Response:
    tenant, values = tenant_of(request), _people(request, plan)
    view = task_view(tenant, plan, parts, values["person"])
    steps = {NEVER: "Does not repeat"} | {kind: f"Every {step}" for kind, step in STEPS.items()}
    more = {"trouble": trouble, "task": view, "buckets": buckets_of(tenant, plan), "steps": steps}
    return show(request, "task.html", values | more, status)


BOARD_ROUTES = (
    Route("/boards", boards),
    Route("/boards/{plan_id}", board),
    Route("/boards/{plan_id}/tasks/{task_id}", task, methods=["GET"]),
    Route("/boards/{plan_id}/tasks/{task_id}", act, methods=["POST"]),
)
