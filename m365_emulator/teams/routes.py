"""Teams and channels below /v1.0; what is said in them is in messages.py."""

from urllib.parse import quote

from m365_emulator.clock import timestamp
from m365_emulator.directory.routes import group_at
from m365_emulator.known_properties import require_known
from m365_emulator.odata import GraphFault, Json, page, select, with_context
from m365_emulator.routing import Call, Reply, Route, of_family
from m365_emulator.teams.messages import MESSAGE_ROUTES
from m365_emulator.teams.place import channel_at, team_at
from m365_emulator.teams.state import Channel, Team
from m365_emulator.words import Assumed, Family

CHANNEL_NAME_MAX = 50
_FORBIDDEN_IN_NAMES = set("~#%&*{}+/\\:<>?|'\"")
_PAGE = 100


def create_team(call: Call) -> Reply:
    """PUT /groups/{id}/team: makes a group a team; 409 if it is one. The body's settings are not kept."""
    group = group_at(call)
    if call.body.strip():
        call.json()
    if group.id in call.tenant.teams.teams:
        raise GraphFault(409, "Conflict", "The group is already provisioned as a team.")
    team = call.tenant.teams.add_team(group.id, call.tenant.clock.now())
    row = with_context(call.base_url, "teams/$entity", _team_row(call, team))
    return Reply(201, row, {"Location": f"{call.base_url}/v1.0/teams/{team.id}"})


def get_team(call: Call) -> Reply:
    """GET /teams/{id}: the team."""
    row = select(_team_row(call, team_at(call)), call.query.get("$select"))
    return Reply(200, with_context(call.base_url, "teams/$entity", row))


def list_channels(call: Call) -> Reply:
    """GET /teams/{id}/channels: General first; $filter knows displayName eq."""
    team = team_at(call)
    rows = [channel_row(call, channel) for channel in team.channels.values()]
    wanted = call.query.get("$filter", "").strip()
    if wanted:
        name, _, value = wanted.partition(" eq ")
        if name.strip() not in ("displayName", "membershipType") or not value.strip().startswith("'"):
            raise GraphFault(400, "BadRequest", f"The filter {wanted!r} is not supported on channels.")
        rows = [row for row in rows if row[name.strip()] == value.strip().strip("'").replace("''", "'")]
    body = page(rows, call.query, call.url, _PAGE, count=True)
    body["value"] = [select(row, call.query.get("$select")) for row in body["value"]]
    return Reply(200, with_context(call.base_url, f"teams('{team.id}')/channels", body))


def get_channel(call: Call) -> Reply:
    """GET /teams/{id}/channels/{id}: the channel."""
    channel = channel_at(call)
    row = select(channel_row(call, channel), call.query.get("$select"))
    return Reply(200, with_context(call.base_url, f"teams('{channel.team_id}')/channels/$entity", row))


def create_channel(call: Call) -> Reply:
    """POST /teams/{id}/channels: standard or private; a name in use is refused."""
    team, body = team_at(call), call.json()
    require_known(body, "channel")
    name = body.get("displayName")
    if not isinstance(name, str) or not name.strip() or len(name) > CHANNEL_NAME_MAX:
        raise GraphFault(400, "BadRequest", "Channel displayName has to have 1 to 50 characters.")
    if set(name) & _FORBIDDEN_IN_NAMES:
        raise GraphFault(400, "BadRequest", "Channel displayName contains characters that are not allowed.")
    if any(c.display_name.lower() == name.lower() for c in team.channels.values()):
        raise GraphFault(400, "BadRequest", "Channel name already existed, please use other name.")
    kind = body.get("membershipType", "standard")
    if kind not in ("standard", "private"):
        raise GraphFault(400, "BadRequest", f"membershipType {kind!r} is not modelled.")
    channel = call.tenant.teams.add_channel(team, name, call.tenant.clock.now())
    channel.description = str(body["description"]) if body.get("description") else None
    channel.membership_type = kind
    row = with_context(call.base_url, f"teams('{team.id}')/channels/$entity", channel_row(call, channel))
    location = f"{call.base_url}/v1.0/teams/{team.id}/channels/{quote(channel.id)}"
    return Reply(201, row, {"Location": location})


def channel_row(call: Call, channel: Channel) -> Json:
    """A channel as Graph gives it."""
    return {
        "id": channel.id,
        "createdDateTime": timestamp(channel.created_at),
        "displayName": channel.display_name,
        "description": channel.description,
        "email": "",
        "tenantId": call.tenant.tenant_id,
        "webUrl": f"{call.base_url}/channels/{channel.team_id}/{quote(channel.id, safe='')}",
        "membershipType": channel.membership_type,
        "isArchived": False,
    }


def _team_row(call: Call, team: Team) -> Json:
    group = call.tenant.directory.groups[team.id]
    general = next(iter(team.channels))
    return {
        "id": team.id,
        "createdDateTime": timestamp(team.created_at),
        "displayName": group.display_name,
        "description": group.description,
        "internalId": general,
        "classification": None,
        "specialization": "none",
        "visibility": group.visibility.lower(),
        "webUrl": f"{call.base_url}/channels",
        "isArchived": False,
        "tenantId": call.tenant.tenant_id,
    }


FAMILY = Family(
    "Teams: teams and channels",
    modelled=("A group becomes a team with the channel General; standard and private channels are made.",),
    assumed=(Assumed("Permissions of `PUT /groups/{id}/team`", "from Microsoft's page of the call"),),
    refused=("Apps and tabs by Graph, members by the Teams API, shared channels.",),
)
ROUTES = (
    *of_family(
        FAMILY,
        (
            Route("PUT", "/groups/{group_id}/team", create_team),
            Route("GET", "/teams/{team_id}", get_team),
            Route("GET", "/teams/{team_id}/channels", list_channels),
            Route("POST", "/teams/{team_id}/channels", create_channel),
            Route("GET", "/teams/{team_id}/channels/{channel_id}", get_channel),
        ),
    ),
    *MESSAGE_ROUTES,
)
