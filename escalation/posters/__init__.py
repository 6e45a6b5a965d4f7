"""Posters carry a card to a channel. POSTERS is the table of them: a new one is a module and a line here."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from escalation.posters.teams_workflow import TeamsWorkflowPoster


class Poster(Protocol):
    """Hands a card to a channel. Raises PostFailed."""

    async def post(self, card: Mapping[str, Any], channel: str) -> None:
        """Hands over one card for the channel with this meeting code; it is then Teams' to show."""
        ...

    async def aclose(self) -> None:
        """Lets go of connections."""
        ...


POSTERS: Mapping[str, Callable[[Mapping[str, str]], Poster]] = {
    "teams_workflow": TeamsWorkflowPoster,
}
