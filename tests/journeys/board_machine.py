"""A Hypothesis machine: people at three boards, the record, one or two workers, faults, lags, power cuts, in any order.

At rest record and boards agree, nothing that anybody did is lost, nothing is there twice, and the service is silent.
"""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from service.wiring import Service
from store import outbox
from tasking.task import EvidenceLink
from tests.emulator_server import RunningEmulator
from tests.journeys.board_doings import WORDS_AND_LINES, WORK, Doing, do, doings, doings_at_two_boards
from tests.journeys.board_people import LADDER, OWN, People
from tests.journeys.board_rest import AtRest
from tests.journeys.board_troubles import FAULT_PLANS, LONGEST_LAGS, Fault, Lag, PowerCut, Steps, plan_of
from tests.planner_sync.small_force import MODERATE, SEVERE, SLIGHT, SmallForce
from tests.planner_sync.small_stage import Stage, another_service, small_force_at_work

MOST_TASKS = 4
ROUNDS_TO_REST = 14
EVIDENCE = (EvidenceLink("https://evidence.example/one.docx", "Statement"),)

Job = Callable[[Service], Coroutine[Any, Any, object]]
WORKS: dict[str, Job] = {
    "deliver": lambda service: service.worker.deliver_due(),
    "read every board": lambda service: service.in_step.pull_boards(),
    "read boards that are due": lambda service: service.in_step.pull_due_boards(),
}
WHICH = st.integers(0, 3)
STEP = st.integers(1, 60)


@dataclass(frozen=True, slots=True)
class Cut:
    """The power fails at this step of the work."""

    step: int


@dataclass(frozen=True, slots=True)
class Between:
    """Somebody does something at this step of the work."""

    step: int
    doing: Doing


MISHAP = st.one_of(st.none(), st.builds(Cut, STEP), st.builds(Between, st.integers(0, 20), doings()))


class Worker:
    """One service at work, which may die and come back."""

    def __init__(self, force: SmallForce) -> None:
        self._force = force
        self.service = another_service(force)
        self.steps = Steps(self.service)

    async def begin_anew(self) -> None:
        """What a restart does: the old process is gone with everything in it, and a new one reads the same database."""
        await self.service.aclose()
        self.service = another_service(self._force)
        self.steps = Steps(self.service)


class Boards(RuleBasedStateMachine):
    """Begins with two tasks on a section's board."""

    rules_of_the_force: ClassVar[dict[str, object]] = {}

    def __init__(self, emulator: RunningEmulator, stage: Stage, folder: Path) -> None:
        super().__init__()
        shutil.rmtree(folder, ignore_errors=True)
        self.outside = asyncio.Runner()
        """Keeps the tenant and what people do; the service lives, and dies, in the other."""
        self.inside = asyncio.Runner()
        self.at_work = small_force_at_work(emulator, stage, folder, **self.rules_of_the_force)
        self.force: SmallForce = self.outside.run(self.at_work.__aenter__())
        self.lag = Lag(emulator.tenant)
        self.people = People(self.force)
        self.at_rest = AtRest(self.force, self.people, is_accepting=bool(self.rules_of_the_force))
        self.workers = [Worker(self.force)]
        for title in ("Bricks", "Lights"):
            self.raise_task(title)
        self.climb_or_return(0, is_up=True)
        self.settle()

    # --- the record ---

    @rule(title=st.sampled_from(["Gates", "Alley"]))
    def raise_task(self, title: str) -> None:
        if len(self.people.tasks) < MOST_TASKS:
            self.people.tasks.append(self.force.raise_task(title=title, links=EVIDENCE))
            self.at_rest.remember(len(self.people.tasks) - 1)

    @rule(which=WHICH, assessment=st.sampled_from([SLIGHT, MODERATE, SEVERE]))
    def assess_again(self, which: int, assessment: Any) -> None:
        which %= len(self.people.tasks)
        task = self.people.tasks[which]
        if self.force.record(task).is_open:
            before = self.at_rest.on_record(which)
            self.force.assess_again(task, assessment)
            self.at_rest.assessed(which, before)

    @rule(which=WHICH, is_up=st.booleans())
    def climb_or_return(self, which: int, is_up: bool) -> None:
        which %= len(self.people.tasks)
        task = self.people.tasks[which]
        record = self.force.record(task)
        above = dict(pairwise(LADDER)).get(record.top_unit)
        if is_up and record.is_open and above is not None and record.unit == OWN:
            self.force.escalate(task, above)
        if not is_up and len(record.stands_on) > 1 and record.status != "WITHDRAWN":
            self.at_rest.given_back(which, record.top_unit)
            self.force.give_back(task)

    # --- people ---

    @rule(some=st.lists(doings(*WORK), min_size=1, max_size=3))
    def somebody_works(self, some: list[Doing]) -> None:
        self.do(some)

    @rule(some=st.lists(doings(*WORDS_AND_LINES), min_size=1, max_size=3))
    def somebody_writes(self, some: list[Doing]) -> None:
        self.do(some)

    @rule(some=st.lists(doings(), min_size=1, max_size=2))
    def somebody_does_anything(self, some: list[Doing]) -> None:
        self.do(some)

    @rule(some=doings_at_two_boards(*WORK))
    def people_do_the_same_thing_at_two_boards(self, some: list[Doing]) -> None:
        self.do(some)

    def do(self, some: Iterable[Doing]) -> None:
        for doing in some:
            do(self.people, doing)

    # --- Graph ---

    @rule(faults=FAULT_PLANS)
    def something_goes_wrong(self, faults: list[Fault]) -> None:
        self.force.emulator.control("faults/plan", plan_of(faults))

    @rule(switch=st.sampled_from(sorted(LONGEST_LAGS)))
    def planner_lags(self, switch: str) -> None:
        self.lag.begin(switch)

    # --- the service ---

    @rule(seconds=st.sampled_from([0, 1, 20, 130]), mishap=MISHAP)
    def deliver(self, seconds: int, mishap: Cut | Between | None) -> None:
        self.later(seconds)
        self.work(["deliver"], mishap)

    @rule(work=st.sampled_from(sorted(WORKS)), seconds=st.sampled_from([0, 20, 960]), mishap=MISHAP)
    def work_on(self, work: str, seconds: int, mishap: Cut | Between | None) -> None:
        self.later(seconds)
        self.work([work], mishap)

    @rule(one=st.sampled_from(sorted(WORKS)), other=st.sampled_from(sorted(WORKS)), mishap=MISHAP)
    def two_work_at_once(self, one: str, other: str, mishap: Cut | Between | None) -> None:
        self.later(1)
        self.work([one, other], mishap)

    @rule()
    def come_to_rest(self) -> None:
        self.under_faults_still()
        self.force.emulator.control("faults", method="DELETE")
        self.settle()
        self.at_rest.check()
        self.force.watch()
        self.settle()
        self.at_rest.check_silence()

    def teardown(self) -> None:
        try:
            self.come_to_rest()
        finally:
            for worker in self.workers:
                self.inside.run(worker.service.aclose())
            self.inside.close()
            self.outside.run(self.at_work.__aexit__(None, None, None))
            self.outside.close()

    def under_faults_still(self) -> None:
        """One round on the way to rest with whatever faults are left."""
        if self.force.emulator.tenant.fault_plan.steps:
            self.work(["deliver"], None)
            self.work(["read every board"], None)

    def settle(self) -> None:
        """Delivers and reads, waiting out every retry, until nothing is promised any more."""
        for _ in range(ROUNDS_TO_REST):
            self.later(960)
            self.work(["deliver"], None)
            self.work(["read every board"], None)
            with self.force.service.store.open() as connection:
                if outbox.waiting(connection) == 0:
                    return
        raise AssertionError(f"boards and record do not come to rest: {self.force.outbox('PENDING', '')}")

    def later(self, seconds: float) -> None:
        self.lag.time_passes(seconds)
        self.force.later(seconds=seconds)

    def work(self, names: list[str], mishap: Cut | Between | None) -> None:
        """Each of these by a worker of its own, at the same time; the mishap befalls the first."""
        while len(self.workers) < len(names):
            self.workers.append(Worker(self.force))
        first = self.workers[0]
        if isinstance(mishap, Cut):
            first.steps.cut_power_in(mishap.step)
        elif isinstance(mishap, Between):
            doing = mishap.doing
            first.steps.interrupt_in(mishap.step, lambda: do(self.people, doing))
        self.inside.run(
            self._at_once([WORKS[name](each.service) for name, each in zip(names, self.workers, strict=False)])
        )

    async def _at_once(self, works: list[Coroutine[Any, Any, object]]) -> None:
        outcomes = await asyncio.gather(*map(_outcome, works))
        self.workers[0].steps.all_clear()
        if self.workers[0].steps.is_dead:
            await _bury_what_is_left()
            await self.workers[0].begin_anew()
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome


async def _outcome(work: Awaitable[object]) -> BaseException | None:
    try:
        await work
    except (Exception, PowerCut) as error:  # told by the caller
        return error
    return None


async def _bury_what_is_left() -> None:
    """Tasks of a process that died: those that wait for an answer have it come too late, the rest are cancelled."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    if left:
        await asyncio.wait(left, timeout=2)
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


class AcceptingBoards(Boards):
    """The same in a force where deleting a task on its own board withdraws it."""

    rules_of_the_force: ClassVar[dict[str, object]] = {"deleted_task_policy": "accept"}
