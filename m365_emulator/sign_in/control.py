"""/_emulator/apps and /_emulator/sign_in: register apps, give people roles, change keys, end sign-ins."""

import uuid
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from m365_emulator.clock import parse_timestamp, timestamp
from m365_emulator.control.levers import ControlFault, body_of, person_of, tenant_of, wanted
from m365_emulator.odata import Json
from m365_emulator.sign_in.apps import AppRegistration, Certificate, Secret
from m365_emulator.tenant import Tenant

_LISTS = ("redirect_uris", "scopes", "app_roles", "identifier_uris")
_MARKS = ("public", "id_token_from_authorize")
_KNOWN = {"client_id", "display_name", "secrets", "certificates", "permissions", *_LISTS, *_MARKS}


async def list_apps(request: Request) -> Response:
    """GET apps: every app registration; of a secret only its first three characters."""
    tenant = tenant_of(request)
    return JSONResponse({"apps": [told(tenant, app) for app in tenant.apps.by_id.values()]})


async def register_app(request: Request) -> Response:
    """POST apps {client_id?, display_name?, public?, secrets?, certificates?, redirect_uris?, identifier_uris?,
    scopes?, app_roles?, id_token_from_authorize?, permissions?}: make an app, or replace just the fields given.
    """
    tenant, body = tenant_of(request), await body_of(request)
    unknown = sorted(set(body) - _KNOWN)
    if unknown:
        raise ControlFault(f"an app has no {unknown[0]!r}; known are {', '.join(sorted(_KNOWN))}")
    client_id = _text(body, "client_id", str(uuid.uuid4()))
    fields = _fields(body)
    application = _permissions(body, "application")
    delegated = _permissions(body, "delegated")
    known = tenant.apps.get(client_id)
    app = tenant.apps.add(client_id, _text(body, "display_name", known.display_name if known else client_id))
    app.display_name = _text(body, "display_name", app.display_name)
    for name, value in fields.items():
        setattr(app, name, value)
    if application is not None:
        tenant.consent.granted[app.client_id] = set(application)
    if delegated is not None:
        app.delegated = set(delegated)
    return JSONResponse(told(tenant, app))


async def forget_app(request: Request) -> Response:
    """DELETE apps/{client_id}: the app and its consent are gone; its tokens live on until they expire."""
    tenant = tenant_of(request)
    app = app_of(tenant, request.path_params["client_id"])
    del tenant.apps.by_id[app.client_id]
    tenant.consent.granted.pop(app.client_id, None)
    return Response(status_code=204)


async def give_roles(request: Request) -> Response:
    """POST apps/{client_id}/roles {user, roles}: the app roles of a person, in place of those before."""
    tenant, body = tenant_of(request), await body_of(request)
    app = app_of(tenant, request.path_params["client_id"])
    user, roles = person_of(tenant, str(wanted(body, "user"))), _texts(body, "roles")
    unknown = sorted(set(roles) - set(app.app_roles))
    if unknown:
        raise ControlFault(f"the app declares no role {unknown[0]!r}")
    app.role_holders[user.id] = roles
    return JSONResponse({"client_id": app.client_id, "user": user.id, "roles": roles})


async def rotate_key(request: Request) -> Response:
    """POST sign_in/rotate_key {forget_old?}: sign with a new key; forgotten keys verify nothing any more."""
    body = await body_of(request)
    key_id = tenant_of(request).tokens.rotate_key(forget_old=body.get("forget_old") is True)
    return JSONResponse({"kid": key_id})


async def revoke(request: Request) -> Response:
    """POST sign_in/revoke {user}: end a person's sessions and refresh tokens, as a changed password does."""
    tenant, body = tenant_of(request), await body_of(request)
    user = person_of(tenant, str(wanted(body, "user")))
    return JSONResponse({"user": user.id, "ended": tenant.sign_in.revoke(user.id)})


def app_of(tenant: Tenant, client_id: str) -> AppRegistration:
    """The app, or ControlFault."""
    app = tenant.apps.get(client_id)
    if app is None:
        raise ControlFault(f"no app {client_id!r}")
    return app


def told(tenant: Tenant, app: AppRegistration) -> Json:
    """An app registration for a reader."""
    return {
        "client_id": app.client_id,
        "object_id": app.object_id,
        "display_name": app.display_name,
        "public": app.public,
        "id_token_from_authorize": app.id_token_from_authorize,
        "secrets": [
            {"hint": s.value[:3], "expires_at": timestamp(s.expires_at) if s.expires_at else None} for s in app.secrets
        ],
        "certificates": [{"x5t": c.x5t, "x5t#S256": c.x5t_s256} for c in app.certificates],
        "redirect_uris": app.redirect_uris,
        "identifier_uris": app.identifier_uris,
        "scopes": app.scopes,
        "app_roles": app.app_roles,
        "role_holders": app.role_holders,
        "permissions": {"application": tenant.consent.of(app.client_id), "delegated": sorted(app.delegated)},
    }


def _fields(body: Json) -> dict[str, Any]:
    fields: dict[str, Any] = {name: _texts(body, name) for name in _LISTS if name in body}
    for name in _MARKS:
        if name in body:
            if not isinstance(body[name], bool):
                raise ControlFault(f"{name!r} is true or false")
            fields[name] = body[name]
    if "secrets" in body:
        fields["secrets"] = [_secret(entry) for entry in _list(body, "secrets")]
    if "certificates" in body:
        fields["certificates"] = [_certificate(pem) for pem in _texts(body, "certificates")]
    return fields


def _secret(entry: Any) -> Secret:
    if isinstance(entry, str) and entry:
        return Secret(entry)
    if isinstance(entry, dict) and isinstance(entry.get("value"), str) and entry["value"]:
        return Secret(entry["value"], _moment(entry.get("expires_at")))
    raise ControlFault("a secret is text, or {value, expires_at}")


def _certificate(pem: str) -> Certificate:
    try:
        return Certificate.read(pem)
    except ValueError as fault:
        raise ControlFault(f"no certificate in PEM: {fault}") from fault


def _moment(text: Any) -> datetime | None:
    if text is None:
        return None
    try:
        return parse_timestamp(text)
    except (TypeError, ValueError) as fault:
        raise ControlFault(f"{text!r} is no time with a zone") from fault


def _permissions(body: Json, kind: str) -> list[str] | None:
    given = body.get("permissions", {})
    if not isinstance(given, dict) or set(given) - {"application", "delegated"}:
        raise ControlFault("'permissions' is {application: [...], delegated: [...]}")
    return _texts(given, kind) if kind in given else None


def _text(body: Json, name: str, default: str) -> str:
    value = body.get(name, default)
    if not isinstance(value, str) or not value:
        raise ControlFault(f"{name!r} has to be text")
    return value


def _texts(body: Json, name: str) -> list[str]:
    values = _list(body, name)
    if not all(isinstance(value, str) and value for value in values):
        raise ControlFault(f"{name!r} has to be a list of texts")
    return [str(value) for value in values]


def _list(body: Json, name: str) -> list[Any]:
    values = wanted(body, name)
    if not isinstance(values, list):
        raise ControlFault(f"{name!r} has to be a list")
    return values


SIGN_IN_CONTROL_ROUTES = (
    Route("/_emulator/apps", list_apps, methods=["GET"]),
    Route("/_emulator/apps", register_app, methods=["POST"]),
    Route("/_emulator/apps/{client_id}", forget_app, methods=["DELETE"]),
    Route("/_emulator/apps/{client_id}/roles", give_roles, methods=["POST"]),
    Route("/_emulator/sign_in/rotate_key", rotate_key, methods=["POST"]),
    Route("/_emulator/sign_in/revoke", revoke, methods=["POST"]),
)
