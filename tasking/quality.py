"""The sample of scores that is checked each cycle, so that risk aversion shows (policing notes, requirement 122).

Pure: the same candidates and the same seed give the same sample on any machine.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from tasking.thrive import PriorityBand

HIGH_BANDS = frozenset({PriorityBand.IMMEDIATE, PriorityBand.PRIORITY})


class Verdict(StrEnum):
    """What who checks a score finds."""

    AGREED = "AGREED"
    TOO_HIGH = "TOO_HIGH"
    TOO_LOW = "TOO_LOW"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A score that may be drawn, or was: the last whole one of its task in the cycle."""

    task_id: str
    reference: str
    unit: str
    assessment_id: str
    assessed_by: str
    score: int
    band: PriorityBand

    @property
    def is_high(self) -> bool:
        """Whether it counts among the high scores, and not among the standard ones."""
        return self.band in HIGH_BANDS


@dataclass(frozen=True, slots=True)
class Sample:
    """What was drawn of one cycle, with the seed and how many there were to draw from."""

    cycle: str
    seed: str
    of_high: int
    of_standard: int
    drawn: tuple[Drawn, ...]


def draw(cycle: str, seed: str, candidates: Iterable[Drawn], high: int, standard: int) -> Sample:
    """So many high and standard scores at most, by chance that the seed alone decides; by reference within each."""
    there = tuple(candidates)
    groups = [each for each in there if each.is_high], [each for each in there if not each.is_high]
    picked = [
        sorted(sorted(group, key=lambda each: _ticket(seed, each))[:most], key=lambda each: each.reference)
        for group, most in zip(groups, (high, standard), strict=True)
    ]
    return Sample(cycle, seed, len(groups[0]), len(groups[1]), (*picked[0], *picked[1]))


def _ticket(seed: str, candidate: Drawn) -> str:
    return hashlib.sha256(f"{seed}:{candidate.assessment_id}".encode()).hexdigest()
