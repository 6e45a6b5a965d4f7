"""Open work by its age: the list, the oldest first, and how many tasks of each pillar are how old.

Age is counted in London days since a task was raised, pauses and all; how long its clock stood is said beside it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic_core import to_jsonable_python
from sqlalchemy import Connection

from reporting.wording import OPEN_IT_THERE, band_words, unit_name
from store.tasks import read_open_tasks
from tasking.clocks import DAY, local_day
from tasking.force import Force
from tasking.restricted import is_restricted
from tasking.task import Classification, Task
from tasking.time_limits import is_past_due, paused_time
from tasking.viewing import units_below

AGE_BANDS: tuple[tuple[int, str], ...] = ((7, "to 7 days"), (14, "8 to 14"), (28, "15 to 28"), (56, "29 to 56"))
"""The most days of each band, and what it is called: a week, a fortnight, one and two tasking cycles."""
OLDEST = "over 56"
BAND_NAMES = (*(words for _, words in AGE_BANDS), OLDEST)


@dataclass(frozen=True, slots=True)
class AgedTask:
    """An open task with its age. `paused_days` are whole days for which its clock stood, `review_at` (UTC) when a pause
    that is on is looked at again."""

    reference: str
    title: str
    classification: Classification
    unit: str
    unit_name: str
    pillar: str
    pillar_name: str
    band_words: str
    age_days: int
    age_band: str
    paused_days: int
    review_at: datetime | None
    due_at: datetime | None
    is_overdue: bool
    is_owned: bool


def ageing(
    connection: Connection, force: Force, now: datetime, unit: str | None = None, pillar: str | None = None
) -> tuple[AgedTask, ...]:
    """Open tasks at `now` (UTC), the oldest first: of this unit and those below it, and of this pillar, where given."""
    units = units_below(force, unit) if unit else None
    found = [
        task
        for task in read_open_tasks(connection)
        if (units is None or task.unit in units) and pillar in (None, task.pillar)
    ]
    return tuple(_aged(force, task, now) for task in sorted(found, key=lambda task: (task.raised_at, task.reference)))


def counts_by_age(aged: Sequence[AgedTask]) -> dict[str, dict[str, int]]:
    """For each pillar that has any, by its name, how many tasks are in each band of age; late ones and pauses too."""
    counted: dict[str, Counter[str]] = {}
    for each in aged:
        row = counted.setdefault(each.pillar_name, Counter())
        row.update((each.age_band, *(["late"] if each.is_overdue else []), *(["paused"] if each.review_at else [])))
    return {name: {words: row[words] for words in (*BAND_NAMES, "late", "paused")} for name, row in counted.items()}


def ageing_json(aged: Sequence[AgedTask], now: datetime) -> dict[str, Any]:
    """The report as plain JSON values."""
    tasks = [to_jsonable_python(asdict(each)) for each in aged]
    return {"as_at": now.isoformat(), "counts": counts_by_age(aged), "tasks": tasks}


def band_of_age(days: int) -> str:
    """What the band is called that so many days are in."""
    return next((words for most, words in AGE_BANDS if days <= most), OLDEST)


def _aged(force: Force, task: Task, now: datetime) -> AgedTask:
    pillar, pause = force.pillars.get(task.pillar), task.pause
    days = (local_day(now) - local_day(task.raised_at)).days
    stood = paused_time(task.pauses) + (max(now - pause.since, timedelta(0)) if pause else timedelta(0))
    return AgedTask(
        reference=task.reference,
        title=OPEN_IT_THERE if is_restricted(force, task) else task.title,
        classification=task.classification,
        unit=task.unit,
        unit_name=unit_name(force, task.unit),
        pillar=task.pillar,
        pillar_name=pillar.label if pillar else task.pillar,
        band_words=band_words(task, with_score=False),
        age_days=days,
        age_band=band_of_age(days),
        paused_days=stood // DAY,
        review_at=pause.review_at if pause else None,
        due_at=task.due_at,
        is_overdue=is_past_due(task, now),
        is_owned=bool(task.owner_ids),
    )
