"""Pure: what a task says where board and record had both changed a thing: both values, and which of them stands."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from tasking.clocks import LONDON
from tasking.force import Force

PRIORITY_WORDS = {1: "Urgent", 3: "Important", 5: "Medium", 9: "Low"}


def subject(field: str) -> str:
    """The subject of the remark about this field."""
    return f"conflict: {field}"


def sentence(field: str, ours: Any, theirs: Any, unit: str, force: Force) -> str:
    """One sentence for a field of BoardState: what was on the record, what the board `unit` shows and now stands.

    People are not named: who owned it is in the task's history.
    """
    name = FIELD_WORDS[field]
    where = f"the board of {force.board_name(unit)}"
    if field == "owner_ids":
        return f"{name} was changed in two places at once; what {where} shows stands."
    say = WORDS_FOR.get(field, str)
    before, now = (_pillar(value, force) if field == "pillar" else say(value) for value in (ours, theirs))
    return f"{name} was changed in two places at once; {now} from {where} stands, {before} gave way."


def without_words(about: str, text: str) -> str:
    """A remark as boards may show it of a restricted task: the titles that people gave are on the record."""
    return "The title was changed in two places at once; both are on the record." if about == subject("title") else text


def _pillar(code: str, force: Force) -> str:
    return force.pillars[code].label if code in force.pillars else code


def _day(at: datetime | None) -> str:
    if at is None:
        return "no date"
    local = at.astimezone(LONDON)
    return f"{local.day} {local:%B %Y}"


def _title(words: str) -> str:
    return f'"{words}"'


FIELD_WORDS: Mapping[str, str] = {
    "title": "The title",
    "owner_ids": "The owner",
    "progress": "Progress",
    "pillar": "The pillar",
    "start_at": "The start date",
    "due_at": "The due date",
    "priority": "The priority",
}
WORDS_FOR: Mapping[str, Callable[[Any], str]] = {
    "title": _title,
    "progress": lambda percent: f"{percent} %",
    "start_at": _day,
    "due_at": _day,
    "priority": lambda number: PRIORITY_WORDS.get(number, str(number)),
}
