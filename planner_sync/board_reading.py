"""What one read of a board found, and pure questions about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from graph_client.planner import Bucket, PlanDetails, PlannerTask, is_older
from planner_sync.boards import BoardPlan
from store.planner_links import KnownTask


@dataclass(frozen=True, slots=True)
class BoardReading:
    """All tasks of a plan by id. Buckets and label names are None where they were not looked at this time."""

    tasks: Mapping[str, PlannerTask]
    buckets: tuple[Bucket, ...] | None = None
    labels: PlanDetails | None = None

    def lost_buckets(self, board: BoardPlan) -> frozenset[str]:
        """Ids of buckets that tasks or pillars name and that are not there any more; none where nobody looked."""
        if self.buckets is None:
            return frozenset()
        named = {task.bucket_id for task in self.tasks.values() if task.bucket_id} | set(board.pillar_of_bucket)
        return frozenset(named - {bucket.bucket_id for bucket in self.buckets})


LIST_MAY_LAG = timedelta(minutes=10)
"""Planner's lists have shown things as they were; after so long a list is believed whatever its etags say.

Source: github.com/microsoftgraph/microsoft-graph-docs/issues/8729.
"""


def what_changed(
    reading: BoardReading, known: Mapping[str, KnownTask], lost: frozenset[str], now: datetime
) -> list[str]:
    """Ids of our Planner tasks to look into: their etag has moved on, or their bucket is gone. `now` is UTC."""
    listed = ((link, reading.tasks[each]) for each, link in known.items() if each in reading.tasks)
    return [
        task.task_id
        for link, task in listed
        if (task.etag != link.task_etag or task.bucket_id is None or task.bucket_id in lost)
        and not is_behind(task.etag, link, now)
    ]


def is_behind(etag: str, link: KnownTask, now: datetime) -> bool:
    """Whether a list shows a task as it was before the newest version that Planner has answered with lately."""
    if link.newest_etag is None or link.newest_at is None or now - link.newest_at > LIST_MAY_LAG:
        return False
    return is_older(etag, link.newest_etag)
