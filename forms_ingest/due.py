"""By when something is needed: the answers that are not dates, and the hour of the day that is meant."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

END_OF_DAY = time(17, 0)
LAST_MINUTE = time(23, 59)
DAYS_AHEAD: Mapping[str, int] = {"TODAY": 0, "TOMORROW": 1, "WEEK": 7}


def due_at(days_ahead: int, submitted_at: datetime, zone: ZoneInfo) -> datetime:
    """17:00 local time that many days after the local day of submission, as UTC.

    Where that has passed already, one minute before the end of that day.
    """
    local = submitted_at.astimezone(zone)
    day = local.date() + timedelta(days=days_ahead)
    due = datetime.combine(day, END_OF_DAY, zone)
    return (due if due > local else datetime.combine(day, LAST_MINUTE, zone)).astimezone(UTC)
