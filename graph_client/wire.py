"""One HTTP request to Graph for whoever holds a slot: sends, counts, and passes on Graph's wish to be left alone."""

from dataclasses import dataclass

import httpx

from graph_client.auth import token_trouble
from graph_client.calls import Answer, Call, NoAnswer
from graph_client.errors import RetryLater
from graph_client.limiter import Limiter
from graph_client.sdk import GraphSdk

NOTHING_WAS_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


@dataclass(frozen=True, slots=True)
class Counts:
    """What was sent since the start: HTTP requests to Graph, the calls in them as Graph counts them, how many of
    the requests were batches, and how many answers (of items too) asked us to wait."""

    http_requests: int = 0
    logical_calls: int = 0
    batches: int = 0
    throttled: int = 0


class Wire:
    """The way to Graph, without queue or repetition."""

    def __init__(self, sdk: GraphSdk, limiter: Limiter) -> None:
        self._sdk = sdk
        self._limiter = limiter
        self._http_requests = self._logical_calls = self._batches = self._throttled = 0

    @property
    def counts(self) -> Counts:
        """The counts so far."""
        return Counts(self._http_requests, self._logical_calls, self._batches, self._throttled)

    async def send(self, call: Call, *, carries: int | None = None) -> Answer | NoAnswer:
        """Send once. `carries` is the number of calls in a batch. Hold a slot of the limiter."""
        response = await self.send_raw(call, carries=carries)
        return response if isinstance(response, NoAnswer) else Answer.read(response)

    async def send_raw(self, call: Call, *, carries: int | None = None) -> httpx.Response | NoAnswer:
        """Send once and give the HTTP answer as it came. Hold a slot of the limiter."""
        from azure.core.exceptions import AzureError

        try:
            response = await self._sdk.send(call)
        except AzureError as error:
            kind, sentence = token_trouble(error)
            return NoAnswer(kind, sentence, was_sent=False)
        except httpx.HTTPError as error:
            unsent = isinstance(error, NOTHING_WAS_SENT)
            sentence = "Graph could not be reached" if unsent else "Graph's answer was lost"
            self._count(carries)
            return NoAnswer(RetryLater, sentence, was_sent=not unsent, cause=error)
        self._count(carries)
        self.heed(Answer(response.status_code, response.headers, None, is_empty=True))
        return response

    def heed(self, answer: Answer) -> None:
        """Let everybody wait where the answer, which may be an item's, asks for it."""
        wait = answer.wait_seconds
        if wait is not None:
            self._throttled += 1
            self._limiter.pause(wait)

    def _count(self, carries: int | None) -> None:
        self._http_requests += 1
        self._logical_calls += carries or 1
        self._batches += carries is not None
