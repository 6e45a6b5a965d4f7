"""The tab in a browser: sign-in by the emulator's pages, every theme, a phone, a narrow screen, the keyboard alone."""

import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "web"))

from axe import AXE, RUN, TAGS
from built_service import clock_of
from peakshire import HOUR, a_proposal
from secure_emulator import secure_emulator
from tab_world import tab_world


@dataclass(frozen=True)
class ServedTab:
    """The tab's address and a task of it that has been asked up."""

    url: str
    reference: str


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedTab]:
    """The tab under uvicorn. It comes before Chromium, whose event loop would be in the way when the service closes."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url, folder = f"http://127.0.0.1:{port}/api/tab", tmp_path_factory.mktemp("tab")
    with secure_emulator(folder / "tls") as emulator, tab_world(emulator, folder, TASKING_TAB_URL=url) as world:
        task = world.desk.raised(pillar="ASB_NEIGHBOURHOOD", title="Market Place: stop bricks at traffic")
        clock_of(world.service).advance(HOUR)
        world.desk.escalated(task, a_proposal())
        world.person("dee", "TaskingOfficer.HP", "Requester")
        config = uvicorn.Config(world.host.application, port=port, log_level="error", lifespan="off", ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield ServedTab(url, task.reference)
        server.should_exit = True
        thread.join(timeout=10)


@pytest.fixture
def signed_in(tab: ServedTab, chromium: Any) -> Iterator[Callable[..., Any]]:
    """A page of this size on which Dee, a tasking officer, has signed in; a complaint of the console fails the test."""
    contexts, complaints = [], []

    def opened(width: int = 1280, height: int = 900) -> Any:
        context = chromium.new_context(viewport={"width": width, "height": height}, ignore_https_errors=True)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.goto(f"{tab.url}/tasks/{tab.reference}")
        page.get_by_role("button", name="Dee").click()
        page.wait_for_url(f"{tab.url}/tasks/{tab.reference}")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def test_a_link_to_a_task_leads_through_sign_in_to_that_task(signed_in: Callable[..., Any], pictures: Path) -> None:
    page = signed_in()
    page.get_by_role("heading", name="Market Place: stop bricks at traffic").wait_for()
    page.get_by_text("Why this score?").click()
    page.get_by_text("Score 24 of 100: Scheduled").wait_for()
    page.screenshot(path=pictures / "tab-task-desktop.png", full_page=True)


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed (npm install in m365_emulator/renderer)")
@pytest.mark.parametrize("theme", ["default", "dark", "contrast"])
def test_no_page_has_a_fault_of_accessibility_in_any_theme(
    tab: ServedTab, signed_in: Callable[..., Any], theme: str
) -> None:
    page = signed_in()
    found = []
    for width in (320, 390, 1280):
        page.set_viewport_size({"width": width, "height": 844})
        for path in ("/", f"/tasks/{tab.reference}", "/sign-in"):
            page.goto(f"{tab.url}{path}?theme={theme}")
            page.evaluate(AXE.read_text("utf-8"))
            found += [(width, path, rule["id"]) for rule in page.evaluate(RUN, TAGS)["violations"]]
            assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert found == []


def test_the_tab_can_be_used_with_the_keyboard_alone(tab: ServedTab, signed_in: Callable[..., Any]) -> None:
    page = signed_in(390, 844)
    page.goto(f"{tab.url}/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to main content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type(tab.reference.lower())
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Market Place: stop bricks at traffic").wait_for()


def test_signing_out_ends_it(tab: ServedTab, signed_in: Callable[..., Any]) -> None:
    page = signed_in()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="You have signed out of tasking").wait_for()
