"""A second assessor scores blind where config says so: not after having looked at the scores by command,
nor at the task in the tab, which shows them."""

from sqlalchemy import Connection, or_, select

from store.tables import audit_log
from store.tasks import read_assessments
from tasking.errors import RuleBroken
from tasking.force import Force
from tasking.task import Task
from web.tab import SOURCE as TAB

SCORES_SEEN = "scores consulted"
"""How the audit log says that somebody looked at a task's scores by command."""


def check_blind(connection: Connection, force: Force, task: Task, person: str) -> None:
    """Raises RuleBroken where a second score has to be blind and this person has seen the score that stands.

    What was looked at before that score was made does not count.
    """
    scored = read_assessments(connection, task.task_id)
    if not force.quality.blind_second_score or not scored:
        return
    looks = select(audit_log.c.actor).where(
        audit_log.c.object_ref == task.reference,
        or_(audit_log.c.action == SCORES_SEEN, audit_log.c.source == TAB),
        audit_log.c.at >= scored[-1].assessed_at,
    )
    if person.casefold() in {actor.casefold() for actor in connection.execute(looks).scalars()}:
        raise RuleBroken(
            f"You have seen the score of {task.reference}: a second score here is blind, by somebody else."
        )
