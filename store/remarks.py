"""What the people of a task have to know about it: one sentence for each subject, shown on its boards."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, bindparam, insert, select, update

from store.tables import remarks

_OPEN = select(remarks).where(remarks.c.settled_at.is_(None)).order_by(remarks.c.remark_id)
_ON_TASK = _OPEN.where(remarks.c.task_id == bindparam("of_task"))
_ABOUT = _OPEN.where(remarks.c.subject == bindparam("about"))


@dataclass(frozen=True, slots=True)
class Remark:
    """One sentence. `subject` says what about, such as "owner"; a task has one open remark for each subject."""

    task_id: str
    subject: str
    text: str
    raised_at: datetime


def raise_remark(connection: Connection, task_id: str, subject: str, text: str, now: datetime) -> bool:
    """Puts a remark on a task. False when it says so already."""
    open_one = (remarks.c.task_id == task_id, remarks.c.subject == subject, remarks.c.settled_at.is_(None))
    said = connection.execute(select(remarks.c.text).where(*open_one)).scalar()
    if said == text:
        return False
    if said is not None:
        connection.execute(update(remarks).where(*open_one).values(settled_at=now))
    connection.execute(insert(remarks).values(task_id=task_id, subject=subject, text=text, raised_at=now))
    return True


def settle_remark(connection: Connection, task_id: str, subject: str, now: datetime) -> bool:
    """What the remark said is over. True when one was open."""
    open_one = (remarks.c.task_id == task_id, remarks.c.subject == subject, remarks.c.settled_at.is_(None))
    if connection.execute(select(remarks.c.remark_id).where(*open_one)).first() is None:
        return False
    connection.execute(update(remarks).where(*open_one).values(settled_at=now))
    return True


def remarks_on(connection: Connection, task_id: str) -> tuple[Remark, ...]:
    """The open remarks of a task, oldest first."""
    return tuple(map(_remark, connection.execute(_ON_TASK, {"of_task": task_id}).mappings()))


def open_about(connection: Connection, subject: str) -> tuple[Remark, ...]:
    """The open remarks about one subject on any task, oldest first."""
    return tuple(map(_remark, connection.execute(_ABOUT, {"about": subject}).mappings()))


def _remark(row: RowMapping) -> Remark:
    return Remark(row["task_id"], row["subject"], row["text"], row["raised_at"])
