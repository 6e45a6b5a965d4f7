"""What changed since the last pack of the same meeting: new, gone, moved, each in a few words."""

from collections.abc import Callable, Collection, Mapping, Sequence

from sqlalchemy import Connection

from reporting.pack_parts import Change, Changes, Pack, Standing
from reporting.wording import STATUS_WORDS, owner_words, short_time, unit_name
from store.tasks import read_tasks_by_references
from tasking.force import Force
from tasking.task import Status, Task


def changes_since(
    connection: Connection, force: Force, unit: str, previous: Pack, standing: Sequence[Standing]
) -> Changes:
    """Compares what stands before the meeting now with what stood there in the previous pack."""
    before = {each.reference: each for each in previous.standing}
    now = {each.reference: each for each in standing}
    return Changes(
        meeting_ref=previous.meeting_ref,
        as_at=previous.as_at,
        new=tuple(Change(each.reference, each.why) for each in standing if each.reference not in before),
        gone=_gone(connection, force, unit, [ref for ref in before if ref not in now]),
        moved=tuple(
            Change(each.reference, words)
            for each in standing
            if each.reference in before and (words := _moved(before[each.reference], each))
        ),
    )


def _gone(connection: Connection, force: Force, unit: str, references: Collection[str]) -> tuple[Change, ...]:
    if not references:
        return ()
    found = {task.reference: task for task in read_tasks_by_references(connection, references)}
    return tuple(Change(ref, _where(force, unit, found.get(ref))) for ref in references)


def _where(force: Force, unit: str, task: Task | None) -> str:
    """What became of a task that is not before the meeting any more."""
    if task is None:
        return "Not on record any more"
    if not task.is_open:
        return STATUS_WORDS[task.status]
    if unit not in task.stands_on:
        return f"Now with {unit_name(force, task.top_unit)}"
    return "Open, nothing to be decided here"


def _moved(before: Standing, now: Standing) -> str:
    told = [
        f"{name} {_shown(read(before))} to {_shown(read(now))}"
        for name, read in COMPARED.items()
        if read(before) != read(now)
    ]
    return "; ".join(told)


def _shown(value: str) -> str:
    return value or "none"


COMPARED: Mapping[str, Callable[[Standing], str]] = {
    "band": lambda each: each.band.capitalize() if each.band else "not assessed",
    "stands with": lambda each: each.stands_with,
    "owner": lambda each: owner_words(each.is_owned).lower(),
    "due": lambda each: short_time(each.due_at),
    "actions done": lambda each: str(each.actions_done),
    "status": lambda each: STATUS_WORDS[Status(each.status)].lower(),
}
"""What counts as moved, and how it is said. Why a task is there may change by the clock alone, so it does not count."""
