"""JSON batching, written by hand: twenty calls in one, each with an answer of its own.

The SDK's batching loses ids, sends a wrong member name and never repeats a throttled item.
Source: learn.microsoft.com/graph/json-batching.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graph_client.calls import JSON_TYPE, Answer, Call, NoAnswer, as_json
from graph_client.errors import GraphError, RetryLater
from graph_client.sdk import Target

# More is answered with 400.
MOST_IN_ONE = 20
# Answers to the batch itself after which nothing in it was done: what is wrong with one item, or with batches
# here, is not the fault of the others.
REFUSED_AS_A_BATCH = frozenset({400, 403, 404, 405, 413, 415, 501})


@dataclass(frozen=True, slots=True)
class BatchItem:
    """One read of a planned set. `item_id` is the caller's, unique in the set."""

    item_id: str
    target: Target


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """What came of one read: its JSON object, or why there is none."""

    item: BatchItem
    body: Mapping[str, Any] | None = None
    failure: GraphError | None = None

    def error(self) -> GraphError | None:
        """What went wrong with this read, None where nothing did."""
        return self.failure

    def json(self) -> dict[str, Any]:
        """The JSON object. Raises the read's error."""
        if self.failure is not None:
            raise self.failure
        return dict(self.body or {})


def batch_of(calls: Sequence[Call], base: str) -> Call:
    """The one call that carries these, at most twenty, whose addresses begin with `base`."""
    parts = b",".join(_part(number, call, base) for number, call in enumerate(calls))
    return Call(
        method="POST",
        url=f"{base}/$batch",
        operation="POST /$batch",
        request_id=str(uuid.uuid4()),
        urgency=min(call.urgency for call in calls),
        content=b'{"requests":[' + parts + b"]}",
    )


def is_refused_as_a_batch(answer: Answer | NoAnswer) -> bool:
    """True where nothing was done because the calls came as a batch: each may be sent alone."""
    return isinstance(answer, Answer) and answer.status in REFUSED_AS_A_BATCH and _told(answer) is None


def answers_of(answer: Answer | NoAnswer, calls: Sequence[Call]) -> list[Answer | NoAnswer]:
    """What came of each call of a batch, in their order. Where the batch itself has no answers of items, its own
    fate is that of each."""
    if isinstance(answer, NoAnswer):
        return [answer] * len(calls)
    told = _told(answer)
    if told is None:
        broken = NoAnswer(RetryLater, "Graph's answer could not be read", was_sent=True, status=answer.status)
        return [broken if 200 <= answer.status < 300 else answer] * len(calls)
    # The order is Graph's own.
    by_id = {str(item.get("id")): item for item in told if isinstance(item, dict)}
    return [_answer(by_id.get(str(number)), answer.headers) for number in range(len(calls))]


def _part(number: int, call: Call, base: str) -> bytes:
    headers = {**call.headers, "client-request-id": call.request_id}
    part = {"id": str(number), "method": call.method, "url": call.url.removeprefix(base), "headers": headers}
    if call.content is None:
        return as_json(part)
    headers["Content-Type"] = JSON_TYPE
    # The body is JSON already.
    return as_json(part)[:-1] + b',"body":' + call.content + b"}"


def _told(answer: Answer) -> list[Any] | None:
    items = answer.body.get("responses") if isinstance(answer.body, dict) else None
    return items if isinstance(items, list) else None


def _answer(item: Mapping[str, Any] | None, outer: Mapping[str, str]) -> Answer | NoAnswer:
    if item is None or not isinstance(item.get("status"), int):
        return NoAnswer(RetryLater, "Graph's batch answer lacks this item", was_sent=True)
    told = item.get("headers")
    headers = {str(k).lower(): str(v) for k, v in told.items()} if isinstance(told, dict) else {}
    # An item's Retry-After may be a date, and only the whole answer says by which clock.
    headers.setdefault("date", outer.get("date", ""))
    body = item.get("body")
    return Answer(item["status"], headers, body, is_empty=body in (None, ""))
