"""Checks the roster of a meeting in config/force.yaml: who belongs to the tasking team, and how many are needed."""

from service.config_files import ConfigFile, Item
from service.force_parts import MeetingPart
from tasking.meetings import Seat


def roster_of(part: MeetingPart) -> tuple[Seat, ...]:
    """The seats as the domain has them."""
    return tuple(Seat(each.role, each.agency or "", tuple(each.deputies)) for each in part.roster)


def check_roster(file: ConfigFile, item: Item[MeetingPart]) -> None:
    """Notes seats that are listed twice, deputies of themselves, and a number that the roster cannot give."""
    part, loc = item.value, (*item.loc, "roster")
    seen: set[tuple[str, str | None]] = set()
    for index, seat in enumerate(part.roster):
        if (seat.role, seat.agency) in seen:
            file.fault((*loc, index), f"'{seat.role}' is listed twice in the roster of '{part.code}'")
        seen.add((seat.role, seat.agency))
        if any(":" in name for name in (seat.role, *seat.deputies)):
            file.fault((*loc, index), "a role has no ':'; name a partner's agency under 'agency'")
        for at, deputy in enumerate(seat.deputies):
            if deputy == seat.role or deputy in seat.deputies[:at]:
                words = "cannot be its own deputy" if deputy == seat.role else "is listed twice"
                file.fault((*loc, index, "deputies", at), f"deputy '{deputy}' {words}")
    if part.quorum > len(part.roster):
        words = f"{part.quorum} are needed, but the roster of '{part.code}' has {len(part.roster)}"
        file.fault((*item.loc, "quorum"), words)
