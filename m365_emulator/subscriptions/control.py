"""Levers for change notifications: what was delivered where, and lifecycle events on demand."""

from __future__ import annotations

from typing import Literal

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from m365_emulator.clock import timestamp
from m365_emulator.control.orders import ControlFault, Order, Text, takes, tenant_of
from m365_emulator.subscriptions.delivery import attend, queue_lifecycle
from m365_emulator.subscriptions.state import LATE_SECONDS


class LifecycleOrder(Order):
    """Which subscription is told what."""

    id: Text
    event: Literal["reauthorizationRequired", "subscriptionRemoved", "missed"]


async def overview(request: Request) -> Response:
    """GET subscriptions: the live ones, each delivery tried so far, and how the endpoints answer."""
    tenant = tenant_of(request)
    state, limit = tenant.subscriptions, tenant.switches.notification_timeout_seconds
    return JSONResponse(
        {
            "subscriptions": [
                {"id": s.id, "resource": s.resource, "app": s.app_id, "expires": timestamp(s.expires_at)}
                for s in state.subscriptions.values()
            ],
            "deliveries": [
                {"url": d.url, "status": d.status, "seconds": d.seconds, "outcome": d.outcome, "body": d.body}
                for d in state.deliveries
            ],
            "endpoints": {
                url: {
                    "state": endpoint.state(limit),
                    "answers": len(endpoint.answers),
                    "later_than_3_seconds": endpoint.later_than(LATE_SECONDS),
                    "too_late": endpoint.later_than(limit * 0.999),
                }
                for url, endpoint in state.endpoints.items()
            },
        }
    )


@takes(LifecycleOrder)
async def lifecycle(request: Request, order: LifecycleOrder) -> Response:
    """POST subscriptions/lifecycle: tell an event; subscriptionRemoved takes the subscription away too."""
    tenant = tenant_of(request)
    subscription = tenant.subscriptions.subscriptions.get(order.id)
    if subscription is None:
        raise ControlFault(f"'id': no subscription {order.id!r}")
    told = queue_lifecycle(tenant, subscription, order.event)
    if order.event == "subscriptionRemoved":
        del tenant.subscriptions.subscriptions[subscription.id]
    attend(tenant)
    return JSONResponse({"told": told})


SUBSCRIPTION_CONTROL_ROUTES = (
    Route("/_emulator/subscriptions", overview, methods=["GET"]),
    Route("/_emulator/subscriptions/lifecycle", lifecycle, methods=["POST"]),
)
