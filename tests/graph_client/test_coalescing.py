"""Calls made at the same time ride together: who with whom, who first, and who alone."""

import asyncio
from typing import Any

import pytest

from graph_client.client import GraphClient
from graph_client.errors import RetryLater
from graph_client.transport import GraphTransport
from graph_client.urgency import calls_of_urgency
from tests.graph_client.company import UnderWay, soon, together, urls
from tests.graph_client.told_graph import (
    AN_HOUR,
    FOUND,
    Answer,
    TestsCredential,
    ToldGraph,
    each,
    held,
    items_of,
    settled,
)

pytestmark = pytest.mark.anyio


async def test_a_call_that_is_alone_goes_at_once_and_plainly(graph: ToldGraph, patient: GraphTransport) -> None:
    graph.tell_by(each(urls))
    assert await soon(patient.get("/x")) == {"url": "/x"}
    assert await soon(patient.write("PATCH", "/x", {"a": 1})) == {"url": "/x"}
    assert [asked.path for asked in graph.asked] == ["/v1.0/x", "/v1.0/x"]


async def test_calls_of_the_same_moment_ride_in_one_request(graph: ToldGraph, patient: GraphTransport) -> None:
    graph.tell_by(each(urls))
    reads = [patient.get(f"/x/{n}") for n in range(10)]
    writes = [patient.write("PATCH", f"/y/{n}", {"n": n}) for n in range(10)]
    found = await together(*reads, *writes)
    assert found == [{"url": f"/{kind}/{n}"} for kind in "xy" for n in range(10)]
    assert [len(calls) for calls in graph.calls] == [20]


async def test_calls_a_step_apart_are_of_the_same_moment(graph: ToldGraph, patient: GraphTransport) -> None:
    graph.tell_by(each(urls))

    async def through_a_task_of_its_own() -> Any:
        return await asyncio.gather(patient.get("/later"))

    await together(patient.get("/sooner"), through_a_task_of_its_own())
    assert graph.calls == [["GET /sooner", "GET /later"]]


async def test_while_something_is_under_way_a_call_waits_for_company_until_there_are_twenty(
    graph: ToldGraph, patient: GraphTransport
) -> None:
    under_way = UnderWay(graph, patient)
    await under_way.begin()
    under_way.come(*(patient.get(f"/x/{n}") for n in range(19)))
    await settled()
    assert len(graph.asked) == 1
    under_way.come(patient.get("/x/19"))
    await graph.has_been_asked(2)
    assert len(await under_way.end()) == 21
    assert [len(calls) for calls in graph.calls] == [1, 20]


async def test_a_call_whose_company_does_not_come_goes_alone(graph: ToldGraph) -> None:
    async with GraphClient.connect(graph.url, TestsCredential(), linger_seconds=0.001) as client:
        under_way = UnderWay(graph, client.transport)
        await under_way.begin()
        assert await client.transport.get("/late") == {"url": "/late"}
        await under_way.end()
    assert graph.calls == [["GET /first"], ["GET /late"]]
    assert graph.asked[1].path == "/v1.0/late"


async def test_an_urgent_call_does_not_wait_for_company_and_takes_along_who_waits(
    graph: ToldGraph, patient: GraphTransport
) -> None:
    under_way = UnderWay(graph, patient)
    await under_way.begin()
    under_way.come(*(patient.get(f"/x/{n}") for n in range(3)))
    await settled()
    with calls_of_urgency(0):
        under_way.come(patient.write("POST", "/urgent", {}))
    await graph.has_been_asked(2)
    assert graph.calls[1] == ["POST /urgent", "GET /x/0", "GET /x/1", "GET /x/2"]
    await under_way.end()


async def test_a_lone_urgent_call_passes_by_what_is_under_way(graph: ToldGraph, patient: GraphTransport) -> None:
    under_way = UnderWay(graph, patient)
    await under_way.begin()
    with calls_of_urgency(0):
        assert await soon(patient.get("/urgent")) == {"url": "/urgent"}
    await under_way.end()


async def test_the_most_urgent_ride_in_the_next_request_and_the_rest_in_order_of_arrival(graph: ToldGraph) -> None:
    async with GraphClient.connect(graph.url, TestsCredential(), in_flight=1) as client:
        transport = client.transport
        under_way = UnderWay(graph, transport)
        await under_way.begin()
        for urgency, names in ((3, "p"), (2, "abcdefghijklmnopqrstu"), (1, "s"), (0, "u")):
            with calls_of_urgency(urgency):
                under_way.come(*(transport.get(f"/{urgency}/{name}") for name in names))
            await settled()
        await under_way.end()
    assert graph.calls[1] == ["GET /0/u", "GET /1/s", *(f"GET /2/{name}" for name in "abcdefghijklmnopqr")]
    assert graph.calls[2] == [*(f"GET /2/{name}" for name in "stu"), "GET /3/p"]


async def test_a_list_that_waits_is_passed_by_an_urgent_call_that_comes_later(graph: ToldGraph) -> None:
    gate = asyncio.Event()
    graph.tell_by(held(gate, each(lambda _: {"status": 200, "body": {"value": []}})))
    async with GraphClient.connect(graph.url, TestsCredential(), in_flight=1, linger_seconds=0) as client:
        transport = client.transport

        async def read_list(name: str) -> list[Any]:
            return [item async for item in transport.pages(f"/{name}")]

        tasks: list[asyncio.Task[Any]] = [asyncio.create_task(read_list("first"))]
        await graph.has_been_asked(1)
        tasks.append(asyncio.create_task(read_list("second")))
        await settled()
        tasks.append(asyncio.create_task(transport.get("/ordinary")))
        await settled()
        with calls_of_urgency(0):
            tasks.append(asyncio.create_task(transport.get("/urgent")))
        await settled()
        gate.set()
        await together(*tasks)
    assert graph.calls == [["GET /first"], ["GET /urgent", "GET /ordinary"], ["GET /second"]]


async def test_two_changes_of_one_resource_never_share_a_request(graph: ToldGraph, transport: GraphTransport) -> None:
    graph.tell_by(each(urls))
    await together(
        transport.write("PATCH", "/t/1?x=1", {"a": 1}),
        transport.write("PATCH", "/t/1", {"a": 2}),
        transport.write("DELETE", "/t/1"),
        transport.write("PATCH", "/t/1/details", {"a": 2}),
        transport.get("/t/1"),
    )
    assert graph.calls == [
        ["PATCH /t/1?x=1", "PATCH /t/1/details", "GET /t/1"],
        ["PATCH /t/1"],
        ["DELETE /t/1"],
    ]


async def test_many_things_are_made_in_one_collection_by_one_request(
    graph: ToldGraph, transport: GraphTransport
) -> None:
    graph.tell_by(each(lambda item: {"status": 201, "body": item["body"]}))
    made = await together(*(transport.write("POST", "/planner/tasks", {"title": f"n{n}"}) for n in range(20)))
    assert made == [{"title": f"n{n}"} for n in range(20)]
    assert len(graph.asked) == 1


async def test_each_item_carries_its_own_headers_and_body(graph: ToldGraph) -> None:
    ids = iter(["6f1c0f7e-0000-4000-8000-00000000000a", "6f1c0f7e-0000-4000-8000-00000000000b"])
    async with GraphClient.connect(graph.url, TestsCredential(), correlation=lambda: next(ids)) as client:
        graph.tell_by(each(lambda _: FOUND))
        await together(
            client.transport.write("PATCH", "/x", {"t": "Café"}, if_match='W/"1"', prefer_representation=True),
            client.transport.get("/y", query={"$select": "id"}, headers={"ConsistencyLevel": "eventual"}),
        )
    assert items_of(graph.asked[0]) == [
        {
            "id": "0",
            "method": "PATCH",
            "url": "/x",
            "headers": {
                "If-Match": 'W/"1"',
                "Prefer": "return=representation",
                "client-request-id": "6f1c0f7e-0000-4000-8000-00000000000a",
                "Content-Type": "application/json",
            },
            "body": {"t": "Café"},
        },
        {
            "id": "1",
            "method": "GET",
            "url": "/y?$select=id",
            "headers": {
                "ConsistencyLevel": "eventual",
                "client-request-id": "6f1c0f7e-0000-4000-8000-00000000000b",
            },
        },
    ]
    assert graph.asked[0].headers["client-request-id"] not in str(graph.asked[0].json)


async def test_a_caller_who_gives_up_waiting_is_not_sent_for(graph: ToldGraph, patient: GraphTransport) -> None:
    under_way = UnderWay(graph, patient)
    await under_way.begin()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await patient.write("POST", "/given-up", {})
    under_way.come(*(patient.get(f"/x/{n}") for n in range(20)))
    await graph.has_been_asked(2)
    await under_way.end()
    assert not any("/given-up" in call for calls in graph.calls for call in calls)


async def test_a_caller_who_gives_up_under_way_takes_nobody_along(graph: ToldGraph, patient: GraphTransport) -> None:
    gate = asyncio.Event()
    graph.tell_by(held(gate, each(urls)))
    first, *others = (asyncio.create_task(patient.get(f"/x/{n}")) for n in range(5))
    await graph.has_been_asked(1)
    first.cancel()
    await settled()
    gate.set()
    assert await together(*others) == [{"url": f"/x/{n}"} for n in range(1, 5)]
    assert first.cancelled()
    assert [len(calls) for calls in graph.calls] == [5]
    assert await soon(patient.get("/after")) == {"url": "/after"}


async def test_a_body_that_is_no_json_is_its_own_callers_mistake(graph: ToldGraph, transport: GraphTransport) -> None:
    graph.tell_by(each(urls))
    wrong, right = await together(transport.write("POST", "/a", {"a": object()}), transport.write("POST", "/b", {}))
    assert isinstance(wrong, TypeError)
    assert right == {"url": "/b"}


async def test_without_batching_every_call_goes_alone(graph: ToldGraph) -> None:
    graph.tell_by(each(urls))
    graph.slowness_seconds = 0.01
    async with GraphClient.connect(graph.url, TestsCredential(), batching=False, in_flight=3) as client:
        await together(*(client.transport.get(f"/x/{n}") for n in range(9)))
        assert client.transport.counts.batches == 0
    assert sorted(graph.calls) == [[f"GET /x/{n}"] for n in range(9)]
    assert graph.most_at_once == 3


async def test_lists_and_files_and_what_is_elsewhere_on_the_host_go_alone(
    graph: ToldGraph, transport: GraphTransport
) -> None:
    graph.tell_by(each(lambda item: {"status": 200, "body": {"value": []}}))

    async def read_list(address: str) -> list[Any]:
        return [item async for item in transport.pages(address)]

    await together(read_list("/list"), read_list(f"{graph.url}/v1.0/list?$skiptoken=1"))
    await together(*(transport.write("PUT", f"/f/{n}", b"PK", content_type="application/zip") for n in range(2)))
    await together(*(transport.get(f"{graph.url}/beta/{n}") for n in range(2)))
    assert not any(asked.path.endswith("/$batch") for asked in graph.asked)
    assert len(graph.asked) == 6


async def test_a_whole_address_of_graphs_own_rides_with_the_others(graph: ToldGraph, transport: GraphTransport) -> None:
    graph.tell_by(each(urls))
    await together(transport.get(f"{graph.url}/v1.0/x?$skiptoken=a%2Bb%24c"), transport.get("/y"))
    assert graph.calls == [["GET /x?$skiptoken=a%2Bb%24c", "GET /y"]]


async def test_what_was_sent_is_counted_as_graph_counts_it(graph: ToldGraph, transport: GraphTransport) -> None:
    throttled = {"status": 429, "headers": {"Retry-After": "1"}}
    struck = iter([throttled])
    graph.tell_by(each(lambda item: next(struck, FOUND) if item["url"] == "/a" else FOUND))
    before = transport.counts
    await together(transport.get("/a"), transport.get("/b"), transport.write("POST", "/c", {}))
    after = transport.counts
    assert (before.http_requests, before.logical_calls, before.batches, before.throttled) == (0, 0, 0, 0)
    assert (after.http_requests, after.logical_calls, after.batches, after.throttled) == (2, 4, 1, 1)


async def test_closing_tells_those_who_still_wait(graph: ToldGraph) -> None:
    client = GraphClient.connect(graph.url, TestsCredential(), in_flight=1, read_attempts=1, linger_seconds=AN_HOUR)
    graph.tell(Answer(hang=True))
    sent = asyncio.create_task(client.transport.write("POST", "/sent", {}))
    await graph.has_been_asked(1)
    waiting = asyncio.create_task(client.transport.write("POST", "/waiting", {}))
    await settled()
    await client.aclose()
    one, two = await together(sent, waiting)
    assert isinstance(one, RetryLater)
    assert isinstance(two, RetryLater)
    assert (one.uncertain, two.uncertain) == (True, False)
    assert client.transport.limiter.in_flight == 0


async def test_after_closing_it_can_be_used_again(graph: ToldGraph) -> None:
    graph.tell_by(each(urls))
    client = GraphClient.connect(graph.url, TestsCredential())
    for _ in range(2):
        assert await together(*(client.transport.get(f"/{n}") for n in range(3))) == [
            {"url": f"/{n}"} for n in range(3)
        ]
        await client.aclose()
    assert len(graph.asked) == 2
