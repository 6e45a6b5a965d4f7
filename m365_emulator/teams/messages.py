"""Channel messages: only a person's token may post (Teamwork.Migrate.All needs a channel in migration mode).

Cards travel as a JSON string in an attachment that the html body points to by id (chatmessage-post.md).
"""

import json
import re
from typing import Any
from urllib.parse import quote

from m365_emulator.clock import timestamp
from m365_emulator.odata import GraphFault, Json, page, with_context
from m365_emulator.routing import Call, Reply, Route
from m365_emulator.teams.place import channel_at, not_found
from m365_emulator.teams.state import Channel, Message

_ATTACHMENT_TAG = re.compile(r"<attachment\s+id=[\"']?([^\"'>\s]+)[\"']?\s*/?>", re.IGNORECASE)
_MENTION_TAG = re.compile(r"<at\s+id=[\"']?(\d+)[\"']?\s*>", re.IGNORECASE)
_WRITABLE = {"body", "attachments", "mentions", "subject", "summary", "importance", "locale", "hostedContents"}
_PAGE, _MAX_TOP = 20, 50


def post_message(call: Call) -> Reply:
    """POST messages: 201 for a person in the team."""
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
    roots = [m for m in reversed(channel.messages) if m.reply_to_id is None]
    return _listing(call, channel, roots, "messages")


def list_replies(call: Call) -> Reply:
    """GET messages/{id}/replies, newest first."""
    channel = channel_at(call)
    root = _root_at(call, channel)
    replies = [m for m in reversed(channel.messages) if m.reply_to_id == root.id]
    return _listing(call, channel, replies, f"messages('{root.id}')/replies")


def get_message(call: Call) -> Reply:
    """GET messages/{id}."""
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
    if call.who.is_app_only:
        raise GraphFault(403, "Forbidden", "Messages can be imported only into a channel in migration mode.")
    limit = call.tenant.switches.teams_message_max_bytes
    if len(call.body) > limit:
        raise GraphFault(413, "RequestEntityTooLarge", f"The message is larger than {limit} bytes.")
    body = call.json()
    content_type, content = _body_of(body)
    attachments = _attachments_of(body, content)
    mentions = _mentions_of(body, content)
    now = call.tenant.clock.now()
    message = Message(channel.new_message_id(now), now, _sender(call), content_type, content, attachments)
    message.mentions = mentions
    message.subject = str(body["subject"]) if body.get("subject") else None
    message.importance = body.get("importance", "normal")
    message.reply_to_id = reply_to
    channel.messages.append(message)
    return message


def _body_of(body: Json) -> tuple[str, str]:
    for name in body:
        if name not in _WRITABLE and not name.startswith("@"):
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


def _sender(call: Call) -> Json:
    user = call.tenant.directory.user(call.who.user_id or "")
    identity = {
        "id": call.who.user_id,
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
    top = call.query.get("$top", str(_PAGE))
    if not top.isdigit() or not 1 <= int(top) <= _MAX_TOP:
        raise _bad(f"$top is 1 to {_MAX_TOP}.")
    rows = [message_row(call, channel, message) for message in messages]
    body = page(rows, call.query, call.url, int(top), count=True)
    return Reply(200, with_context(call.base_url, f"{_context(channel)}/{below}", body))


def _context(channel: Channel) -> str:
    return f"teams('{channel.team_id}')/channels('{quote(channel.id)}')"


def _bad(message: str) -> GraphFault:
    return GraphFault(400, "BadRequest", message)


_MESSAGES = "/teams/{team_id}/channels/{channel_id}/messages"
MESSAGE_ROUTES = (
    Route("GET", _MESSAGES, list_messages),
    Route("POST", _MESSAGES, post_message),
    Route("GET", _MESSAGES + "/{message_id}", get_message),
    Route("GET", _MESSAGES + "/{message_id}/replies", list_replies),
    Route("POST", _MESSAGES + "/{message_id}/replies", post_reply),
)
