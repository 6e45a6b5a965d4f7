"""What work came in since a day, and what it was for: read in two queries, however much there is."""

from datetime import datetime

from sqlalchemy import Connection, select

from store.tables import assessments, tasks
from store.tasks import task_of
from tasking.task import Task
from tasking.thrive import Alignment


def raised_since(connection: Connection, since: datetime) -> list[tuple[Task, Alignment]]:
    """Tasks raised since this moment (UTC), open or not, oldest first, each with what its newest assessment says."""
    newest: dict[str, Alignment] = {}
    risks = (
        select(assessments.c.task_id, assessments.c.document["context"]["alignment"].as_string())
        .join(tasks, tasks.c.task_id == assessments.c.task_id)
        .where(tasks.c.raised_at >= since)
        .order_by(assessments.c.number)
    )
    for task_id, alignment in connection.execute(risks):
        newest[task_id] = Alignment(alignment)
    query = select(tasks).where(tasks.c.raised_at >= since).order_by(tasks.c.raised_at, tasks.c.reference)
    found = [task_of(row) for row in connection.execute(query).mappings()]
    return [(task, newest.get(task.task_id, Alignment.NONE)) for task in found]
