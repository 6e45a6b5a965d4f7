"""Sites.Selected: which apps may do what on which site. The token names no site; the control area grants them."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from m365_emulator.control.levers import group_of
from m365_emulator.control.orders import AppId, GroupName, Order, takes, tenant_of
from m365_emulator.odata import GraphFault
from m365_emulator.routing import normalise
from m365_emulator.sharepoint.routes import group_site
from m365_emulator.tenant import Tenant

_PLACES = re.compile(r"^/(sites|drives|groups)/([^/]+)(.*)$", re.IGNORECASE)
_MANAGED = re.compile(r"/(lists|lists/[^/]+/columns(/[^/]+)?)$", re.IGNORECASE)


def opens(tenant: Tenant, app_id: str, method: str, path: str) -> bool:
    """Whether Sites.Selected lets this app make this call: by the roles granted on the site that the path is in."""
    if tenant.switches.sites_selected == "every":
        return True
    site_id = _site_id(tenant, path)
    held = tenant.site_grants.of(app_id, site_id) if site_id else frozenset()
    if method == "GET":
        return bool(held)
    needed = {"manage", "fullcontrol"} if _MANAGED.search(path.rstrip("/")) else {"write", "manage", "fullcontrol"}
    return bool(held & needed)


def _site_id(tenant: Tenant, path: str) -> str | None:
    found = _PLACES.match(normalise(path))
    if found is None:
        return None
    kind, name, rest = found[1].lower(), found[2], found[3]
    try:
        if kind == "drives":
            return tenant.drives.drive(name).site_id
        if kind == "groups":
            return group_site(tenant, name).site_id
        return _named_site(tenant, name, rest)
    except GraphFault:  # there is no such site, so nothing can have been granted on it
        return None


def _named_site(tenant: Tenant, name: str, rest: str) -> str:
    """The site of /sites/{id} or /sites/{host}:/sites/{group}, however much of it is encoded."""
    named = (name + rest).replace("%3A", ":").replace("%3a", ":").replace("%2F", "/").replace("%2f", "/")
    by_path = re.match(r"^[^/:]+:/sites/([^/:]+)", named)
    return (
        group_site(tenant, by_path[1]).site_id if by_path else tenant.sharepoint.site(name.replace("%2C", ",")).site_id
    )


class GrantOrder(Order):
    """What an app may do on a group's site."""

    group: GroupName
    app: AppId | None = None
    roles: list[Literal["read", "write", "manage", "fullcontrol"]] = Field([], description="none takes the grant away")


async def grants(request: Request) -> Response:
    """GET sites/grants: all."""
    tenant = tenant_of(request)
    return JSONResponse(
        [
            {"app": app_id, "site_id": site_id, "roles": sorted(roles)}
            for (app_id, site_id), roles in tenant.site_grants.granted.items()
        ]
    )


@takes(GrantOrder)
async def change_grant(request: Request, order: GrantOrder) -> Response:
    """POST sites/grants: what an app may do on a group's site, in the place of what it might before."""
    tenant = tenant_of(request)
    site = group_site(tenant, group_of(tenant, order.group).id)
    tenant.site_grants.change(order.app or tenant.options.app_id, site.site_id, frozenset(order.roles))
    return await grants(request)


GRANT_CONTROL_ROUTES = (
    Route("/_emulator/sites/grants", grants, methods=["GET"]),
    Route("/_emulator/sites/grants", change_grant, methods=["POST"]),
)
