"""Activity feed notifications below /v1.0 (teams-send-activityfeednotifications.md): 204, or why not.

The recipient, or the team, needs the calling app's Teams app; the control area installs it.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route as ControlRoute

from m365_emulator.clock import timestamp
from m365_emulator.control.faults import throttled
from m365_emulator.control.levers import group_of, person_of
from m365_emulator.control.orders import AppId, ControlFault, GroupName, Order, Person, takes, tenant_of
from m365_emulator.directory.routes import not_found as no_such_user
from m365_emulator.directory.state import User
from m365_emulator.odata import GraphFault, Json
from m365_emulator.routing import Call, Reply, Route, of_family
from m365_emulator.teams.activity_state import Activity
from m365_emulator.teams.place import team_at
from m365_emulator.words import Assumed, Family

MOST_RECIPIENTS = 100
PREVIEW_MAX = 150
SOURCES = ("entityUrl", "text")
FIELDS = (
    "topic",
    "activityType",
    "chainId",
    "previewText",
    "templateParameters",
    "teamsAppId",
    "iconId",
    "recipient",
    "recipients",
)


def notify_user(call: Call) -> Reply:
    """POST /users/{id}/teamwork/sendActivityNotification: to one person."""
    _require_rate(call)
    sent = _checked(call.json())
    user = _user(call, call.params["user_id"])
    _require_installed(call, user.id)
    return _told(call, [user], sent)


def notify_team(call: Call) -> Reply:
    """POST /teams/{id}/sendActivityNotification: to a person of the team, or to everybody in it."""
    _require_rate(call)
    sent = _checked(call.json())
    team = team_at(call)
    _require_installed(call, team.id)
    return _told(call, _team_recipients(call, team.id, sent.get("recipient")), sent)


def notify_many(call: Call) -> Reply:
    """POST /teamwork/sendActivityNotificationToRecipients: a hundred people at most.

    Those without the app are left out.
    """
    _require_rate(call)
    sent = _checked(call.json())
    recipients = sent.get("recipients")
    if not isinstance(recipients, list) or not 1 <= len(recipients) <= MOST_RECIPIENTS:
        raise _bad(f"recipients holds 1 to {MOST_RECIPIENTS} people.")
    users = [_user(call, _recipient_id(recipient)) for recipient in recipients]
    activity = call.tenant.activity
    return _told(call, [user for user in users if activity.has(user.id, call.who.app_id)], sent, status=202)


def _told(call: Call, users: list[User], sent: Json, status: int = 204) -> Reply:
    now = call.tenant.clock.now()
    call.tenant.activity.feed.extend(Activity(user.id, call.who.app_id, now, sent) for user in users)
    return Reply(status)


def _checked(body: Json) -> Json:
    for name in body:
        if name not in FIELDS and not name.startswith("@"):
            raise _bad(f"The parameter '{name}' is not known.")
    topic = body.get("topic")
    if not isinstance(topic, dict) or topic.get("source") not in SOURCES or not isinstance(topic.get("value"), str):
        raise _bad("topic needs a source (entityUrl or text) and a value.")
    if topic["source"] == "text" and not str(topic.get("webUrl") or "").startswith("https://"):
        raise _bad("A topic of source text needs a webUrl.")
    if not isinstance(body.get("activityType"), str) or not body["activityType"]:
        raise _bad("activityType is required.")
    _check_words(body)
    return body


def _check_words(body: Json) -> None:
    preview = body.get("previewText") or {}
    if not isinstance(preview, dict) or len(str(preview.get("content") or "")) > PREVIEW_MAX:
        raise _bad(f"previewText is an itemBody of at most {PREVIEW_MAX} characters.")
    parameters = body.get("templateParameters") or []
    if not isinstance(parameters, list) or not all(_is_pair(pair) for pair in parameters):
        raise _bad("templateParameters is a list of names and values.")
    given = {pair["name"] for pair in parameters}
    if body["activityType"] == "systemDefault" and "systemDefaultText" not in given:
        raise _bad("An activity of type systemDefault needs the template parameter systemDefaultText.")


def _is_pair(pair: Any) -> bool:
    return isinstance(pair, dict) and all(isinstance(pair.get(name), str) for name in ("name", "value"))


def _user(call: Call, user_id: str) -> User:
    user = call.tenant.directory.user(user_id)
    if user is None:
        raise no_such_user(user_id)
    return user


def _team_recipients(call: Call, team_id: str, recipient: Any) -> list[User]:
    kind = str(recipient.get("@odata.type", "")) if isinstance(recipient, dict) else ""
    members = call.tenant.directory.groups[team_id].member_ids
    if kind.endswith("teamMembersNotificationRecipient"):
        return [_user(call, user_id) for user_id in members]
    user = _user(call, _recipient_id(recipient))
    if user.id not in members:
        raise GraphFault(403, "Forbidden", "The recipient is not a member of the team.")
    return [user]


def _recipient_id(recipient: Any) -> str:
    user_id = recipient.get("userId") if isinstance(recipient, dict) else None
    if not isinstance(user_id, str) or not user_id:
        raise _bad("A recipient needs a userId.")
    return user_id


def _require_installed(call: Call, holder_id: str) -> None:
    if call.tenant.activity.has(holder_id, call.who.app_id):
        return
    status = call.tenant.switches.activity_not_installed_status
    code = "NotFound" if status == 404 else "Forbidden"
    message = "Application with AAD App Id is not authorized to generate custom text notifications to the recipient."
    raise GraphFault(status, code, message)


def _require_rate(call: Call) -> None:
    if call.tenant.activity.is_over_rate(call.who.app_id, call.tenant.switches.activity_per_second):
        raise throttled(call.path, {"Retry-After": "1"})


def _bad(message: str) -> GraphFault:
    return GraphFault(400, "BadRequest", message)


class InstallOrder(Order):
    """Who has an app's Teams app."""

    user: Person | None = None
    group: GroupName | None = None
    app: AppId | None = None
    installed: bool = Field(True, description="false takes it away")


@takes(InstallOrder)
async def install(request: Request, order: InstallOrder) -> Response:
    """POST teams/apps: give a person or a team an app's Teams app, or take it away."""
    tenant = tenant_of(request)
    if (order.user is None) == (order.group is None):
        raise ControlFault("either 'user' or 'group' is needed")
    holder = group_of(tenant, order.group).id if order.group else person_of(tenant, order.user or "").id
    app_id = order.app or tenant.options.app_id
    tenant.activity.install(holder, app_id, installed=order.installed)
    return JSONResponse({"holder": holder, "app": app_id, "installed": tenant.activity.has(holder, app_id)})


async def feed(request: Request) -> Response:
    """GET teams/notifications: every activity notification, oldest first."""
    rows = [
        {"user": a.user_id, "app": a.app_id, "sent_at": timestamp(a.sent_at), "sent": a.sent}
        for a in tenant_of(request).activity.feed
    ]
    return JSONResponse({"value": rows})


FAMILY = Family(
    "Teams: activity notifications",
    modelled=(
        "They need the calling app's Teams app at the recipient (`POST /_emulator/teams/apps`), and are kept for "
        "`GET /_emulator/teams/notifications`.",
    ),
    assumed=(
        Assumed("Status when the recipient lacks the Teams app", "403", ("activity_not_installed_status",)),
        Assumed("Notifications a second and app before 429", "5", ("activity_per_second",)),
    ),
    refused=("Notifications of chats; the feed itself by Graph.",),
)
ROUTES = of_family(
    FAMILY,
    (
        Route("POST", "/users/{user_id}/teamwork/sendActivityNotification", notify_user),
        Route("POST", "/teams/{team_id}/sendActivityNotification", notify_team),
        Route("POST", "/teamwork/sendActivityNotificationToRecipients", notify_many),
    ),
)
ACTIVITY_CONTROL_ROUTES = (
    ControlRoute("/_emulator/teams/apps", install, methods=["POST"]),
    ControlRoute("/_emulator/teams/notifications", feed, methods=["GET"]),
)
