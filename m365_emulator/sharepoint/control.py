"""Levers for sites and drives: let delta tokens expire, list a library's files, read a list's items."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from m365_emulator.control.levers import group_of
from m365_emulator.control.orders import Order, takes, tenant_of
from m365_emulator.drives.routes import drive_of_group
from m365_emulator.sharepoint.items import fields_json
from m365_emulator.sharepoint.routes import group_site


class ExpiryOrder(Order):
    """Which delta tokens expire."""

    of: Literal["sharepoint", "drives"] | None = Field(None, description="whose tokens; all without it")


@takes(ExpiryOrder)
async def expire_delta(request: Request, order: ExpiryOrder) -> Response:
    """POST delta/expire: every delta token given so far answers 410."""
    tenant = tenant_of(request)
    if order.of in (None, "sharepoint"):
        tenant.sharepoint.expire_delta_tokens()
    if order.of in (None, "drives"):
        tenant.drives.expire_delta_tokens()
    return Response(status_code=204)


async def files(request: Request) -> Response:
    """GET groups/{group}/files: what lies in the group's library, with eTag and cTag"""
    tenant = tenant_of(request)
    drive = drive_of_group(tenant, group_of(tenant, request.path_params["group"]).id)
    found = [item for item in drive.items.values() if not item.deleted and item.content is not None]
    return JSONResponse(
        [
            {"path": drive.path_of(i), "id": i.item_id, "size": len(i.content or b""), "eTag": i.etag, "cTag": i.ctag}
            for i in found
        ]
    )


async def lists(request: Request) -> Response:
    """GET groups/{group}/lists: the lists of the group's site with all their items"""
    tenant = tenant_of(request)
    site = group_site(tenant, group_of(tenant, request.path_params["group"]).id)
    return JSONResponse(
        [
            {
                "site_id": site.site_id,
                "list_id": one.list_id,
                "name": one.display_name,
                "items": [fields_json(one, item) for item in one.live_items()],
            }
            for one in site.lists.values()
        ]
    )


DELTA_CONTROL_ROUTES = (
    Route("/_emulator/delta/expire", expire_delta, methods=["POST"]),
    Route("/_emulator/groups/{group}/files", files, methods=["GET"]),
    Route("/_emulator/groups/{group}/lists", lists, methods=["GET"]),
)
