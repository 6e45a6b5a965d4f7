"""Teams and their channels. Messages are not posted here: Graph gives an app-only identity no way to do it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graph_client.errors import Conflict, Gone, RetryLater
from graph_client.reading import Json, maybe_text, text
from graph_client.transport import GraphTransport

# A group that is new is unknown to Teams for a while; Microsoft says to wait so long between tries.
# Source: learn.microsoft.com/graph/api/team-put-teams.
NEW_GROUP_WAIT_SECONDS = 10.0
TEAM_SETTINGS: Mapping[str, Any] = {
    "memberSettings": {"allowCreateUpdateChannels": True},
    "messagingSettings": {"allowUserEditMessages": True, "allowUserDeleteMessages": True},
}


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel of a team; `web_url` opens it in Teams."""

    channel_id: str
    name: str
    web_url: str | None

    @classmethod
    def read(cls, of: Json) -> "Channel":
        """From a channel."""
        return cls(text(of, "id"), text(of, "displayName"), maybe_text(of, "webUrl"))


class TeamsClient:
    """Every method raises GraphError."""

    def __init__(self, transport: GraphTransport) -> None:
        self._transport = transport

    async def ensure_team(self, group_id: str) -> str:
        """The id of the group's team, which is made where there is none.

        RetryLater where the group is so new that Teams does not know it yet.
        """
        try:
            return await self._team_id(group_id)
        except Gone:
            pass
        try:
            made = await self._transport.write(
                "PUT", lambda graph: graph.groups.by_group_id(group_id).team, TEAM_SETTINGS
            )
        except Gone as error:
            sentence = "Teams does not know this group yet"
            raise RetryLater(
                "PUT /groups/{group-id}/team", after_seconds=NEW_GROUP_WAIT_SECONDS, sentence=sentence
            ) from error
        except Conflict:
            return await self._team_id(group_id)  # someone else made it in between
        return text(made, "id") if made else await self._team_id(group_id)

    async def channels(self, team_id: str) -> tuple[Channel, ...]:
        """The channels of a team."""
        pages = self._transport.pages(lambda graph: graph.teams.by_team_id(team_id).channels)
        return tuple([Channel.read(item) async for item in pages])

    async def create_channel(self, team_id: str, name: str, description: str) -> Channel:
        """A new standard channel, open to the whole team: the flow bot cannot post to a private one."""
        body = {"displayName": name, "description": description, "membershipType": "standard"}
        made = await self._transport.write("POST", lambda graph: graph.teams.by_team_id(team_id).channels, body)
        if made is None:
            sentence = "Graph did not say what was made"
            raise RetryLater("POST /teams/{team-id}/channels", uncertain=True, sentence=sentence)
        return Channel.read(made)

    async def _team_id(self, group_id: str) -> str:
        return text(await self._transport.get(lambda graph: graph.teams.by_team_id(group_id)), "id")
