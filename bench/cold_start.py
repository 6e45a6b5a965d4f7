"""Cold start: import of function_app and its first HTTP answers, against importing the fixed packages alone.

Each measurement is a fresh process. Seconds differ from machine to machine, so what counts is the ratio to the
packages that any such service would have to import, measured in the same run.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

PROJECT = Path(__file__).parent.parent
RUNS = 5
SAMPLE = PROJECT / "tests" / "forms_ingest" / "samples" / "raise_task.json"

FIXED = "import msgraph, azure.identity, msal, azure.functions, pydantic, tenacity"
APP = "import function_app"
CALL = """
import asyncio, json, os
import azure.functions as func
import function_app

calls = {each.get_function_name(): each.get_user_function() for each in function_app.app.get_functions()}

def call(name, method, url, body=b"", **route):
    request = func.HttpRequest(method=method, url=url, headers={}, params={}, route_params=route, body=body)
    return asyncio.run(calls[name](request)).status_code
"""
HEALTH = CALL + 'assert call("health", "GET", "/api/health") == 200'
FORMS = (
    CALL
    + """
body = os.environ["BENCH_BODY"].encode()
assert call("post_response", "POST", "/api/forms/raise_task/responses", body, form="raise_task") == 202
"""
)

PROBE = """
import resource, sys, time
began = time.perf_counter()
exec(compile(sys.argv[1], "measured", "exec"))
print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""

BASE = "the fixed packages alone"
MEASURED: Mapping[str, str] = {
    BASE: FIXED,
    "import of function_app": APP,
    "import and first answer of health": HEALTH,
    "import and first answer of the forms door": FORMS,
}


@dataclass(frozen=True, slots=True)
class Cost:
    """Median of the runs: seconds of wall time, and mebibytes of memory at the peak."""

    seconds: float
    mebibytes: float


def measure(code: str, environment: Mapping[str, str]) -> Cost:
    """One run of this code in a fresh process."""
    told = subprocess.run(
        [sys.executable, "-c", PROBE, code], cwd=PROJECT, env=dict(environment), capture_output=True, text=True
    )
    if told.returncode:
        raise SystemExit(f"A measured process failed:\n{told.stderr}")
    seconds, peak = told.stdout.split()[-2:]
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return Cost(float(seconds), float(peak) / unit)


def measure_all(runs: int) -> dict[str, Cost]:
    """The median of each measurement. The runs are interleaved, so that a busy moment falls on all of them."""
    found: dict[str, list[Cost]] = {name: [] for name in MEASURED}
    for _ in range(runs + 1):
        for name, code in MEASURED.items():
            with tempfile.TemporaryDirectory() as folder:
                found[name].append(measure(code, _environment(Path(folder))))
    # The first round is dropped: it may have had to write .pyc files and fill the disk's cache.
    return {
        name: Cost(median(cost.seconds for cost in costs[1:]), median(cost.mebibytes for cost in costs[1:]))
        for name, costs in found.items()
    }


def report(costs: Mapping[str, Cost]) -> list[dict[str, str | float]]:
    """One row for each measurement, with its ratios to the base."""
    base = costs[BASE]
    return [
        {
            "what": name,
            "seconds": round(cost.seconds, 3),
            "time_ratio": round(cost.seconds / base.seconds, 2),
            "mebibytes": round(cost.mebibytes, 1),
            "memory_ratio": round(cost.mebibytes / base.mebibytes, 2),
        }
        for name, cost in costs.items()
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures, prints the table and, where asked, writes it as JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS, help="fresh processes for each measurement (default 5)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to this file too")
    given = parser.parse_args(arguments)
    if given.runs < 1:
        parser.error("--runs must be at least 1")
    rows = report(measure_all(given.runs))
    print(f"Median of {given.runs} fresh processes each; ratios are to {BASE}.\n")
    print(f"{'':42} {'seconds':>8} {'ratio':>6} {'MiB':>7} {'ratio':>6}")
    for row in rows:
        print(
            f"{row['what']:42} {row['seconds']:8.3f} {row['time_ratio']:6.2f}"
            f" {row['mebibytes']:7.1f} {row['memory_ratio']:6.2f}"
        )
    if given.json:
        facts = {"python": sys.version.split()[0], "runs": given.runs, "base": BASE, "measured": rows}
        given.json.write_text(json.dumps(facts, indent=2) + "\n", "utf-8")


def _environment(folder: Path) -> dict[str, str]:
    """A migrated database of its own for each process; no identity, since nothing asks Graph."""
    from store.database import migrate, open_database

    database = f"sqlite:///{folder / 'tasking.db'}"
    engine = open_database(database)
    migrate(engine)
    engine.dispose()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TASKING_", "IDENTITY_"))}
    return {
        **kept,
        "TASKING_DATABASE_URL": database,
        "TASKING_CONFIG_DIR": str(PROJECT / "config"),
        "TASKING_LOG_LEVEL": "ERROR",
        "BENCH_BODY": json.dumps(json.loads(SAMPLE.read_text("utf-8"))["flow"]),
    }
