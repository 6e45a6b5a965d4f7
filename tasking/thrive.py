"""THRIVE, the Tasking Priority Score and its band. The score is this service's own (TPS v1), not MoRiLE.

The formula, weights, floors and band limits are those of the policing notes, section 3.5; the 25 demo tasks
are its vectors.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum

SCORE_VERSION = "TPS-1"
LOW_CONFIDENCE = "low confidence"
"""What stands beside a score whose assessor was not sure, wherever the score is shown."""


class PriorityBand(StrEnum):
    """How soon a task must be taken up. Ordered by `rank` of BANDS, IMMEDIATE first."""

    IMMEDIATE = "IMMEDIATE"
    PRIORITY = "PRIORITY"
    SCHEDULED = "SCHEDULED"
    ROUTINE = "ROUTINE"


class Alignment(StrEnum):
    """Whether a published priority covers the task."""

    NONE = "NONE"
    LOCAL_PRIORITY = "LOCAL_PRIORITY"
    CONTROL_STRATEGY = "CONTROL_STRATEGY"


class Confidence(StrEnum):
    """How sure an assessment is. It stands beside the score and never changes it (policing notes, section 3.5)."""

    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"


class AssessmentSource(StrEnum):
    """Where the facts of an assessment come from."""

    INCIDENT = "INCIDENT"
    OFFICER = "OFFICER"
    INTELLIGENCE = "INTELLIGENCE"
    ANALYST = "ANALYST"
    PARTNER = "PARTNER"
    COMMUNITY = "COMMUNITY"


@dataclass(frozen=True, slots=True)
class BandRules:
    """What a band demands. Times count from the moment the task was raised, `default_due` as elapsed time.

    With `in_working_days` the time to accept and to act counts on working days only, else day and night. The owner
    says how it stands every `update_every`.
    """

    rank: int
    least_score: int
    accept_within: timedelta
    first_action_within: timedelta
    default_due: timedelta
    planner_priority: int
    in_working_days: bool
    update_every: timedelta


HOUR, DAY = timedelta(hours=1), timedelta(days=1)

BANDS: Mapping[PriorityBand, BandRules] = {
    PriorityBand.IMMEDIATE: BandRules(3, 70, HOUR, 4 * HOUR, 24 * HOUR, 1, False, 4 * HOUR),
    PriorityBand.PRIORITY: BandRules(2, 45, 4 * HOUR, 24 * HOUR, 72 * HOUR, 3, False, DAY),
    PriorityBand.SCHEDULED: BandRules(1, 20, 24 * HOUR, 7 * DAY, 14 * DAY, 5, True, 7 * DAY),
    PriorityBand.ROUTINE: BandRules(0, 0, 72 * HOUR, 14 * DAY, 28 * DAY, 9, True, 14 * DAY),
}

HIGHEST_LEVEL: Mapping[str, int] = {
    "threat": 4,
    "harm": 4,
    "risk": 4,
    "investigation": 2,
    "vulnerability": 4,
    "engagement": 2,
}

ALIGNMENT_POINTS: Mapping[Alignment, int] = {
    Alignment.NONE: 0,
    Alignment.LOCAL_PRIORITY: 4,
    Alignment.CONTROL_STRATEGY: 6,
}

FLAG_FLOORS: Mapping[str, PriorityBand] = {
    "MISSING_HIGH": PriorityBand.IMMEDIATE,
    "CRITICAL_INCIDENT": PriorityBand.IMMEDIATE,
    "DA_HIGH_OUTSTANDING": PriorityBand.IMMEDIATE,
    "DA_HIGH": PriorityBand.PRIORITY,
    "MISSING_MEDIUM": PriorityBand.PRIORITY,
    "CHILD_EXPLOITATION": PriorityBand.PRIORITY,
}


@dataclass(frozen=True, slots=True)
class ThriveAssessment:
    """One assessment of one task. A level is None where the question was not answered: that is never zero."""

    threat: int | None
    harm: int | None
    risk: int | None
    investigation: int | None
    vulnerability: int | None
    engagement: int | None

    def missing(self) -> tuple[str, ...]:
        """Names of the levels that were not answered, in THRIVE order."""
        return tuple(each.name for each in fields(self) if getattr(self, each.name) is None)

    def faults(self) -> tuple[str, ...]:
        """A sentence for each level outside its scale."""
        return tuple(
            f"{name.capitalize()} is {level}; the scale is 0 to {HIGHEST_LEVEL[name]}."
            for name in HIGHEST_LEVEL
            if (level := getattr(self, name)) is not None and not 0 <= level <= HIGHEST_LEVEL[name]
        )


@dataclass(frozen=True, slots=True)
class RiskContext:
    """What the score takes besides THRIVE itself. `repeats_28d` counts earlier reports in 28 days."""

    alignment: Alignment = Alignment.NONE
    repeats_28d: int = 0
    flags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PriorityScore:
    """A score with everything needed to say why: its parts, the floors that lifted it, the rules' version."""

    score: int
    band: PriorityBand
    band_before_floors: PriorityBand
    components: Mapping[str, int]
    floors: tuple[str, ...]
    version: str = SCORE_VERSION


@dataclass(frozen=True, slots=True)
class AssessedRisk:
    """An assessment as it stands on the record: append-only, the newest one counts. `assessed_at` is UTC.

    `trigger` is INITIAL, RE_THRIVE, or REVIEW by a second assessor; `reason` says why it was assessed again.
    `confidence` and `source` are None where the assessor did not say.
    """

    assessment_id: str
    assessment: ThriveAssessment
    context: RiskContext
    trigger: str
    assessed_at: datetime
    result: PriorityScore | None
    assessed_by: str = ""
    reason: str = ""
    confidence: Confidence | None = None
    source: AssessmentSource | None = None


def band_of(score: int) -> PriorityBand:
    """The band that a score falls in, before floors."""
    return max((band for band in BANDS if score >= BANDS[band].least_score), key=lambda band: BANDS[band].rank)


def score(assessment: ThriveAssessment, context: RiskContext) -> PriorityScore | None:
    """The Tasking Priority Score, 0 to 100, or None while any level is missing or outside its scale."""
    if assessment.missing() or assessment.faults():
        return None
    t, h, r = assessment.threat or 0, assessment.harm or 0, assessment.risk or 0
    components = {
        "risk": 3 * h * r,
        "threat": 4 * t,
        "vulnerability": 4 * (assessment.vulnerability or 0),
        "investigation": 2 * (assessment.investigation or 0),
        "engagement": 2 * (assessment.engagement or 0),
        "alignment": ALIGNMENT_POINTS[context.alignment],
        "repeats": 2 * min(max(context.repeats_28d, 0), 3),
    }
    total = sum(components.values())
    before = band_of(total)
    floors = {name: band for name, band in _floors(t, h, r, context.flags).items() if _higher(band, before)}
    band = max([before, *floors.values()], key=lambda each: BANDS[each].rank)
    return PriorityScore(total, band, before, components, tuple(sorted(floors)))


def _floors(t: int, h: int, r: int, flags: frozenset[str]) -> dict[str, PriorityBand]:
    found = {flag: FLAG_FLOORS[flag] for flag in flags if flag in FLAG_FLOORS}
    if h == 4 and t >= 3:
        found["HARM_4_THREAT_3"] = PriorityBand.PRIORITY
    if h == 4 and t == 4 and r >= 3:
        found["HARM_4_THREAT_4_RISK_3"] = PriorityBand.IMMEDIATE
    return found


def _higher(band: PriorityBand, than: PriorityBand) -> bool:
    return BANDS[band].rank > BANDS[than].rank
