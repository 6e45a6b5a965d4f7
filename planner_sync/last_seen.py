"""What people had written on a Planner task, kept with its link: for the record, and for a task that is shown again."""

from collections.abc import Collection, Mapping
from typing import Any

from graph_client.planner import ChecklistChange, PlannerTask, ReferenceChange, TaskDetails

LEAVING = "leaving"
"""Set while the service is about to delete the task itself, after its retention."""


def last_seen(planner: PlannerTask, details: TaskDetails) -> dict[str, Any]:
    """A task as one read showed it, as plain JSON."""
    return {
        "title": planner.title,
        "description": details.description,
        "checklist": {line.item_id: [line.title, line.is_checked] for line in details.checklist},
        "links": {link.url: [link.alias or "", link.kind or "Other"] for link in details.references},
        "labels": sorted(planner.categories),
        "assignee_ids": list(planner.assignee_ids),
    }


def people_s_lines(seen: Mapping[str, Any], ours: Collection[str]) -> tuple[ChecklistChange, ...]:
    """Checklist lines that people had added, in their order, to be put on a new task; `ours` are the record's ids."""
    lines = seen.get("checklist", {}).items()
    return tuple(ChecklistChange(key, title, is_checked) for key, (title, is_checked) in lines if key not in ours)


def people_s_links(seen: Mapping[str, Any], ours: Collection[str]) -> tuple[ReferenceChange, ...]:
    """Links that people had added; `ours` are the addresses that the service puts there."""
    return tuple(
        ReferenceChange(url, alias, kind) for url, (alias, kind) in seen.get("links", {}).items() if url not in ours
    )
