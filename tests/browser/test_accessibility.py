"""axe-core finds nothing at all on the pages, on a desktop and on a phone."""

from collections.abc import Callable
from typing import Any

import pytest
from axe import AXE, violations

PAGES = ("form", "board", "task", "channel", "/", "/boards", "/channels", "/control", "/traffic")


@pytest.fixture(autouse=True)
def _axe_is_here() -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed (npm install in m365_emulator/renderer)")


@pytest.mark.parametrize("width", [1400, 360])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_no_violation(as_ada: Callable[..., Any], small: dict[str, str], name: str, width: int) -> None:
    page = as_ada(width, 800)
    page.goto(small.get(name, name))
    assert violations(page) == []


def test_the_open_panel_an_open_menu_and_a_form_with_problems_have_none_either(
    as_ada: Callable[..., Any], small: dict[str, str]
) -> None:
    page = as_ada()
    page.goto(small["board"])
    for summary in page.locator(".acts > summary").all()[:1]:
        summary.click()
    assert violations(page) == []
    page.get_by_role("link", name="Market place").click()
    page.get_by_role("dialog").wait_for()
    assert violations(page) == []
    page.goto(small["form"])
    page.get_by_role("button", name="Submit").click()
    page.get_by_role("alert").wait_for()
    assert violations(page) == []
    page.goto(f"{small['board']}?group=owner")
    assert violations(page) == []
