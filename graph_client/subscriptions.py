"""Change notifications: who wants to be told of which resource, and until when. Graph tells nothing of Planner.

Graph calls the address, and has to be answered, before it answers `create`: whoever creates must not be busy then.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from graph_client.errors import Gone, Rejected, RetryLater
from graph_client.reading import Json, moment, text, unreadable
from graph_client.transport import GraphTransport

LONGEST_LIFE = timedelta(minutes=42_300)
"""Of a subscription to a list or a drive. Source: learn.microsoft.com/graph/api/resources/subscription, "Subscription
lifetime"."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """One subscription of this app. `notification_url` may hold a key: it belongs in no log. Times are UTC."""

    subscription_id: str
    resource: str
    notification_url: str
    expires_at: datetime

    @classmethod
    def read(cls, of: Json) -> "Subscription":
        """From a subscription."""
        expires_at = moment(of, "expirationDateTime")
        if expires_at is None:
            raise unreadable("expirationDateTime")
        return cls(text(of, "id"), text(of, "resource"), text(of, "notificationUrl"), expires_at)


class SubscriptionsClient:
    """Every method raises GraphError."""

    def __init__(self, transport: GraphTransport) -> None:
        self._transport = transport

    async def all(self) -> tuple[Subscription, ...]:
        """Every subscription that this app has made and that has not expired."""
        pages = self._transport.pages(lambda graph: graph.subscriptions)
        return tuple([Subscription.read(item) async for item in pages])

    async def create(self, resource: str, url: str, client_state: str, expires_at: datetime) -> Subscription:
        """A new subscription: Graph posts to `url` what was updated at the resource, and what becomes of the
        subscription itself, always with `client_state`. The address cannot be given later for the latter.

        Rejected where Graph could not reach the address or had another answer than the token it sent there.
        Source: learn.microsoft.com/graph/api/subscription-post-subscriptions.
        """
        body = {
            "changeType": "updated",
            "notificationUrl": url,
            "lifecycleNotificationUrl": url,
            "resource": resource,
            "expirationDateTime": _as_text(expires_at),
            "clientState": client_state,
        }
        try:
            made = await self._transport.write("POST", lambda graph: graph.subscriptions, body)
        except Rejected as error:
            sentence = "Graph refused the subscription: the address for it must be one that Graph can reach"
            raise Rejected(
                error.operation, status=error.status, code=error.code, request_id=error.request_id, sentence=sentence
            ) from error
        return Subscription.read(_said(made, "POST /subscriptions"))

    async def renew(self, subscription_id: str, expires_at: datetime) -> Subscription:
        """The subscription with a later end, authorized anew; Gone where there is none any more."""
        body = {"expirationDateTime": _as_text(expires_at)}
        made = await self._transport.write(
            "PATCH", lambda graph: graph.subscriptions.by_subscription_id(subscription_id), body
        )
        return Subscription.read(_said(made, "PATCH /subscriptions/{subscription-id}"))

    async def delete(self, subscription_id: str) -> None:
        """Ends a subscription; nothing happens where it has ended already."""
        try:
            await self._transport.write("DELETE", lambda graph: graph.subscriptions.by_subscription_id(subscription_id))
        except Gone:
            return


def _as_text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _said(made: dict[str, Any] | None, operation: str) -> dict[str, Any]:
    if made is None:
        raise RetryLater(operation, uncertain=True, sentence="Graph did not say what it made")
    return made
