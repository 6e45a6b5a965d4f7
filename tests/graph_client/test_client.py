"""The way in."""

import pytest

from graph_client.addresses import PUBLIC_GRAPH
from graph_client.client import GraphClient
from tests.graph_client.told_graph import Answer, TestsCredential, ToldGraph


def test_without_an_address_it_is_microsofts_own() -> None:
    assert GraphClient.connect("", TestsCredential()).transport.address.base == PUBLIC_GRAPH


def test_an_unsafe_address_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(ValueError, match="http only on this machine"):
        GraphClient.connect("http://graph.example/v1.0", TestsCredential())


@pytest.mark.anyio
async def test_one_client_can_be_closed_and_used_again(graph: ToldGraph) -> None:
    graph.tell(Answer(body={"value": []}))
    client = GraphClient.connect(graph.url + "/v1.0/", TestsCredential())
    for _ in range(2):
        assert await client.planner.plans_of_group("g") == ()
        await client.aclose()
    assert [asked.path for asked in graph.asked] == ["/v1.0/groups/g/planner/plans"] * 2
