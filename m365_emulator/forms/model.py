"""What a form is and what a response to it holds: plain data, checked once when it comes in.
Answers are kept as typed values here; the two encodings that Forms gives them are in forms_formats.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

QUESTION_KEY = re.compile(r"^r[0-9a-f]{32}$")
SLUG = re.compile(r"^[a-z0-9][a-z0-9_-]*$")
ANONYMOUS = "anonymous"
RATING_TOP = 5
DEFAULT_STOP_MESSAGE = "This form cannot take your request. Do not send any more details here."


class FormFault(ValueError):
    """A form, or a response to one, that cannot be accepted; `problems` maps a field to what is wrong."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {text}" for name, text in problems.items()))
        self.problems = dict(problems)


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file that a person gave to a file question, already kept in the group's drive."""

    name: str
    link: str
    item_id: str
    drive_id: str
    size: int


Answer = str | tuple[str, ...] | date | float | tuple[UploadedFile, ...]


@dataclass(frozen=True, slots=True)
class ShowIf:
    """A branch: the question is shown only when another question's answer is this value."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `key` never changes; `title` may, as on Forms."""

    key: str
    title: str
    type: str
    subtitle: str = ""
    required: bool = False
    choices: tuple[str, ...] = ()
    stop_value: str | None = None
    stop_message: str = DEFAULT_STOP_MESSAGE
    show_if: ShowIf | None = None

    def stops(self, answer: Answer | None) -> bool:
        """True when this answer ends the form here."""
        if self.stop_value is None or answer is None:
            return False
        return answer == self.stop_value or (isinstance(answer, tuple) and self.stop_value in answer)


@dataclass(frozen=True, slots=True)
class Flow:
    """What the form's Power Automate flow does with a response."""

    mode: str = "off"
    list: Mapping[str, Any] = field(default_factory=dict)
    http: Mapping[str, Any] = field(default_factory=dict)
    copies: int = 1
    delay_seconds: float = 0.0
    retry_seconds: float = 0.5


@dataclass(frozen=True, slots=True)
class Form:
    """A registered form, its questions in order, where its workbook lies and what its flow does."""

    form_id: str
    slug: str
    title: str
    description: str
    mail_nickname: str
    timezone: ZoneInfo
    questions: tuple[Question, ...]
    workbook_path: str
    flow: Flow
    anonymous: bool = False
    """True when nobody's name is recorded: the form asks no sign-in."""

    def question(self, name: str) -> Question | None:
        """The question with this key or, failing that, this title."""
        by_key = next((q for q in self.questions if q.key == name), None)
        return by_key or next((q for q in self.questions if q.title == name), None)


@dataclass(frozen=True, slots=True)
class DeliveryOrder:
    """What is to become of one response's delivery, in the place of what the flow says."""

    drop: bool = False
    copies: int | None = None
    delay_seconds: float | None = None

    def applied(self, flow: Flow) -> Flow:
        """The flow as this order bends it."""
        copies = flow.copies if self.copies is None else self.copies
        delay = flow.delay_seconds if self.delay_seconds is None else self.delay_seconds
        return replace(flow, copies=copies, delay_seconds=delay)


@dataclass(slots=True)
class FlowRun:
    """One run of the flow for one response: every try with its status, and how it ended."""

    mode: str
    state: str = "waiting"
    tries: list[dict[str, Any]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The run as the control area shows it."""
        return {"mode": self.mode, "state": self.state, "tries": list(self.tries)}


@dataclass(slots=True)
class Response:
    """One response as submitted; times are aware, UTC."""

    response_id: int
    responder: str
    responder_name: str
    started_at: datetime
    submitted_at: datetime
    answers: dict[str, Answer]
    stopped_by: str | None = None
    runs: list[FlowRun] = field(default_factory=list)
