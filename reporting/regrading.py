"""How often risk was raised or lowered when it was looked at again, by whom, and how often people overrode the band.

Rows 117, 121 and 122 of the requirements; a force that only ever raises is risk-averse, one that only lowers may hide.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection

from store import decisions
from store.tasks import read_assessed_since
from tasking.decision import DecisionType
from tasking.thrive import BANDS, PriorityBand

RAISED, LOWERED, SAME = "raised", "lowered", "kept"
MOVES = ("Raised", "Lowered", "Kept")
"""Headings, in the order of the counts."""
OCCASIONS: Mapping[str, str] = {"REVIEW": "by a second assessor", "RE_THRIVE": "assessed again on new facts"}


@dataclass(frozen=True, slots=True)
class Regrading:
    """Counts of a period. `bands` and `scores` count re-assessments and reviews by what they did to the band and to
    the score, for each occasion; `overrides` counts a person's bands above or below the computed one."""

    bands: Mapping[str, Mapping[str, int]]
    scores: Mapping[str, Mapping[str, int]]
    overrides: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class RateRow:
    """How often one kind of look raised, lowered or kept something. `numbers` are in the order of MOVES."""

    words: str
    numbers: tuple[int, ...]

    @property
    def of(self) -> int:
        """How many there were."""
        return sum(self.numbers)

    @property
    def percents(self) -> tuple[int, ...]:
        """Each number as whole per cent of all, rounded; noughts where there were none."""
        return tuple(round(100 * number / self.of) if self.of else 0 for number in self.numbers)


def regrading(
    connection: Connection, since: datetime, until: datetime, units: Collection[str] | None = None
) -> Regrading:
    """What became of bands and scores from `since` to before `until` (UTC), of tasks of these units where given."""
    bands: dict[str, Counter[str]] = {}
    scores: dict[str, Counter[str]] = {}
    for _, history in read_assessed_since(connection, since, units):
        for before, after in pairwise(history):
            if since <= after.assessed_at < until and before.result and after.result:
                band = BANDS[after.result.band].rank - BANDS[before.result.band].rank
                bands.setdefault(after.trigger, Counter())[_move(band)] += 1
                scores.setdefault(after.trigger, Counter())[_move(after.result.score - before.result.score)] += 1
    return Regrading(bands, scores, Counter(_overrides(connection, since, until, units)))


def rows_of(found: Regrading) -> tuple[RateRow, ...]:
    """The counts as rows, those of nothing left out: bands and scores for each occasion, then bands set by a person."""
    counted = [
        (f"{what}, {words}", counts.get(occasion, {}))
        for occasion, words in OCCASIONS.items()
        for what, counts in (("Band", found.bands), ("Score", found.scores))
    ]
    counted.append(("Band, set by a person above or below the computed one", found.overrides))
    rows = [RateRow(words, tuple(counts.get(move, 0) for move in (RAISED, LOWERED, SAME))) for words, counts in counted]
    return tuple(row for row in rows if row.of)


def rates_json(found: Regrading) -> list[dict[str, Any]]:
    """The rows for another program, with counts and per cents by name."""
    return [
        {
            "what": row.words,
            "of": row.of,
            "counts": dict(zip((RAISED, LOWERED, SAME), row.numbers, strict=True)),
            "percent": dict(zip((RAISED, LOWERED, SAME), row.percents, strict=True)),
        }
        for row in rows_of(found)
    ]


def _overrides(
    connection: Connection, since: datetime, until: datetime, units: Collection[str] | None
) -> Iterable[str]:
    for decision in decisions.between(connection, since, until, sorted(units) if units is not None else None):
        if decision.decision_type is not DecisionType.PRIORITY_OVERRIDE:
            continue
        chosen, computed = decision.given.get("band", "").upper(), decision.snapshot.facts.get("band_computed")
        if chosen and computed:
            yield _move(BANDS[PriorityBand(chosen)].rank - BANDS[PriorityBand(computed)].rank)


def _move(step: int) -> str:
    return RAISED if step > 0 else LOWERED if step < 0 else SAME
