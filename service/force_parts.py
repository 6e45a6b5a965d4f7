"""What each entry of config/force.yaml may hold, one model per section; how entries fit together is force_config's."""

from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

from service.config_files import Code, ConfigModel, one_line

SLOTS = range(1, 26)
NOT_IN_CHANNEL_NAMES = set("~#%&*{}+/\\:<>?|'\"")


def _nickname(value: str) -> str:
    if not value.isascii() or not value.replace("-", "").isalnum() or value != value.lower() or len(value) > 64:
        raise ValueError("must be small letters, digits and hyphens, at most 64")
    return value


def _channel(value: str) -> str:
    if (
        not value.strip()
        or len(value) > 50
        or value[0] in "_."
        or value[-1] == "."
        or set(value) & NOT_IN_CHANNEL_NAMES
    ):
        raise ValueError(
            "must be a name that Teams takes: 1 to 50 characters, none of ~ # % & * { } + / \\ : < > ? | ' \""
        )
    return value


def _slot(value: int) -> int:
    if value not in SLOTS:
        raise ValueError(f"is {value}; Planner has the label slots 1 to 25")
    return value


def _prefix(value: str) -> str:
    if not (value.isascii() and value.isalpha() and value.isupper() and len(value) <= 4):
        raise ValueError("must be one to four capital letters")
    return value


def _next_plan_title(value: str) -> str:
    try:
        titles = {value.format(title="Northfell tasking", number=number) for number in (2, 3)}
    except (LookupError, ValueError):
        titles = set()
    if len(titles) < 2 or not all(title.strip() and len(title) <= 200 for title in titles):
        raise ValueError("must hold {number}, may hold {title}, and no other braces")
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"'{value}' is not a time zone; write it like Europe/London") from None
    return value


Name = Annotated[str, one_line(100)]
Nickname = Annotated[str, AfterValidator(_nickname)]


class ForcePart(ConfigModel):
    code: Code
    name: Name
    reference_prefix: Annotated[str, AfterValidator(_prefix)]
    triage_unit: Code
    deleted_task_policy: Literal["restore", "accept"]
    hand_made_task_policy: Literal["adopt", "leave"] = "adopt"
    completed_stay_days: Annotated[int, Field(ge=1, le=3650)] = 28
    next_plan_title: Annotated[str, AfterValidator(_next_plan_title)] = "{title} ({number})"


class LevelPart(ConfigModel):
    code: Code
    name: Name
    rank: int


class UnitPart(ConfigModel):
    code: Code
    name: Name
    level: Code
    parent: Code | None = None


class PillarPart(ConfigModel):
    code: Code
    label: Annotated[str, one_line(40)]
    restricted: bool = False
    retired: bool = False


class LabelPart(ConfigModel):
    slot: Annotated[int, AfterValidator(_slot)]
    code: Code
    name: Name
    kept_by: Literal["service", "people"]


class MeetingPart(ConfigModel):
    code: Code
    name: Name
    unit: Code
    chair_role: Name
    channel: Annotated[str, AfterValidator(_channel)]


class BoardPart(ConfigModel):
    unit: Code
    group_nickname: Nickname
    group_name: Name
    plan_title: Name


class ColumnsPart(ConfigModel):
    form_id: Annotated[str, one_line(32)]
    response_id: Annotated[str, one_line(32)]
    responder: Annotated[str, one_line(32)]
    submitted: Annotated[str, one_line(32)]
    answers: Annotated[str, one_line(32)]


class IntakePart(ConfigModel):
    group_nickname: Nickname
    list_name: Name
    time_zone: Annotated[str, AfterValidator(_zone)]
    columns: dict[str, str]
