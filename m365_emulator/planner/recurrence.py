"""The schedule of a recurring task: which day comes next. Version 1.0 of Graph shows nothing of it.

Rules: concepts/planner-task-recurrence-overview.md of Microsoft's Graph documentation. Today's date plays no part:
the next task is due one step after the day that this one was first planned for, however late it is completed.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import MAXYEAR, datetime, timedelta

DAYS = {"daily": 1, "weekly": 7}
MONTHS = {"absoluteMonthly": 1, "absoluteYearly": 12}
TYPES = (*DAYS, *MONTHS)
LONGEST_INTERVAL = 999


@dataclass(slots=True)
class Recurrence:
    """One task's place in a series. `starts_at` is when the series was first due (UTC); the first occurrence is 1."""

    type: str
    interval: int
    starts_at: datetime
    series_id: str
    occurrence: int = 1
    next_task_id: str | None = None
    """Set once the series has gone on; it never does so twice from the same task."""

    @property
    def next_due_at(self) -> datetime:
        """When the next task will be due (UTC). OverflowError where the calendar ends."""
        steps = self.interval * self.occurrence
        if self.type in DAYS:
            return self.starts_at + timedelta(days=DAYS[self.type] * steps)
        return _months_on(self.starts_at, MONTHS[self.type] * steps)

    def following(self) -> "Recurrence":
        """The schedule of the next task in the series."""
        return Recurrence(self.type, self.interval, self.starts_at, self.series_id, self.occurrence + 1)


def _months_on(moment: datetime, months: int) -> datetime:
    """So many months later on the same day, or on the last day of a month that is too short."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    if year > MAXYEAR:
        raise OverflowError("the series runs past the end of the calendar")
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))
