"""How often risk was raised or lowered when it was looked at again, by whom, and how often people overrode the band.

Rows 117, 121 and 122 of the requirements; a force that only ever raises is risk-averse, one that only lowers may hide.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from sqlalchemy import Connection, select

from store import decisions, tasks
from store.tables import assessments
from tasking.decision import DecisionType
from tasking.thrive import BANDS, AssessedRisk, PriorityBand

RAISED, LOWERED, SAME = "raised", "lowered", "same band"


@dataclass(frozen=True, slots=True)
class Regrading:
    """Counts of a period. `again` counts re-assessments and reviews by their effect on the band, `by_kind` splits them;
    `overrides` counts a person's bands above or below the computed one."""

    assessed_again: int
    again: dict[str, int]
    by_kind: dict[str, dict[str, int]]
    overrides: dict[str, int]


def regrading(connection: Connection, since: datetime, until: datetime) -> Regrading:
    """What became of bands from `since` to before `until` (UTC)."""
    kinds: dict[str, Counter[str]] = {}
    for history in _histories(connection):
        for before, after in pairwise(history):
            if since <= after.assessed_at < until and before.result and after.result:
                kinds.setdefault(after.trigger, Counter())[_move(before.result.band, after.result.band)] += 1
    again = sum(kinds.values(), Counter())
    return Regrading(
        assessed_again=again.total(),
        again=dict(again),
        by_kind={kind: dict(counts) for kind, counts in sorted(kinds.items())},
        overrides=dict(Counter(_overrides(connection, since, until))),
    )


def _histories(connection: Connection) -> Iterable[Sequence[AssessedRisk]]:
    """The assessments of every task that was assessed more than once, oldest first."""
    rows = connection.execute(select(assessments.c.task_id).order_by(assessments.c.number)).scalars()
    repeated = [task_id for task_id, number in Counter(rows).items() if number > 1]
    return (tasks.read_assessments(connection, task_id) for task_id in repeated)


def _overrides(connection: Connection, since: datetime, until: datetime) -> Iterable[str]:
    for decision in decisions.between(connection, since, until):
        if decision.decision_type is not DecisionType.PRIORITY_OVERRIDE:
            continue
        chosen, computed = decision.given.get("band", "").upper(), decision.snapshot.facts.get("band_computed")
        if chosen and computed:
            yield _move(PriorityBand(computed), PriorityBand(chosen))


def _move(before: PriorityBand, after: PriorityBand) -> str:
    step = BANDS[after].rank - BANDS[before].rank
    return RAISED if step > 0 else LOWERED if step < 0 else SAME
