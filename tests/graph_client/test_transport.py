"""Reads are repeated, writes never; lost and broken answers say whether the change may have happened."""

import pytest

from graph_client.client import GraphClient
from graph_client.errors import Conflict, GraphError, NotPermitted, Rejected, ResyncRequired, RetryLater
from graph_client.transport import GraphTransport
from tests.graph_client.told_graph import Answer, Naps, TestsCredential, ToldGraph

pytestmark = pytest.mark.anyio
THROTTLED = {"error": {"code": "TooManyRequests", "message": "Please retry again later."}}
FOUND = Answer(body={"id": "x"})


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "3"}, 3.0),
        ({"Retry-After": "2.128"}, 2.128),
        ({"Retry-After": "Fri, 31 Jan 2020 10:00:07 GMT", "Date": "Fri, 31 Jan 2020 10:00:00 GMT"}, 7.0),
    ],
)
async def test_a_throttled_read_waits_as_long_as_graph_asks_in_each_form(
    graph: ToldGraph, transport: GraphTransport, naps: Naps, headers: dict[str, str], seconds: float
) -> None:
    graph.tell(Answer(429, THROTTLED, headers), FOUND)
    assert await transport.get("/x") == {"id": "x"}
    assert naps.seconds == [pytest.approx(seconds)]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_a_read_without_a_named_wait_backs_off_by_itself(
    graph: ToldGraph, transport: GraphTransport, naps: Naps, status: int
) -> None:
    graph.tell(Answer(status), Answer(status), FOUND)
    assert await transport.get("/x") == {"id": "x"}
    assert len(graph.asked) == 3
    assert all(0 <= nap <= 15 for nap in naps.seconds)


async def test_a_longer_wait_is_handed_to_the_caller_at_once(
    graph: ToldGraph, transport: GraphTransport, naps: Naps
) -> None:
    graph.tell(Answer(429, THROTTLED, {"Retry-After": "315"}))
    with pytest.raises(RetryLater) as caught:
        await transport.get("/x")
    assert caught.value.after_seconds == 315
    assert naps.seconds == []
    assert len(graph.asked) == 1


async def test_a_read_gives_up_after_its_tries_and_keeps_graphs_last_word(
    graph: ToldGraph, transport: GraphTransport
) -> None:
    graph.tell(Answer(429, THROTTLED, {"Retry-After": "1", "request-id": "r-1"}))
    with pytest.raises(RetryLater) as caught:
        await transport.get("/x")
    assert len(graph.asked) == 4
    assert (caught.value.status, caught.value.code, caught.value.request_id) == (429, "TooManyRequests", "r-1")
    assert not caught.value.uncertain


async def test_a_read_whose_answer_is_lost_is_asked_again(graph: ToldGraph, transport: GraphTransport) -> None:
    graph.tell(Answer(cut=True), FOUND)
    assert await transport.get("/x") == {"id": "x"}
    assert len(graph.asked) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 412])
async def test_a_refused_read_is_not_asked_again(graph: ToldGraph, transport: GraphTransport, status: int) -> None:
    graph.tell(Answer(status))
    with pytest.raises(GraphError):
        await transport.get("/x")
    assert len(graph.asked) == 1


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE"])
@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_a_write_is_sent_once_whatever_the_answer(
    graph: ToldGraph, transport: GraphTransport, naps: Naps, method: str, status: int
) -> None:
    graph.tell(Answer(status, THROTTLED, {"Retry-After": "1"}), Answer(204))
    with pytest.raises(RetryLater) as caught:
        await transport.write(method, "/x", {"a": 1})
    assert len(graph.asked) == 1
    assert naps.seconds == []
    assert caught.value.uncertain is (status != 429)
    assert caught.value.after_seconds == 1


async def test_a_write_whose_answer_is_lost_may_have_happened_and_is_not_sent_again(
    graph: ToldGraph, transport: GraphTransport
) -> None:
    graph.tell(Answer(cut=True))
    with pytest.raises(RetryLater, match="it may have happened") as caught:
        await transport.write("POST", "/x", {"a": 1})
    assert caught.value.uncertain
    assert len(graph.asked) == 1
    assert caught.value.request_id == graph.asked[0].headers["client-request-id"]


async def test_a_write_that_is_never_answered_may_have_happened(graph: ToldGraph) -> None:
    graph.tell(Answer(hang=True))
    async with GraphClient.connect(graph.url, TestsCredential(), read_seconds=0.2) as client:
        with pytest.raises(RetryLater) as caught:
            await client.transport.write("POST", "/x", {"a": 1})
    assert caught.value.uncertain
    assert len(graph.asked) == 1


async def test_a_write_to_nobody_certainly_did_not_happen() -> None:
    async with GraphClient.connect("http://127.0.0.1:9", TestsCredential()) as client:
        with pytest.raises(RetryLater, match="could not be reached") as caught:
            await client.transport.write("POST", "/x", {"a": 1})
    assert not caught.value.uncertain


async def test_a_write_whose_answer_cannot_be_read_may_have_happened(
    graph: ToldGraph, transport: GraphTransport
) -> None:
    graph.tell(Answer(201, b"<html>"))
    with pytest.raises(RetryLater) as caught:
        await transport.write("POST", "/x", {"a": 1})
    assert caught.value.uncertain


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (409, "", Conflict),
        (412, "", Conflict),
        (403, "", NotPermitted),
        (403, "MaximumTasksInProject", Rejected),
        (410, "resyncChangesApplyDifferences", ResyncRequired),
        (400, "BadRequest", Rejected),
    ],
)
async def test_a_refusal_says_what_to_do_next_and_never_what_was_sent(
    graph: ToldGraph, transport: GraphTransport, status: int, code: str, kind: type[GraphError]
) -> None:
    graph.tell(Answer(status, {"error": {"code": code, "message": "the body said Ann Example"}}))
    with pytest.raises(kind) as caught:
        await transport.write("PATCH", "/users/ann@example.org", {"note": "burglary"}, if_match='W/"1"')
    told = str(caught.value)
    assert not any(word in told for word in ("Ann", "ann@", "burglary", "token"))


async def test_a_write_carries_its_headers_and_its_json(graph: ToldGraph, transport: GraphTransport) -> None:
    graph.tell(Answer(204))
    after = await transport.write(
        "PATCH", "/x", {"title": "Café", "dueDateTime": None}, if_match='W/"1"', prefer_representation=True
    )
    assert after is None
    asked = graph.asked[0]
    assert asked.json == {"title": "Café", "dueDateTime": None}
    assert asked.headers["if-match"] == 'W/"1"'
    assert asked.headers["prefer"] == "return=representation"
    assert asked.headers["content-type"] == "application/json"


async def test_an_operation_is_told_by_its_template_and_not_by_its_ids(graph: ToldGraph, client: GraphClient) -> None:
    graph.tell(Answer(404))
    with pytest.raises(GraphError, match=r"GET /planner/tasks/\{plannerTask-id\}: it does not exist"):
        await client.planner.task("AbCd")


async def test_all_pages_are_read_by_the_whole_link(graph: ToldGraph, transport: GraphTransport) -> None:
    link = f"{graph.url}/v1.0/x?$skiptoken=a%2Bb%24c&k=%3D"
    graph.tell(
        Answer(body={"value": [{"n": 1}], "@odata.nextLink": link}),
        Answer(429, THROTTLED, {"Retry-After": "1"}),
        Answer(body={"value": [{"n": 2}]}),
    )
    headers = {"ConsistencyLevel": "eventual"}
    assert [item async for item in transport.pages("/x", headers=headers)] == [{"n": 1}, {"n": 2}]
    assert graph.asked[2].path == "/v1.0/x?$skiptoken=a%2Bb%24c&k=%3D"
    assert all(asked.headers["consistencylevel"] == "eventual" for asked in graph.asked)


async def test_a_link_that_comes_round_again_is_an_error_and_not_an_endless_list(
    graph: ToldGraph, transport: GraphTransport
) -> None:
    graph.tell(Answer(body={"value": [], "@odata.nextLink": f"{graph.url}/v1.0/x?page=2"}))
    with pytest.raises(RetryLater, match="leads nowhere"):
        _ = [item async for item in transport.pages("/x")]
    assert len(graph.asked) == 2


async def test_a_page_without_items_is_an_error_and_not_an_empty_list(
    graph: ToldGraph, transport: GraphTransport
) -> None:
    graph.tell(Answer(body={"unexpected": True}))
    with pytest.raises(RetryLater, match="without its items"):
        _ = [item async for item in transport.pages("/x")]


async def test_content_is_fetched_from_the_signed_address_without_the_token(
    graph: ToldGraph, transport: GraphTransport
) -> None:
    graph.tell(Answer(302, headers={"Location": "/signed?key=secret"}), Answer(body=b"PK\x03"))
    assert await transport.get_bytes("/drives/d/items/i/content") == b"PK\x03"
    assert "authorization" in graph.asked[0].headers
    assert graph.asked[1].path == "/signed?key=secret"
    assert "authorization" not in graph.asked[1].headers


async def test_a_signed_address_that_has_run_out_is_asked_for_again(
    graph: ToldGraph, transport: GraphTransport
) -> None:
    first, second = ({"Location": f"/signed?key={n}"} for n in (1, 2))
    graph.tell(Answer(302, headers=first), Answer(404), Answer(302, headers=second), Answer(body=b"ok"))
    assert await transport.get_bytes("/c") == b"ok"
    assert [asked.path for asked in graph.asked[1::2]] == ["/signed?key=1", "/signed?key=2"]


@pytest.mark.parametrize("location", ["http://files.example/x", "ftp://127.0.0.1/x", "file:///etc/passwd"])
async def test_content_is_not_fetched_from_an_unsafe_address(
    graph: ToldGraph, transport: GraphTransport, location: str
) -> None:
    graph.tell(Answer(302, headers={"Location": location}))
    with pytest.raises(Rejected, match="not safe"):
        await transport.get_bytes("/c")


async def test_content_that_is_too_large_is_not_taken(graph: ToldGraph, transport: GraphTransport) -> None:
    graph.tell(Answer(302, headers={"Location": "/signed"}), Answer(body=b"x" * 1000))
    with pytest.raises(Rejected, match="larger"):
        await transport.get_bytes("/c", most_bytes=999)


async def test_a_lost_download_tells_nothing_of_the_signed_address(graph: ToldGraph, transport: GraphTransport) -> None:
    graph.tell_by(
        lambda asked: (
            Answer(cut=True)
            if asked.path.startswith("/signed")
            else Answer(302, headers={"Location": "/signed?key=secret"})
        )
    )
    with pytest.raises(RetryLater) as caught:
        await transport.get_bytes("/c")
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_a_redirect_elsewhere_than_to_content_is_not_followed(
    graph: ToldGraph, transport: GraphTransport
) -> None:
    graph.tell(Answer(302, headers={"Location": "/v1.0/y"}), FOUND)
    with pytest.raises(Rejected):
        await transport.get("/x")
    assert len(graph.asked) == 1
