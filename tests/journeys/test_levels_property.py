"""Up, up, down, down, and any other walk over three levels: one record, and nothing of it is lost on the way."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from store.planner_links import LinkState
from tasking.task import EvidenceLink, Task
from tests.emulator_server import RunningEmulator
from tests.planner_sync.small_force import SmallForce
from tests.planner_sync.small_stage import Stage, small_force_at_work

IS_LONG = os.environ.get("NIGHTLY") == "1"
LADDER = ("HP", "DIV_N", "PKS")
CHIEF = {"DIV_N": "carl", "PKS": "dee"}
EVIDENCE = EvidenceLink("https://evidence.example/statement.docx", "Statement")
EVIDENCE_KEY = "https%3A//evidence%2Eexample/statement%2Edocx"


@dataclass(frozen=True, slots=True)
class Move:
    """One step up or down, where there is one. `rests`: everything is delivered before the next; then the level that
    the task has come to may assign somebody of its own."""

    is_up: bool
    rests: bool = True
    assigns: bool = False


UP, DOWN = Move(is_up=True), Move(is_up=False)
WALKS = st.lists(st.builds(Move, st.booleans(), st.booleans(), st.booleans()), min_size=3, max_size=8)


@dataclass
class Walker:
    """A task on its way, and what has to be true of it."""

    force: SmallForce
    runner: asyncio.Runner
    task: Task
    at: int = 0
    owners: list[tuple[str, ...]] = field(default_factory=list)
    """Who owned it, one after the other."""
    steps: list[str] = field(default_factory=list)

    def go(self, move: Move) -> None:
        """Makes the move if it is a legal one."""
        if move.is_up and self.at < len(LADDER) - 1:
            self.at += 1
            self.force.escalate(self.task, LADDER[self.at])
            self.steps.append("escalated")
        elif not move.is_up and self.at > 0:
            self.at -= 1
            self.force.give_back(self.task)
            self.steps.append("returned")
        if move.rests:
            self.rest()
        if move.rests and move.assigns and self.at > 0:
            self.assign()

    def assign(self) -> None:
        """The level that has it now gives it to somebody: from here on they own it."""
        unit = LADDER[self.at]
        chief = self.force.user_ids[CHIEF[unit]]
        person, planner_id = getattr(self.force, CHIEF[unit]), self.force.planner_id(self.task, unit)
        if chief not in person.task(planner_id)["assignments"]:
            person.assign(planner_id, chief)
            if self.owners[-1] != (chief,):
                self.owners.append((chief,))
        self.rest()

    def rest(self) -> None:
        self.runner.run(self.force.settle())
        self.check_record()
        for level, unit in enumerate(LADDER):
            self.check_board(unit, stands=level <= self.at)

    def check_record(self) -> None:
        record, first = self.force.record(self.task), self.task
        kept = ("reference", "title", "pillar", "band", "band_override", "links", "due_at", "labels")
        assert {name: getattr(record, name) for name in kept} == {name: getattr(first, name) for name in kept}
        assert [line.is_done for line in record.checklist] == [True, False]
        assert record.stands_on == LADDER[: self.at + 1]
        assert record.owner_ids == self.owners[-1], "the owner stays until a higher level allocates"
        trail = [row["changes"]["owner_ids"][1] for row in self.force.audit(record) if "owner_ids" in row["changes"]]
        assert [tuple(each) for each in trail] == self.owners[1:]
        walked = [row["action"].split(":")[0].split(" ")[0] for row in self.force.audit(record)]
        assert [each for each in walked if each in ("escalated", "returned")] == self.steps
        assert self.force.outbox("DEAD") == []

    def check_board(self, unit: str, *, stands: bool) -> None:
        stays = {stay: state for place, stay, state in self.force.stays(self.task) if place == unit}
        open_stays = [stay for stay, state in stays.items() if state != LinkState.CLOSED]
        assert open_stays == ([max(stays)] if stands else []), f"{unit}: {stays}"
        shown = self.force.on_board(unit)
        complete = [each for each in shown if each["percentComplete"] == 100]
        assert len(shown) - len(complete) == int(stands), f"{unit} shows it {len(shown)} times"
        assert len(shown) <= len(stays)
        if stands:
            self.check_shown(unit, self.force.shown(self.task, unit))

    def check_shown(self, unit: str, shown: dict[str, Any]) -> None:
        record = self.force.record(self.task)
        assert shown["title"] == f"{record.reference} {record.title}"
        assert shown["priority"] == 3, "what a person set at first"
        assert shown["percentComplete"] == 50
        assert EVIDENCE_KEY in shown["details"]["references"]
        ticks = [shown["details"]["checklist"][line.line_id]["isChecked"] for line in record.checklist]
        assert ticks == [True, False]
        marks = {code: self.force.category(code) in shown["appliedCategories"] for code in ("ESCALATED", "RETURNED")}
        assert marks == {code: code in record.service_labels for code in marks}
        if unit == LADDER[0]:
            assert tuple(shown["assignments"]) == record.owner_ids


@contextmanager
def walker(emulator: RunningEmulator, stage: Stage, folder: Path) -> Iterator[Walker]:
    """A task on the lowest board that somebody has worked on."""
    with asyncio.Runner() as runner:
        at_work = small_force_at_work(emulator, stage, folder)
        force: SmallForce = runner.run(at_work.__aenter__())
        try:
            raised = force.raise_task(links=(EVIDENCE,))
            runner.run(force.settle())
            on = force.planner_id(raised)
            force.amy.change(on, title=f"{raised.reference} As Amy calls it", priority=3, percentComplete=50)
            force.amy.assign(on, force.user_ids["amy"])
            force.amy.tick(on, raised.checklist[0].line_id)
            runner.run(force.settle())
            task = force.record(raised)
            made = Walker(force, runner, task, owners=[(), (force.user_ids["amy"],)])
            made.rest()
            yield made
        finally:
            runner.run(at_work.__aexit__(None, None, None))


@pytest.mark.timeout(4 * 3600 if IS_LONG else 120)
def test_any_walk_up_and_down_loses_nothing_and_leaves_the_boards_true(
    emulator: RunningEmulator, provisioned: Stage, tmp_path: Path
) -> None:
    @settings(
        max_examples=200 if IS_LONG else 4,
        deadline=None,
        derandomize=not IS_LONG,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @example([UP, UP, DOWN, DOWN])
    @example([UP, Move(True, assigns=True), DOWN, UP, DOWN, DOWN])
    @given(WALKS)
    def walks(moves: list[Move]) -> None:
        with walker(emulator, provisioned, tmp_path / "work") as on_the_way:
            for move in moves:
                on_the_way.go(move)
            while on_the_way.at > 0:
                on_the_way.go(DOWN)
            on_the_way.rest()

    walks()
