"""Search: by any reference of a task, and by words of its title, place and actions, among what the viewer may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, RowMapping, Select, and_, exists, select, union

from reporting.board_dimensions import look_of
from reporting.board_rows import BoardRow, rows_of
from reporting.visible import visible
from store.tab_tables import task_lines, task_words
from store.tables import inbox, planner_links, tasks
from store.task_lines import LONGEST_WORD, words_in
from tasking.board_filter import BoardFilter
from tasking.force import Force
from tasking.references import full_reference, reference_from
from tasking.viewing import Viewer

LEAST_LETTERS = 2
LONGEST_TEXT = 200
MOST_WORDS = 8
MOST_FOUND = 100
"""So many tasks are listed; where there are more, more words are asked for."""
BY_REFERENCE, BY_WORDS = "reference", "words"
"""By what tasks were found; for a reference in another system it is the name of its kind."""
AFTER_ALL = "\U0010ffff"
"""Follows every character: what begins with a word lies between the word and the word with this behind it."""


@dataclass(frozen=True, slots=True)
class SearchPage:
    """What was found, the newest first; of more than MOST_FOUND, some. `advice` says what to mend, if any.
    `found_by` is BY_REFERENCE, the name of a kind of reference in another system, or BY_WORDS."""

    text: str
    rows: tuple[BoardRow, ...]
    is_more: bool
    advice: str
    found_by: str = BY_WORDS


def search(connection: Connection, force: Force, viewer: Viewer, text: str, now: datetime) -> SearchPage:
    """Tasks, open or ended, that have every word of `text`, or a word that begins with it; or one of whose references
    it is: ours, the form response's, a Planner task's, or one of another system, however it is typed.

    In any case and without accents. Four queries at most, however many tasks there are. Where tasks have that very
    reference they alone are found.
    """
    told = " ".join(text.split())[:LONGEST_TEXT]
    words = _words(told)
    if not words:
        advice = f"Type a reference, or at least {LEAST_LETTERS} letters of a word." if told else ""
        return SearchPage(told, (), False, advice)
    found, how = _found(connection, force, viewer, words, told)
    look = look_of(force, viewer, BoardFilter(), now)
    first = sorted(found[:MOST_FOUND], key=lambda row: (row["raised_at"], row["reference"]), reverse=True)
    is_more = len(found) > MOST_FOUND
    advice = f"More than {MOST_FOUND} tasks have this: add a word." if is_more else ""
    return SearchPage(told, rows_of(connection, look, first), is_more, advice, how)


def _words(told: str) -> list[str]:
    """Chunks as they are kept as words: a reference with signs inside is one word."""
    chunks = [list(words_in(chunk)) for chunk in told.split()]
    return [found[-1][:LONGEST_WORD] for found in chunks if found and len(found[-1]) >= LEAST_LETTERS][:MOST_WORDS]


def _found(
    connection: Connection, force: Force, viewer: Viewer, words: Sequence[str], told: str
) -> tuple[Sequence[RowMapping], str]:
    """By ids first, then by a reference in another system, else by words: each is a look into an index."""
    seen = visible(viewer, force)
    ours = full_reference(told, force) or told.upper()
    ids = union(
        select(tasks.c.task_id).where(tasks.c.reference == ours),
        select(planner_links.c.task_id).where(planner_links.c.planner_task_id == told),
        select(inbox.c.task_id).where(inbox.c.reference == told.upper(), inbox.c.task_id.is_not(None)),
        select(inbox.c.task_id).where(inbox.c.response_id == told, inbox.c.task_id.is_not(None)),
    )
    if exact := connection.execute(_rows().where(seen, tasks.c.task_id.in_(ids))).mappings().all():
        return exact, BY_REFERENCE
    if there := reference_from(force.reference_kinds, told):
        (*_, whole) = words_in(there.value)
        having_it = select(task_words.c.task_id).where(task_words.c.word == whole[:LONGEST_WORD])
        having = connection.execute(_rows().where(seen, tasks.c.task_id.in_(having_it))).mappings().all()
        wanted = {"kind": there.kind, "value": there.value}
        if elsewhere := [row for row in having if wanted in row["document"].get("external_references", ())]:
            return elsewhere, next(each.name for each in force.reference_kinds if each.code == there.kind)
    return connection.execute(_rows().where(tasks.c.task_id.in_(_having(seen, words)))).mappings().all(), BY_WORDS


def _rows() -> Select[Any]:
    query = select(tasks, task_lines.c.alignment, task_lines.c.changed_at)
    return query.join(task_lines, task_lines.c.task_id == tasks.c.task_id)


def _having(seen: ColumnElement[bool], words: Sequence[str]) -> Select[tuple[str]]:
    """Ids of tasks with all these words, looked for by the longest: it is likely to be on the fewest."""
    longest, *others = sorted(set(words), key=len, reverse=True)
    first = task_words.alias("first")
    query = select(first.c.task_id).distinct().join(task_lines, task_lines.c.task_id == first.c.task_id)
    query = query.where(_begins(first, longest), seen)
    for number, word in enumerate(others):
        more = task_words.alias(f"more_{number}")
        query = query.where(exists().where(more.c.task_id == first.c.task_id, _begins(more, word)))
    return query.limit(MOST_FOUND + 1)


def _begins(of: FromClause, word: str) -> ColumnElement[bool]:
    return and_(of.c.word >= word, of.c.word < word + AFTER_ALL)
