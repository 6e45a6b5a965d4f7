"""Each channel's own poster, as config says, behind one pace per channel. This is the poster that others are given."""

from collections.abc import Callable, Mapping
from typing import Any

from escalation.posters.pacing import Pace
from escalation.posters.post_failed import PostFailed
from escalation.posters.poster import Poster


class PosterByChannel:
    """`posters` by their names; `name_of` says which of them a channel's cards go by."""

    def __init__(self, posters: Mapping[str, Poster], name_of: Callable[[str], str], pace: Pace | None = None) -> None:
        self._posters = dict(posters)
        self._name_of = name_of
        self._pace = pace or Pace()

    async def post(self, card: Mapping[str, Any], channel: str, reply_to: str | None = None) -> str | None:
        """Hands the card over by the channel's poster, in its turn. Raises PostFailed."""
        await self._pace.turn(channel)
        try:
            return await self._posters[self._name_of(channel)].post(card, channel, reply_to)
        except PostFailed as failed:
            if failed.after_seconds is not None and not failed.tells:
                self._pace.hold(channel, failed.after_seconds)
            raise

    async def aclose(self) -> None:
        """Lets go of every poster's connections."""
        for poster in self._posters.values():
            await poster.aclose()
