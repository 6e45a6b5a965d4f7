"""Teams and channels, against the emulator over real HTTP."""

import pytest

from graph_client.client import GraphClient
from graph_client.errors import RetryLater
from tests.graph_client.conftest import People
from tests.graph_client.told_graph import Answer, ToldGraph

pytestmark = pytest.mark.anyio


async def test_a_group_gets_its_team_once(tenant: GraphClient, people: People) -> None:
    assert await tenant.teams.ensure_team(people.group_id) == people.group_id
    assert await tenant.teams.ensure_team(people.group_id) == people.group_id


async def test_a_new_channel_is_listed_beside_the_first(tenant: GraphClient, people: People) -> None:
    team_id = await tenant.teams.ensure_team(people.group_id)
    made = await tenant.teams.create_channel(team_id, "Tasking meeting", "Escalations for the chair")
    assert made.web_url
    channels = await tenant.teams.channels(team_id)
    assert {channel.name for channel in channels} == {"General", "Tasking meeting"}
    assert made.channel_id in {channel.channel_id for channel in channels}


async def test_a_group_that_teams_does_not_know_yet_is_tried_again_after_ten_seconds(
    graph: ToldGraph, client: GraphClient
) -> None:
    graph.tell(Answer(404))
    with pytest.raises(RetryLater) as caught:
        await client.teams.ensure_team("g")
    assert caught.value.after_seconds == 10
    assert not caught.value.uncertain
    assert [(asked.method, asked.path) for asked in graph.asked] == [
        ("GET", "/v1.0/teams/g"),
        ("PUT", "/v1.0/groups/g/team"),
    ]


async def test_a_team_that_someone_else_made_in_between_is_the_groups(graph: ToldGraph, client: GraphClient) -> None:
    graph.tell(Answer(404), Answer(409), Answer(body={"id": "g"}))
    assert await client.teams.ensure_team("g") == "g"
