"""What a form is and what a response to it holds: plain data, checked once when it comes in.
Answers are kept as typed values here; the two encodings that Forms gives them are in forms_formats.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

QUESTION_KEY = re.compile(r"^r[0-9a-f]{32}$")
SLUG = re.compile(r"^[a-z0-9][a-z0-9_-]*$")
QUESTION_TYPES = ("text", "long_text", "choice", "multi_choice", "date", "number", "file", "rating")
FLOW_MODES = ("list", "http", "off")
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


def form_from_json(data: Mapping[str, Any]) -> Form:
    """A form from its control body. Raises FormFault naming every field at fault."""
    problems: dict[str, str] = {}
    for name in ("form_id", "slug", "title", "mail_nickname"):
        if not isinstance(data.get(name), str) or not data[name].strip():
            problems[name] = "a text is needed"
    if "slug" not in problems and not SLUG.match(data["slug"]):
        problems["slug"] = "only a-z, 0-9, _ and - can stand in an address"
    timezone = _timezone(data.get("timezone", "Europe/London"), problems)
    questions = _questions(data.get("questions"), problems)
    flow = _flow(data.get("flow") or {}, problems)
    if problems or timezone is None:
        raise FormFault(problems)
    workbook = data.get("workbook") or {}
    return Form(
        form_id=data["form_id"],
        slug=data["slug"],
        title=data["title"],
        description=str(data.get("description") or ""),
        mail_nickname=data["mail_nickname"],
        timezone=timezone,
        questions=questions,
        workbook_path=str(workbook.get("path") or f"{data['title']}.xlsx").strip("/"),
        flow=flow,
        anonymous=bool(data.get("anonymous")),
    )


def flow_from_json(data: Mapping[str, Any]) -> Flow:
    """The flow part alone, for a later change. Raises FormFault."""
    problems: dict[str, str] = {}
    flow = _flow(data, problems)
    if problems:
        raise FormFault(problems)
    return flow


def _timezone(name: object, problems: dict[str, str]) -> ZoneInfo | None:
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError):
        problems["timezone"] = f"{name!r} is not a known time zone"
        return None


def _questions(data: object, problems: dict[str, str]) -> tuple[Question, ...]:
    if not isinstance(data, list) or not data:
        problems["questions"] = "a list of at least one question is needed"
        return ()
    keys = [q.get("key") for q in data if isinstance(q, dict)]
    return tuple(q for i, item in enumerate(data) if (q := _question(item, f"questions[{i}]", keys, problems)))


def _question(item: object, at: str, keys: list[Any], problems: dict[str, str]) -> Question | None:
    if not isinstance(item, dict):
        problems[at] = "an object is needed"
        return None
    faults = {
        "key": not QUESTION_KEY.match(str(item.get("key"))) or keys.count(item.get("key")) > 1,
        "title": not isinstance(item.get("title"), str) or not item["title"].strip(),
        "type": item.get("type") not in QUESTION_TYPES,
        "choices": str(item.get("type")).endswith("choice") and not item.get("choices"),
        "show_if": bool(item.get("show_if")) and item["show_if"].get("key") not in keys,
    }
    wrong = [name for name, bad in faults.items() if bad]
    if wrong:
        problems[at] = f"cannot be accepted because of: {', '.join(wrong)}"
        return None
    show_if = item.get("show_if")
    return Question(
        key=item["key"],
        title=item["title"],
        type=item["type"],
        subtitle=str(item.get("subtitle") or ""),
        required=bool(item.get("required")),
        choices=tuple(str(c) for c in item.get("choices") or ()),
        stop_value=item.get("stop_value"),
        stop_message=str(item.get("stop_message") or DEFAULT_STOP_MESSAGE),
        show_if=ShowIf(show_if["key"], str(show_if["value"])) if show_if else None,
    )


def _flow(data: Mapping[str, Any], problems: dict[str, str]) -> Flow:
    mode = data.get("mode", "off")
    if mode not in FLOW_MODES:
        problems["flow.mode"] = f"one of {', '.join(FLOW_MODES)}"
    listing, http = data.get("list") or {}, data.get("http") or {}
    if mode == "list" and not (listing.get("site_id") and listing.get("list_id")):
        problems["flow.list"] = "site_id and list_id are needed"
    if mode == "http" and not str(http.get("url", "")).startswith(("http://", "https://")):
        problems["flow.http.url"] = "an http address is needed"
    try:
        copies, delay = int(data.get("copies", 1)), float(data.get("delay_seconds", 0))
        retry = float(data.get("retry_seconds", 0.5))
    except (TypeError, ValueError):
        problems["flow"] = "copies, delay_seconds and retry_seconds are numbers"
        return Flow()
    return Flow(mode, listing, http, max(copies, 1), delay, retry)
