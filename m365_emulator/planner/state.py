"""Plans, buckets, tasks and what belongs to them, each a JSON-like record with versions of its own."""

import base64
import json
import re
import secrets
import time
from collections import UserDict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from m365_emulator.odata import Json
from m365_emulator.planner.etags import Counter, Path, Versions
from m365_emulator.planner.recurrence import Recurrence

ID_FORM = re.compile(r"[A-Za-z0-9_-]{28}")
CATEGORIES = tuple(f"category{n}" for n in range(1, 26))
BOARD_FORMATS = ("assignedToTaskBoardFormat", "bucketTaskBoardFormat", "progressTaskBoardFormat")
_TICKS_AT_EPOCH = 621_355_968_000_000_000
_INT64_MAX = 9_223_372_036_854_775_807


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a record was until it was changed at `until` (a reading of time.monotonic())."""

    until: float = field(metadata={"monotonic": True})
    etag: str
    values: Json


@dataclass(slots=True)
class Record:
    """One Planner resource: its properties as Graph names them (without id) and its versions.

    `values` is never changed in place: whoever changes the resource puts new values there.
    """

    id: str
    values: Json
    versions: Versions
    earlier: tuple[Earlier, ...] = ()
    """Oldest first; kept only while lists are to lag behind."""
    _text: str = field(default="", metadata={"transient": True})
    _text_of: int = field(default=0, metadata={"transient": True})

    def wire(self) -> Json:
        """The resource as Graph gives it, etag first."""
        return {"@odata.etag": self.versions.etag, **self.values, "id": self.id}

    def text(self) -> str:
        """`wire` as JSON, made once for each version: lists show the same rows again and again."""
        if self._text_of != self.versions.current:
            self._text, self._text_of = json.dumps(self.wire()), self.versions.current
        return self._text

    def remember(self, seconds: float) -> None:
        """Keep what the record is now, before it changes, and forget what is over for longer than so many seconds."""
        now = time.monotonic()
        lately = (past for past in self.earlier if past.until > now - seconds)
        self.earlier = (*lately, Earlier(now, self.versions.etag, self.values))

    def wire_as_of(self, moment: float) -> Json:
        """The resource as it was at a reading of time.monotonic(), as far back as it is remembered."""
        etag, values = self.as_of(moment)
        return {"@odata.etag": etag, **values, "id": self.id}

    def as_of(self, moment: float) -> tuple[str, Json]:
        """(etag, values) at that reading of time.monotonic()."""
        past = next((past for past in self.earlier if past.until > moment), None)
        return (past.etag, past.values) if past else (self.versions.etag, self.values)


@dataclass(slots=True)
class TaskParts:
    """A task with its details and those of its board formats that somebody has looked at."""

    task: Record
    details: Record
    formats: dict[str, Record] = field(default_factory=dict)
    born: float = field(default_factory=time.monotonic, metadata={"monotonic": True})
    """Real time of creation, for the switches that hide new tasks; ahead of us for a task that is yet to be seen."""
    recurrence: Recurrence | None = None

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
    """Tasks by id that also know those of each plan and how many each person has, so that a full tenant is as quick
    as an empty one. A task never changes its plan.
    """

    def __init__(self) -> None:
        self._of_plan: dict[str, dict[str, TaskParts]] = {}
        self._assigned: dict[str, int] = {}
        super().__init__()

    def __setitem__(self, task_id: str, parts: TaskParts) -> None:
        self.data[task_id] = parts
        self._of_plan.setdefault(parts.task.values["planId"], {})[task_id] = parts
        self.reassigned((), parts.task.values["assignments"])

    def __delitem__(self, task_id: str) -> None:
        parts = self.data.pop(task_id)
        del self._of_plan[parts.task.values["planId"]][task_id]
        self.reassigned(parts.task.values["assignments"], ())

    def reassigned(self, before: Iterable[str], after: Iterable[str]) -> None:
        """Take note of a change of one task's assignees."""
        for users, step in ((before, -1), (after, 1)):
            for user_id in users:
                self._assigned[user_id] = self._assigned.get(user_id, 0) + step

    def assigned_to(self, user_id: str) -> int:
        """How many tasks this person is assigned to."""
        return self._assigned.get(user_id, 0)

    def of_plan(self, plan_id: str) -> dict[str, TaskParts]:
        """The plan's tasks by id, oldest first; not to be changed."""
        return self._of_plan.get(plan_id, {})


@dataclass(frozen=True, slots=True)
class Gone:
    """A task that was deleted at `since` (a reading of time.monotonic())."""

    since: float = field(metadata={"monotonic": True})
    parts: TaskParts


@dataclass(slots=True)
class PlannerState:
    """Everything in Planner, by id, in order of creation."""

    plans: dict[str, PlanParts] = field(default_factory=dict)
    buckets: dict[str, Record] = field(default_factory=dict)
    tasks: TaskShelf = field(default_factory=TaskShelf)
    counter: Counter = field(default_factory=Counter)
    last_hint: int = _INT64_MAX
    gone: deque[Gone] = field(default_factory=deque)
    """Deleted tasks, oldest first; kept only while lists are to lag behind."""

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

    def drop_task(self, task_id: str, listed_for: float = 0.0) -> None:
        """Take a task away; lists may go on to show it for so many seconds of real time."""
        parts = self.tasks.pop(task_id)
        now = time.monotonic()
        while self.gone and self.gone[0].since <= now - listed_for:
            self.gone.popleft()
        if listed_for:
            self.gone.append(Gone(now, parts))

    def drop_plan(self, plan_id: str, listed_for: float = 0.0) -> None:
        """Take a plan away with its buckets and tasks."""
        self.plans.pop(plan_id)
        for bucket in self.buckets_of_plan(plan_id):
            del self.buckets[bucket.id]
        for parts in self.tasks_of_plan(plan_id):
            self.drop_task(parts.task.id, listed_for)

    def counts(self) -> dict[str, Any]:
        """How many of each there are."""
        return {"plans": len(self.plans), "buckets": len(self.buckets), "tasks": len(self.tasks)}


def new_id() -> str:
    """A 28-character id of the service's form."""
    return base64.urlsafe_b64encode(secrets.token_bytes(21)).decode("ascii")
