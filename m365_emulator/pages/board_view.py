"""What a board page shows of Planner's records: words for numbers, UK dates, names for ids. Reads only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import unquote

from m365_emulator.clock import parse_timestamp
from m365_emulator.directory.state import User
from m365_emulator.odata import Json
from m365_emulator.pages.frame import UK
from m365_emulator.pages.task_menu import repeat_words
from m365_emulator.planner.state import CATEGORIES, PlanParts, TaskParts
from m365_emulator.tenant import Tenant

PRIORITIES = ((1, "Urgent"), (4, "Important"), (7, "Medium"), (10, "Low"))
TINTS = 8
UNTITLED = "(no title)"


@dataclass(frozen=True, slots=True)
class Label:
    """One of the plan's 25 labels: key 'category3', its number, and its name or 'Label 3'."""

    key: str
    number: int
    name: str


@dataclass(frozen=True, slots=True)
class Assignee:
    """Who a task is assigned to; someone who left keeps the id as name."""

    id: str
    name: str

    @property
    def initials(self) -> str:
        """At most two letters for a circle; the name stands beside them for those who cannot tell."""
        words = [word for word in re.split(r"[^\w]+", self.name) if word and not word[0].isdigit()]
        return "".join(word[0] for word in words[:2]).upper() or "?"

    @property
    def tint(self) -> int:
        """Which of the circle's colours; the same for a person every time."""
        return sum(self.id.encode()) % TINTS


def priority_word(number: int) -> str:
    """Planner's word for a priority from 0 to 10."""
    return next(word for top, word in PRIORITIES if number <= top)


def progress_word(percent: int) -> str:
    """Planner's word for a percentage."""
    return {0: "Not started", 100: "Completed"}.get(percent, "In progress")


def labels_of(parts: PlanParts) -> list[Label]:
    """All labels of a plan in order."""
    named = parts.details.values.get("categoryDescriptions") or {}
    return [Label(key, n, named.get(key) or f"Label {n}") for n, key in enumerate(CATEGORIES, start=1)]


def board_summary(tenant: Tenant, parts: PlanParts) -> Json:
    """A plan's title and its counts of open, late, unassigned and completed tasks."""
    tasks = [t.task.values for t in tenant.planner.tasks_of_plan(parts.plan.id)]
    open_tasks = [values for values in tasks if values["percentComplete"] < 100]
    now = tenant.clock.now()
    return {
        "plan_id": parts.plan.id,
        "title": parts.plan.values["title"],
        "open": len(open_tasks),
        "late": sum(is_late(values, now) for values in open_tasks),
        "unassigned": sum(not values["assignments"] for values in open_tasks),
        "done": len(tasks) - len(open_tasks),
        "percent": round(100 * (len(tasks) - len(open_tasks)) / len(tasks)) if tasks else 0,
        "labels": labels_of(parts),
    }


def members_of(tenant: Tenant, parts: PlanParts) -> list[User]:
    """The members of the plan's group, by name."""
    group = tenant.directory.groups.get(parts.group_id)
    people = [tenant.directory.users[i] for i in (group.member_ids if group else ()) if i in tenant.directory.users]
    return sorted(people, key=lambda user: user.display_name.casefold())


def is_late(values: Json, now: datetime) -> bool:
    """True when a task's due day is over in the UK and it is not completed."""
    due: str | None = values.get("dueDateTime")
    if not due or values["percentComplete"] == 100:
        return False
    return _day(due) < now.astimezone(UK).date()


def task_view(tenant: Tenant, plan: PlanParts, parts: TaskParts, person: User | None) -> Json:
    """Everything that a card or the page of a task shows."""
    values, details = parts.task.values, parts.details.values
    assigned = [Assignee(i, _name(tenant, i)) for i in values["assignments"]]
    checklist = _checklist(details.get("checklist") or {})
    bucket = tenant.planner.buckets.get(str(values.get("bucketId")))
    due = values.get("dueDateTime")
    return {
        "id": parts.task.id,
        "href": f"/boards/{plan.plan.id}/tasks/{parts.task.id}",
        "title": values["title"].strip() or UNTITLED,
        "labels": [label for label in labels_of(plan) if values["appliedCategories"].get(label.key)],
        "label_keys": set(values["appliedCategories"]),
        "priority": priority_word(values["priority"]),
        "progress": progress_word(values["percentComplete"]),
        "percent": values["percentComplete"],
        "is_done": values["percentComplete"] == 100,
        "is_new": values["percentComplete"] == 0,
        "is_late": is_late(values, tenant.clock.now()),
        "is_mine": person is not None and person.id in values["assignments"],
        "start": _day_words(values.get("startDateTime")),
        "due": _day_words(due),
        "due_value": _day(due).isoformat() if due else "",
        "assignees": assigned,
        "assignee_ids": {a.id for a in assigned},
        "bucket_id": values.get("bucketId"),
        "bucket": bucket.values["name"] if bucket else "No bucket",
        "repeats": repeat_words(parts.recurrence),
        "step": parts.recurrence.type if parts.recurrence else "",
        "checklist": checklist,
        "checklist_total": len(checklist),
        "checklist_done": sum(item["is_checked"] for item in checklist),
        "description": details.get("description") or "",
        "references": _references(details.get("references") or {}),
        "created_by": _identity(tenant, values.get("createdBy")),
        "created_at": parse_timestamp(values["createdDateTime"]),
        "completed_by": _identity(tenant, values["completedBy"]) if values.get("completedBy") else "",
    }


def _checklist(entries: Json) -> list[Json]:
    rows = sorted(entries.items(), key=lambda entry: str(entry[1].get("orderHint", "")))
    return [{"key": k, "title": e.get("title", ""), "is_checked": bool(e.get("isChecked"))} for k, e in rows]


def _references(entries: Json) -> list[Json]:
    rows = []
    for key, entry in entries.items():
        href = unquote(key)
        if href.lower().startswith(("http://", "https://")):
            rows.append({"href": href, "name": entry.get("alias") or href})
    return rows


def _identity(tenant: Tenant, identity: Any) -> str:
    user = ((identity or {}).get("user") or {}).get("id")
    if user:
        return _name(tenant, user)
    return "the service" if (identity or {}).get("application") else "nobody known"


def _name(tenant: Tenant, user_id: str) -> str:
    user = tenant.directory.user(user_id)
    if user is None:
        return f"unknown ({user_id[:8]})"
    return user.display_name if user.enabled else f"{user.display_name} (left)"


def _day(text: str) -> date:
    moment = parse_timestamp(text)
    try:
        return moment.astimezone(UK).date()
    except OverflowError:  # the first hours of the year 1 lie before the calendar in the UK
        return moment.date()


def _day_words(text: str | None) -> str:
    if not text:
        return ""
    day = _day(text)
    return f"{day:%a} {day.day} {day:%b %Y}"
