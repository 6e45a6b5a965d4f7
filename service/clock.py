"""The service's clock. Real by default; the demo and tests set it ahead."""

from datetime import UTC, datetime, timedelta


class SystemClock:
    """The machine's clock, in UTC."""

    def now(self) -> datetime:
        """The present moment."""
        return datetime.now(UTC)


class MovableClock:
    """The machine's clock with a lead that can be made longer. Used where waiting would take hours."""

    def __init__(self) -> None:
        self._lead = timedelta(0)

    def now(self) -> datetime:
        """The present moment and the lead."""
        return datetime.now(UTC) + self._lead

    def advance(self, by: timedelta) -> None:
        """Sets the clock further ahead."""
        self._lead += by
