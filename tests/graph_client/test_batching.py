"""A planned set of reads goes twenty to a request; each read has an answer of its own and is repeated by itself."""

import pytest

from graph_client.batching import BatchItem
from graph_client.errors import Gone, RetryLater
from graph_client.transport import GraphTransport
from tests.graph_client.told_graph import Answer, Item, Naps, ToldGraph, each

pytestmark = pytest.mark.anyio


def found(item: Item) -> Item:
    return {"status": 200, "headers": {"Content-Type": "application/json"}, "body": {"url": item["url"]}}


async def test_answers_are_matched_by_id_and_given_in_the_order_asked(
    graph: ToldGraph, transport: GraphTransport
) -> None:
    graph.tell_by(each(found))
    answers = await transport.batch(
        [BatchItem("a", lambda sdk: sdk.planner.tasks.by_planner_task_id("T1").details), BatchItem("b", "/me")]
    )
    assert list(answers) == ["a", "b"]
    assert answers["a"].json() == {"url": "/planner/tasks/T1/details"}
    assert answers["b"].json() == {"url": "/me"}
    assert [asked.path for asked in graph.asked] == ["/v1.0/$batch"]


async def test_more_than_twenty_go_in_several_requests_at_the_same_time(
    graph: ToldGraph, transport: GraphTransport
) -> None:
    graph.slowness_seconds = 0.05
    graph.tell_by(each(found))
    answers = await transport.batch([BatchItem(str(n), f"/x/{n}") for n in range(45)])
    assert sorted(len(calls) for calls in graph.calls) == [5, 20, 20]
    assert graph.most_at_once > 1
    assert [answer.json()["url"] for answer in answers.values()] == [f"/x/{n}" for n in range(45)]


async def test_a_throttled_read_is_sent_again_alone_after_the_wait_in_its_own_headers(
    graph: ToldGraph, transport: GraphTransport, naps: Naps
) -> None:
    seen: list[str] = []

    def answer(item: Item) -> Item:
        seen.append(item["url"])
        if item["url"] == "/b" and seen.count("/b") == 1:
            return {"status": 429, "headers": {"Retry-After": "2.5"}, "body": {"error": {"code": "x"}}}
        return found(item)

    graph.tell_by(each(answer))
    answers = await transport.batch([BatchItem(n, f"/{n}") for n in "abc"])
    assert graph.calls == [["GET /a", "GET /b", "GET /c"], ["GET /b"]]
    assert naps.seconds == [2.5]
    assert all(answer.error() is None for answer in answers.values())


async def test_what_stays_throttled_keeps_its_own_error_and_the_others_their_answers(
    graph: ToldGraph, transport: GraphTransport, naps: Naps
) -> None:
    throttled = {"status": 429, "headers": {"retry-after": "315"}, "body": None}
    graph.tell_by(each(lambda item: throttled if item["url"] == "/b" else found(item)))
    answers = await transport.batch([BatchItem("a", "/a"), BatchItem("b", "/b")])
    assert answers["a"].json() == {"url": "/a"}
    error = answers["b"].error()
    assert isinstance(error, RetryLater)
    assert error.after_seconds == 315
    assert naps.seconds == []


async def test_each_read_has_its_own_refusal(graph: ToldGraph, transport: GraphTransport) -> None:
    gone = {"status": 404, "body": {"error": {"code": "", "message": ""}}}
    graph.tell_by(each(lambda item: gone if item["url"] == "/a" else found(item)))
    answers = await transport.batch([BatchItem("a", "/a"), BatchItem("b", "/b")])
    assert isinstance(answers["a"].error(), Gone)
    with pytest.raises(Gone):
        answers["a"].json()
    assert answers["b"].json() == {"url": "/b"}
    assert len(graph.asked) == 1


async def test_reads_without_any_answer_each_say_so_and_none_raises(
    graph: ToldGraph, transport: GraphTransport
) -> None:
    graph.tell(Answer(503))
    answers = await transport.batch([BatchItem("a", "/a"), BatchItem("b", "/b")])
    errors = [answer.error() for answer in answers.values()]
    assert all(isinstance(error, RetryLater) and not error.uncertain for error in errors)


async def test_an_id_that_comes_twice_is_refused(transport: GraphTransport) -> None:
    with pytest.raises(ValueError, match="twice"):
        await transport.batch([BatchItem("a", "/a"), BatchItem("a", "/b")])


async def test_nothing_to_ask_asks_nothing(graph: ToldGraph, transport: GraphTransport) -> None:
    assert await transport.batch([]) == {}
    assert graph.asked == []
