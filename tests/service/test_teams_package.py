"""`tasking teams-package`: what an administrator uploads to Teams, made of settings, and refused where they do not fit.

teams_manifest_1_29.json is the part of Microsoft's schema 1.29 that our manifest uses (MIT licence,
github.com/OfficeDev/microsoft-teams-app-schema), without its descriptions.
"""

import io
import json
import os
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from built_service import environment, root_logger_restored
from click.testing import CliRunner, Result
from PIL import Image

from service.cli import main
from service.force_config import load_force
from service.settings import Settings
from service.teams_package import manifest

SCHEMA = json.loads((Path(__file__).parent / "teams_manifest_1_29.json").read_text("utf-8"))
CLIENT = "5c1d3c0e-9f6a-4f0e-8a53-5a3a4f6f0b11"
TAB = {
    "TASKING_TAB_URL": "https://tasking.peakshire.example/api/tab",
    "TASKING_TAB_AUTHORITY": "https://login.microsoftonline.com/peakshire.example",
    "TASKING_TAB_CLIENT_ID": CLIENT,
    "TASKING_TAB_CLIENT_SECRET": "geheim-of-the-tab",
    "TASKING_TAB_API_URI": f"api://tasking.peakshire.example/{CLIENT}",
}
KINDS = {"object": dict, "array": list, "string": str, "boolean": bool}
CHECKS: Mapping[str, Callable[[Any, Any], bool]] = {
    "type": lambda value, told: isinstance(value, KINDS[told]),
    "const": lambda value, told: bool(value == told),
    "enum": lambda value, told: value in told,
    "maxLength": lambda value, told: len(value) <= told,
    "maxItems": lambda value, told: len(value) <= told,
    "pattern": lambda value, told: bool(re.search(told, value)),
    "required": lambda value, told: set(told) <= set(value),
}
"""Keywords of the schema that its part here uses, and when a value fits them."""


def faults(value: Any, rule: Mapping[str, Any], where: str = "manifest") -> Iterator[str]:
    """What does not fit the schema."""
    rule = {**SCHEMA["definitions"].get(rule.get("$ref", "").rpartition("/")[2], {}), **rule}
    yield from (f"{where}: {name}" for name, fits in CHECKS.items() if name in rule and not fits(value, rule[name]))
    if isinstance(value, list):
        for number, each in enumerate(value):
            yield from faults(each, rule["items"], f"{where}[{number}]")
    if isinstance(value, dict):
        known = rule.get("properties", {})
        yield from (f"{where}: {name} is not known" for name in value if name not in known)
        for name in value.keys() & known.keys():
            yield from faults(value[name], known[name], f"{where}.{name}")


def tasking(*arguments: str, variables: Mapping[str, str]) -> Result:
    """The command, in this process, with no settings but these."""
    unset = {name: None for name in os.environ if name.startswith(("TASKING_", "IDENTITY_", "AZURE_"))}
    with root_logger_restored():
        return CliRunner(env=unset | {"COLUMNS": "200"} | dict(variables)).invoke(main, arguments, prog_name="tasking")


def packed(folder: Path, name: str = "tasking.zip", **changes: str) -> tuple[Result, Path]:
    """The command with the tab's settings; what it said, and where it was to write."""
    path = folder / name
    return tasking("teams-package", "--to", str(path), variables=environment(folder, **{**TAB, **changes})), path


def in_package(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as package:
        return {name: package.read(name) for name in package.namelist()}


def manifest_in(path: Path) -> dict[str, Any]:
    made = json.loads(in_package(path)["manifest.json"])
    assert isinstance(made, dict)
    return made


def test_the_package_holds_a_manifest_that_fits_microsofts_schema_and_two_icons(tmp_path: Path) -> None:
    told, path = packed(tmp_path)
    assert (told.exit_code, told.stderr) == (0, "")
    files = in_package(path)
    assert sorted(files) == ["color.png", "manifest.json", "outline.png"]
    made = json.loads(files["manifest.json"])
    assert list(faults(made, SCHEMA)) == []
    assert {made["icons"]["color"], made["icons"]["outline"]} <= files.keys()


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"manifestVersion": "1.0"}, "manifestVersion: const"),
        ({"accentColor": "navy"}, "accentColor: pattern"),
        ({"name": {"short": "x" * 31}}, "name.short: maxLength"),
        ({"icons": {"color": "color.png"}}, "icons: required"),
        ({"invented": 1}, "invented is not known"),
        ({"permissions": ["everything"]}, "permissions[0]: enum"),
    ],
)
def test_the_check_of_the_manifest_can_fail(tmp_path: Path, changed: dict[str, Any], fault: str) -> None:
    _, path = packed(tmp_path)
    assert any(fault in each for each in faults({**manifest_in(path), **changed}, SCHEMA))


def test_it_opens_the_tab_personally_and_in_a_channel_and_signs_in_through_teams(tmp_path: Path) -> None:
    _, path = packed(tmp_path)
    made = manifest_in(path)
    (personal,), (channel,) = made["staticTabs"], made["configurableTabs"]
    assert personal["contentUrl"].startswith("https://tasking.peakshire.example/api/tab/")
    assert personal["scopes"] == ["personal"]
    assert channel["configurationUrl"].startswith("https://tasking.peakshire.example/api/tab/teams/configure")
    assert (channel["scopes"], channel["context"]) == (["team"], ["channelTab"])
    assert made["validDomains"] == ["tasking.peakshire.example"]
    assert made["webApplicationInfo"] == {"id": CLIENT, "resource": TAB["TASKING_TAB_API_URI"]}


def test_the_icons_are_of_the_sizes_that_teams_takes_and_the_outline_is_white_on_nothing(tmp_path: Path) -> None:
    _, path = packed(tmp_path)
    files = in_package(path)
    colour, outline = (Image.open(io.BytesIO(files[f"{name}.png"])) for name in ("color", "outline"))
    assert (colour.size, outline.size, colour.format, outline.format) == ((192, 192), (32, 32), "PNG", "PNG")
    seen = {outline.getpixel((x, y)) for x in range(32) for y in range(32)}
    assert seen == {(255, 255, 255, 255), (255, 255, 255, 0)}
    assert {colour.getpixel((x, y))[3] for x in range(192) for y in range(0, 192, 16)} == {255}  # type: ignore[index]


def test_the_same_settings_give_the_same_package_and_another_address_is_another_app(tmp_path: Path) -> None:
    (_, first), (_, second) = packed(tmp_path), packed(tmp_path, "again.zip")
    _, other = packed(tmp_path, "other.zip", TASKING_TAB_URL="https://other.example/api/tab")
    assert first.read_bytes() == second.read_bytes()
    assert manifest_in(first)["id"] != manifest_in(other)["id"]


def test_no_secret_is_in_it(tmp_path: Path) -> None:
    told, path = packed(tmp_path)
    assert "geheim" not in told.stdout + told.stderr
    assert all(b"geheim" not in content for content in in_package(path).values())


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"TASKING_TAB_URL": ""}, "TASKING_TAB_URL: is needed"),
        ({"TASKING_TAB_CLIENT_SECRET": ""}, "TASKING_TAB_CLIENT_SECRET: is needed"),
        ({"TASKING_TAB_URL": "http://127.0.0.1:7071/api/tab"}, "TASKING_TAB_URL: Teams shows only"),
        ({"TASKING_TAB_CLIENT_ID": "tasking-tab"}, "TASKING_TAB_CLIENT_ID: must be"),
    ],
)
def test_settings_that_teams_cannot_use_are_named_and_nothing_is_written(
    tmp_path: Path, changes: dict[str, str], named: str
) -> None:
    told, path = packed(tmp_path, **changes)
    assert told.exit_code == 2
    assert named in told.stderr
    assert not path.exists()


def test_a_file_that_is_there_already_is_left_and_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "tasking.zip").write_text("mine", "utf-8")
    told, path = packed(tmp_path)
    assert (told.exit_code, path.read_text("utf-8")) == (1, "mine")
    assert "nothing was written" in told.stderr
    nowhere, _ = packed(tmp_path, "nowhere/tasking.zip")
    assert nowhere.exit_code == 2
    assert "nowhere" in nowhere.stderr


def test_a_force_with_a_long_name_still_fits(tmp_path: Path) -> None:
    shipped = Path(__file__).resolve().parents[2] / "config"
    force, _ = load_force(shipped)
    long_name = type(force)(
        **{**{name: getattr(force, name) for name in force.__dataclass_fields__}, "name": "X" * 200}
    )
    settings = Settings(database_url="sqlite://", tab_url=TAB["TASKING_TAB_URL"], tab_client_id=CLIENT)
    assert list(faults(dict(manifest(settings, long_name)), SCHEMA)) == []
