"""Pure: the first description, checklist and links of a Planner task; of one shown again, what people had added."""

from collections.abc import Mapping

from graph_client.planner import ChecklistChange, DetailsChanges, ReferenceChange, TaskDetails, order_hint
from planner_sync import description, field_map
from planner_sync.field_map import MOST_REFERENCES
from planner_sync.last_seen import people_s_lines, people_s_links
from planner_sync.shown import Shown


def first_details(seen: Shown, there: TaskDetails, block: str, record_links: Mapping[str, str]) -> DetailsChanges:
    """What to send to a task that has no block of the service yet; `there` is what a person was quicker to write."""
    ours = {line.line_id for line in seen.task.checklist}
    evidence = {each.url: each.title for each in seen.task.links[:MOST_REFERENCES]} | dict(record_links)
    lines = [ChecklistChange(line.line_id, words, False) for line, words in field_map.checklist_of(seen.task)]
    links = [ReferenceChange(url, words, "Other") for url, words in evidence.items()]
    return DetailsChanges(
        description=_words(seen, there.description, block),
        preview_type="description",
        checklist=_in_order([*lines, *people_s_lines(seen.before, ours)]),
        references=(*links, *people_s_links(seen.before, evidence.keys())),
    )


def _words(seen: Shown, there: str, block: str) -> str:
    before = seen.before.get("description", "")
    if not before.strip():
        first = description.first_description(seen.task, block, there, field_map.overflow_of(seen.task))
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
