"""What every shape of a pack says of it: the first look, and the words in each cell of a task's row."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reporting.pack_parts import PARTNERS, Change, LeftOut, Pack, PackDecision, PackItem, PackSection
from reporting.wording import OPEN_IT_THERE, owner_words, short_time
from tasking.rag import Rag

COLUMNS = ("Task", "Risk and state", "Why it is here", "Asked and needed")
"""Headings of a table of tasks."""
NOTHING = "Nothing to report."
STAGES = ("Review", "Prioritise", "Plan", "Task")
"""The stages of a meeting that has them, as packs head them."""
PART_TITLES = {PARTNERS: "Part 1: with partners", "police": "Part 2: police only"}
"""Headings of the parts, where a meeting has a part with partners."""
Url = Callable[[PackItem], str | None]
"""Gives the address at which a task can be opened, None where there is none."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of the first look, and what it counts."""

    number: int
    words: str


def first_look(pack: Pack) -> tuple[Figure, ...]:
    """What a chair wants to know first: how much needs a decision, is immediate, late, unowned, left out."""
    items = pack.items
    for_decision = {item.reference for section in pack.sections for item in section.items if item.is_for_decision}
    figures = (
        Figure(len(for_decision), "to decide"),
        Figure(sum(item.band == "IMMEDIATE" for item in items), "Immediate"),
        Figure(sum(item.rag == Rag.RED for item in items), "late"),
        Figure(sum(not item.is_owned for item in items), "without an owner"),
        Figure(len(items), "tasks in this pack"),
        Figure(pack.not_shown, "more, not shown"),
    )
    return tuple(figure for figure in figures if figure.number or figure.words == "tasks in this pack")


def has_parts(pack: Pack) -> bool:
    """Whether the meeting has a part with partners and one without."""
    return len({section.part for section in pack.sections}) > 1


def heading_of(item: PackItem) -> str:
    """What stands beside its reference: the title, or where to open what is restricted."""
    return OPEN_IT_THERE if item.is_restricted else item.title


def place_words(item: PackItem) -> str:
    """Its unit, the higher unit that has it, and its pillar."""
    above = f", now with {item.stands_with}" if item.stands_with != item.unit_name else ""
    return f"{item.unit_name}{above}{f' · {item.pillar_name}' if item.pillar_name else ''}"


def state_lines(item: PackItem) -> tuple[tuple[str, str], ...]:
    """Risk, RAG, owner, actions and due time, each with its name."""
    done = f"{item.actions_done} of {item.actions_all} done" if item.actions_all else "none listed"
    return (
        ("Risk", item.band_words),
        ("State", f"{item.rag.capitalize()}. {item.rag_words}"),
        ("Owner", owner_words(item.is_owned)),
        ("Actions", done),
        ("Due", short_time(item.due_at) or "no due time"),
    )


def asked_lines(item: PackItem) -> tuple[tuple[str, str], ...]:
    """What is asked, what was tried, what the meeting has to do about it and by when, and its references in other
    systems."""
    by = f" by {short_time(item.decide_by)}" if item.decide_by else ""
    elsewhere = ", ".join(item.external_references)
    lines = (
        ("Asked", item.asked),
        ("Tried so far", item.tried),
        (f"Needed{by}", item.needed),
        ("Elsewhere", elsewhere),
    )
    return tuple((name, words) for name, words in lines if words)


def decided_by(decision: PackDecision) -> str:
    """By which role, when and where; and when it was written down, where that was another time."""
    where = f", at {decision.meeting_ref}" if decision.meeting_ref else ", between meetings"
    decided, recorded = short_time(decision.decided_at), short_time(decision.recorded_at)
    late = f"; written down {recorded}" if recorded not in ("", decided) else ""
    return f"{decision.role or 'By the form'}, {decided}{where}{late}"


def references(changes: Sequence[Change]) -> str:
    """The references of these changes in one line."""
    return ", ".join(change.reference for change in changes)


def further_words(pack: Pack) -> str:
    """How many tasks a daily pack leaves out, by band."""
    bands: dict[str, int] = {}
    for each in pack.further:
        name = each.band.capitalize() or "Not assessed"
        bands[name] = bands.get(name, 0) + 1
    return ", ".join(f"{number} {name}" for name, number in bands.items())


def stage_before(pack: Pack, number: int) -> str:
    """The heading of the stage that begins with this point, counted from 1; empty where none does."""
    here = pack.sections[number - 1]
    before = pack.sections[number - 2] if number > 1 else None
    if not here.stage or (before is not None and (before.stage, before.part) == (here.stage, here.part)):
        return ""
    return (
        f"Stage {STAGES.index(here.stage) + 1} of {len(STAGES)}: {here.stage}" if here.stage in STAGES else here.stage
    )


def left_out_lines(pack: Pack) -> tuple[str, ...]:
    """What was left out by hand, each with its tasks, the reason, who did it and when."""
    return tuple(_left_out_line(each) for each in pack.left_out)


def _left_out_line(each: LeftOut) -> str:
    tasks = f" ({', '.join(each.tasks)})" if each.tasks else ""
    return f"{each.title or each.reference}{tasks}: {each.because} ({each.by}, {short_time(each.at)})"


def numbered(pack: Pack) -> Sequence[tuple[int, PackSection]]:
    """The points of the agenda with their numbers."""
    return tuple(enumerate(pack.sections, 1))
