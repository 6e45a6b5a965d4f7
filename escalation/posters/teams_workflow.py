"""Posts cards through a Teams Workflows webhook, one address per channel. The address is a secret: never logged.

Body and answers as in Microsoft's Teams documentation for the trigger "When a Teams webhook request is received":
the card is an object inside a message, and 202 means queued, not posted.
"""

from collections.abc import Mapping
from typing import Any

import httpx

from escalation.posters.post_failed import PostFailed as PostFailed
from graph_client.retry_after import retry_after_seconds

MOST_BYTES = 28 * 1024
TIMEOUT = httpx.Timeout(20, connect=5)


class TeamsWorkflowPoster:
    """Holds the webhook address of each meeting's channel, by meeting code."""

    def __init__(self, addresses: Mapping[str, str]) -> None:
        self._addresses = dict(addresses)
        self._http: httpx.AsyncClient | None = None

    async def post(self, card: Mapping[str, Any], channel: str, reply_to: str | None = None) -> None:
        """Hands the card to the channel's flow, which queues it and names no message; a flow knows no threads.

        Raises PostFailed, whose text never holds the address.
        """
        address = self._addresses.get(channel)
        if address is None:
            raise PostFailed(f"No webhook address is set for the channel of {channel}.", is_final=True)
        message = {
            "type": "message",
            "attachments": [
                {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
            ],
        }
        try:
            request = self._client().build_request("POST", address, json=message)
        except httpx.InvalidURL:
            raise PostFailed(f"The webhook address of the channel of {channel} is not one.", is_final=True) from None
        if len(request.content) > MOST_BYTES:
            raise PostFailed(f"The card has {len(request.content)} bytes; Teams takes {MOST_BYTES}.", is_final=True)
        try:
            answer = await self._client().send(request)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            raise PostFailed(f"The channel of {channel} cannot be reached.") from None
        except httpx.UnsupportedProtocol:
            raise PostFailed(f"The webhook address of the channel of {channel} is not one.", is_final=True) from None
        except httpx.RequestError:
            raise PostFailed(f"The channel of {channel} gave no answer.", uncertain=True) from None
        self._judge(answer, channel)

    async def aclose(self) -> None:
        """Closes the connections."""
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    def _client(self) -> httpx.AsyncClient:
        if self._http is None:
            self._http = httpx.AsyncClient(timeout=TIMEOUT)
        return self._http

    def _judge(self, answer: httpx.Response, channel: str) -> None:
        status = answer.status_code
        if answer.is_success:
            return
        words = f"The channel of {channel} answered {status}."
        if status == 429:
            raise PostFailed(words, after_seconds=retry_after_seconds(answer.headers))
        raise PostFailed(words, uncertain=status >= 500, is_final=status < 500)
