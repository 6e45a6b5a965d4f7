"""Pure: the first description, checklist and links of a Planner task; of one shown again, what people had added."""

from collections.abc import Mapping

from graph_client.planner import ChecklistChange, DetailsChanges, ReferenceChange, TaskDetails, order_hint
from planner_sync import description, field_map
from planner_sync.last_seen import people_s_lines, people_s_links
from planner_sync.own_words import own_links, own_text
from planner_sync.shown import Shown
from tasking.force import Force
from tasking.restricted import is_restricted


def first_details(
    seen: Shown, force: Force, there: TaskDetails, block: str, record_links: Mapping[str, str]
) -> DetailsChanges:
    """What to send to a task that has no block of the service yet; `there` is what a person was quicker to write."""
    ours = {line.line_id for line in seen.task.checklist}
    evidence = field_map.evidence_of(seen.task, force) | dict(record_links)
    lines = [ChecklistChange(line.line_id, words, False) for line, words in field_map.checklist_of(seen.task, force)]
    links = [ReferenceChange(url, words, "Other") for url, words in evidence.items()]
    return DetailsChanges(
        description=_words(seen, force, there.description, block),
        preview_type="description",
        checklist=_in_order([*lines, *people_s_lines(seen.before, ours)]),
        references=(*links, *people_s_links(seen.before, evidence.keys() | own_links(seen.task, force))),
    )


def _words(seen: Shown, force: Force, there: str, block: str) -> str:
    before = own_text(seen.task, force, seen.before.get("description", ""))
    if not before.strip():
        lines = (*description.lines_of(seen.task), *field_map.words_beyond_limits(seen.task))
        first = description.first_description(() if is_restricted(force, seen.task) else lines, block, there)
        return description.cut_above(first, block)
    both = f"{there.rstrip()}\n\n{before}" if there.strip() else before
    return description.fitted(both, block) or both


def _in_order(lines: list[ChecklistChange]) -> tuple[ChecklistChange, ...]:
    """The lines one after the other: hints that are not sent yet may be neighbours."""
    placed: list[ChecklistChange] = []
    for line in lines:
        hint = order_hint(after=str(placed[-1].order_hint) if placed else "")
        placed.append(ChecklistChange(line.item_id, line.title, line.is_checked, hint))
    return tuple(placed)
