"""The agenda of one meeting as people build it: points added by hand, moved, left out with a reason, put back.

It begins with what the meeting's kind lists. Steps only ever come; what stands is what they make of it, in their order.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tasking.meetings import AgendaSection, MeetingKind, Stage

LAST_HOUR = timedelta(hours=1)
"""So long before its meeting the pack that counts is frozen, and the agenda with it."""
MOST_WORDS, MOST_REASON = 120, 300
"""So many characters a point and a reason may have."""
Group = tuple[int, int]
"""The part of the meeting and the stage that a point is in: it is moved within both."""


class AgendaChange(StrEnum):
    """What somebody did to the agenda."""

    ADDED = "ADDED"
    MOVED = "MOVED"
    LEFT_OUT = "LEFT_OUT"
    PUT_BACK = "PUT_BACK"


@dataclass(frozen=True, slots=True)
class AgendaStep:
    """One change to the agenda of one meeting, `by` whom and when (`at`, UTC).

    `point` is a section's code, that of a point added by hand (POINT-1001), or the reference of one task that is left
    out. `reference` is the task that it is about, `words` what a plain point says, `before` the point that one was
    moved before (empty: to the end of its part), `because` why one is left out.
    """

    meeting_ref: str
    change: AgendaChange
    point: str
    by: str
    at: datetime
    reference: str = ""
    words: str = ""
    before: str = ""
    because: str = ""
    with_partners: bool = False
    stage: Stage | None = None


@dataclass(frozen=True, slots=True)
class Agenda:
    """The agenda as it stands. `order` has the codes of every point, also of those left out.

    `added` are points added by hand and `moved` the last moves, by code; `out` is what is left out: points by code,
    single tasks by reference. `groups` says where each point may be moved.
    """

    order: tuple[str, ...]
    groups: Mapping[str, Group]
    added: Mapping[str, AgendaStep]
    moved: Mapping[str, AgendaStep]
    out: Mapping[str, AgendaStep]

    @property
    def points(self) -> tuple[str, ...]:
        """The codes of the points that stand, in their order."""
        return tuple(code for code in self.order if code not in self.out)

    @property
    def added_tasks(self) -> frozenset[str]:
        """References of the tasks that points added by hand put before the meeting."""
        return frozenset(self.added[code].reference for code in self.points if code in self.added) - {""}


def agenda_of(kind: MeetingKind, steps: Iterable[AgendaStep]) -> Agenda:
    """What these steps, oldest first, make of the agenda that the kind lists. Codes that are not there do nothing."""
    order = [section.value for section in kind.agenda]
    groups = {
        section.value: group_of(kind, section in kind.partner_sections, kind.stage_of(section))
        for section in kind.agenda
    }
    added, moved, out = dict[str, AgendaStep](), dict[str, AgendaStep](), dict[str, AgendaStep]()
    for step in steps:
        if step.change is AgendaChange.ADDED:
            added[step.point] = step
            groups[step.point] = group_of(kind, step.with_partners, step.stage)
            order.insert(_place(order, groups, groups[step.point], step.before), step.point)
        elif step.change is AgendaChange.MOVED and step.point in order:
            moved[step.point] = step
            order.remove(step.point)
            order.insert(_place(order, groups, groups[step.point], step.before), step.point)
        elif step.change is AgendaChange.LEFT_OUT:
            out[step.point] = step
        elif step.change is AgendaChange.PUT_BACK:
            out.pop(step.point, None)
    return Agenda(tuple(order), groups, added, moved, out)


def group_of(kind: MeetingKind, with_partners: bool, stage: Stage | None) -> Group:
    """The part and the stage, in the order in which a meeting takes them."""
    return (0 if with_partners else 1, list(Stage).index(stage) if stage and kind.stages else 0)


def section_of(code: str) -> AgendaSection | None:
    """The section that a point's code stands for; None for a point added by hand."""
    return AgendaSection(code) if code in list(AgendaSection) else None


def _place(order: Sequence[str], groups: Mapping[str, Group], group: Group, before: str) -> int:
    """Before that point where it is in the group, else at the group's end."""
    if before in order and groups[before] == group:
        return order.index(before)
    return max((index + 1 for index, code in enumerate(order) if groups[code] <= group), default=0)
