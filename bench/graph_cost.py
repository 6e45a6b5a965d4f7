"""What the service asks of Graph, counted at the emulator: per response, per sync cycle, and how fast.

Limits are what the API allows at best. Only calls to Graph count: not tokens, webhooks, or reading the intake list.
"""

import argparse
import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import timedelta
from math import ceil
from pathlib import Path
from typing import Any

from bench import responses
from bench.boards import People, deliver_everything, raise_tasks, say
from bench.stage import PEOPLE, Stage, run_job, staged
from bench.throughput import throughput, told
from bench.traffic import CALLS_PER_TASK, IN_BATCH, GraphCost, cost_of
from planner_sync.boards import all_boards
from service.clock import MovableClock
from service.wiring import Service

PAGE = 400
"""Tasks on a page of a Planner list."""
MOST_WARM_UPS = 5
READS_DETAILS = "GET /planner/tasks/{id}/details"
QUIET = timedelta(minutes=16)
"""Longer than any pause between two reads of a board."""
CHANGED_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class PerResponse:
    """Cost of bringing so many responses to the boards at once, divided by their number."""

    responses: int
    http: float
    logical: float
    http_limit: float
    operations: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Cycle:
    """Cost of one poll of all boards and of what it made the service send."""

    number: int
    changed: int
    pull: GraphCost
    after: GraphCost
    http_limit: int
    logical_limit: int


def cost_of_responses(sizes: Sequence[int]) -> list[PerResponse]:
    """For each size: so many responses on the intake list, read, ingested and delivered."""
    found = []
    with staged() as stage:
        for size in sizes:
            cost = asyncio.run(_bring_in(stage, size))
            # Calls about different tasks may share a request; those about one task cannot.
            limit = max(CALLS_PER_TASK, ceil(CALLS_PER_TASK * size / IN_BATCH)) / size
            found.append(PerResponse(size, cost.http / size, cost.logical / size, limit, cost.operations))
            stage.tenant.forget_traffic()
            say(f"{size} responses: {cost.http / size:.3f} HTTP requests each, {cost.logical / size:.3f} logical calls")
    return found


def cost_of_cycles(tasks: int, cycles: int, gap: timedelta, share: float = CHANGED_SHARE) -> list[Cycle]:
    """Polls of all boards with so many tasks on each, a share of them changed by people before each poll."""
    with staged() as stage:
        return asyncio.run(_polls(stage, tasks, cycles, gap, share))


async def _bring_in(stage: Stage, size: int) -> GraphCost:
    clock = MovableClock()
    async with stage.service(clock) as service:
        responses.submit(stage.tenant, service, range(size), PEOPLE[0])
        mark = stage.tenant.mark()
        await responses.take_in(service, size)
        await deliver_everything(service, clock)
    return cost_of(stage.tenant.traffic_since(mark))


async def _polls(stage: Stage, tasks: int, cycles: int, gap: timedelta, share: float) -> list[Cycle]:
    clock, tenant = MovableClock(), stage.tenant
    async with stage.service(clock) as service:
        say(f"putting {tasks} tasks on each of {len(service.force.boards)} boards")
        raise_tasks(service, list(service.force.boards), tasks)
        await deliver_everything(service, clock)
        with service.store.open() as connection:
            plans = [board.plan_id for board in all_boards(connection)]
        await _warm_up(service, stage, clock)
        each, found = max(1, round(tasks * share)), []
        with closing(People(stage)) as people:
            for number in range(cycles + 1):
                clock.advance(gap if number else QUIET)
                people.change_some(plans, each)
                mark = tenant.mark()
                await run_job(service, "pull-boards")
                polled = tenant.mark()
                await deliver_everything(service, clock)
                entries = tenant.traffic_since(mark)
                costs = cost_of(entries[: polled - mark]), cost_of(entries[polled - mark :])
                found.append(_cycle(number, each * len(plans), len(plans) * ceil(tasks / PAGE), costs))
                tenant.forget_traffic()
    return found[1:]  # the first of them was to come from quiet boards to busy ones


def _cycle(number: int, changed: int, lists: int, costs: tuple[GraphCost, GraphCost]) -> Cycle:
    pull, after = costs
    say(f"cycle {number}: {changed} changed; poll {pull.http} HTTP, {pull.logical} logical; after {after.http}")
    return Cycle(number, changed, pull, after, lists + ceil(changed / IN_BATCH), lists + changed)


async def _warm_up(service: Service, stage: Stage, clock: MovableClock) -> None:
    """Polls until a poll reads no details: what the service itself had changed has been read."""
    for _ in range(MOST_WARM_UPS):
        stage.tenant.forget_traffic()
        clock.advance(QUIET)
        await run_job(service, "pull-boards")
        await deliver_everything(service, clock)
        if READS_DETAILS not in cost_of(stage.tenant.traffic_since(0)).operations:
            return
    raise RuntimeError("the boards do not come to rest")


def tables(report: Mapping[str, Any]) -> str:
    """The figures as text."""
    lines = [f"\n{'responses':>10} {'HTTP each':>10} {'limit':>7} {'ratio':>6} {'logical each':>13} {'limit':>6}"]
    for row in report["responses"]:
        ratio = row["http"] / row["http_limit"]
        lines.append(
            f"{row['responses']:10} {row['http']:10.3f} {row['http_limit']:7.3f} {ratio:6.2f}"
            f" {row['logical']:13.3f} {CALLS_PER_TASK:6}"
        )
    head = f"{'cycle':>10} {'changed':>8} {'HTTP':>6} {'limit':>6} {'ratio':>6} {'logical':>8} {'limit':>6} ratio"
    lines += ["", head] if report["cycles"] else []
    for row in [*report["cycles"], total(report["cycles"])] if report["cycles"] else []:
        http = row["pull"]["http"] + row["after"]["http"]
        logical = row["pull"]["logical"] + row["after"]["logical"]
        lines.append(
            f"{row['number']:>10} {row['changed']:8} {http:6} {row['http_limit']:6} {http / row['http_limit']:6.2f}"
            f" {logical:8} {row['logical_limit']:6} {logical / row['logical_limit']:5.2f}"
        )
    if report["throughput"]:
        lines += ["", *told(report["throughput"])]
    return "\n".join(lines)


def total(cycles: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """All cycles as one row."""

    def summed(part: str) -> dict[str, int]:
        return {name: sum(cycle[part][name] for cycle in cycles) for name in ("http", "logical")}

    plain = {name: sum(cycle[name] for cycle in cycles) for name in ("changed", "http_limit", "logical_limit")}
    return {"number": "all", "pull": summed("pull"), "after": summed("after"), **plain}


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """All three parts; those whose size is 0 are left out."""
    sizes = [int(size) for size in options.sizes.split(",") if int(size)]
    gap = timedelta(minutes=options.gap)
    timed = throughput(options.timed, options.latency / 1000, options.script) if options.timed else None
    return {
        "responses": [asdict(row) for row in cost_of_responses(sizes)] if sizes else [],
        "cycles": [asdict(row) for row in cost_of_cycles(options.tasks, options.cycles, gap)] if options.cycles else [],
        "throughput": asdict(timed) if timed else None,
    }


def parser() -> argparse.ArgumentParser:
    """The options with their defaults, which are those of docs/performance.md."""
    made = argparse.ArgumentParser(prog="python -m bench.graph_cost", description=__doc__)
    made.add_argument("--sizes", default="1,25,1000", help="numbers of responses; 0 for none (default %(default)s)")
    made.add_argument("--tasks", type=int, default=300, help="open tasks on each of 13 boards (default %(default)s)")
    made.add_argument("--cycles", type=int, default=5, help="polls to measure; 0 for none (default %(default)s)")
    made.add_argument("--gap", type=float, default=1.25, help="minutes between polls (default %(default)s)")
    made.add_argument("--timed", type=int, default=1000, help="responses to time; 0 for none (default %(default)s)")
    made.add_argument("--latency", type=float, default=150.0, help="Graph's latency in ms (default %(default)s)")
    made.add_argument("--script", type=int, default=30, help="responses of the plain script (default %(default)s)")
    made.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints the tables, and writes the figures where asked."""
    options = parser().parse_args(arguments)
    report = measure(options)
    print(tables(report))
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
