"""Posts cards into channels as the service account, through Graph; follow-ups go into the thread of the first card.

The account holds ChannelMessage.Send and is a member of the teams. It does not read: whether people see it is theirs.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from escalation.posters.post_failed import PostFailed
from escalation.posters.poster import PosterParts
from graph_client.channel_messages import ChannelMessages, ChannelPlace
from graph_client.errors import Conflict, Gone, GraphError, NotPermitted, Rejected, RetryLater

LOOK_AGAIN_SECONDS = 300.0
"""After so long a card is tried again that a person's mending holds up: nothing is lost meanwhile."""


class TeamsChannelPoster:
    """`place_of` gives the team and channel of a meeting code, None where provisioning has not come to it."""

    def __init__(self, messages: ChannelMessages, place_of: Callable[[str], ChannelPlace | None]) -> None:
        self._messages = messages
        self._place_of = place_of

    @classmethod
    def of(cls, parts: PosterParts) -> "TeamsChannelPoster":
        """From the parts. ValueError where there is no service account."""
        if parts.messages is None:
            raise ValueError("teams_channel posts as the service account, and none is set up")
        return cls(parts.messages, parts.place_of)

    async def post(self, card: Mapping[str, Any], channel: str, reply_to: str | None = None) -> str | None:
        """Posts the card, into the thread of `reply_to` where that is still there. Raises PostFailed."""
        place = self._place_of(channel)
        if place is None:
            raise PostFailed(
                f"The channel of {channel} has not been made: run `tasking provision`.",
                after_seconds=LOOK_AGAIN_SECONDS,
                tells=True,
            )
        content = json.dumps(card, ensure_ascii=False, separators=(",", ":"))
        try:
            return await self._send(place, content, reply_to)
        except GraphError as error:
            raise _failed(error, channel) from error

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._messages.aclose()

    async def _send(self, place: ChannelPlace, content: str, reply_to: str | None) -> str:
        if reply_to is not None:
            try:
                return await self._messages.reply(place, reply_to, content)
            except Gone:  # somebody deleted the first card; where the whole channel is gone, the post says so
                pass
        return await self._messages.post(place, content)


def _failed(error: GraphError, channel: str) -> PostFailed:
    """What an error of Graph means for the card; the text names the channel and no id."""
    words = f"The channel of {channel}: {error}"
    if isinstance(error, NotPermitted):
        return PostFailed(
            f"{words}. See that the service account is signed in (`tasking sign-in-service-account`) and in the team.",
            after_seconds=LOOK_AGAIN_SECONDS,
            tells=True,
        )
    if isinstance(error, RetryLater):
        return PostFailed(words, uncertain=error.uncertain, after_seconds=error.after_seconds)
    if isinstance(error, Gone | Rejected):
        return PostFailed(words, uncertain=error.uncertain, is_final=True, tells=True)
    assert isinstance(error, Conflict)
    return PostFailed(words, uncertain=error.uncertain)
