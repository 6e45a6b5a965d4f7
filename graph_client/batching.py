"""JSON batching, written by hand: twenty calls in one, each with an answer of its own.

The SDK's batching loses ids, sends a wrong member name and never repeats a throttled item.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graph_client.errors import GraphError, RetryLater, error_from_answer
from graph_client.sdk import Target

# learn.microsoft.com/graph/json-batching: more is answered with 400.
MOST_IN_ONE = 20

# Posts one batch body and gives the envelope.
Post = Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Any]]]
# Runs a read again while it raises a RetryLater that is worth it.
Repeating = Callable[[Callable[[], Awaitable[None]]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class BatchItem:
    """One call of a batch. `item_id` is the caller's, unique without regard to case."""

    item_id: str
    target: Target
    method: str = "GET"
    body: Mapping[str, Any] | None = None
    if_match: str | None = None

    @property
    def is_write(self) -> bool:
        """True for everything but a GET."""
        return self.method != "GET"

    def as_json(self, relative_url: str) -> dict[str, Any]:
        """The item as $batch wants it."""
        headers = {} if self.if_match is None else {"If-Match": self.if_match}
        told: dict[str, Any] = {"id": self.item_id, "method": self.method, "url": relative_url}
        if self.body is not None:
            headers["Content-Type"] = "application/json"
            told["body"] = self.body
        return {**told, "headers": headers} if headers else told


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """One item's answer. `status` is None where none came; then `failure` says why. Header names are lower-case."""

    item: BatchItem
    status: int | None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    failure: GraphError | None = None

    def error(self) -> GraphError | None:
        """What went wrong with this item, None where nothing did."""
        if self.failure is not None:
            return self.failure
        operation = f"{self.item.method} in a batch"
        if self.status is None:
            sentence = "Graph's batch answer lacks this item"
            return RetryLater(operation, uncertain=self.item.is_write, sentence=sentence)
        if 200 <= self.status < 300:
            return None
        return error_from_answer(
            operation, status=self.status, headers=self.headers, body=self.body, is_write=self.item.is_write
        )

    def json(self) -> dict[str, Any]:
        """The item's JSON object. Raises the item's error; RetryLater where a success carries no object."""
        error = self.error()
        if error is None and isinstance(self.body, dict):
            return self.body
        raise error or RetryLater(
            f"{self.item.method} in a batch",
            status=self.status,
            uncertain=self.item.is_write,
            sentence="Graph's answer could not be read",
        )


async def send_batch(
    items: Sequence[BatchItem], *, url_of: Callable[[BatchItem], str], post: Post, repeating: Repeating
) -> dict[str, BatchAnswer]:
    """Send all items, at most twenty at a time, and give the answers by item id.

    Reads that are throttled or broken are sent again as long as `repeating` holds it worth while; what is left
    keeps its last answer. A batch of reads that gets no answer at all raises RetryLater. Writes are sent once,
    apart from the reads, and never raise: a lost batch is the `failure` of each of its items.
    ValueError for an item id that comes twice.
    """
    if len({item.item_id.lower() for item in items}) < len(items):
        raise ValueError("an item id comes twice in the batch")
    answers: dict[str, BatchAnswer] = {}
    for chunk in _chunks(item for item in items if not item.is_write):
        await _read(chunk, answers, url_of, post, repeating)
    for chunk in _chunks(item for item in items if item.is_write):
        try:
            await _round(chunk, answers, url_of, post)
        except GraphError as error:
            answers.update({item.item_id: BatchAnswer(item, None, failure=error) for item in chunk})
    return {item.item_id: answers[item.item_id] for item in items}


class _SomeStillWait(RetryLater):
    """Some reads of the batch are to be sent again; their last answers are kept."""


async def _read(
    chunk: Sequence[BatchItem],
    answers: dict[str, BatchAnswer],
    url_of: Callable[[BatchItem], str],
    post: Post,
    repeating: Repeating,
) -> None:
    waiting = list(chunk)

    async def once() -> None:
        await _round(waiting, answers, url_of, post)
        troubles = {item.item_id: answers[item.item_id].error() for item in waiting}
        waiting[:] = [item for item in waiting if isinstance(troubles[item.item_id], RetryLater)]
        if waiting:
            wishes = [e.after_seconds for e in troubles.values() if isinstance(e, RetryLater) and e.after_seconds]
            raise _SomeStillWait("GET in a batch", after_seconds=max(wishes, default=None))

    try:
        await repeating(once)
    except _SomeStillWait:
        return  # each item that is left tells its own error
    except RetryLater:
        if not all(item.item_id in answers for item in chunk):
            raise


async def _round(
    items: Sequence[BatchItem],
    answers: dict[str, BatchAnswer],
    url_of: Callable[[BatchItem], str],
    post: Post,
) -> None:
    envelope = await post({"requests": [item.as_json(url_of(item)) for item in items]})
    answered = envelope.get("responses")
    by_id = {str(a.get("id")): a for a in answered if isinstance(a, dict)} if isinstance(answered, list) else {}
    for item in items:
        answers[item.item_id] = _answer(item, by_id.get(item.item_id))


def _answer(item: BatchItem, told: Mapping[str, Any] | None) -> BatchAnswer:
    if told is None or not isinstance(told.get("status"), int):
        return BatchAnswer(item, None)
    headers = told.get("headers")
    lower = {str(k).lower(): str(v) for k, v in headers.items()} if isinstance(headers, dict) else {}
    return BatchAnswer(item, told["status"], lower, told.get("body"))


def _chunks(items: Iterable[BatchItem]) -> list[list[BatchItem]]:
    every = list(items)
    return [every[start : start + MOST_IN_ONE] for start in range(0, len(every), MOST_IN_ONE)]
