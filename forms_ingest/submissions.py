"""What a valid submission of each kind of form is, and the request that it makes of tasking.

A raised task is never refused for a fault: what could not be understood goes to Triage with the faults on it. The
other two kinds change a task that exists, so they are refused, with everything there is to mend, or done wholly.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, ValidationInfo

from forms_ingest.due import DAYS_AHEAD, END_OF_DAY, due_at
from forms_ingest.form_mapping import Answers
from forms_ingest.questions import Value
from tasking.force import TRIAGE, Force
from tasking.references import full_reference, kinds_in_words, read_references
from tasking.requests import ReassessRequest, ReturnRequest, TaskRequest
from tasking.strategy import ControlStrategy
from tasking.task import Classification, EvidenceLink, ExternalReference, TaskText
from tasking.thrive import (
    FLAG_FLOORS,
    HIGHEST_LEVEL,
    Alignment,
    AssessmentSource,
    Confidence,
    RiskContext,
    ThriveAssessment,
)

LONGEST_TITLE = 120
LONGEST_TEXT = 4000
TITLE_FROM_WHY = 60
MOST_REPEATS = 999
LAST_LINE = "Record what happened before closing"

M = TypeVar("M", bound=BaseModel)
R = TypeVar("R", bound="AboutTask")


class Impossible(Exception):
    """Nothing can be made of the response. `faults` are sentences for the person who submitted it."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        self.faults = faults
        super().__init__(" ".join(faults))


@dataclass(frozen=True, slots=True)
class Submitted:
    """What is known of a response besides its answers. `submitted_at` is UTC; dates are meant in `time_zone`."""

    form: str
    response_id: str
    reference: str
    responder: str
    submitted_at: datetime
    time_zone: str = "Europe/London"


def _known_pillar(code: str, info: ValidationInfo) -> str:
    pillar = _force(info).pillars.get(code)
    if pillar is None or pillar.retired:
        raise ValueError("is not a pillar that the force uses; move the task to the right bucket.")
    if code == TRIAGE:
        raise ValueError("was left open by the person who submitted; move the task to the right bucket.")
    return code


def _known_unit(code: str, info: ValidationInfo) -> str:
    if code not in _force(info).units:
        raise ValueError("is not a unit that the force has; say which unit the task is for.")
    return code


def _known_flags(flags: tuple[str, ...]) -> tuple[str, ...]:
    if not set(flags) <= set(FLAG_FLOORS):
        raise ValueError("holds a flag that the scoring rules do not have; assess the risk again.")
    return flags


def _force(info: ValidationInfo) -> Force:
    assert isinstance(info.context, Force)
    return info.context


Level4 = Annotated[int, Field(strict=True, ge=0, le=4)] | None
Level2 = Annotated[int, Field(strict=True, ge=0, le=2)] | None


class Submission(BaseModel):
    """Base: fields by the names of the form vocabulary. What the form does not ask keeps its default."""

    model_config = ConfigDict(frozen=True, extra="ignore", arbitrary_types_allowed=True)


class Assessed(Submission):
    """A THRIVE assessment with what the score takes besides. A level is None where it was not answered."""

    threat: Level4 = None
    harm: Level4 = None
    risk: Level4 = None
    investigation: Level2 = None
    vulnerability: Level4 = None
    engagement: Level2 = None
    flags: Annotated[tuple[str, ...], AfterValidator(_known_flags)] = ()
    alignment: Alignment = Alignment.NONE
    repeats_28d: Annotated[int, Field(strict=True, ge=0, le=MOST_REPEATS)] = 0
    confidence: Confidence | None = None
    assessment_source: AssessmentSource | None = None

    def assessment(self) -> ThriveAssessment:
        """The six levels as the domain takes them."""
        return ThriveAssessment(**{name: getattr(self, name) for name in HIGHEST_LEVEL})

    def context(self) -> RiskContext:
        """Alignment, repeats and flags as the domain takes them."""
        return RiskContext(self.alignment, self.repeats_28d, frozenset(self.flags))


class RaiseSubmission(Assessed):
    """A task asked for. Defaults stand for what was not answered, so that one fault never hides another."""

    title: str = ""
    pillar: Annotated[str, AfterValidator(_known_pillar)] = TRIAGE
    unit: Annotated[str | None, AfterValidator(_known_unit)] = None
    place: str = ""
    why_now: str = ""
    wanted: str = ""
    ask: str = ""
    tactic: str = ""
    good_looks_like: str = ""
    constraints: str = ""
    needed_by: Literal["TODAY", "TOMORROW", "WEEK", "DATE"] | None = None
    needed_by_date: date | None = None
    external_reference: str = ""
    control_priority: str = ""
    nim_level: Literal[1, 2, 3] | None = None
    intelligence_gap: str = ""
    handling: Classification | None = None
    evidence: tuple[EvidenceLink, ...] = ()


class AboutTask(Submission):
    """What names a task that exists."""

    reference: str = ""


class ReassessSubmission(AboutTask, Assessed):
    """A repeat of THRIVE for the task with this reference, and why."""

    reason: str = ""


class ReturnSubmission(AboutTask):
    """A higher level gives a task back."""

    reason: str = ""
    conditions: str = ""
    residual_risk: str = ""
    receiver: str = ""
    review_by: date | None = None


MODELS: Mapping[str, type[Submission]] = {
    "raise": RaiseSubmission,
    "reassess": ReassessSubmission,
    "return": ReturnSubmission,
}

NEEDED: Mapping[str, tuple[str, ...]] = {
    "raise": ("title", "pillar", "unit", "why_now", *HIGHEST_LEVEL),
    "reassess": ("reference", "reason", *HIGHEST_LEVEL),
    "return": ("reference", "reason", "conditions", "residual_risk", "receiver"),
}
"""Fields that a form of each kind has to ask for."""

WANTED_WORDS = {
    "ADVICE": "Advice is wanted.",
    "RESOURCES": "More people or equipment are wanted.",
    "DECISION": "A decision above this level is wanted.",
    "INFORMATION": "For information.",
}
"""What is wanted, as the ask says it. Doing it locally is what a task means anyway."""

STOP_FIELDS = ("live_risk", "covert")
"""Fields of the stop-questions, which any kind of form may ask; their answers go no further."""


def to_raise(
    force: Force, submitted: Submitted, answers: Answers, strategy: ControlStrategy | None = None
) -> TaskRequest:
    """The task that a response to a raise form asks for, with every fault. Raises Impossible where it says nothing.

    `strategy` is the control strategy in force, whose priority says the level of the model where the form does not.
    """
    values = dict(answers.values)
    faults = [*_unanswered(answers, but=HIGHEST_LEVEL), *answers.faults, *_shorten(values, answers)]
    valid, found = _valid(RaiseSubmission, values, answers, force)
    faults += found
    if not valid.title.strip() and not valid.why_now.strip():
        raise Impossible((*faults, "Say what needs doing, or why now: without either no task can be made."))
    title, whole_title = _title(valid, answers, faults)
    unit = valid.unit or force.triage_unit
    priority = strategy.priority(valid.control_priority) if strategy else None
    references, not_understood = _references(valid, force, answers, faults)
    return TaskRequest(
        reference=submitted.reference,
        title=f"{force.units[unit].name}: {title}",
        unit=unit,
        pillar=valid.pillar,
        text=TaskText(
            ask=_ask(valid, whole_title, not_understood),
            why_now=valid.why_now,
            place=valid.place,
            good_looks_like=valid.good_looks_like,
            constraints=valid.constraints,
        ),
        wanted=valid.wanted,
        assessment=valid.assessment(),
        context=valid.context(),
        form=submitted.form,
        response_id=submitted.response_id,
        submitted_by=submitted.responder,
        submitted_at=submitted.submitted_at,
        needed_by=_needed_by(valid, submitted, answers, faults),
        checklist=(*([valid.tactic] if valid.tactic else []), LAST_LINE),
        links=valid.evidence,
        faults=tuple(faults),
        control_priority=priority.code if priority else "",
        control_version=strategy.version if strategy and priority else None,
        nim_level=valid.nim_level or (priority.nim_level if priority else None),
        intelligence_gap=_gap(valid, strategy),
        confidence=valid.confidence,
        source=valid.assessment_source,
        classification=_handling(valid, answers),
        external_references=references,
    )


def to_reassess(force: Force, submitted: Submitted, answers: Answers) -> ReassessRequest:
    """The repeat of THRIVE that a response asks for. Raises Impossible with everything there is to mend."""
    valid, reference = _whole(ReassessSubmission, force, answers)
    return ReassessRequest(
        reference=reference,
        assessment=valid.assessment(),
        context=valid.context(),
        submitted_by=submitted.responder,
        submitted_at=submitted.submitted_at,
        reason=valid.reason,
        confidence=valid.confidence,
        source=valid.assessment_source,
    )


def to_return(force: Force, submitted: Submitted, answers: Answers) -> ReturnRequest:
    """The return that a response asks for. Raises Impossible with everything there is to mend."""
    valid, reference = _whole(ReturnSubmission, force, answers)
    review = f"To be reviewed by {in_words(valid.review_by)}." if valid.review_by else ""
    return ReturnRequest(
        reference=reference,
        reason=valid.reason,
        conditions="\n".join(part for part in (valid.conditions, review) if part),
        residual_risk=valid.residual_risk,
        receiver=valid.receiver,
        submitted_by=submitted.responder,
        submitted_at=submitted.submitted_at,
        review_at=_end_of(valid.review_by, submitted) if valid.review_by else None,
    )


def _end_of(day: date, submitted: Submitted) -> datetime:
    return datetime.combine(day, END_OF_DAY, ZoneInfo(submitted.time_zone)).astimezone(UTC)


def in_words(day: date) -> str:
    """A date as people read it: 4 December 2026."""
    return f"{day.day} {day:%B %Y}"


def _gap(valid: RaiseSubmission, strategy: ControlStrategy | None) -> str:
    """The intelligence gap that it meets, where the strategy in force has it."""
    return valid.intelligence_gap if strategy and valid.intelligence_gap in strategy.gap_codes else ""


def _needed_by(valid: RaiseSubmission, submitted: Submitted, answers: Answers, faults: list[str]) -> datetime | None:
    zone = ZoneInfo(submitted.time_zone)
    if valid.needed_by is not None and valid.needed_by in DAYS_AHEAD:
        return due_at(DAYS_AHEAD[valid.needed_by], submitted.submitted_at, zone)
    if valid.needed_by is None or valid.needed_by_date is None:
        return None
    days = (valid.needed_by_date - submitted.submitted_at.astimezone(zone).date()).days
    if days < 0:
        faults.append(f"'{_title_of('needed_by_date', answers)}' is in the past; the band's own due time was used.")
        return None
    return due_at(days, submitted.submitted_at, zone)


def _title(valid: RaiseSubmission, answers: Answers, faults: list[str]) -> tuple[str, str]:
    """The title, and the whole of what was written where it had to be cut."""
    if not valid.title.strip():
        return _cut(" ".join(valid.why_now.split()), TITLE_FROM_WHY), ""
    if len(valid.title) <= LONGEST_TITLE:
        return valid.title, ""
    faults.append(
        f"'{_title_of('title', answers)}' is longer than {LONGEST_TITLE} characters; the whole of it is below."
    )
    return _cut(valid.title, LONGEST_TITLE), valid.title


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _handling(valid: RaiseSubmission, answers: Answers) -> Classification:
    """The mark that was chosen. Where the answer could not be read nobody knows it, so the higher one is taken."""
    is_unknown = "handling" in answers.unreadable and valid.handling is None
    return valid.handling or (Classification.OFFICIAL_SENSITIVE if is_unknown else Classification.OFFICIAL)


def _references(
    valid: RaiseSubmission, force: Force, answers: Answers, faults: list[str]
) -> tuple[tuple[ExternalReference, ...], str]:
    """References in other systems, and what was typed where not all of it was understood: nothing of it is lost."""
    text, kinds = valid.external_reference, force.reference_kinds
    if not text or not kinds:
        return (), text
    found, is_clear = read_references(kinds, text)
    if is_clear:
        return found, ""
    title = _title_of("external_reference", answers)
    faults.append(f"'{title}' is not written as any kind that the force uses: {kinds_in_words(kinds)}.")
    return found, text


def _ask(valid: RaiseSubmission, whole_title: str, elsewhere: str) -> str:
    wanted = WANTED_WORDS.get(valid.wanted, "")
    reference = f"Reference elsewhere: {elsewhere}" if elsewhere else ""
    return "\n".join(part for part in (whole_title, wanted, valid.ask, reference) if part)


def _shorten(values: dict[str, Value], answers: Answers) -> list[str]:
    """Cuts texts that are too long for a board in place; a sentence for each. The response itself is kept whole."""
    faults = []
    for name, value in values.items():
        if isinstance(value, str) and len(value) > LONGEST_TEXT:
            values[name] = _cut(value, LONGEST_TEXT)
            faults.append(f"'{_title_of(name, answers)}' is longer than {LONGEST_TEXT} characters and was cut.")
    return faults


def _whole(model: type[R], force: Force, answers: Answers) -> tuple[R, str]:
    """The submission and the task's reference; Impossible with every fault where anything at all is wrong."""
    valid, found = _valid(model, answers.values, answers, force)
    faults = [*_unanswered(answers), *answers.faults, *found]
    reference = full_reference(valid.reference, force)
    if valid.reference and reference is None:
        faults.append(f"'{_title_of('reference', answers)}' must be a reference like {force.reference_prefix}-2418.")
    if faults or reference is None:
        raise Impossible(tuple(faults) or ("The response names no task.",))
    return valid, reference


def _unanswered(answers: Answers, but: Collection[str] = ()) -> list[str]:
    return [f"'{answers.titles[name]}' was not answered." for name in answers.unanswered if name not in but]


def _valid(model: type[M], values: Mapping[str, Value], answers: Answers, force: Force) -> tuple[M, list[str]]:
    """The submission, with the fields that are not valid left at their defaults, and a sentence for each of those."""
    try:
        return model.model_validate(values, context=force), []
    except ValidationError as error:
        faults: dict[str, str] = {}
        for each in error.errors(include_url=False, include_input=False):
            name = str(each["loc"][0])
            wrong = SENTENCES.get(each["type"], _unfit)(each.get("ctx") or {})
            faults.setdefault(name, f"'{_title_of(name, answers)}' {wrong}")
    rest = {name: value for name, value in values.items() if name not in faults}
    return model.model_validate(rest, context=force), list(faults.values())


def _unfit(context: Mapping[str, Any]) -> str:
    return "has an answer of the wrong kind."


SENTENCES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "value_error": lambda context: str(context["error"]),
    "greater_than_equal": lambda context: f"must be {context['ge']} or more.",
    "less_than_equal": lambda context: f"must be {context['le']} or less.",
    "int_type": lambda context: "must be a whole number.",
}


def _title_of(name: str, answers: Answers) -> str:
    return answers.titles.get(name, name)
