"""Teams, channels and messages as records, and the per-channel call rate."""

import time
import uuid
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

from m365_emulator.odata import Json


@dataclass(slots=True)
class Message:
    """One post or reply. `id` is epoch milliseconds as text, unique in its channel."""

    id: str
    created_at: datetime
    sender: Json
    content_type: str
    content: str
    attachments: list[Json]
    mentions: list[Json] = field(default_factory=list)
    subject: str | None = None
    importance: str = "normal"
    reply_to_id: str | None = None


@dataclass(slots=True)
class Channel:
    """One channel with its messages and replies, oldest first."""

    id: str
    team_id: str
    display_name: str
    created_at: datetime
    description: str | None = None
    membership_type: str = "standard"
    importing_app: str | None = None
    """The app that imports messages while the channel is in migration mode."""
    messages: list[Message] = field(default_factory=list)

    def message(self, message_id: str) -> Message | None:
        """The message or reply with this id."""
        return next((m for m in self.messages if m.id == message_id), None)

    def new_message_id(self, now: datetime) -> str:
        """An epoch-milliseconds id later than every one given before."""
        latest = max((int(m.id) for m in self.messages), default=0)
        return str(max(int(now.timestamp() * 1000), latest + 1))

    def imported_message_id(self, written_at: datetime) -> str:
        """The epoch-milliseconds id of a message of an earlier time, the next one that is free."""
        taken, wanted = {m.id for m in self.messages}, int(written_at.timestamp() * 1000)
        while str(wanted) in taken:
            wanted += 1
        return str(wanted)

    def newest_first(self, reply_to_id: str | None) -> list[Message]:
        """The posts, or the replies to one of them, by the time they were written."""
        found = [m for m in self.messages if m.reply_to_id == reply_to_id]
        return sorted(found, key=lambda message: int(message.id), reverse=True)


@dataclass(slots=True)
class Team:
    """One team; its id is that of its group."""

    id: str
    created_at: datetime
    channels: dict[str, Channel] = field(default_factory=dict)


@dataclass(slots=True)
class TeamsState:
    """Every team by its group's id."""

    teams: dict[str, Team] = field(default_factory=dict)
    recent_calls: dict[tuple[str, str], deque[float]] = field(default_factory=dict, metadata={"transient": True})

    def add_team(self, group_id: str, now: datetime) -> Team:
        """Make the group a team, with the channel General that every team has."""
        team = Team(group_id, now)
        self.teams[group_id] = team
        self.add_channel(team, "General", now)
        return team

    def add_channel(self, team: Team, display_name: str, now: datetime) -> Channel:
        """A new channel with an id of the service's form."""
        channel = Channel(f"19:{uuid.uuid4().hex}@thread.tacv2", team.id, display_name, now)
        team.channels[channel.id] = channel
        return channel

    def channel(self, team_id: str, channel_id: str) -> Channel | None:
        """The channel, if team and channel exist."""
        team = self.teams.get(team_id.lower())
        return team.channels.get(channel_id) if team else None

    def post(self, channel: Channel, sender: Json, content: str, attachments: list[Json], now: datetime) -> Message:
        """Put an html message with attachments into a channel, as the flow bot or a person."""
        message = Message(channel.new_message_id(now), now, sender, "html", content, attachments)
        channel.messages.append(message)
        return message

    def seconds_until_free(self, app_id: str, channel_id: str, per_second: int) -> float:
        """Count a call of this app on this channel; 0 when within the rate, else how long to wait (real time)."""
        calls = self.recent_calls.setdefault((app_id, channel_id), deque())
        now = time.monotonic()
        while calls and now - calls[0] >= 1.0:
            calls.popleft()
        calls.append(now)
        return 1.0 - (now - calls[0]) if len(calls) > per_second else 0.0
