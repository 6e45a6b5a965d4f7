"""The digest of each unit, at 07:30 and 16:30 London time: what waits for somebody, and what moved since the last one.

Policing notes, 4.6: nothing critical waits for it. An empty one is not posted.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple

from sqlalchemy import Connection

from escalation.brief_cards import MOST_REFERENCES, Digest
from escalation.once import Due, say_once
from store import tasks, waiting
from store.unit_of_work import Store
from tasking.clocks import LONDON, utc_of
from tasking.errors import UnknownTask
from tasking.events import DigestDue
from tasking.force import Force
from tasking.handling import channel_of_its_own
from tasking.task import Classification, Status, Task
from tasking.thrive import BANDS
from tasking.time_limits import is_past_due

SLOTS = (time(7, 30), time(16, 30))
"""Local times, the handover of the night and of the day."""
LATEST = timedelta(hours=3)
"""A digest that could not be said so long after its time is left out: the next one says it better."""
AWAITING = "Awaiting result"
RE_ASSESS_LABEL = "RE_THRIVE_DUE"
LISTED_FOR = timedelta(days=56)
"""A task that was done longer ago and still wants its result is counted with its own unit, and not looked at."""


class Slot(NamedTuple):
    """One occasion: its name (`2027-01-04 07:30`), its moment and the one before (UTC)."""

    name: str
    at: datetime
    before: datetime


class Digests:
    """Says at each slot which units' digests are due."""

    def __init__(self, store: Store, force: Force) -> None:
        self._store = store
        self._force = force

    def run(self) -> int:
        """Says DigestDue for each unit with a meeting, once for each slot; returns how many."""
        now = self._store.clock.now()
        slot = latest_slot(now)
        if now - slot.at > LATEST:
            return 0
        units = [unit for unit in self._force.units if self._force.meeting_of(unit) is not None]
        due: list[Due] = [(f"digest {unit}", slot.name, DigestDue(unit, slot.name)) for unit in units]
        return say_once(self._store, "digests", due)


def latest_slot(now: datetime) -> Slot:
    """The slot that was due last at `now` (UTC). Local times keep to the London clock across its changes."""
    day = now.astimezone(LONDON).date()
    walls = [datetime.combine(day + timedelta(days=shift), at) for shift in (-2, -1, 0) for at in SLOTS]
    past = [wall for wall in walls if utc_of(wall) <= now]
    return Slot(f"{past[-1]:%Y-%m-%d %H:%M}", utc_of(past[-1]), utc_of(past[-2]))


def slot_named(name: str) -> Slot:
    """The slot that an event carries."""
    return latest_slot(utc_of(datetime.strptime(name, "%Y-%m-%d %H:%M")))  # noqa: DTZ007 - a London wall clock


def digest_of(connection: Connection, force: Force, unit: str, slot: Slot, now: datetime) -> Digest:
    """What waits at a unit's board at `now` (UTC), and what moved there since the slot before."""
    done_since = now - LISTED_FOR
    known = waiting.tasks_of(connection, below(force, unit), slot.before, done_since)
    found = [task for task in known if unit in task.stands_on]
    undecided = {step.task_id for step in waiting.undecided_at(connection, unit)}
    lists: Mapping[str, list[Task]] = {
        "Undecided": [*_undecided(connection, found, undecided)],
        "Overdue": [task for task in found if task.is_open and is_past_due(task, now)],
        "Nobody owns": [task for task in found if task.is_open and not task.owner_ids],
        AWAITING: [task for task in found if task.status is Status.COMPLETED],
        "Re-assess risk": [
            task for task in found if task.is_open and RE_ASSESS_LABEL in task.labels | task.service_labels
        ],
    }
    older = {AWAITING: tasks.completed_before(connection, done_since).get(unit, 0)}
    first = _pressing([[task for task in listed if not channel_of_its_own(force, task)] for listed in lists.values()])
    return Digest(
        unit=unit,
        counts={title: len(listed) + older.get(title, 0) for title, listed in lists.items()},
        look_first=tuple(task.reference for task in first),
        since=slot.before,
        came_in=sum(task.unit == unit and task.raised_at >= slot.before for task in found)
        + waiting.came_up(connection, unit, slot.before),
        completed=sum(task.completed_at is not None and task.completed_at >= slot.before for task in found),
        classification=highest(first),
    )


def below(force: Force, unit: str) -> tuple[str, ...]:
    """The unit and every one under it: tasks of these can stand on its board."""
    found = [unit]
    for each in found:
        found += [code for code, other in force.units.items() if other.parent == each]
    return tuple(found)


def highest(shown: Iterable[Task]) -> Classification:
    """The mark of what is listed: the highest of its parts (policing notes, IG-01)."""
    sensitive = any(task.classification is Classification.OFFICIAL_SENSITIVE for task in shown)
    return Classification.OFFICIAL_SENSITIVE if sensitive else Classification.OFFICIAL


def _undecided(connection: Connection, found: Iterable[Task], undecided: set[str]) -> Iterable[Task]:
    """Tasks with an escalation to decide. One that only waits for this unit's word may not stand on its board yet."""
    known = {task.task_id: task for task in found}
    for task_id in sorted(undecided):
        try:
            yield known.get(task_id) or tasks.read_task(connection, task_id)
        except UnknownTask:  # an escalation outlived its task
            continue


def _pressing(lists: Iterable[list[Task]]) -> tuple[Task, ...]:
    """At most five tasks: of each list in turn those of the highest band, the longest waiting first."""
    seen: dict[str, Task] = {}
    for listed in lists:
        for task in sorted(listed, key=_by_band):
            seen.setdefault(task.task_id, task)
    return tuple(seen.values())[:MOST_REFERENCES]


def _by_band(task: Task) -> tuple[int, datetime]:
    band = task.working_band
    return (-BANDS[band].rank if band else 1, task.raised_at.astimezone(UTC))
