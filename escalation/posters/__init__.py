"""Posters carry a card to a channel. POSTERS is the table of them: a new one is a module and a line here."""

from collections.abc import Mapping

from escalation.posters.by_channel import PosterByChannel
from escalation.posters.poster import MakePoster, Poster, PosterParts
from escalation.posters.teams_channel import TeamsChannelPoster
from escalation.posters.teams_workflow import TeamsWorkflowPoster
from tasking.force import Force

__all__ = ["BY_ACCOUNT", "POSTERS", "Poster", "PosterParts", "poster_name", "posters_in_use", "the_poster"]

POSTERS: Mapping[str, MakePoster] = {
    "teams_workflow": lambda parts: TeamsWorkflowPoster(parts.webhooks),
    "teams_channel": TeamsChannelPoster.of,
}
BY_ACCOUNT = frozenset({"teams_channel"})
"""Those that speak as the service account, which has to be signed in."""


def poster_name(force: Force, default: str, channel: str) -> str:
    """Which poster the channel of this meeting code has: its own, or the force's."""
    return force.meeting(channel).poster or default


def posters_in_use(force: Force, default: str) -> frozenset[str]:
    """Names of the posters that some meeting's cards go by."""
    return frozenset(meeting.poster or default for meeting in force.meetings) | {default}


def the_poster(force: Force, default: str, parts: PosterParts) -> Poster:
    """The poster for every channel of the force. Raises KeyError for a name that POSTERS does not have."""
    made = {name: POSTERS[name](parts) for name in posters_in_use(force, default)}
    return PosterByChannel(made, lambda channel: poster_name(force, default, channel))
