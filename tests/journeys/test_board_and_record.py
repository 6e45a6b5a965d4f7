"""People edit boards, the record changes, answers get lost, calls are refused: in the end board and record agree.

Hypothesis plays it in any order. No task is there twice, and what a person did last is what stands.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from planner_sync.field_map import title_without_reference
from store.planner_links import LinkState
from tasking.task import Task
from tasking.thrive import BANDS
from tests.emulator_server import RunningEmulator
from tests.planner_sync.person import Person
from tests.planner_sync.small_force import MODERATE, SEVERE, SLIGHT, SmallForce
from tests.planner_sync.small_stage import Stage, identity_variables, provision_stage, small_force_at_work

OWN, ABOVE = "HP", "DIV_N"
WORKER = {OWN: "amy", ABOVE: "carl"}
PILLARS = ("ROADS", "RURAL", "ACQUISITIVE")
LABELS = ("BLOCKED", "PREVENTION")
WRITES = r"/planner/tasks/[^/]+(/details)?$"
FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "change done, connection cut": ("lose_next_answer", {"method": "PATCH", "path": WRITES, "as": "disconnect"}),
    "change done, gateway timed out": ("lose_next_answer", {"method": "PATCH", "path": WRITES, "as": "504"}),
    "task made, connection cut": ("lose_next_answer", {"method": "POST", "path": "/planner/tasks$"}),
    "change refused as clashing": ("fail_next", {"method": "PATCH", "path": WRITES, "status": 409, "code": ""}),
    "change refused for its etag": ("fail_next", {"method": "PATCH", "path": WRITES, "status": 412, "code": ""}),
    "change not done, 503": ("fail_next", {"method": "PATCH", "path": WRITES, "status": 503, "times": 2}),
    "throttled": ("throttle", {"workload": "planner", "times": 3}),
}

WHICH = st.integers(0, 1)
UNIT = st.sampled_from([OWN, ABOVE])


@pytest.fixture(scope="module")
def provisioned(emulator_process: RunningEmulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The small force, provisioned once for all the examples."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in identity_variables(emulator_process):
            patch.setenv(name, value)
        yield asyncio.run(provision_stage(emulator_process, tmp_path_factory.mktemp("board-and-record")))


def test_board_and_record_agree_in_the_end_whatever_happens_between(
    emulator: RunningEmulator, provisioned: Stage, tmp_path: Path
) -> None:
    def machine() -> BoardAndRecord:
        return BoardAndRecord(emulator, provisioned, tmp_path / "work")

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=12,
            stateful_step_count=16,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


class BoardAndRecord(RuleBasedStateMachine):
    """Two tasks that start on one section's board. `last` holds what people did and nobody has checked yet."""

    def __init__(self, emulator: RunningEmulator, stage: Stage, folder: Path) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.at_work = small_force_at_work(emulator, stage, folder)
        self.force: SmallForce = self.runner.run(self.at_work.__aenter__())
        self.tasks = [self.force.raise_task(title=title) for title in ("Bricks", "Lights")]
        self.last: dict[tuple[int, str], dict[str, object]] = {}

    @rule()
    def deliver(self) -> None:
        self.force.later(seconds=20)
        self.runner.run(self.force.deliver())

    @rule()
    def pull(self) -> None:
        self.runner.run(self.force.pull())

    @rule()
    def minutes_pass(self) -> None:
        self.force.later(minutes=16)

    @rule(name=st.sampled_from(sorted(FAULTS)))
    def something_goes_wrong(self, name: str) -> None:
        lever, order = FAULTS[name]
        self.force.fault(lever, **order)

    @rule(which=WHICH, unit=UNIT, words=st.sampled_from(["North St", "South St", "A-6 lay-by"]), marked=st.booleans())
    def retitle(self, which: int, unit: str, words: str, marked: bool) -> None:
        title = f"{self.tasks[which].reference} {words}" if marked else words
        self.edit(which, unit, "title", words, lambda who, on: who.change(on, title=title))

    @rule(which=WHICH, unit=UNIT, percent=st.sampled_from([0, 50, 100]))
    def progress(self, which: int, unit: str, percent: int) -> None:
        self.edit(which, unit, "progress", percent, lambda who, on: who.change(on, percentComplete=percent))

    @rule(which=WHICH, unit=UNIT, due=st.sampled_from([None, "2027-01-02T10:00:00Z", "2027-03-04T09:00:00Z"]))
    def due(self, which: int, unit: str, due: str | None) -> None:
        self.edit(which, unit, "due", due, lambda who, on: who.change(on, dueDateTime=due))

    @rule(which=WHICH, unit=UNIT, pillar=st.sampled_from(PILLARS))
    def move(self, which: int, unit: str, pillar: str) -> None:
        bucket = self.force.board(unit).bucket_of_pillar[pillar]
        self.edit(which, unit, "pillar", pillar, lambda who, on: who.change(on, bucketId=bucket))

    @rule(which=WHICH, unit=UNIT, priority=st.sampled_from([1, 3, 5, 9]))
    def prioritise(self, which: int, unit: str, priority: int) -> None:
        self.edit(which, unit, "priority", priority, lambda who, on: who.change(on, priority=priority))

    @rule(which=WHICH, unit=UNIT, code=st.sampled_from(LABELS), is_on=st.booleans())
    def label(self, which: int, unit: str, code: str, is_on: bool) -> None:
        slot = self.force.slot(code)
        self.edit(which, unit, f"label {code}", is_on, lambda who, on: who.label(on, slot, is_on))

    @rule(which=WHICH, unit=UNIT, number=st.integers(0, 1), is_done=st.booleans())
    def tick(self, which: int, unit: str, number: int, is_done: bool) -> None:
        line = self.tasks[which].checklist[number].line_id
        if line in self.checklist(which, unit):
            self.edit(which, unit, f"tick {number}", is_done, lambda who, on: who.tick(on, line, is_done))

    @rule(which=WHICH, name=st.sampled_from(["amy", "bob"]), is_on=st.booleans())
    def assign(self, which: int, name: str, is_on: bool) -> None:
        user_id = self.force.user_ids[name]

        def do(who: Person, on: str) -> None:
            who.assign(on, user_id) if is_on else who.unassign(on, user_id)

        self.edit(which, OWN, f"owner {name}", is_on, do)

    @rule(which=WHICH, assessment=st.sampled_from([SLIGHT, MODERATE, SEVERE]))
    def assess_again(self, which: int, assessment: Any) -> None:
        if self.record(which).is_open:
            self.force.assess_again(self.tasks[which], assessment)

    @rule(which=WHICH)
    def escalate(self, which: int) -> None:
        record = self.record(which)
        if record.is_open and record.stands_on == (OWN,):
            self.force.escalate(self.tasks[which])

    @rule(which=WHICH)
    def give_back(self, which: int) -> None:
        if self.record(which).stands_on == (OWN, ABOVE):
            self.come_to_rest()
        if len(self.record(which).stands_on) > 1:
            self.force.give_back(self.tasks[which])

    @rule(which=WHICH, unit=UNIT)
    def delete(self, which: int, unit: str) -> None:
        self.come_to_rest()
        record = self.record(which)
        if record.is_open and unit in record.stands_on:
            with self.undisturbed():
                self.person(unit).delete(self.force.planner_id(self.tasks[which], unit))

    @rule()
    def come_to_rest(self) -> None:
        """Everything is delivered and read: what people did last stands, on the record and on every board."""
        self.runner.run(self.force.settle())
        for (which, what), by_board in self.last.items():
            stands, wanted = self.on_record(which)[what], set(by_board.values())
            if what == "priority":
                band = self.record(which).band
                assert band is not None
                wanted.add(BANDS[band].planner_priority)
            assert stands in wanted, f"task {which}: people set {what} to {by_board}, and {stands} stands"
        for which in range(len(self.tasks)):
            if (which, "priority") not in self.last and not self.was_prioritised(which):
                assert self.record(which).band_override is None, "nobody set a priority"
        self.last.clear()
        self.boards_agree()

    def teardown(self) -> None:
        try:
            self.force.emulator.control("faults", method="DELETE")
            self.come_to_rest()
        finally:
            self.runner.run(self.at_work.__aexit__(None, None, None))
            self.runner.close()

    def boards_agree(self) -> None:
        for which, task in enumerate(self.tasks):
            for unit in self.record(which).stands_on:
                wanted = self.on_record(which)
                seen = self.on_board(which, unit)
                if unit != OWN:
                    wanted = {what: value for what, value in wanted.items() if not what.startswith("owner")}
                assert {what: seen[what] for what in wanted} == wanted, f"{task.reference} on {unit}"
        for unit in (OWN, ABOVE):
            stays = [state for task in self.tasks for place, _, state in self.force.stays(task) if place == unit]
            kept = [state for state in stays if state in (LinkState.ACTIVE, LinkState.CLOSED)]
            assert len(self.force.on_board(unit)) == len(kept), f"{unit} shows a task twice, or lacks one"
        assert self.force.outbox("DEAD") == []

    def on_record(self, which: int) -> dict[str, object]:
        record = self.record(which)
        band = record.working_band
        return {
            "title": record.title,
            "progress": record.progress,
            "due": record.due_at.strftime("%Y-%m-%dT%H:%M:%SZ") if record.due_at else None,
            "pillar": record.pillar,
            "priority": BANDS[band].planner_priority if band else 5,
            **{f"label {code}": code in record.labels for code in LABELS},
            **{f"tick {number}": line.is_done for number, line in enumerate(record.checklist)},
            **{f"owner {name}": self.force.user_ids[name] in record.owner_ids for name in ("amy", "bob")},
        }

    def on_board(self, which: int, unit: str) -> dict[str, object]:
        task = self.tasks[which]
        shown = self.force.shown(task, unit)
        checklist = shown["details"]["checklist"]
        return {
            "title": title_without_reference(shown["title"], task.reference),
            "progress": shown["percentComplete"],
            "due": shown["dueDateTime"],
            "pillar": self.force.board(unit).pillar_of_bucket[shown["bucketId"]],
            "priority": shown["priority"],
            **{f"label {code}": self.force.category(code) in shown["appliedCategories"] for code in LABELS},
            **{f"tick {n}": checklist[line.line_id]["isChecked"] for n, line in enumerate(task.checklist)},
            **{f"owner {name}": self.force.user_ids[name] in shown["assignments"] for name in ("amy", "bob")},
        }

    def edit(self, which: int, unit: str, what: str, value: object, do: Callable[[Person, str], None]) -> None:
        """A person does something on a board that the task stands on, and it is noted that they did."""
        planner_id = self.planner_id(which, unit)
        if planner_id is None or unit not in self.record(which).stands_on:
            return
        with self.undisturbed():
            if self.on_board_raw(which, unit, what) == value:
                return
            do(self.person(unit), planner_id)
        self.last.setdefault((which, what), {})[unit] = value

    def on_board_raw(self, which: int, unit: str, what: str) -> object:
        """What the board shows before an edit; nothing is an edit that changes nothing."""
        shown = self.force.shown(self.tasks[which], unit)
        return (
            None if not shown["details"]["checklist"] and what.startswith("tick") else self.on_board(which, unit)[what]
        )

    def planner_id(self, which: int, unit: str) -> str | None:
        if (unit, 1) not in {(place, stay) for place, stay, _ in self.force.stays(self.tasks[which])}:
            return None
        link = self.force.link(self.tasks[which], unit)
        known = link.planner_task_id in self.force.emulator.tenant.planner.tasks
        return link.planner_task_id if link.state is LinkState.ACTIVE and known else None

    def checklist(self, which: int, unit: str) -> dict[str, Any]:
        planner_id = self.planner_id(which, unit)
        return dict(self.force.shown(self.tasks[which], unit)["details"]["checklist"]) if planner_id else {}

    def was_prioritised(self, which: int) -> bool:
        return any("band_override" in row["changes"] for row in self.force.audit(self.tasks[which], "on the board of"))

    def record(self, which: int) -> Task:
        return self.force.record(self.tasks[which])

    def person(self, unit: str) -> Person:
        found: Person = getattr(self.force, WORKER[unit])
        return found

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Faults on order are meant for the service, not for people."""
        tenant = self.force.emulator.tenant
        held, tenant.faults = tenant.faults, type(tenant.faults)()
        try:
            yield
        finally:
            tenant.faults = held
