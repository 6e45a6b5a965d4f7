"""What a meeting's pack holds: plain values only, so that a frozen one is its JSON and comes back the same.

Times are UTC. What people wrote stands in `title` and `asked` of items that are not restricted, and in decisions.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from tasking.task import Classification

PARTNERS, POLICE = "partners", "police"
"""The two parts of a meeting."""


@dataclass(frozen=True, slots=True)
class PackItem:
    """One task before the meeting: what it is, why it is here, what is asked and needed, by when.

    `title`, `asked` and `tried` (what was tried so far) are empty where it `is_restricted`. `smart_gaps` says what its
    action lacks. `needed` is what the meeting does about it, by `decide_by` where there is a limit; with
    `is_for_decision` it has to decide. `stands_with` is the highest unit that has it. `external_references` are those
    in other systems, each with its kind.
    """

    task_id: str
    reference: str
    classification: Classification
    is_restricted: bool
    title: str
    unit: str
    unit_name: str
    pillar_name: str
    stands_with: str
    band: str
    band_words: str
    rag: str
    rag_words: str
    is_owned: bool
    actions_done: int
    actions_all: int
    smart_gaps: tuple[str, ...]
    why: tuple[str, ...]
    asked: str
    needed: str
    is_for_decision: bool
    decide_by: datetime | None
    due_at: datetime | None
    external_references: tuple[str, ...] = ()
    tried: str = ""


@dataclass(frozen=True, slots=True)
class PackDecision:
    """A decision as it is read back. `text` and `rationale` are empty where its task is restricted.

    `recorded_at` is when it was written down, None in packs that were frozen before that was kept.
    """

    decision_ref: str
    task_id: str
    reference: str
    classification: Classification
    is_restricted: bool
    what: str
    text: str
    rationale: str
    role: str
    meeting_ref: str
    decided_at: datetime
    recorded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CountTable:
    """How many tasks: a row for each pillar or unit, with a number under each heading."""

    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, tuple[int, ...]], ...]


@dataclass(frozen=True, slots=True)
class PackSection:
    """One point of the agenda. `part` is partners or police; `note` says the rule by which it is put together, and who
    added or moved it by hand; `stage` is empty where the meeting has no stages."""

    code: str
    title: str
    part: str
    note: str
    lines: tuple[str, ...] = ()
    counts: tuple[CountTable, ...] = ()
    items: tuple[PackItem, ...] = ()
    decisions: tuple[PackDecision, ...] = ()
    stage: str = ""
    is_by_hand: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to go through."""
        return not (self.lines or self.counts or self.items or self.decisions or self.is_by_hand)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What was left out of the meeting by hand: a point by its `title`, with the `tasks` that went with it, or the one
    task with this `reference`; why, `by` whom and when (`at`, UTC). `code` is what the agenda calls it."""

    code: str
    reference: str
    title: str
    tasks: tuple[str, ...]
    because: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """How a task stood when the pack was made: what the next pack compares with."""

    task_id: str
    reference: str
    unit_name: str
    stands_with: str
    band: str
    is_owned: bool
    due_at: datetime | None
    actions_done: int
    status: str
    why: str


@dataclass(frozen=True, slots=True)
class Change:
    """One task that is new, gone or moved since the last pack, and in which way."""

    reference: str
    words: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed since the pack of `meeting_ref`, stamped `as_at`."""

    meeting_ref: str
    as_at: datetime
    new: tuple[Change, ...] = ()
    gone: tuple[Change, ...] = ()
    moved: tuple[Change, ...] = ()

    @property
    def number(self) -> int:
        """How many changes there are."""
        return len(self.new) + len(self.gone) + len(self.moved)


@dataclass(frozen=True, slots=True)
class Pack:
    """The pack of one meeting. `classification` is the highest of what it holds.

    `not_shown` counts what a daily pack leaves out, `further` lists it, the most pressing first. `standing` has every
    task of the pack that is open or wants a decision, shown or not.
    """

    meeting_ref: str
    code: str
    meeting: str
    kind: str
    unit: str
    unit_name: str
    chair_role: str
    deputy_roles: tuple[str, ...]
    starts_at: datetime
    as_at: datetime
    classification: Classification
    sections: tuple[PackSection, ...]
    changed_since: Changes | None = None
    not_shown: int = 0
    further: tuple[Standing, ...] = ()
    standing: tuple[Standing, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    @property
    def items(self) -> tuple[PackItem, ...]:
        """Every item once, in the order of the agenda."""
        found = {item.reference: item for section in self.sections for item in section.items}
        return tuple(found.values())


_PACK: TypeAdapter[Pack] = TypeAdapter(Pack)


def to_document(pack: Pack) -> dict[str, Any]:
    """The pack as plain JSON values."""
    document: dict[str, Any] = _PACK.dump_python(pack, mode="json")
    return document


def from_document(document: Mapping[str, Any]) -> Pack:
    """The pack that a document holds."""
    return _PACK.validate_python(document)
