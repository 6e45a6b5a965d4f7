"""Every call to Graph goes through here: timeouts, errors by what to do next, retry of reads, paging.

Reads are repeated; a write is sent exactly once, because the second copy of a create is a second task.
"""

import asyncio
import json
import re
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urljoin, urlsplit

import httpx
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception
from tenacity.stop import stop_after_attempt, stop_any, stop_before_delay
from tenacity.wait import wait_random_exponential

from graph_client.addresses import PUBLIC_GRAPH, GraphAddress, is_loopback
from graph_client.auth import token_error
from graph_client.batching import BatchAnswer, BatchItem, send_batch
from graph_client.errors import GraphError, Rejected, RetryLater, error_from_answer
from graph_client.retry_after import retry_after_seconds
from graph_client.sdk import GraphSdk, Target

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential
    from kiota_abstractions.request_information import RequestInformation

CONNECT_SECONDS = 5.0
READ_SECONDS = 20.0
# Longer waits than this are the caller's to plan: a Function that sleeps is billed and holds its lease.
LONGEST_WAIT_SECONDS = 15.0
READ_BUDGET_SECONDS = 60.0
# Nothing is published for Planner; four at a time is Outlook's figure and the usual advice.
CONCURRENT_CALLS = 4
MOST_DOWNLOAD_BYTES = 50 * 2**20
JSON_TYPE = "application/json"
NOTHING_WAS_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
REDIRECTS = frozenset({301, 302, 303, 307, 308})

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]


class GraphTransport:
    """One identity's way to one Graph. Use it in one event loop (see GraphSdk), and close it.

    `base_url` is Graph's address with or without /v1.0. `read_attempts` is how often a read is tried at most,
    within READ_BUDGET_SECONDS. `correlation` gives the client-request-id (a GUID) for the next call; without it,
    or where it gives None, each call has one of its own.
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
    ) -> None:
        self.address = GraphAddress.parse(base_url)
        timeout = httpx.Timeout(read_seconds, connect=connect_seconds)
        self._sdk = GraphSdk(self.address, credential, timeout)
        self._read_attempts = read_attempts
        self._correlation = correlation
        self._sleep = sleep
        self._slots = asyncio.Semaphore(CONCURRENT_CALLS)

    async def get(
        self, target: Target, *, query: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Read one JSON object. Raises any GraphError; RetryLater only when the tries are used up."""

        async def once() -> dict[str, Any]:
            request = self._sdk.request("GET", target, query, headers or {})
            return _json_object(await self._send(request, is_write=False), operation_of(request), is_write=False)

        return await self._repeating(once)

    async def get_bytes(self, target: Target, *, most_bytes: int = MOST_DOWNLOAD_BYTES) -> bytes:
        """Read content, following a redirect to a pre-signed address without the token.

        Raises any GraphError; Rejected where there is more than `most_bytes`.
        Source: learn.microsoft.com/graph/api/driveitem-get-content.
        """

        async def once() -> bytes:
            request = self._sdk.request("GET", target, None, {"Accept": "*/*"})
            answer = await self._send(request, is_write=False)
            operation = operation_of(request)
            location = answer.headers.get("location")
            if answer.status_code in REDIRECTS and location:
                return await self._download(urljoin(str(answer.url), location), operation, most_bytes)
            _raise_unless_success(answer, operation, is_write=False)
            return answer.content

        return await self._repeating(once)

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
        request = self._sdk.request(method, target, query, headers)
        if body is not None:
            content = body if isinstance(body, bytes) else _json_bytes(body)
            request.set_stream_content(content, content_type)
        answer = await self._send(request, is_write=True)
        operation = operation_of(request)
        _raise_unless_success(answer, operation, is_write=True)
        return _json_object(answer, operation, is_write=True) if answer.content else None

    async def pages(
        self, target: Target, *, query: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[dict[str, Any]]:
        """The items of a collection, page after page to the last. Raises any GraphError."""
        async for page in self.page_bodies(target, query=query, headers=headers):
            for item in page["value"]:
                yield item

    async def page_bodies(
        self, target: Target, *, query: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[dict[str, Any]]:
        """The pages of a collection as they come, each with its "value". nextLinks are used whole and only on
        Graph's own host. A page that is no page, or a nextLink that comes twice, raises RetryLater: a list that
        ends early must not look like a short one."""
        followed: set[str] = set()
        page = await self.get(target, query=query, headers=headers)
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
            page = await self.get(link, headers=headers)

    async def batch(self, items: Sequence[BatchItem]) -> dict[str, BatchAnswer]:
        """Many calls in few, each answer under its item's id; see batching.send_batch."""

        async def post(body: Mapping[str, Any]) -> dict[str, Any]:
            is_write = any(item["method"] != "GET" for item in body["requests"])
            request = self._sdk.request("POST", "/$batch", None, {})
            request.set_stream_content(_json_bytes(body), JSON_TYPE)
            answer = await self._send(request, is_write=is_write)
            return _json_object(answer, operation_of(request), is_write=is_write)

        return await send_batch(items, url_of=self._relative_url, post=post, repeating=self._repeating)

    async def aclose(self) -> None:
        """Close the connections; the credential is its maker's to close."""
        await self._sdk.aclose()

    def _relative_url(self, item: BatchItem) -> str:
        request = self._sdk.request(item.method, item.target, None, {})
        return request.url.removeprefix(self.address.base)

    async def _send(self, request: "RequestInformation", *, is_write: bool) -> httpx.Response:
        from azure.core.exceptions import AzureError

        operation = operation_of(request)
        request_id = self._correlation() or str(uuid.uuid4())
        request.headers.add("client-request-id", request_id)
        try:
            async with self._slots:
                return await self._sdk.send(request)
        except AzureError as error:
            raise token_error(operation, error) from None
        except httpx.HTTPError as error:
            raise _no_answer(operation, error, is_write=is_write, request_id=request_id) from error

    async def _download(self, url: str, operation: str, most_bytes: int) -> bytes:
        """The content at a pre-signed address; a refusal means that the address has run out, so RetryLater."""
        parts = urlsplit(url)
        local = self.address.is_local_http and is_loopback(parts.hostname or "")
        if parts.scheme != "https" and not (parts.scheme == "http" and local):
            raise Rejected(operation, sentence="Graph sent us to an address that is not safe")
        content = bytearray()
        try:
            async with self._slots, self._sdk.without_token().stream("GET", url) as answer:
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

    async def _repeating(self, once: Callable[[], Awaitable[T]]) -> T:
        retrying = AsyncRetrying(
            stop=stop_any(stop_after_attempt(self._read_attempts), stop_before_delay(READ_BUDGET_SECONDS)),
            wait=_pause,
            retry=retry_if_exception(is_worth_repeating),
            sleep=self._sleep,
            reraise=True,
        )
        return await retrying(once)


def operation_of(request: "RequestInformation") -> str:
    """What was asked, without ids or names: the SDK's template, or the first segment of an address of ours."""
    method = request.http_method.value if request.http_method else "?"
    if request.url_template:
        path = re.sub(r"\{\?[^}]*\}|\{\+baseurl\}", "", request.url_template).replace("%2D", "-")
        return f"{method} {path}"
    path = urlsplit(request.url).path.partition("/v1.0")[2]
    head, _, rest = path.strip("/").partition("/")
    return f"{method} /{head}" + ("/…" if rest else "")


def is_worth_repeating(error: BaseException) -> bool:
    """True for a RetryLater whose wait is short enough to sit out here."""
    return isinstance(error, RetryLater) and (error.after_seconds or 0.0) <= LONGEST_WAIT_SECONDS


def _pause(state: RetryCallState) -> float:
    """Seconds before the next try: Graph's wish where it named one, else growing and random."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, RetryLater) and error.after_seconds is not None:
        return error.after_seconds
    return wait_random_exponential(multiplier=0.5, max=LONGEST_WAIT_SECONDS)(state)


def _no_answer(operation: str, error: httpx.HTTPError, *, is_write: bool, request_id: str) -> GraphError:
    unsent = isinstance(error, NOTHING_WAS_SENT)
    sentence = "Graph could not be reached" if unsent else "Graph's answer was lost"
    uncertain = is_write and not unsent
    return RetryLater(operation, request_id=request_id, uncertain=uncertain, sentence=sentence)


def _raise_unless_success(answer: httpx.Response, operation: str, *, is_write: bool) -> None:
    if answer.is_success:
        return
    try:
        body: object = json.loads(answer.content)
    except ValueError:
        body = None
    raise error_from_answer(operation, status=answer.status_code, headers=answer.headers, body=body, is_write=is_write)


def _json_object(answer: httpx.Response, operation: str, *, is_write: bool) -> dict[str, Any]:
    _raise_unless_success(answer, operation, is_write=is_write)
    try:
        body = json.loads(answer.content)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        sentence = "Graph's answer could not be read"
        raise RetryLater(operation, status=answer.status_code, uncertain=is_write, sentence=sentence)
    return body


def _json_bytes(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
