"""One question of a form, and how its answer is read: text, choice, date, number or files, from either encoding.

Formats: the facts digest, sections 2.2 (flow) and 2.3 (workbook). A fault never repeats what a person wrote.
"""

import dataclasses
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from urllib.parse import unquote, urlsplit

from tasking.task import EvidenceLink

EXCEL_DAY_ZERO = date(1899, 12, 30)
LATEST_EXCEL_DAY = 2_958_465
FIRST_YEAR, LAST_YEAR = 2000, 2100
"""Years that a date in a response may lie in: what is outside is a slip of the keyboard, and no due time follows it."""

CONTROL_STRATEGY, INTELLIGENCE_GAPS = "control_strategy", "intelligence_gaps"
"""Lists on record that a question may offer."""

_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}:\d{2}(\.\d+)?)?$", re.ASCII)
_NO_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters but tab and line end, and halves of surrogate pairs."""
_NUMBER = re.compile(r"^[+-]?\d{1,12}(\.\d{1,6})?$", re.ASCII)

Value = str | int | float | date | tuple[str, ...] | tuple[EvidenceLink, ...]


class QuestionType(StrEnum):
    """The kinds of question that are read. Ranking, Likert and rating are not used (facts digest, 2.2)."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    CHOICE = "choice"
    MULTI_CHOICE = "multi_choice"
    DATE = "date"
    NUMBER = "number"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class ShowIf:
    """The question is shown only when the question with `key` is answered with the choice `answer`."""

    key: str
    answer: str


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `choices` maps each label to the value it stands for; `stops` maps a label to a reply code.

    With `offers` it also has the choices of that list on record, and where the list has any it is required if
    `required_with_list`.
    """

    key: str
    title: str
    type: QuestionType
    field: str
    required: bool = False
    hint: str = ""
    choices: Mapping[str, str | int] = dataclasses.field(default_factory=dict)
    stops: Mapping[str, str] = dataclasses.field(default_factory=dict)
    show_if: ShowIf | None = None
    offers: str = ""
    required_with_list: bool = False

    def label_of(self, value: str | int) -> str:
        """The label of a choice's value. Raises KeyError when no choice stands for it."""
        for label, known in self.choices.items():
            if known == value:
                return label
        raise KeyError(value)


class Unreadable(ValueError):
    """An answer that cannot be read; the text says what to mend, without the answer."""


def read_answer(question: Question, value: object) -> Value | None:
    """The answer to one question as its field's value, None where it is blank. Raises Unreadable."""
    return READERS[question.type](question, value)


def folded(text: str) -> str:
    """Text for comparing titles and labels: one space between words, no difference of case or of apostrophes."""
    return " ".join(text.replace("\u2019", "'").split()).casefold()


def is_sensible(day: date) -> bool:
    """Whether a date, or the date of a time, lies in years that a response can be about."""
    return FIRST_YEAR <= day.year <= LAST_YEAR


def labels_in(value: object) -> set[str]:
    """Every label that an answer may hold, folded, in whichever encoding it came."""
    if not isinstance(value, str):
        return {folded(each) for each in value if isinstance(each, str)} if isinstance(value, list) else set()
    parts = {folded(value)} | {folded(each) for each in value.split(";")}
    return parts | {folded(each) for each in _json_list(value) or () if isinstance(each, str)}


def _words(value: object) -> str:
    """Text as a person typed it, whatever kind of cell a workbook made of it; blank where there is nothing."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float | date):
        raise Unreadable("the answer is not text; send it as text.")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return _kept(str(value).replace("\r\n", "\n").replace("\r", "\n")).strip()


def _kept(text: str) -> str:
    """The text without control characters and halves of characters, which nothing further on can keep or send."""
    return _NO_TEXT.sub("", text)


def _text(question: Question, value: object) -> Value | None:
    return " ".join(_words(value).split()) or None


def _long_text(question: Question, value: object) -> Value | None:
    return _words(value) or None


def _choice(question: Question, value: object) -> Value | None:
    text = _words(value)
    return _chosen(question, text) if text else None


@cache
def _folded_label(label: str) -> str:
    """Of the form's own words, so that no answer is kept here."""
    return folded(label)


def _chosen(question: Question, text: str) -> str | int:
    wanted = folded(text)
    for label, known in question.choices.items():
        if _folded_label(label) == wanted:
            return known
    raise Unreadable("the answer is not one of the form's choices; pick one from the list.")


def _multi_choice(question: Question, value: object) -> Value | None:
    parts = value if isinstance(value, list) else _parts(_words(value))
    labels = [each for each in parts if isinstance(each, str)]
    if len(labels) < len(parts):
        raise Unreadable("the answer is not a list of choices; pick from the list.")
    chosen = {_chosen(question, each) for each in labels if each.strip()}
    return tuple(str(known) for known in question.choices.values() if known in chosen) or None


def _parts(text: str) -> list[object]:
    listed = _json_list(text)
    return listed if listed is not None else list(text.split(";"))


def _json_list(text: str) -> list[object] | None:
    if not text.lstrip().startswith("["):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list) else None


def _date(question: Question, value: object) -> Value | None:
    day = _day(value)
    if day is not None and not is_sensible(day):
        raise Unreadable(f"the answer's year must be one from {FIRST_YEAR} to {LAST_YEAR}.")
    return day


def _day(value: object) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= LATEST_EXCEL_DAY:
        return EXCEL_DAY_ZERO + timedelta(days=int(value))
    text = _words(value)
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10] if _DATE.match(text) else "")
    except ValueError:
        raise Unreadable("the answer is not a date; write it like 2026-11-27.") from None


def _number(question: Question, value: object) -> Value | None:
    text = _words(value)
    if not text:
        return None
    if not _NUMBER.match(text):
        raise Unreadable("the answer is not a number; write digits only.")
    number = float(text)
    return int(number) if number.is_integer() else number


def _files(question: Question, value: object) -> Value | None:
    """Links to uploads. The workbook holds only the links, so a file's name is the last part of its link there."""
    parts = value if isinstance(value, list) else _file_parts(_words(value))
    links = tuple(_link(each) for each in parts)
    return links or None


def _file_parts(text: str) -> list[object]:
    listed = _json_list(text)
    return listed if listed is not None else [each for each in re.split(r";\s*(?=https?://|$)", text) if each]


def _link(part: object) -> EvidenceLink:
    url = part.get("link") if isinstance(part, dict) else part
    if not isinstance(url, str) or _host(url) is None:
        raise Unreadable("a file has no web link; upload it again.")
    name = part.get("name") if isinstance(part, dict) else None
    title = name if isinstance(name, str) and name.strip() else unquote(urlsplit(url).path.rsplit("/", 1)[-1])
    return EvidenceLink(url, " ".join(_kept(title).split()) or "File")


def _host(url: str) -> str | None:
    """The host of a web link, or None where the text is no link that a person may follow."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    is_plain = url.isprintable() and not set(url) & set(' <>"')
    return parts.hostname if parts.scheme in ("http", "https") and is_plain else None


READERS: Mapping[QuestionType, Callable[[Question, object], Value | None]] = {
    QuestionType.TEXT: _text,
    QuestionType.LONG_TEXT: _long_text,
    QuestionType.CHOICE: _choice,
    QuestionType.MULTI_CHOICE: _multi_choice,
    QuestionType.DATE: _date,
    QuestionType.NUMBER: _number,
    QuestionType.FILE: _files,
}
