"""`python -m bench.ui_pictures`: docs/ui.md's pictures, taken of the demo's own pages in headless Chromium.

It plays `tasking demo` in a folder of its own, signs in as Peakshire's people by the emulator's pages, and writes small
PNGs. Needs playwright and Chromium (CHROMIUM_PATH, or `chromium` on the path).
"""

import argparse
import io
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from PIL import Image

from service.demo.tenant import free_port

PROJECT = Path(__file__).resolve().parents[1]
PICTURES = PROJECT / "docs" / "pictures" / "ui"
DESKTOP, PHONE = (1280, 900), (390, 844)
COLOURS = 48
DEMO_SECONDS = 300
Finder = Callable[[Any, str], str]


@dataclass(frozen=True, slots=True)
class Shot:
    """One page: who looks (nobody where empty), and where; `path` may be found on another page."""

    name: str
    who: str
    path: str | Finder
    sizes: tuple[str, ...] = ("desktop", "phone")


def first_link(listed: str, pattern: str) -> Finder:
    """The address of the first link on a page of the tab whose address holds `pattern`."""

    def found(page: Any, url: str) -> str:
        page.goto(f"{url}{listed}")
        address = page.locator(f"main a[href*='{pattern}']").first.get_attribute("href")
        return str(address).removeprefix("/api/tab")

    return found


def after(finder: Finder, more: str) -> Finder:
    """The found address with more behind it."""
    return lambda page, url: f"{finder(page, url)}{more}"


def chained(finder: Finder, pattern: str) -> Finder:
    """The address of the first link that holds `pattern`, on the page that the finder finds."""
    return lambda page, url: first_link(finder(page, url), pattern)(page, url)


def _decided(page: Any, url: str) -> str:
    """The task of the newest decision of the register that the person may put right."""
    page.goto(f"{url}/register")
    tasks = [str(each.get_attribute("href")) for each in page.locator("main a[href*='/tasks/']").all()]
    for address in dict.fromkeys(tasks):
        page.goto(f"{url}{address.removeprefix('/api/tab')}")
        if page.locator("main a[href$='/correct']").count():
            return address.removeprefix("/api/tab")
    sys.exit("The demo has no decision that could be put right.")


def _to_decide(page: Any, url: str) -> str:
    """The first point of today's meeting that has a task."""
    page.goto(f"{url}{MEETING(page, url)}")
    address = page.locator(".tab-agenda li", has_text="task").locator("a").first.get_attribute("href")
    return str(address).removeprefix("/api/tab")


def _fortnight_on(page: Any, url: str) -> str:
    """The next of the fortnightly meetings that partners are there for: the list has the last one only."""
    last = unquote(first_link("/meetings", "/meetings/")(page, url))
    before, _, day = last.rpartition(" ")
    return quote(f"{before} {date.fromisoformat(day) + timedelta(days=14)}")


def _coming(page: Any, url: str) -> str:
    """The next meeting that has not begun."""
    page.goto(f"{url}/meetings")
    address = page.locator("h2:has-text('Coming') + table a").first.get_attribute("href")
    return str(address).removeprefix("/api/tab")


OFFICER, ADMIN = "Anwen Milestone", "Quill Tasker"
SECTION, DIVISION, FORCE = "Isolde Cragg", "Tamsin Fellgate", "Merrin Oakhollow"
AUDITOR, PARTNER = "Corisande Ledger", "Ysolde Towngate"
ASKED = first_link("/inbox?kind=UNDECIDED", "/tasks/")
MEETING = first_link("/meetings?unit=DIV_N", "/meetings/")
ONE, TWO = ("desktop",), ("desktop", "phone")
SHOTS = (
    Shot("sign-in", "", "/sign-in", ONE),
    Shot("my-work", OFFICER, "/"),
    Shot("my-submissions", OFFICER, "/mine"),
    Shot("board", FORCE, "/board"),
    Shot("search", FORCE, "/search?text=burglary", ONE),
    Shot("daily-list", FORCE, "/today", ONE),
    Shot("inbox", FORCE, "/inbox"),
    Shot("second-score", FORCE, after(first_link("/board", "/tasks/"), "/second-score"), ONE),
    Shot("task", DIVISION, ASKED),
    Shot("decide", DIVISION, chained(ASKED, "/decide/escalation-accept"), TWO),
    Shot("put-right", DIVISION, chained(_decided, "/correct"), ONE),
    Shot("reassess", DIVISION, after(ASKED, "/reassess"), ONE),
    Shot("reassign", DIVISION, after(ASKED, "/reassign"), ONE),
    Shot("note", DIVISION, after(ASKED, "/note"), ONE),
    Shot("meetings", DIVISION, "/meetings", ONE),
    Shot("meeting", DIVISION, MEETING),
    Shot("point", DIVISION, _to_decide),
    Shot("cancel", DIVISION, after(_coming, "/cancel"), ONE),
    Shot("partner", PARTNER, _fortnight_on, ONE),
    Shot("register", AUDITOR, "/register"),
    Shot("roles", AUDITOR, "/roles", ("desktop",)),
    Shot("operator", ADMIN, "/operator"),
    Shot("teams-configure", SECTION, "/teams/configure", ONE),
    Shot("about", OFFICER, "/about", ONE),
    Shot("not-found", OFFICER, "/tasks/T-9999", ("phone",)),
)
BY_SIZE = {"desktop": DESKTOP, "phone": PHONE}


def taken(url: str, shots: tuple[Shot, ...], folder: Path) -> None:
    """Takes the pictures of the tab at this address."""
    from playwright.sync_api import sync_playwright

    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        path = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for who in dict.fromkeys(shot.who for shot in shots):
            context = browser.new_context(ignore_https_errors=True, locale="en-GB", timezone_id="Europe/London")
            page = context.new_page()
            if who:
                _sign_in(page, url, who)
            for shot in (each for each in shots if each.who == who):
                _take(page, url, shot, folder)
            context.close()
        browser.close()


def _sign_in(page: Any, url: str, who: str) -> None:
    page.goto(f"{url}/about")
    page.get_by_role("button", name=who).click()
    page.wait_for_url(f"{url}/about")


def _take(page: Any, url: str, shot: Shot, folder: Path) -> None:
    path = shot.path if isinstance(shot.path, str) else shot.path(page, url)
    for size in shot.sizes:
        width, height = BY_SIZE[size]
        page.set_viewport_size({"width": width, "height": height})
        page.goto(f"{url}{path}")
        small = Image.open(io.BytesIO(page.screenshot())).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        small.save(folder / f"{shot.name}-{size}.png", optimize=True)


@contextmanager
def demo() -> Iterator[str]:
    """The demo, its day played, still serving; the tab's address."""
    port, emulator_port = free_port(), free_port()
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "demo"
        ports = ["--port", str(port), "--emulator-port", str(emulator_port)]
        command = [str(Path(sys.executable).parent / "tasking"), "demo", "--dir", str(folder), *ports]
        playing = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL)
        try:
            until = time.monotonic() + DEMO_SECONDS
            while not (folder / "summary.json").exists():
                if playing.poll() is not None or time.monotonic() > until:
                    sys.exit("The demo did not come to its end: run `tasking demo` to see why.")
                time.sleep(1)
            yield f"http://127.0.0.1:{port}/api/tab"
        finally:
            playing.terminate()
            playing.wait(timeout=30)


def main() -> None:
    """Takes all of them, of a demo played now or of the one that is served already."""
    parser = argparse.ArgumentParser(prog="python -m bench.ui_pictures", description=__doc__)
    parser.add_argument("--tab", metavar="URL", help="the tab of a demo that is served already; else one is played")
    parser.add_argument("--to", type=Path, default=PICTURES, help="folder of the pictures (default: %(default)s)")
    options = parser.parse_args()
    with nullcontext(options.tab.rstrip("/")) if options.tab else demo() as address:
        taken(address, SHOTS, options.to)


if __name__ == "__main__":
    main()
