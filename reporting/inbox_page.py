"""The tasking officer's inbox as one viewer may see it, with a number for each kind that equals its list."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from reporting.inbox import KINDS, LISTED_FOR, InboxEntry, no_task, tasking_inbox
from reporting.visible import only_seen, visible
from store.tab_tables import task_lines
from store.tables import tasks
from tasking.errors import RuleBroken
from tasking.force import Force
from tasking.task import Status
from tasking.viewing import Viewer


@dataclass(frozen=True, slots=True)
class KindCount:
    """One kind of entry, what it is called, and how many there are."""

    kind: str
    words: str
    number: int


@dataclass(frozen=True, slots=True)
class InboxPage:
    """Entries kind by kind, the oldest first; `kinds` counts them before one kind is picked."""

    entries: tuple[InboxEntry, ...]
    kinds: tuple[KindCount, ...]


def inbox_page(
    connection: Connection, force: Force, viewer: Viewer, now: datetime, unit: str | None = None, kind: str = ""
) -> InboxPage:
    """What nobody looks after at `now` (UTC) among what the viewer may see; with `unit` and `kind` only that.

    Responses that are no task are shown to those who see the unit that triages; to a partner nothing is. Raises
    RuleBroken for a kind that there is not.
    """
    if kind and kind not in KINDS:
        raise RuleBroken(f"There is no kind of entry called {kind[:40]!r}.")
    everything = [] if viewer.is_partner else tasking_inbox(connection, force, now)
    seen = only_seen(connection, force, viewer, {entry.reference for entry in everything if entry.reference})
    found = [entry for entry in everything if _is_shown(force, viewer, entry, seen)]
    found += [] if viewer.is_partner else _done_long_ago(connection, force, viewer, now)
    found = [entry for entry in found if unit is None or unit in entry.units]
    order = list(KINDS)
    found.sort(key=lambda entry: (order.index(entry.kind), entry.since, entry.reference))
    numbers = Counter(entry.kind for entry in found)
    kinds = tuple(KindCount(each, words, numbers[each]) for each, words in KINDS.items())
    return InboxPage(tuple(entry for entry in found if not kind or entry.kind == kind), kinds)


def _is_shown(force: Force, viewer: Viewer, entry: InboxEntry, seen: frozenset[str]) -> bool:
    """Numbers of old tasks count all there are, whoever may see them: they are counted anew for the viewer."""
    if entry.kind in ("HELD", "REJECTED"):
        return viewer.may_see_unit(force.triage_unit)
    if entry.kind == "MISSED_MEETING":
        return viewer.may_see_unit(entry.unit)
    return entry.reference in seen


def _done_long_ago(connection: Connection, force: Force, viewer: Viewer, now: datetime) -> Iterator[InboxEntry]:
    since = now - LISTED_FOR
    query = select(tasks.c.unit, func.count()).join(task_lines, task_lines.c.task_id == tasks.c.task_id)
    query = query.where(tasks.c.status == Status.COMPLETED.value, tasks.c.completed_at < since, visible(viewer, force))
    for unit, number in connection.execute(query.group_by(tasks.c.unit)):
        words = f"{number} more done over {LISTED_FOR.days} days ago, result to come"
        yield no_task(force, "AWAITING_RESULT", "", words, since, str(unit))
