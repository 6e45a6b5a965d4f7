"""A task's scores in the order they were made, in words: time, score, band, by which rules, how sure, and why."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter

from reporting.wording import time_words
from tasking.thrive import AssessedRisk, AssessmentSource, Confidence

OCCASIONS: Mapping[str, str] = {
    "INITIAL": "First assessment",
    "RE_THRIVE": "Assessed again",
    "REVIEW": "Second assessor",
}
CONFIDENCE_WORDS: Mapping[Confidence, str] = {
    Confidence.HIGH: "high confidence",
    Confidence.MEDIUM: "medium confidence",
    Confidence.LOW: "LOW confidence",
}
SOURCE_WORDS: Mapping[AssessmentSource, str] = {
    AssessmentSource.INCIDENT: "from a call or report",
    AssessmentSource.OFFICER: "from what an officer saw",
    AssessmentSource.INTELLIGENCE: "from an intelligence assessment",
    AssessmentSource.ANALYST: "from an analyst's work",
    AssessmentSource.PARTNER: "from a partner agency",
    AssessmentSource.COMMUNITY: "from people in the community",
}
NOT_SAID = "not said how sure"
_RISK: TypeAdapter[AssessedRisk] = TypeAdapter(AssessedRisk)


@dataclass(frozen=True, slots=True)
class ScoreEntry:
    """One score. `at` is UTC; `score` and `band` are None where a level was not answered; `change` is the step from
    the score before, None without one. `rules` is the version of the scoring rules, with the floors that lifted it."""

    assessment_id: str
    at: datetime
    occasion: str
    score: int | None
    change: int | None
    band: str | None
    rules: str
    confidence: str
    source: str
    assessed_by: str
    reason: str


def entries_of(history: Sequence[AssessedRisk], instead: str | None = None) -> tuple[ScoreEntry, ...]:
    """The scores of one task, oldest first, as its assessments are given. `instead` stands where reasons are hidden."""
    found: list[ScoreEntry] = []
    last: int | None = None
    for risk in history:
        score = risk.result.score if risk.result else None
        change = score - last if score is not None and last is not None else None
        entry = _entry(risk, score, change)
        found.append(replace(entry, reason=instead) if instead and entry.reason else entry)
        last = last if score is None else score
    return tuple(found)


def curve(entries: Sequence[ScoreEntry]) -> str:
    """How the score went, in one line: `31, up to 62, down to 45`. Empty where there is no score."""
    words = {1: "up to", -1: "down to", 0: "still"}
    steps = [
        f"{words[(each.change > 0) - (each.change < 0)]} {each.score}" if each.change is not None else str(each.score)
        for each in entries
        if each.score is not None
    ]
    return ", ".join(steps)


def score_words(entry: ScoreEntry) -> str:
    """Score and band of one entry, with the step: `62 of 100 (+31), PRIORITY`."""
    if entry.score is None:
        return "not scored: a question was not answered"
    step = f" ({entry.change:+})" if entry.change else ""
    return f"{entry.score} of 100{step}, {entry.band}"


def score_lines(documents: Iterable[Mapping[str, Any]]) -> list[str]:
    """Every score as lines to be read, from assessments as they are kept, oldest first; nothing of none."""
    entries = entries_of([_RISK.validate_python(document) for document in documents])
    if not entries:
        return []
    lines = [f"Scores so far: {curve(entries) or 'none'}."]
    for number, each in enumerate(entries, 1):
        when = time_words(each.at)
        lines += [
            "",
            f"{number}. {each.occasion}, {when} London time ({each.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC)",
            f"   Score: {score_words(each)}, by rules {each.rules or 'of no score'}",
            f"   Sure: {each.confidence}{f', {each.source}' if each.source else ''}",
            f"   Scored by: {each.assessed_by or 'not kept'}",
            f"   Why: {each.reason or 'the first assessment needs no reason'}",
        ]
    return lines


def history_json(reference: str, entries: Sequence[ScoreEntry]) -> dict[str, Any]:
    """The history for another program."""
    scores: list[Any] = TypeAdapter(tuple[ScoreEntry, ...]).dump_python(tuple(entries), mode="json")
    return {"task": reference, "curve": curve(entries), "scores": scores}


def _entry(risk: AssessedRisk, score: int | None, change: int | None) -> ScoreEntry:
    result = risk.result
    floors = f", lifted by {', '.join(result.floors)}" if result and result.floors else ""
    return ScoreEntry(
        assessment_id=risk.assessment_id,
        at=risk.assessed_at,
        occasion=OCCASIONS.get(risk.trigger, risk.trigger),
        score=score,
        change=change,
        band=result.band.value if result else None,
        rules=f"{result.version}{floors}" if result else "",
        confidence=CONFIDENCE_WORDS[risk.confidence] if risk.confidence else NOT_SAID,
        source=SOURCE_WORDS[risk.source] if risk.source else "",
        assessed_by=risk.assessed_by,
        reason=risk.reason,
    )
