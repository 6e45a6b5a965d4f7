"""People and equipment: what is asked for, and what a decision allots of it. Hours are those of all people together.

Times are UTC.
"""

from dataclasses import dataclass
from datetime import datetime

from tasking.clocks import clock_text


@dataclass(frozen=True, slots=True)
class ResourceBid:
    """What is asked for: what, how many, how many hours, from when and until when. None where it was not said."""

    what: str
    how_many: int | None = None
    hours: float | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Allocation:
    """What a decision granted to `to_unit`, beside what was `asked`.

    `provided_by` is the reference of the task for providing it, empty where the unit that granted it has it itself.
    """

    granted: ResourceBid
    from_unit: str
    to_unit: str
    asked: ResourceBid | None = None
    provided_by: str = ""

    @property
    def is_part(self) -> bool:
        """Whether less was granted than was asked for: fewer, fewer hours, or a shorter time."""
        if self.asked is None:
            return False
        return any(
            (
                _is_less(self.granted.how_many, self.asked.how_many),
                _is_less(self.granted.hours, self.asked.hours),
                _is_less(_length(self.granted), _length(self.asked)),
            )
        )


def figures(bid: ResourceBid) -> str:
    """How many, hours and time of it, without the words that somebody typed."""
    told = (
        f"{bid.how_many} in number" if bid.how_many else "",
        f"{bid.hours:g} hours" if bid.hours else "",
        f"from {clock_text(bid.starts_at)}" if bid.starts_at else "",
        f"until {clock_text(bid.ends_at)}" if bid.ends_at else "",
    )
    return ", ".join(words for words in told if words) or "no figures said"


def granted_words(allocation: Allocation) -> str:
    """What was granted beside what was asked, and by which task it is provided; nothing that somebody typed."""
    how = "Granted" if allocation.asked is None else "Granted in part" if allocation.is_part else "Granted whole"
    asked = f" Asked: {figures(allocation.asked)}." if allocation.asked and allocation.is_part else ""
    by = f" Provided by task {allocation.provided_by}." if allocation.provided_by else ""
    return f"{how}: {figures(allocation.granted)}.{asked}{by}"


def _is_less(granted: float | None, asked: float | None) -> bool:
    return granted is not None and asked is not None and granted < asked


def _length(bid: ResourceBid) -> float | None:
    if bid.starts_at is None or bid.ends_at is None:
        return None
    return (bid.ends_at - bid.starts_at).total_seconds()
