"""A small force for tests: Peakshire's own config with the force, one division and two sections."""

import shutil
from pathlib import Path
from typing import Any

import yaml

CONFIG = Path(__file__).parent.parent / "config"
KEPT = ("PKS", "DIV_N", "HP", "DD")


def small_config(into: Path) -> Path:
    """Writes the cut-down config into a folder and returns it."""
    folder = into / "config"
    shutil.copytree(CONFIG, folder)
    path = folder / "force.yaml"
    whole: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    whole["units"] = [unit for unit in whole["units"] if unit["code"] in KEPT]
    for part in ("meetings", "boards"):
        whole[part] = [entry for entry in whole[part] if entry["unit"] in KEPT]
    del whole["restricted_board"]  # tests/planner_sync has one, and labels of levels
    whole["labels"] = [label for label in whole["labels"] if not label["code"].startswith("LEVEL_")]
    path.write_text(yaml.safe_dump(whole, sort_keys=False, allow_unicode=True), "utf-8")
    return folder
