"""The bench of the emulator's speed runs to its end and says what it measured. Its figures are not judged here."""

import json
from pathlib import Path

import pytest

from bench.emulator_speed import Level, main, table


def test_the_bench_prints_its_table_and_writes_its_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.emulator_speed.SAMPLE", 5)
    figures = tmp_path / "speed.json"
    assert main(["--levels", "0,20", "--seconds", "0.1", "--json", str(figures)]) == 0
    levels = json.loads(figures.read_text("utf-8"))["levels"]
    assert [level["tasks"] for level in levels] == [0, 20]
    assert all(level[name] > 0 for level in levels for name in ("reads", "creates", "updates", "lists"))
    assert "ratio" in capsys.readouterr().out


def test_the_table_names_the_ratio_of_the_last_level_to_the_first() -> None:
    text = table([Level(0, 1000, 500, 400, 300), Level(10_000, 900, 400, 400, 20)])
    assert "0.90       0.80       1.00" in text
