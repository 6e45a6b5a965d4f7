"""Why a task has its score and its band, in words: the parts of the score, and what lifted or changed the band."""

from collections.abc import Mapping

from tasking.task import Task
from tasking.thrive import BANDS, HIGHEST_LEVEL, AssessedRisk, PriorityScore

PART_WORDS: Mapping[str, str] = {
    "risk": "Harm times risk",
    "threat": "Threat",
    "vulnerability": "Vulnerability",
    "investigation": "Investigation",
    "engagement": "Engagement",
    "alignment": "On a published priority",
    "repeats": "Reported before in 28 days",
}
FLOOR_WORDS: Mapping[str, str] = {
    "MISSING_HIGH": "a high-risk missing person",
    "MISSING_MEDIUM": "a medium-risk missing person",
    "CRITICAL_INCIDENT": "a critical incident",
    "DA_HIGH_OUTSTANDING": "high-risk domestic abuse with the suspect outstanding",
    "DA_HIGH": "high-risk domestic abuse",
    "CHILD_EXPLOITATION": "child exploitation",
    "HARM_4_THREAT_3": "the gravest harm with a threat of 3 or more",
    "HARM_4_THREAT_4_RISK_3": "the gravest harm and threat with a risk of 3 or more",
}
TRIGGER_WORDS: Mapping[str, str] = {
    "INITIAL": "First assessment",
    "RE_THRIVE": "Assessed again on changed facts",
    "REVIEW": "Reviewed by a second assessor",
}


def level_words(risk: AssessedRisk) -> tuple[tuple[str, str], ...]:
    """Each THRIVE heading with its level out of its highest, or that it was not answered."""
    levels = ((name, getattr(risk.assessment, name), most) for name, most in HIGHEST_LEVEL.items())
    return tuple(
        (name.capitalize(), f"{level} of {most}" if level is not None else "Not answered")
        for name, level, most in levels
    )


def score_reasons(risk: AssessedRisk) -> tuple[str, ...]:
    """Sentences that add up to the score, the greatest part first, then what lifted the band."""
    if risk.result is None:
        missing = ", ".join(risk.assessment.missing()) or "a level is outside its scale"
        return (f"There is no score: {missing} was not answered.",) if risk.assessment.missing() else (f"{missing}.",)
    parts = sorted(risk.result.components.items(), key=lambda part: -part[1])
    told = [f"{PART_WORDS.get(name, name)}: {points} points." for name, points in parts if points]
    return (*told, _band_sentence(risk.result), *_lifted(risk.result))


def set_by_a_person(task: Task) -> str:
    """What a person changed about the band; empty where nobody did."""
    if task.band_override is None:
        return ""
    computed = task.band.capitalize() if task.band else "none"
    return f"A person set the band {task.band_override.capitalize()}; the computed band is {computed}."


def _band_sentence(result: PriorityScore) -> str:
    before = result.band_before_floors
    return (
        f"Together {result.score} of 100: {before.capitalize()} begins at {BANDS[before].least_score} "
        f"(rules {result.version})."
    )


def _lifted(result: PriorityScore) -> tuple[str, ...]:
    if not result.floors:
        return ()
    why = " and ".join(FLOOR_WORDS.get(floor, floor) for floor in result.floors)
    return (f"Lifted to {result.band.capitalize()} because of {why}.",)
