"""Reads a control strategy from the file that goes before the strategic meeting; names the line of every fault."""

from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import Field

from service.config_files import Code, ConfigFile, ConfigModel, one_line
from tasking.strategy import NIM_LEVELS, Candidate, ControlStrategy, Gap, Priority

KEYS = ("in_force_from", "in_force_until", "review_on", "priorities", "candidates", "intelligence_gaps")
NEEDED = ("in_force_from", "review_on", "priorities", "candidates")

Words = Annotated[str, one_line(100)]


class PriorityPart(ConfigModel):
    code: Code
    title: Words
    owner_role: Words
    plan: Annotated[str, one_line(300)]
    nim_level: Annotated[int, Field(ge=NIM_LEVELS[0], le=NIM_LEVELS[-1])]


class CandidatePart(ConfigModel):
    title: Words
    taken_as: Code | None = None
    reason: str


class GapPart(ConfigModel):
    code: Code
    title: Words


def read_strategy(path: Path) -> ControlStrategy:
    """The strategy as proposed. Raises ConfigError naming every fault with its line."""
    file = ConfigFile(path)
    file.check_keys(KEYS, NEEDED)
    priorities = file.models(("priorities",), PriorityPart)
    candidates = file.models(("candidates",), CandidatePart)
    gaps = file.models(("intelligence_gaps",), GapPart)
    begins, ends, review = (_day(file, key) for key in ("in_force_from", "in_force_until", "review_on"))
    file.raise_faults()
    assert begins is not None
    assert review is not None
    return ControlStrategy(
        in_force_from=begins,
        in_force_until=ends,
        priorities=tuple(Priority(**item.value.model_dump()) for item in priorities),
        candidates=tuple(_candidate(item.value) for item in candidates),
        gaps=tuple(Gap(**item.value.model_dump()) for item in gaps),
        review_on=review,
    )


def _candidate(part: CandidatePart) -> Candidate:
    return Candidate(part.title, part.taken_as is not None, " ".join(part.reason.split()), part.taken_as or "")


def _day(file: ConfigFile, key: str) -> date | None:
    value = file.at((key,))
    if value is not None and type(value) is not date:
        file.fault((key,), f"'{key}' must be a day like 2027-01-04")
        return None
    found: date | None = value
    return found
