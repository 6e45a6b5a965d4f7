"""Finding tasks: by our reference, by a reference in another system, or by words that stand on them."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection

from reporting.wording import OPEN_IT_THERE, STATUS_WORDS, band_words, references_in_words, unit_name
from store.tasks import read_tasks_by_references, read_tasks_that_say
from tasking.force import Force
from tasking.references import full_reference, reference_from
from tasking.restricted import is_restricted
from tasking.task import ExternalReference, Task
from tasking.viewing import units_below


@dataclass(frozen=True, slots=True)
class FoundTask:
    """One task that was found, and by what. Of a restricted one `title` says where to open it."""

    reference: str
    classification: str
    title: str
    unit: str
    unit_name: str
    status: str
    band: str
    external_references: tuple[str, ...]
    found_by: str


def find_tasks(connection: Connection, force: Force, wanted: str, unit: str = "") -> tuple[FoundTask, ...]:
    """Every task that `wanted` finds, the newest first; of one unit and those below it where `unit` is given.

    A restricted task is found by a reference alone, never by what was written about it.
    """
    places = units_below(force, unit) | {unit} if unit else frozenset()
    found = _by_reference(connection, force, wanted) or _by_words(connection, force, wanted.lower().split())
    kept = [(task, how) for task, how in found if not unit or places & {task.unit, *task.stands_on}]
    newest = sorted(kept, key=lambda each: (each[0].raised_at, each[0].reference), reverse=True)
    return tuple(_shown(force, task, how) for task, how in newest)


def found_json(found: Collection[FoundTask]) -> list[dict[str, object]]:
    """What was found, for another program."""
    return [asdict(each) for each in found]


def _by_reference(connection: Connection, force: Force, wanted: str) -> list[tuple[Task, str]]:
    ours = full_reference(wanted, force)
    if ours and (tasks := read_tasks_by_references(connection, [ours])):
        return [(task, "reference") for task in tasks]
    there = reference_from(force.reference_kinds, wanted)
    if there is None:
        return []
    having = read_tasks_that_say(connection, [there.value])
    return [(task, _name(force, there)) for task in having if there in task.external_references]


def _by_words(connection: Connection, force: Force, words: Sequence[str]) -> list[tuple[Task, str]]:
    if not words:
        return []
    found = read_tasks_that_say(connection, words)
    return [(task, "words") for task in found if not is_restricted(force, task) and _says(task, words)]


def _says(task: Task, words: Sequence[str]) -> bool:
    text = task.text
    lines = (text.ask, text.why_now, text.place, text.good_looks_like, text.constraints)
    actions = (line.text for line in task.checklist)
    references = (each.value for each in task.external_references)
    said = "\n".join((task.reference, task.title, *lines, *actions, *references)).lower()
    return all(word in said for word in words)


def _name(force: Force, reference: ExternalReference) -> str:
    names = {kind.code: kind.name for kind in force.reference_kinds}
    return names.get(reference.kind, reference.kind)


def _shown(force: Force, task: Task, how: str) -> FoundTask:
    return FoundTask(
        reference=task.reference,
        classification=task.classification.value,
        title=OPEN_IT_THERE if is_restricted(force, task) else task.title,
        unit=task.unit,
        unit_name=unit_name(force, task.unit),
        status=STATUS_WORDS[task.status],
        band=band_words(task),
        external_references=references_in_words(force, task),
        found_by=how,
    )
