"""Device code: the codes that a device asks for, and the pages where its person types one and signs in."""

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from m365_emulator.control.orders import tenant_of
from m365_emulator.odata import Json
from m365_emulator.pages.frame import show
from m365_emulator.recording import base_url
from m365_emulator.sign_in.apps import AppRegistration
from m365_emulator.sign_in.authorize import agreed, choices, missing_scopes
from m365_emulator.sign_in.clients import find_client
from m365_emulator.sign_in.faults import EntraFault
from m365_emulator.sign_in.grants import NOT_STORED, check_tenant, form_fields, refused
from m365_emulator.sign_in.issue import active_user
from m365_emulator.sign_in.scopes import read_scopes
from m365_emulator.sign_in.state import DeviceRequest
from m365_emulator.tenant import Tenant

UNKNOWN_CODE = "That code is not known, was used, or has expired. Check what the device shows."


async def start_device(request: Request) -> Response:
    """POST /{tenant}/oauth2/v2.0/devicecode: codes for the device and for its person (RFC 8628)."""
    tenant, fields = tenant_of(request), await form_fields(request)
    try:
        check_tenant(tenant, request.path_params["tenant"])
        client = find_client(tenant, fields.get("client_id", ""))
        read_scopes(fields.get("scope", ""), tenant.apps, client)
    except EntraFault as fault:
        return refused(request, fault, fields)
    return JSONResponse(_started(tenant, client, fields["scope"], base_url(request)), headers=NOT_STORED)


def _started(tenant: Tenant, client: AppRegistration, scope: str, reached_at: str) -> Json:
    seconds, interval = tenant.switches.sign_in_device_seconds, tenant.switches.sign_in_device_interval
    until = tenant.clock.now() + timedelta(seconds=seconds)
    code, user_code = tenant.sign_in.keep_device(client.client_id, scope, until, interval)
    page = f"{reached_at}/devicelogin"
    return {
        "user_code": user_code,
        "device_code": code,
        "verification_uri": page,
        "expires_in": seconds,
        "interval": int(interval),
        "message": f"To sign in, open {page} in a web browser and enter the code {user_code}.",
    }


async def ask_code(request: Request) -> Response:
    """GET /devicelogin: where a person types the code; ?otc= fills it in."""
    values = {"code": request.query_params.get("otc", ""), "problem": ""}
    return show(request, "sign_in_device.html", values)


async def device_step(request: Request) -> Response:
    """POST /devicelogin: the typed code, then the person, then consent where it lacks; each step is this form."""
    tenant, fields = tenant_of(request), await form_fields(request)
    code = fields.get("code", "")
    device = tenant.sign_in.device_of(code, tenant.clock.now())
    if device is None:
        return show(request, "sign_in_device.html", {"code": code, "problem": UNKNOWN_CODE}, 400)
    client = find_client(tenant, device.client_id)
    if fields.get("answer") == "cancel":
        device.declined = True
        return _told(request, "The sign-in was stopped", f"{client.display_name} was not signed in.")
    if not fields.get("user"):
        return _ask(request, client, device, fields.get("find", ""))
    try:
        return _chosen(request, tenant, client, device, fields)
    except EntraFault as fault:
        return _ask(request, client, device, "", problem=fault.text)


def _chosen(
    request: Request, tenant: Tenant, client: AppRegistration, device: DeviceRequest, fields: dict[str, str]
) -> Response:
    user = active_user(tenant, fields["user"])
    asked = read_scopes(device.scope, tenant.apps, client)
    if not agreed(tenant, client, user, asked, fields.get("answer") == "accept"):
        lacking = missing_scopes(tenant, client, user, asked)
        values = {
            "app": client, "user": user, "scopes": lacking, "action": "/devicelogin",
            "kept": {"code": device.user_code},
        }  # fmt: skip
        return show(request, "sign_in_consent.html", values)
    device.user_id = user.id
    return _told(request, "You are signed in", f"{client.display_name} goes on by itself on your device.")


def _ask(request: Request, client: AppRegistration, device: DeviceRequest, find: str, problem: str = "") -> Response:
    values = choices(tenant_of(request), find) | {
        "app": client,
        "action": "/devicelogin",
        "kept": {"code": device.user_code},
        "problem": problem,
        "hinted": None,
    }
    return show(request, "sign_in_pick.html", values, 400 if problem else 200)


def _told(request: Request, title: str, text: str) -> Response:
    return show(request, "sign_in_told.html", {"title": title, "text": f"{text} You can close this page."})
