"""The tasks that somebody raised or owns: open ones, and those done in the last four weeks."""

from datetime import datetime, timedelta

from pydantic import TypeAdapter
from sqlalchemy import Connection, String, cast, func, or_, select

from store.tables import tasks
from tasking.task import Task

_TASK: TypeAdapter[Task] = TypeAdapter(Task)
DONE_SHOWN = timedelta(days=28)


def tasks_of_person(connection: Connection, upn: str, user_id: str, now: datetime) -> tuple[Task, ...]:
    """The person's tasks, the newest first. `upn` is the sign-in name in small letters; `now` is UTC.

    The look is bounded by what is open or recent.
    """
    raised = func.lower(tasks.c.document["submitted_by"].as_string()) == upn
    owned = cast(tasks.c.document["owner_ids"], String).contains(f'"{user_id}"', autoescape=True)
    current = or_(tasks.c.is_open, tasks.c.completed_at >= now - DONE_SHOWN)
    query = select(tasks.c.document).where(current, or_(raised, owned)).order_by(tasks.c.raised_at.desc())
    return tuple(_TASK.validate_python(document) for document in connection.execute(query).scalars())
