"""Checks the stages of a meeting kind in config/force.yaml: review, prioritise, plan and task, in that order."""

from collections.abc import Mapping, Sequence

from service.config_files import ConfigFile, Item, did_you_mean
from service.force_parts import MeetingKindPart
from tasking.meetings import AgendaSection, Stage

REVIEWS = (AgendaSection.DUE_AND_OVERDUE, AgendaSection.ACTIONS_OUTSTANDING)
"""Sections that show whatever is overdue for review."""


def stages_of(part: MeetingKindPart) -> tuple[tuple[Stage, tuple[AgendaSection, ...]], ...]:
    """The stages as the domain has them; empty where the kind has none."""
    known = list(AgendaSection)
    named = {stage: part.stages.get(stage.value, []) for stage in Stage} if part.stages else {}
    return tuple(
        (stage, tuple(AgendaSection(each) for each in names if each in known)) for stage, names in named.items()
    )


def check_stages(file: ConfigFile, item: Item[MeetingKindPart]) -> None:
    """Notes what is wrong with a kind's stages: each section of the agenda is in one, in the stages' order within the
    part with partners and within the police part, and what is overdue for review has its place in the first."""
    part, loc = item.value, (*item.loc, "stages")
    if not part.stages:
        return
    _check_names(file, item)
    stage_of = {section: stage for stage in Stage for section in part.stages.get(stage.value, [])}
    for section in part.agenda:
        if section not in stage_of and section in list(AgendaSection):
            file.fault(loc, f"'{section}' is on the agenda of '{part.code}' and in no stage")
    for name, sections in _parts(part).items():
        order = [list(Stage).index(stage_of[each]) for each in sections if each in stage_of]
        if order != sorted(order):
            words = f"the agenda goes back to an earlier stage in the {name} part; the order is {', '.join(Stage)}"
            file.fault((*item.loc, "agenda"), words)
    first = [each for each in part.stages.get(Stage.REVIEW.value, []) if each not in part.partner_sections]
    if not set(first) & {each.value for each in REVIEWS}:
        words = f"{Stage.REVIEW} needs {' or '.join(REVIEWS)} in its police part, for what is overdue for review"
        file.fault(loc, words)
    if part.daily or part.most_items:
        file.fault(loc, f"'{part.code}' shows only so many tasks, so it cannot have stages: they review everything")


def _check_names(file: ConfigFile, item: Item[MeetingKindPart]) -> None:
    part, known, loc = item.value, [stage.value for stage in Stage], (*item.loc, "stages")
    for name in part.stages:
        if name not in known:
            words = f"unknown stage '{name}'{did_you_mean(name, known)} (known: {', '.join(known)})"
            file.fault((*loc, name), words)
    for name in known:
        if not part.stages.get(name):
            file.fault(loc, f"stage '{name}' is missing: it must list at least one section")
    seen: set[str] = set()
    for name, sections in part.stages.items():
        for index, section in enumerate(sections):
            if section not in part.agenda:
                file.fault((*loc, name, index), f"'{section}' is in a stage, but not on the agenda of '{part.code}'")
            elif section in seen:
                file.fault((*loc, name, index), f"'{section}' is in two stages")
            seen.add(section)


def _parts(part: MeetingKindPart) -> Mapping[str, Sequence[str]]:
    with_partners = [each for each in part.agenda if each in part.partner_sections]
    return {"partner": with_partners, "police": [each for each in part.agenda if each not in part.partner_sections]}
