"""The benches of cost run to their end at the smallest sizes and say what they measured. Ratios are not judged here."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench.graph_cost import CALLS_PER_TASK
from bench.per_response import SCRIPTS, SERVICE
from bench.performance import PAGE, PICTURES, write

PROJECT = Path(__file__).parents[2]
pytestmark = pytest.mark.timeout(300)


def run(module: str, *words: str, figures: Path) -> tuple[str, Any]:
    """What the bench printed, and the figures that it kept."""
    command = [sys.executable, "-m", f"bench.{module}", *words, "--json", str(figures)]
    told = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert told.returncode == 0, told.stdout[-2000:] + told.stderr[-3000:]
    return told.stdout, json.loads(figures.read_text("utf-8"))


@pytest.mark.parametrize("module", ["graph_cost", "growth", "per_response", "soak", "performance"])
def test_help_says_what_each_bench_does(module: str) -> None:
    told = subprocess.run([sys.executable, "-m", f"bench.{module}", "--help"], cwd=PROJECT, capture_output=True)
    assert told.returncode == 0
    assert b"--json" in told.stdout


def test_graph_cost_counts_calls_at_the_emulator_and_sets_them_against_the_limit(tmp_path: Path) -> None:
    sizes = ("--sizes", "1,3", "--tasks", "4", "--cycles", "1", "--timed", "3", "--latency", "5", "--script", "2")
    printed, report = run("graph_cost", *sizes, figures=tmp_path / "f.json")
    assert [row["responses"] for row in report["responses"]] == [1, 3]
    assert all(row["operations"]["POST /planner/tasks"] == row["responses"] for row in report["responses"])
    assert all(row["logical"] >= CALLS_PER_TASK for row in report["responses"])
    (cycle,) = report["cycles"]
    assert cycle["pull"]["operations"]["GET /planner/plans/{id}/tasks"] == 13
    assert report["throughput"]["script_responses"] == 2
    assert "one call at a time (scaled from 2)" in printed


def test_growth_counts_the_rows_that_a_poll_writes(tmp_path: Path) -> None:
    sizes = ("--tasks", "30", "--boards", "1", "--middle", "20", "--changed", "0,2")
    _, polls = run("growth", *sizes, figures=tmp_path / "f.json")
    assert [(row["tasks"], row["boards"], row["changed"]) for row in polls] == [
        (30, 13, 0),
        (30, 13, 2),
        (20, 1, 0),
        (20, 1, 2),
    ]
    assert all(row["rows_by_table"].get("tasks", 0) == row["changed"] for row in polls)


def test_per_response_sets_the_service_beside_plain_scripts_with_the_same_calls(tmp_path: Path) -> None:
    _, rows = run("per_response", "--responses", "3", figures=tmp_path / "f.json")
    assert list(rows) == [SERVICE, *SCRIPTS]
    assert all(row["responses"] == 3 and row["cpu_seconds"] > 0 for row in rows.values())


def test_the_page_is_written_with_its_charts_from_kept_figures(tmp_path: Path) -> None:
    write(kept_figures(), None, "python -m bench.performance", tmp_path)
    page = (tmp_path / PAGE).read_text("utf-8")
    assert "## What is not measured" in page
    assert "| 1,000 | 0.160 | 0.150 | 1.07 | 3.000 | 3 |" in page
    charts = sorted(path.name for path in (tmp_path / PICTURES).iterdir())
    assert charts == ["perf-graph-cost.svg", "perf-growth.svg", "perf-per-response.svg", "perf-throughput.svg"]
    assert all(f"](pictures/{name})" in page for name in charts)


def test_the_same_figures_make_the_same_charts(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        write(kept_figures(), None, "", tmp_path / folder)
    for path in (tmp_path / "one" / PICTURES).iterdir():
        assert path.read_bytes() == (tmp_path / "two" / PICTURES / path.name).read_bytes()


def kept_figures() -> dict[str, Any]:
    cost = {"http": 24, "logical": 208, "operations": {"GET /planner/plans/{id}/buckets": 13}}
    cycle = {"changed": 195, "pull": cost, "after": {"http": 0, "logical": 0}, "http_limit": 23, "logical_limit": 208}
    plain = {"responses": 3, "cpu_ms_each": 2.0, "cpu_ratio": 1.0, "peak_mebibytes": 40.0, "memory_ratio": 1.0}
    poll = {"tasks": 100, "rows_by_table": {}, "statements": 90, "rows_written_after": 0, "open_tasks": 23}
    throughput = {"responses": 1000, "latency": 0.15, "seconds": 30.0, "cpu_seconds": 25.0, "http": 160}
    limits = {"alone_limit": 112.5, "batched_limit": 5.6, "script": 450.0, "script_responses": 30}
    return {
        "at": "2026-11-22T01:00+00:00",
        "machine": "2 processors",
        "load": 0.5,
        "per_cycle": 300,
        "middle": 100,
        "graph_cost": {
            "responses": [
                {"responses": 1, "http": 3, "logical": 3, "http_limit": 3, "operations": {}},
                {"responses": 1000, "http": 0.16, "logical": 3, "http_limit": 0.15, "operations": {"POST /x": 1000}},
            ],
            "cycles": [{"number": number, **cycle} for number in (1, 2)],
            "throughput": {**throughput, **limits, "emulator_cpu_seconds": 9.0},
        },
        "growth": [
            {**poll, "boards": boards, "changed": changed, "rows_written": 4 * changed}
            for boards in (1, 13)
            for changed in (0, 5)
        ],
        "per_response": {SERVICE: {**plain, "peak_before_mebibytes": 39.0}, **dict.fromkeys(SCRIPTS, plain)},
    }
