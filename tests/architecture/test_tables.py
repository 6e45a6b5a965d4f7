"""Tables and pages that must agree with the code: event routes, settings, the tree, requirements, the change log."""

import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from tree import PROJECT, files, pyproject

from service.event_routes import ROUTES
from service.settings import PASSED_ON, Settings
from service.wiring import handlers_of
from tasking import events
from tasking.events import EVENTS, Event

REGISTRIES = tuple(
    f"{name}.{end}"
    for name, end in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("anaconda", "org"),
        ("crates", "io"),
    )
)
THIS_FILE = "tests/architecture/test_tables.py"


class _Anything(SimpleNamespace):
    """Has whatever method is asked for."""

    def __getattr__(self, name: str) -> Any:
        return lambda *args: None


def read(name: str) -> str:
    return (PROJECT / name).read_text("utf-8")


def event_classes() -> set[type[Event]]:
    return {
        each
        for each in vars(events).values()
        if isinstance(each, type) and issubclass(each, Event) and each is not Event
    }


def test_every_event_has_a_line_in_the_routes_and_goes_somewhere() -> None:
    assert set(ROUTES) == event_classes()
    assert all(handlers for handlers in ROUTES.values())
    assert all(len(set(handlers)) == len(handlers) for handlers in ROUTES.values())


def test_every_event_can_be_read_back_by_its_name() -> None:
    assert set(EVENTS.values()) == event_classes()
    assert all(EVENTS[each.name] is each for each in event_classes())


def test_every_handler_that_a_route_names_exists_and_none_is_unused() -> None:
    part = _Anything()
    handlers: Any = handlers_of(part, part, part, part, part)
    assert {name for names in ROUTES.values() for name in names} == set(handlers)


def settings_rows() -> dict[str, list[str]]:
    """The rows of docs/settings.md by variable."""
    rows = [line.strip("| ").split(" | ") for line in read("docs/settings.md").splitlines() if line.startswith("| `")]
    return {name: row[1:] for row in rows for name in re.findall(r"`(\w+)`", row[0])}


@pytest.mark.parametrize("field", sorted(Settings.model_fields.keys() - {"webhooks", "identity"}))
def test_every_setting_is_described_with_its_default(field: str) -> None:
    meaning, default, example, secret = settings_rows()[f"TASKING_{field.upper()}"]
    info = Settings.model_fields[field]
    told = "none" if info.is_required() else f"`{info.default}`" if str(info.default) else "empty"
    assert default == told
    assert meaning.endswith(".")
    assert example
    assert secret.startswith(("yes", "no"))


def test_no_setting_is_described_that_does_not_exist() -> None:
    described = {name for name in settings_rows() if name.startswith("TASKING_")}
    assert described == {
        f"TASKING_{field.upper()}" for field in Settings.model_fields.keys() - {"webhooks", "identity"}
    }


def test_webhooks_and_azures_own_variables_are_described() -> None:
    assert "`TASKING_WEBHOOK_`" in read("docs/settings.md")
    assert set(PASSED_ON) <= settings_rows().keys()


def test_example_settings_are_all_described() -> None:
    names = json.loads(read("local.settings.example.json"))["Values"]
    unknown = {name for name in names if name not in settings_rows() and not name.startswith("TASKING_WEBHOOK_")}
    assert unknown == set()


def test_the_tree_in_the_architecture_page_is_the_tree_of_folders() -> None:
    drawn = re.findall(r"^[├└]── ([\w.]+)/", read("docs/architecture.md"), re.MULTILINE)
    there = {name.split("/")[0] for name in files() if "/" in name}
    assert sorted(drawn) == sorted(there)


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_pinned_to_one_version_with_hashes(name: str) -> None:
    whole = re.sub(r"\\\n\s*", "", read(name))
    lines = [line for line in whole.splitlines() if line.strip() and not line.startswith("#")]
    assert len(lines) > 20
    for line in lines:
        assert re.match(r"[A-Za-z0-9][\w.\-]*==[^\s;]+( ;[^#]*?)?\s*--hash=sha256:[0-9a-f]{64}", line), line[:80]


def test_every_requirement_that_azure_gets_a_laptop_has_too() -> None:
    def pins(name: str) -> set[tuple[str, str]]:
        return set(re.findall(r"^([A-Za-z0-9][\w.\-]*)==([^\s;]+)", read(name), re.MULTILINE))

    assert pins("requirements.txt") <= pins("requirements-dev.txt")


def test_no_requirements_file_names_where_to_fetch_from() -> None:
    names = [name for name in files() if name.startswith("requirements")]
    assert len(names) == 4
    for name in names:
        assert not re.search(r"://|--(extra-)?index-url|--find-links|--trusted-host", read(name)), name


def test_no_file_names_a_package_registrys_host() -> None:
    naming = []
    for name in files():
        content = (PROJECT / name).read_bytes().lower()
        if name != THIS_FILE and any(host.encode() in content for host in REGISTRIES):
            naming.append(name)
    assert naming == []


def test_the_change_log_tells_of_this_version() -> None:
    version = pyproject()["project"]["version"]
    assert re.search(rf"^## \[?{re.escape(version)}\]?", read("CHANGELOG.md"), re.MULTILINE)
