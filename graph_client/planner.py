"""Planner: plans, buckets, tasks and their details. Lists are read whole; writes carry the etag that was read.

There is no change feed in v1.0: compare etags.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from graph_client.batching import BatchItem
from graph_client.errors import Gone, GraphError, RetryLater
from graph_client.planner_changes import (
    UNSET,
    ChecklistChange,
    DetailsChanges,
    NewTask,
    ReferenceChange,
    TaskChanges,
    Unset,
    order_hint,
)
from graph_client.planner_models import (
    Bucket,
    ChecklistItem,
    Plan,
    PlanDetails,
    PlannerTask,
    Reference,
    TaskDetails,
    is_older,
)
from graph_client.sdk import Target
from graph_client.transport import GraphTransport

__all__ = [
    "UNSET",
    "Bucket",
    "ChecklistChange",
    "ChecklistItem",
    "DetailsChanges",
    "NewTask",
    "Plan",
    "PlanDetails",
    "PlannerClient",
    "PlannerTask",
    "Reference",
    "ReferenceChange",
    "TaskChanges",
    "TaskDetails",
    "Unset",
    "is_older",
    "order_hint",
]


class PlannerClient:
    """Every method raises GraphError. A write that raises with `uncertain` may have happened: look before
    sending it again. Conflict means that somebody changed the same thing: read, merge, write again."""

    def __init__(self, transport: GraphTransport) -> None:
        self._transport = transport

    async def plans_of_group(self, group_id: str) -> tuple[Plan, ...]:
        """The plans of a Microsoft 365 group, which is the only way to list plans."""
        pages = self._transport.pages(lambda graph: graph.groups.by_group_id(group_id).planner.plans)
        return tuple([Plan.read(item) async for item in pages])

    async def create_plan(self, group_id: str, title: str) -> Plan:
        """A new plan in a group, which stays its group for good."""
        container = f"{self._transport.address.reference_root}/groups/{quote(group_id, safe='')}"
        body = {"container": {"url": container}, "title": title}
        return Plan.read(await self._made(lambda graph: graph.planner.plans, body))

    async def plan(self, plan_id: str) -> Plan:
        """One plan; Gone where there is none."""
        return Plan.read(await self._transport.get(_plan(plan_id)))

    async def delete_plan(self, plan_id: str, etag: str) -> None:
        """Delete a plan and all that is on it."""
        await self._transport.write("DELETE", _plan(plan_id), if_match=etag)

    async def plan_details(self, plan_id: str) -> PlanDetails:
        """A plan's label names."""
        return PlanDetails.read(await self._transport.get(_plan_details(plan_id)))

    async def update_plan_details(self, plan_id: str, categories: Mapping[str, str | None], etag: str) -> PlanDetails:
        """Name labels: "category1" to "category25"; None takes a name away. `etag` is the details' own."""
        body = {"categoryDescriptions": dict(categories)}
        return PlanDetails.read(await self._changed(_plan_details(plan_id), body, etag))

    async def buckets(self, plan_id: str) -> tuple[Bucket, ...]:
        """The buckets of a plan in the board's order."""
        items = await self._whole_list(
            lambda graph: graph.planner.plans.by_planner_plan_id(plan_id).buckets, is_short=True
        )
        return tuple(sorted(map(Bucket.read, items), key=lambda bucket: (bucket.order_hint, bucket.bucket_id)))

    async def bucket_if_there(self, bucket_id: str) -> Bucket | None:
        """One bucket by its id; None where there is none."""
        try:
            return Bucket.read(await self._transport.get(_bucket(bucket_id)))
        except Gone:
            return None

    async def create_bucket(self, plan_id: str, name: str, order_hint: str = " !") -> Bucket:
        """A new bucket, first on the board unless an order hint says where."""
        body = {"name": name, "planId": plan_id, "orderHint": order_hint}
        return Bucket.read(await self._made(lambda graph: graph.planner.buckets, body))

    async def update_bucket(
        self, bucket_id: str, etag: str, *, name: str | Unset = UNSET, order_hint: str | Unset = UNSET
    ) -> Bucket:
        """Rename or move a bucket. `order_hint` is composed by order_hint(), never one that was read."""
        body = {k: v for k, v in {"name": name, "orderHint": order_hint}.items() if v is not UNSET}
        return Bucket.read(await self._changed(_bucket(bucket_id), body, etag))

    async def tasks(self, plan_id: str) -> tuple[PlannerTask, ...]:
        """Every task of a plan, complete or not. RetryLater rather than a list that is short of some: a task
        that is absent here counts as deleted."""
        items = await self._whole_list(lambda graph: graph.planner.plans.by_planner_plan_id(plan_id).tasks)
        return tuple({task.task_id: task for task in map(PlannerTask.read, items)}.values())

    async def task(self, task_id: str) -> PlannerTask:
        """One task; Gone where it was deleted."""
        return PlannerTask.read(await self._transport.get(_task(task_id)))

    async def details(self, task_id: str) -> TaskDetails:
        """One task's description, checklist and links."""
        return TaskDetails.read(await self._transport.get(_details(task_id)))

    async def details_of(self, task_ids: Iterable[str]) -> tuple[dict[str, TaskDetails], list[GraphError]]:
        """The details of many tasks, twenty in a call, by task id, and what kept others from being read.

        A task that is gone is in neither.
        """
        # Numbered, because batch ids are compared without case and task ids are not.
        wanted = {str(number): task_id for number, task_id in enumerate(dict.fromkeys(task_ids))}
        answers = await self._transport.batch([BatchItem(n, _details(task_id)) for n, task_id in wanted.items()])
        found: dict[str, TaskDetails] = {}
        troubles: list[GraphError] = []
        for number, task_id in wanted.items():
            try:
                found[task_id] = TaskDetails.read(answers[number].json())
            except Gone:
                continue
            except GraphError as trouble:
                troubles.append(trouble)
        return found, troubles

    async def create_task(self, new: NewTask) -> PlannerTask:
        """A new task. It has details from the start; read them for the etag before changing them."""
        return PlannerTask.read(await self._made(lambda graph: graph.planner.tasks, new.as_json()))

    async def update_task(self, task_id: str, changes: TaskChanges, etag: str) -> PlannerTask:
        """Change a task, and give it as it is now. `etag` is the task's own. ValueError where nothing changes."""
        return PlannerTask.read(await self._changed(_task(task_id), changes.as_json(), etag))

    async def update_details(self, task_id: str, changes: DetailsChanges, etag: str) -> TaskDetails:
        """Change a task's details, and give them as they are now. `etag` is the details' own.

        This moves the task's etag too (O365/python-o365#1082). ValueError where nothing changes.
        """
        return TaskDetails.read(await self._changed(_details(task_id), changes.as_json(), etag))

    async def delete_task(self, task_id: str, etag: str) -> None:
        """Delete a task; there is no way back."""
        await self._transport.write("DELETE", _task(task_id), if_match=etag)

    async def _made(self, target: Target, body: Mapping[str, Any]) -> dict[str, Any]:
        made = await self._transport.write("POST", target, body)
        if made is None:
            raise RetryLater("POST in Planner", uncertain=True, sentence="Graph did not say what was made")
        return made

    async def _changed(self, target: Target, body: Mapping[str, Any], etag: str) -> dict[str, Any]:
        """PATCH, and the entity after it: Graph may answer 204 although the representation was preferred."""
        if not body:
            raise ValueError("there is nothing to change")
        after = await self._transport.write("PATCH", target, body, if_match=etag, prefer_representation=True)
        if after is not None:
            return after
        try:
            return await self._transport.get(target)
        except GraphError as error:
            sentence = "it was changed, but could not be read again"
            raise RetryLater("PATCH in Planner", uncertain=True, sentence=sentence) from error

    async def _whole_list(self, target: Target, *, is_short: bool = False) -> list[dict[str, Any]]:
        """All items of a Planner list. $top and $filter are ignored there, and pages are the server's to size."""
        items: list[dict[str, Any]] = []
        promised = 0
        async for page in self._transport.page_bodies(target, is_short=is_short):
            items += page["value"]
            count = page.get("@odata.count")
            promised = max(promised, count) if isinstance(count, int) else promised
        if len(items) < promised:
            raise RetryLater("GET in Planner", sentence="the list came back short of its own count")
        return items


def _plan(plan_id: str) -> Target:
    return lambda graph: graph.planner.plans.by_planner_plan_id(plan_id)


def _plan_details(plan_id: str) -> Target:
    return lambda graph: graph.planner.plans.by_planner_plan_id(plan_id).details


def _bucket(bucket_id: str) -> Target:
    return lambda graph: graph.planner.buckets.by_planner_bucket_id(bucket_id)


def _task(task_id: str) -> Target:
    return lambda graph: graph.planner.tasks.by_planner_task_id(task_id)


def _details(task_id: str) -> Target:
    return lambda graph: graph.planner.tasks.by_planner_task_id(task_id).details
