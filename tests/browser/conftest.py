"""A headless Chromium, a page in it, and where pictures go. Skipped, saying so, where there is no Chromium."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml
from emulator_server import RunningEmulator

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / folder) for folder in ("browser", "journeys", "web")]

ARGUMENTS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ADA = "ada@peakshire.example"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One Chromium is enough: all of these tests run in one process."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Debian's Chromium, or the one that CHROMIUM_PATH names.

    For one module only: while Playwright is on, its event loop is this thread's, and no other test could have one.
    """
    playwright_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium")
    if not path:
        pytest.skip("chromium is not installed (apt install chromium, or set CHROMIUM_PATH)")
    with playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Any, emulator: RunningEmulator) -> Iterator[Callable[..., Any]]:
    """Opens a page of this size; a fault in the page's scripts fails the test."""
    contexts, faults = [], []

    def opened(width: int = 1400, height: int = 900, **more: Any) -> Any:
        context = chromium.new_context(viewport={"width": width, "height": height}, base_url=emulator.url, **more)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Where pictures are kept: SCREENSHOTS_DIR, or pytest's own folder."""
    folder = Path(os.environ.get("SCREENSHOTS_DIR") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def beside() -> Iterator[Callable[..., Any]]:
    """Runs work that has an event loop of its own in a thread, since Playwright's loop is in this one."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        yield lambda work, *arguments: pool.submit(work, *arguments).result(timeout=90)


@pytest.fixture
def small(emulator: RunningEmulator) -> dict[str, str]:
    """The small seed, with a card posted to its channel: addresses of its pages."""
    seed = yaml.safe_load((ROOT / "m365_emulator" / "seeds" / "small.yaml").read_text("utf-8"))
    emulator.control("seed/all", seed)
    planner, (flow,) = emulator.tenant.planner, emulator.control("workflows", method="GET")
    plan = next(iter(planner.plans))
    task = next(t for t in planner.tasks.values() if t.task.values["title"].startswith("Market"))
    card = {
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [{"type": "TextBlock", "text": "ESCALATED to the division", "weight": "Bolder", "wrap": True}],
        "actions": [
            {
                "type": "Action.OpenUrl",
                "title": "Open task",
                "url": f"https://planner.cloud.microsoft/webui/plan/{plan}/view/board/task/{task.task.id}",
            }
        ],
    }
    message = {
        "type": "message",
        "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}],
    }
    with emulator.client() as web:
        web.post(flow["url"], json=message).raise_for_status()
    return {
        "form": "/forms/raise",
        "board": f"/boards/{plan}",
        "task": f"/boards/{plan}/tasks/{task.task.id}",
        "task_id": task.task.id,
        "channel": f"/channels/{flow['team_id']}/{flow['channel_id']}",
        "ada": emulator.tenant.directory.user(ADA).id,  # type: ignore[union-attr]
    }


@pytest.fixture
def as_ada(open_page: Callable[..., Any], small: dict[str, str], emulator: RunningEmulator) -> Callable[..., Any]:
    """Opens a page on which Ada, the manager, is the one who acts."""

    def opened(width: int = 1400, height: int = 900, **more: Any) -> Any:
        page = open_page(width, height, **more)
        page.context.add_cookies([{"name": "acting_as", "value": small["ada"], "url": emulator.url}])
        return page

    return opened
