"""Document libraries through Graph: items by id and path, content by a redirect, and delta.
The download address needs no token and dies after five minutes of tenant time (driveitem-get-content.md).
"""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterator
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as PageRoute

from m365_emulator.clock import timestamp_seconds
from m365_emulator.drives.state import Drive, DriveItem, not_found
from m365_emulator.known_properties import require_known
from m365_emulator.odata import GraphFault, Json, page, select, whole_number, with_context
from m365_emulator.routing import Call, Handler, Reply, Route, of_family
from m365_emulator.sharepoint.delta import page_of
from m365_emulator.sharepoint.items import actor
from m365_emulator.sharepoint.routes import delta_links, delta_token, group_site, page_size
from m365_emulator.tenant import Tenant
from m365_emulator.words import Assumed, Family

DOWNLOAD_PATH = "/_download/{token}/{name}"
_RANGE = re.compile(r"^bytes=(\d+)-(\d*)$")


def drive_json(drive: Drive) -> Json:
    """The drive entity of a group's library."""
    group = {"group": {"id": drive.group_id, "displayName": drive.group_name}}
    used = sum(len(i.content or b"") for i in drive.items.values() if not i.deleted)
    total = 1 << 40
    return {
        "createdDateTime": timestamp_seconds(drive.created_at),
        "description": "",
        "id": drive.drive_id,
        "lastModifiedDateTime": timestamp_seconds(drive.root.modified_at),
        "name": "Documents",
        "webUrl": drive.web_url,
        "driveType": "documentLibrary",
        "createdBy": {"user": {"displayName": "System Account"}},
        "owner": group,
        "quota": {"deleted": 0, "remaining": total - used, "state": "normal", "total": total, "used": used},
    }


def item_json(call: Call, drive: Drive, item: DriveItem) -> Json:
    """The driveItem; folders have no cTag, deleted ones only the deleted facet."""
    parent: Json = {"driveType": "documentLibrary", "driveId": drive.drive_id, "siteId": drive.site_id}
    above = drive.items[item.parent_id] if item.parent_id else None
    if above:
        path = drive.path_of(above)
        where = f"/drives/{drive.drive_id}/root:" + (f"/{quote(path)}" if path else "")
        parent |= {"id": above.item_id, "name": above.name, "path": where}
    if item.deleted:
        deleted = {"id": item.item_id, "name": item.name, "deleted": {"state": "deleted"}}
        return deleted | {"parentReference": parent}
    created, modified = timestamp_seconds(item.created_at), timestamp_seconds(item.modified_at)
    body: Json = {
        "createdDateTime": created,
        "eTag": item.etag,
        "id": item.item_id,
        "lastModifiedDateTime": modified,
        "name": item.name,
        "webUrl": f"{drive.web_url}/{quote(drive.path_of(item))}".rstrip("/"),
        "size": len(item.content or b""),
        "createdBy": dict(item.created_by),
        "lastModifiedBy": dict(item.modified_by),
        "parentReference": parent,
        "fileSystemInfo": {"createdDateTime": created, "lastModifiedDateTime": modified},
    }
    if item.content is None:
        folder: Json = {"folder": {"childCount": len(drive.children(item))}}
        return body | folder | ({} if above else {"root": {}})
    file = {"hashes": {"sha256Hash": item.sha256}, "mimeType": item.mime_type}
    address = _download_address(call, drive, item)
    return {"@microsoft.graph.downloadUrl": address} | body | {"cTag": item.ctag, "file": file}


def get_drive(call: Call) -> Reply:
    """GET the drive: the library itself"""
    return Reply(body=with_context(call.base_url, "drives/$entity", drive_json(_drive(call))))


def get_item(call: Call) -> Reply:
    """GET an item: by id or path"""
    drive, item = item_at(call)
    if _unchanged(call, item):
        return Reply(304)
    return _one(call, drive, item)


def get_children(call: Call) -> Reply:
    """GET children: what lies in a folder, by name"""
    drive, item = item_at(call)
    rows = [select(item_json(call, drive, i), call.query.get("$select")) for i in drive.children(item)]
    return Reply(body=with_context(call.base_url, "driveItems", page(rows, call.query, call.url, page_size(call))))


def get_content(call: Call) -> Reply:
    """GET content: 302 to an address that needs no token; 304 when If-None-Match has its eTag or cTag"""
    drive, item = item_at(call)
    if item.content is None:
        raise GraphFault(400, "invalidRequest", "A folder has no content")
    if _unchanged(call, item):
        return Reply(304)
    return Reply(302, headers={"Location": _download_address(call, drive, item)})


def put_content(call: Call) -> Reply:
    """PUT content by path or id: 201 for a new file, 200 for new content"""
    drive, state = _drive(call), call.tenant.drives
    _read_encoded_path(call)
    kind = call.headers.get("content-type") or "application/octet-stream"
    path = call.params.get("path")
    if path is None:
        item = drive.item(call.params["item_id"])
        _match(call, item)
        return _one(call, drive, state.replace(drive, item, call.body, kind, actor(call)))
    above = drive.path_of(drive.item(call.params.get("item_id", "root")))
    whole = f"{above}/{path}"
    known = drive.find(whole)
    if known:
        _match(call, known)
    kind = mimetypes.guess_type(path)[0] or kind
    item, is_new = state.put(drive, whole, call.body, kind, actor(call))
    return _one(call, drive, item, 201 if is_new else 200)


def post_child(call: Call) -> Reply:
    """POST children: a new folder, {"name", "folder": {}}"""
    drive, parent = item_at(call)
    body = call.json()
    require_known(body, "driveItem", "invalidRequest")
    if not isinstance(body.get("name"), str) or "folder" not in body:
        raise GraphFault(400, "invalidRequest", "name and folder are required")
    folder = call.tenant.drives.add_folder(drive, parent, body["name"], actor(call))
    return _one(call, drive, folder, 201)


def patch_item(call: Call) -> Reply:
    """PATCH an item: a new name"""
    drive, item = item_at(call)
    _match(call, item)
    body = call.json()
    require_known(body, "driveItem", "invalidRequest")
    name = body.get("name")
    if not isinstance(name, str):
        raise GraphFault(400, "invalidRequest", "Only the name can be changed here")
    return _one(call, drive, call.tenant.drives.rename(drive, item, name, actor(call)))


def delete_item(call: Call) -> Reply:
    """DELETE an item: with all that is in it"""
    drive, item = item_at(call)
    _match(call, item)
    call.tenant.drives.delete(drive, item)
    return Reply(204)


def delta(call: Call) -> Reply:
    """GET root/delta: pages with nextLink, then a deltaLink; 410 for a token that is not known any more"""
    drive = _drive(call)
    token = delta_token(call, drive.drive_id, drive.delta_epoch, drive.sequence)
    repeat = call.tenant.switches.sharepoint_delta_repeats
    found = page_of(list(drive.items.values()), drive.sequence, token, page_size(call), repeat)
    rows = [select(item_json(call, drive, item), call.query.get("$select")) for item in found.entries]
    body: Json = {"value": rows}
    return Reply(body=with_context(call.base_url, "Collection(driveItem)", delta_links(call, found) | body))


def _drive(call: Call) -> Drive:
    if "drive_id" in call.params:
        return call.tenant.drives.drive(call.params["drive_id"])
    if "group_id" in call.params:
        return drive_of_group(call.tenant, call.params["group_id"])
    group_id = call.tenant.sharepoint.site(call.params["site_id"]).group_id
    if group_id is None:
        raise not_found()
    return drive_of_group(call.tenant, group_id)


def drive_of_group(tenant: Tenant, group_id: str) -> Drive:
    """The library of a group by the group's id. Raises GraphFault 404 when there is no such group."""
    site = group_site(tenant, group_id)
    return tenant.drives.drive_of_group(group_id, site.display_name, site.site_id, site.web_url)


def item_at(call: Call) -> tuple[Drive, DriveItem]:
    """The drive and the item in the path, by id or by path. Raises GraphFault 404."""
    drive = _drive(call)
    _read_encoded_path(call)
    if "path" not in call.params:
        return drive, drive.item(call.params.get("item_id", "root"))
    above = drive.path_of(drive.item(call.params.get("item_id", "root")))
    item = drive.find(f"{above}/{call.params['path']}")
    if item is None:
        raise not_found()
    return drive, item


def _read_encoded_path(call: Call) -> None:
    """The SDK's builders encode 'root:/path:' whole, as one item id: take it apart as Graph does."""
    above, colon, path = call.params.get("item_id", "").partition(":/")
    if colon and "path" not in call.params:
        call.params |= {"item_id": above, "path": path.rstrip(":")}


def _one(call: Call, drive: Drive, item: DriveItem, status: int = 200) -> Reply:
    body = select(item_json(call, drive, item), call.query.get("$select"))
    return Reply(status, with_context(call.base_url, "driveItems/$entity", body))


def _download_address(call: Call, drive: Drive, item: DriveItem) -> str:
    token = call.tenant.drives.download_token(drive, item)
    return f"{call.base_url}/_download/{token}/{quote(item.name)}"


def _unchanged(call: Call, item: DriveItem) -> bool:
    known = [tag.strip().removeprefix("W/") for tag in call.headers.get("if-none-match", "").split(", ")]
    return item.etag in known or (item.content is not None and item.ctag in known)


def _match(call: Call, item: DriveItem) -> None:
    given = call.headers.get("if-match")
    if given not in (None, "*", item.etag, item.ctag):
        raise GraphFault(412, "resourceModified", "ETag does not match current item's value")


async def download(request: Request) -> Response:
    """The pre-signed address: the content without sign-in, whole or the asked range; 401 once it is dead."""
    tenant: Tenant = request.app.state.tenant
    item = tenant.drives.downloadable(request.path_params["token"])
    if item is None or item.content is None:
        return Response("401 UNAUTHORIZED", 401, media_type="text/plain")
    headers = {"ETag": item.etag, "Accept-Ranges": "bytes"}
    asked = _RANGE.match(request.headers.get("range", ""))
    if not asked:
        return Response(item.content, headers=headers, media_type=item.mime_type)
    size = len(item.content)
    first, wanted = whole_number(asked[1]) or 0, whole_number(asked[2])
    last = size - 1 if wanted is None else min(wanted, size - 1)
    if first > last:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
    headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    return Response(item.content[first : last + 1], 206, headers, item.mime_type)


PREFIXES = ("/drives/{drive_id}", "/groups/{group_id}/drive", "/sites/{site_id}/drive")
_BY_ID = "/items/{id}"
# verb, what follows the drive, handler, what follows the drive in the permission table
_TABLE: tuple[tuple[str, str, Handler, str], ...] = (
    ("GET", "", get_drive, ""),
    ("GET", "/root", get_item, _BY_ID),
    ("GET", "/root/children", get_children, _BY_ID + "/children"),
    ("POST", "/root/children", post_child, _BY_ID + "/children"),
    ("GET", "/root/delta", delta, "/root/delta"),
    ("GET", "/root/delta(token='{token}')", delta, "/root/delta"),
    ("GET", "/root:/{path*}", get_item, "/root:/{id}"),
    ("GET", "/root:/{path*}:/children", get_children, _BY_ID + "/children"),
    ("GET", "/root:/{path*}:/content", get_content, _BY_ID + "/content"),
    ("PUT", "/root:/{path*}:/content", put_content, _BY_ID + "/content"),
    ("GET", "/items/{item_id}", get_item, _BY_ID),
    ("PATCH", "/items/{item_id}", patch_item, _BY_ID),
    ("DELETE", "/items/{item_id}", delete_item, _BY_ID),
    ("GET", "/items/{item_id}/children", get_children, _BY_ID + "/children"),
    ("POST", "/items/{item_id}/children", post_child, _BY_ID + "/children"),
    ("GET", "/items/{item_id}/delta", delta, "/root/delta"),
    ("GET", "/items/{item_id}/content", get_content, _BY_ID + "/content"),
    ("PUT", "/items/{item_id}/content", put_content, _BY_ID + "/content"),
    ("PUT", "/items/{item_id}:/{path*}:/content", put_content, _BY_ID + "/content"),
)


def _routes() -> Iterator[Route]:
    for prefix in PREFIXES:
        key = re.sub(r"\{\w+\}", "{id}", prefix)
        for method, rest, handler, permission in _TABLE:
            yield Route(method, prefix + rest, handler, f"{method} {key}{permission}")


FAMILY = Family(
    "Drives and files",
    modelled=(
        "Files and folders by id and by path, content by a 302 to an address that works without a token and dies "
        "after five minutes, delta with `token=latest`, deleted items and 410 with a Location.",
    ),
    assumed=(Assumed("Delta pages tell the last thing of the page before again", "no", ("sharepoint_delta_repeats",)),),
    refused=("Upload sessions, copies, sharing links, versions, thumbnails, search.",),
)
ROUTES = of_family(FAMILY, _routes())
PAGE_ROUTES = (PageRoute(DOWNLOAD_PATH, download),)
