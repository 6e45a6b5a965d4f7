"""The document libraries: one drive per group, its folders and files, and the change log that delta reads.
Renaming a file moves its eTag only; new content moves cTag too (driveitem.md of Graph's reference).
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from m365_emulator.odata import GraphFault

NAMESPACE = uuid.UUID("0c1f9b1e-70b7-4c4b-9a7e-0f3fb1a0f001")
DOWNLOAD_LIFETIME = timedelta(minutes=5)
FORBIDDEN_IN_NAMES = re.compile(r'[\\/:*?"<>|]')
IdentitySet = Mapping[str, Mapping[str, Any]]


@dataclass(slots=True)
class DriveItem:
    """A folder (content is None) or a file. Deleted ones stay as tombstones for delta."""

    item_id: str
    unique_id: str
    name: str
    parent_id: str | None
    created_at: datetime
    created_by: IdentitySet
    modified_at: datetime
    modified_by: IdentitySet
    content: bytes | None = None
    mime_type: str = "application/octet-stream"
    version: int = 1
    content_version: int = 1
    changed: int = 0
    deleted: bool = False

    @property
    def etag(self) -> str:
        """Moves with every change, names too."""
        return f'"{{{self.unique_id.upper()}}},{self.version}"'

    @property
    def ctag(self) -> str:
        """Moves with the content only."""
        return f'"c:{{{self.unique_id.upper()}}},{self.content_version}"'

    @property
    def sha256(self) -> str:
        """Hash of the content, upper-case hex."""
        return hashlib.sha256(self.content or b"").hexdigest().upper()


@dataclass(slots=True)
class Drive:
    """One library: its items by id; the root folder is the one without a parent."""

    drive_id: str
    group_id: str
    group_name: str
    site_id: str
    web_url: str
    created_at: datetime
    items: dict[str, DriveItem] = field(default_factory=dict)
    sequence: int = 0
    delta_epoch: int = 0

    @property
    def root(self) -> DriveItem:
        """The root folder."""
        return next(item for item in self.items.values() if item.parent_id is None)

    def item(self, item_id: str) -> DriveItem:
        """A live item by id, or 'root'. Raises GraphFault 404."""
        if item_id.casefold() == "root":
            return self.root
        found = self.items.get(item_id)
        if found is None or found.deleted:
            raise not_found()
        return found

    def children(self, folder: DriveItem) -> list[DriveItem]:
        """The live items in the folder, by name."""
        inside = (i for i in self.items.values() if i.parent_id == folder.item_id and not i.deleted)
        return sorted(inside, key=lambda i: i.name.casefold())

    def child(self, folder: DriveItem, name: str) -> DriveItem | None:
        """The live item of this name in the folder, without regard to case."""
        return next((i for i in self.children(folder) if i.name.casefold() == name.casefold()), None)

    def find(self, path: str) -> DriveItem | None:
        """The live item at a path below the root."""
        at: DriveItem | None = self.root
        for part in _parts(path):
            at = self.child(at, part) if at else None
        return at

    def path_of(self, item: DriveItem) -> str:
        """The path below the root, '' for the root."""
        names = [i.name for i in self._upwards(item)][:-1]
        return "/".join(reversed(names))

    def touch(self, item: DriveItem) -> None:
        """Note in the change log that the item changed now; its folders change with it."""
        for one in reversed(list(self._upwards(item))):
            self.sequence += 1
            one.changed = self.sequence

    def _upwards(self, item: DriveItem) -> Iterator[DriveItem]:
        at: DriveItem | None = item
        while at is not None:
            yield at
            at = self.items.get(at.parent_id) if at.parent_id else None


class DrivesState:
    """Every drive of the tenant, and the download addresses handed out. The clock is the tenant's."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.drives: dict[str, Drive] = {}
        self._downloads: dict[str, tuple[str, str, datetime]] = {}

    def drive_of_group(self, group_id: str, group_name: str, site_id: str, site_url: str) -> Drive:
        """The group's library, made now if it is not there yet."""
        known = next((d for d in self.drives.values() if d.group_id == group_id), None)
        if known:
            return known
        seed = uuid.uuid5(NAMESPACE, group_id).bytes * 3
        drive_id = "b!" + base64.urlsafe_b64encode(seed).decode().rstrip("=")
        web_url = f"{site_url}/Shared%20Documents"
        drive = Drive(drive_id, group_id, group_name, site_id, web_url, self._now())
        self.drives[drive_id] = drive
        self._add(drive, "root", None, None, {"user": {"displayName": "System Account"}})
        return drive

    def drive(self, drive_id: str) -> Drive:
        """The drive of this id. Raises GraphFault 404."""
        if drive_id not in self.drives:
            raise not_found()
        return self.drives[drive_id]

    def put(self, drive: Drive, path: str, content: bytes, mime_type: str, by: IdentitySet) -> tuple[DriveItem, bool]:
        """Write a file by path, with folders made on the way; the item, and True when it is new.
        Raises GraphFault 400 for a name that SharePoint refuses, 409 where a folder stands.
        """
        parts = _parts(path)
        if not parts:
            raise GraphFault(400, "invalidRequest", "A file name is needed")
        folder = drive.root
        for name in parts[:-1]:
            folder = drive.child(folder, name) or self._add(drive, name, folder, None, by)
            if folder.content is not None:
                raise GraphFault(409, "nameAlreadyExists", f"'{name}' is a file")
        known = drive.child(folder, parts[-1])
        if known is None:
            return self._add(drive, parts[-1], folder, content, by, mime_type), True
        return self.replace(drive, known, content, mime_type, by), False

    def add_folder(self, drive: Drive, parent: DriveItem, name: str, by: IdentitySet) -> DriveItem:
        """A new folder. Raises GraphFault 400, or 409 for a used name."""
        if parent.content is not None or drive.child(parent, name):
            raise GraphFault(409, "nameAlreadyExists", "Name already exists")
        return self._add(drive, name, parent, None, by)

    def replace(self, drive: Drive, item: DriveItem, content: bytes, mime_type: str, by: IdentitySet) -> DriveItem:
        """New content for a file: eTag and cTag move. Raises GraphFault 409 for a folder."""
        if item.content is None:
            raise GraphFault(409, "nameAlreadyExists", "A folder has no content")
        item.content, item.mime_type = content, mime_type
        item.content_version += 1
        self._changed(drive, item, by)
        return item

    def rename(self, drive: Drive, item: DriveItem, name: str, by: IdentitySet) -> DriveItem:
        """A new name in the same folder: only the eTag moves. Raises GraphFault 400 or 409."""
        checked_name(name)
        folder = drive.items[item.parent_id] if item.parent_id else None
        if folder is None:
            raise GraphFault(400, "invalidRequest", "The root cannot be renamed")
        other = drive.child(folder, name)
        if other not in (None, item):
            raise GraphFault(409, "nameAlreadyExists", "Name already exists")
        item.name = name
        self._changed(drive, item, by)
        return item

    def delete(self, drive: Drive, item: DriveItem) -> None:
        """Take the item and all that is in it away; delta will tell it."""
        if item.parent_id is None:
            raise GraphFault(403, "accessDenied", "The root cannot be deleted")
        for inside in drive.children(item):
            self.delete(drive, inside)
        item.deleted = True
        item.modified_at = self._now()
        drive.touch(item)

    def download_token(self, drive: Drive, item: DriveItem) -> str:
        """A token for an address that gives the content without sign-in for five minutes."""
        token = secrets.token_urlsafe(24)
        self._downloads[token] = (drive.drive_id, item.item_id, self._now() + DOWNLOAD_LIFETIME)
        return token

    def downloadable(self, token: str) -> DriveItem | None:
        """What a download token opens; None when it is unknown or its five minutes are over."""
        drive_id, item_id, until = self._downloads.get(token, ("", "", self._now()))
        if self._now() >= until or drive_id not in self.drives:
            return None
        item = self.drives[drive_id].items[item_id]
        return None if item.deleted else item

    def expire_delta_tokens(self) -> None:
        """From now on no delta token given before is known."""
        for drive in self.drives.values():
            drive.delta_epoch += 1

    def _changed(self, drive: Drive, item: DriveItem, by: IdentitySet) -> None:
        item.version += 1
        item.modified_at, item.modified_by = self._now(), by
        drive.touch(item)

    def _add(
        self,
        drive: Drive,
        name: str,
        folder: DriveItem | None,
        content: bytes | None,
        by: IdentitySet,
        mime_type: str = "application/octet-stream",
    ) -> DriveItem:
        checked_name(name)
        unique = uuid.uuid4() if folder else uuid.uuid5(NAMESPACE, drive.drive_id)
        item_id = "01" + base64.b32encode(unique.bytes * 2).decode()[:32]
        now = self._now()
        parent_id = folder.item_id if folder else None
        item = DriveItem(item_id, str(unique), name, parent_id, now, by, now, by, content, mime_type)
        drive.items[item_id] = item
        drive.touch(item)
        return item


def not_found() -> GraphFault:
    """Drive's 404."""
    return GraphFault(404, "itemNotFound", "The resource could not be found.")


def checked_name(name: str) -> str:
    """The name, if SharePoint takes it. Raises GraphFault 400."""
    if not name.strip() or len(name) > 255 or FORBIDDEN_IN_NAMES.search(name) or name in (".", ".."):
        raise GraphFault(400, "invalidRequest", "The provided name is not valid.")
    return name


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part]
