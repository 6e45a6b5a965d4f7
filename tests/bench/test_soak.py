"""The soak in its short form, and that its verdict cannot be pleased by less than all."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench.soak_verdict import AGAIN, Sent, Verdict, judge

PROJECT = Path(__file__).parents[2]
UNITS = {"plan-hp": "HP", "plan-pks": "PKS"}
ONE, MISSING = Sent(1, "HP", False), Sent(2, "HP", True)


def shown(number: int, plan: str = "plan-hp", has_description: bool = True) -> dict[str, Any]:
    title = f"T-{1000 + number} Northfell: Bench {number:05}: keep the market place quiet"
    return {"title": title, "planId": plan, "hasDescription": has_description}


ALL = [shown(1), shown(2), shown(2, "plan-pks")]
CARD = "Escalated: T-1002 to the force"


def verdict(tasks: Sequence[dict[str, Any]] = (), cards: Sequence[str] = (CARD,)) -> Verdict:
    return judge([ONE, MISSING], tasks or ALL, UNITS, cards, "PKS")


def test_all_there_once_is_good() -> None:
    found = verdict()
    assert found.is_good
    assert (found.tasks, found.twins, found.cards) == (2, 1, 1)


@pytest.mark.parametrize(
    ("tasks", "cards", "fault"),
    [
        (ALL[1:], [CARD], "1 responses have no task"),
        ([*ALL, shown(1)], [CARD], "1 tasks are on a board a second time"),
        ([*ALL, shown(2, "plan-pks")], [CARD], "1 tasks are on a board a second time"),
        (ALL[:2], [CARD], "1 tasks that climbed are not on the board above"),
        ([*ALL, shown(1, "plan-pks")], [CARD], "1 tasks stand where they do not belong"),
        ([*ALL, shown(7)], [CARD], "1 tasks stand where they do not belong"),
        ([*ALL, {**shown(1), "title": "By hand"}], [CARD], "1 tasks stand where they do not belong"),
        ([shown(1, has_description=False), *ALL[1:]], [CARD], "1 tasks have no description"),
        (ALL, [], "1 cards were never posted"),
        (ALL, [CARD.replace("T-1002", "T-10021")], "1 cards were never posted"),
        (ALL, [CARD, CARD], "1 second copies of a card do not say"),
    ],
)
def test_whatever_is_lost_doubled_or_half_done_is_a_fault(tasks: Any, cards: Any, fault: str) -> None:
    found = verdict(tasks, cards)
    assert not found.is_good
    assert any(words.startswith(fault) for words in found.faults), found.faults


def test_a_second_copy_of_a_card_may_come_if_it_says_so() -> None:
    found = verdict(cards=[CARD, f"{AGAIN} {CARD}"])
    assert found.is_good
    assert found.cards_sent_again == 1


def test_the_same_response_is_looked_for_on_its_own_units_board() -> None:
    assert not judge([replace(ONE, unit="PKS"), MISSING], ALL, UNITS, [CARD], "PKS").is_good


@pytest.mark.timeout(400)
def test_twenty_responses_through_faults_and_four_kills_are_twenty_tasks(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    command = ["-m", "bench.soak", "--responses", "20", "--kills", "4", "--ahead", "--longest", "300"]
    told = subprocess.run(
        [sys.executable, *command, "--json", str(figures)], cwd=PROJECT, capture_output=True, text=True
    )
    assert told.returncode == 0, told.stdout[-3000:] + told.stderr[-3000:]
    report = json.loads(figures.read_text("utf-8"))
    assert (report["responses"], report["tasks"], report["lost"], report["duplicates"]) == (20, 20, 0, 0)
    assert (report["kills"], report["cards_missing"], report["cards_unmarked_twice"]) == (4, 0, 0)
    assert report["faults_struck"] > 0
