"""Importing old messages: an app alone may post into a channel in migration mode, as somebody and at a past time.

Rules: teams-import-messages.md and channel-startmigration.md of Microsoft's Graph documentation. The app that started
the migration is the only one that may import. The control area stands for startMigration and completeMigration.
"""

from datetime import datetime

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from m365_emulator.clock import parse_timestamp, timestamp
from m365_emulator.control.levers import group_of
from m365_emulator.control.orders import AppId, ControlFault, Moment, Order, takes, tenant_of
from m365_emulator.directory.state import User
from m365_emulator.odata import GraphFault, Json
from m365_emulator.routing import Call
from m365_emulator.teams.state import Channel

IMPORTED = frozenset({"from", "createdDateTime"})
"""What a message may say of itself only when it is imported."""


class MigrationOrder(Order):
    """Whether a channel is in migration mode."""

    on: bool = Field(True, description="false completes the migration")
    app: AppId | None = None
    since: Moment | None = Field(
        None, description="the channel's createdDateTime from now on, earlier than it is: nothing older can be imported"
    )


def require_migration(call: Call, channel: Channel) -> None:
    """Raise the 403 of an app alone, unless it is the one that imports into this channel."""
    if channel.importing_app is None:
        raise GraphFault(403, "Forbidden", "Messages can be imported only into a channel in migration mode.")
    if channel.importing_app != call.who.app_id:
        raise GraphFault(403, "Forbidden", "The channel is in a migration that another application started.")


def author_of(call: Call, body: Json) -> User:
    """The person of the tenant whom an imported message is from. GraphFault 400 where it is from nobody known."""
    sender = body.get("from")
    identity = sender.get("user") if isinstance(sender, dict) else None
    user_id = identity.get("id") if isinstance(identity, dict) else None
    user = call.tenant.directory.user(user_id) if isinstance(user_id, str) else None
    if user is None:
        raise _bad("An imported message needs a 'from' with a user of this tenant.")
    return user


def written_at(call: Call, channel: Channel, body: Json) -> datetime:
    """When an imported message was written: its createdDateTime, now without it. GraphFault 400 if that cannot be."""
    now, given = call.tenant.clock.now(), body.get("createdDateTime")
    if given is None:
        return now
    try:
        moment = parse_timestamp(given)
    except (TypeError, ValueError) as fault:
        raise _bad(f"createdDateTime {given!r} is no time with a zone.") from fault
    if not channel.created_at <= moment <= now:
        raise _bad("createdDateTime has to lie between the channel's own and now.")
    return moment


@takes(MigrationOrder)
async def migration(request: Request, order: MigrationOrder) -> Response:
    """POST teams/{team}/channels/{channel}/migration: put a channel into migration mode for an app, or end that."""
    tenant = tenant_of(request)
    team = group_of(tenant, request.path_params["team"])
    channel = tenant.teams.channel(team.id, request.path_params["channel"])
    if channel is None:
        raise ControlFault(f"no channel {request.path_params['channel']!r} in team {team.mail_nickname!r}")
    if order.since is not None:
        if order.since > channel.created_at:
            raise ControlFault("'since' has to be earlier than the channel's createdDateTime")
        channel.created_at = order.since
    channel.importing_app = (order.app or tenant.options.app_id) if order.on else None
    told = {"channel": channel.id, "importing_app": channel.importing_app, "since": timestamp(channel.created_at)}
    return JSONResponse(told)


def _bad(message: str) -> GraphFault:
    return GraphFault(400, "BadRequest", message)


MIGRATION_CONTROL_ROUTES = (Route("/_emulator/teams/{team}/channels/{channel}/migration", migration, methods=["POST"]),)
