"""What is said about the emulator is so: every point has its test, the page says what is assumed (facts §11, 65)."""

import re
from pathlib import Path

import httpx
import pytest
from emulator_server import RunningEmulator, running_emulator
from keep_traffic import LEFT_OUT
from starlette.routing import Route

from m365_emulator.control.openapi import levers
from m365_emulator.coverage import coverage_text, families, said_of
from m365_emulator.registry import control_routes, page_routes
from m365_emulator.routing import Reply
from m365_emulator.routing import Route as GraphRoute
from m365_emulator.sign_in.routes import FAMILY as SIGN_IN
from m365_emulator.sign_in.routes import SIGN_IN_ROUTES
from m365_emulator.switches import Switches
from m365_emulator.tenant import TenantOptions

HERE = Path(__file__).resolve().parent
PAGE = HERE.parents[1] / "docs" / "emulator_coverage.md"
OTHER_VALUES: dict[str, object] = {"int": 7, "float": 0.25, "str": "another"}


def other_value(name: str, default: object) -> object:
    """A value of the switch's own type that is not its default."""
    if isinstance(default, bool):
        return not default
    named = Switches.choices(name)
    return named[1] if named else OTHER_VALUES[type(default).__name__]


def test_point_65_every_point_has_a_test_that_bears_its_number() -> None:
    sources = "".join(path.read_text("utf-8") for path in HERE.glob("test_*.py"))
    numbered = {int(number) for number in re.findall(r"def test_point_(\d+)_\w+", sources)}
    assert numbered == set(range(1, 66))


def test_point_65_the_page_says_what_is_assumed_and_what_is_not_modelled() -> None:
    page = PAGE.read_text("utf-8")
    for heading in (
        "## Routes below /v1.0",
        "## Sign-in routes",
        "## Control routes",
        "## Not modelled",
        "## Switches",
    ):
        assert heading in page
    for name, default, meaning in Switches.meanings():
        assert f"| `{name}` | `{default}` | {meaning} |" in coverage_text()
        assert f"`{name}`" in page


def test_point_65_of_every_route_it_is_said_what_is_modelled_assumed_and_refused() -> None:
    page = PAGE.read_text("utf-8")
    for family, routes in families().items():
        told = page.split(f"### {family.title}\n")[1].split("\n### ")[0]
        assert family.modelled, family.title
        assert family.refused, family.title
        for route in routes:
            assert f"| `{route.method} {route.template}` | {said_of(route.handler)} |" in told
    for lever in levers(control_routes()):
        assert lever.text, lever.path
        assert f"| `{lever.method} {lever.path}` | {lever.text} |" in page
    for route in (*SIGN_IN_ROUTES, *page_routes()):
        if isinstance(route, Route):
            assert said_of(route.endpoint), route.path
            assert f" {route.path}` | {said_of(route.endpoint)} |" in page


def test_point_65_an_assumption_that_a_switch_changes_names_a_switch_there_is() -> None:
    switches = {name for name, _, _ in Switches.meanings()}
    for family in (*families(), SIGN_IN):
        for one in family.assumed:
            assert set(one.switches) <= switches, one.what


def test_a_route_of_which_nothing_is_said_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    silent = GraphRoute("GET", "/silent", lambda call: Reply())
    monkeypatch.setattr("m365_emulator.coverage.graph_routes", lambda: (silent,))
    with pytest.raises(ValueError, match="/silent"):
        families()


def test_what_is_left_out_of_the_kept_traffic_is_there_and_has_its_reason() -> None:
    assert all((HERE / name).is_file() and reason for name, reason in LEFT_OUT.items())


@pytest.mark.parametrize(("name", "default"), [(name, default) for name, default, _ in Switches.meanings()])
def test_point_65_a_switch_is_set_while_running_and_goes_back_with_a_reset(
    emulator: RunningEmulator, name: str, default: object
) -> None:
    other = other_value(name, default)
    assert emulator.control("switches", method="GET")[name] == default
    assert emulator.control("switches", {name: str(other)})[name] == other != default
    emulator.control("reset")
    assert emulator.control("switches", method="GET")[name] == default


@pytest.mark.parametrize("name", [name for name, _, _ in Switches.meanings() if Switches.choices(name)])
def test_point_65_a_switch_takes_no_value_that_means_nothing(emulator: RunningEmulator, name: str) -> None:
    with pytest.raises(httpx.HTTPStatusError) as refused:
        emulator.control("switches", {name: "999"})
    assert name in refused.value.response.json()["error"]


def test_point_65_every_switch_is_set_at_the_start_and_stays_so_after_a_reset() -> None:
    others = {name: other_value(name, default) for name, default, _ in Switches.meanings()}
    options = TenantOptions(switches=tuple((name, str(value)) for name, value in others.items()))
    with running_emulator(options) as running:
        assert running.control("switches", method="GET") == others
        running.control("reset")
        assert running.control("switches", method="GET") == others
