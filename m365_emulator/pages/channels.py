"""The Teams channel pages: posts oldest first, cards drawn by the official renderer or told in words."""

from __future__ import annotations

import html
import json
import re
from typing import Any
from urllib.parse import quote

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from m365_emulator.control.orders import tenant_of
from m365_emulator.odata import Json
from m365_emulator.pages.board_view import Assignee
from m365_emulator.pages.cards import brought_home, told
from m365_emulator.pages.frame import HERE, not_here, show
from m365_emulator.teams.state import Channel, Message
from m365_emulator.tenant import Tenant
from m365_emulator.workflows.routes import deliver_due
from m365_emulator.workflows.state import CARD_TYPE


def channel_links(tenant: Tenant) -> list[Json]:
    """Every channel with its team's name, its page and its posts; those with posts first."""
    rows = [
        row | {"name": f"{team['name']}: {row['name']}"} for team in teams_shown(tenant) for row in team["channels"]
    ]
    return sorted(rows, key=lambda row: (-row["posts"], row["name"].casefold()))


def teams_shown(tenant: Tenant) -> list[Json]:
    """Every team with its channels; those with posts first, then by name."""
    deliver_due(tenant)
    shown = []
    for team in tenant.teams.teams.values():
        group = tenant.directory.group(team.id)
        badge = Assignee(team.id, group.display_name if group else team.id)
        rows = sorted(
            (_channel_row(team.id, channel) for channel in team.channels.values()),
            key=lambda row: (-row["posts"], row["name"].casefold()),
        )
        posts = sum(row["posts"] for row in rows)
        shown.append(
            {"name": badge.name, "initials": badge.initials, "tint": badge.tint, "channels": rows, "posts": posts}
        )
    return sorted(shown, key=lambda team: (-team["posts"], team["name"].casefold()))


def _channel_row(team_id: str, channel: Channel) -> Json:
    posts = [message for message in channel.messages if message.reply_to_id is None]
    return {
        "name": channel.display_name,
        "href": f"/channels/{team_id}/{quote(channel.id, safe='')}",
        "posts": len(posts),
        "last": posts[-1].created_at if posts else None,
    }


async def channels(request: Request) -> Response:
    """GET /channels: the teams with their channels"""
    teams = teams_shown(tenant_of(request))
    told = sum(1 for team in teams for row in team["channels"] if row["posts"])
    values = {"teams": teams, "posts": sum(team["posts"] for team in teams), "channels_told": told}
    return show(request, "channels.html", values)


async def channel(request: Request) -> Response:
    """GET /channels/{team}/{channel}: what was posted, with cards drawn as Teams draws them"""
    tenant = tenant_of(request)
    team_id, channel_id = request.path_params["team_id"], request.path_params["channel_id"]
    deliver_due(tenant)
    found = tenant.teams.channel(team_id, channel_id)
    if found is None:
        return not_here(request, "There is no such channel.")
    group = tenant.directory.group(team_id)
    name = f"{group.display_name}: {found.display_name}" if group else found.display_name
    first = [message for message in found.messages if message.reply_to_id is None]
    values = {
        "name": name,
        "posts": [_post(tenant, message, found) for message in first],
        "renderer": (HERE / "renderer/node_modules/adaptivecards/dist").is_dir(),
    }
    return show(request, "channel.html", values)


def _post(tenant: Tenant, message: Message, channel: Channel | None = None) -> Json:
    """A post with its cards; with its channel given, with its replies too."""
    text = re.sub(r"<attachment[^>]*>.*?</attachment>", "", message.content, flags=re.DOTALL | re.IGNORECASE)
    if message.content_type == "html":
        text = html.unescape(re.sub(r"<[^>]+>", "", re.sub(r"<(br|/p|/div)\b[^>]*>", "\n", text)))
    given = [json.loads(a["content"]) for a in message.attachments if a.get("contentType") == CARD_TYPE]
    cards = [brought_home(card) for card in given]
    replies = [m for m in channel.messages if m.reply_to_id == message.id] if channel else []
    return {
        "at": message.created_at,
        "sender": _sender(tenant, message.sender),
        "text": text.strip(),
        "cards": [{"json": _script_json(card), "blocks": told(card)} for card in cards],
        "replies": [_post(tenant, reply) for reply in replies],
    }


def _sender(tenant: Tenant, sender: Json) -> str:
    for kind in ("user", "application"):
        who = sender.get(kind) or {}
        person = tenant.directory.user(str(who.get("id", ""))) if kind == "user" else None
        if person or who:
            return str(person.display_name if person else who.get("displayName") or "Unknown")
    return "Unknown"


def _script_json(card: Any) -> Markup:
    """JSON that can stand inside a script element: nothing in it can close the element."""
    text = json.dumps(card, ensure_ascii=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - every character that HTML minds was escaped above


CHANNEL_ROUTES = (
    Route("/channels", channels),
    Route("/channels/{team_id}/{channel_id}", channel),
)
