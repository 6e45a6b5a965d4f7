"""/_emulator: the levers of the tenant for tests and demos. Never reachable as a Graph path.

Other modules add levers of their own: `takes` gives a handler its order, `tenant_of` the tenant.
"""

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from m365_emulator.clock import FIRST_MOMENT, LAST_MOMENT, Clock, timestamp
from m365_emulator.control.orders import (
    LONGEST,
    AppId,
    ControlFault,
    ControlHandler,
    GroupName,
    Moment,
    Order,
    Person,
    Texts,
    takes,
    tenant_of,
)
from m365_emulator.control.seed_orders import PeopleSeed
from m365_emulator.control.switch_order import SwitchesOrder
from m365_emulator.directory.state import Group, User
from m365_emulator.sign_in.tokens import PERSON_APP_ID, Caller
from m365_emulator.tenant import Tenant


class MembersOrder(Order):
    """Who joins and who leaves a group."""

    group: GroupName
    upns: Texts | None = Field(None, description="who joins: sign-in names or ids")
    remove: Texts = Field([], description="who leaves: sign-in names or ids")


class ClockOrder(Order):
    """What the clock is to do; all of it at once."""

    frozen: bool | None = Field(None, description="true stops the clock, false lets it run on")
    now: Moment | None = Field(None, description="the moment, with its zone")
    advance_seconds: float | None = Field(
        None, ge=-LONGEST, le=LONGEST, allow_inf_nan=False, description="forward, or back when negative"
    )


class ConsentOrder(Order):
    """What an administrator consents to for an app, and takes back."""

    app: AppId | None = None
    grant: Texts = Field([], description="application permissions")
    revoke: Texts = Field([], description="application permissions")


class TokensOrder(Order):
    """A token of a person, or of an app alone."""

    user: Person | None = None
    scopes: Texts | None = Field(None, description="delegated permissions; needed with a user")
    roles: Texts | None = Field(
        None, description="application permissions of an app's own token; those consented to without it"
    )
    app: AppId | None = None
    expires_in: int = Field(3600, ge=-LONGEST, le=LONGEST, description="seconds of real time")


def person_of(tenant: Tenant, id_or_upn: str, field: str = "") -> User:
    """The account, or ControlFault; `field` is where the order names it."""
    user = tenant.directory.user(id_or_upn)
    if user is None:
        raise ControlFault(f"{field!r}: no user {id_or_upn!r}" if field else f"no user {id_or_upn!r}")
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


@takes(PeopleSeed)
async def seed(request: Request, order: PeopleSeed) -> Response:
    """POST seed: make people and groups or bring them up to date; the same seed twice changes nothing."""
    tenant = tenant_of(request)
    now = tenant.clock.now()
    users, groups = {}, {}
    for person in order.people:
        user = tenant.directory.add_user(
            person.upn, person.display_name or person.upn, now, user_id=person.id, enabled=person.enabled
        )
        for name in person.model_fields_set & {"job_title", "department", "user_type"}:
            setattr(user, name, getattr(person, name))
        users[user.upn] = user.id
    for entry in order.groups:
        name = entry.mail_nickname
        group = tenant.directory.add_group(name, entry.display_name or name, now, group_id=entry.id)
        _join(group.member_ids, [person_of(tenant, m, "members").id for m in entry.members])
        _join(group.owner_ids, [person_of(tenant, m, "owners").id for m in entry.owners])
        if entry.team and group.id not in tenant.teams.teams:
            tenant.teams.add_team(group.id, now)
        groups[group.mail_nickname] = group.id
    return JSONResponse({"users": users, "groups": groups})


@takes(MembersOrder)
async def members(request: Request, order: MembersOrder) -> Response:
    """POST members: add people to a group, or take them out of it."""
    tenant = tenant_of(request)
    group = group_of(tenant, order.group)
    if order.upns is None and not order.remove:
        raise ControlFault("'upns' is missing")
    leaving = [person_of(tenant, upn, "remove").id for upn in order.remove]
    _join(group.member_ids, [person_of(tenant, upn, "upns").id for upn in order.upns or []])
    group.member_ids = [member for member in group.member_ids if member not in leaving]
    return JSONResponse({"group": group.id, "members": group.member_ids})


@takes(ClockOrder)
async def clock(request: Request, order: ClockOrder) -> Response:
    """POST clock: move, stop or start tenant time."""
    hands: Clock = tenant_of(request).clock
    moment = (order.now or hands.now()).timestamp() + (order.advance_seconds or 0)
    if not FIRST_MOMENT.timestamp() <= moment <= LAST_MOMENT.timestamp():
        raise ControlFault(f"'advance_seconds' leads out of the years {FIRST_MOMENT.year} to {LAST_MOMENT.year}")
    if order.frozen is True:
        hands.freeze()
    if order.frozen is False:
        hands.resume()
    if order.now is not None:
        hands.set(order.now)
    if order.advance_seconds is not None:
        hands.advance(order.advance_seconds)
    return JSONResponse({"now": timestamp(hands.now()), "frozen": hands.frozen_at is not None})


async def switches(request: Request) -> Response:
    """GET switches: how each behaviour that sources leave open stands."""
    return JSONResponse(tenant_of(request).switches.values())


@takes(SwitchesOrder)
async def set_switches(request: Request, order: SwitchesOrder) -> Response:
    """POST switches: set behaviours; all or none are set."""
    tenant = tenant_of(request)
    before = tenant.switches.values()
    try:
        for name, value in order.values().items():
            tenant.switches.set(name, value)
    except ValueError as fault:
        for name, value in before.items():
            tenant.switches.set(name, value)
        raise ControlFault(str(fault)) from fault
    return JSONResponse(tenant.switches.values())


@takes(ConsentOrder)
async def consent(request: Request, order: ConsentOrder) -> Response:
    """POST consent: change what an app's next tokens carry."""
    tenant = tenant_of(request)
    app_id = order.app or tenant.options.app_id
    held = tenant.consent.change(app_id, order.grant, order.revoke)
    return JSONResponse({"app": app_id, "permissions": sorted(held)})


@takes(TokensOrder)
async def tokens(request: Request, order: TokensOrder) -> Response:
    """POST tokens: a delegated token of a user with scopes; without a user an app's own."""
    tenant, seconds = tenant_of(request), order.expires_in
    told = {"token_type": "Bearer", "expires_in": seconds}
    if order.user is not None:
        user = person_of(tenant, order.user, "user")
        if order.scopes is None:
            raise ControlFault("'scopes' is missing")
        token = tenant.tokens.person_token(order.app or PERSON_APP_ID, user.id, order.scopes, seconds)
        return JSONResponse({"access_token": token} | told | {"user": user.id})
    app_id = order.app or tenant.options.app_id
    roles = order.roles if order.roles is not None else tenant.consent.of(app_id)
    token = tenant.tokens.app_token(app_id, tenant.options.app_object_id, roles, seconds)
    return JSONResponse({"access_token": token} | told)


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
    ("POST", "switches", set_switches),
    ("POST", "consent", consent),
    ("POST", "tokens", tokens),
    ("GET", "state", state),
    ("GET", "traffic.har", traffic),
)

CONTROL_ROUTES = tuple(Route(f"/_emulator/{path}", handler, methods=[verb]) for verb, path, handler in _LEVERS)
