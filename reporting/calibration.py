"""How well scores are calibrated: of the sample of a cycle, how many were agreed, too high or too low, by band."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from store import quality
from store.tasks import read_assessed_since
from tasking.quality import Drawn, Sample, Verdict
from tasking.thrive import PriorityBand

UNCHECKED = "unchecked"


@dataclass(frozen=True, slots=True)
class CalibrationRow:
    """One band's part of the sample. `counts` has a number for each verdict, and for what is still unchecked."""

    band: PriorityBand
    drawn: int
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class Calibration:
    """The sample with what was found: the newest outcome of each task, None where nobody has checked it yet."""

    sample: Sample
    found: tuple[tuple[Drawn, quality.Outcome | None], ...]
    rows: tuple[CalibrationRow, ...]


def candidates(connection: Connection, since: datetime, until: datetime) -> list[Drawn]:
    """Every task scored from `since` to before `until` (UTC), by its last whole score in that time."""
    found = []
    for task, history in read_assessed_since(connection, since):
        within = [each for each in history if each.result and since <= each.assessed_at < until]
        if within and (result := within[-1].result):
            ids = (task.task_id, task.reference, task.unit, within[-1].assessment_id, within[-1].assessed_by)
            found.append(Drawn(*ids, result.score, result.band))
    return found


def calibration(connection: Connection, cycle: str) -> Calibration | None:
    """What the sample of this cycle shows; None where none was drawn."""
    sample = quality.sample_of(connection, cycle)
    if sample is None:
        return None
    newest = {outcome.task_id: outcome for outcome in quality.outcomes_of(connection, cycle)}
    found = tuple((drawn, newest.get(drawn.task_id)) for drawn in sample.drawn)
    rows = []
    for band in PriorityBand:
        verdicts = [outcome.verdict.value if outcome else UNCHECKED for drawn, outcome in found if drawn.band is band]
        counts = Counter(verdicts)
        rows.append(CalibrationRow(band, len(verdicts), {name: counts[name] for name in (*Verdict, UNCHECKED)}))
    return Calibration(sample, found, tuple(rows))


def calibration_json(found: Calibration) -> dict[str, Any]:
    """The table and the sample for another program; without what people wrote."""
    sample = found.sample
    return {
        "cycle": sample.cycle,
        "seed": sample.seed,
        "drawn_from": {"high": sample.of_high, "standard": sample.of_standard},
        "by_band": [{"band": row.band.value, "drawn": row.drawn, **_lower(row.counts)} for row in found.rows],
        "sample": [
            {
                "task": drawn.reference,
                "unit": drawn.unit,
                "score": drawn.score,
                "band": drawn.band.value,
                "found": outcome.verdict.value if outcome else None,
                "by_role": outcome.role if outcome else None,
            }
            for drawn, outcome in found.found
        ],
    }


def _lower(counts: dict[str, int]) -> dict[str, int]:
    return {name.lower(): number for name, number in counts.items()}
