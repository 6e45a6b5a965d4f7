"""SharePoint lists: columns, items, and what has changed since a delta link was given.

A column that is empty is absent from an item's fields, and a delta may name an item more than once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal

from graph_client.addresses import drive_path, segment
from graph_client.batching import BatchItem
from graph_client.errors import Gone, RetryLater
from graph_client.reading import Json, maybe_text, moment, text, unreadable
from graph_client.sdk import Target
from graph_client.transport import GraphTransport

WITH_FIELDS = {"$expand": "fields"}
# Our word for a kind of column, and its facet. A plain text column holds 255 characters.
# Source: learn.microsoft.com/graph/api/resources/columndefinition.
COLUMN_FACETS: Mapping[str, Mapping[str, Any]] = {
    "text": {"text": {"allowMultipleLines": False}},
    "long_text": {"text": {"allowMultipleLines": True, "textType": "plain"}},
    "number": {"number": {}},
    "date_time": {"dateTime": {"format": "dateTime"}},
}


@dataclass(frozen=True, slots=True)
class Site:
    """A SharePoint site; its id has three parts, parted by commas."""

    site_id: str
    web_url: str | None

    @classmethod
    def read(cls, of: Json) -> "Site":
        """From a site."""
        return cls(text(of, "id"), maybe_text(of, "webUrl"))


@dataclass(frozen=True, slots=True)
class ListInfo:
    """A list; `name` is the one people see, which stays when the address is another."""

    list_id: str
    name: str
    web_url: str | None

    @classmethod
    def read(cls, of: Json) -> "ListInfo":
        """From a list."""
        name = maybe_text(of, "displayName") or text(of, "name")
        return cls(text(of, "id"), name, maybe_text(of, "webUrl"))


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `name` is the key in an item's fields and outlives renaming, `display_name` is what people see."""

    column_id: str
    name: str
    display_name: str

    @classmethod
    def read(cls, of: Json) -> "Column":
        """From a columnDefinition."""
        name = text(of, "name")
        return cls(text(of, "id"), name, maybe_text(of, "displayName") or name)


@dataclass(frozen=True, slots=True)
class NewColumn:
    """A column to create. An indexed one may be filtered by; a unique one is indexed too."""

    name: str
    kind: Literal["text", "long_text", "number", "date_time"] = "text"
    indexed: bool = False
    unique: bool = False

    def as_json(self) -> dict[str, Any]:
        """The column as a columnDefinition."""
        body: dict[str, Any] = {"name": self.name, "displayName": self.name, **COLUMN_FACETS[self.kind]}
        if self.indexed or self.unique:
            body["indexed"] = True
        if self.unique:
            body["enforceUniqueValues"] = True
        return body


@dataclass(frozen=True, slots=True)
class ListItem:
    """An item of a list. `fields` has no member for an empty column, and none at all where `deleted`."""

    item_id: str
    fields: Mapping[str, Any]
    deleted: bool
    etag: str | None
    created_at: datetime | None
    modified_at: datetime | None

    @classmethod
    def read(cls, of: Json) -> "ListItem":
        """From a listItem, with its fields where they are there."""
        fields = of.get("fields") or {}
        if not isinstance(fields, Mapping):
            raise unreadable("fields")
        kept = {name: value for name, value in fields.items() if "@" not in name}
        return cls(
            item_id=text(of, "id"),
            fields=MappingProxyType(kept),
            deleted=of.get("deleted") is not None,
            etag=maybe_text(of, "eTag") or maybe_text(of, "@odata.etag"),
            created_at=moment(of, "createdDateTime"),
            modified_at=moment(of, "lastModifiedDateTime"),
        )


@dataclass(frozen=True, slots=True)
class Delta:
    """What changed, each item once as it is now, and the link to ask with next time. Keep the link only together
    with what was done about the items."""

    items: tuple[ListItem, ...]
    delta_link: str


class SharePointClient:
    """Every method raises GraphError."""

    def __init__(self, transport: GraphTransport) -> None:
        self._transport = transport

    async def site_by_path(self, hostname: str, path: str) -> Site:
        """The site at https://hostname/path, such as "sites/tasking"; Gone where there is none."""
        return Site.read(await self._transport.get(f"/sites/{segment(hostname)}:/{drive_path(path)}"))

    async def site_of_group(self, group_id: str) -> Site:
        """The site that belongs to a group."""
        return Site.read(
            await self._transport.get(lambda graph: graph.groups.by_group_id(group_id).sites.by_site_id("root"))
        )

    async def lists(self, site_id: str) -> tuple[ListInfo, ...]:
        """The lists of a site."""
        pages = self._transport.pages(lambda graph: graph.sites.by_site_id(site_id).lists)
        return tuple([ListInfo.read(item) async for item in pages])

    async def create_list(self, site_id: str, name: str, columns: Sequence[NewColumn]) -> ListInfo:
        """A new list with these columns beside the Title that every list has."""
        body = {
            "displayName": name,
            "columns": [column.as_json() for column in columns],
            "list": {"template": "genericList"},
        }
        return ListInfo.read(await self._made(lambda graph: graph.sites.by_site_id(site_id).lists, body))

    async def columns(self, site_id: str, list_id: str) -> tuple[Column, ...]:
        """The columns of a list, SharePoint's own among them."""
        pages = self._transport.pages(lambda graph: graph.sites.by_site_id(site_id).lists.by_list_id(list_id).columns)
        return tuple([Column.read(item) async for item in pages])

    async def items_delta(self, site_id: str, list_id: str, delta_link: str | None = None) -> Delta:
        """All items, or what changed since `delta_link` was given.

        ResyncRequired where the link is too old: ask again with its `location`, or without a link.
        Source: learn.microsoft.com/graph/api/listitem-delta.
        """
        start = delta_link or f"{_list_address(site_id, list_id)}/items/delta"
        found: dict[str, ListItem] = {}
        bare: set[str] = set()
        next_link: object = None
        async for page in self._transport.page_bodies(start, query=None if delta_link else WITH_FIELDS):
            for told in page["value"]:
                item = ListItem.read(told)
                found.pop(item.item_id, None)
                found[item.item_id] = item
                (bare.add if not item.deleted and "fields" not in told else bare.discard)(item.item_id)
            next_link = page.get("@odata.deltaLink")
        if not isinstance(next_link, str):
            raise RetryLater("GET a delta", sentence="its last page has no link for the next time")
        whole = await self._read_items(site_id, list_id, (item_id for item_id in found if item_id in bare))
        return Delta(tuple((found | whole).values()), next_link)

    async def create_item(self, site_id: str, list_id: str, fields: Mapping[str, Any]) -> ListItem:
        """A new item; `fields` by column name."""
        made = await self._made(
            lambda graph: graph.sites.by_site_id(site_id).lists.by_list_id(list_id).items, {"fields": dict(fields)}
        )
        item = ListItem.read(made)
        return item if "fields" in made else replace(item, fields=MappingProxyType(dict(fields)))

    async def update_item_fields(self, site_id: str, list_id: str, item_id: str, fields: Mapping[str, Any]) -> None:
        """Change these columns of an item; None empties one."""
        await self._transport.write(
            "PATCH",
            lambda graph: (
                graph.sites.by_site_id(site_id).lists.by_list_id(list_id).items.by_list_item_id(item_id).fields
            ),
            fields,
        )

    async def _made(self, target: Target, body: Mapping[str, Any]) -> dict[str, Any]:
        made = await self._transport.write("POST", target, body)
        if made is None:
            raise RetryLater("POST in SharePoint", uncertain=True, sentence="Graph did not say what was made")
        return made

    async def _read_items(self, site_id: str, list_id: str, item_ids: Iterable[str]) -> dict[str, ListItem]:
        """Items that the delta named without their fields; one that has gone meanwhile counts as deleted."""
        address = f"{_list_address(site_id, list_id)}/items"
        asked = [BatchItem(i, f"{address}/{segment(i)}?$expand=fields") for i in item_ids]
        answers = await self._transport.batch(asked)
        return {
            item_id: ListItem(item_id, MappingProxyType({}), True, None, None, None)
            if isinstance(answer.error(), Gone)
            else ListItem.read(answer.json())
            for item_id, answer in answers.items()
        }


def _list_address(site_id: str, list_id: str) -> str:
    # As the documentation writes it; the SDK's builder would write delta() and encode the commas of the site's id.
    return f"/sites/{segment(site_id)}/lists/{segment(list_id)}"
