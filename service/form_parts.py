"""What each entry of config/forms/*.yaml may hold; how entries fit together is form_config's."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator

from service.config_files import ConfigModel, one_line

QUESTION_KEY = re.compile(r"r[0-9a-f]{32}")
SLUG = re.compile(r"[a-z][a-z0-9_]{0,39}")


def _key(value: str) -> str:
    if not QUESTION_KEY.fullmatch(value):
        raise ValueError("must be the question's key in Forms: r and 32 of 0-9 and a-f")
    return value


def _slug(value: str) -> str:
    if not SLUG.fullmatch(value):
        raise ValueError("must be small letters, digits and _, starting with a letter: it stands in web addresses")
    return value


def _workbook(value: str) -> str:
    if not value.lower().endswith(".xlsx") or value.startswith("/") or ".." in value:
        raise ValueError("must be the path of an .xlsx file in the group's documents, like 'Raise a task.xlsx'")
    return value


class ShowIfPart(ConfigModel):
    field: str
    answer: str


class QuestionPart(ConfigModel):
    key: Annotated[str, AfterValidator(_key)]
    title: Annotated[str, one_line(200)]
    hint: str = ""
    type: Literal["text", "long_text", "choice", "multi_choice", "date", "number", "file"]
    field: str
    required: bool = False
    choices: dict[str, str | int] | None = None
    choices_from: Literal["pillars", "units", "control_strategy", "intelligence_gaps"] | None = None
    stop: dict[str, str] | None = None
    show_if: ShowIfPart | None = None


class FormPart(ConfigModel):
    slug: Annotated[str, AfterValidator(_slug)]
    form_id: Annotated[str, one_line(200)]
    kind: Literal["raise", "reassess", "return"]
    title: Annotated[str, one_line(90)]
    description: str
    schema_version: int
    workbook: Annotated[str, AfterValidator(_workbook)]


FORM_KEYS = (*FormPart.model_fields, "questions")
