"""A form and its flow as the control area and a seed take them, and the records that are made of them."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import httpx
from pydantic import AfterValidator, Field, ValidationError, field_validator, model_validator

from m365_emulator.control.orders import Amount, Copies, Moment, Order, Text, Texts, Times, problems_of
from m365_emulator.drives.state import FORBIDDEN_IN_NAMES, checked_name
from m365_emulator.forms.model import (
    DEFAULT_STOP_MESSAGE,
    QUESTION_KEY,
    SLUG,
    DeliveryOrder,
    Flow,
    Form,
    FormFault,
    Question,
    ShowIf,
)
from m365_emulator.odata import GraphFault

HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def _full_text(text: str) -> str:
    if not text.strip():
        raise ValueError("a text is needed")
    return text


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as fault:
        raise ValueError(f"{name!r} is not a known time zone") from fault


def _address(url: str) -> str:
    try:
        known = httpx.URL(url)
    except httpx.InvalidURL as fault:
        raise ValueError(f"an http address is needed: {fault}") from fault
    if known.scheme not in ("http", "https") or not known.host:
        raise ValueError("an http address is needed")
    return url


def _header_name(name: str) -> str:
    if not HEADER_NAME.fullmatch(name):
        raise ValueError("that is no name of a header")
    return name


def _header_value(value: str) -> str:
    if not value.isascii() or not value.isprintable():
        raise ValueError("only plain ASCII can stand in a header")
    return value


def _path(text: str) -> str:
    try:
        return "/".join(checked_name(part) for part in text.strip("/").split("/"))
    except GraphFault as fault:
        raise ValueError(f"{text!r} cannot be the path of a file") from fault


FullText = Annotated[str, AfterValidator(_full_text)]


class ShowIfOrder(Order):
    """A branch."""

    key: Text
    value: Text


class QuestionOrder(Order):
    """One question of a form."""

    key: Annotated[str, Field(pattern=QUESTION_KEY.pattern)] = Field(description="'r' and 32 hex digits")
    title: FullText
    type: Literal["text", "long_text", "choice", "multi_choice", "date", "number", "file", "rating"]
    required: bool = False
    choices: Texts = Field([], description="needed with choice and multi_choice")
    subtitle: str | None = None
    stop_value: str | None = Field(None, description="the answer that ends the form here")
    stop_message: str | None = None
    show_if: ShowIfOrder | None = Field(None, description="shown only when that question has that answer")

    @model_validator(mode="after")
    def _choices_where_there_is_a_choice(self) -> "QuestionOrder":
        if self.type.endswith("choice") and not self.choices:
            raise ValueError(f"choices are needed for the type {self.type}")
        return self

    def question(self) -> Question:
        """The record."""
        return Question(
            key=self.key,
            title=self.title,
            type=self.type,
            subtitle=self.subtitle or "",
            required=self.required,
            choices=tuple(self.choices),
            stop_value=self.stop_value,
            stop_message=self.stop_message or DEFAULT_STOP_MESSAGE,
            show_if=ShowIf(self.show_if.key, self.show_if.value) if self.show_if else None,
        )


class ColumnsOrder(Order):
    """The list's columns where they have other names."""

    form_id: str = "FormId"
    response_id: str = "ResponseId"
    responder: str = "Responder"
    submitted: str = "SubmitDate"
    answers: str = "Answers"


class ListTarget(Order):
    """The list that the flow adds an item to."""

    site_id: Text
    list_id: Text
    columns: ColumnsOrder | None = None


class HttpTarget(Order):
    """The address that the flow posts to."""

    url: Annotated[str, AfterValidator(_address)]
    key_header: Annotated[str, AfterValidator(_header_name)] | None = None
    key: Annotated[str, AfterValidator(_header_value)] = ""


class FlowOrder(Order):
    """What a form's flow does with a response."""

    mode: Literal["list", "http", "off"] = "off"
    list: ListTarget | None = None
    http: HttpTarget | None = None
    copies: Copies = Field(1, description="how often each response is delivered")
    delay_seconds: Amount = Field(0, description="how late, in seconds of real time")
    retry_seconds: Amount = Field(0.5, description="the first pause between tries")

    @model_validator(mode="after")
    def _has_what_its_mode_needs(self) -> "FlowOrder":
        if self.mode != "off" and getattr(self, self.mode) is None:
            raise ValueError(f"{self.mode!r} is needed in the mode {self.mode!r}")
        return self

    def flow(self) -> Flow:
        """The record."""
        listing = self.list.model_dump(exclude_unset=True) if self.list else {}
        http = self.http.model_dump(exclude_none=True) if self.http else {}
        return Flow(self.mode, listing, http, self.copies, self.delay_seconds, self.retry_seconds)


class WorkbookOrder(Order):
    """Where the response workbook lies."""

    path: Annotated[str, AfterValidator(_path)] | None = Field(
        None, description="in the group's library; the form's title without it"
    )


class FormOrder(Order):
    """A form."""

    form_id: FullText = Field(description="Forms' id of the form")
    slug: Annotated[str, Field(pattern=SLUG.pattern)] = Field(
        description="the name in the page's address: a-z, 0-9, _ and -"
    )
    title: FullText
    description: str | None = Field(None, description="what stands below the title")
    mail_nickname: FullText = Field(description="the group that owns it")
    timezone: Annotated[str, AfterValidator(_zone)] = Field(
        "Europe/London", description="the zone of the workbook's times"
    )
    questions: Annotated[list[QuestionOrder], Field(min_length=1)]
    anonymous: bool = Field(False, description="true: nobody's name is recorded")
    workbook: WorkbookOrder | None = None
    flow: FlowOrder | None = Field(None, description="as for POST forms/{slug}/flow")

    @field_validator("questions")
    @classmethod
    def _keys_are_one_of_a_kind(cls, questions: list[QuestionOrder]) -> list[QuestionOrder]:
        keys = [question.key for question in questions]
        for question in questions:
            if keys.count(question.key) > 1:
                raise ValueError(f"the key {question.key} is there twice")
            if question.show_if and question.show_if.key not in keys:
                raise ValueError(f"show_if: there is no question {question.show_if.key}")
        return questions

    def form(self) -> Form:
        """The record."""
        named = FORBIDDEN_IN_NAMES.sub("_", self.title).strip(" .")[:200] or "_"
        path = (self.workbook.path if self.workbook else None) or f"{named}.xlsx"
        return Form(
            form_id=self.form_id,
            slug=self.slug,
            title=self.title,
            description=self.description or "",
            mail_nickname=self.mail_nickname,
            timezone=ZoneInfo(self.timezone),
            questions=tuple(question.question() for question in self.questions),
            workbook_path=path,
            flow=self.flow.flow() if self.flow else Flow(),
            anonymous=self.anonymous,
        )


class PauseOrder(Order):
    """Whether the workbook is held back."""

    paused: bool = Field(description="true holds new rows back")


class ResponseOrder(Order):
    """A response to a form."""

    responder: Text | None = Field(None, description="a sign-in name; needed unless the form is anonymous")
    answers: dict[str, Any] = Field(
        {}, description="by question key or title; a file is {name, text or content_base64}"
    )
    submitted_at: Moment | None = Field(None, description="the moment, with its zone; now without it")
    wait: bool | None = Field(None, description="answer only when the flow has ended")


class DeliveriesOrder(Order):
    """What is to become of the next responses' deliveries."""

    next: Annotated[Times, Field(le=10_000)] = Field(1, description="for so many responses from now on")
    drop: bool = Field(False, description="true: never delivered")
    copies: Copies | None = Field(None, description="how often each response is delivered")
    delay_seconds: Amount | None = Field(None, description="how late, in seconds of real time")

    def delivery(self) -> DeliveryOrder:
        """The record."""
        return DeliveryOrder(self.drop, self.copies, self.delay_seconds)


def form_from_json(data: Mapping[str, Any]) -> Form:
    """A form from JSON. Raises FormFault naming every field at fault."""
    try:
        return FormOrder.model_validate(data).form()
    except ValidationError as fault:
        raise FormFault(problems_of(fault)) from fault
