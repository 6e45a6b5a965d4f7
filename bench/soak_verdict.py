"""Pure: what the boards and channels show, held against the responses that were sent."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

TITLE = re.compile(r"^(\S+) (?:.* )?Bench (\d{5}):")
"""The reference, whatever the service puts before a title, and the response's number."""
AGAIN = "SENT AGAIN"


@dataclass(frozen=True, slots=True)
class Sent:
    """One response: its number, the unit it is for, and whether it climbs to the force at once."""

    number: int
    unit: str
    climbs: bool


@dataclass(slots=True)
class Verdict:
    """The counts; `faults` are sentences about what should not be."""

    responses: int
    tasks: int = 0
    lost: int = 0
    duplicates: int = 0
    twins: int = 0
    twins_wanted: int = 0
    unfilled: int = 0
    cards: int = 0
    cards_wanted: int = 0
    cards_missing: int = 0
    cards_sent_again: int = 0
    cards_unmarked_twice: int = 0
    strangers: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether nothing was lost, doubled or left half done."""
        return not self.faults


def judge(
    sent: Sequence[Sent],
    planner_tasks: Sequence[Mapping[str, Any]],
    unit_of_plan: Mapping[str, str],
    cards: Sequence[str],
    top_unit: str,
) -> Verdict:
    """Counts by the titles that the responses gave, which nothing of the service made up.

    `cards` are posted messages as text. One task for each response on its unit's board; for those that climb one on
    the top unit's board too, and a card of which every copy but one says that it was sent again.
    """
    verdict = Verdict(len(sent))
    shown: Counter[tuple[int, str]] = Counter()
    references: dict[int, str] = {}
    for task in planner_tasks:
        found = TITLE.match(task["title"])
        if found is None:
            verdict.strangers += 1
            continue
        number = int(found[2])
        shown[number, unit_of_plan[task["planId"]]] += 1
        references[number] = found[1]
        verdict.unfilled += not task["hasDescription"]
    for response in sent:
        _count(verdict, response, shown, top_unit)
        if response.climbs:
            _count_cards(verdict, references.get(response.number, ""), cards)
    verdict.strangers += sum(shown.values())
    _find_faults(verdict)
    return verdict


def _count(verdict: Verdict, response: Sent, shown: Counter[tuple[int, str]], top_unit: str) -> None:
    """Takes what belongs to the response out of `shown`; what is left there in the end belongs nowhere."""
    own = shown.pop((response.number, response.unit), 0)
    verdict.tasks += min(own, 1)
    verdict.lost += own == 0
    verdict.duplicates += max(own - 1, 0)
    if response.climbs:
        above = shown.pop((response.number, top_unit), 0)
        verdict.twins_wanted += 1
        verdict.twins += min(above, 1)
        verdict.duplicates += max(above - 1, 0)


def _count_cards(verdict: Verdict, reference: str, cards: Sequence[str]) -> None:
    copies = [card for card in cards if reference and re.search(rf"\b{re.escape(reference)}\b", card)]
    marked = sum(AGAIN in card for card in copies)
    verdict.cards_wanted += 1
    verdict.cards += len(copies)
    verdict.cards_missing += not copies
    verdict.cards_sent_again += marked
    verdict.cards_unmarked_twice += max(len(copies) - marked - 1, 0)


def _find_faults(verdict: Verdict) -> None:
    for number, words in (
        (verdict.lost, "responses have no task on their board"),
        (verdict.duplicates, "tasks are on a board a second time"),
        (verdict.twins_wanted - verdict.twins, "tasks that climbed are not on the board above"),
        (verdict.unfilled, "tasks have no description"),
        (verdict.strangers, "tasks stand where they do not belong"),
        (verdict.cards_missing, "cards were never posted"),
        (verdict.cards_unmarked_twice, "second copies of a card do not say that they were sent again"),
    ):
        if number:
            verdict.faults.append(f"{number} {words}.")
