"""Changes to what ships in config/force.yaml, and the faults that they make."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.config_files import ConfigError
from service.force_config import load_force
from tasking.force import Force

CONFIG = Path(__file__).parents[2] / "config"
SHIPPED = (CONFIG / "force.yaml").read_text(encoding="utf-8")
Whole = dict[str, Any]


def changed(folder: Path, change: Callable[[Whole], object]) -> Force:
    """The force as config says after a change to what ships."""
    whole = yaml.safe_load(SHIPPED)
    change(whole)
    (folder / "force.yaml").write_text(yaml.safe_dump(whole, sort_keys=False, allow_unicode=True), "utf-8")
    return load_force(folder)[0]


def faults_of(folder: Path, change: Callable[[Whole], object]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        changed(folder, change)
    return [fault.removeprefix(f"{folder / 'force.yaml'}:") for fault in caught.value.faults]


def meeting_of(whole: Whole, code: str) -> Whole:
    found: Whole = next(each for each in whole["meetings"] if each["code"] == code)
    return found


def put(code: str, /, **fields: Any) -> Callable[[Whole], object]:
    """Sets fields of one meeting; None takes one away."""

    def change(whole: Whole) -> None:
        meeting = meeting_of(whole, code)
        for name, value in fields.items():
            name = "except" if name == "except_" else name
            if value is None:
                meeting.pop(name)
            else:
                meeting[name] = value

    return change


def kind(code: str, /, **fields: Any) -> Callable[[Whole], object]:
    return lambda whole: next(each for each in whole["meeting_kinds"] if each["code"] == code).update(fields)
