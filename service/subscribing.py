"""Keeps one subscription on the intake list, so that Graph says at once when a response has come.

It is an extra: without it, or while Graph is silent, the timer reads the list. Planner has no change notifications.
"""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Connection

from graph_client.errors import Gone
from graph_client.subscriptions import Subscription
from planner_sync.boards import NotProvisioned
from service.provisioned import intake_place
from service.settings import Settings
from service.wiring import Service
from store import notebook

log = logging.getLogger(__name__)

LIFE = timedelta(days=7)
"""Well below the longest that Graph allows: what a service that is no more has left behind ends by itself."""
RENEWED_BEFORE = timedelta(days=4)
"""So long before its end a subscription is renewed: Graph may be out of reach for days and it still lives."""
DOOR = "/api/graph/notifications"
KIND, KEY = "subscription", "intake"
REAUTHORIZE = "reauthorizationRequired"
UNTOLD = ("missed", "subscriptionRemoved")
"""Lifecycle events after which something may have changed without a notification."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the subscription has to be. `url` and `client_state` are secrets; `fingerprint` tells them from others."""

    resource: str
    url: str
    client_state: str

    @property
    def fingerprint(self) -> str:
        """What is kept to see whether resource, address or secret have changed since."""
        whole = "\n".join((self.resource, self.url, self.client_state))
        return hashlib.sha256(whole.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Remembered:
    """The subscription that the service made last. `is_to_renew`: Graph asked for that."""

    subscription_id: str
    fingerprint: str
    is_to_renew: bool


async def keep_subscriptions(service: Service) -> int:
    """Makes, renews or ends what is due; returns how many of these there were. Raises GraphError and NotProvisioned.

    Only the subscription that is remembered is trusted, since Graph does not say which secret another was made with:
    any other of this service's, left by an answer that was lost or by an earlier setting, is ended.
    """
    settings, subscriptions = service.settings, service.graph.subscriptions
    with service.store.open() as connection:
        remembered = _remembered(connection)
    if not settings.public_url:
        return await _end(service, remembered) if remembered else 0
    wanted, now, done = _wanted(service), service.store.clock.now(), 0
    told = {each.subscription_id: each for each in await subscriptions.all()}
    is_as_wanted = remembered is not None and remembered.fingerprint == wanted.fingerprint
    kept = told.get(remembered.subscription_id) if remembered and is_as_wanted else None
    if remembered and kept and (remembered.is_to_renew or kept.expires_at - now < RENEWED_BEFORE):
        kept, done = await _renewed(service, kept, wanted), 1
    if kept is None:
        kept, done = await _made(service, wanted), 1
    earlier = remembered.subscription_id if remembered else ""
    ours = {name for name, each in told.items() if name == earlier or _is_ours(each, settings)}
    strays = ours - {kept.subscription_id}
    for stray in strays:
        await subscriptions.delete(stray)
    return done + len(strays)


def note_lifecycle(connection: Connection, notification: Mapping[str, Any], now: datetime) -> bool:
    """Takes what Graph says of the subscription itself; True where changes may have gone untold, so look now.

    A renewal that it asks for is noted for the next run of the job, which also finds out what Graph has ended.
    Source: learn.microsoft.com/graph/change-notifications-lifecycle-events.
    """
    event, row = notification.get("lifecycleEvent"), notebook.provisioned_rows(connection, KIND).get(KEY)
    if event == REAUTHORIZE and row is not None and row["graph_id"] == notification.get("subscriptionId"):
        notebook.provision(connection, KIND, KEY, row["graph_id"], {**row["details"], "is_to_renew": True}, now)
        log.info("Graph asks for the subscription to be renewed")
    return event in UNTOLD


def _wanted(service: Service) -> Wanted:
    """Raises NotProvisioned."""
    place, settings = intake_place(service.store), service.settings
    if place.site_id is None or place.list_id is None:
        raise NotProvisioned("The intake list has not been made: run `tasking provision`.")
    return Wanted(f"/sites/{place.site_id}/lists/{place.list_id}", _address(settings), settings.notification_secret)


def _address(settings: Settings) -> str:
    """Where Graph is to post. The key stands in it, as Azure allows, because Graph sends no header of ours."""
    key = f"?{urlencode({'code': settings.function_key})}" if settings.function_key else ""
    return f"{settings.public_url}{DOOR}{key}"


def _is_ours(subscription: Subscription, settings: Settings) -> bool:
    """Whether it leads to this service's door, with whatever key: other services may share the app registration."""
    return subscription.notification_url.partition("?")[0].lower() == f"{settings.public_url}{DOOR}".lower()


async def _made(service: Service, wanted: Wanted) -> Subscription:
    expires_at = service.store.clock.now() + LIFE
    made = await service.graph.subscriptions.create(wanted.resource, wanted.url, wanted.client_state, expires_at)
    _remember(service, made, wanted)
    log.info("subscription made on the intake list")
    return made


async def _renewed(service: Service, subscription: Subscription, wanted: Wanted) -> Subscription | None:
    """The subscription with a later end; None where it has gone meanwhile."""
    try:
        kept = await service.graph.subscriptions.renew(subscription.subscription_id, service.store.clock.now() + LIFE)
    except Gone:
        return None
    _remember(service, kept, wanted)
    return kept


async def _end(service: Service, remembered: Remembered) -> int:
    await service.graph.subscriptions.delete(remembered.subscription_id)
    with service.store.open() as connection:
        notebook.forget_provisioned(connection, KIND, KEY)
    return 1


def _remember(service: Service, kept: Subscription, wanted: Wanted) -> None:
    details: dict[str, Any] = {"fingerprint": wanted.fingerprint, "is_to_renew": False}
    with service.store.open() as connection:
        notebook.provision(connection, KIND, KEY, kept.subscription_id, details, service.store.clock.now())


def _remembered(connection: Connection) -> Remembered | None:
    row = notebook.provisioned_rows(connection, KIND).get(KEY)
    if row is None:
        return None
    return Remembered(row["graph_id"], row["details"]["fingerprint"], row["details"]["is_to_renew"])
