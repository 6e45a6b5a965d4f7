"""Where a Teams call lands: its team and channel, whether the caller is in it, and the rate per channel."""

from m365_emulator.control.faults import throttled
from m365_emulator.odata import GraphFault
from m365_emulator.routing import Call
from m365_emulator.teams.state import Channel, Team


def not_found(what: str) -> GraphFault:
    """The 404 of Teams' own service."""
    return GraphFault(404, "NotFound", f"No {what} found with the id given.")


def team_at(call: Call) -> Team:
    """The team in the path; 404 if there is none, 403 for a person who is not in it."""
    team = call.tenant.teams.teams.get(call.params["team_id"].lower())
    if team is None:
        raise not_found("team")
    person = call.who.user_id
    group = call.tenant.directory.groups.get(team.id)
    if person and group and person not in (*group.member_ids, *group.owner_ids):
        raise GraphFault(403, "Forbidden", "The caller is not a member of the team.")
    return team


def channel_at(call: Call) -> Channel:
    """The channel in the path, its call counted; 429 above the rate of one app on one channel."""
    channel = team_at(call).channels.get(call.params["channel_id"])
    if channel is None:
        raise not_found("channel")
    limit = call.tenant.switches.teams_channel_per_second
    if limit:
        wait = call.tenant.teams.seconds_until_free(call.who.app_id, channel.id, limit)
        if wait > 0:
            raise throttled(call.path, {"Retry-After": "1"})
    return channel
