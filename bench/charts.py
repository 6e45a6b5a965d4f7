"""The charts of docs/performance.md, drawn with matplotlib as SVG: the same figures make the same file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

matplotlib.rcParams.update({"svg.hashsalt": "tasking", "svg.fonttype": "none", "font.size": 10})

BLUE, ORANGE, GREEN, GREY = "#0072b2", "#d55e00", "#009e73", "#8c8c8c"
"""Told apart by people who see colours differently (Okabe and Ito's set)."""
STYLES = ((BLUE, "o"), (ORANGE, "s"), (GREEN, "^"), (GREY, "D"))
WIDTH, HEIGHT = 7.2, 3.4
PLAIN = FuncFormatter(lambda value, _: f"{value:,.10g}")


def draw_graph_cost(report: Mapping[str, Any], folder: Path) -> None:
    """Requests per response and per sync cycle, beside what the API allows at best."""
    figure, (left, right) = _figure(2)
    rows = report["responses"]
    _bars(
        left,
        [f"{row['responses']:,}" for row in rows],
        {"HTTP requests": [r["http"] for r in rows], "limit": [r["http_limit"] for r in rows]},
    )
    left.set(title="HTTP requests per response", xlabel="responses at once")
    cycles = report["cycles"]
    http = [row["pull"]["http"] + row["after"]["http"] for row in cycles]
    series = {"HTTP requests": http, "limit": [row["http_limit"] for row in cycles]}
    _bars(right, [str(row["number"]) for row in cycles], series)
    right.set(title="HTTP requests per sync cycle", xlabel="cycle")
    _legend(figure, left)
    _save(figure, folder / "perf-graph-cost.svg")


def draw_throughput(row: Mapping[str, Any], folder: Path) -> None:
    """Seconds for the responses: the service, one call at a time, and the two limits; dots on a log scale."""
    figure, (axes,) = _figure(1)
    times = {
        "one call at a time": (row["script"], GREY),
        "limit, four calls at once": (row["alone_limit"], GREEN),
        "the service": (row["seconds"], BLUE),
        "limit, four full batches at once": (row["batched_limit"], GREEN),
    }
    for name, (seconds, colour) in times.items():
        axes.plot([seconds], [name], "o", color=colour, markersize=9)
        axes.annotate(f"{seconds:,.1f} s", (seconds, name), (9, 0), textcoords="offset points", va="center")
    axes.set_xscale("log")
    axes.set_xlim(right=row["script"] * 3)
    axes.xaxis.set_major_formatter(PLAIN)
    axes.margins(y=0.2)
    axes.invert_yaxis()
    axes.grid(axis="both", color="#dddddd")
    axes.set_axisbelow(True)
    axes.set(title=f"{row['responses']:,} responses at {row['latency'] * 1000:.0f} ms Graph latency", xlabel="seconds")
    _save(figure, folder / "perf-throughput.svg")


def draw_growth(polls: Sequence[Mapping[str, Any]], middle: int, shipped: int, folder: Path) -> None:
    """Rows written by a poll against the size of the record and the number of boards, a line per number of changes."""
    figure, (left, right) = _figure(2)
    by_size = [row for row in polls if row["boards"] == shipped]
    by_boards = sorted((row for row in polls if row["tasks"] == middle), key=lambda row: row["boards"])
    for axes, rows, across in ((left, by_size, "tasks"), (right, by_boards, "boards")):
        for (colour, mark), changed in zip(STYLES, sorted({row["changed"] for row in rows}), strict=False):
            line = [(row[across], row["rows_written"]) for row in rows if row["changed"] == changed]
            axes.plot(*zip(*line, strict=True), marker=mark, color=colour, label=f"{changed} changed")
        axes.set_ylim(0, 1.1 * max(row["rows_written"] for row in polls) + 1)
        axes.grid(axis="y", color="#dddddd")
        axes.set_xscale("log" if axes is left else "linear")
        axes.set_xticks(sorted({row[across] for row in rows}))
        axes.xaxis.set_major_formatter(PLAIN)
        axes.minorticks_off()
    _legend(figure, left)
    left.set(title="Rows written by one poll", xlabel=f"tasks in the record ({shipped} boards)")
    right.set(title="Rows written by one poll", xlabel=f"boards ({middle:,} tasks)")
    _save(figure, folder / "perf-growth.svg")


def draw_per_response(rows: Mapping[str, Mapping[str, float]], folder: Path) -> None:
    """Processor time per response and peak memory, as ratios to the first plain script."""
    figure, (left, right) = _figure(2)
    names = list(rows)
    for axes, ratio, title in (
        (left, "cpu_ratio", "Processor time per response"),
        (right, "memory_ratio", "Peak memory"),
    ):
        bars = axes.barh(names, [rows[name][ratio] for name in names], color=[BLUE, GREY, GREY])
        axes.bar_label(bars, [f" {rows[name][ratio]:.2f}" for name in names])
        axes.margins(x=0.2)
        axes.invert_yaxis()
        axes.set(title=title, xlabel="ratio to httpx alone, four at once")
    right.set_yticks([])
    _save(figure, folder / "perf-per-response.svg")


def _figure(parts: int) -> tuple[Figure, Sequence[Axes]]:
    figure, axes = plt.subplots(1, parts, figsize=(WIDTH * (1 if parts == 1 else 1.3), HEIGHT), layout="constrained")
    return figure, [axes] if parts == 1 else list(axes)


def _bars(axes: Axes, names: Sequence[str], series: Mapping[str, Sequence[float]]) -> None:
    """Groups of bars side by side."""
    width = 0.8 / len(series)
    for at, ((name, values), colour) in enumerate(zip(series.items(), (BLUE, GREEN), strict=True)):
        places = [place + (at - 0.5) * width for place in range(len(names))]
        bars = axes.bar(places, values, width, color=colour, label=name)
        axes.bar_label(bars, [f"{value:.3g}" for value in values], fontsize=8)
    axes.set_xticks(range(len(names)), names)
    axes.margins(y=0.1)


def _legend(figure: Figure, axes: Axes) -> None:
    """One legend for all parts, below them."""
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False)


def _save(figure: Figure, path: Path) -> None:
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    plt.close(figure)
