"""Every call to Graph goes through here: timeouts, errors by what to do next, retry of reads, paging, batches.

Reads are repeated; a write is sent exactly once, because the second copy of a create is a second task.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import httpx

from graph_client.addresses import PUBLIC_GRAPH, GraphAddress, is_loopback
from graph_client.batching import BatchAnswer, BatchItem
from graph_client.calls import JSON_TYPE, Answer, Call, NoAnswer, as_json
from graph_client.coalescing import LINGER_SECONDS, Coalescer
from graph_client.errors import GraphError, Rejected, RetryLater
from graph_client.limiter import IN_FLIGHT, Limiter, Sleep
from graph_client.repeating import repeated
from graph_client.retry_after import retry_after_seconds
from graph_client.sdk import GraphSdk, Target
from graph_client.urgency import urgency_of_calls
from graph_client.wire import Counts, Wire

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

CONNECT_SECONDS = 5.0
READ_SECONDS = 20.0
MOST_DOWNLOAD_BYTES = 50 * 2**20
REDIRECTS = frozenset({301, 302, 303, 307, 308})

Send = Callable[[Call], Awaitable[Answer]]


class GraphTransport:
    """One identity's way to one Graph. Use it in one event loop (see GraphSdk), and close it.

    `base_url` is Graph's address with or without /v1.0. `read_attempts` is how often a read is tried at most,
    within READ_BUDGET_SECONDS. `correlation` gives the client-request-id (a GUID) for the next call; without it,
    or where it gives None, each call has one of its own. `sleep` and `now` (a clock of seconds, by default the
    loop's) time waits. `in_flight` is how many HTTP requests may be under way.
    `batching`: whether calls that are made at the same time may share a request, waiting `linger_seconds` at most
    for one another; switch it off where $batch is not to be had.
    """

    def __init__(
        self,
        credential: "AsyncTokenCredential",
        base_url: str = PUBLIC_GRAPH,
        *,
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
        read_attempts: int = 4,
        correlation: Callable[[], str | None] = lambda: None,
        sleep: Sleep = asyncio.sleep,
        now: Callable[[], float] | None = None,
        in_flight: int = IN_FLIGHT,
        batching: bool = True,
        linger_seconds: float = LINGER_SECONDS,
    ) -> None:
        self.address = GraphAddress.parse(base_url)
        self._sdk = GraphSdk(self.address, credential, httpx.Timeout(read_seconds, connect=connect_seconds))
        self._read_attempts = read_attempts
        self._correlation = correlation
        self._sleep = sleep
        self.limiter = Limiter(in_flight, sleep=lambda seconds: self._sleep(seconds), now=now)
        self._wire = Wire(self._sdk, self.limiter)
        self._coalescer = Coalescer(self._wire, self.limiter, self.address.base, linger_seconds)
        self._batching = batching

    @property
    def counts(self) -> Counts:
        """What was sent so far."""
        return self._wire.counts

    async def get(
        self, target: Target, *, query: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Read one JSON object. Raises any GraphError; RetryLater only when the tries are used up."""
        return await self._read(target, query, headers, self._send)

    async def get_bytes(self, target: Target, *, most_bytes: int = MOST_DOWNLOAD_BYTES) -> bytes:
        """Read content, following a redirect to a pre-signed address without the token.

        Raises any GraphError; Rejected where there is more than `most_bytes`.
        Source: learn.microsoft.com/graph/api/driveitem-get-content.
        """

        async def once() -> bytes:
            call = self._call("GET", target, None, {"Accept": "*/*"})
            async with self.limiter.slot(call.urgency, call.operation):
                answer = await self._wire.send_raw(call)
            if isinstance(answer, NoAnswer):
                raise answer.error_for(call)
            location = answer.headers.get("location")
            if answer.status_code in REDIRECTS and location:
                return await self._download(urljoin(str(answer.url), location), call, most_bytes)
            Answer.read(answer).raise_error(call)
            return answer.content

        return await repeated(once, attempts=self._read_attempts, sleep=self._sleep)

    async def write(
        self,
        method: str,
        target: Target,
        body: Mapping[str, Any] | bytes | None = None,
        *,
        if_match: str | None = None,
        prefer_representation: bool = False,
        content_type: str = JSON_TYPE,
        query: Mapping[str, str] | None = None,
    ) -> dict[str, Any] | None:
        """POST, PATCH, PUT or DELETE, once. The answer's JSON object, None where it has none.

        Raises any GraphError; its `uncertain` is True where the change may have been made although no answer,
        or only a gateway's, came back.
        """
        headers = {"If-Match": if_match} if if_match is not None else {}
        if prefer_representation:
            headers["Prefer"] = "return=representation"
        content = as_json(body) if isinstance(body, Mapping) else body
        call = self._call(method, target, query, headers, content, content_type)
        answer = await self._send(call)
        answer.raise_error(call)
        return None if answer.is_empty else answer.json_for(call)

    async def pages(
        self, target: Target, *, query: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[dict[str, Any]]:
        """The items of a collection, page after page to the last. Raises any GraphError."""
        async for page in self.page_bodies(target, query=query, headers=headers):
            for item in page["value"]:
                yield item

    async def page_bodies(
        self,
        target: Target,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        is_short: bool = False,
    ) -> AsyncIterator[dict[str, Any]]:
        """The pages of a collection as they come, each with its "value". nextLinks are used whole and only on
        Graph's own host. A page that is no page, or a nextLink that comes twice, raises RetryLater: a list that
        ends early must not look like a short one. One that is known to be short may ride in a batch."""
        followed: set[str] = set()
        # Alone: an answer of 400 tasks should not share the fate of others.
        send = self._send if is_short else self._send_alone
        page = await self._read(target, query, headers, send)
        while True:
            if not isinstance(page.get("value"), list):
                raise RetryLater("GET a page", sentence="Graph sent a page without its items")
            yield page
            link = page.get("@odata.nextLink")
            if link is None:
                return
            if not isinstance(link, str) or link in followed or not self.address.has_origin_of(link):
                raise RetryLater("GET a page", sentence="Graph's link to the next page leads nowhere")
            followed.add(link)
            page = await self._read(link, None, headers, send)

    async def batch(self, items: Sequence[BatchItem]) -> dict[str, BatchAnswer]:
        """A planned set of reads, twenty to a request, each repeated as `get` does; the answers by item id, in the
        order asked. Raises nothing but ValueError, for an item id that comes twice."""
        if len({item.item_id for item in items}) < len(items):
            raise ValueError("an item id comes twice in the batch")

        async def one(item: BatchItem) -> BatchAnswer:
            try:
                return BatchAnswer(item, await self.get(item.target))
            except GraphError as error:
                return BatchAnswer(item, failure=error)

        answers = await asyncio.gather(*(one(item) for item in items))
        return {answer.item.item_id: answer for answer in answers}

    async def aclose(self) -> None:
        """Close the connections; the credential is its maker's to close. Calls under way end in RetryLater."""
        await self._coalescer.aclose()
        await self.limiter.aclose()
        await self._sdk.aclose()

    def _call(
        self,
        method: str,
        target: Target,
        query: Mapping[str, str] | None,
        headers: Mapping[str, str],
        content: bytes | None = None,
        content_type: str = JSON_TYPE,
    ) -> Call:
        place = self._sdk.place(target, query)
        return Call(
            method=method,
            url=place.url,
            operation=f"{method} {place.resource}",
            request_id=self._correlation() or str(uuid.uuid4()),
            urgency=urgency_of_calls(),
            headers=headers,
            content=content,
            content_type=content_type,
        )

    async def _read(
        self, target: Target, query: Mapping[str, str] | None, headers: Mapping[str, str] | None, send: Send
    ) -> dict[str, Any]:
        async def once() -> dict[str, Any]:
            call = self._call("GET", target, query, headers or {})
            return (await send(call)).json_for(call)

        return await repeated(once, attempts=self._read_attempts, sleep=self._sleep)

    async def _send(self, call: Call) -> Answer:
        """Send a call in company if there is any. Raises GraphError where there is no answer."""
        if not self._batching or not self._coalescer.takes(call):
            return await self._send_alone(call)
        return _answered(await self._coalescer.send(call), call)

    async def _send_alone(self, call: Call) -> Answer:
        async with self.limiter.slot(call.urgency, call.operation):
            answer = await self._wire.send(call)
        return _answered(answer, call)

    async def _download(self, url: str, call: Call, most_bytes: int) -> bytes:
        """The content at a pre-signed address; a refusal means that the address has run out, so RetryLater."""
        parts = urlsplit(url)
        local = self.address.is_local_http and is_loopback(parts.hostname or "")
        if parts.scheme != "https" and not (parts.scheme == "http" and local):
            raise Rejected(call.operation, sentence="Graph sent us to an address that is not safe")
        content, operation = bytearray(), call.operation
        plain = self._sdk.without_token()
        try:
            async with self.limiter.slot(call.urgency, operation), plain.stream("GET", url) as answer:
                if not answer.is_success:
                    # No status: the pre-signed host's 404 is not Graph's word about the item.
                    wait = retry_after_seconds(answer.headers)
                    raise RetryLater(operation, after_seconds=wait, sentence="the content's address gave none")
                async for chunk in answer.aiter_bytes():
                    content += chunk
                    if len(content) > most_bytes:
                        raise Rejected(operation, sentence="the content is larger than we take")
        except (httpx.HTTPError, httpx.InvalidURL):
            # Without the cause: its text can hold the pre-signed address, which is a key.
            raise RetryLater(operation, sentence="the content was lost on the way") from None
        return bytes(content)


def _answered(answer: Answer | NoAnswer, call: Call) -> Answer:
    if isinstance(answer, NoAnswer):
        raise answer.error_for(call)
    return answer
