"""Calls made at the same time ride together; to its caller each is as if it had gone alone."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import Any

import pytest

from graph_client.client import GraphClient
from graph_client.errors import GraphError, NotPermitted, RetryLater
from graph_client.transport import GraphTransport
from graph_client.urgency import calls_of_urgency
from tests.graph_client.told_graph import (
    FOUND,
    NEVER_SECONDS,
    Answer,
    HandClock,
    Item,
    Naps,
    TestsCredential,
    ToldGraph,
    each,
    held,
    items_of,
    settled,
)

pytestmark = pytest.mark.anyio
AN_HOUR = 3600.0


@pytest.fixture
async def patient(graph: ToldGraph, naps: Naps) -> AsyncIterator[GraphTransport]:
    """One request at a time, or two; waits for company as long as it takes."""
    connected = GraphClient.connect(
        graph.url, TestsCredential(), sleep=naps.sleep, now=naps.now, in_flight=2, linger_seconds=AN_HOUR
    )
    async with connected as client:
        yield client.transport


@pytest.fixture
def transport(client: GraphClient) -> GraphTransport:
    return client.transport


def urls(item: Item) -> Item:
    return {"status": 200, "body": {"url": item["url"]}}


async def together(*calls: Awaitable[Any]) -> list[Any]:
    """What each call gave or raised."""
    return await soon(asyncio.gather(*calls, return_exceptions=True))


async def soon(call: Awaitable[Any]) -> Any:
    """What the call gave. TimeoutError where it waits for what does not come."""
    async with asyncio.timeout(NEVER_SECONDS):
        return await call


class UnderWay:
    """A first call that is under way until it is let go, so that the others wait for company."""

    def __init__(self, graph: ToldGraph, transport: GraphTransport) -> None:
        self.graph, self.transport, self.gate = graph, transport, asyncio.Event()
        self.tasks: list[asyncio.Task[Any]] = []

    async def begin(self) -> None:
        self.graph.tell_by(held(self.gate, each(urls)))
        self.come(self.transport.get("/first"))
        await self.graph.has_been_asked(1)

    def come(self, *calls: Any) -> None:
        self.tasks += [asyncio.create_task(call) for call in calls]

    async def end(self) -> list[Any]:
        self.gate.set()
        return await together(*self.tasks)


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


ANSWERS: list[Item] = [
    {"status": 200, "body": {"id": "x", "@odata.etag": 'W/"2"'}},
    {"status": 201, "body": {"id": "x"}},
    {"status": 204},
    {"status": 200, "body": [1]},
    {"status": 200, "body": "PGh0bWw+"},
    {"status": 302},
    {"status": 400, "body": {"error": {"code": "BadRequest", "message": "Ann Example"}}},
    {"status": 401, "body": {"error": {"code": "InvalidAuthenticationToken"}}},
    {"status": 403, "body": {"error": {"code": ""}}},
    {"status": 403, "body": {"error": {"code": "MaximumTasksInProject"}}},
    {"status": 404, "body": {"error": {"code": ""}}, "headers": {"request-id": "r-1"}},
    {"status": 409, "body": {"error": {"code": ""}}},
    {"status": 410, "body": {"error": {"code": "resync"}}, "headers": {"Location": "/again"}},
    {"status": 412, "body": {"error": {"code": ""}}},
    {"status": 423},
    {"status": 424, "body": {"error": {"code": "FailedDependency"}}},
    {"status": 429, "headers": {"Retry-After": "315"}},
    {"status": 429, "headers": {"Retry-After": "2.128"}},
    {"status": 429},
    {"status": 500},
    {"status": 502, "body": "PGh0bWw+"},
    {"status": 503},
    {"status": 503, "headers": {"Retry-After": "20"}},
    {"status": 504},
]


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE", "POST"])
@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: f"{answer['status']}")
async def test_whatever_graph_answers_it_means_in_company_what_it_means_alone(
    graph: ToldGraph, method: str, answer: Item
) -> None:
    async def fates(*, batching: bool) -> tuple[list[Any], bool]:
        connected = GraphClient.connect(
            graph.url, TestsCredential(), read_attempts=1, batching=batching, correlation=lambda: "c-1"
        )
        graph.asked.clear()
        async with connected as client:
            transport = client.transport
            call = transport.get("/x") if method == "GET" else transport.write(method, "/x", {"a": 1})
            struck, _ = await together(call, transport.get("/other"))
            sizes = [len(calls) for calls in graph.calls]
        facts = vars(struck) if isinstance(struck, GraphError) else {}
        return [type(struck), str(struck), facts], sizes == [2]

    graph.tell_by(each(lambda item: answer if item["url"] == "/x" else FOUND))
    alone, _ = await fates(batching=False)
    in_company, was_one_request = await fates(batching=True)
    assert in_company == alone
    assert was_one_request


async def test_a_throttled_item_holds_everybody_back_for_as_long_as_it_says(
    graph: ToldGraph, transport: GraphTransport, naps: Naps
) -> None:
    throttled = {"status": 429, "headers": {"Retry-After": "2.5"}}
    struck = iter([throttled, throttled])
    graph.tell_by(each(lambda item: urls(item) if item["url"] == "/c" else next(struck, urls(item))))
    write, read, _ = await together(transport.write("PATCH", "/a", {"a": 1}), transport.get("/b"), transport.get("/c"))
    assert isinstance(write, RetryLater)
    assert (write.after_seconds, write.uncertain) == (2.5, False)
    assert read == {"url": "/b"}
    assert naps.seconds == [2.5]
    assert graph.calls == [["PATCH /a", "GET /b", "GET /c"], ["GET /b"]]


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [(429, {"Retry-After": "9"}, [9.0]), (503, {"Retry-After": "2.5"}, [2.5]), (429, {}, [1.0]), (503, {}, [])],
)
async def test_a_wait_that_one_answer_asks_for_is_everybodys(
    graph: ToldGraph, transport: GraphTransport, naps: Naps, status: int, headers: dict[str, str], seconds: list[float]
) -> None:
    graph.tell(Answer(status, headers=headers), Answer(body={"id": "x"}))
    with pytest.raises(RetryLater):
        await transport.write("POST", "/x", {})
    assert naps.seconds == []
    await transport.get("/y")
    assert naps.seconds == seconds


async def test_a_date_to_wait_for_is_measured_by_graphs_clock_and_not_by_ours(
    graph: ToldGraph, transport: GraphTransport
) -> None:
    throttled = {"id": "0", "status": 429, "headers": {"Retry-After": "Fri, 31 Jan 2020 10:00:07 GMT"}}
    told = {"responses": [throttled, {"id": "1", "status": 204}]}
    graph.tell(Answer(body=told, headers={"Date": "Fri, 31 Jan 2020 10:00:00 GMT"}))
    error, _ = await together(transport.write("POST", "/a", {}), transport.write("DELETE", "/b"))
    assert error.after_seconds == 7.0


async def test_nothing_is_sent_while_graph_wants_a_long_wait_and_every_caller_is_told(
    graph: ToldGraph, transport: GraphTransport, naps: Naps
) -> None:
    graph.tell(Answer(429, headers={"Retry-After": "315"}), Answer(body={"id": "x"}))
    with pytest.raises(RetryLater):
        await transport.write("POST", "/x", {})
    naps.time += 15.0
    refused = await together(transport.write("PATCH", "/y", {}), transport.get("/z"), transport.get_bytes("/c"))
    for error, operation in zip(refused, ("PATCH /y", "GET /z", "GET /c"), strict=True):
        assert isinstance(error, RetryLater)
        assert str(error).startswith(f"{operation}: Graph has asked the service to wait")
        assert (error.status, error.after_seconds, error.uncertain) == (429, 300.0, False)
    assert len(graph.asked) == 1
    naps.time += 300.0
    assert await transport.get("/z") == {"id": "x"}


async def test_when_a_wait_ends_the_urgent_go_first(graph: ToldGraph, transport: GraphTransport) -> None:
    graph.tell_by(each(urls))
    transport.limiter.pause(5.0)
    with calls_of_urgency(3):
        polls = [asyncio.create_task(transport.get(f"/poll/{n}")) for n in range(20)]
    with calls_of_urgency(0):
        urgent = asyncio.create_task(transport.get("/urgent"))
    await together(*polls, urgent)
    assert graph.calls[0][0] == "GET /urgent"
    assert graph.calls[0][1:] == [f"GET /poll/{n}" for n in range(19)]


async def test_a_throttled_read_waits_in_the_queue_where_its_urgency_counts(graph: ToldGraph) -> None:
    clock = HandClock()
    throttled = {"status": 429, "headers": {"Retry-After": "5"}}
    struck = iter([throttled])
    graph.tell_by(each(lambda item: next(struck, urls(item))))
    async with GraphClient.connect(graph.url, TestsCredential(), sleep=clock.sleep, now=clock.now) as client:
        transport = client.transport
        with calls_of_urgency(0):
            urgent = asyncio.create_task(transport.get("/urgent"))
        await soon(clock.somebody_sleeps.wait())
        polls = [asyncio.create_task(transport.get(f"/poll/{n}")) for n in range(20)]
        await settled()
        assert len(clock.sleepers) == 1, "only the limiter sleeps"
        await clock.advance(5.0)
        await together(urgent, *polls)
    assert graph.calls[1] == ["GET /urgent", *(f"GET /poll/{n}" for n in range(19))]


async def test_when_a_request_is_lost_each_write_in_it_may_have_happened_and_each_read_is_asked_again(
    graph: ToldGraph, transport: GraphTransport
) -> None:
    told = each(urls)
    graph.tell_by(lambda asked: Answer(cut=True) if len(graph.asked) == 1 else told(asked))
    one, two, read = await together(
        transport.write("POST", "/a", {"n": 1}), transport.write("PATCH", "/b", {"n": 2}), transport.get("/c")
    )
    for error in (one, two):
        assert isinstance(error, RetryLater)
        assert error.uncertain
        assert "it may have happened" in str(error)
    assert read == {"url": "/c"}
    assert graph.calls == [["POST /a", "PATCH /b", "GET /c"], ["GET /c"]]


async def test_a_request_to_nobody_certainly_changed_nothing() -> None:
    async with GraphClient.connect("http://127.0.0.1:9", TestsCredential()) as client:
        errors = await together(*(client.transport.write("POST", f"/{n}", {}) for n in range(3)))
    assert all(isinstance(error, RetryLater) and not error.uncertain for error in errors)


async def test_an_item_that_the_answer_lacks_is_not_taken_for_done(graph: ToldGraph, transport: GraphTransport) -> None:
    seen: list[str] = []

    def answer(item: Item) -> Item | None:
        seen.append(item["url"])
        return None if item["url"] != "/c" and seen.count(item["url"]) == 1 else urls(item)

    graph.tell_by(each(answer))
    write, read, other = await together(
        transport.write("PATCH", "/a", {"n": 1}), transport.get("/b"), transport.get("/c")
    )
    assert isinstance(write, RetryLater)
    assert write.uncertain
    assert "PATCH /a: Graph's batch answer lacks this item" in str(write)
    assert (read, other) == ({"url": "/b"}, {"url": "/c"})
    assert seen.count("/a") == 1


@pytest.mark.parametrize(
    "broken",
    [Answer(body=b"<html>"), Answer(body={"id": "x"}), Answer(body={"responses": {}}), Answer(204), Answer(body=[])],
    ids=["no JSON", "no list", "another list", "nothing", "a list"],
)
async def test_an_answer_that_cannot_be_read_leaves_the_writes_in_doubt(
    graph: ToldGraph, transport: GraphTransport, broken: Answer
) -> None:
    graph.tell(broken)
    one, two = await together(transport.write("POST", "/a", {"n": 1}), transport.write("DELETE", "/b"))
    for error in (one, two):
        assert isinstance(error, RetryLater)
        assert error.uncertain
    assert len(graph.asked) == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_what_strikes_the_whole_request_strikes_each_call_in_it(
    graph: ToldGraph, transport: GraphTransport, status: int
) -> None:
    graph.tell(Answer(status, {"error": {"code": "x"}}, {"Retry-After": "4"}))
    one, two = await together(transport.write("POST", "/a", {"n": 1}), transport.write("PATCH", "/b", {"n": 1}))
    assert [type(error) for error in (one, two)] == [RetryLater, RetryLater]
    assert str(one).startswith("POST /a: ")
    assert {(error.status, error.after_seconds, error.uncertain) for error in (one, two)} == {
        (status, 4.0, status != 429)
    }
    assert len(graph.asked) == 1


@pytest.mark.parametrize("status", [400, 403, 404, 405, 413, 415, 501])
async def test_where_batches_are_refused_each_call_goes_alone_and_once(
    graph: ToldGraph, transport: GraphTransport, status: int
) -> None:
    told = each(urls)
    graph.tell_by(lambda asked: Answer(status) if asked.path.endswith("/$batch") else told(asked))
    calls = [transport.write("PATCH", "/a", {"n": 1}), transport.write("POST", "/b", {"n": 1}), transport.get("/c")]
    assert await together(*calls) == [{"url": "/a"}, {"url": "/b"}, {"url": "/c"}]
    assert sorted(call for calls in graph.calls[1:] for call in calls) == ["GET /c", "PATCH /a", "POST /b"]
    assert len(graph.asked) == 4


async def test_without_a_token_nothing_is_sent_and_every_caller_is_told(graph: ToldGraph) -> None:
    from azure.core.exceptions import ClientAuthenticationError

    credential = TestsCredential(ClientAuthenticationError("tenant of Ann Example"))
    async with GraphClient.connect(graph.url, credential) as client:
        errors = await together(*(client.transport.write("PATCH", f"/{n}", {}) for n in range(3)))
    assert [str(error).split(":")[0] for error in errors] == ["PATCH /0", "PATCH /1", "PATCH /2"]
    assert all(isinstance(error, NotPermitted) and not error.uncertain for error in errors)
    assert graph.asked == []


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
