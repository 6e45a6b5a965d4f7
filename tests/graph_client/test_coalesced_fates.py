"""Whatever becomes of a request, to each caller in it the outcome is the one that it would have had alone."""

import asyncio
import random
from typing import Any

import pytest

from graph_client.client import GraphClient
from graph_client.errors import GraphError, NotPermitted, RetryLater
from graph_client.transport import GraphTransport
from graph_client.urgency import calls_of_urgency
from tests.graph_client.company import soon, together, urls
from tests.graph_client.told_graph import (
    FOUND,
    Answer,
    Asked,
    HandClock,
    Item,
    Naps,
    TestsCredential,
    ToldGraph,
    each,
    items_of,
    settled,
)

pytestmark = pytest.mark.anyio


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


@pytest.mark.parametrize("seed", range(8))
async def test_whatever_happens_no_write_is_sent_twice_and_nobody_waits_for_ever(
    graph: ToldGraph, naps: Naps, seed: int
) -> None:
    chance = random.Random(seed)
    throttled = {"status": 429, "headers": {"Retry-After": "1"}}
    fates: list[Item | None] = [FOUND] * 6 + [throttled, {"status": 503}, {"status": 409}, None]
    told = each(lambda _: chance.choice(fates))
    received: list[str] = []

    def script(asked: Asked) -> Answer:
        is_batch = asked.path.endswith("/$batch")
        if is_batch and chance.random() < 0.1:
            return Answer(400)
        received.extend(item["url"] for item in items_of(asked) if item["method"] == "PATCH")
        return Answer(cut=True) if chance.random() < 0.1 else told(asked)

    graph.tell_by(script)
    async with GraphClient.connect(
        graph.url, TestsCredential(), sleep=naps.sleep, now=naps.now, in_flight=2, linger_seconds=0.001
    ) as client:

        async def caller(number: int) -> None:
            await asyncio.sleep(chance.random() * 0.05)
            with calls_of_urgency(chance.randrange(4)):
                if chance.random() < 0.3:
                    await client.transport.get(f"/read/{number}")
                else:
                    await client.transport.write("PATCH", f"/write/{number}", {})

        tasks = [asyncio.create_task(caller(number)) for number in range(150)]
        for task in chance.sample(tasks, 20):
            asyncio.get_running_loop().call_later(chance.random() * 0.08, task.cancel)
        outcomes = await together(*tasks)
        limiter = client.transport.limiter
        slots = [await soon(limiter.granted(limiter.ask(0))) for _ in range(2)]
    assert slots == [True, True], "no slot is left behind"
    assert all(outcome is None or isinstance(outcome, GraphError | asyncio.CancelledError) for outcome in outcomes)
    assert len(received) == len(set(received)), "a batch that is refused as such does nothing"
