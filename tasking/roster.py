"""Who belongs to a tasking team: the seats of a meeting's roster, who fills them, and whether they are too few.

Too few is a warning and never stops a meeting (requirement 52).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from tasking.force import TaskingMeeting
from tasking.meetings import Attendance, MeetingRecord, MeetingState, Seat


@dataclass(frozen=True, slots=True)
class Quorum:
    """How a roster stands: how many seats are `needed`, how many are `filled`, and which are `empty`."""

    needed: int
    filled: int
    empty: tuple[Seat, ...]

    @property
    def warning(self) -> str:
        """That there are too few, in a sentence; empty where there are enough."""
        if self.filled >= self.needed:
            return ""
        missing = "; ".join(each.words for each in self.empty)
        return f"Too few are there: {self.filled} of the {self.needed} seats that are needed. Not filled: {missing}."


def quorum_of(meeting: TaskingMeeting, record: MeetingRecord | None) -> Quorum | None:
    """How the roster is filled by those on record, whoever takes the chair with them; None where the meeting has no
    roster, was not opened, or was cancelled. Nobody fills two seats; a deputy fills one whose own role is not there."""
    if not meeting.roster or record is None or record.state is not MeetingState.HELD:
        return None
    there = [_key(each.role, each.agency) for each in record.attendance if each.partner_part or each.police_part]
    chair = _key(record.role, "")
    left = [*([] if chair in there else [chair]), *there]
    empty = _unfilled(meeting.roster, left, by_deputy=False)
    empty = _unfilled(empty, left, by_deputy=True)
    return Quorum(meeting.quorum, len(meeting.roster) - len(empty), empty)


def expected_of(meeting: TaskingMeeting, known: Iterable[Attendance]) -> tuple[Attendance, ...]:
    """Whom a tick list names besides those it `known`s of: each seat of the roster that none of them holds."""
    held = {_key(each.role, each.agency) for each in known}
    return tuple(
        Attendance(seat.role, seat.role, seat.agency, police_part=not seat.agency)
        for seat in meeting.roster
        if held.isdisjoint(_key(role, seat.agency) for role in (seat.role, *seat.deputies))
    )


def _unfilled(seats: Iterable[Seat], left: list[tuple[str, str]], by_deputy: bool) -> tuple[Seat, ...]:
    """Seats that nobody of `left` fills. Who fills one is taken out of it."""
    empty = []
    for seat in seats:
        roles = seat.deputies if by_deputy else (seat.role,)
        holder = next((key for role in roles if (key := _key(role, seat.agency)) in left), None)
        if holder is None:
            empty.append(seat)
        else:
            left.remove(holder)
    return tuple(empty)


def _key(role: str, agency: str) -> tuple[str, str]:
    return role.casefold(), agency.casefold()
