"""TABLE: what can be subscribed to, for how long, with which permissions; and what has changed there since.

Lifetimes and rules: the lifetime table of change-notifications-overview.md. Lists and drives do not say what changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import unquote

from m365_emulator.drives.routes import drive_of_group
from m365_emulator.odata import GraphFault, Json
from m365_emulator.routing import normalise
from m365_emulator.subscriptions.state import Subscription
from m365_emulator.teams.state import Channel
from m365_emulator.tenant import Tenant

Place = tuple[str, ...]
ANY_DRIVE = re.compile(r"/(drives/[^/]+|(groups|sites|users)/[^/]+/drive|me/drive)(/|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of resource: its paths, longest life, change types, permissions, and how to read its changes."""

    name: str
    paths: tuple[re.Pattern[str], ...]
    longest: timedelta
    change_types: frozenset[str]
    delegated: frozenset[str]
    application: frozenset[str]
    place: Callable[[Tenant, re.Match[str]], Place]
    mark: Callable[[Tenant, Place], int]
    told: Callable[[Tenant, Subscription], list[tuple[str, str, Json]]]


def kind_of(resource: str) -> tuple[Kind, re.Match[str]]:
    """The kind of a resource path. Raises GraphFault 400 for one that has no change notifications."""
    path = normalise(unquote("/" + resource.strip("/")))
    for kind in KINDS:
        for pattern in kind.paths:
            if found := pattern.fullmatch(path):
                return kind, found
    if ANY_DRIVE.match(path):
        raise GraphFault(400, "InvalidRequest", "Only the root of a drive can be subscribed to.")
    raise GraphFault(400, "InvalidRequest", f"Subscriptions are not supported for the resource '{resource}'.")


def kind_named(name: str) -> Kind:
    """The kind with this name."""
    return next(kind for kind in KINDS if kind.name == name)


def _list_place(tenant: Tenant, found: re.Match[str]) -> Place:
    site = tenant.sharepoint.site(found[1])
    return site.site_id, site.list_named(found[2]).list_id


def _list_mark(tenant: Tenant, place: Place) -> int:
    return tenant.sharepoint.site(place[0]).list_named(place[1]).sequence


def _list_told(tenant: Tenant, subscription: Subscription) -> list[tuple[str, str, Json]]:
    site_id, list_id = subscription.place
    etag = f'"{list_id},{_list_mark(tenant, subscription.place)}"'
    return [("updated", subscription.resource, _data("List", f"sites/{site_id}/lists/{list_id}", etag, list_id))]


def _drive_place(tenant: Tenant, found: re.Match[str]) -> Place:
    where, one = found[1].lower(), found[2]
    if where == "drives":
        return (tenant.drives.drive(one).drive_id,)
    group_id = one if where == "groups" else tenant.sharepoint.site(one).group_id
    return (drive_of_group(tenant, group_id or one).drive_id,)


def _drive_mark(tenant: Tenant, place: Place) -> int:
    return tenant.drives.drive(place[0]).sequence


def _drive_told(tenant: Tenant, subscription: Subscription) -> list[tuple[str, str, Json]]:
    drive = tenant.drives.drive(subscription.place[0])
    data = _data("DriveItem", f"drives/{drive.drive_id}/root", drive.root.etag, drive.root.item_id)
    return [("updated", subscription.resource, data)]


def _channel_place(tenant: Tenant, found: re.Match[str]) -> Place:
    _channel(tenant, (found[1], found[2]))
    return found[1], found[2]


def _channel(tenant: Tenant, place: Place) -> Channel:
    channel = tenant.teams.channel(*place)
    if channel is None:
        raise GraphFault(404, "NotFound", "No channel found with the id given.")
    return channel


def _channel_mark(tenant: Tenant, place: Place) -> int:
    return len(_channel(tenant, place).messages)


def _channel_told(tenant: Tenant, subscription: Subscription) -> list[tuple[str, str, Json]]:
    team_id, channel_id = subscription.place
    told = []
    for message in _channel(tenant, subscription.place).messages[subscription.seen :]:
        below = f"messages('{message.reply_to_id or message.id}')"
        below += f"/replies('{message.id}')" if message.reply_to_id else ""
        path = f"teams('{team_id}')/channels('{channel_id}')/{below}"
        told.append(("created", path, _data("chatMessage", path, message.id, message.id)))
    return told


def _data(type_name: str, path: str, etag: str, entity_id: str) -> Json:
    return {"@odata.type": f"#Microsoft.Graph.{type_name}", "@odata.id": path, "@odata.etag": etag, "id": entity_id}


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


_FILES = frozenset({"Files.ReadWrite.All", "Sites.ReadWrite.All"})
_LISTS = frozenset({"Sites.ReadWrite.All", "Sites.Manage.All"})
_MONTH = timedelta(minutes=42_300)
KINDS = (
    Kind(
        "list",
        (_pattern(r"/sites/([^/]+)/lists/([^/]+)"),),
        _MONTH,
        frozenset({"updated"}),
        _LISTS,
        _LISTS,
        _list_place,
        _list_mark,
        _list_told,
    ),
    Kind(
        "drive",
        (_pattern(r"/(drives)/([^/]+)/root"), _pattern(r"/(groups|sites)/([^/]+)/drive/root")),
        _MONTH,
        frozenset({"updated"}),
        _FILES | {"Files.ReadWrite"},
        _FILES,
        _drive_place,
        _drive_mark,
        _drive_told,
    ),
    Kind(
        "channel messages",
        (_pattern(r"/teams/([^/]+)/channels/([^/]+)/messages"),),
        timedelta(minutes=4_320),
        frozenset({"created", "updated", "deleted"}),
        frozenset({"ChannelMessage.Read.All"}),
        frozenset({"ChannelMessage.Read.All", "ChannelMessage.Read.Group"}),
        _channel_place,
        _channel_mark,
        _channel_told,
    ),
)
