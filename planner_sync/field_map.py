"""TABLE: our field, Planner's field, and who wins. The only place that knows both vocabularies.

Times are cut to whole seconds, priorities to Planner's four steps, so that both sides can be compared.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter

from graph_client.planner import UNSET, NewTask, PlannerTask, TaskChanges, TaskDetails
from planner_sync.boards import BoardPlan
from tasking.board_actions import band_for_priority
from tasking.force import TRIAGE, Force
from tasking.handling import SEE_THE_RECORD, title_on_boards
from tasking.requests import BoardChanges
from tasking.restricted import is_restricted
from tasking.standing import kept_labels
from tasking.task import ChecklistLine, Task
from tasking.thrive import BANDS

MOST_CHECKLIST_LINES = 20
LONGEST_CHECKLIST_LINE = 100
MOST_REFERENCES = 8
LONGEST_TITLE = 255
"""Not published; what is seen in practice. A longer title is refused with 400."""

LOST_BUCKET = "LOST"
"""Stands for the pillar of a Planner task whose bucket is not there any more: no person put it nowhere."""


class Winner(StrEnum):
    """Whose value stands where record and board differ."""

    BOARD = "board"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class BoardState:
    """What one board shows of a task, in the record's words.

    `pillar` is None in a bucket that people made, LOST_BUCKET where the bucket is gone; `last_pillar` is then the one
    that it had before. `is_marked` says that the title bears the reference.
    """

    title: str
    owner_ids: frozenset[str]
    progress: int
    pillar: str | None
    start_at: datetime | None
    due_at: datetime | None
    priority: int
    labels: frozenset[str]
    service_labels: frozenset[str]
    ticks: frozenset[str]
    is_marked: bool = True
    last_pillar: str | None = None
    bucket_id: str | None = None


WINNERS: Mapping[str, Winner] = {
    "title": Winner.BOARD,
    "owner_ids": Winner.BOARD,
    "progress": Winner.BOARD,
    "pillar": Winner.BOARD,
    "start_at": Winner.BOARD,
    "due_at": Winner.BOARD,
    "priority": Winner.BOARD,
    "labels": Winner.BOARD,
    "ticks": Winner.BOARD,
    "service_labels": Winner.SERVICE,
    "is_marked": Winner.SERVICE,
}

ONLY_NOTED = frozenset({"last_pillar", "bucket_id"})
"""Fields of BoardState that nothing is merged by: they tell later how a Planner task came where it is."""

NOT_SENT_TO_TWINS = frozenset({"owner_ids"})
"""The owner stays with the unit below until the higher level allocates on its own board."""

DATES = ("start_at", "due_at")
LEFT_ALONE_BY_A_RENAME = ("due_at", "start_at", "priority", "service_labels")

SENT, SENT_AT = "sent", "sent_at"
_STATE: TypeAdapter[BoardState] = TypeAdapter(BoardState)


def state_of_record(task: Task, force: Force, base: BoardState | None = None) -> BoardState:
    """What the record wants a board to show on which it shows `base`; None where it is not there yet.

    The words of a restricted task are on no board; a title that people gave it there stands on that board alone.
    """
    band = task.working_band
    return BoardState(
        title=_that_fits(_title(task, force, base), task.reference),
        owner_ids=frozenset(task.owner_ids),
        progress=task.progress,
        pillar=task.pillar,
        start_at=_whole_seconds(task.start_at),
        due_at=_whole_seconds(task.due_at),
        priority=BANDS[band].planner_priority if band else 5,
        labels=task.labels,
        service_labels=kept_labels(force, task),
        ticks=frozenset(line.line_id for line in task.checklist if line.is_done),
    )


def state_of_planner(
    planner: PlannerTask,
    details: TaskDetails | None,
    board: BoardPlan,
    force: Force,
    task: Task,
    base: BoardState,
    lost_buckets: frozenset[str] = frozenset(),
) -> BoardState:
    """What Planner shows of `task`, in the record's words. `lost_buckets` are ids of buckets that are gone.

    Checklist lines of people's own are theirs alone. What Planner does not show, because the details were not read,
    or somebody removed a line, or left no words in the title, stands as in `base`.
    """
    codes = {label.code: label for key in planner.categories if (label := force.label_at(slot_of(key)))}
    ours = frozenset(line.line_id for line in task.checklist)
    there = {line.item_id: line.is_checked for line in details.checklist} if details else {}
    is_lost = planner.bucket_id is None or planner.bucket_id in lost_buckets
    pillar = LOST_BUCKET if is_lost else board.pillar_of_bucket.get(planner.bucket_id or "")
    last_pillar = base.last_pillar if base.pillar in (None, LOST_BUCKET) else base.pillar
    return BoardState(
        title=_that_fits(title_without_reference(planner.title, task.reference), task.reference) or base.title,
        owner_ids=frozenset(planner.assignee_ids),
        progress=planner.percent_complete,
        pillar=pillar,
        start_at=_whole_seconds(planner.start_at),
        due_at=_whole_seconds(planner.due_at),
        priority=BANDS[band_for_priority(planner.priority)].planner_priority,
        labels=frozenset(code for code, label in codes.items() if not label.kept_by_service),
        service_labels=frozenset(code for code, label in codes.items() if label.kept_by_service),
        ticks=frozenset(line for line in ours if there.get(line, line in base.ticks)),
        is_marked=has_mark(planner, task) or len(planner.title) > _most_words(task.reference),
        last_pillar=last_pillar if pillar in (None, LOST_BUCKET) else None,
        bucket_id=planner.bucket_id,
    )


def state_when_made(task: Task, board: BoardPlan, force: Force, is_twin: bool) -> BoardState:
    """What a new Planner task shows: nothing ticked, nobody assigned on a twin, Triage where the bucket is missing."""
    state = replace(state_of_record(task, force), ticks=frozenset())
    pillar = task.pillar if task.pillar in board.bucket_of_pillar else TRIAGE
    start = state.start_at if without_dates_planner_refuses({"start_at": state.start_at}, state) else None
    owners, bucket = frozenset() if is_twin else state.owner_ids, board.bucket_of_pillar.get(pillar)
    return replace(state, pillar=pillar, start_at=start, owner_ids=owners, bucket_id=bucket)


def new_planner_task(task: Task, board: BoardPlan, force: Force, is_twin: bool) -> NewTask:
    """The Planner task to create for a record. The owner who is accountable comes first."""
    state = state_when_made(task, board, force, is_twin)
    return NewTask(
        plan_id=board.plan_id,
        bucket_id=board.bucket_of_pillar[state.pillar or TRIAGE],
        title=title_with_reference(task, state.title),
        start_at=state.start_at,
        due_at=state.due_at,
        priority=state.priority,
        percent_complete=state.progress,
        assignee_ids=tuple(owner for owner in task.owner_ids if owner in state.owner_ids),
        categories=frozenset(category(force, code) for code in state.labels | state.service_labels),
    )


def planner_changes(
    task: Task, changed: Mapping[str, Any], shown: BoardState, board: BoardPlan, force: Force
) -> TaskChanges:
    """The Planner fields to send for what changed on the record, given what the board shows. Ticks go in details."""
    wanted = {**{name: getattr(shown, name) for name in WINNERS}, **changed}
    title = wanted["title"] if is_restricted(force, task) else task.title
    owners, labels = wanted["owner_ids"], wanted["labels"] | wanted["service_labels"]
    shown_labels = shown.labels | shown.service_labels
    bucket = board.bucket_of_pillar.get(wanted["pillar"] or "") if "pillar" in changed else None
    return TaskChanges(
        title=title_with_reference(task, title) if {"title", "is_marked"} & changed.keys() else UNSET,
        bucket_id=bucket or UNSET,
        priority=wanted["priority"] if "priority" in changed else UNSET,
        percent_complete=wanted["progress"] if "progress" in changed else UNSET,
        start_at=wanted["start_at"] if "start_at" in changed else UNSET,
        due_at=wanted["due_at"] if "due_at" in changed else UNSET,
        assign=tuple(sorted(owners - shown.owner_ids)),
        unassign=tuple(sorted(shown.owner_ids - owners)),
        set_categories=frozenset(category(force, code) for code in labels - shown_labels),
        remove_categories=frozenset(category(force, code) for code in shown_labels - labels),
    )


def without_dates_planner_refuses(fields: Mapping[str, Any], shown: BoardState) -> dict[str, Any]:
    """What to send, without start and due where the start would come after the due date: Planner refuses that with 400.

    Source: api-reference/v1.0/resources/planner-overview.md.
    """
    start, due = (fields.get(name, getattr(shown, name)) for name in DATES)
    is_refused = start is not None and due is not None and start > due
    return {name: value for name, value in fields.items() if not (is_refused and name in DATES)}


def board_changes(taken: Mapping[str, Any], planner: PlannerTask, task: Task) -> BoardChanges:
    """The changes that people made on a board, as `tasking.actions` takes them. The first assigned is accountable."""
    simple = {
        name: taken[name] for name in ("title", "progress", "start_at", "due_at", "priority", "labels") if name in taken
    }
    if "owner_ids" in taken:
        kept = tuple(owner for owner in task.owner_ids if owner in taken["owner_ids"])
        simple["owner_ids"] = kept + tuple(o for o in planner.assignee_ids if o in taken["owner_ids"] and o not in kept)
    if taken.get("pillar"):
        simple["pillar"] = taken["pillar"]
    ticks = {line.line_id: line.line_id in taken["ticks"] for line in task.checklist} if "ticks" in taken else {}
    return BoardChanges(**simple, ticks=ticks)


def title_with_reference(task: Task, title: str) -> str:
    """The title on the board: the reference first, which is also our mark; then the words, as many as Planner takes."""
    return f"{task.reference} {_that_fits(title, task.reference)}"


def title_without_reference(title: str, reference: str) -> str:
    """The words of a title on the board, whether or not the task's own reference is still before them."""
    found = _marked(title, reference)
    return (found["title"] if found else title).strip()


def has_mark(planner: PlannerTask, task: Task) -> bool:
    """Whether a Planner task bears this record's reference."""
    return _marked(planner.title, task.reference) is not None


def might_be_renamed(planner: PlannerTask, task: Task, base: BoardState, board: BoardPlan, force: Force) -> bool:
    """Whether a Planner task that an app made, and that bears no reference, is otherwise what was sent for `task`."""
    if planner.created_by_user_id is not None or re.match(rf"{re.escape(force.reference_prefix)}-\d", planner.title):
        return False
    shown = state_of_planner(planner, None, board, force, task, base)
    return all(getattr(shown, name) == getattr(base, name) for name in LEFT_ALONE_BY_A_RENAME)


def checklist_of(task: Task, force: Force) -> tuple[tuple[ChecklistLine, str], ...]:
    """The lines that Planner takes, each with its words there, cut where they are too long."""
    words = hidden_checklist(task) if is_restricted(force, task) else open_checklist(task)
    return tuple((line, words[line.line_id]) for line in task.checklist[:MOST_CHECKLIST_LINES])


def open_checklist(task: Task) -> dict[str, str]:
    """The words of those lines by their ids."""
    return {line.line_id: _cut(line.text, LONGEST_CHECKLIST_LINE) for line in task.checklist[:MOST_CHECKLIST_LINES]}


def hidden_checklist(task: Task) -> dict[str, str]:
    """What stands for them on a board where the task is restricted."""
    lines = task.checklist[:MOST_CHECKLIST_LINES]
    return {line.line_id: f"Action {number}: {SEE_THE_RECORD}" for number, line in enumerate(lines, 1)}


def evidence_of(task: Task, force: Force) -> dict[str, str]:
    """The links that Planner takes, each with its words; none of a restricted task."""
    links = () if is_restricted(force, task) else task.links[:MOST_REFERENCES]
    return {each.url: each.title for each in links}


def words_beyond_limits(task: Task) -> tuple[str, ...]:
    """What neither checklist nor links can hold, as lines for the description: nothing is left out silently."""
    cut = [line.text for line in task.checklist if len(line.text) > LONGEST_CHECKLIST_LINE]
    more = [line.text for line in task.checklist[MOST_CHECKLIST_LINES:] if line.text not in cut]
    links = [f"Link: {link.title} {link.url}" for link in task.links[MOST_REFERENCES:]]
    return (*(f"To do: {text}" for text in cut + more), *links)


def category(force: Force, code: str) -> str:
    """Planner's key of the slot that a label stands in."""
    return f"category{force.labels[code].slot}"


def to_json(state: BoardState, sent: BoardState | None = None, sent_at: datetime | None = None) -> dict[str, Any]:
    """A link's base as plain JSON, sets in order. `sent` is what the board shows if an answer still out was a yes.

    `sent_at` (UTC) is when it was sent, while it may still be under way; None once it is known to have ended.
    """
    plain: dict[str, Any] = _STATE.dump_python(state, mode="json")
    ordered = {name: sorted(value) if isinstance(value, list) else value for name, value in plain.items()}
    if sent is not None:
        ordered[SENT] = to_json(sent)
    return ordered if sent_at is None else {**ordered, SENT_AT: sent_at.isoformat()}


def from_json(plain: Mapping[str, Any]) -> BoardState:
    """The state that a link's base holds."""
    return _STATE.validate_python({name: value for name, value in plain.items() if name not in (SENT, SENT_AT)})


def sent_from_json(plain: Mapping[str, Any]) -> BoardState | None:
    """What a link's base says was sent without an answer having come; None where every answer came."""
    return from_json(plain[SENT]) if SENT in plain else None


def sent_at_from_json(plain: Mapping[str, Any]) -> datetime | None:
    """When that was sent, UTC, while it may still be under way."""
    return datetime.fromisoformat(plain[SENT_AT]) if SENT_AT in plain else None


def slot_of(category: str) -> int:
    """The slot number of Planner's key of a label."""
    return int(category.removeprefix("category"))


def _title(task: Task, force: Force, base: BoardState | None) -> str:
    if not is_restricted(force, task):
        return task.title
    given = {_that_fits(title, task.reference) for title in task.board_titles}
    return base.title if base is not None and base.title in given else title_on_boards(force, task)


def _whole_seconds(at: datetime | None) -> datetime | None:
    return at.replace(microsecond=0) if at else None


def _marked(title: str, reference: str) -> re.Match[str] | None:
    return re.match(rf"\s*{re.escape(reference)}(?![\w-])(?P<title>.*)$", title, re.DOTALL | re.IGNORECASE)


def _most_words(reference: str) -> int:
    return LONGEST_TITLE - len(reference) - 1


def _that_fits(title: str, reference: str) -> str:
    """As much of a title as stands beside the reference, for both sides: a longer one on a board is left as it is."""
    return title[: _most_words(reference)].rstrip()


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
