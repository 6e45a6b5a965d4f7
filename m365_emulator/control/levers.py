"""/_emulator: the levers of the tenant for tests and demos. Never reachable as a Graph path.

Other modules add levers of their own: handlers take a Starlette request, `tenant_of` gives the tenant.
"""

import re
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from m365_emulator.clock import Clock, parse_timestamp, timestamp
from m365_emulator.control.faults import Aim, Delay, Failure, LostAnswer, Throttle
from m365_emulator.directory.state import Group, User
from m365_emulator.odata import Json
from m365_emulator.sign_in.tokens import PERSON_APP_ID, Caller
from m365_emulator.tenant import Tenant

RETRY_AFTER_FORMS = ("whole", "fractional", "date", "none")

ControlHandler = Callable[[Request], Awaitable[Response]]


class ControlFault(Exception):
    """A control call that makes no sense; answered as 400 with this text."""


def tenant_of(request: Request) -> Tenant:
    """The tenant that this program serves."""
    tenant = request.app.state.tenant
    if not isinstance(tenant, Tenant):
        raise TypeError("the application was built without a tenant")
    return tenant


async def body_of(request: Request) -> Json:
    """The JSON object sent, {} for no body; ControlFault for anything else."""
    raw = await request.body()
    if not raw.strip():
        return {}
    try:
        body: Any = await request.json()
    except ValueError as fault:
        raise ControlFault("the body is not JSON") from fault
    if not isinstance(body, dict):
        raise ControlFault("the body has to be a JSON object")
    return body


def wanted(body: Json, name: str) -> Any:
    """A field that has to be there; ControlFault names the one missing."""
    if name not in body:
        raise ControlFault(f"{name!r} is missing")
    return body[name]


def number(body: Json, name: str, default: float) -> float:
    """A field that has to be a number if it is there; ControlFault names it."""
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ControlFault(f"{name!r} has to be a number")
    return value


def person_of(tenant: Tenant, id_or_upn: str) -> User:
    """The account, or ControlFault."""
    user = tenant.directory.user(id_or_upn)
    if user is None:
        raise ControlFault(f"no user {id_or_upn!r}")
    return user


def group_of(tenant: Tenant, id_or_nickname: str) -> Group:
    """The group, or ControlFault."""
    group = tenant.directory.group(id_or_nickname)
    if group is None:
        raise ControlFault(f"no group {id_or_nickname!r}")
    return group


async def health(request: Request) -> Response:
    """GET health: is it up, and what time is it in the tenant."""
    tenant = tenant_of(request)
    return JSONResponse({"status": "ok", "now": timestamp(tenant.clock.now()), "tenant_id": tenant.tenant_id})


async def reset(request: Request) -> Response:
    """POST reset: back to an empty tenant."""
    tenant_of(request).reset()
    return Response(status_code=204)


async def seed(request: Request) -> Response:
    """POST seed {people, groups}: make or bring up to date; the same seed twice changes nothing."""
    tenant, body = tenant_of(request), await body_of(request)
    now = tenant.clock.now()
    users = {}
    for person in body.get("people", []):
        user = tenant.directory.add_user(
            wanted(person, "upn"),
            person.get("display_name", person["upn"]),
            now,
            user_id=person.get("id"),
            enabled=person.get("enabled", True),
        )
        user.job_title = person.get("job_title", user.job_title)
        user.department = person.get("department", user.department)
        user.user_type = person.get("user_type", user.user_type)
        users[user.upn] = user.id
    groups = {}
    for entry in body.get("groups", []):
        name = wanted(entry, "mail_nickname")
        group = tenant.directory.add_group(name, entry.get("display_name", name), now, group_id=entry.get("id"))
        _join(group.member_ids, [person_of(tenant, m).id for m in entry.get("members", [])])
        _join(group.owner_ids, [person_of(tenant, m).id for m in entry.get("owners", [])])
        if entry.get("team") and group.id not in tenant.teams.teams:
            tenant.teams.add_team(group.id, now)
        groups[group.mail_nickname] = group.id
    return JSONResponse({"users": users, "groups": groups})


async def members(request: Request) -> Response:
    """POST members {group, upns | remove}: add people to a group, or take them out of it."""
    tenant, body = tenant_of(request), await body_of(request)
    group = group_of(tenant, wanted(body, "group"))
    leaving = [person_of(tenant, upn).id for upn in body.get("remove", [])]
    joining = body.get("upns", []) if leaving else wanted(body, "upns")
    _join(group.member_ids, [person_of(tenant, upn).id for upn in joining])
    group.member_ids = [member for member in group.member_ids if member not in leaving]
    return JSONResponse({"group": group.id, "members": group.member_ids})


async def clock(request: Request) -> Response:
    """POST clock {now | advance_seconds | frozen}: move, stop or start tenant time."""
    tenant, body = tenant_of(request), await body_of(request)
    hands: Clock = tenant.clock
    if body.get("frozen") is True:
        hands.freeze()
    if body.get("frozen") is False:
        hands.resume()
    if "now" in body:
        hands.set(_moment(body["now"]))
    if "advance_seconds" in body:
        hands.advance(number(body, "advance_seconds", 0))
    return JSONResponse({"now": timestamp(hands.now()), "frozen": hands.frozen_at is not None})


async def switches(request: Request) -> Response:
    """GET or POST switches {name: value}: read or set behaviours; all or none are set."""
    tenant = tenant_of(request)
    if request.method == "POST":
        body = await body_of(request)
        before = tenant.switches.values()
        try:
            for name, value in body.items():
                tenant.switches.set(name, value)
        except ValueError as fault:
            for name, value in before.items():
                tenant.switches.set(name, value)
            raise ControlFault(str(fault)) from fault
    return JSONResponse(tenant.switches.values())


async def consent(request: Request) -> Response:
    """POST consent {app?, grant, revoke}: change what an app's next tokens carry."""
    tenant, body = tenant_of(request), await body_of(request)
    app_id = body.get("app", tenant.options.app_id)
    held = tenant.consent.change(app_id, body.get("grant", []), body.get("revoke", []))
    return JSONResponse({"app": app_id, "permissions": sorted(held)})


async def tokens(request: Request) -> Response:
    """POST tokens {user, scopes, app?, expires_in?}: a delegated token; or {roles} for an app's own."""
    tenant, body = tenant_of(request), await body_of(request)
    seconds = int(number(body, "expires_in", 3600))
    if "user" in body:
        user = person_of(tenant, body["user"])
        scopes = list(wanted(body, "scopes"))
        token = tenant.tokens.person_token(body.get("app", PERSON_APP_ID), user.id, scopes, seconds)
        return JSONResponse({"access_token": token, "token_type": "Bearer", "expires_in": seconds, "user": user.id})
    app_id = body.get("app", tenant.options.app_id)
    roles = list(body["roles"]) if "roles" in body else tenant.consent.of(app_id)
    token = tenant.tokens.app_token(app_id, tenant.options.app_object_id, roles, seconds)
    return JSONResponse({"access_token": token, "token_type": "Bearer", "expires_in": seconds})


async def throttle(request: Request) -> Response:
    """POST faults/throttle {workload | path, times | seconds, retry_after, value}: answer 429."""
    body = await body_of(request)
    form = body.get("retry_after", "whole")
    if form not in RETRY_AFTER_FORMS:
        raise ControlFault(f"retry_after is one of {', '.join(RETRY_AFTER_FORMS)}")
    tenant_of(request).faults.throttles.append(Throttle(_aim(body), form, number(body, "value", 1)))
    return Response(status_code=204)


async def fail_next(request: Request) -> Response:
    """POST faults/fail_next {method?, path?, status, code, message, times}: refuse with nothing done."""
    body = await body_of(request)
    failure = Failure(
        _aim(body),
        int(number(body, "status", 500)),
        body.get("code", "generalException"),
        body.get("message", "An error on order."),
    )
    tenant_of(request).faults.failures.append(failure)
    return Response(status_code=204)


async def lose_next_answer(request: Request) -> Response:
    """POST faults/lose_next_answer {method?, path?, times, as}: do the work, lose the answer."""
    body = await body_of(request)
    lost_as = str(body.get("as", "disconnect"))
    if lost_as not in ("disconnect", "504"):
        raise ControlFault("as is 'disconnect' or '504'")
    tenant_of(request).faults.lost_answers.append(LostAnswer(_aim(body), lost_as))
    return Response(status_code=204)


async def delay(request: Request) -> Response:
    """POST faults/delay {method?, path?, seconds, times}: hold calls for so long (real time)."""
    body = await body_of(request)
    seconds = number(body, "seconds", 1)
    body.pop("seconds", None)
    tenant_of(request).faults.delays.append(Delay(_aim(body), seconds))
    return Response(status_code=204)


async def clear_faults(request: Request) -> Response:
    """DELETE faults: none are on order any more, neither single ones nor a plan, and there is no latency."""
    tenant_of(request).faults.clear()
    tenant_of(request).fault_plan.clear()
    return Response(status_code=204)


async def state(request: Request) -> Response:
    """GET state: how much of everything there is, and how many requests and calls of Graph there were."""
    tenant = tenant_of(request)
    channels = [c for team in tenant.teams.teams.values() for c in team.channels.values()]
    counts = {
        "users": len(tenant.directory.users),
        "groups": len(tenant.directory.groups),
        "teams": len(tenant.teams.teams),
        "channels": len(channels),
        "messages": sum(len(c.messages) for c in channels),
        "exchanges": len(tenant.traffic.exchanges),
        "requests": tenant.traffic.passed,
        "calls": tenant.traffic.calls,
    }
    return JSONResponse(tenant.planner.counts() | counts)


async def traffic(request: Request) -> Response:
    """GET traffic.har: every exchange so far."""
    return Response(tenant_of(request).traffic.har_text(), media_type="application/json")


def _join(ids: list[str], more: list[str]) -> None:
    ids.extend(new for new in more if new not in ids)


def _moment(text: str) -> datetime:
    try:
        return parse_timestamp(text)
    except (TypeError, ValueError) as fault:
        raise ControlFault(f"{text!r} is no time with a zone") from fault


def _aim(body: Json) -> Aim:
    until = time.monotonic() + number(body, "seconds", 0) if "seconds" in body else None
    times = int(number(body, "times", 1)) if "times" in body else (None if until is not None else 1)
    try:
        path = re.compile(body["path"], re.IGNORECASE) if body.get("path") else None
    except re.error as fault:
        raise ControlFault(f"path is no regular expression: {fault}") from fault
    return Aim(body.get("method"), path, body.get("workload"), times, until)


def caller_for(tenant: Tenant, user: User, scopes: frozenset[str]) -> Caller:
    """A person's caller for calls made inside the program."""
    return tenant.person(user.id, scopes, PERSON_APP_ID)


_LEVERS: tuple[tuple[str, str, ControlHandler], ...] = (
    ("GET", "health", health),
    ("POST", "reset", reset),
    ("POST", "seed", seed),
    ("POST", "members", members),
    ("POST", "clock", clock),
    ("GET", "switches", switches),
    ("POST", "switches", switches),
    ("POST", "consent", consent),
    ("POST", "tokens", tokens),
    ("POST", "faults/throttle", throttle),
    ("POST", "faults/fail_next", fail_next),
    ("POST", "faults/lose_next_answer", lose_next_answer),
    ("POST", "faults/delay", delay),
    ("DELETE", "faults", clear_faults),
    ("GET", "state", state),
    ("GET", "traffic.har", traffic),
)

CONTROL_ROUTES = tuple(Route(f"/_emulator/{path}", handler, methods=[verb]) for verb, path, handler in _LEVERS)
