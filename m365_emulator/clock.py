"""The tenant's clock: real UTC time, moved or frozen by the control area. Tokens do not follow it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


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
    """A DateTimeOffset (zone required, up to seven fractional digits) as UTC; ValueError for anything else."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None or "T" not in text:
        raise ValueError(f"{text!r} has no time zone")
    return moment.astimezone(UTC)
