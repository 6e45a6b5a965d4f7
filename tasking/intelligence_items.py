"""What intelligence puts before meetings is made of. The rules about it are in intelligence.py."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from tasking.task import Classification


class ItemKind(StrEnum):
    """A recommendation asks for an answer; a feed item is for one day's meeting."""

    RECOMMENDATION = "RECOMMENDATION"
    FEED = "FEED"


class ItemSource(StrEnum):
    """Where it comes from."""

    TACTICAL_ASSESSMENT = "TACTICAL_ASSESSMENT"
    INTELLIGENCE_MEETING = "INTELLIGENCE_MEETING"


class ItemState(StrEnum):
    """OPEN waits for an answer; FED asks for none."""

    OPEN = "OPEN"
    ACCEPTED = "ACCEPTED"
    MODIFIED = "MODIFIED"
    DECLINED = "DECLINED"
    FED = "FED"


SOURCE_WORDS: Mapping[ItemSource, str] = {
    ItemSource.TACTICAL_ASSESSMENT: "tactical assessment",
    ItemSource.INTELLIGENCE_MEETING: "intelligence meeting",
}


@dataclass(frozen=True, slots=True)
class IntelligenceItem:
    """One recommendation or feed item, for the meetings of `unit`. Times are UTC, `for_day` is London's.

    `key` is the name its source gives it, and `document` the reference of the assessment or record it stands in.
    `agreed` holds the words that it was modified to; `task_reference` the task that it became.
    """

    reference: str
    key: str
    kind: ItemKind
    source: ItemSource
    unit: str
    text: str
    classification: Classification
    state: ItemState
    recorded_by: str
    recorded_at: datetime
    document: str = ""
    for_day: date | None = None
    control_priority: str = ""
    intelligence_gap: str = ""
    agreed: str = ""
    reason: str = ""
    answered_by: str = ""
    role: str = ""
    meeting_ref: str = ""
    answered_at: datetime | None = None
    decision_ref: str = ""
    task_reference: str = ""
