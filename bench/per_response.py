"""Processor time and memory per response: the service beside plain httpx scripts that make the very same Graph calls.

Each is a process of its own on the same emulator, warmed up by one response. The service does more: it reads the
intake list, keeps, scores, audits and remembers; the scripts only call.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from bench import responses
from bench.boards import deliver_everything, say
from bench.plain_script import peak_mebibytes
from bench.stage import PEOPLE, Stage, run_job, staged
from bench.tenant import PROJECT, child_environment
from bench.throughput import IN_FLIGHT, plain_script
from bench.traffic import cost_of, made_tasks
from service.settings import read_settings
from service.wiring import build_service

SERVICE = "the service"
SCRIPTS: Mapping[str, tuple[int, bool]] = {
    "httpx alone, four tasks at once": (IN_FLIGHT, False),
    "httpx alone, twenty calls to a request": (IN_FLIGHT, True),
}
"""Plain scripts: how many at once, and whether in batches."""


def measure(size: int) -> dict[str, dict[str, float]]:
    """What each took for so many responses; ratios are to the first of SCRIPTS."""
    with staged() as stage:
        figures, entries = asyncio.run(_service_figures(stage, size))
        rows = {SERVICE: figures}
        pairs = made_tasks(entries)
        for name, (at_once, batched) in SCRIPTS.items():
            say(name)
            rows[name] = plain_script(stage.tenant, [pairs[0], *pairs], at_once, batched)
    base = rows[next(iter(SCRIPTS))]
    for row in rows.values():
        row["cpu_ms_each"] = 1000 * row["cpu_seconds"] / row["responses"]
        row["cpu_ratio"] = row["cpu_seconds"] / row["responses"] / (base["cpu_seconds"] / base["responses"])
        row["memory_ratio"] = row["peak_mebibytes"] / (base["peak_mebibytes"] or 1)
    return rows


async def _service_figures(stage: Stage, size: int) -> tuple[dict[str, float], list[dict[str, Any]]]:
    """The service's own process, told when to work; its figures, and the traffic of the measured part."""
    tenant = stage.tenant
    async with stage.service() as service:
        responses.submit(tenant, service, [0], PEOPLE[0])
        with _child(stage) as (told, tell):
            _answer(told)
            responses.submit(tenant, service, range(1, size + 1), PEOPLE[0])
            mark = tenant.mark()
            say(f"{SERVICE}: {size} responses")
            print("go", file=tell, flush=True)
            figures = _answer(told)
    entries = tenant.traffic_since(mark)
    cost = cost_of(entries)
    say(f"{cost.logical} logical calls in {cost.http} HTTP requests")
    return {**figures, "responses": size, "http": cost.http, "logical": cost.logical}, entries


@contextmanager
def _child(stage: Stage) -> Iterator[tuple[IO[str], IO[str]]]:
    command = [sys.executable, "-m", "bench.per_response", "--as-the-service"]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
        env=child_environment(stage.environment),
    )
    assert process.stdout is not None
    assert process.stdin is not None
    with process, process.stdout, process.stdin:
        yield process.stdout, process.stdin


def _answer(told: IO[str]) -> dict[str, float]:
    line = told.readline()
    if not line:
        raise RuntimeError("the service's process failed")
    figures: dict[str, float] = json.loads(line)
    return figures


async def as_the_service() -> None:
    """The measured process: brings in what is on the list, says so, waits for a word, and does it again, measured."""
    service = build_service(read_settings())

    async def bring_in() -> None:
        await run_job(service, "read-intake-list")
        await deliver_everything(service)

    await bring_in()
    print(json.dumps({"peak_mebibytes": peak_mebibytes()}), flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    before, began, cpu = peak_mebibytes(), time.perf_counter(), time.process_time()
    await bring_in()
    took = {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - cpu}
    print(json.dumps({**took, "peak_mebibytes": peak_mebibytes(), "peak_before_mebibytes": before}), flush=True)
    await service.aclose()


def table(rows: Mapping[str, Mapping[str, float]]) -> str:
    """The figures as text."""
    lines = [f"\n{'':40} {'CPU ms each':>12} {'ratio':>6} {'peak MiB':>9} {'ratio':>6}"]
    lines += [
        f"{name:40} {row['cpu_ms_each']:12.2f} {row['cpu_ratio']:6.2f} {row['peak_mebibytes']:9.1f}"
        f" {row['memory_ratio']:6.2f}"
        for name, row in rows.items()
    ]
    before = rows[SERVICE]["peak_before_mebibytes"]
    grown = (rows[SERVICE]["peak_mebibytes"] - before) * 1024 / rows[SERVICE]["responses"]
    lines.append(f"The service held {before:.1f} MiB before, and {grown:.1f} KiB more for each response at the peak.")
    return "\n".join(lines)


def parser() -> argparse.ArgumentParser:
    """The options with their defaults, which are those of docs/performance.md."""
    made = argparse.ArgumentParser(prog="python -m bench.per_response", description=__doc__)
    made.add_argument("--responses", type=int, default=300, help="responses to measure (default %(default)s)")
    made.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    made.add_argument("--as-the-service", action="store_true", help=argparse.SUPPRESS)
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints the table, and writes the figures where asked."""
    options = parser().parse_args(arguments)
    if options.as_the_service:
        asyncio.run(as_the_service())
        return 0
    rows = measure(options.responses)
    print(table(rows))
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
