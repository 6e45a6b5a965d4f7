"""What every poster does, and what it may be made of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from graph_client.channel_messages import ChannelMessages, ChannelPlace


class Poster(Protocol):
    """Hands a card to a channel. Raises PostFailed."""

    async def post(self, card: Mapping[str, Any], channel: str, reply_to: str | None = None) -> str | None:
        """Hands over one card for the channel with this meeting code; it is then Teams' to show.

        `reply_to` is the id of the message whose thread it goes into, where the poster can. Returns the id of the
        message made, None where Teams does not say: then it is queued and not known to be posted.
        """
        ...

    async def aclose(self) -> None:
        """Lets go of connections."""
        ...


@dataclass(frozen=True, slots=True)
class PosterParts:
    """What a poster is made of: webhook addresses by code; the way into channels and where each channel is."""

    webhooks: Mapping[str, str] = field(default_factory=dict)
    messages: ChannelMessages | None = None
    place_of: Callable[[str], ChannelPlace | None] = lambda channel: None


MakePoster = Callable[[PosterParts], Poster]
