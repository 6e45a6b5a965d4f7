"""How a list item looks on the wire, what a $filter on its fields keeps, and who made it.
Fields that hold nothing are left out of the answer, as SharePoint leaves them out.
"""

from __future__ import annotations

import operator
import re
from typing import Any

from m365_emulator.clock import timestamp_seconds
from m365_emulator.odata import GraphFault, Json, select
from m365_emulator.routing import Call
from m365_emulator.sharepoint.state import IdentitySet, ListItem, SharePointList

CONTENT_TYPE_ID = "0x0100A2B1F3E0C5D64E4F9A8B7C6D5E4F3021"
HONOUR_NON_INDEXED = "honornonindexedquerieswarningmayfailrandomly"
_FILTER = re.compile(r"^fields/(\w+)\s+(eq|ne|gt|ge|lt|le)\s+('(?:[^']|'')*'|-?\d+(?:\.\d+)?|true|false)$")
_OPERATORS = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}


def actor(call: Call) -> IdentitySet:
    """The caller as an identitySet: the person, or the app alone under SharePoint's own name."""
    who = call.who
    if who.user_id is None:
        app = {"id": who.app_id, "displayName": "SharePoint App"}
        return {"application": app, "user": {"displayName": "SharePoint App"}}
    return person(call, who.user_id)


def person(call: Call, user_id: str) -> IdentitySet:
    """A person of the directory as an identitySet; one who has left has an id alone."""
    user = call.tenant.directory.user(user_id)
    return {"user": {"id": user_id, "displayName": user.display_name if user else None}}


def fields_json(one: SharePointList, item: ListItem) -> Json:
    """The fieldValueSet: what the columns hold, and SharePoint's own fields."""
    held = {c.name: item.values.get(c.column_id) for c in one.columns.values()}
    title = {"LinkTitle": held["Title"]} if held.get("Title") else {}
    return {
        "@odata.etag": item.etag,
        **{name: value for name, value in held.items() if value is not None},
        **title,
        "id": str(item.item_id),
        "ContentType": "Item",
        "Modified": timestamp_seconds(item.modified_at),
        "Created": timestamp_seconds(item.created_at),
        "AuthorLookupId": "1",
        "EditorLookupId": "1",
        "_UIVersionString": f"{item.version}.0",
        "Attachments": False,
    }


def item_json(call: Call, one: SharePointList, item: ListItem) -> Json:
    """The listItem, with its fields when $expand asks; a deleted one has the deleted facet and no fields."""
    body: Json = {
        "@odata.etag": item.etag,
        "createdDateTime": timestamp_seconds(item.created_at),
        "eTag": item.etag,
        "id": str(item.item_id),
        "lastModifiedDateTime": timestamp_seconds(item.modified_at),
        "webUrl": f"{one.web_url}/{item.item_id}_.000",
        "createdBy": dict(item.created_by),
        "lastModifiedBy": dict(item.modified_by),
        "parentReference": {"id": one.list_id, "siteId": one.site_id},
        "contentType": {"id": CONTENT_TYPE_ID, "name": "Item"},
    }
    if item.deleted:
        return {"id": body["id"], "parentReference": body["parentReference"], "deleted": {"state": "deleted"}}
    body = select(body, call.query.get("$select"))
    wanted = _expanded(call.query.get("$expand", ""))
    if wanted is not None:
        body["fields"] = _chosen(fields_json(one, item), wanted)
    return body


def matches(one: SharePointList, item: ListItem, call: Call) -> bool:
    """Whether the $filter, if any, keeps the item. Raises GraphFault 400 for what SharePoint refuses."""
    text = call.query.get("$filter")
    if text is None:
        return True
    found = _FILTER.match(text.strip())
    if not found:
        raise GraphFault(400, "invalidRequest", "Invalid filter clause")
    name, verb, literal = found.groups()
    column = one.column(name)
    if column is None:
        raise GraphFault(400, "invalidRequest", f"Field '{name}' is not recognized")
    if not column.indexed and HONOUR_NON_INDEXED not in call.headers.get("prefer", "").lower():
        message = f"Field '{name}' cannot be referenced in filter or orderby as it is not indexed."
        raise GraphFault(400, "invalidRequest", message)
    held, wanted = fields_json(one, item).get(name), _literal(literal)
    if held is None or (isinstance(held, str) != isinstance(wanted, str)):
        return verb == "ne"
    return bool(_OPERATORS[verb](held, wanted))


def _literal(text: str) -> Any:
    if text.startswith("'"):
        return text[1:-1].replace("''", "'")
    return {"true": True, "false": False}[text] if text in ("true", "false") else float(text)


def _expanded(expand: str) -> str | None:
    """None without fields, else the names that fields($select=...) picks, '' for all."""
    found = re.search(r"\bfields\b(?:\s*\(\s*\$?select=([^)]*)\))?", expand, re.IGNORECASE)
    return None if found is None else (found[1] or "")


def _chosen(fields: Json, wanted: str) -> Json:
    return select(fields, f"id,{wanted}") if wanted else fields
