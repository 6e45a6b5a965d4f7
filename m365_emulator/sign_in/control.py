"""/_emulator/apps and /_emulator/sign_in: register apps, give people roles, change keys, end sign-ins."""

import uuid
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from m365_emulator.clock import timestamp
from m365_emulator.control.levers import person_of
from m365_emulator.control.orders import AnyMoment, ControlFault, Order, Person, Text, Texts, takes, tenant_of
from m365_emulator.odata import Json
from m365_emulator.sign_in.apps import AppRegistration, Certificate, Secret
from m365_emulator.tenant import Tenant


def _secret(value: Any) -> Any:
    return {"value": value} if isinstance(value, str) else value


def _pem(text: str) -> str:
    try:
        Certificate.read(text)
    except ValueError as fault:
        raise ValueError(f"no certificate in PEM: {fault}") from fault
    return text


class SecretOrder(Order):
    """A secret; its text alone stands for one that does not expire."""

    value: Text
    expires_at: AnyMoment | None = None


class PermissionsOrder(Order):
    """What an administrator consented to."""

    application: Texts | None = None
    delegated: Texts | None = None


class AppOrder(Order):
    """An app registration."""

    client_id: Text | None = Field(None, description="a new one without it")
    display_name: Text | None = Field(None, description="the name that people see")
    public: bool = Field(False, description="true: the app proves itself with nothing")
    secrets: list[Annotated[SecretOrder, BeforeValidator(_secret)]] = Field(
        [], description="each the text of a secret, or {value, expires_at}"
    )
    certificates: list[Annotated[str, AfterValidator(_pem)]] = Field([], description="each a certificate as PEM")
    redirect_uris: Texts = Field(
        [], description="where answers may go; on http to this machine the port does not count"
    )
    identifier_uris: Texts = Field([], description="names of the app's own interface; api://<client id> without it")
    scopes: Texts = Field([], description="the scopes of the app's own interface")
    app_roles: Texts = Field([], description="roles that people may be given")
    id_token_from_authorize: bool = Field(False, description="true: the authorize address may answer with an id token")
    group_membership_claims: Literal["None", "All"] = Field("None", description="All: tokens name the person's groups")
    permissions: PermissionsOrder = Field(PermissionsOrder(), description="what an administrator consented to")

    def given(self) -> dict[str, Any]:
        """The registration's own fields, just those that were sent."""
        made = {
            "secrets": [Secret(secret.value, secret.expires_at) for secret in self.secrets],
            "certificates": [Certificate.read(pem) for pem in self.certificates],
        }
        names = self.model_fields_set - {"client_id", "display_name", "permissions"}
        return {name: made.get(name, getattr(self, name)) for name in names}


class RolesOrder(Order):
    """Which app roles a person has."""

    user: Person
    roles: Texts = Field(description="app roles")


class RotationOrder(Order):
    """What becomes of the keys before."""

    forget_old: bool = Field(False, description="true: tokens under the keys before are refused from now on")


class RevocationOrder(Order):
    """Whose sign-ins end."""

    user: Person


async def list_apps(request: Request) -> Response:
    """GET apps: every app registration; of a secret only its first three characters."""
    tenant = tenant_of(request)
    return JSONResponse({"apps": [told(tenant, app) for app in tenant.apps.by_id.values()]})


@takes(AppOrder)
async def register_app(request: Request, order: AppOrder) -> Response:
    """POST apps: make an app, or replace just the fields given."""
    tenant, client_id = tenant_of(request), order.client_id or str(uuid.uuid4())
    known = tenant.apps.get(client_id)
    name = order.display_name or (known.display_name if known else client_id)
    app = tenant.apps.add(client_id, name)
    app.display_name = name
    for field, value in order.given().items():
        setattr(app, field, value)
    if order.permissions.application is not None:
        tenant.consent.granted[app.client_id] = set(order.permissions.application)
    if order.permissions.delegated is not None:
        app.delegated = set(order.permissions.delegated)
    return JSONResponse(told(tenant, app))


async def forget_app(request: Request) -> Response:
    """DELETE apps/{client_id}: the app and its consent are gone; its tokens live on until they expire."""
    tenant = tenant_of(request)
    app = app_of(tenant, request.path_params["client_id"])
    del tenant.apps.by_id[app.client_id]
    tenant.consent.granted.pop(app.client_id, None)
    return Response(status_code=204)


@takes(RolesOrder)
async def give_roles(request: Request, order: RolesOrder) -> Response:
    """POST apps/{client_id}/roles: the app roles of a person, in place of those before."""
    tenant = tenant_of(request)
    app = app_of(tenant, request.path_params["client_id"])
    user = person_of(tenant, order.user, "user")
    unknown = sorted(set(order.roles) - set(app.app_roles))
    if unknown:
        raise ControlFault(f"the app declares no role {unknown[0]!r}")
    app.role_holders[user.id] = order.roles
    return JSONResponse({"client_id": app.client_id, "user": user.id, "roles": order.roles})


@takes(RotationOrder)
async def rotate_key(request: Request, order: RotationOrder) -> Response:
    """POST sign_in/rotate_key: sign with a new key; forgotten keys verify nothing any more."""
    key_id = tenant_of(request).tokens.rotate_key(forget_old=order.forget_old)
    return JSONResponse({"kid": key_id})


@takes(RevocationOrder)
async def revoke(request: Request, order: RevocationOrder) -> Response:
    """POST sign_in/revoke: end a person's sessions and refresh tokens, as a changed password does."""
    tenant = tenant_of(request)
    user = person_of(tenant, order.user, "user")
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
        "group_membership_claims": app.group_membership_claims,
        "redirect_uris": app.redirect_uris,
        "identifier_uris": app.identifier_uris,
        "scopes": app.scopes,
        "app_roles": app.app_roles,
        "role_holders": app.role_holders,
        "permissions": {"application": tenant.consent.of(app.client_id), "delegated": sorted(app.delegated)},
    }


SIGN_IN_CONTROL_ROUTES = (
    Route("/_emulator/apps", list_apps, methods=["GET"]),
    Route("/_emulator/apps", register_app, methods=["POST"]),
    Route("/_emulator/apps/{client_id}", forget_app, methods=["DELETE"]),
    Route("/_emulator/apps/{client_id}/roles", give_roles, methods=["POST"]),
    Route("/_emulator/sign_in/rotate_key", rotate_key, methods=["POST"]),
    Route("/_emulator/sign_in/revoke", revoke, methods=["POST"]),
)
