"""A poster that keeps what it is handed, names each message, and fails as it is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from escalation.posters.post_failed import PostFailed


@dataclass(frozen=True, slots=True)
class Handed:
    """One card, the channel it was for, and the message it replies to."""

    channel: str
    banner: str
    reply_to: str | None
    card: Mapping[str, Any]


@dataclass
class NotingPoster:
    """`failures` are raised first, one each time. Without `names` it knows no message ids, as a workflow."""

    names: bool = True
    handed: list[Handed] = field(default_factory=list)
    failures: list[PostFailed] = field(default_factory=list)

    async def post(self, card: Mapping[str, Any], channel: str, reply_to: str | None = None) -> str | None:
        """Keeps the card."""
        if self.failures:
            raise self.failures.pop(0)
        self.handed.append(Handed(channel, card["body"][0]["text"], reply_to, card))
        return f"message {len(self.handed)}" if self.names else None

    async def aclose(self) -> None:
        """Holds nothing."""

    @property
    def told(self) -> list[tuple[str, str]]:
        """Channel and banner of each card, oldest first."""
        return [(each.channel, each.banner) for each in self.handed]
