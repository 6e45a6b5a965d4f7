"""POST /{tenant}/oauth2/v2.0/token: one function per grant type, and the table that finds it."""

import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from m365_emulator.control.orders import tenant_of
from m365_emulator.odata import Json
from m365_emulator.recording import base_url
from m365_emulator.sign_in.apps import AppRegistration
from m365_emulator.sign_in.clients import proven_client
from m365_emulator.sign_in.faults import EntraFault, fault_body
from m365_emulator.sign_in.issue import answer_for
from m365_emulator.sign_in.scopes import SIGN_IN_WORDS, read_scopes
from m365_emulator.sign_in.state import DeviceRequest, Grant
from m365_emulator.sign_in.tokens import TokenRefused
from m365_emulator.tenant import Tenant

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
ON_BEHALF_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
NOT_STORED = {"Cache-Control": "no-store, no-cache", "Pragma": "no-cache"}


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A token request whose app has proven itself."""

    tenant: Tenant
    client: AppRegistration
    fields: dict[str, str]
    base_url: str

    def need(self, name: str) -> str:
        """A field that has to be there."""
        value = self.fields.get(name, "")
        if not value:
            raise EntraFault(900144, name)
        return value

    def answer(self, grant: Grant) -> Json:
        """The answer for a person's grant."""
        return answer_for(self.tenant, self.client, grant, self.base_url, self.fields)


async def token(request: Request) -> Response:
    """The token endpoint; refusals are 400 or 401 with Entra's error body."""
    tenant, fields = tenant_of(request), await form_fields(request)
    try:
        check_tenant(tenant, request.path_params["tenant"])
        body = _granted(tenant, fields, request.headers.get("authorization", ""), base_url(request))
    except EntraFault as fault:
        return refused(request, fault, fields)
    return JSONResponse(body, headers=NOT_STORED)


async def form_fields(request: Request) -> dict[str, str]:
    """The fields of a form as text; none for a body that is no form."""
    async with request.form() as form:
        return {name: str(value) for name, value in form.items()}


def check_tenant(tenant: Tenant, name: str) -> None:
    """EntraFault 90002 unless the name in the address means this tenant."""
    if not tenant.is_named(name):
        raise EntraFault(90002, name)


def refused(request: Request, fault: EntraFault, fields: dict[str, str]) -> Response:
    """The refusal as JSON; it repeats the caller's correlation id."""
    correlation = request.headers.get("client-request-id") or fields.get("client-request-id")
    body = fault_body(fault, tenant_of(request).clock.now(), correlation)
    headers = NOT_STORED | {"x-ms-request-id": body["trace_id"], "client-request-id": body["correlation_id"]}
    if fault.status == 401 and request.headers.get("authorization"):
        headers["WWW-Authenticate"] = 'Basic realm="token"'
    return JSONResponse(body, status_code=fault.status, headers=headers)


def _granted(tenant: Tenant, fields: dict[str, str], authorization: str, reached_at: str) -> Json:
    kind = fields.get("grant_type", "")
    if not kind:
        raise EntraFault(900144, "grant_type")
    if kind not in GRANTS:
        raise EntraFault(70003, kind)
    client = proven_client(tenant, fields, authorization, reached_at)
    return GRANTS[kind](TokenRequest(tenant, client, fields, reached_at))


def client_credentials(asked: TokenRequest) -> Json:
    """A token for the app alone, with whatever was consented to it; none of that is checked here, as in Entra."""
    tenant, client, scope = asked.tenant, asked.client, asked.need("scope")
    if client.public:
        raise EntraFault(7000218)
    if len(scope.split()) != 1 or not scope.endswith("/.default"):
        raise EntraFault(1002012, scope)
    wanted = read_scopes(scope, tenant.apps, client)
    seconds = tenant.switches.sign_in_access_seconds
    if wanted.app is None:
        text = tenant.app_token(client.client_id, seconds)
    else:
        own = f"{wanted.app.client_id}/"
        roles = [name.removeprefix(own) for name in tenant.consent.of(client.client_id) if name.startswith(own)]
        claims: Json = {"oid": client.object_id, "sub": client.object_id, "azp": client.client_id, "idtyp": "app"}
        text = tenant.tokens.token_for(
            asked.base_url, wanted.app.client_id, claims | ({"roles": roles} if roles else {}), seconds
        )
    return {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": text}


def authorization_code(asked: TokenRequest) -> Json:
    """Redeem a code once, from the same app, for the same address, with the verifier of its challenge."""
    kept = asked.tenant.sign_in.codes.get(asked.need("code"))
    address = asked.need("redirect_uri")
    if kept is None or kept.grant.client_id != asked.client.client_id:
        raise EntraFault(70000, "authorization code")
    if kept.used:
        raise EntraFault(54005)
    if kept.expires_at <= asked.tenant.clock.now():
        raise EntraFault(70008, "authorization code")
    if kept.grant.redirect_uri != address:
        raise EntraFault(500112, address)
    _check_verifier(kept.grant, asked.fields.get("code_verifier", ""))
    kept.used = True
    return asked.answer(_narrowed(kept.grant, asked))


def refresh_token(asked: TokenRequest) -> Json:
    """Fresh tokens and a new refresh token; the one before stays good unless the switch says otherwise."""
    tenant = asked.tenant
    kept = tenant.sign_in.refresh.get(asked.need("refresh_token"))
    if kept is None or kept.grant.client_id != asked.client.client_id:
        raise EntraFault(70000, "refresh token")
    if kept.expires_at <= tenant.clock.now():
        raise EntraFault(70008, "refresh token")
    if kept.revoked or (kept.used and tenant.switches.sign_in_refresh_reuse == "refuse"):
        raise EntraFault(50173)
    narrowed = _narrowed(kept.grant, asked)
    scope = " ".join(dict.fromkeys([*narrowed.scope.split(), "offline_access"]))
    answer = asked.answer(replace(narrowed, scope=scope))
    kept.used = True
    return answer


def on_behalf_of(asked: TokenRequest) -> Json:
    """A token for another resource in place of a person's token for this app."""
    client = asked.client
    if client.public:
        raise EntraFault(7000218)
    if asked.need("requested_token_use") != "on_behalf_of":
        raise EntraFault(90023, "requested_token_use")
    scope = asked.need("scope")
    claims = _assertion(asked)
    if claims.get("idtyp") == "app":
        raise EntraFault(7000114, str(claims.get("azp")))
    if "scp" not in claims:
        raise EntraFault(240002)
    return asked.answer(Grant(client.client_id, str(claims.get("oid")), scope))


def device_code(asked: TokenRequest) -> Json:
    """What the device gets while its person types the code elsewhere (RFC 8628)."""
    tenant = asked.tenant
    device = tenant.sign_in.devices.get(asked.need("device_code"))
    if device is None or device.client_id != asked.client.client_id:
        raise EntraFault(70018)
    if device.declined:
        raise EntraFault(70017)
    if device.redeemed:
        raise EntraFault(54005)
    if device.expires_at <= tenant.clock.now():
        raise EntraFault(70020)
    if device.user_id is None:
        _note_poll(device)
        raise EntraFault(70016)
    device.redeemed = True
    return asked.answer(Grant(device.client_id, device.user_id, device.scope))


def challenge_of(verifier: str, method: str) -> str:
    """The PKCE challenge that belongs to a verifier (RFC 7636)."""
    if method == "plain":
        return verifier
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def _check_verifier(grant: Grant, verifier: str) -> None:
    if not grant.challenge:
        return
    if not verifier:
        raise EntraFault(50148)
    if not hmac.compare_digest(challenge_of(verifier, grant.challenge_method).encode(), grant.challenge.encode()):
        raise EntraFault(501481)


def _narrowed(grant: Grant, asked: TokenRequest) -> Grant:
    """The grant under the request's own scope text, where it has one; the sign-in words stay as first asked."""
    scope = asked.fields.get("scope", "")
    if not scope.strip():
        return grant
    words = [word for word in grant.scope.split() if word in SIGN_IN_WORDS]
    return replace(grant, scope=" ".join(dict.fromkeys([*scope.split(), *words])))


def _assertion(asked: TokenRequest) -> Json:
    try:
        return asked.tenant.tokens.verified(asked.need("assertion"), asked.client.audiences)
    except TokenRefused as refusal:
        if refusal.kind == "audience":
            raise EntraFault(500131) from refusal
        if refusal.kind == "lifetime":
            raise EntraFault(500133) from refusal
        raise EntraFault(50013, str(refusal)) from refusal


def _note_poll(device: DeviceRequest) -> None:
    now, before = time.monotonic(), device.asked_at
    device.asked_at = now
    if before is not None and now - before < device.interval:
        device.interval += 5
        raise EntraFault(90055)


GRANTS: dict[str, Callable[[TokenRequest], Json]] = {
    "authorization_code": authorization_code,
    "client_credentials": client_credentials,
    DEVICE_GRANT: device_code,
    "device_code": device_code,  # the short name that MSAL for Node sends, and Entra takes
    ON_BEHALF_GRANT: on_behalf_of,
    "refresh_token": refresh_token,
}
