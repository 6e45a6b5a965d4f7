"""One narrow row for each task with what lists, filters and counts look at, and the words that it is found by.

Kept by store/tasks.py in the same transaction as the task; nobody else writes here.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, update

from store.tab_tables import task_lines, task_words
from tasking.restricted import is_marked_restricted
from tasking.task import Status, Task
from tasking.thrive import BANDS, Alignment

LONGEST_WORD = 60
NO_DUE = 9_999_999_999
UNASSESSED = "4"
DONE, ENDED = "8", "9"

_ADD = insert(task_lines)
_ADD_WORD = insert(task_words)
_KEEP = update(task_lines).where(
    task_lines.c.task_id == bindparam("this"), task_lines.c.words == bindparam("words_as_kept")
)
_REWRITE = update(task_lines).where(task_lines.c.task_id == bindparam("this"))
_REWORD = update(task_lines).where(task_lines.c.task_id == bindparam("this"))
_ALIGN = update(task_lines).where(task_lines.c.task_id == bindparam("this"))
_DIGIT = re.compile(r"\d")
_SPLIT = re.compile(r"[\W_]+")


def add(connection: Connection, task: Task, alignment: Alignment = Alignment.NONE) -> None:
    """The row of a new task, aligned with no priority until it is assessed."""
    words = words_of(task)
    values = {**_columns(task), "changed_at": task.raised_at, "words": " ".join(words)}
    connection.execute(_ADD, {"task_id": task.task_id, "alignment": alignment.value, **values})
    _put_words(connection, task.task_id, words)


def save(connection: Connection, task: Task, now: datetime) -> None:
    """The row of a changed task; its words are written again only where they differ. `now` is UTC."""
    words = words_of(task)
    told = " ".join(words)
    values = {**_columns(task), "changed_at": now}
    if connection.execute(_KEEP, {"this": task.task_id, "words_as_kept": told, **values}).rowcount == 1:
        return
    connection.execute(_REWRITE, {"this": task.task_id, "words": told, **values})
    connection.execute(delete(task_words).where(task_words.c.task_id == task.task_id))
    _put_words(connection, task.task_id, words)


def align(connection: Connection, task_id: str, alignment: Alignment) -> None:
    """Notes which published priority the newest assessment names."""
    connection.execute(_ALIGN, {"this": task_id, "alignment": alignment.value})


def write_words(connection: Connection, task: Task) -> None:
    """The words of a task that has its row, written again: for a migration that finds tasks by more words."""
    words = words_of(task)
    connection.execute(_REWORD, {"this": task.task_id, "words": " ".join(words)})
    connection.execute(delete(task_words).where(task_words.c.task_id == task.task_id))
    _put_words(connection, task.task_id, words)


def barred(codes: Iterable[str]) -> str:
    """Codes between upright bars, empty for none: one of them is found as `|code|`."""
    told = sorted(codes)
    return f"|{'|'.join(told)}|" if told else ""


def order_key(task: Task) -> str:
    """Where a task stands in the house's order: by band, score and due time, those not assessed after the others.

    Work that is done comes after all that is open, and what was withdrawn after that, each the newest first.
    """
    if not task.is_open:
        ended = task.completed_at or task.raised_at
        group = DONE if task.status is Status.COMPLETED else ENDED
        return f"{group}{NO_DUE - int(ended.timestamp()):010}{task.task_id}"
    band = task.working_band
    group = str(3 - BANDS[band].rank) if band else UNASSESSED
    due = int(task.due_at.timestamp()) if task.due_at else NO_DUE
    return f"{group}{999 - (task.score or 0):03}{due:010}{task.reference:>20}{task.task_id}"


def words_of(task: Task) -> list[str]:
    """What a task is found by, in order: words of its title, place and actions, its references, and words with a digit
    in what else was written on it, where people put the references of other systems."""
    whole = (task.title, task.text.place, *(line.text for line in task.checklist), task.reference, task.response_id)
    elsewhere = (each.value for each in task.external_references)
    written = (task.text.ask, task.text.why_now, task.text.good_looks_like, task.text.constraints)
    linked = [part for link in task.links for part in (link.title, link.url)]
    with_digits = (text for text in (*written, *linked) if _DIGIT.search(text))
    found = {word for text in (*whole, *elsewhere) for word in words_in(text)}
    found |= {word for text in with_digits for word in words_in(text) if _DIGIT.search(word)}
    return sorted(found)


def words_in(text: str) -> Iterator[str]:
    """The words of a text in small letters without accents; of one with signs inside, the whole and its parts."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    for chunk in "".join(each for each in plain if not unicodedata.combining(each)).split():
        parts = [part for part in _SPLIT.split(chunk) if part]
        if parts:
            yield from (part[:LONGEST_WORD] for part in parts)
            yield "".join(parts)[:LONGEST_WORD]


def _put_words(connection: Connection, task_id: str, words: list[str]) -> None:
    if words:
        connection.execute(_ADD_WORD, [{"word": word, "task_id": task_id} for word in words])


def _columns(task: Task) -> dict[str, Any]:
    return {
        "order_key": order_key(task),
        "is_open": task.is_open,
        "status": task.status.value,
        "pillar": task.pillar,
        "band": task.working_band.value if task.working_band else "",
        "places": barred(task.stands_on),
        "labels": barred(task.labels),
        "owners": barred(task.owner_ids),
        "is_marked": is_marked_restricted(task),
        "due_at": None if task.clock_stands else task.due_at,
        "version": task.version,
    }
