"""The live board in a browser: it updates by itself and moves nothing under the reader's hands; axe on each page."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe import AXE, violations
from peakshire import a_proposal
from secure_emulator import SecureEmulator, secure_emulator
from tab_served import served_tab
from tab_world import World

ROADS = "ROADS"
BY_HAND = "window.setInterval = look => { window.look = look; }"
STANDS = """() => [window.scrollY, document.activeElement.id, document.getElementById('pillars-ROADS').checked,
    document.getElementById('facet-pillars').open, document.getElementById('synced').open]"""


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureEmulator]:
    """An emulator over http and https."""
    with secure_emulator(tmp_path_factory.mktemp("tls")) as running:
        yield running


@pytest.fixture
def tab(secure: SecureEmulator, tmp_path: Path, beside: Callable[..., Any]) -> Iterator[tuple[World, str]]:
    """The tab on a port of its own, with an officer of a section."""
    secure.tenant.reset()
    serving = served_tab(secure, tmp_path)
    world, url = beside(serving.__enter__)
    beside(lambda: world.person("dee", "TaskingOfficer.HP"))
    yield world, url
    beside(serving.__exit__, None, None, None)


def on_the_board(page: Any, url: str) -> None:
    """Signs Dee in and lands on the board, which then looks for changes only when the test says so."""
    page.add_init_script(BY_HAND)
    page.goto(f"{url}/board")
    page.get_by_role("button", name="Dee").click()
    page.wait_for_url(f"{url}/board*")


def test_the_board_updates_by_itself_and_keeps_place_focus_and_what_is_ticked(
    tab: tuple[World, str], open_page: Callable[..., Any], beside: Callable[..., Any]
) -> None:
    world, url = tab
    tasks = [beside(lambda: world.desk.raised(pillar=ROADS)) for _ in range(15)]
    page = open_page(1280, 800, ignore_https_errors=True)
    on_the_board(page, url)
    page.locator("#facet-pillars summary").click()
    page.check("#pillars-ROADS")
    page.locator("#synced summary").click()
    page.evaluate("window.scrollTo(0, 400)")
    page.evaluate(f"document.getElementById('task-{tasks[9].reference}').focus({{preventScroll: true}})")
    before = page.evaluate(STANDS)
    assert before == [400, f"task-{tasks[9].reference}", True, True, True]
    new = beside(lambda: world.desk.raised(pillar=ROADS, title="<b>New</b> here"))
    page.evaluate("window.look()")
    page.get_by_text("<b>New</b> here").wait_for()
    assert page.evaluate(STANDS) == before
    assert page.locator("#count-pillars-ROADS").inner_text().endswith("16")
    page.get_by_role("button", name="Hold still").click()
    beside(lambda: world.desk.on_board(new, progress=100))
    page.evaluate("window.look()")
    page.wait_for_timeout(500)
    assert page.get_by_text("<b>New</b> here").is_visible()
    page.get_by_role("button", name="Hold still").click()
    page.get_by_text("<b>New</b> here").wait_for(state="detached")


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed (npm install in m365_emulator/renderer)")
def test_the_board_the_search_and_the_daily_list_fit_each_screen_and_have_no_fault_of_accessibility(
    tab: tuple[World, str], open_page: Callable[..., Any], beside: Callable[..., Any]
) -> None:
    world, url = tab
    task = beside(lambda: world.desk.raised(pillar=ROADS, title="Speeding past the school at the end of the day"))
    beside(lambda: world.desk.escalated(task, a_proposal()))
    page = open_page(1280, 800, ignore_https_errors=True, bypass_csp=True)
    on_the_board(page, url)
    for width, height in ((390, 844), (1280, 900)):
        page.set_viewport_size({"width": width, "height": height})
        for path in ("/board?pillars=ROADS&escalated=yes", "/search?text=speeding", "/today"):
            for theme in ("default", "dark", "contrast"):
                page.goto(f"{url}{path}{'&' if '?' in path else '?'}theme={theme}")
                page.get_by_text("Speeding past the school").first.wait_for()
                assert violations(page) == [], (width, path, theme)
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (width, path)
