"""Channel messages: a person's token posts; an app's own only imports into a channel in migration mode.

Cards travel as a JSON string in an attachment that the html body points to by id (chatmessage-post.md).
"""

import json
import re
from collections.abc import Collection
from typing import Any
from urllib.parse import quote

from m365_emulator.clock import timestamp
from m365_emulator.directory.state import User
from m365_emulator.odata import GraphFault, Json, page, whole_number, with_context
from m365_emulator.routing import Call, Reply, Route, of_family
from m365_emulator.teams.migration import IMPORTED, author_of, require_migration, written_at
from m365_emulator.teams.place import channel_at, not_found
from m365_emulator.teams.state import Channel, Message
from m365_emulator.words import Assumed, Family

_ATTACHMENT_TAG = re.compile(r"<attachment\s+id=[\"']?([^\"'>\s]+)[\"']?\s*/?>", re.IGNORECASE)
_MENTION_TAG = re.compile(r"<at\s+id=[\"']?(\d+)[\"']?\s*>", re.IGNORECASE)
_WRITABLE = {"body", "attachments", "mentions", "subject", "summary", "importance", "locale", "hostedContents"}
_PAGE, _MAX_TOP = 20, 50


def post_message(call: Call) -> Reply:
    """POST messages: 201 for a person in the team, and for an app that imports."""
    channel = channel_at(call)
    message = _new_message(call, channel, None)
    return _created(call, channel, message)


def post_reply(call: Call) -> Reply:
    """POST messages/{id}/replies: 201, replyToId is the message replied to."""
    channel = channel_at(call)
    root = _root_at(call, channel)
    return _created(call, channel, _new_message(call, channel, root.id))


def list_messages(call: Call) -> Reply:
    """GET messages: posts without their replies, newest first."""
    channel = channel_at(call)
    return _listing(call, channel, channel.newest_first(None), "messages")


def list_replies(call: Call) -> Reply:
    """GET messages/{id}/replies: newest first."""
    channel = channel_at(call)
    root = _root_at(call, channel)
    return _listing(call, channel, channel.newest_first(root.id), f"messages('{root.id}')/replies")


def get_message(call: Call) -> Reply:
    """GET messages/{id}: one post."""
    channel = channel_at(call)
    row = message_row(call, channel, _root_at(call, channel))
    return Reply(200, with_context(call.base_url, f"{_context(channel)}/messages/$entity", row))


def message_row(call: Call, channel: Channel, message: Message) -> Json:
    """A chatMessage as Graph gives it."""
    created = timestamp(message.created_at)
    web = f"{call.base_url}/channels/{channel.team_id}/{quote(channel.id, safe='')}#m{message.id}"
    return {
        "id": message.id,
        "replyToId": message.reply_to_id,
        "etag": message.id,
        "messageType": "message",
        "createdDateTime": created,
        "lastModifiedDateTime": created,
        "lastEditedDateTime": None,
        "deletedDateTime": None,
        "subject": message.subject,
        "summary": None,
        "chatId": None,
        "importance": message.importance,
        "locale": "en-us",
        "webUrl": web,
        "policyViolation": None,
        "eventDetail": None,
        "from": message.sender,
        "body": {"contentType": message.content_type, "content": message.content},
        "channelIdentity": {"teamId": channel.team_id, "channelId": channel.id},
        "attachments": message.attachments,
        "mentions": message.mentions,
        "reactions": [],
    }


def _new_message(call: Call, channel: Channel, reply_to: str | None) -> Message:
    imports = call.who.is_app_only
    if imports:
        require_migration(call, channel)
    limit = call.tenant.switches.teams_message_max_bytes
    if len(call.body) > limit:
        raise GraphFault(413, "RequestEntityTooLarge", f"The message is larger than {limit} bytes.")
    body = call.json()
    content_type, content = _body_of(body, _WRITABLE | IMPORTED if imports else _WRITABLE)
    attachments = _attachments_of(body, content)
    mentions = _mentions_of(body, content)
    author = author_of(call, body) if imports else call.tenant.directory.user(call.who.user_id or "")
    at = written_at(call, channel, body) if imports else call.tenant.clock.now()
    message_id = channel.imported_message_id(at) if imports else channel.new_message_id(at)
    message = Message(message_id, at, _sender(call, author), content_type, content, attachments)
    message.mentions = mentions
    message.subject = str(body["subject"]) if body.get("subject") else None
    message.importance = body.get("importance", "normal")
    message.reply_to_id = reply_to
    channel.messages.append(message)
    return message


def _body_of(body: Json, writable: Collection[str]) -> tuple[str, str]:
    for name in body:
        if name not in writable and not name.startswith("@"):
            raise _bad(f"The property '{name}' cannot be set by this caller.")
    given = body.get("body")
    if not isinstance(given, dict) or not isinstance(given.get("content"), str) or not given["content"]:
        raise _bad("Missing body content.")
    content_type = given.get("contentType", "text")
    if content_type not in ("text", "html"):
        raise _bad(f"contentType '{content_type}' is not text or html.")
    if body.get("importance", "normal") not in ("normal", "high", "urgent"):
        raise _bad("importance is normal, high or urgent.")
    return content_type, given["content"]


def _attachments_of(body: Json, content: str) -> list[Json]:
    given = _list_in(body, "attachments")
    for entry in given:
        if not isinstance(entry, dict) or not isinstance(entry.get("id"), str) or not entry["id"]:
            raise _bad("Every attachment needs an id.")
        if entry.get("content") is not None and not isinstance(entry["content"], str):
            raise _bad("An attachment's content has to be a JSON string, not an object.")
        if str(entry.get("contentType", "")).startswith("application/vnd.microsoft.card"):
            _require_card(entry)
    ids = [entry["id"] for entry in given]
    if sorted(ids) != sorted(set(_ATTACHMENT_TAG.findall(content))):
        raise _bad("The attachment tags of the body and the attachments do not match.")
    names = ("id", "contentType", "contentUrl", "content", "name", "thumbnailUrl", "teamsAppId")
    return [{name: entry.get(name) for name in names} for entry in given]


def _list_in(body: Json, name: str) -> list[Any]:
    value = body.get(name) or []
    if not isinstance(value, list):
        raise _bad(f"'{name}' has to be an array.")
    return value


def _require_card(entry: Json) -> None:
    try:
        card: Any = json.loads(entry.get("content") or "")
    except ValueError as fault:
        raise _bad("The card's content is not JSON.") from fault
    if not isinstance(card, dict):
        raise _bad("The card's content is not a JSON object.")


def _mentions_of(body: Json, content: str) -> list[Json]:
    given = _list_in(body, "mentions")
    ids = [str(entry.get("id")) if isinstance(entry, dict) else "" for entry in given]
    if sorted(ids) != sorted(set(_MENTION_TAG.findall(content))):
        raise _bad("The at tags of the body and the mentions do not match.")
    return given


def _sender(call: Call, user: User | None) -> Json:
    identity = {
        "id": user.id if user else call.who.user_id,
        "displayName": user.display_name if user else None,
        "userIdentityType": "aadUser",
        "tenantId": call.tenant.tenant_id,
    }
    typed = {"@odata.type": "#microsoft.graph.teamworkUserIdentity", **identity}
    return {"application": None, "device": None, "user": typed}


def _root_at(call: Call, channel: Channel) -> Message:
    message = channel.message(call.params["message_id"])
    if message is None or message.reply_to_id is not None:
        raise not_found("message")
    return message


def _created(call: Call, channel: Channel, message: Message) -> Reply:
    row = message_row(call, channel, message)
    location = f"{call.url}/{message.id}"
    body = with_context(call.base_url, f"{_context(channel)}/messages/$entity", row)
    return Reply(201, body, {"Location": location})


def _listing(call: Call, channel: Channel, messages: list[Message], below: str) -> Reply:
    size = whole_number(call.query.get("$top", str(_PAGE)))
    if size is None or not 1 <= size <= _MAX_TOP:
        raise _bad(f"$top is 1 to {_MAX_TOP}.")
    rows = [message_row(call, channel, message) for message in messages]
    body = page(rows, call.query, call.url, size, count=True)
    return Reply(200, with_context(call.base_url, f"{_context(channel)}/{below}", body))


def _context(channel: Channel) -> str:
    return f"teams('{channel.team_id}')/channels('{quote(channel.id)}')"


def _bad(message: str) -> GraphFault:
    return GraphFault(400, "BadRequest", message)


_MESSAGES = "/teams/{team_id}/channels/{channel_id}/messages"
FAMILY = Family(
    "Teams: messages",
    modelled=(
        "A person of the team posts and replies. An app alone may not, but for importing: with `Teamwork.Migrate.All`, "
        "into a channel that `POST /_emulator/teams/{team}/channels/{channel}/migration` has put into migration mode "
        "for it, as a person of the tenant (`from`) and at a time between the channel's own and now "
        "(`createdDateTime`).",
        "A card travels as a JSON string whose attachment id stands in a tag of the body.",
        "Four calls a second on one channel, then 429, in real time.",
    ),
    assumed=(
        Assumed("Largest message", "28 KB", ("teams_message_max_bytes",)),
        Assumed("An attachment without its tag, or a tag without its attachment", "400"),
        Assumed("Persons posting into a channel in migration mode", "accepted"),
    ),
    refused=(
        "Editing and deleting messages, reactions, chats.",
        "`startMigration` and `completeMigration` by Graph: the control area stands for them.",
    ),
)
MESSAGE_ROUTES = of_family(
    FAMILY,
    (
        Route("GET", _MESSAGES, list_messages),
        Route("POST", _MESSAGES, post_message),
        Route("GET", _MESSAGES + "/{message_id}", get_message),
        Route("GET", _MESSAGES + "/{message_id}/replies", list_replies),
        Route("POST", _MESSAGES + "/{message_id}/replies", post_reply),
    ),
)
