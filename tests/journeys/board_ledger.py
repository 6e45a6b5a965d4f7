"""What people did since all was last at rest, and what must have become of it: the oracle, without a look at how.

A value that somebody set stands on the record, or gave way to another's and is told on the task, or was overwritten by
somebody who saw it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import count

Told = Callable[[str, object], bool]
"""Whether the task tells of this field that this value gave way."""

OWNERS = "owners"
"""The field under which a higher board's whole set of assignees is kept."""


@dataclass
class Edit:
    """What the people of one Planner task last made of one field, and what they saw there before each change."""

    value: object
    began_with: object
    saw: set[object] = field(default_factory=set)
    must_stand: bool = True
    changes: int = 0
    number: int = 0

    @property
    def is_none(self) -> bool:
        """Whether it was put back to what it had been: the service may never have seen the change."""
        return self.value == self.began_with


class Ledger:
    """Edits by record, field and Planner task, since the last rest."""

    def __init__(self) -> None:
        self._edits: dict[tuple[int, str], dict[str, Edit]] = {}
        self._numbers = count(1)
        self.prioritised: set[int] = set()

    def note(self, which: int, name: str, planner_id: str, saw: object, value: object) -> None:
        """Somebody who saw one value on a board put another there."""
        by_board = self._edits.setdefault((which, name), {})
        edit = by_board.setdefault(planner_id, Edit(value, saw))
        edit.value, edit.must_stand, edit.number = value, True, next(self._numbers)
        edit.saw.add(saw)
        edit.changes += 1
        if name == "priority":
            self.prioritised.add(which)

    def may_be_lost(self, planner_id: str, *names: str) -> None:
        """The Planner task went, or its people undid these fields (none named: all), maybe before anybody read them."""
        for (_, name), by_board in self._edits.items():
            if planner_id in by_board and (not names or name in names):
                by_board[planner_id].must_stand = False

    def outranked(self, which: int, priority: int) -> None:
        """Risk was assessed again: what people had set below that gives way, by the rule."""
        for edit in self._edits.get((which, "priority"), {}).values():
            if isinstance(edit.value, int) and edit.value > priority:
                edit.must_stand = False
        self._record_changed(which, "priority", priority)

    def given_a_date(self, which: int, due: str | None) -> None:
        """An assessment gives a task without a due date one, also where people had cleared it."""
        for edit in self._edits.get((which, "due"), {}).values():
            edit.must_stand = edit.must_stand and edit.value is not None
        self._record_changed(which, "due", due)

    def changes(self, which: int, name: str) -> int:
        """How often anybody changed the field anywhere."""
        return sum(edit.changes for edit in self.of(which, name))

    def of(self, which: int, name: str) -> list[Edit]:
        """The edits of one field, oldest first."""
        return sorted(self._edits.get((which, name), {}).values(), key=lambda edit: edit.number)

    def names(self, which: int) -> set[str]:
        """The fields of this record that anybody touched."""
        return {name for number, name in self._edits if number == which}

    def at_rest(self) -> None:
        """All was well: the next period begins."""
        self._edits.clear()

    def check(self, which: int, name: str, before: object, stands: object, told: Told) -> None:
        """One field of a record that was at rest with `before` and is now with `stands`."""
        edits = self.of(which, name)
        wanted = {edit.value for edit in edits}
        if not any(edit.must_stand for edit in edits):
            wanted.add(before)
        where = f"task {which}, {name}: was {before!r}, people made it {[edit.value for edit in edits]}"
        assert stands in wanted, f"{where}, and {stands!r} stands"
        for edit in edits:
            is_known = edit.is_none or edit.value == stands or not edit.must_stand
            overwritten = any(edit.value in other.saw for other in edits if other is not edit)
            assert is_known or overwritten or told(name, edit.value), (
                f"{where}: {edit.value!r} is lost, nothing is told"
            )

    def check_owners(self, which: int, before: Iterable[str], stands: Iterable[str], told: Told) -> None:
        """Who owns a record: what a higher board assigns is the whole of it, with what the own board changes after."""
        was, now, twins = set(before), set(stands), self.of(which, OWNERS)
        own = {name: self.of(which, name) for name in self.names(which) if name.startswith("owner ")}
        for name, edits in own.items():
            person = name.removeprefix("owner ")
            if not twins:
                self.check(which, name, person in was, person in now, told)
            elif edits[-1].value and person not in now:
                assert told(name, True), f"task {which}: that {person} was assigned is lost, and the audit has nothing"
        explained = [set(edit.value) for edit in twins if isinstance(edit.value, frozenset)]
        if not any(edit.must_stand and not edit.is_none for edit in twins):
            explained.append(was)
        of_own = {name.removeprefix("owner ") for name in own}
        assert any((now ^ each) <= of_own for each in explained), (
            f"task {which}: owned by {was}, {explained} by the boards, changed for {of_own} below: {now} own it"
        )

    def _record_changed(self, which: int, name: str, value: object) -> None:
        edit = Edit(value, None, must_stand=False, number=next(self._numbers))
        self._edits.setdefault((which, name), {})["the record"] = edit

    def is_clash(self, which: int, name: str) -> bool:
        """Whether a field was touched in two places, so that a clash may be told."""
        names = [name] if name != OWNERS else [each for each in self.names(which) if each.startswith("owner")]
        return len({board for each in names for board in self._edits.get((which, each), {})}) > 1
