"""Second scores: where they are awaited, and who may no longer give a blind one because they have seen the first.

Where config says blind, nobody gives one who has looked at the task's scores by command, or at the task in the tab,
whose page shows them. The brief of a second assessor (`tasking thrive brief`, the tab's own page for it) shows neither
score nor answers and does not count.
"""

from collections.abc import Mapping

from sqlalchemy import Connection, and_, or_, select

from store import quality
from store.quality_tables import qa_samples
from store.tables import audit_log
from store.tasks import read_assessments
from tasking.audit import BRIEF_SEEN, FROM_TAB, SCORES_SEEN
from tasking.errors import RuleBroken
from tasking.force import Force
from tasking.quality import Drawn
from tasking.task import Task


def check_blind(connection: Connection, force: Force, task: Task, person: str) -> None:
    """Raises RuleBroken where a second score has to be blind and this person has seen the score that stands.

    What was looked at before that score was made does not count.
    """
    scored = read_assessments(connection, task.task_id)
    if not force.quality.blind_second_score or not scored:
        return
    in_tab = and_(audit_log.c.source == FROM_TAB, audit_log.c.action != BRIEF_SEEN)
    looks = select(audit_log.c.actor).where(
        audit_log.c.object_ref == task.reference,
        or_(audit_log.c.action == SCORES_SEEN, in_tab),
        audit_log.c.at >= scored[-1].assessed_at,
    )
    if person.casefold() in {actor.casefold() for actor in connection.execute(looks).scalars()}:
        raise RuleBroken(
            f"You have seen the score of {task.reference}: a second score here is blind, by somebody else."
        )


def drawn_unchecked(connection: Connection) -> tuple[str, Mapping[str, Drawn]]:
    """The newest sample's cycle, and what was drawn in it and nobody has found anything of yet, by task id."""
    newest = select(qa_samples.c.cycle).order_by(qa_samples.c.drawn_at.desc()).limit(1)
    cycle = connection.execute(newest).scalar()
    sample = quality.sample_of(connection, cycle) if cycle else None
    if cycle is None or sample is None:
        return "", {}
    found = {outcome.task_id for outcome in quality.outcomes_of(connection, cycle)}
    return cycle, {each.task_id: each for each in sample.drawn if each.task_id not in found}
