"""docs/performance.md as text: figures in, Markdown out. Nothing is measured here."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from bench import graph_cost, per_response, throughput
from bench.stage import SHIPPED_BOARDS
from bench.traffic import CALLS_PER_TASK, IN_BATCH

GOAL = 1.1
"""Times the limit of the API at the most."""
GOAL_THROUGHPUT = 0.8
"""Share of what concurrency and latency allow, at the least."""
SOAK_COLUMNS = (
    "responses",
    "kills",
    "answers",
    "faults_struck",
    "deliveries_cut_off",
    "tasks",
    "lost",
    "duplicates",
    "twins",
    "cards_wanted",
    "cards_missing",
    "cards_sent_again",
    "cards_unmarked_twice",
)

HEAD = """# Performance

What the service costs, measured beside what Graph's API allows at best and beside plain scripts that make the same
calls. Everything runs on the emulator, a process of its own that counts the calls at its end of the wire. What counts
is the ratios: both sides of each were measured in the same run. No number of seconds here is a promise.

Measured on {date}: {machine};
load average at the start {load:.1f}.

    {command}

Every bench can be run alone (`python -m bench.graph_cost`, `.growth`, `.per_response`, `.soak`, each with `--help`).
"""

NOT_MEASURED = """## What is not measured

- Microsoft's own Graph: its throttling limits for Planner are not published, and its latency varies. The emulator
  answers in a millisecond or holds each request for a fixed time.
- PostgreSQL and Azure Functions: these benches run on SQLite and one machine.
- Reading the intake list and the response workbooks (one poll each, whatever comes), tokens, and cards to Teams.
- Escalations: each adds one task on the board above, at the same cost as any, and one card.
- The audit log's own growth: it gets one row for each change, and a change reads only the newest row.
- Disk: rows are counted, not bytes.
"""


def page(figures: Mapping[str, Any], soak: Mapping[str, Any] | None, command: str) -> str:
    """The whole page."""
    date = datetime.fromisoformat(figures["at"]).strftime("%d %B %Y").lstrip("0")
    parts = [
        HEAD.format(date=date, machine=figures["machine"], load=figures["load"], command=command),
        "\n".join(_responses(figures["graph_cost"])),
        "\n".join(_cycles(figures["graph_cost"]["cycles"], figures["per_cycle"])),
        "\n".join(_throughput(figures["graph_cost"]["throughput"])),
        "\n".join(_growth(figures["growth"])),
        "\n".join(_per_response(figures["per_response"])),
        "\n".join(_soak(soak)),
        NOT_MEASURED,
    ]
    return "\n".join(parts)


def _table(head: Sequence[str], rows: Iterator[Sequence[object]]) -> Iterator[str]:
    """A Markdown table; every column but the first to the right."""
    yield "| " + " | ".join(head) + " |"
    yield "|---|" + "---:|" * (len(head) - 1)
    for row in rows:
        yield "| " + " | ".join(str(cell) for cell in row) + " |"
    yield ""


def _responses(report: Mapping[str, Any]) -> Iterator[str]:
    yield "## Graph calls per response\n"
    yield (
        "A task needs three calls: POST, GET of its details for their etag, PATCH of the details. Twenty fit into one\n"
        f"request, so many responses together need {CALLS_PER_TASK / IN_BATCH} requests each, and one alone three.\n"
    )
    head = ("responses at once", "HTTP requests each", "limit", "ratio", "logical calls each", "limit")
    yield from _table(
        head,
        (
            (
                f"{row['responses']:,}",
                f"{row['http']:.3f}",
                f"{row['http_limit']:.3f}",
                f"{row['http'] / row['http_limit']:.2f}",
                f"{row['logical']:.3f}",
                CALLS_PER_TASK,
            )
            for row in report["responses"]
        ),
    )
    if report["responses"]:
        asked = report["responses"][-1]["operations"]
        yield "Asked for the last row: " + ", ".join(f"{number:,} × `{name}`" for name, number in asked.items()) + ".\n"
    yield "![Requests per response and per sync cycle](pictures/perf-graph-cost.svg)\n"


def _cycles(cycles: Sequence[Mapping[str, Any]], tasks: int) -> Iterator[str]:
    yield "## Graph calls per sync cycle\n"
    share = f"{graph_cost.CHANGED_SHARE:.0%}"
    yield (
        f"{SHIPPED_BOARDS} boards with {tasks} open tasks each; before each cycle people change {share} of them\n"
        "(progress, due date, owner, a tick, by turns). The limit is one list page per 400 tasks and one read of the\n"
        f"details of each changed task, twenty to a request. The aim is at most {GOAL} times the limit.\n"
    )
    rows = [*cycles, graph_cost.total(cycles)]
    head = ("cycle", "changed", "HTTP requests", "limit", "ratio", "logical calls", "limit", "ratio")
    yield from _table(head, (_cycle_row(row) for row in rows))
    whole = [str(row["number"]) for row in cycles if any("/buckets" in name for name in row["pull"]["operations"])]
    if whole:
        yield (
            f"In cycle {' and '.join(whole)} the boards were looked at whole, with their buckets and label names, as\n"
            "they are every few minutes; the limit does not count that.\n"
        )


def _cycle_row(row: Mapping[str, Any]) -> Sequence[object]:
    http, logical = (row["pull"][name] + row["after"][name] for name in ("http", "logical"))
    return (
        row["number"],
        f"{row['changed']:,}",
        http,
        row["http_limit"],
        f"{http / row['http_limit']:.2f}",
        f"{logical:,}",
        f"{row['logical_limit']:,}",
        f"{logical / row['logical_limit']:.2f}",
    )


def _throughput(row: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {row['responses']:,} responses at {row['latency'] * 1000:.0f} ms\n"
    yield (
        f"From kept responses to filled tasks on the boards, at most {throughput.IN_FLIGHT} requests in flight. The\n"
        f"aim is at least {GOAL_THROUGHPUT} of what concurrency and latency allow.\n"
    )
    took = row["seconds"]
    scaled = f"one call at a time, as a flow or a plain script (scaled from {row['script_responses']})"
    lines = [
        ("the service", took, "1.00"),
        ("allowed by four calls at once", row["alone_limit"], f"{row['alone_limit'] / took:.2f}"),
        ("allowed by four full batches at once", row["batched_limit"], f"{row['batched_limit'] / took:.2f}"),
        (scaled, row["script"], f"{row['script'] / took:.1f}"),
    ]
    head = ("", "seconds", "times the service's time")
    yield from _table(head, ((name, f"{seconds:,.1f}", share) for name, seconds, share in lines))
    yield (
        f"The service made {row['http']:,} HTTP requests and used {row['cpu_seconds']:.1f} s of processor time; the\n"
        f"emulator, on the same machine, used {row['emulator_cpu_seconds']:.1f} s.\n"
    )
    yield "![Seconds, a log scale](pictures/perf-throughput.svg)\n"


def _growth(polls: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield "## As the force grows\n"
    yield (
        "One poll of all boards that finds so many changed tasks: rows that it wrote, those of them that say when a\n"
        "board is read next, statements that it sent to the database, and rows written by the deliveries after it.\n"
        "Most tasks of the record are finished.\n"
    )
    head = ("tasks", "boards", "on boards", "changed", "rows written", "of them poll times", "rows after", "statements")
    names = (
        "tasks",
        "boards",
        "open_tasks",
        "changed",
        "rows_written",
        "poll_times",
        "rows_written_after",
        "statements",
    )
    rows = [{**row, "poll_times": row["rows_by_table"].get("board_polls", 0)} for row in polls]
    yield from _table(head, ([f"{row[name]:,}" for name in names] for row in rows))
    yield from _spread(polls)
    yield "![Rows written by one poll](pictures/perf-growth.svg)\n"


def _spread(polls: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A line for each number of changes: how far apart the rows are from the smallest record to the largest."""
    for changed in sorted({row["changed"] for row in polls}):
        rows = [row for row in polls if row["changed"] == changed and row["boards"] == SHIPPED_BOARDS]
        if rows:
            written, sizes = [row["rows_written"] for row in rows], [row["tasks"] for row in rows]
            between, records = f"{min(written):,} to {max(written):,}", f"{min(sizes):,} to {max(sizes):,}"
            yield f"- {SHIPPED_BOARDS} boards, {changed} changed: {between} rows for records of {records} tasks."
    yield ""


def _per_response(rows: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    size = int(rows[per_response.SERVICE]["responses"])
    yield "## Processor time and memory per response\n"
    yield (
        f"{size:,} responses; each line a process of its own, warmed up by one. The scripts make the very calls that\n"
        "the service made, with the same bodies, and nothing else: they read no list, keep no record, write no audit\n"
        "and know nothing of failure.\n"
    )
    head = ("", "CPU ms per response", "ratio", "peak MiB", "ratio")
    yield from _table(
        head,
        (
            (
                name,
                f"{row['cpu_ms_each']:.2f}",
                f"{row['cpu_ratio']:.2f}",
                f"{row['peak_mebibytes']:.0f}",
                f"{row['memory_ratio']:.2f}",
            )
            for name, row in rows.items()
        ),
    )
    service = rows[per_response.SERVICE]
    grown = (service["peak_mebibytes"] - service["peak_before_mebibytes"]) * 1024 / size
    yield (
        f"Of the service's memory {service['peak_before_mebibytes']:.0f} MiB are there before the first of them; each\n"
        f"adds {grown:.1f} KiB at the peak.\n"
    )
    yield "![Ratios](pictures/perf-per-response.svg)\n"


def _soak(report: Mapping[str, Any] | None) -> Iterator[str]:
    yield "## Nothing lost\n"
    yield (
        "`python -m bench.soak` sends 500 responses through the service as separate processes: an emulator and two\n"
        "workers. A fifth of all answers is faulty (429, 503, connection reset, lost after commit, 5 s slow), and a\n"
        "worker is killed with SIGKILL at a random moment 100 times. It ends with status 0 when every response is one\n"
        "task, and every card was posted. It is not run by the command above.\n"
    )
    if report is None:
        return
    head = [name.replace("_", " ") for name in SOAK_COLUMNS]
    yield from _table(head, iter([[f"{report[name]:,}" for name in SOAK_COLUMNS]]))
