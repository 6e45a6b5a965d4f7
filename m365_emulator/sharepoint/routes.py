"""SharePoint through Graph: sites by id and path, lists, columns, items, and delta of items.
Shapes follow the site, list, columnDefinition and listItem pages of Graph's reference.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

from m365_emulator.clock import timestamp_seconds
from m365_emulator.known_properties import require_known
from m365_emulator.odata import GraphFault, Json, page, select, whole_number, with_context
from m365_emulator.routing import Call, Reply, Route, of_family
from m365_emulator.sharepoint.columns import Column, change_column
from m365_emulator.sharepoint.delta import DeltaToken, page_of, read_token
from m365_emulator.sharepoint.items import actor, fields_json, item_json, matches
from m365_emulator.sharepoint.state import SharePointList, Site
from m365_emulator.tenant import Tenant
from m365_emulator.words import Assumed, Family

RESYNC = "resyncChangesApplyDifferences"
TOP_MAX = 5000
LIST = "/sites/{site_id}/lists/{list_id}"


def site_json(site: Site, hostname: str) -> Json:
    """The site entity; the root site carries the root facet."""
    body: Json = {
        "createdDateTime": timestamp_seconds(site.created_at),
        "description": "",
        "id": site.site_id,
        "lastModifiedDateTime": timestamp_seconds(site.created_at),
        "name": site.path.rsplit("/", 1)[-1],
        "webUrl": site.web_url,
        "displayName": site.display_name,
        "siteCollection": {"hostname": hostname},
    }
    return body | ({} if site.path else {"root": {}})


def list_json(one: SharePointList) -> Json:
    """The list entity without its relations."""
    return {
        "@odata.etag": f'"{one.list_id},{one.sequence}"',
        "createdBy": dict(one.created_by),
        "createdDateTime": timestamp_seconds(one.created_at),
        "description": one.description,
        "displayName": one.display_name,
        "eTag": f'"{one.list_id},{one.sequence}"',
        "id": one.list_id,
        "lastModifiedDateTime": timestamp_seconds(one.created_at),
        "list": {"contentTypesEnabled": False, "hidden": False, "template": "genericList"},
        "name": one.name,
        "parentReference": {"siteId": one.site_id},
        "webUrl": one.web_url,
    }


def group_site(tenant: Tenant, group_id: str) -> Site:
    """The site of a group by the group's id. Raises GraphFault 404 when there is no such group."""
    group = tenant.directory.group(group_id)
    if group is None:
        message = (
            f"Resource '{group_id}' does not exist or one of its queried reference-property objects are not present."
        )
        raise GraphFault(404, "Request_ResourceNotFound", message)
    return tenant.sharepoint.site_of_group(group.id, group.mail_nickname, group.display_name)


def get_site_by_path(call: Call) -> Reply:
    """GET /sites/{hostname}:/{path}: the site at that address"""
    return Reply(body=_site_body(call, _site_at(call, call.params["hostname"], call.params["path"])))


def get_site(call: Call) -> Reply:
    """GET /sites/{id}: the id may be 'root', the host name, or the path form that the SDK encodes whole."""
    hostname, colon, path = call.params["site_id"].partition(":/")
    if colon:
        return Reply(body=_site_body(call, _site_at(call, hostname, path.rstrip(":"))))
    return Reply(body=_site_body(call, call.tenant.sharepoint.site(call.params["site_id"])))


def get_group_site(call: Call) -> Reply:
    """GET /groups/{id}/sites/root: the group's site"""
    return Reply(body=_site_body(call, group_site(call.tenant, call.params["group_id"])))


def get_lists(call: Call) -> Reply:
    """GET lists: those of the site"""
    site = call.tenant.sharepoint.site(call.params["site_id"])
    rows = [select(list_json(one), call.query.get("$select")) for one in site.lists.values()]
    return Reply(body=with_context(call.base_url, "lists", page(rows, call.query, call.url, page_size(call))))


def post_list(call: Call) -> Reply:
    """POST lists: displayName, columns, list.template"""
    site = call.tenant.sharepoint.site(call.params["site_id"])
    new = call.tenant.sharepoint.create_list(site, call.json(), actor(call))
    location = {"Location": f"{call.url}/{new.list_id}"}
    return Reply(201, with_context(call.base_url, "lists/$entity", list_json(new)), location)


def get_list(call: Call) -> Reply:
    """GET lists/{id or name}: with $expand=columns,items"""
    one = _list(call)
    body = select(list_json(one), call.query.get("$select"))
    if "columns" in call.query.get("$expand", ""):
        body["columns"] = [c.as_json() for c in one.columns.values()]
    return Reply(body=with_context(call.base_url, "lists/$entity", body))


def get_columns(call: Call) -> Reply:
    """GET columns: the built-in ones too"""
    rows = [select(c.as_json(), call.query.get("$select")) for c in _list(call).columns.values()]
    return Reply(body=with_context(call.base_url, "columns", page(rows, call.query, call.url, page_size(call))))


def post_column(call: Call) -> Reply:
    """POST columns: one of text, number, dateTime, boolean, choice and their like"""
    column = call.tenant.sharepoint.add_column(_list(call), call.json())
    location = {"Location": f"{call.url}/{column.column_id}"}
    return Reply(201, with_context(call.base_url, "columns/$entity", column.as_json()), location)


def get_column(call: Call) -> Reply:
    """GET columns/{id}: one column"""
    return Reply(body=with_context(call.base_url, "columns/$entity", _column(call).as_json()))


def patch_column(call: Call) -> Reply:
    """PATCH columns/{id}: a new name, display name or settings"""
    column = _column(call)
    change_column(column, call.json())
    return Reply(body=with_context(call.base_url, "columns/$entity", column.as_json()))


def get_items(call: Call) -> Reply:
    """GET items: with $expand=fields, $top and $filter=fields/Name op value"""
    one = _list(call)
    kept = [item for item in one.live_items() if matches(one, item, call)]
    rows = [item_json(call, one, item) for item in kept]
    return Reply(body=with_context(call.base_url, "listItems", page(rows, call.query, call.url, page_size(call))))


def post_item(call: Call) -> Reply:
    """POST items: {"fields": {...}}"""
    one = _list(call)
    body = call.json()
    require_known(body, "listItem", "invalidRequest")
    fields = body.get("fields")
    if not isinstance(fields, dict):
        raise GraphFault(400, "invalidRequest", "fields is required to create an item")
    item = call.tenant.sharepoint.add_item(one, fields, actor(call))
    call.query.setdefault("$expand", "fields")
    location = {"Location": f"{call.url}/{item.item_id}"}
    return Reply(201, with_context(call.base_url, "listItems/$entity", item_json(call, one, item)), location)


def get_item(call: Call) -> Reply:
    """GET items/{id}: its fields come along unless $expand says otherwise, as SharePoint does"""
    one = _list(call)
    item = one.item(call.params["item_id"])
    call.query.setdefault("$expand", "fields")
    return Reply(body=with_context(call.base_url, "listItems/$entity", item_json(call, one, item)))


def patch_item(call: Call) -> Reply:
    """PATCH items/{id}: {"fields": {...}}; If-Match is heeded when given"""
    return _change(call, lambda body: body.get("fields"), whole=True)


def patch_fields(call: Call) -> Reply:
    """PATCH items/{id}/fields: just those that are sent; If-Match is heeded when given"""
    return _change(call, lambda body: body, whole=False)


def get_fields(call: Call) -> Reply:
    """GET items/{id}/fields: the fields alone"""
    one = _list(call)
    item = one.item(call.params["item_id"])
    body = select(fields_json(one, item), call.query.get("$select"))
    return Reply(body=with_context(call.base_url, "fields/$entity", body))


def delete_item(call: Call) -> Reply:
    """DELETE items/{id}: 204; delta tells it as deleted"""
    one = _list(call)
    item = one.item(call.params["item_id"])
    _match(call, item.etag)
    call.tenant.sharepoint.delete_item(one, item)
    return Reply(204)


def delta_items(call: Call) -> Reply:
    """GET items/delta: pages with nextLink, then a deltaLink; 410 for a token that is not known any more"""
    one = _list(call)
    token = delta_token(call, one.list_id, one.delta_epoch, one.sequence)
    repeat = call.tenant.switches.sharepoint_delta_repeats
    found = page_of(list(one.items.values()), one.sequence, token, page_size(call), repeat)
    body: Json = {"value": [item_json(call, one, item) for item in found.entries]}
    return Reply(body=with_context(call.base_url, "Collection(listItem)", body | delta_links(call, found)))


def delta_token(call: Call, log_id: str, epoch: int, sequence: int) -> DeltaToken:
    """Where the caller stands. Raises GraphFault 410 with the Location of a fresh start."""
    text = call.params.get("token") or call.query.get("token") or call.query.get("$deltatoken")
    if text is None:
        return DeltaToken(log_id, epoch)
    if text.lower() == "latest":
        return DeltaToken(log_id, epoch, sequence, False)
    token = read_token(text, log_id, epoch)
    if token is None:
        message = "Resync required. Replace any local items with the server's version."
        raise GraphFault(410, RESYNC, message, headers={"Location": _address(call, None)})
    return token


def delta_links(call: Call, found: Any) -> Json:
    """The nextLink or the deltaLink of a page."""
    if found.next_token:
        return {"@odata.nextLink": _address(call, found.next_token.encoded())}
    return {"@odata.deltaLink": _address(call, found.delta_token.encoded())}


def _address(call: Call, token: str | None) -> str:
    url = re.sub(r"\(token=[^)]*\)$|%28token.*$", "", call.url)
    options = {k: v for k, v in call.query.items() if k not in ("token", "$deltatoken")}
    options |= {"token": token} if token else {}
    query = urlencode(options, safe="$", quote_via=quote)
    return f"{url}?{query}" if query else url


def _site_at(call: Call, hostname: str, path: str) -> Site:
    state, wanted = call.tenant.sharepoint, path.strip("/").casefold()
    for group in call.tenant.directory.groups.values():
        if hostname.casefold() == state.hostname and wanted == f"sites/{group.mail_nickname}".casefold():
            return group_site(call.tenant, group.id)
    raise GraphFault(404, "itemNotFound", "Requested site could not be found")


def _site_body(call: Call, site: Site) -> Json:
    body = select(site_json(site, call.tenant.sharepoint.hostname), call.query.get("$select"))
    return with_context(call.base_url, "sites/$entity", body)


def _list(call: Call) -> SharePointList:
    return call.tenant.sharepoint.site(call.params["site_id"]).list_named(call.params["list_id"])


def _column(call: Call) -> Column:
    column = _list(call).column(call.params["column_id"])
    if column is None:
        raise GraphFault(404, "itemNotFound", "The specified column was not found")
    return column


def _change(call: Call, fields_of: Callable[[Json], Any], *, whole: bool) -> Reply:
    one = _list(call)
    item = one.item(call.params["item_id"])
    _match(call, item.etag)
    body = call.json()
    if whole:
        require_known(body, "listItem", "invalidRequest")
    fields = fields_of(body)
    if not isinstance(fields, dict):
        raise GraphFault(400, "invalidRequest", "fields is required to change an item")
    call.tenant.sharepoint.change_item(one, item, fields, actor(call))
    if not whole:
        return Reply(body=with_context(call.base_url, "fields/$entity", fields_json(one, item)))
    call.query.setdefault("$expand", "fields")
    return Reply(body=with_context(call.base_url, "listItems/$entity", item_json(call, one, item)))


def _match(call: Call, etag: str) -> None:
    given = call.headers.get("if-match")
    if given not in (None, "*", etag, f"W/{etag}"):
        raise GraphFault(412, "resourceModified", "ETag does not match current item's value")


def page_size(call: Call) -> int:
    """Rows per page: $top, at most TOP_MAX, else the switch. Raises GraphFault 400."""
    top = call.query.get("$top")
    if top is None:
        return call.tenant.switches.sharepoint_page_size
    size = whole_number(top)
    if not size:
        raise GraphFault(400, "invalidRequest", "The value of $top must be a positive whole number")
    return min(size, TOP_MAX)


FAMILY = Family(
    "SharePoint lists",
    modelled=(
        "Lists with columns of the usual kinds, items with fields, delta with `token=latest`, etags, a filter on "
        "indexed fields.",
        "`Sites.Selected` opens the sites granted to the app (`POST /_emulator/sites/grants`): any role to read, "
        "write, manage or fullcontrol to write, manage or fullcontrol for lists and columns.",
    ),
    assumed=(
        Assumed("What `Sites.Selected` opens without a grant", "nothing", ("sites_selected",)),
        Assumed("Delta pages tell the last thing of the page before again", "no", ("sharepoint_delta_repeats",)),
    ),
    refused=("Content types, pages, versions, permissions of single items.",),
)
ROUTES = of_family(
    FAMILY,
    (
        Route("GET", "/sites/{hostname}:/{path*}", get_site_by_path, "GET /sites/{id}"),
        Route("GET", "/sites/{site_id}", get_site),
        Route("GET", "/groups/{group_id}/sites/root", get_group_site),
        Route("GET", "/sites/{site_id}/lists", get_lists),
        Route("POST", "/sites/{site_id}/lists", post_list),
        Route("GET", LIST, get_list),
        Route("GET", LIST + "/columns", get_columns),
        Route("POST", LIST + "/columns", post_column),
        Route("GET", LIST + "/columns/{column_id}", get_column),
        Route("PATCH", LIST + "/columns/{column_id}", patch_column),
        Route("GET", LIST + "/items", get_items),
        Route("POST", LIST + "/items", post_item),
        Route("GET", LIST + "/items/delta", delta_items),
        Route("GET", LIST + "/items/delta(token='{token}')", delta_items, "GET /sites/{id}/lists/{id}/items/delta"),
        Route("GET", LIST + "/items/{item_id}", get_item),
        Route("PATCH", LIST + "/items/{item_id}", patch_item),
        Route("DELETE", LIST + "/items/{item_id}", delete_item),
        Route("GET", LIST + "/items/{item_id}/fields", get_fields, "GET /sites/{id}/lists/{id}/items/{id}"),
        Route("PATCH", LIST + "/items/{item_id}/fields", patch_fields),
    ),
)
