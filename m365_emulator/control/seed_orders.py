"""What a seed holds: the models of its entries, checked whole before anything is planted. A file of YAML may give
dates as dates.
"""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, JsonValue, WithJsonSchema, field_validator, model_validator

from m365_emulator.control.orders import GroupName, Order, Text, Texts


def _day(value: Any) -> date:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError as fault:
            raise ValueError(f"{value!r} is no date, such as 2026-11-27") from fault
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValueError(f"{value!r} is no date, such as 2026-11-27")
    return value


def _line(value: Any) -> Any:
    return {"title": value} if isinstance(value, str) else value


def _column(value: Any) -> Any:
    return {"name": value, "text": {"allowMultipleLines": True}} if isinstance(value, str) else value


def _fields(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {name: part.isoformat() if isinstance(part, date) else part for name, part in value.items()}


Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]


class Entry(Order):
    """Something a seed holds; a heading of YAML with nothing below it is as if it were not there."""

    @model_validator(mode="before")
    @classmethod
    def _nothing_is_absent(cls, value: Any) -> Any:
        """Take away what is null."""
        return {k: v for k, v in value.items() if v is not None} if isinstance(value, dict) else value


class PersonSeed(Entry):
    """One account."""

    upn: Text
    display_name: Text | None = None
    id: Text | None = None
    enabled: bool = True
    job_title: str | None = None
    department: str | None = None
    user_type: Text = "Member"


class GroupSeed(Entry):
    """One group, and its team if it is to have one."""

    mail_nickname: Text
    display_name: Text | None = None
    id: Text | None = None
    members: Texts = Field([])
    owners: Texts = Field([])
    team: bool = False


class TeamSeed(GroupSeed):
    """One group with the channels of its team besides General."""

    channels: Texts = Field([])


class LineSeed(Entry):
    """One line of a checklist; its title alone stands for a line that is not done."""

    title: Text
    done: bool = False


class TaskSeed(Entry):
    """One task of a plan."""

    title: Text
    bucket: Text | None = None
    assignees: Texts = Field([])
    due: Day | None = None
    due_in_days: int | None = Field(None, ge=-36_500, le=36_500)
    priority: Text = "medium"
    progress: Text = "not started"
    labels: Texts = Field([])
    description: str | None = None
    checklist: list[Annotated[LineSeed, BeforeValidator(_line)]] = Field([])
    references: dict[Text, str] = Field({})


class PlanSeed(Entry):
    """One plan; labels are names by their number from 1 to 25."""

    title: Text
    group: GroupName
    labels: dict[Annotated[str, Field(pattern=r"^([1-9]|1[0-9]|2[0-5])$")], Text] = Field({})
    buckets: Texts = Field([])
    tasks: list[TaskSeed] = Field([])

    @field_validator("labels", mode="before")
    @classmethod
    def _numbers_are_text(cls, value: Any) -> Any:
        """YAML reads the number of a label as a number, JSON has it as text."""
        return {str(name): label for name, label in value.items()} if isinstance(value, dict) else value


class ListSeed(Entry):
    """One list; a column is its name, or as Graph takes one."""

    name: Text
    group: GroupName
    columns: list[Annotated[dict[str, JsonValue], BeforeValidator(_column)]] = Field([])
    items: list[Annotated[dict[str, JsonValue], BeforeValidator(_fields)]] = Field([])


class WebhookSeed(Entry):
    """One workflow that posts into a channel."""

    name: Text
    group: GroupName
    channel: Text


class PeopleSeed(Entry):
    """People and groups alone."""

    people: list[PersonSeed] = Field([])
    groups: list[GroupSeed] = Field([])


class Seed(Entry):
    """The whole document. A form is as POST forms takes it; its flow.list may name a list of the seed."""

    people: list[PersonSeed] = Field([])
    groups: list[TeamSeed] = Field([])
    plans: list[PlanSeed] = Field([])
    lists: list[ListSeed] = Field([])
    forms: list[dict[str, JsonValue]] = Field([])
    webhooks: list[WebhookSeed] = Field([])
