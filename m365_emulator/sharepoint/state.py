"""SharePoint sites, lists, columns and items, with the change log that delta reads.
Field values are kept by column id, so that renaming a column renames the field of every item.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from m365_emulator.known_properties import require_known
from m365_emulator.odata import GraphFault, whole_number
from m365_emulator.sharepoint.columns import BUILT_IN_COLUMNS, Column, checked_value, column_from_json

NAMESPACE = uuid.UUID("5d0c0d3a-9b0e-4a3b-8a55-6d4f3a1f7a10")
IdentitySet = Mapping[str, Mapping[str, Any]]


@dataclass(slots=True)
class ListItem:
    """One item. A deleted one stays as a tombstone for delta; `changed` is its place in the change log."""

    item_id: int
    unique_id: str
    values: dict[str, Any]
    created_at: datetime
    created_by: IdentitySet
    modified_at: datetime
    modified_by: IdentitySet
    version: int = 1
    changed: int = 0
    deleted: bool = False

    @property
    def etag(self) -> str:
        """The quoted GUID and version that SharePoint gives."""
        return f'"{self.unique_id},{self.version}"'


@dataclass(slots=True)
class SharePointList:
    """A generic list: its columns by id, its items by number, and the count of changes so far."""

    list_id: str
    site_id: str
    name: str
    display_name: str
    description: str
    created_at: datetime
    created_by: IdentitySet
    web_url: str
    columns: dict[str, Column] = field(default_factory=dict)
    items: dict[int, ListItem] = field(default_factory=dict)
    last_id: int = 0
    sequence: int = 0
    delta_epoch: int = 0

    def column(self, name_or_id: str) -> Column | None:
        """The column with this id or internal name."""
        found = self.columns.get(name_or_id)
        return found or next((c for c in self.columns.values() if c.name == name_or_id), None)

    def live_items(self) -> Iterator[ListItem]:
        """The items that are not deleted, oldest first."""
        return (item for item in self.items.values() if not item.deleted)

    def item(self, item_id: str) -> ListItem:
        """A live item. Raises GraphFault 404."""
        number = whole_number(item_id)
        found = self.items.get(number) if number is not None else None
        if found is None or found.deleted:
            raise GraphFault(404, "itemNotFound", "The specified item does not exist.")
        return found

    def touch(self, item: ListItem) -> None:
        """Note in the change log that the item changed now."""
        self.sequence += 1
        item.changed = self.sequence


@dataclass(slots=True)
class Site:
    """One site; `path` is '' for the root site and 'sites/name' for a group's."""

    site_id: str
    path: str
    display_name: str
    created_at: datetime
    web_url: str
    group_id: str | None = None
    lists: dict[str, SharePointList] = field(default_factory=dict)

    def list_named(self, name_or_id: str) -> SharePointList:
        """The list with this id, name or title (without regard to case). Raises GraphFault 404."""
        wanted = name_or_id.casefold()
        for one in self.lists.values():
            if wanted in (one.list_id.casefold(), one.name.casefold(), one.display_name.casefold()):
                return one
        raise GraphFault(404, "itemNotFound", "The specified list was not found")


class SharePointState:
    """Every site of the tenant. Group sites appear when the group is first asked for."""

    def __init__(self, now: Callable[[], datetime], hostname: str) -> None:
        self._now = now
        self.hostname = hostname
        self.sites: dict[str, Site] = {}
        self.root = self._site("", "Peakshire Police", None)

    def site_of_group(self, group_id: str, mail_nickname: str, display_name: str) -> Site:
        """The group's site, made now if it is not there yet."""
        known = next((s for s in self.sites.values() if s.group_id == group_id), None)
        return known or self._site(f"sites/{mail_nickname}", display_name, group_id)

    def site(self, site_id: str) -> Site:
        """The site with this full id, its collection GUID, or 'root'. Raises GraphFault 404."""
        if site_id.casefold() in ("root", self.hostname.casefold()):
            return self.root
        wanted = site_id.casefold()
        for known, site in self.sites.items():
            if wanted == known.casefold() or wanted == known.split(",")[1].casefold():
                return site
        raise GraphFault(404, "itemNotFound", "Requested site could not be found")

    def create_list(self, site: Site, body: Mapping[str, Any], by: IdentitySet) -> SharePointList:
        """A new generic list with the columns of the body. Raises GraphFault 400, or 409 for a used name."""
        require_known(body, "list", "invalidRequest")
        title = body.get("displayName")
        if not isinstance(title, str) or not title.strip():
            raise GraphFault(400, "invalidRequest", "displayName is required to create a list")
        settings, columns = body.get("list") or {}, body.get("columns") or []
        if not isinstance(settings, dict) or not isinstance(columns, list):
            raise GraphFault(400, "invalidRequest", "list has to be an object and columns an array")
        template = settings.get("template", "genericList")
        if template != "genericList":
            raise GraphFault(400, "notSupported", f"List template '{template}' is not modelled here")
        if any(title.casefold() in (x.name.casefold(), x.display_name.casefold()) for x in site.lists.values()):
            raise GraphFault(409, "nameAlreadyExists", "The specified name is already in use")
        name = re.sub(r'[\\/:*?"<>|#%]', "", str(body.get("name") or title)).strip()
        new = SharePointList(
            list_id=str(uuid.uuid4()),
            site_id=site.site_id,
            name=name,
            display_name=title,
            description=str(body.get("description") or ""),
            created_at=self._now(),
            created_by=by,
            web_url=f"{site.web_url}/Lists/{name.replace(' ', '%20')}",
        )
        for built_in in BUILT_IN_COLUMNS:
            column = built_in.copy()
            new.columns[column.column_id] = column
        for spec in columns:
            self.add_column(new, spec)
        site.lists[new.list_id] = new
        return new

    def add_column(self, target: SharePointList, spec: Any) -> Column:
        """A new column of the list. Raises GraphFault 400, or 409 for a used name."""
        column = column_from_json(spec)
        if target.column(column.name):
            raise GraphFault(409, "nameAlreadyExists", f"A column named '{column.name}' already exists")
        target.columns[column.column_id] = column
        return column

    def add_item(self, target: SharePointList, fields: Mapping[str, Any], by: IdentitySet) -> ListItem:
        """A new item, by the rules of a Graph POST. Raises GraphFault 400 naming the field at fault."""
        values = self._checked(target, fields)
        target.last_id += 1
        now = self._now()
        unique_id = str(uuid.uuid4())
        item = ListItem(target.last_id, unique_id, values, now, by, now, by)
        target.items[item.item_id] = item
        target.touch(item)
        return item

    def change_item(
        self, target: SharePointList, item: ListItem, fields: Mapping[str, Any], by: IdentitySet
    ) -> ListItem:
        """Set the named fields (null or '' empties one). Raises GraphFault 400 naming the field at fault."""
        values = self._checked(target, fields)
        item.values.update(values)
        item.version += 1
        item.modified_at, item.modified_by = self._now(), by
        target.touch(item)
        return item

    def delete_item(self, target: SharePointList, item: ListItem) -> None:
        """Take the item away; delta will tell it."""
        item.deleted = True
        item.modified_at = self._now()
        target.touch(item)

    def expire_delta_tokens(self) -> None:
        """From now on no delta token given before is known."""
        for site in self.sites.values():
            for one in site.lists.values():
                one.delta_epoch += 1

    def _checked(self, target: SharePointList, fields: Mapping[str, Any]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, value in fields.items():
            if "@odata." in name:
                continue
            column = next((c for c in target.columns.values() if c.name == name), None)
            if column is None:
                raise GraphFault(400, "invalidRequest", f"Field '{name}' is not recognized")
            if column.read_only:
                raise GraphFault(400, "invalidRequest", f"Field '{name}' is read-only")
            values[column.column_id] = checked_value(column, value)
        return values

    def _site(self, path: str, display_name: str, group_id: str | None) -> Site:
        collection = uuid.uuid5(NAMESPACE, f"{self.hostname}/{path}")
        web = uuid.uuid5(NAMESPACE, f"{self.hostname}/{path}/web")
        address = f"https://{self.hostname}" + (f"/{path}" if path else "")
        site_id = f"{self.hostname},{collection},{web}"
        site = Site(site_id, path, display_name, self._now(), address, group_id)
        self.sites[site_id] = site
        return site
