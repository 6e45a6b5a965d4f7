"""Runs the benches of cost and growth in one go and writes docs/performance.md with its charts.

With --figures the page is written from figures that were kept, and nothing is measured.
"""

import argparse
import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench import graph_cost, growth, per_response
from bench.boards import say
from bench.performance_page import page
from bench.stage import SHIPPED_BOARDS
from bench.tenant import PROJECT

PAGE = Path("docs") / "performance.md"
PICTURES = Path("docs") / "pictures"


def measure(small: bool) -> dict[str, Any]:
    """All figures. `small` takes sizes that end in a minute, to see that all works."""
    words = ["--sizes", "1,25,40", "--tasks", "30", "--cycles", "2", "--timed", "40", "--script", "5"] if small else []
    options = graph_cost.parser().parse_args(words)
    cost = graph_cost.measure(options)
    words = ["--tasks", "100,300", "--boards", "1,13", "--middle", "300", "--changed", "0,5"] if small else []
    grown = growth.parser().parse_args(words)
    polls = growth.measure_all(grown)
    size = 40 if small else per_response.parser().get_default("responses")
    return {
        "at": datetime.now(UTC).isoformat(timespec="minutes"),
        "machine": machine(),
        "load": os.getloadavg()[0],
        "graph_cost": cost,
        "per_cycle": options.tasks,
        "growth": polls,
        "middle": grown.middle,
        "per_response": per_response.measure(size),
    }


def machine() -> str:
    """What this ran on."""
    names = ", ".join(f"{name} {version(name)}" for name in ("httpx", "msgraph-sdk", "SQLAlchemy"))
    python = sys.version.split()[0]
    return f"{os.cpu_count()} processors, {platform.machine()}, {platform.system()}, Python {python}, {names}"


def write(figures: Mapping[str, Any], soak: Mapping[str, Any] | None, command: str, root: Path) -> None:
    """Writes the page and its charts below `root`."""
    from bench import charts  # needs matplotlib, which nothing else here does

    pictures = root / PICTURES
    pictures.mkdir(parents=True, exist_ok=True)
    charts.draw_graph_cost(figures["graph_cost"], pictures)
    charts.draw_throughput(figures["graph_cost"]["throughput"], pictures)
    charts.draw_growth(figures["growth"], figures["middle"], SHIPPED_BOARDS, pictures)
    charts.draw_per_response(figures["per_response"], pictures)
    (root / PAGE).write_text(page(figures, soak, command), "utf-8")


def parser() -> argparse.ArgumentParser:
    """The options with their defaults."""
    made = argparse.ArgumentParser(prog="python -m bench.performance", description=__doc__)
    made.add_argument("--small", action="store_true", help="small sizes, to see that it works")
    made.add_argument("--figures", type=Path, metavar="FILE", help="write the page from these figures")
    made.add_argument("--soak", type=Path, metavar="FILE", help="figures of a soak (its --json) to tell of")
    made.add_argument("--json", type=Path, metavar="FILE", help="keep the figures here")
    made.add_argument("--root", type=Path, default=PROJECT, help="where docs/ is (default: this project)")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, or reads figures, and writes the page."""
    options = parser().parse_args(arguments)
    figures = json.loads(options.figures.read_text("utf-8")) if options.figures else measure(options.small)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    soak = json.loads(options.soak.read_text("utf-8")) if options.soak else None
    write(figures, soak, "python -m bench.performance" + (" --small" if options.small else ""), options.root)
    say(f"written: {options.root / PAGE}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
