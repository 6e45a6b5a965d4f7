"""Messages in a channel: one Adaptive Card each. Only a person's token may post them, so the transport is the service
account's (learn.microsoft.com/graph/api/chatmessage-post).
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graph_client.errors import RetryLater
from graph_client.reading import text
from graph_client.transport import GraphTransport

CARD_TYPE = "application/vnd.microsoft.card.adaptive"


@dataclass(frozen=True, slots=True)
class ChannelPlace:
    """A channel and the team that it is in."""

    team_id: str
    channel_id: str


class ChannelMessages:
    """Every method raises GraphError. `uncertain` on it means that the message may be there all the same."""

    def __init__(self, transport: GraphTransport) -> None:
        self._transport = transport

    async def post(self, place: ChannelPlace, card: str) -> str:
        """A new message with this card, a JSON text; the message's id."""
        return await self._send(lambda graph: _channel(graph, place).messages, card)

    async def reply(self, place: ChannelPlace, message_id: str, card: str) -> str:
        """The card as a reply to a message; the reply's id. Gone where the message, or the channel, is not there."""

        def replies(graph: Any) -> Any:
            return _channel(graph, place).messages.by_chat_message_id(message_id).replies

        return await self._send(replies, card)

    async def aclose(self) -> None:
        """Closes the connections of the transport."""
        await self._transport.aclose()

    async def _send(self, target: Callable[[Any], Any], card: str) -> str:
        made = await self._transport.write("POST", target, message_body(card))
        if made is None:
            raise RetryLater("POST a message", uncertain=True, sentence="Graph did not say what was made")
        return text(made, "id")


def message_body(card: str) -> dict[str, Any]:
    """A message that shows the card: its content is a JSON text here, and the body points to it by id."""
    attachment_id = uuid.uuid4().hex
    attachment = {"id": attachment_id, "contentType": CARD_TYPE, "contentUrl": None, "content": card, "name": None}
    content = f'<attachment id="{attachment_id}"></attachment>'
    return {"body": {"contentType": "html", "content": content}, "attachments": [attachment]}


def _channel(graph: Any, place: ChannelPlace) -> Any:
    return graph.teams.by_team_id(place.team_id).channels.by_channel_id(place.channel_id)
