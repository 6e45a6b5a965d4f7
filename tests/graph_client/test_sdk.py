"""What the SDK is used for, and what it is kept from."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from graph_client.client import GraphClient
from graph_client.errors import RetryLater
from tests.graph_client.told_graph import TOKEN, Answer, TestsCredential, ToldGraph

ROOT = Path(__file__).parents[2]
ONE_CALL = """
import asyncio, sys
from graph_client.client import GraphClient
from tests.graph_client.told_graph import Answer, TestsCredential, ToldGraph

async def main():
    graph = ToldGraph()
    graph.tell(Answer(body={"id": "g", "displayName": None, "userPrincipalName": None}))
    async with graph.listening() as url, GraphClient.connect(url, TestsCredential()) as client:
        await client.transport.get(lambda sdk: sdk.planner.tasks.by_planner_task_id("t"))

asyncio.run(main())
models = sum(name.startswith("msgraph.generated.models") for name in sys.modules)
print("msgraph" in sys.modules, models)
"""


def run(program: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.split()


def test_importing_the_client_does_not_import_the_sdk() -> None:
    heavy = ("msgraph", "msgraph_core", "kiota_http", "kiota_abstractions", "azure.identity", "azure.core")
    program = f"import sys, graph_client.client; print([m for m in {heavy!r} if m in sys.modules])"
    assert run(program) == ["[]"]


def test_a_call_goes_through_the_sdk_without_importing_its_models() -> None:
    used, models = run(ONE_CALL)
    assert used == "True"
    assert int(models) < 20


@pytest.mark.anyio
async def test_the_sdk_is_asked_for_graphs_scope_whatever_the_address(graph: ToldGraph) -> None:
    graph.tell(Answer(body={"value": []}))
    credential = TestsCredential()
    async with GraphClient.connect(graph.url, credential) as client:
        await client.planner.plans_of_group("g")
    assert credential.scopes == [("https://graph.microsoft.com/.default",)]
    assert graph.asked[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert graph.asked[0].path == "/v1.0/groups/g/planner/plans"


@pytest.mark.anyio
async def test_a_link_to_another_host_is_not_followed_and_never_sees_the_token(
    graph: ToldGraph, client: GraphClient
) -> None:
    elsewhere = ToldGraph()
    async with elsewhere.listening() as url:
        link = f"{url}/v1.0/planner/plans/p/tasks?page=2"
        graph.tell(Answer(body={"value": [], "@odata.nextLink": link}))
        with pytest.raises(RetryLater, match="leads nowhere"):
            await client.planner.tasks("p")
        with pytest.raises(ValueError, match="own host"):
            await client.transport.get(link)
    assert elsewhere.asked == []


@pytest.mark.anyio
async def test_a_query_option_that_the_sdk_would_drop_is_an_error(client: GraphClient) -> None:
    with pytest.raises(ValueError, match=r"takes no \$filter"):
        await client.transport.get(lambda sdk: sdk.planner.tasks.by_planner_task_id("t"), query={"$filter": "true"})


@pytest.mark.anyio
async def test_ids_are_encoded_so_that_they_cannot_change_the_path(graph: ToldGraph, client: GraphClient) -> None:
    graph.tell(Answer(404))
    await client.planner.details_of([])
    with pytest.raises(Exception, match="does not exist"):
        await client.planner.task("a/../b?c#d")
    assert graph.asked[0].path == "/v1.0/planner/tasks/a%2F..%2Fb%3Fc%23d"


def test_a_client_in_a_second_event_loop_says_so() -> None:
    client = GraphClient.connect("http://127.0.0.1:9", TestsCredential(), read_attempts=1)

    async def use() -> None:
        with pytest.raises(RetryLater):
            await client.planner.plan("p")

    async def use_again() -> None:
        with pytest.raises(RuntimeError, match="another event loop"):
            await client.planner.plan("p")

    asyncio.run(use())
    asyncio.run(use_again())


@pytest.mark.anyio
async def test_every_call_has_a_request_id_of_its_own_or_the_one_that_is_given(graph: ToldGraph) -> None:
    graph.tell_by(lambda _asked: Answer(body={"value": []}))
    given: list[str | None] = [None, None, "6f1c0f7e-0000-4000-8000-000000000001"]
    async with GraphClient.connect(graph.url, TestsCredential(), correlation=lambda: given[len(graph.asked)]) as client:
        for _ in given:
            await client.planner.plans_of_group("g")
    ids = [asked.headers["client-request-id"] for asked in graph.asked]
    assert len(set(ids)) == 3
    assert ids[2] == given[2]


@pytest.mark.anyio
async def test_at_most_four_calls_are_under_way_at_once(graph: ToldGraph, client: GraphClient) -> None:
    graph.slowness_seconds = 0.02
    graph.tell_by(lambda _asked: Answer(body={"value": []}))
    await asyncio.gather(*(client.planner.plans_of_group(str(n)) for n in range(12)))
    assert graph.most_at_once == 4
    assert len(graph.asked) == 12
