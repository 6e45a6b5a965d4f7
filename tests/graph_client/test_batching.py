"""Many calls in few: each item has an answer of its own, and only reads are sent again."""

from collections.abc import Callable
from typing import Any

import pytest

from graph_client.batching import BatchItem
from graph_client.client import GraphClient
from graph_client.errors import Conflict, Gone, RetryLater
from graph_client.transport import GraphTransport
from tests.graph_client.told_graph import Answer, Asked, Naps, ToldGraph

pytestmark = pytest.mark.anyio
Item = dict[str, Any]


@pytest.fixture
def transport(client: GraphClient) -> GraphTransport:
    return client.transport


def by_item(answer: Callable[[Item], Item | None]) -> Callable[[Asked], Answer]:
    """Answers a batch item by item, last first as Graph may; None leaves an item out."""

    def script(asked: Asked) -> Answer:
        told = [(item, answer(item)) for item in reversed(asked.json["requests"])]
        return Answer(body={"responses": [{"id": item["id"], **a} for item, a in told if a is not None]})

    return script


def found(item: Item) -> Item:
    return {"status": 200, "headers": {"Content-Type": "application/json"}, "body": {"url": item["url"]}}


async def test_answers_are_matched_by_id_and_given_in_the_order_asked(
    graph: ToldGraph, transport: GraphTransport
) -> None:
    graph.tell_by(by_item(found))
    answers = await transport.batch(
        [BatchItem("a", lambda sdk: sdk.planner.tasks.by_planner_task_id("T1").details), BatchItem("b", "/me")]
    )
    assert list(answers) == ["a", "b"]
    assert answers["a"].json() == {"url": "/planner/tasks/T1/details"}
    assert answers["b"].json() == {"url": "/me"}
    assert graph.asked[0].path == "/v1.0/$batch"


async def test_more_than_twenty_go_in_several_batches(graph: ToldGraph, transport: GraphTransport) -> None:
    graph.tell_by(by_item(found))
    answers = await transport.batch([BatchItem(str(n), f"/x/{n}") for n in range(45)])
    assert [len(asked.json["requests"]) for asked in graph.asked] == [20, 20, 5]
    assert [answer.json()["url"] for answer in answers.values()] == [f"/x/{n}" for n in range(45)]


async def test_a_throttled_read_is_sent_again_alone_after_the_wait_in_its_own_headers(
    graph: ToldGraph, transport: GraphTransport, naps: Naps
) -> None:
    seen: list[str] = []

    def answer(item: Item) -> Item:
        seen.append(item["id"])
        if item["id"] == "b" and seen.count("b") == 1:
            return {"status": 429, "headers": {"Retry-After": "2.5"}, "body": {"error": {"code": "x"}}}
        return found(item)

    graph.tell_by(by_item(answer))
    answers = await transport.batch([BatchItem(n, f"/{n}") for n in "abc"])
    assert [len(asked.json["requests"]) for asked in graph.asked] == [3, 1]
    assert naps.seconds == [2.5]
    assert all(answer.error() is None for answer in answers.values())


async def test_what_stays_throttled_keeps_its_own_error_and_the_others_their_answers(
    graph: ToldGraph, transport: GraphTransport, naps: Naps
) -> None:
    throttled = {"status": 429, "headers": {"retry-after": "315"}, "body": None}
    graph.tell_by(by_item(lambda item: throttled if item["id"] == "b" else found(item)))
    answers = await transport.batch([BatchItem("a", "/a"), BatchItem("b", "/b")])
    assert answers["a"].json() == {"url": "/a"}
    error = answers["b"].error()
    assert isinstance(error, RetryLater)
    assert error.after_seconds == 315
    assert naps.seconds == []


async def test_each_item_has_its_own_refusal(graph: ToldGraph, transport: GraphTransport) -> None:
    graph.tell_by(by_item(lambda item: {"status": 404, "body": {"error": {"code": "", "message": ""}}}))
    answers = await transport.batch([BatchItem("a", "/a")])
    assert isinstance(answers["a"].error(), Gone)
    with pytest.raises(Gone):
        answers["a"].json()
    assert len(graph.asked) == 1


async def test_a_batch_of_reads_that_is_lost_is_sent_again(graph: ToldGraph, transport: GraphTransport) -> None:
    graph.tell(Answer(cut=True), Answer(503), Answer(body={"responses": [{"id": "a", "status": 200, "body": {}}]}))
    answers = await transport.batch([BatchItem("a", "/a")])
    assert answers["a"].json() == {}
    assert len(graph.asked) == 3


async def test_a_batch_of_reads_without_any_answer_raises(graph: ToldGraph, transport: GraphTransport) -> None:
    graph.tell(Answer(503))
    with pytest.raises(RetryLater) as caught:
        await transport.batch([BatchItem("a", "/a")])
    assert not caught.value.uncertain


async def test_a_read_that_the_answer_lacks_is_an_error_and_not_silence(
    graph: ToldGraph, transport: GraphTransport
) -> None:
    graph.tell_by(by_item(lambda item: found(item) if item["id"] == "a" else None))
    answers = await transport.batch([BatchItem("a", "/a"), BatchItem("b", "/b")])
    with pytest.raises(RetryLater, match="lacks this item"):
        answers["b"].json()


async def test_writes_go_apart_from_reads_and_are_sent_once(graph: ToldGraph, transport: GraphTransport) -> None:
    graph.tell_by(by_item(lambda item: {"status": 429} if item["method"] == "PATCH" else found(item)))
    answers = await transport.batch([BatchItem("w", "/w", "PATCH", {"a": 1}, 'W/"1"'), BatchItem("r", "/r")])
    assert list(answers) == ["w", "r"]
    error = answers["w"].error()
    assert isinstance(error, RetryLater)
    assert not error.uncertain
    sent = [item for asked in graph.asked for item in asked.json["requests"] if item["id"] == "w"]
    headers = {"If-Match": 'W/"1"', "Content-Type": "application/json"}
    assert sent == [{"id": "w", "method": "PATCH", "url": "/w", "body": {"a": 1}, "headers": headers}]


async def test_a_lost_batch_of_writes_leaves_each_of_them_uncertain(
    graph: ToldGraph, transport: GraphTransport
) -> None:
    graph.tell(Answer(cut=True))
    answers = await transport.batch([BatchItem("w", "/w", "DELETE", if_match='W/"1"')])
    error = answers["w"].error()
    assert isinstance(error, RetryLater)
    assert error.uncertain
    assert len(graph.asked) == 1


async def test_a_write_that_the_answer_lacks_may_have_happened(graph: ToldGraph, transport: GraphTransport) -> None:
    graph.tell_by(by_item(lambda item: None))
    answers = await transport.batch([BatchItem("w", "/w", "DELETE", if_match='W/"1"')])
    error = answers["w"].error()
    assert isinstance(error, RetryLater)
    assert error.uncertain
    assert len(graph.asked) == 1


async def test_a_clash_in_a_batch_is_a_conflict(graph: ToldGraph, transport: GraphTransport) -> None:
    graph.tell_by(by_item(lambda item: {"status": 409, "body": {"error": {"code": ""}}}))
    answers = await transport.batch([BatchItem("w", "/w", "PATCH", {"a": 1}, 'W/"1"')])
    assert isinstance(answers["w"].error(), Conflict)


async def test_ids_that_differ_only_in_case_are_refused(transport: GraphTransport) -> None:
    with pytest.raises(ValueError, match="twice"):
        await transport.batch([BatchItem("a", "/a"), BatchItem("A", "/b")])


async def test_nothing_to_ask_asks_nothing(graph: ToldGraph, transport: GraphTransport) -> None:
    assert await transport.batch([]) == {}
    assert graph.asked == []
