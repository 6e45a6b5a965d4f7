"""Plans, buckets, tasks and what belongs to them, each a JSON-like record with versions of its own."""

import re
import secrets
import string
import time
from collections import UserDict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from m365_emulator.odata import Json
from m365_emulator.planner.etags import Counter, Path, Versions

ID_FORM = re.compile(r"[A-Za-z0-9_-]{28}")
CATEGORIES = tuple(f"category{n}" for n in range(1, 26))
BOARD_FORMATS = ("assignedToTaskBoardFormat", "bucketTaskBoardFormat", "progressTaskBoardFormat")
_ID_ALPHABET = string.ascii_letters + string.digits + "_-"
_TICKS_AT_EPOCH = 621_355_968_000_000_000
_INT64_MAX = 9_223_372_036_854_775_807


@dataclass(slots=True)
class Record:
    """One Planner resource: its properties as Graph names them (without id) and its versions."""

    id: str
    values: Json
    versions: Versions

    def wire(self) -> Json:
        """The resource as Graph gives it, etag first."""
        return {"@odata.etag": self.versions.etag, **self.values, "id": self.id}


@dataclass(slots=True)
class TaskParts:
    """A task with its details and board formats, which exist from the task's creation on."""

    task: Record
    details: Record
    formats: dict[str, Record]
    born: float = field(default_factory=time.monotonic, metadata={"monotonic": True})
    """Real time of creation, for the switches that hide new tasks."""

    def age_seconds(self) -> float:
        """Seconds of real time since creation."""
        return time.monotonic() - self.born


@dataclass(slots=True)
class PlanParts:
    """A plan with its details and the group that it belongs to."""

    plan: Record
    details: Record
    group_id: str


class TaskShelf(UserDict[str, TaskParts]):
    """Tasks by id that also know those of each plan, so that a full tenant is as quick as an empty one.

    A task never changes its plan.
    """

    def __init__(self) -> None:
        self._of_plan: dict[str, dict[str, TaskParts]] = {}
        super().__init__()

    def __setitem__(self, task_id: str, parts: TaskParts) -> None:
        self.data[task_id] = parts
        self._of_plan.setdefault(parts.task.values["planId"], {})[task_id] = parts

    def __delitem__(self, task_id: str) -> None:
        parts = self.data.pop(task_id)
        del self._of_plan[parts.task.values["planId"]][task_id]

    def of_plan(self, plan_id: str) -> dict[str, TaskParts]:
        """The plan's tasks by id, oldest first; not to be changed."""
        return self._of_plan.get(plan_id, {})


@dataclass(slots=True)
class PlannerState:
    """Everything in Planner, by id, in order of creation."""

    plans: dict[str, PlanParts] = field(default_factory=dict)
    buckets: dict[str, Record] = field(default_factory=dict)
    tasks: TaskShelf = field(default_factory=TaskShelf)
    counter: Counter = field(default_factory=Counter)
    last_hint: int = _INT64_MAX

    def new_record(self, kind: str, values: Json, record_id: str | None = None) -> Record:
        """A record at its first version; kind is the etag's, e.g. 'TaskDetails'."""
        return Record(record_id or new_id(), values, Versions(kind, self.counter.next()))

    def touch(self, record: Record, paths: set[Path]) -> None:
        """Move a record to a new version in which these paths changed."""
        record.versions.move(self.counter.next(), paths)

    def new_order_hint(self, now: datetime) -> str:
        """The service's own hint for a new item: falls with time, so that the newest sorts first."""
        ticks = _TICKS_AT_EPOCH + int(now.timestamp() * 10_000_000)
        self.last_hint = min(_INT64_MAX - ticks, self.last_hint - 1)
        return str(self.last_hint)

    def tasks_of_plan(self, plan_id: str) -> list[TaskParts]:
        """The plan's tasks, oldest first."""
        return list(self.tasks.of_plan(plan_id).values())

    def buckets_of_plan(self, plan_id: str) -> list[Record]:
        """The plan's buckets, oldest first."""
        return [b for b in self.buckets.values() if b.values["planId"] == plan_id]

    def plans_of_group(self, group_id: str) -> list[PlanParts]:
        """The group's plans, oldest first."""
        return [p for p in self.plans.values() if p.group_id == group_id]

    def drop_plan(self, plan_id: str) -> None:
        """Take a plan away with its buckets and tasks."""
        self.plans.pop(plan_id)
        for bucket in self.buckets_of_plan(plan_id):
            del self.buckets[bucket.id]
        for parts in self.tasks_of_plan(plan_id):
            del self.tasks[parts.task.id]

    def counts(self) -> dict[str, Any]:
        """How many of each there are."""
        return {"plans": len(self.plans), "buckets": len(self.buckets), "tasks": len(self.tasks)}


def new_id() -> str:
    """A 28-character id of the service's form."""
    return "".join(secrets.choice(_ID_ALPHABET) for _ in range(28))
