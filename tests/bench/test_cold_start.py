"""The cold-start bench: what it measures runs, and its ratios are to the fixed packages of the same run."""

import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench.cold_start import BASE, FORMS, HEALTH, PROJECT, Cost, _environment, measure, report


def test_help_says_what_is_measured() -> None:
    told = subprocess.run([sys.executable, "-m", "bench", "--help"], cwd=PROJECT, capture_output=True, text=True)
    assert told.returncode == 0
    assert "Cold start" in told.stdout
    assert "--json" in told.stdout


@pytest.mark.parametrize("code", [HEALTH, FORMS], ids=["health", "forms door"])
def test_the_first_answer_is_measured_in_a_fresh_process(tmp_path: Path, code: str) -> None:
    cost = measure(code, _environment(tmp_path))
    assert cost.seconds > 0
    assert cost.mebibytes > 20


def test_a_measured_process_that_fails_ends_the_bench_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="ZeroDivisionError"):
        measure("1 / 0", {})


def test_ratios_are_to_the_fixed_packages() -> None:
    base, other = report({BASE: Cost(0.5, 60.0), "other": Cost(1.25, 90.0)})
    assert (base["time_ratio"], base["memory_ratio"]) == (1.0, 1.0)
    assert (other["time_ratio"], other["memory_ratio"]) == (2.5, 1.5)
