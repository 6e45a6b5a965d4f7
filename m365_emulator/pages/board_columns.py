"""The columns of a board: by bucket, by owner or by progress. A column's `to` is what a card dropped on it becomes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from m365_emulator.directory.state import User
from m365_emulator.odata import Json
from m365_emulator.pages.board_view import members_of, task_view
from m365_emulator.planner.state import PlanParts
from m365_emulator.tenant import Tenant

NOBODY, NO_BUCKET = "none", ""
PROGRESS = (("0", "Not started"), ("50", "In progress"), ("100", "Completed"))


@dataclass(frozen=True, slots=True)
class Column:
    """One column with its cards; `done` are the completed ones, shown folded away."""

    to: str
    name: str
    open: list[Json]
    done: list[Json]


def buckets_of(tenant: Tenant, plan: PlanParts) -> list[tuple[str, str]]:
    """(id, name) of the plan's buckets in their order."""
    buckets = sorted(tenant.planner.buckets_of_plan(plan.plan.id), key=lambda b: str(b.values["orderHint"]))
    return [(bucket.id, str(bucket.values["name"])) for bucket in buckets]


def columns_of(tenant: Tenant, plan: PlanParts, person: User | None, group: str) -> list[Column]:
    """The board's columns grouped as asked ('bucket', 'owner' or 'progress'), as `person` sees the tasks."""
    tasks = sorted(tenant.planner.tasks_of_plan(plan.plan.id), key=lambda t: str(t.task.values["orderHint"]))
    views = [task_view(tenant, plan, parts, person) for parts in tasks]
    return _with_keys(GROUPS[group](tenant, plan, views))


def _with_keys(columns: list[Column]) -> list[Column]:
    """Each card with a `key` of its own on the page: a task of two owners stands in two columns."""
    seen: set[str] = set()
    for number, column in enumerate(columns, start=1):
        for cards in (column.open, column.done):
            for at, view in enumerate(cards):
                again = view["id"] in seen
                seen.add(view["id"])
                cards[at] = view | {"key": f"{view['id']}-{number}" if again else view["id"]}
    return columns


def _by_bucket(tenant: Tenant, plan: PlanParts, views: list[Json]) -> list[Column]:
    buckets = buckets_of(tenant, plan)
    columns = [_column(to, name, [v for v in views if v["bucket_id"] == to]) for to, name in buckets]
    known = {to for to, _ in buckets}
    without = [v for v in views if v["bucket_id"] not in known]
    return [*columns, _column(NO_BUCKET, "No bucket", without)] if without else columns


def _by_owner(tenant: Tenant, plan: PlanParts, views: list[Json]) -> list[Column]:
    names = {assignee.id: assignee.name for view in views for assignee in view["assignees"]}
    names |= {user.id: user.display_name for user in members_of(tenant, plan)}
    people = sorted(names.items(), key=lambda entry: entry[1].casefold())
    columns = [_column(NOBODY, "Not assigned", [v for v in views if not v["assignees"]])]
    columns += [_column(to, name, [v for v in views if to in v["assignee_ids"]]) for to, name in people]
    return [columns[0], *sorted(columns[1:], key=lambda column: not (column.open or column.done))]


def _by_progress(tenant: Tenant, plan: PlanParts, views: list[Json]) -> list[Column]:
    return [Column(to, name, [v for v in views if v["progress"] == name], []) for to, name in PROGRESS]


def _column(to: str, name: str, views: list[Json]) -> Column:
    return Column(to, name, [v for v in views if not v["is_done"]], [v for v in views if v["is_done"]])


GROUPS: dict[str, Callable[[Tenant, PlanParts, list[Json]], list[Column]]] = {
    "bucket": _by_bucket,
    "owner": _by_owner,
    "progress": _by_progress,
}
