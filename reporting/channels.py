"""How each meeting's channel does, for the operator: last card, last failure, last check, and what that means.

A webhook's answer says "queued"; nothing tells the service whether people saw a card, and it asks for no right to read
channels. So the best that is said of one is that Teams took it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping

from store import channel_health
from tasking.clocks import clock_text
from tasking.force import Force

CHECK_WITHIN = timedelta(hours=26)
"""Checked each morning; two hours are allowed for what is late."""
TAKEN_WORDS = {
    "teams_workflow": "Queued by Teams; whether it shows only somebody in the channel can tell",
    "teams_channel": "Posted as a message",
}


@dataclass(frozen=True, slots=True)
class ChannelState:
    """One channel. Times are UTC, None where it has not happened. `state` is OK, FAILING, UNCHECKED or UNUSED."""

    code: str
    name: str
    unit: str
    poster: str
    handed_over_at: datetime | None
    failed_at: datetime | None
    failure: str
    checked_at: datetime | None
    check_age: timedelta | None
    state: str
    words: str

    @property
    def needs_a_look(self) -> bool:
        """Whether somebody should look."""
        return self.state in ("FAILING", "UNCHECKED")


def channels(connection: Connection, force: Force, default_poster: str, now: datetime) -> tuple[ChannelState, ...]:
    """Every channel of the force at `now` (UTC), in the order of config. `default_poster` is the settings'."""
    known = channel_health.rows(connection)
    found = []
    for meeting in force.meetings:
        if force.channel_code(meeting) != meeting.code:
            continue
        row, poster = known.get(meeting.code), meeting.poster or default_poster
        checked_at = row["canary_at"] if row else None
        state = _state(row, now)
        found.append(
            ChannelState(
                code=meeting.code,
                name=meeting.channel,
                unit=meeting.unit,
                poster=poster,
                handed_over_at=row["handed_over_at"] if row else None,
                failed_at=row["failed_at"] if row else None,
                failure=(row["failure"] if row else None) or "",
                checked_at=checked_at,
                check_age=now - checked_at if checked_at else None,
                state=state,
                words=_words(state, row, poster),
            )
        )
    return tuple(found)


def _state(row: RowMapping | None, now: datetime) -> str:
    if row is None:
        return "UNUSED"
    taken, failed, checked = row["handed_over_at"], row["failed_at"], row["canary_at"]
    if failed is not None and (taken is None or failed > taken):
        return "FAILING"
    return "OK" if checked is not None and now - checked <= CHECK_WITHIN else "UNCHECKED"


def _words(state: str, row: RowMapping | None, poster: str) -> str:
    if row is None:
        return "No card has been for this channel yet."
    if state == "FAILING":
        return f"Cards do not get through since {clock_text(row['failed_at'])}: {row['failure']}"
    taken = f"Last card {clock_text(row['handed_over_at'])}. {TAKEN_WORDS.get(poster, 'Handed over')}."
    if state == "OK":
        return taken
    checked = row["canary_at"]
    return f"{taken} Not checked since {clock_text(checked)}." if checked else f"{taken} Never checked."
