"""Change-notification subscriptions below /v1.0/subscriptions (subscription-post-subscriptions.md).

The subscriber's address is called and has to answer before POST is answered; only the app that made one sees it.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from m365_emulator.clock import parse_timestamp, timestamp
from m365_emulator.odata import GraphFault, Json, page, with_context
from m365_emulator.routing import Call, Reply, Route, of_family
from m365_emulator.subscriptions.delivery import attend, shake_hands
from m365_emulator.subscriptions.state import Subscription
from m365_emulator.subscriptions.watch import Kind, kind_named, kind_of
from m365_emulator.words import Assumed, Family

CLIENT_STATE_MAX = 128
NEEDED = ("changeType", "notificationUrl", "resource", "expirationDateTime")
KNOWN = (*NEEDED, "clientState", "lifecycleNotificationUrl", "latestSupportedTlsVersion")
CHANGEABLE = ("expirationDateTime", "notificationUrl")
TLS_VERSIONS = ("v1_0", "v1_1", "v1_2", "v1_3")
_PAGE = 100


async def validate_new(call: Call) -> None:
    """Before POST is answered: the body is sound, and both addresses give the validation token back."""
    body = call.json()
    _read(call, body)
    await _shake(call, body, ("notificationUrl", "lifecycleNotificationUrl"))


async def validate_changed(call: Call) -> None:
    """Before PATCH is answered: a new address has to give the validation token back."""
    body = call.json()
    _changes(call, _subscription(call), body)
    await _shake(call, body, ("notificationUrl",))


def create(call: Call) -> Reply:
    """POST /subscriptions: 201 after the handshake."""
    subscription = _read(call, call.json())
    call.tenant.subscriptions.subscriptions[subscription.id] = subscription
    attend(call.tenant)
    location = {"Location": f"{call.base_url}/v1.0/subscriptions/{subscription.id}"}
    return Reply(201, _row(call, subscription), location)


def list_all(call: Call) -> Reply:
    """GET /subscriptions: those of the calling app."""
    own = [s for s in _live(call).values() if s.app_id == call.who.app_id]
    body = page([_entity(s) for s in own], call.query, call.url, _PAGE)
    return Reply(200, with_context(call.base_url, "subscriptions", body))


def get_one(call: Call) -> Reply:
    """GET /subscriptions/{id}: one of the calling app's."""
    return Reply(200, _row(call, _subscription(call)))


def renew(call: Call) -> Reply:
    """PATCH /subscriptions/{id}: a later expiry, another address."""
    subscription = _subscription(call)
    expires_at, url = _changes(call, subscription, call.json())
    subscription.expires_at, subscription.notification_url = expires_at, url
    return Reply(200, _row(call, subscription))


def delete(call: Call) -> Reply:
    """DELETE /subscriptions/{id}: nothing is notified any more."""
    del call.tenant.subscriptions.subscriptions[_subscription(call).id]
    return Reply(204)


def reauthorize(call: Call) -> Reply:
    """POST /subscriptions/{id}/reauthorize: nothing more than 204, since tokens are read at each call."""
    _subscription(call)
    return Reply(204)


def _live(call: Call) -> dict[str, Subscription]:
    now, state = call.tenant.clock.now(), call.tenant.subscriptions
    return {key: s for key, s in state.subscriptions.items() if now < s.expires_at}


def _subscription(call: Call) -> Subscription:
    found = _live(call).get(call.params["subscription_id"].lower())
    if found is None or found.app_id != call.who.app_id:
        raise GraphFault(404, "ResourceNotFound", "The object was not found.")
    return found


def _read(call: Call, body: Json) -> Subscription:
    kind, found = kind_of(_text(body, "resource"))
    for name in body:
        if name not in KNOWN and not name.startswith("@"):
            raise _bad(f"The property '{name}' cannot be set here; rich notifications are not modelled.")
    texts = {name: _text(body, name) for name in NEEDED}
    change_types = _change_types(kind, texts["changeType"])
    for name in ("notificationUrl", "lifecycleNotificationUrl"):
        _require_address(call, body, name)
    client_state = body.get("clientState")
    if client_state is not None and (not isinstance(client_state, str) or len(client_state) > CLIENT_STATE_MAX):
        raise _bad(f"clientState is text of at most {CLIENT_STATE_MAX} characters.")
    tls = body.get("latestSupportedTlsVersion") or "v1_2"
    if tls not in TLS_VERSIONS:
        raise _bad("latestSupportedTlsVersion is v1_0, v1_1, v1_2 or v1_3.")
    _require_permission(call, kind)
    place = kind.place(call.tenant, found)
    _require_room(call, kind, place)
    return Subscription(
        id=str(uuid.uuid4()),
        app_id=call.who.app_id,
        creator_id=call.who.user_id or call.tenant.options.app_object_id,
        resource=texts["resource"],
        kind=kind.name,
        place=place,
        change_types=change_types,
        change_type=texts["changeType"],
        notification_url=texts["notificationUrl"],
        lifecycle_url=body.get("lifecycleNotificationUrl"),
        client_state=client_state,
        expires_at=_expiry(call, kind, texts["expirationDateTime"]),
        seen=kind.mark(call.tenant, place),
        tls_version=tls,
    )


def _changes(call: Call, subscription: Subscription, body: Json) -> tuple[datetime, str]:
    for name in body:
        if name not in CHANGEABLE and not name.startswith("@"):
            raise _bad(f"The property '{name}' of a subscription cannot be changed.")
    expires_at, url = subscription.expires_at, subscription.notification_url
    if "expirationDateTime" in body:
        expires_at = _expiry(call, kind_named(subscription.kind), _text(body, "expirationDateTime"))
    if "notificationUrl" in body:
        url = _text(body, "notificationUrl")
        _require_address(call, body, "notificationUrl")
    return expires_at, url


def _change_types(kind: Kind, text: str) -> frozenset[str]:
    wanted = frozenset(part.strip().lower() for part in text.split(","))
    if not wanted <= {"created", "updated", "deleted"}:
        raise _bad("changeType is a list of created, updated, deleted.")
    if not wanted <= kind.change_types:
        names = ", ".join(sorted(kind.change_types))
        raise _bad(f"The changeType '{text}' is not supported for this resource; supported: {names}.")
    return wanted


def _expiry(call: Call, kind: Kind, text: str) -> datetime:
    try:
        moment = parse_timestamp(text)
    except ValueError as fault:
        raise _bad("expirationDateTime has to be a date and time with a zone.") from fault
    now = call.tenant.clock.now()
    if moment <= now:
        raise _bad("Subscription expiration has to be in the future.")
    if moment - now > kind.longest:
        minutes = int(kind.longest.total_seconds() // 60)
        raise _bad(f"Subscription expiration can only be {minutes} minutes in the future.")
    return moment


def _require_address(call: Call, body: Mapping[str, Any], name: str) -> None:
    url = body.get(name)
    if url is None:
        return
    parts = urlsplit(url) if isinstance(url, str) and _is_ascii_address(url) else None
    schemes = ("https",) if call.tenant.switches.notification_https_only else ("https", "http")
    if parts is None or parts.scheme not in schemes or not parts.hostname:
        raise _bad(f"{name} has to be an {' or '.join(schemes)} address.")


def _is_ascii_address(url: str) -> bool:
    if not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        urlsplit(url).port  # noqa: B018 - reading it is what checks it
    except ValueError:
        return False
    return True


def _require_permission(call: Call, kind: Kind) -> None:
    accepted = kind.application if call.who.is_app_only else kind.delegated
    if not call.who.permissions & accepted:
        message = f"Operation: Create; needs one of: {', '.join(sorted(accepted))}."
        raise GraphFault(403, "ExtensionError", message)


def _require_room(call: Call, kind: Kind, place: tuple[str, ...]) -> None:
    same = [s for s in _live(call).values() if (s.app_id, s.kind, s.place) == (call.who.app_id, kind.name, place)]
    if kind.name == "channel messages" and same:
        raise GraphFault(403, "Forbidden", "Maximum number of subscriptions of this app on this channel reached: 1.")


async def _shake(call: Call, body: Json, names: tuple[str, ...]) -> None:
    for name in names:
        if body.get(name):
            await shake_hands(call.tenant, str(body[name]))


def _row(call: Call, subscription: Subscription) -> Json:
    return with_context(call.base_url, "subscriptions/$entity", _entity(subscription))


def _entity(subscription: Subscription) -> Json:
    return {
        "id": subscription.id,
        "resource": subscription.resource,
        "applicationId": subscription.app_id,
        "changeType": subscription.change_type,
        "clientState": subscription.client_state,
        "notificationUrl": subscription.notification_url,
        "notificationQueryOptions": None,
        "lifecycleNotificationUrl": subscription.lifecycle_url,
        "expirationDateTime": timestamp(subscription.expires_at),
        "creatorId": subscription.creator_id,
        "includeResourceData": None,
        "latestSupportedTlsVersion": subscription.tls_version,
        "encryptionCertificate": None,
        "encryptionCertificateId": None,
        "notificationUrlAppId": None,
    }


def _text(body: Json, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise _bad(f"The property '{name}' is required.")
    return value


def _bad(message: str) -> GraphFault:
    return GraphFault(400, "InvalidRequest", message)


_ONE = "/subscriptions/{subscription_id}"
FAMILY = Family(
    "Change notifications",
    modelled=(
        "Subscriptions exist for a list, the root of a library and a channel's messages. The address is called before "
        "`POST /subscriptions` is answered and has to give the decoded token back: 200, `text/plain`, within 10 s.",
        "Notifications go out together, are repeated with doubling gaps for four hours, and are at least once and in "
        "no order; `GET /_emulator/subscriptions` shows each try. An endpoint that answers more than 10 of 100 times "
        "too late waits, above 15 it loses what is sent for ten minutes.",
    ),
    assumed=(
        Assumed(
            "Codes of a failed handshake and of wrong subscriptions", "400 `ValidationError`, 400 `InvalidRequest`"
        ),
        Assumed("Answers needed before an endpoint counts as slow", "10 in ten minutes"),
        Assumed("Plain http as a notification address", "accepted", ("notification_https_only",)),
    ),
    refused=(
        "Notifications with resource data, of users, groups and mail, and of Planner (400, as in Graph); edits and "
        "deletions of channel messages are never notified, since they cannot be made.",
    ),
)
ROUTES = of_family(
    FAMILY,
    (
        Route("GET", "/subscriptions", list_all),
        Route("POST", "/subscriptions", create, before=validate_new),
        Route("GET", _ONE, get_one),
        Route("PATCH", _ONE, renew, before=validate_changed),
        Route("DELETE", _ONE, delete),
        Route("POST", _ONE + "/reauthorize", reauthorize),
    ),
)
