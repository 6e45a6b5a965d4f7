"""Calls the subscribers: the validation handshake, notifications with retries, lifecycle events, expiry.

One watcher runs while there are subscriptions; it compares how far each has been told with how far its resource is.
"""

from __future__ import annotations

import asyncio
import html
import secrets
import time
import uuid
from urllib.parse import quote

import httpx

from m365_emulator.clock import timestamp
from m365_emulator.odata import GraphFault, Json
from m365_emulator.subscriptions.state import Delivery, Subscription, SubscriptionsState
from m365_emulator.subscriptions.watch import kind_named
from m365_emulator.tenant import Tenant

TICK_SECONDS = 0.02
LONGEST_RETRYING_SECONDS = 4 * 3600.0


async def shake_hands(tenant: Tenant, url: str) -> None:
    """Send a validation token and want it back: 200, text/plain, in time. Raises GraphFault 400 otherwise."""
    token = f"Validation: Testing client application reachability for subscription Request-Id: {uuid.uuid4()}"
    address = f"{url}{'&' if '?' in url else '?'}validationToken={quote(token, safe='')}"
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    limit = tenant.switches.notification_timeout_seconds
    try:
        async with asyncio.timeout(limit), httpx.AsyncClient(timeout=limit, trust_env=False) as client:
            reply = await client.post(address, headers=headers)
    except (TimeoutError, httpx.TimeoutException) as fault:
        raise _not_valid("Subscription validation request timed out.") from fault
    except (httpx.HTTPError, httpx.InvalidURL) as fault:
        raise _not_valid(f"The notification endpoint could not be reached: {type(fault).__name__}.") from fault
    if reply.status_code != 200:
        raise _not_valid(f"Notification endpoint must respond with 200 OK, not {reply.status_code}.")
    if reply.headers.get("content-type", "").split(";")[0].strip().lower() != "text/plain":
        raise _not_valid("Notification endpoint must answer with content type text/plain.")
    if html.unescape(reply.text) != token:
        raise _not_valid("Response must exactly match the decoded validationToken query parameter.")


def attend(tenant: Tenant) -> None:
    """See to it that a watcher runs for the tenant's subscriptions."""
    state = tenant.subscriptions
    if not any(task.get_name() == "watcher" and not task.done() for task in state.running):
        _start(state, _watch(tenant, state), "watcher")


def look(tenant: Tenant, state: SubscriptionsState) -> None:
    """Drop what has expired, note what has changed, and send what has waited long enough."""
    now = tenant.clock.now()
    for subscription in list(state.subscriptions.values()):
        if now >= subscription.expires_at:
            del state.subscriptions[subscription.id]
            queue_lifecycle(tenant, subscription, "subscriptionRemoved")
        else:
            _note_changes(tenant, state, subscription)
    since = state.waiting_since
    if since is not None and time.monotonic() - since >= tenant.switches.notification_batch_seconds:
        _send_waiting(tenant, state)


def queue_lifecycle(tenant: Tenant, subscription: Subscription, event: str) -> bool:
    """Have a lifecycle event told; False when the subscription named no address for it."""
    if not subscription.lifecycle_url:
        return False
    notification: Json = {
        "subscriptionId": subscription.id,
        "subscriptionExpirationDateTime": timestamp(subscription.expires_at),
        "tenantId": tenant.tenant_id,
        "clientState": subscription.client_state,
        "lifecycleEvent": event,
    }
    tenant.subscriptions.queue(subscription.lifecycle_url, notification)
    return True


async def _watch(tenant: Tenant, state: SubscriptionsState) -> None:
    while tenant.subscriptions is state and (state.subscriptions or state.waiting):
        look(tenant, state)
        await asyncio.sleep(TICK_SECONDS)


def _note_changes(tenant: Tenant, state: SubscriptionsState, subscription: Subscription) -> None:
    kind = kind_named(subscription.kind)
    try:
        mark = kind.mark(tenant, subscription.place)
        told = kind.told(tenant, subscription) if mark > subscription.seen else []
    except GraphFault:  # the list, library or channel is gone: nothing changes there any more
        return
    subscription.seen = mark
    for change_type, resource, data in told:
        if change_type in subscription.change_types:
            state.queue(subscription.notification_url, _notification(tenant, subscription, change_type, resource, data))


def _notification(tenant: Tenant, subscription: Subscription, change_type: str, resource: str, data: Json) -> Json:
    return {
        "id": str(uuid.uuid4()),
        "subscriptionId": subscription.id,
        "subscriptionExpirationDateTime": timestamp(subscription.expires_at),
        "clientState": subscription.client_state,
        "changeType": change_type,
        "resource": resource,
        "tenantId": tenant.tenant_id,
        "resourceData": data,
    }


def _send_waiting(tenant: Tenant, state: SubscriptionsState) -> None:
    waiting, state.waiting, state.waiting_since = state.waiting, {}, None
    for url, notifications in waiting.items():
        told = notifications * max(1, tenant.switches.notification_copies)
        if tenant.switches.notification_shuffle:
            secrets.SystemRandom().shuffle(told)
        _start(state, _deliver(tenant, state, url, {"value": told}), "delivery")


async def _deliver(tenant: Tenant, state: SubscriptionsState, url: str, body: Json) -> None:
    endpoint, gap = state.endpoint(url), tenant.switches.notification_retry_seconds
    waited = 0.0
    while tenant.subscriptions is state:
        limit = tenant.switches.notification_timeout_seconds
        health = endpoint.state(limit)
        if health == "drop":
            state.deliveries.append(Delivery(url, body, 0, 0.0, "dropped"))
            return
        if health == "slow":
            await asyncio.sleep(limit)
        status, seconds = await _post(url, body, limit)
        endpoint.note(seconds, limit * 0.999)
        good, last = 200 <= status < 300, waited + gap > LONGEST_RETRYING_SECONDS
        outcome = "delivered" if good else "given up" if last else "to be repeated"
        state.deliveries.append(Delivery(url, body, status, seconds, outcome))
        if good or last:
            return
        await asyncio.sleep(gap)
        waited, gap = waited + gap, gap * 2


async def _post(url: str, body: Json, limit: float) -> tuple[int, float]:
    """(status, seconds it took); status 0 when no answer came in time."""
    began = time.monotonic()
    try:
        async with asyncio.timeout(limit), httpx.AsyncClient(timeout=limit, trust_env=False) as client:
            reply = await client.post(url, json=body)
    except (TimeoutError, httpx.HTTPError, httpx.InvalidURL):
        return 0, time.monotonic() - began
    return reply.status_code, time.monotonic() - began


def _start(state: SubscriptionsState, work: object, name: str) -> None:
    task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work, name=name)  # type: ignore[arg-type]
    state.running.add(task)
    task.add_done_callback(state.running.discard)


def _not_valid(why: str) -> GraphFault:
    return GraphFault(400, "ValidationError", f"Subscription validation request failed. {why}")
