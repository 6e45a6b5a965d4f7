"""What the pages' queries cost as the record grows: their number must stay the same, and their time nearly so.

Two ways of growing. A force's record grows by what is done: 180 tasks a month, with the same number in hand. A busier
force has more in hand as well: a tenth of its record, at most 300 on each board. Each task in hand has a decision, of
those done every fifth.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from bench.boards import say
from bench.growth import MOST_OPEN_EACH, OPEN_SHARE, counted
from bench.tenant import PROJECT
from reporting.live_board import board_page, board_token
from reporting.pack_for import pack_for
from reporting.register import register
from reporting.search import search
from reporting.task_story import story_of
from service.clock import MovableClock
from service.event_routes import ROUTES
from service.force_config import load_force
from store import tasks
from store.database import migrate, opened
from store.unit_of_work import SqlUnitOfWork, Store
from tasking import actions
from tasking.board_filter import BoardFilter, Scope
from tasking.calendar import Sitting, occurrences
from tasking.decision import Capacity, Decision, DecisionType, Snapshot
from tasking.force import Force
from tasking.requests import TaskRequest
from tasking.task import Status, Task, TaskText
from tasking.thrive import RiskContext, ThriveAssessment
from tasking.viewing import Viewer

PAGE = Path("docs") / "page_performance.md"
SIZES = (100, 10_000, 100_000)
TIMES = 15
AIM = 2.0
AT_A_TIME = 2000
DECIDED_EVERY = 5
IN_HAND_EACH = 5
A_MONTH = 180
BETWEEN_TWO = timedelta(days=30) / A_MONTH
EVERYBODY = Viewer(units=None)
SECTION = "HP"


@dataclass(frozen=True, slots=True)
class Cost:
    """One page at one size: statements sent, and the median of its milliseconds. `is_busy` where more is in hand."""

    page: str
    is_busy: bool
    tasks: int
    open_tasks: int
    queries: int
    milliseconds: float


Look = Callable[[Connection, Force, datetime], object]


def pages(reference: str, sitting: Sitting) -> Mapping[str, Look]:
    """Every page that is measured, by its name."""
    section = Viewer(frozenset({SECTION}))
    return {
        "board": lambda c, f, now: board_page(c, f, EVERYBODY, BoardFilter(), now),
        "board of one section": lambda c, f, now: board_page(c, f, section, BoardFilter(units=(SECTION,)), now),
        "board, results to come": lambda c, f, now: board_page(
            c, f, EVERYBODY, BoardFilter(Scope.AWAITING_RESULT), now
        ),
        "has the board changed": lambda c, f, now: board_token(c, f, EVERYBODY, BoardFilter(), now),
        "task": lambda c, f, now: story_of(c, f, tasks.read_task_by_reference(c, reference), {}),
        "search by reference": lambda c, f, now: search(c, f, EVERYBODY, reference, now),
        "search by a rare word": lambda c, f, now: search(c, f, EVERYBODY, "lighthouse", now),
        "search by a common word": lambda c, f, now: search(c, f, EVERYBODY, "market place", now),
        "register of four weeks": lambda c, f, now: register(c, f, now - timedelta(days=28), now + timedelta(days=1)),
        "pack of a section's meeting": lambda c, f, now: pack_for(c, f, sitting, now, with_restricted=True),
    }


@contextmanager
def filled(size: int, is_busy: bool) -> Iterator[tuple[Store, Force, int]]:
    """A record of so many tasks in a file of its own; with the force and the number of open ones."""
    force, _ = load_force(PROJECT / "config")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, opened(f"sqlite:///{folder}/tasking.db") as engine:
        migrate(engine)
        store = Store(engine, MovableClock(), ROUTES, force.reference_prefix)
        open_each = min(MOST_OPEN_EACH, round(size * OPEN_SHARE / len(force.boards))) if is_busy else IN_HAND_EACH
        standing = min(size, max(IN_HAND_EACH, open_each) * len(force.boards))
        _fill(store, force, size, standing)
        with store.open() as connection:
            connection.exec_driver_sql("ANALYZE")
        yield store, force, standing


def _fill(store: Store, force: Force, size: int, standing: int) -> None:
    model, units = _model(store, force), list(force.boards)
    pillars = [code for code in force.pillars if code != "TRIAGE"]
    for start in range(0, size - 1, AT_A_TIME):
        with store.act("bench", "bench", "bench") as uow:
            for number in range(start, min(start + AT_A_TIME, size - 1)):
                task = _copy(model, number, units[number % len(units)], pillars[number % len(pillars)])
                task = task if number < standing else _done(task, number)
                tasks.add_task(uow.connection, task)
                if number < standing or number % DECIDED_EVERY == 0:
                    uow.add_decision(_decision(uow, task))


def _model(store: Store, force: Force) -> Task:
    request = TaskRequest(
        reference="",
        title="Keep the market place quiet",
        unit=SECTION,
        pillar="ROADS",
        text=TaskText(ask="Two officers", why_now="Term starts", place="Mill Lane"),
        wanted="DO_LOCALLY",
        assessment=ThriveAssessment(2, 2, 2, 0, 1, 0),
        context=RiskContext(),
        form="raise_task",
        response_id="bench-model",
        submitted_by="bench@peakshire.example",
        submitted_at=datetime.now(UTC),
        checklist=("Set out cones", "Report back"),
    )
    with store.act("bench", "bench", "bench") as uow:
        return actions.raise_task(uow, force, replace(request, reference=uow.next_reference()))


def _copy(model: Task, number: int, unit: str, pillar: str) -> Task:
    title = "Search the lighthouse" if number == 7 else f"{model.title}, street {number % 97}"
    return replace(
        model,
        task_id=f"bench{number:027}",
        reference=f"B-{number}",
        response_id=f"response {number}",
        title=title,
        unit=unit,
        pillar=pillar,
        stands_on=(unit,),
        score=(number * 7) % 45 + 20,
        due_at=model.raised_at + timedelta(hours=number % 400 - 100),
    )


def _done(task: Task, number: int) -> Task:
    then = task.raised_at - timedelta(days=10) - number * BETWEEN_TWO
    return replace(task, status=Status.COMPLETED, progress=100, raised_at=then, completed_at=then + timedelta(days=9))


def _decision(uow: SqlUnitOfWork, task: Task) -> Decision:
    """As the service writes one; its text is the same for all."""
    now = uow.now()
    return Decision(
        decision_id=uow.new_id(),
        decision_ref=uow.next_decision_reference(),
        task_id=task.task_id,
        task_reference=task.reference,
        escalation_id=None,
        decision_type=DecisionType.ALLOCATE,
        unit=task.unit,
        meeting_ref="",
        classification=task.classification,
        text="To the team",
        rationale="They know the place.",
        options=("Do nothing", "Act"),
        information="",
        threat_assessment="",
        powers_policy="",
        dissent="",
        decided_by="insp@peakshire.example",
        role="Duty Inspector",
        capacity=Capacity.DUTY,
        decided_at=task.completed_at or now,
        recorded_by=uow.actor,
        recorded_at=task.completed_at or now,
        policy_version="bench",
        snapshot=Snapshot(task.score, None, {}, task.status.value),
    )


def measure(sizes: Sequence[int], is_busy: bool) -> list[Cost]:
    """Every page at these sizes: each page is read at one size after the other, again and again, so that a machine that
    is slower for a while is so for all of them."""
    with ExitStack() as opened_ones:
        records = []
        for size in sizes:
            say(f"{size} tasks, {'more' if is_busy else 'the same'} in hand: filling")
            records.append((size, *opened_ones.enter_context(filled(size, is_busy))))
        _, store, force, _ = records[0]
        meeting, now = force.meeting_of(SECTION), store.clock.now()
        assert meeting is not None
        sitting = Sitting(meeting, occurrences(meeting, now, now + timedelta(days=10))[0])
        found = []
        for name, look in pages("B-3", sitting).items():
            costs = _costs([(store, force) for _, store, force, _ in records], look, now)
            for (size, *_, standing), (queries, took) in zip(records, costs, strict=True):
                found.append(Cost(name, is_busy, size, standing, queries, took))
                say(f"  {name} of {size}: {queries} queries, {took:.1f} ms")
        return found


def _costs(records: Sequence[tuple[Store, Force]], look: Look, now: datetime) -> list[tuple[int, float]]:
    queries, took = [], [list[float]() for _ in records]
    for store, force in records:
        with store.open() as connection, counted(store.engine) as counts:
            look(connection, force, now)
        queries.append(counts.statements["SELECT"])
    for _ in range(TIMES):
        for (store, force), times in zip(records, took, strict=True):
            with store.open() as connection:
                began = time.perf_counter()
                look(connection, force, now)
                times.append(1000 * (time.perf_counter() - began))
    return [(number, statistics.median(times)) for number, times in zip(queries, took, strict=True)]


def table(costs: Sequence[Mapping[str, Any]]) -> str:
    """The figures as a table in Markdown; the last column is the time at the largest size by that at the smallest."""
    sizes = sorted({row["tasks"] for row in costs})
    by = {(row["page"], row["tasks"]): row for row in costs}
    head = ["page", "queries", *(f"{size:,} tasks, ms" for size in sizes), f"{sizes[-1]:,} by {sizes[0]:,}"]
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    for name in dict.fromkeys(row["page"] for row in costs):
        rows = [by[name, size] for size in sizes]
        queries = sorted({row["queries"] for row in rows})
        told = str(queries[0]) if len(queries) == 1 else f"{queries[0]} to {queries[-1]}"
        ratio = rows[-1]["milliseconds"] / rows[0]["milliseconds"]
        cells = [name, told, *(f"{row['milliseconds']:.1f}" for row in rows), f"{ratio:.1f}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def page_text(costs: Sequence[Mapping[str, Any]]) -> str:
    """docs/page_performance.md."""
    steady, busy = ([row for row in costs if row["is_busy"] is each] for each in (False, True))
    return f"""# What the pages cost

Written by `python -m bench.page_queries`: each page's queries and the median time to read it, from SQLite in a file, in
one run. The number of queries is to stay the same; of times only the ratio says anything.

## As a force's record grows

{A_MONTH} tasks a month are done and stay on record; {in_hand(steady)} are in hand at each size.
The aim is {AIM:.0f} or less.

{table(steady)}

## Where more is in hand as well

In hand were {in_hand(busy)}.
A pack then holds more tasks, a register more decisions, and headings count more: this has no aim, and says what a force
much busier than any would wait for.

{table(busy)}
"""


def in_hand(costs: Sequence[Mapping[str, Any]]) -> str:
    """How many tasks were open at each size, in words."""
    standing = {row["tasks"]: row["open_tasks"] for row in costs}
    if len(set(standing.values())) == 1:
        return f"{next(iter(standing.values())):,}"
    return ", ".join(f"{number:,} of {size:,}" for size, number in sorted(standing.items()))


def parser() -> argparse.ArgumentParser:
    """The options with their defaults."""
    made = argparse.ArgumentParser(prog="python -m bench.page_queries", description=__doc__)
    made.add_argument("--sizes", default=",".join(map(str, SIZES)), help="numbers of tasks (default: %(default)s)")
    made.add_argument("--json", type=Path, metavar="FILE", help="keep the figures here")
    made.add_argument("--root", type=Path, help="write docs/page_performance.md below this folder")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints, and writes the page where asked."""
    options = parser().parse_args(arguments)
    sizes = [int(size) for size in options.sizes.split(",")]
    costs = [asdict(cost) for is_busy in (False, True) for cost in measure(sizes, is_busy)]
    print(page_text(costs))
    if options.json:
        options.json.write_text(json.dumps(costs, indent=1) + "\n", "utf-8")
    if options.root:
        (options.root / PAGE).write_text(page_text(costs), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
