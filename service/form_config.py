"""Reads config/forms/*.yaml into form definitions, held against the force's pillars and units and the field vocabulary.

Every fault of every form is reported with its file and line before the service starts.
"""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from forms_ingest.due import DAYS_AHEAD
from forms_ingest.form_mapping import WORKBOOK_HEADERS, FormDefinition, FormKind
from forms_ingest.questions import CONTROL_STRATEGY, INTELLIGENCE_GAPS, Question, QuestionType, ShowIf, folded
from forms_ingest.submissions import MODELS, NEEDED, STOP_FIELDS
from service.config_files import ConfigError, ConfigFile, Item, did_you_mean
from service.force_config import IntakeConfig
from service.form_parts import FORM_KEYS, FormPart, QuestionPart
from tasking.force import TRIAGE, Force
from tasking.strategy import NIM_LEVELS
from tasking.task import Classification
from tasking.thrive import FLAG_FLOORS, HIGHEST_LEVEL, Alignment, AssessmentSource, Confidence

CHOICE = frozenset({QuestionType.CHOICE})
LINE = frozenset({QuestionType.TEXT})
WORDS = frozenset({QuestionType.TEXT, QuestionType.LONG_TEXT})
ANY_WORDS = WORDS | CHOICE
DATE = frozenset({QuestionType.DATE})

TYPES: Mapping[str, frozenset[QuestionType]] = {
    **dict.fromkeys((*HIGHEST_LEVEL, *STOP_FIELDS, "pillar", "unit", "alignment", "wanted", "needed_by"), CHOICE),
    **dict.fromkeys(("control_priority", "nim_level", "intelligence_gap"), CHOICE),
    **dict.fromkeys(("confidence", "assessment_source"), CHOICE),
    "handling": CHOICE,
    **dict.fromkeys(("title", "reference", "external_reference", "receiver"), LINE),
    **dict.fromkeys(("place", "why_now", "ask", "good_looks_like", "constraints"), WORDS),
    **dict.fromkeys(("reason", "conditions", "residual_risk"), WORDS),
    "tactic": ANY_WORDS,
    "flags": frozenset({QuestionType.MULTI_CHOICE}),
    "repeats_28d": frozenset({QuestionType.NUMBER}),
    "needed_by_date": DATE,
    "review_by": DATE,
    "evidence": frozenset({QuestionType.FILE}),
}
"""The kinds of question that may fill each field."""

NONE_OF_THEM = "NONE"
"""What stands for none of a list on record."""

VALUES: Mapping[str, Collection[str | int]] = {
    **{name: range(highest + 1) for name, highest in HIGHEST_LEVEL.items()},
    "flags": tuple(FLAG_FLOORS),
    "alignment": tuple(Alignment),
    "confidence": tuple(Confidence),
    "assessment_source": tuple(AssessmentSource),
    "needed_by": (*DAYS_AHEAD, "DATE"),
    "nim_level": NIM_LEVELS,
    "control_priority": (NONE_OF_THEM,),
    "intelligence_gap": (NONE_OF_THEM,),
    "handling": tuple(Classification),
}
"""What the choices of a field may stand for, where that is not the force's to choose."""

LISTS_OF = {"control_priority": CONTROL_STRATEGY, "intelligence_gap": INTELLIGENCE_GAPS}
"""Fields that choose from a list on record: nobody writes the codes into config, where they would grow old."""

COMPLETE = frozenset({*HIGHEST_LEVEL, "confidence"})
"""Fields whose question has to offer every value: with one missing, an answer could not be given truly."""


def load_forms(config_dir: Path, force: Force, intake: IntakeConfig) -> dict[str, FormDefinition]:
    """The forms of `config_dir`/forms by slug. Raises ConfigError naming every fault of every file with its line."""
    folder = config_dir / "forms"
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        raise ConfigError([f"{folder}: holds no form; there must be at least one .yaml file"])
    forms: dict[str, FormDefinition] = {}
    taken: dict[tuple[str, str], Path] = {}
    faults: list[str] = []
    for path in paths:
        try:
            form = _load(path, force, intake, taken)
            forms[form.slug] = form
        except ConfigError as error:
            faults += error.faults
    if faults:
        raise ConfigError(faults)
    return forms


def _load(path: Path, force: Force, intake: IntakeConfig, taken: dict[tuple[str, str], Path]) -> FormDefinition:
    file = ConfigFile(path)
    file.check_keys(FORM_KEYS)
    head = _head(file)
    items = file.models(("questions",), QuestionPart)
    _check_questions(file, items)
    questions = tuple(_question(file, item, items, force, intake) for item in items)
    if head is not None:
        _check_taken(file, head, taken)
        _check_fields(file, FormKind(head.kind), items)
    file.raise_faults()
    assert head is not None
    return FormDefinition(
        slug=head.slug,
        form_id=head.form_id,
        kind=FormKind(head.kind),
        title=head.title,
        description=" ".join(head.description.split()),
        schema_version=head.schema_version,
        workbook=head.workbook,
        questions=questions,
    )


def _head(file: ConfigFile) -> FormPart | None:
    """The keys above the questions. A missing or unknown one has been noted by `check_keys`, so it is not again."""
    noted = len(file.faults)
    known = {key: value for key, value in file.data.items() if key in FormPart.model_fields}
    if len(known) < len(FormPart.model_fields):
        return None
    head = file.model((), FormPart, known)
    return head if len(file.faults) == noted else None


def _check_taken(file: ConfigFile, head: FormPart, taken: dict[tuple[str, str], Path]) -> None:
    for key in ("slug", "form_id", "title", "workbook"):
        value = str(getattr(head, key))
        other = taken.setdefault((key, value.casefold()), file.path)
        if other != file.path:
            file.fault((key,), f"'{key}' is '{value}', as in {other}; every form needs its own")


def _check_questions(file: ConfigFile, items: Sequence[Item[QuestionPart]]) -> None:
    file.check_unique(items, "question key", "key", lambda each: each.key)
    file.check_unique(items, "question", "title", lambda each: folded(each.title))
    file.check_unique(items, "field", "field", lambda each: each.field)
    for item in items:
        if folded(item.value.title) in WORKBOOK_HEADERS:
            words = f"'{item.value.title}' is a column that every response workbook has; choose another title"
            file.fault((*item.loc, "title"), words)


def _check_fields(file: ConfigFile, kind: FormKind, items: Sequence[Item[QuestionPart]]) -> None:
    known = [*STOP_FIELDS, *MODELS[kind].model_fields]
    for item in items:
        field, loc = item.value.field, (*item.loc, "field")
        if field not in known:
            words = f"a form of kind {kind} has no field '{field}'{did_you_mean(field, known)}"
            file.fault(loc, f"{words} (known: {', '.join(known)})")
        elif QuestionType(item.value.type) not in TYPES[field]:
            types = " or ".join(sorted(TYPES[field]))
            file.fault((*item.loc, "type"), f"the question for '{field}' must be of type {types}")
        if field in (*NEEDED[kind], *STOP_FIELDS) and not item.value.required:
            file.fault(item.loc, f"the question for '{field}' must have 'required: true'")
        if field in NEEDED[kind] and item.value.show_if is not None:
            file.fault((*item.loc, "show_if"), f"the question for '{field}' must always be shown")
    asked = file.named(("questions",), "field")
    for field in NEEDED[kind]:
        if field not in asked:
            file.fault(("questions",), f"no question fills the field '{field}', which a form of kind {kind} needs")


def _question(
    file: ConfigFile, item: Item[QuestionPart], items: Sequence[Item[QuestionPart]], force: Force, intake: IntakeConfig
) -> Question:
    part = item.value
    choices = _choices(file, item, force)
    _check_list(file, item)
    _check_stops(file, item, choices, intake)
    return Question(
        key=part.key,
        title=part.title,
        type=QuestionType(part.type),
        field=part.field,
        required=part.required and part.choices_from not in LISTS_OF.values(),
        hint=" ".join(part.hint.split()),
        choices=choices,
        stops=dict(part.stop or {}),
        show_if=_show_if(file, item, items, force),
        offers=LISTS_OF.get(part.field, ""),
        required_with_list=part.required,
    )


def _choices(file: ConfigFile, item: Item[QuestionPart], force: Force) -> dict[str, str | int]:
    part = item.value
    is_choice = part.type in ("choice", "multi_choice")
    written = part.choices or {}
    if is_choice and not written and part.choices_from is None:
        file.fault(item.loc, "a choice question needs 'choices' or 'choices_from'")
    if not is_choice and (written or part.choices_from is not None):
        file.fault(item.loc, f"a question of type {part.type} cannot have choices")
    seen: dict[str, str] = {}
    for label in written:
        if ";" in label or label != label.strip() or label.startswith("["):
            file.fault(
                (*item.loc, "choices", label), f"the choice '{label}' must not hold ; nor start with [ or a space"
            )
        if seen.setdefault(folded(label), label) != label:
            file.fault((*item.loc, "choices", label), f"the choice '{label}' reads like '{seen[folded(label)]}'")
    _check_values(file, item, written, force)
    return {**_offered(part, force), **written}


def _check_list(file: ConfigFile, item: Item[QuestionPart]) -> None:
    """A field of the intelligence model takes its choices from the record, and no other field does."""
    field, named = item.value.field, item.value.choices_from
    wanted = LISTS_OF.get(field)
    if wanted is not None and named != wanted:
        file.fault(item.loc, f"the question for '{field}' must have 'choices_from: {wanted}'")
    if wanted is None and named in LISTS_OF.values():
        file.fault((*item.loc, "choices_from"), f"'{field}' cannot be chosen from '{named}'")


def _check_values(file: ConfigFile, item: Item[QuestionPart], written: Mapping[str, str | int], force: Force) -> None:
    field = item.value.field
    allowed = {"pillar": tuple(force.pillars), "unit": tuple(force.units), **VALUES}.get(field)
    if allowed is None:
        return
    for label, value in written.items():
        if value not in allowed or isinstance(value, int) != isinstance(next(iter(allowed)), int):
            words = f"the choice '{label}' stands for {value!r}, which '{field}' does not know"
            known = ", ".join(str(each) for each in allowed)
            file.fault(
                (*item.loc, "choices", label), f"{words}{did_you_mean(value, list(map(str, allowed)))} (known: {known})"
            )
    if field in COMPLETE and (absent := [str(each) for each in allowed if each not in written.values()]):
        file.fault(item.loc, f"the choices for '{field}' leave out {', '.join(absent)}")


def _offered(part: QuestionPart, force: Force) -> dict[str, str | int]:
    """The choices that come from force.yaml: pillars in use (Triage is not one to pick), or all units."""
    if part.choices_from == "pillars":
        in_use = (each for each in force.pillars.values() if not each.retired and each.code != TRIAGE)
        return {pillar.label: pillar.code for pillar in in_use}
    if part.choices_from == "units":
        return {unit.name: unit.code for unit in force.units.values()}
    return {}


def _check_stops(
    file: ConfigFile, item: Item[QuestionPart], choices: Mapping[str, str | int], intake: IntakeConfig
) -> None:
    for label, code in (item.value.stop or {}).items():
        if label not in choices:
            hint = did_you_mean(label, list(choices))
            file.fault(
                (*item.loc, "stop", label), f"'stop' names '{label}', which is not a choice of the question{hint}"
            )
        if code not in intake.replies:
            hint = did_you_mean(code, list(intake.replies))
            words = f"the reply '{code}' is not listed under 'replies' in force.yaml{hint}"
            file.fault((*item.loc, "stop", label), words)
    if item.value.field in STOP_FIELDS and not item.value.stop:
        file.fault(item.loc, f"the question for '{item.value.field}' needs a 'stop': the answer that ends the form")


def _show_if(
    file: ConfigFile, item: Item[QuestionPart], items: Sequence[Item[QuestionPart]], force: Force
) -> ShowIf | None:
    wanted = item.value.show_if
    if wanted is None:
        return None
    loc = (*item.loc, "show_if")
    earlier = {each.value.field: each.value for each in items[: items.index(item)]}
    if wanted.field not in earlier:
        hint = did_you_mean(wanted.field, list(earlier))
        file.fault(
            (*loc, "field"), f"'show_if' must name the field of a question above this one, not '{wanted.field}'{hint}"
        )
        return None
    other = earlier[wanted.field]
    labels = [*_offered(other, force), *(other.choices or {})]
    if wanted.answer not in labels:
        hint = did_you_mean(wanted.answer, labels)
        file.fault((*loc, "answer"), f"'{wanted.answer}' is not a choice of the question '{other.title}'{hint}")
    return ShowIf(other.key, wanted.answer)
