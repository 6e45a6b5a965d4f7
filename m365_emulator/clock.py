"""The tenant's clock: real UTC time, moved or frozen by the control area. Tokens do not follow it."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

FIRST_MOMENT, LAST_MOMENT = datetime(1970, 1, 1, tzinfo=UTC), datetime(2999, 12, 31, tzinfo=UTC)
"""Between these the tenant's own time can be put: what it adds to its time is in the calendar too."""
_OFFSET_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,7})?)?(Z|[+-]\d\d:\d\d)", re.ASCII)


@dataclass(slots=True)
class Clock:
    """Tenant time in UTC. `offset` is what has been added to real time; `frozen_at` stops it."""

    offset: timedelta = field(default_factory=timedelta)
    frozen_at: datetime | None = None

    def now(self) -> datetime:
        """The tenant's present moment, always with UTC as its zone."""
        if self.frozen_at is not None:
            return self.frozen_at
        return datetime.now(UTC) + self.offset

    def set(self, moment: datetime) -> None:
        """Make `moment` the present; a frozen clock stays frozen there, a running one goes on from it."""
        moment = moment.astimezone(UTC)
        if self.frozen_at is not None:
            self.frozen_at = moment
        self.offset = moment - datetime.now(UTC)

    def advance(self, seconds: float) -> None:
        """Move the present forward (or back, if negative) by so many seconds."""
        self.set(self.now() + timedelta(seconds=seconds))

    def freeze(self) -> None:
        """Stop at the present moment."""
        self.frozen_at = self.now()

    def resume(self) -> None:
        """Run on from where the clock stands."""
        if self.frozen_at is not None:
            moment, self.frozen_at = self.frozen_at, None
            self.set(moment)


def timestamp(moment: datetime) -> str:
    """UTC text with seven fractional digits and a Z, as Graph stamps what it did itself."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "0Z"


def timestamp_seconds(moment: datetime) -> str:
    """UTC text to the second with a Z, as Graph gives back dates that a client set."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").removesuffix("+00:00") + "Z"


def parse_timestamp(text: str) -> datetime:
    """A DateTimeOffset (zone required, up to seven fractional digits) as UTC.

    ValueError for anything else, and for a moment that is outside the calendar in UTC, as it is for Graph too.
    """
    if not _OFFSET_TIME.fullmatch(text):
        raise ValueError(f"{text!r} is no time with a zone")
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except OverflowError as fault:
        raise ValueError(f"{text!r} is outside the calendar") from fault
