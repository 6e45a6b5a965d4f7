"""GET /{tenant}/oauth2/v2.0/authorize: checks what an app asks, lets a person choose who they are, and answers the app.

Nothing is sent to an address that is not registered for the app: such a request ends on a page here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from m365_emulator.control.orders import tenant_of
from m365_emulator.directory.state import User
from m365_emulator.pages.frame import show
from m365_emulator.recording import base_url
from m365_emulator.sign_in.apps import AppRegistration
from m365_emulator.sign_in.clients import find_client
from m365_emulator.sign_in.faults import EntraFault, fault_body
from m365_emulator.sign_in.grants import check_tenant, form_fields
from m365_emulator.sign_in.issue import active_user, granted, id_token
from m365_emulator.sign_in.scopes import Asked, consent_name, consent_names_of, read_scopes
from m365_emulator.sign_in.state import Grant
from m365_emulator.tenant import Tenant

SESSION_COOKIE = "emulator_session"
PROMPTS = ("", "none", "login", "select_account", "consent", "create", "admin_consent")
RESPONSE_MODES = ("query", "fragment", "form_post")
SHOWN_PEOPLE = 60
CHALLENGE_SIZES = range(43, 129)


@dataclass(frozen=True, slots=True)
class SignIn:
    """An authorize request whose app and address are good, so that refusals may go to the app."""

    tenant: Tenant
    client: AppRegistration
    fields: Mapping[str, str]
    redirect_uri: str
    base_url: str

    def get(self, name: str) -> str:
        """A parameter of the request, '' when absent."""
        return self.fields.get(name, "")

    @property
    def kinds(self) -> list[str]:
        """The parts of the response type, sorted."""
        return sorted(self.get("response_type").split())

    @property
    def mode(self) -> str:
        """How the app wants its answer; a query only ever carries a code."""
        return self.get("response_mode") or ("fragment" if "id_token" in self.kinds else "query")


async def authorize(request: Request) -> Response:
    """The way in for a browser, by GET or POST."""
    fields = dict(request.query_params) if request.method == "GET" else await form_fields(request)
    return await _step(request, fields, _begin)


async def login(request: Request) -> Response:
    """POST /{tenant}/login: the pages' own form comes back with a person, a consent or a cancel."""
    return await _step(request, await form_fields(request), _chosen)


async def _step(request: Request, fields: dict[str, str], step: Any) -> Response:
    try:
        asked = _known(request, fields)
    except EntraFault as fault:
        return fault_page(request, fault)
    try:
        _check(asked)
        answer: Response = step(request, asked)
    except EntraFault as fault:
        return respond(request, asked, _refusal(asked, fault))
    return answer


def _known(request: Request, fields: Mapping[str, str]) -> SignIn:
    """The request with its app and address checked; EntraFault 700016, 50011 and the like for a page."""
    tenant = tenant_of(request)
    check_tenant(tenant, request.path_params["tenant"])
    client = find_client(tenant, fields.get("client_id", ""))
    address = fields.get("redirect_uri") or (client.redirect_uris[0] if len(client.redirect_uris) == 1 else "")
    if not address:
        raise EntraFault(900144, "redirect_uri")
    if not client.registers(address):
        raise EntraFault(50011, address, client.client_id)
    return SignIn(tenant, client, fields, address, base_url(request))


def _check(asked: SignIn) -> None:
    for name in ("response_type", "scope"):
        if not asked.get(name):
            raise EntraFault(900144, name)
    kinds = asked.kinds
    if not set(kinds) <= {"code", "id_token"}:
        raise EntraFault(700051, asked.get("response_type"))
    if "id_token" in kinds:
        if not asked.client.id_token_from_authorize:
            raise EntraFault(700054)
        if not asked.get("nonce"):
            raise EntraFault(90014, "nonce")
        if "openid" not in asked.get("scope").split():
            raise EntraFault(70011, asked.get("scope"))
    if asked.mode not in RESPONSE_MODES or (asked.mode == "query" and "id_token" in kinds):
        raise EntraFault(90023, "response_mode")
    if asked.get("prompt") not in PROMPTS:
        raise EntraFault(90023, "prompt")
    _check_challenge(asked)
    read_scopes(asked.get("scope"), asked.tenant.apps, asked.client)


def _check_challenge(asked: SignIn) -> None:
    challenge, method = asked.get("code_challenge"), asked.get("code_challenge_method")
    if not challenge and not method:
        return
    plain_is_good = asked.tenant.switches.sign_in_pkce_plain == "accept"
    if method != "S256" and not (method in ("plain", "") and plain_is_good):
        raise EntraFault(50149, method or "plain")
    if len(challenge) not in CHALLENGE_SIZES:
        raise EntraFault(50147)


def _begin(request: Request, asked: SignIn) -> Response:
    """Straight through for whoever is signed in, unless the app or the person has to be asked."""
    user, hint, prompt = _signed_in(request, asked.tenant), asked.get("login_hint").lower(), asked.get("prompt")
    fits = user is not None and hint in ("", user.upn.lower(), user.id)
    if prompt == "none":
        if user is None or not fits:
            raise EntraFault(50058)
        return _finish(request, asked, user, accepted=False)
    if user is not None and fits and prompt in ("", "consent"):
        return _finish(request, asked, user, accepted=False)
    return _pick_page(request, asked)


def _chosen(request: Request, asked: SignIn) -> Response:
    answer, name = asked.get("answer"), asked.get("user")
    if answer == "cancel":
        raise EntraFault(65004)
    if not name:
        return _pick_page(request, asked, asked.get("find"))
    try:
        user = active_user(asked.tenant, name)
    except EntraFault as fault:
        return _pick_page(request, asked, problem=fault.text)
    return _finish(request, asked, user, accepted=answer == "accept")


def _finish(request: Request, asked: SignIn, user: User, *, accepted: bool) -> Response:
    """Ask for consent where it lacks (or the app wants it asked), else answer the app."""
    scopes = read_scopes(asked.get("scope"), asked.tenant.apps, asked.client)
    silent = asked.get("prompt") == "none"
    told_to_ask = asked.get("prompt") in ("consent", "admin_consent") and not accepted
    if silent:
        granted(asked.tenant, asked.client, user.id, scopes)
    elif told_to_ask or not agreed(asked.tenant, asked.client, user, scopes, accepted):
        lacking = missing_scopes(asked.tenant, asked.client, user, scopes) or list(scopes.names)
        values = {"app": asked.client, "user": user, "scopes": lacking}
        return show(request, "sign_in_consent.html", values | {"action": _action(request), "kept": _kept(asked)})
    answer = respond(request, asked, _granted(asked, user, scopes))
    if _signed_in(request, asked.tenant) is not user:
        session = asked.tenant.sign_in.start_session(user.id)
        secure = request.url.scheme == "https"
        answer.set_cookie(SESSION_COOKIE, session, httponly=True, samesite="lax", secure=secure)
    return answer


def _granted(asked: SignIn, user: User, scopes: Asked) -> dict[str, str]:
    tenant, answer = asked.tenant, {}
    if "code" in asked.kinds:
        grant = Grant(
            client_id=asked.client.client_id,
            user_id=user.id,
            scope=asked.get("scope"),
            nonce=asked.get("nonce"),
            redirect_uri=asked.redirect_uri,
            challenge=asked.get("code_challenge"),
            challenge_method=asked.get("code_challenge_method") or "plain",
        )
        until = tenant.clock.now() + timedelta(seconds=tenant.switches.sign_in_code_seconds)
        answer["code"] = tenant.sign_in.keep_code(grant, until)
    if "id_token" in asked.kinds:
        answer["id_token"] = id_token(tenant, asked.client, user, scopes, asked.get("nonce"), asked.base_url)
    return answer


def _refusal(asked: SignIn, fault: EntraFault) -> dict[str, str]:
    word = "consent_required" if fault.number == 65001 else fault.error
    body = fault_body(fault, asked.tenant.clock.now(), asked.get("client-request-id"))
    answer = {"error": word, "error_description": str(body["error_description"]), "error_uri": str(body["error_uri"])}
    return answer | ({"error_subcode": "cancel"} if fault.number == 65004 else {})


def respond(request: Request, asked: SignIn, answer: Mapping[str, str]) -> Response:
    """The answer to the app's address, in the response mode that it asked for; state goes back as it came."""
    values = dict(answer) | ({"state": asked.get("state")} if "state" in asked.fields else {})
    mode = asked.mode if asked.mode in RESPONSE_MODES else "query"
    if mode == "form_post":
        return show(request, "sign_in_post.html", {"address": asked.redirect_uri, "values": values})
    mark = "#" if mode == "fragment" else "&" if "?" in asked.redirect_uri else "?"
    headers = {"Cache-Control": "no-store, no-cache"}
    return RedirectResponse(f"{asked.redirect_uri}{mark}{urlencode(values)}", 302, headers=headers)


def agreed(tenant: Tenant, client: AppRegistration, user: User, asked: Asked, accepted: bool) -> bool:
    """Is there consent for all that is asked? An acceptance is remembered first; 90094 where people may not give it."""
    lacking = missing_scopes(tenant, client, user, asked)
    if not lacking:
        granted(tenant, client, user.id, asked)
        return True
    if tenant.switches.sign_in_person_consent == "refuse":
        raise EntraFault(90094, client.client_id)
    if accepted:
        tenant.sign_in.agree(user.id, client.client_id, [consent_name(asked, name) for name in lacking])
    return accepted


def missing_scopes(tenant: Tenant, client: AppRegistration, user: User, asked: Asked) -> list[str]:
    """Names that nobody consented to yet for this person and app; .default never asks."""
    held = {*consent_names_of(client, asked), *tenant.sign_in.consented(user.id, client.client_id)}
    return [name for name in asked.names if name != ".default" and consent_name(asked, name) not in held]


def choices(tenant: Tenant, find: str, hint: str = "") -> dict[str, Any]:
    """The people that a page offers: those whose name or sign-in name has `find` in it, by name, enabled ones first."""
    wanted = find.strip().lower()
    hinted = tenant.directory.user(hint) if hint else None
    everyone = tenant.directory.users.values()
    people = [u for u in everyone if u is not hinted and wanted in f"{u.display_name} {u.upn}".lower()]
    people.sort(key=lambda u: (not u.enabled, u.display_name.lower()))
    return {
        "people": people[:SHOWN_PEOPLE],
        "more": max(0, len(people) - SHOWN_PEOPLE),
        "find": find,
        "many": len(tenant.directory.users) > 8,
        "hinted": hinted,
    }


def fault_page(request: Request, fault: EntraFault) -> Response:
    """The refusal for a person, where no app may be told."""
    body = fault_body(fault, tenant_of(request).clock.now(), None)
    values = {"fault": fault, "trace": body["trace_id"], "at": body["timestamp"]}
    return show(request, "sign_in_fault.html", values, 400)


def _pick_page(request: Request, asked: SignIn, find: str = "", problem: str = "") -> Response:
    values = choices(asked.tenant, find, asked.get("login_hint")) | {
        "app": asked.client,
        "action": _action(request),
        "kept": _kept(asked),
        "problem": problem,
    }
    return show(request, "sign_in_pick.html", values, 400 if problem else 200)


def _kept(asked: SignIn) -> dict[str, str]:
    return {name: value for name, value in asked.fields.items() if name not in ("user", "answer", "find")}


def _action(request: Request) -> str:
    return f"/{request.path_params['tenant']}/login"


def _signed_in(request: Request, tenant: Tenant) -> User | None:
    user_id = tenant.sign_in.sessions.get(request.cookies.get(SESSION_COOKIE, ""))
    user = tenant.directory.user(user_id) if user_id else None
    return user if user is not None and user.enabled else None
