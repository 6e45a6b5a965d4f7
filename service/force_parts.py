"""What each entry of config/force.yaml may hold, one model per section; how entries fit together is force_config's."""

from datetime import date, datetime, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field

from service.config_files import Code, ConfigModel, one_line
from service.policy_config import length_from

SLOTS = range(1, 26)
NOT_IN_CHANNEL_NAMES = set("~#%&*{}+/\\:<>?|'\"")
YEARS = range(2000, 2101)
MEETING_MINUTES = range(5, 481)
CYCLE_DAYS = range(7, 367)
MOST_ITEMS = range(1, 101)
SAMPLE = range(1, 101)
MOST_HOURS = 100_000
PER_CENT = range(1, 100)
LONGEST_ADDRESS = 400


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


def _within(allowed: range, what: str) -> AfterValidator:
    def check(value: int) -> int:
        if value not in allowed:
            raise ValueError(f"is {value}; {what} {allowed.start} to {allowed.stop - 1}")
        return value

    return AfterValidator(check)


def _day(value: object) -> date:
    """A date as YAML reads it, or as text."""
    try:
        found = date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        found = None
    if not isinstance(found, date) or isinstance(found, datetime) or found.year not in YEARS:
        raise ValueError(f"is '{value}', which is no date; write it like 2027-12-25")
    return found


def _days(value: object) -> list[date]:
    if not isinstance(value, list):
        raise ValueError("must be a list of dates, like [2027-12-25, 2028-01-01]")
    return [_day(each) for each in value]


def _local_moment(value: object) -> datetime:
    """A date and a time as text, or as YAML reads one with seconds. London time, so it has no time zone."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) and len(value) > 10 else value
    except ValueError:
        found = None
    if not isinstance(found, datetime) or found.year not in YEARS:
        raise ValueError(f"is '{value}'; it must be a day and a time like 2027-01-04 08:30")
    if found.tzinfo is not None:
        raise ValueError("is London time; write it without a time zone, like 2027-01-04 08:30")
    return found


def _hours(value: float) -> float:
    if not 0 <= value <= MOST_HOURS:
        raise ValueError(f"is {value}; hours are 0 to {MOST_HOURS}")
    return value


def _address(value: str) -> str:
    if not value.startswith("https://") or any(each.isspace() for each in value) or len(value) > LONGEST_ADDRESS:
        raise ValueError("must be an address that begins with https://")
    return value


def _length(value: object) -> timedelta:
    length = length_from(str(value))
    if length == timedelta(0):
        raise ValueError("must be longer than nothing")
    return length


Length = Annotated[timedelta, BeforeValidator(_length)]
Name = Annotated[str, one_line(100)]
Roles = Annotated[list[Name], Field(default_factory=list)]
Day = Annotated[date, BeforeValidator(_day)]
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
    duty_roles: Roles
    action_manager_role: Name | None = None
    tasking_officer_role: Name | None = None


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
    meeting: Code | None = None
    accept_within: Length | None = None
    finish_within: Length | None = None


class ReferenceKindPart(ConfigModel):
    code: Code
    name: Name
    pattern: Annotated[str, one_line(200)]
    written: Annotated[str, one_line(100)]
    example: Annotated[str, one_line(100)]


class SkillPart(ConfigModel):
    code: Code
    name: Name
    words: Roles


class LabelPart(ConfigModel):
    slot: Annotated[int, AfterValidator(_slot)]
    code: Code
    name: Name
    kept_by: Literal["service", "people"]


class SeatPart(ConfigModel):
    role: Name
    agency: Name | None = None
    deputies: Roles


class MeetingPart(ConfigModel):
    code: Code
    name: Name
    unit: Code
    kind: Code | None = None
    chair_role: Name
    deputy_roles: Roles
    channel: Annotated[str, AfterValidator(_channel)] | None = None
    poster: Annotated[str, one_line(40)] | None = None
    action_manager_role: Name | None = None
    tasking_officer_role: Name | None = None
    first: Annotated[datetime, BeforeValidator(_local_moment)] | None = None
    repeats: Annotated[str, one_line(200)] | None = None
    minutes: Annotated[int, _within(MEETING_MINUTES, "a meeting takes minutes from")] = 30
    exceptions: Annotated[list[date], BeforeValidator(_days)] = Field(default=[], alias="except")
    roster: Annotated[list[SeatPart], Field(default_factory=list)]
    quorum: Annotated[int, Field(ge=0, le=100)] = 0


class MeetingKindPart(ConfigModel):
    code: Code
    name: Name
    daily: bool = False
    tasking: bool = True
    sets_control_strategy: bool = False
    policy_url: Annotated[str, AfterValidator(_address)] = ""
    longest_gap: Length | None = None
    interim_percent: Annotated[int, _within(PER_CENT, "per cent may be")] = 50
    most_items: Annotated[int, _within(MOST_ITEMS, "items may be")] | None = None
    agenda: list[str]
    partner_sections: Annotated[list[str], Field(default_factory=list)]
    stages: Annotated[dict[str, list[str]], Field(default_factory=dict)]


class CyclePart(ConfigModel):
    first_day: Day
    days: Annotated[int, _within(CYCLE_DAYS, "a cycle has days from")] = 28
    report_to: list[Code] | None = None


class QualityPart(ConfigModel):
    blind_second_score: bool = False
    sample_high: Annotated[int, _within(SAMPLE, "tasks are drawn from")] = 5
    sample_standard: Annotated[int, _within(SAMPLE, "tasks are drawn from")] = 5


class AuthorityPart(ConfigModel):
    role: Name
    most_hours: Annotated[float, AfterValidator(_hours)] | None = None
    highest_band: str | None = None
    may_not: Annotated[list[str], Field(default_factory=list)]


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
