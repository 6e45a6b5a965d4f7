"""What a poll costs the database as the record grows: rows written must follow what changed, not what exists."""

import argparse
import asyncio
import json
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from bench.boards import People, deliver_everything, raise_tasks, say
from bench.filled_record import fill
from bench.stage import SHIPPED_BOARDS, Stage, run_job, staged
from planner_sync.boards import all_boards
from service.clock import MovableClock
from service.wiring import Service

WRITES = ("INSERT", "UPDATE", "DELETE")
TABLE = re.compile(r'(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)')
OPEN_SHARE = 0.1
MOST_OPEN_EACH = 300
MOST_WARM_UPS = 5


@dataclass(slots=True)
class Counts:
    """Statements by their verb, and rows written by table, as the database driver was sent them."""

    statements: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)

    def note(self, connection: Any, cursor: Any, statement: str, *more: Any) -> None:
        """One statement; SQLAlchemy calls this after it was executed."""
        verb = statement.lstrip().partition(" ")[0].upper()
        self.statements[verb] += 1
        if verb in WRITES and (found := TABLE.match(statement.lstrip())):
            self.rows[found[1]] += max(cursor.rowcount, 0)


@dataclass(frozen=True, slots=True)
class Poll:
    """One poll of all boards that found `changed` tasks, and the deliveries that followed it."""

    tasks: int
    boards: int
    open_tasks: int
    changed: int
    rows_written: int
    statements: int
    rows_by_table: Mapping[str, int]
    rows_written_after: int
    seconds: float


@contextmanager
def counted(engine: Engine) -> Iterator[Counts]:
    """Counts what this engine's database is asked while the block runs."""
    counts = Counts()
    event.listen(engine, "after_cursor_execute", counts.note)
    try:
        yield counts
    finally:
        event.remove(engine, "after_cursor_execute", counts.note)


def measure(tasks: int, boards: int, changes: Sequence[int], gap: timedelta) -> list[Poll]:
    """A record of so many tasks; for each number of changes one poll that finds them."""
    with staged(boards) as stage:
        return asyncio.run(_measure(stage, tasks, boards, changes, gap))


async def _measure(stage: Stage, tasks: int, boards: int, changes: Sequence[int], gap: timedelta) -> list[Poll]:
    clock = MovableClock()
    async with stage.service(clock) as service:
        say(f"{tasks} tasks, {boards} boards: filling")
        standing = await _fill(stage, service, clock, tasks, boards, max(changes))
        for _ in range(MOST_WARM_UPS):
            clock.advance(gap)
            if not await run_job(service, "pull-boards"):
                break
            await deliver_everything(service, clock)
        found = []
        with closing(People(stage)) as people:
            for changed in changes:
                clock.advance(gap)
                _change(people, service, changed)
                poll = Poll(tasks, boards, standing, changed, **await _poll(service, clock, changed))
                say(f"  {changed} changed: {poll.rows_written} rows in {poll.statements} statements")
                found.append(poll)
    return found


async def _fill(stage: Stage, service: Service, clock: MovableClock, tasks: int, boards: int, real: int) -> int:
    """Fills the record and the boards; returns how many tasks stand on these.

    `real` of them at the least, those that people will change, are raised and delivered by the service itself.
    """
    open_each = min(MOST_OPEN_EACH, max(1, round(tasks * OPEN_SHARE / boards)))
    real_each = -(-real // boards)
    standing = boards * (open_each + real_each) + 1
    fill(service, stage.tenant, max(0, tasks - standing), open_each)
    raise_tasks(service, list(service.force.boards), real_each)
    await deliver_everything(service, clock)
    return standing


async def _poll(service: Service, clock: MovableClock, changed: int) -> dict[str, Any]:
    with counted(service.store.engine) as pull:
        began = time.perf_counter()
        moved = await run_job(service, "pull-boards")
        took = time.perf_counter() - began
    if moved != changed:
        raise RuntimeError(f"the poll found {moved} changes where people made {changed}")
    with counted(service.store.engine) as after:
        await deliver_everything(service, clock)
    return {
        "rows_written": pull.rows.total(),
        "statements": pull.statements.total(),
        "rows_by_table": dict(pull.rows),
        "rows_written_after": after.rows.total(),
        "seconds": took,
    }


def _change(people: People, service: Service, number: int) -> None:
    """People change so many of the tasks that were really raised, whichever boards they stand on."""
    with service.store.open() as connection:
        plans = [board.plan_id for board in all_boards(connection)]
    ours = re.compile(rf"{service.force.reference_prefix}-\d")
    real = [task for plan in plans if number for task in people.on_board(plan) if ours.match(task["title"])]
    people.change(real[:number])


def table(polls: Sequence[Mapping[str, Any]]) -> str:
    """The figures as text."""
    head = ("tasks", "boards", "on boards", "changed", "rows written", "after", "statements")
    lines = ["\n{:>8} {:>7} {:>10} {:>8} {:>13} {:>6} {:>11}".format(*head)]
    for row in polls:
        lines.append(
            f"{row['tasks']:8} {row['boards']:7} {row['open_tasks']:10} {row['changed']:8} {row['rows_written']:13}"
            f" {row['rows_written_after']:6} {row['statements']:11}   {row['rows_by_table']}"
        )
    return "\n".join(lines)


def shapes(tasks: Sequence[int], boards: Sequence[int], middle: int) -> list[tuple[int, int]]:
    """(tasks, boards) to measure: more and more tasks on thirteen boards, then `middle` tasks on other boards."""
    return [(number, SHIPPED_BOARDS) for number in tasks] + [(middle, n) for n in boards if n != SHIPPED_BOARDS]


def parser() -> argparse.ArgumentParser:
    """The options with their defaults, which are those of docs/performance.md."""
    made = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    made.add_argument("--tasks", default="100,1000,10000,100000", help="sizes of the record (default %(default)s)")
    made.add_argument("--boards", default="1,13,60", help="numbers of boards (default %(default)s)")
    made.add_argument("--middle", type=int, default=10000, help="tasks where boards differ (default %(default)s)")
    made.add_argument("--changed", default="0,5,50", help="changes that a poll finds (default %(default)s)")
    made.add_argument("--gap", type=float, default=16.0, help="minutes between polls (default %(default)s)")
    made.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    return made


def measure_all(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Every shape with every number of changes."""
    tasks, boards, changes = (
        [int(word) for word in text.split(",")] for text in (options.tasks, options.boards, options.changed)
    )
    wanted, gap = shapes(tasks, boards, options.middle), timedelta(minutes=options.gap)
    return [asdict(poll) for shape in wanted for poll in measure(*shape, changes, gap)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints the table, and writes the figures where asked."""
    options = parser().parse_args(arguments)
    polls = measure_all(options)
    print(table(polls))
    if options.json:
        options.json.write_text(json.dumps(polls, indent=1) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
