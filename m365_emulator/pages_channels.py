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

from m365_emulator.control import tenant_of
from m365_emulator.odata import Json
from m365_emulator.pages_cards import told
from m365_emulator.pages_frame import HERE, not_here, show
from m365_emulator.teams_state import Message
from m365_emulator.tenant import Tenant
from m365_emulator.workflows import deliver_due
from m365_emulator.workflows_state import CARD_TYPE


def channel_links(tenant: Tenant) -> list[Json]:
    """Every channel with its team's name, its page and how many posts it holds."""
    deliver_due(tenant)
    links = []
    for team in tenant.teams.teams.values():
        group = tenant.directory.group(team.id)
        for channel in team.channels.values():
            name = f"{group.display_name if group else team.id}: {channel.display_name}"
            href = f"/channels/{team.id}/{quote(channel.id, safe='')}"
            links.append({"name": name, "href": href, "posts": len(channel.messages)})
    return sorted(links, key=lambda link: str(link["name"]).casefold())


async def channels(request: Request) -> Response:
    """GET /channels"""
    return show(request, "channels.html", {"channels": channel_links(tenant_of(request))})


async def channel(request: Request) -> Response:
    """GET /channels/{team}/{channel}"""
    tenant = tenant_of(request)
    team_id, channel_id = request.path_params["team_id"], request.path_params["channel_id"]
    deliver_due(tenant)
    found = tenant.teams.channel(team_id, channel_id)
    if found is None:
        return not_here(request, "There is no such channel.")
    group = tenant.directory.group(team_id)
    name = f"{group.display_name}: {found.display_name}" if group else found.display_name
    values = {
        "name": name,
        "posts": [_post(tenant, message) for message in found.messages],
        "renderer": (HERE / "renderer/node_modules/adaptivecards/dist").is_dir(),
    }
    return show(request, "channel.html", values)


def _post(tenant: Tenant, message: Message) -> Json:
    text = re.sub(r"<attachment[^>]*>.*?</attachment>", "", message.content, flags=re.DOTALL | re.IGNORECASE)
    if message.content_type == "html":
        text = html.unescape(re.sub(r"<[^>]+>", "", re.sub(r"<(br|/p|/div)\b[^>]*>", "\n", text)))
    cards = [json.loads(a["content"]) for a in message.attachments if a.get("contentType") == CARD_TYPE]
    return {
        "at": message.created_at,
        "sender": _sender(tenant, message.sender),
        "text": text.strip(),
        "cards": [{"json": _script_json(card), "blocks": told(card)} for card in cards],
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
