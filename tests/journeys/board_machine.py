"""A Hypothesis machine: people at three boards, the record, one or two workers, faults, lags, power cuts, in any order.

At rest record and boards agree, nothing that anybody did is lost, nothing is there twice, and the service is silent.
"""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from service.wiring import Service
from store import outbox
from tasking.task import EvidenceLink
from tests.emulator_server import RunningEmulator
from tests.journeys.board_doings import ALL, WORK, Doing, do, doings, doings_at_two_boards
from tests.journeys.board_people import LADDER, OWN, People
from tests.journeys.board_rest import AtRest
from tests.journeys.board_troubles import FAULTS, LONGEST_LAGS, Fault, Lag, PowerCut, Steps, faults_of, plan_of
from tests.planner_sync.small_force import MODERATE, SEVERE, SLIGHT, SmallForce
from tests.planner_sync.small_stage import Stage, another_service, small_force_at_work

MOST_TASKS = 4
ROUNDS_TO_REST = 14
EVIDENCE = (EvidenceLink("https://evidence.example/one.docx", "Statement"),)

Job = Callable[[Service], Coroutine[Any, Any, object]]
JOBS: dict[str, Job] = {
    "deliver": lambda service: service.worker.deliver_due(),
    "read every board": lambda service: service.in_step.pull_boards(),
    "read boards that are due": lambda service: service.in_step.pull_due_boards(),
}
ASSESSMENTS = {"slight": SLIGHT, "moderate": MODERATE, "severe": SEVERE}


@dataclass(frozen=True, slots=True)
class Cut:
    """The power fails at this step of the work."""

    step: int


@dataclass(frozen=True, slots=True)
class Between:
    """Somebody does something at this step of the work towards Graph."""

    step: int
    doing: Doing


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """Another worker does the whole of this job at this step of the work towards Graph."""

    step: int
    job: str


Mishap = Cut | Between | Meanwhile | None


@dataclass(frozen=True, slots=True)
class Work:
    """These jobs, so many seconds later, each by a worker of its own; the mishap befalls the first."""

    jobs: tuple[str, ...]
    seconds: int
    mishap: Mishap


@dataclass(frozen=True, slots=True)
class Round:
    """The way of most changes: people do something, boards are read, and what others lack is sent to them."""

    doings: tuple[Doing, ...]
    read: Mishap
    faults: tuple[Fault, ...]
    deliver: Mishap


@dataclass(frozen=True, slots=True)
class Raise:
    """Somebody sends a form."""

    title: str


@dataclass(frozen=True, slots=True)
class Assess:
    """Somebody assesses the risk of a record again."""

    which: int
    how: str


@dataclass(frozen=True, slots=True)
class Climb:
    """A record goes up a level, or is given back."""

    which: int
    is_up: bool


@dataclass(frozen=True, slots=True)
class Faults:
    """Calls to Graph go wrong from here on."""

    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Lags:
    """Planner begins to lag behind."""

    switch: str


@dataclass(frozen=True, slots=True)
class Together:
    """People do things to one task in two places."""

    doings: tuple[Doing, Doing]


@dataclass(frozen=True, slots=True)
class Rest:
    """Everything is delivered and read, and all has to be well."""


@dataclass(frozen=True, slots=True)
class Theme:
    """What this example is about: the fewer the things that people do, and to the fewer tasks, the more they clash."""

    what: tuple[str, ...]
    tasks: int
    faults: tuple[str, ...]


def some_of(names: tuple[str, ...], most: int) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(names), min_size=1, max_size=most, unique=True).map(tuple)


THEMES = st.builds(
    Theme, some_of(WORK, 2) | some_of(ALL, 4) | st.just(ALL), st.integers(1, 3), some_of(tuple(FAULTS), 3)
)
WHICH = st.integers(0, 3)
JOB, GRAPH_STEP = st.sampled_from(sorted(JOBS)), st.integers(0, 12)
SECONDS = st.sampled_from([0, 0, 0, 1, 1, 20, 130, 960])
DOING: st.SearchStrategy[Doing] = st.runner().flatmap(lambda machine: doings(*machine.theme.what))
AT_TWO_BOARDS: st.SearchStrategy[tuple[Doing, Doing]] = st.runner().flatmap(
    lambda machine: doings_at_two_boards(*([each for each in machine.theme.what if each in WORK] or WORK))
)
FAULTS_ON_ORDER: st.SearchStrategy[tuple[Fault, ...]] = st.runner().flatmap(
    lambda machine: faults_of(machine.theme.faults)
)
MISHAP: st.SearchStrategy[Mishap] = st.one_of(
    st.none(),
    st.none(),
    st.builds(Cut, st.integers(1, 60)),
    st.builds(Between, GRAPH_STEP, DOING),
    st.builds(Meanwhile, GRAPH_STEP, JOB),
)
WORK_DONE = st.builds(Work, st.tuples(JOB), SECONDS, MISHAP)
HAPPENINGS: Sequence[tuple[int, st.SearchStrategy[object]]] = (
    (3, DOING),
    (5, st.builds(Round, st.tuples(DOING) | AT_TWO_BOARDS, MISHAP, st.just(()) | FAULTS_ON_ORDER, MISHAP)),
    (2, st.builds(Together, AT_TWO_BOARDS)),
    (1, doings()),
    (3, WORK_DONE),
    (1, st.builds(Work, st.tuples(JOB, JOB), SECONDS, MISHAP)),
    (1, st.builds(Raise, st.sampled_from(["Gates", "Alley"]))),
    (1, st.builds(Assess, WHICH, st.sampled_from(sorted(ASSESSMENTS)))),
    (1, st.builds(Climb, WHICH, st.booleans())),
    (1, st.builds(Faults, FAULTS_ON_ORDER)),
    (1, st.builds(Lags, st.sampled_from(sorted(LONGEST_LAGS)))),
    (1, st.just(Rest())),
)
"""What may happen next, and how often it does."""


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
        self.workers = [Worker(self.force), Worker(self.force)]
        for title in ("Bricks", "Lights"):
            self.raise_task(Raise(title))
        self.climb(Climb(0, is_up=True))
        self.settle()

    @initialize(theme=THEMES)
    def begin(self, theme: Theme) -> None:
        self.theme = theme

    @rule(what=st.one_of(*(strategy for weight, strategy in HAPPENINGS for _ in range(weight))))
    def then(self, what: object) -> None:
        """The next thing happens."""
        HAPPEN[type(what)](self, what)

    def people_do(self, *some: Doing) -> None:
        for doing in some:
            do(self.people, replace(doing, which=doing.which % self.theme.tasks))

    def make_a_round(self, what: Round) -> None:
        self.people_do(*what.doings)
        self.work(Work(("read every board",), 0, what.read))
        self.order(what.faults)
        self.work(Work(("deliver",), 1, what.deliver))

    def order(self, faults: Sequence[Fault]) -> None:
        if faults:
            self.force.emulator.control("faults/plan", plan_of(faults))

    def raise_task(self, what: Raise) -> None:
        if len(self.people.tasks) < MOST_TASKS:
            self.people.tasks.append(self.force.raise_task(title=what.title, links=EVIDENCE))
            self.at_rest.remember(len(self.people.tasks) - 1)

    def assess(self, what: Assess) -> None:
        which = what.which % len(self.people.tasks)
        task = self.people.tasks[which]
        if self.force.record(task).is_open:
            before = self.at_rest.on_record(which)
            self.force.assess_again(task, ASSESSMENTS[what.how])
            self.at_rest.assessed(which, before)

    def climb(self, what: Climb) -> None:
        which = what.which % len(self.people.tasks)
        task = self.people.tasks[which]
        record = self.force.record(task)
        above = dict(pairwise(LADDER)).get(record.top_unit)
        if what.is_up and record.is_open and above is not None and record.unit == OWN:
            self.force.escalate(task, above)
        if not what.is_up and len(record.stands_on) > 1 and record.status != "WITHDRAWN":
            self.at_rest.given_back(which, record.top_unit)
            self.force.give_back(task)

    def come_to_rest(self) -> None:
        """Waits for the end of all troubles, and looks whether all is well."""
        if self.force.emulator.tenant.fault_plan.steps:  # one more round with what is left of them
            self.work(Work(("deliver",), 0, None))
            self.work(Work(("read every board",), 0, None))
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

    def settle(self) -> None:
        """Delivers and reads, waiting out every retry, until nothing is promised any more."""
        for _ in range(ROUNDS_TO_REST):
            self.work(Work(("deliver",), 960, None))
            self.work(Work(("read every board",), 0, None))
            with self.force.service.store.open() as connection:
                if outbox.waiting(connection) == 0:
                    return
        raise AssertionError(f"boards and record do not come to rest: {self.force.outbox('PENDING', '')}")

    def work(self, what: Work) -> None:
        self.lag.time_passes(what.seconds)
        self.force.later(seconds=what.seconds)
        self.inside.run(self._at_once(what.jobs, what.mishap))

    async def _at_once(self, names: Sequence[str], mishap: Mishap) -> None:
        first, outcomes = self.workers[0], list[BaseException | None]()

        async def interrupt() -> None:
            if isinstance(mishap, Between):
                self.people_do(mishap.doing)
            elif isinstance(mishap, Meanwhile):
                outcomes.append(await _outcome(JOBS[mishap.job](self.workers[1].service)))

        if isinstance(mishap, Cut):
            first.steps.cut_power_in(mishap.step)
        elif mishap is not None:
            first.steps.interrupt_in(mishap.step, interrupt)
        works = [JOBS[name](each.service) for name, each in zip(names, self.workers, strict=False)]
        outcomes += await asyncio.gather(*map(_outcome, works))
        first.steps.all_clear()
        if first.steps.is_dead:
            await _bury_what_is_left()
            await first.begin_anew()
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


HAPPEN: Mapping[type, Callable[[Boards, Any], None]] = {
    Doing: Boards.people_do,
    Together: lambda boards, what: boards.people_do(*what.doings),
    Work: Boards.work,
    Raise: Boards.raise_task,
    Assess: Boards.assess,
    Climb: Boards.climb,
    Faults: lambda boards, what: boards.order(what.faults),
    Round: Boards.make_a_round,
    Lags: lambda boards, what: boards.lag.begin(what.switch),
    Rest: lambda boards, what: boards.come_to_rest(),
}
