"""Inbox, operator's page and own work in a browser: every theme, a phone, a narrow screen; a dead letter put back."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "web"))

from axe import AXE, RUN, TAGS
from built_service import clock_of
from peakshire import HOUR, a_proposal
from secure_emulator import secure_emulator
from tab_served import served_tab
from tab_world import World

from store import board_polls, channel_health, inbox, notebook, outbox, remarks
from tasking.thrive import ThriveAssessment

ASB = "ASB_NEIGHBOURHOOD"
DEE = "dee@peakshire.example"
PAGES = ("/inbox", "/inbox?kind=UNOWNED", "/mine", "/operator", "/teams/configure", "/about")


@dataclass(frozen=True)
class Served:
    """The tab's address, and the world behind it."""

    url: str
    world: World


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A morning with something of everything."""
    folder = tmp_path_factory.mktemp("tab")
    with secure_emulator(folder / "tls") as emulator, served_tab(emulator, folder) as (world, url):
        world.person("dee", "TaskingOfficer.PKS", "Requester", "Operator")
        _a_morning(world)
        yield Served(url, world)


def _a_morning(world: World) -> None:
    desk, clock = world.desk, clock_of(world.service)
    asked = desk.raised(pillar=ASB, title="Market Place: stop bricks at traffic")
    unscored = desk.raised(pillar=ASB, title="Off-road bikes", assessment=ThriveAssessment(1, 1, None, 0, 0, 0))
    mine = desk.raised(pillar=ASB, title="Shop thefts in the High Street", submitted_by=DEE)
    clock.advance(5 * HOUR)
    desk.escalated(asked, a_proposal())
    desk.on_board(mine, owner_ids=(world.ids[DEE],))
    now = clock.now()
    with world.service.store.open() as connection:
        remarks.raise_remark(connection, unscored.task_id, "owner", "The owner cannot see the board.", now)
        inbox.hold(connection, "workbook", "7", "The answer to 'Where?' is none that the form offers.", {}, now)
        for number, state in enumerate((inbox.InboxState.DONE, inbox.InboxState.REJECTED)):
            row = inbox.add(
                connection,
                form="raise_task",
                response_id=f"r{number}",
                reference=mine.reference if not number else "T-2044",
                state="RECEIVED",
                encoding="LIST",
                responder=DEE,
                received_at=now - number * HOUR,
                correlation_id="c",
            )
            reasons = ["The unit is not one that takes tasks."] if number else []
            inbox.finish(connection, row.inbox_id, state, reasons, None if number else mine.task_id)
        for number, why in enumerate(("Graph answered 503 for six hours.", "Teams answered 404: no such channel.")):
            payload = {"task_id": asked.task_id, "unit": ""}
            row_id = outbox.add(connection, "TaskChanged", "planner.update_boards", payload, now - 6 * HOUR, "c")
            if number:
                outbox.mark_in_doubt(connection, row_id)
            outbox.dead_letter(connection, row_id, now - HOUR, why)
        outbox.add(connection, "TaskChanged", "teams.announce", {"task_id": asked.task_id, "unit": ""}, now, "c")
        for unit in list(world.service.force.boards)[:3]:
            notebook.provision(connection, "plan", unit, f"plan-{unit}", {}, now)
            board_polls.claim_all(connection, [f"plan-{unit}"], now)
            board_polls.schedule(connection, f"plan-{unit}", now, now, 0, None, read_at=now - timedelta(minutes=2))
        first, second = world.service.force.meetings[:2]
        channel_health.handed_over(connection, first.code, now, is_check=True)
        channel_health.failed(connection, second.code, now, "Teams answered 404: no such channel.")


@pytest.fixture
def signed_in(desk: Served, chromium: Any) -> Iterator[Callable[..., Any]]:
    """A page of this size on which Dee has signed in; a complaint of the console fails the test."""
    contexts, complaints = [], []

    def opened(width: int = 1280, height: int = 900) -> Any:
        context = chromium.new_context(viewport={"width": width, "height": height}, ignore_https_errors=True)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.goto(f"{desk.url}/mine")
        page.get_by_role("button", name="Dee").click()
        page.wait_for_url(f"{desk.url}/mine")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed (npm install in m365_emulator/renderer)")
def test_no_page_has_a_barrier_in_any_theme_nor_needs_sideways_scrolling(
    desk: Served, signed_in: Callable[..., Any], pictures: Path
) -> None:
    found = []
    for name, width, height in (("desktop", 1280, 900), ("phone", 390, 844), ("narrow", 320, 640)):
        page = signed_in(width, height)
        for path in PAGES:
            page.goto(f"{desk.url}{path}")
            shot = path.strip("/").replace("?", "-").replace("/", "-").replace("=", "-")
            page.screenshot(path=pictures / f"tab-{shot}-{name}.png", full_page=True)
            if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
                found.append(f"{path} at {width} scrolls sideways")
            for theme in ("default", "dark", "contrast") if name == "desktop" else ("default",):
                page.goto(f"{desk.url}{path}{'&' if '?' in path else '?'}theme={theme}")
                page.evaluate(AXE.read_text("utf-8"))
                found += [f"{path} {theme} {width}: {rule['id']}" for rule in page.evaluate(RUN, TAGS)["violations"]]
            page.goto(f"{desk.url}/about?theme=default")
    assert found == []


def test_the_operator_puts_a_dead_letter_back_by_the_keyboard_alone(
    desk: Served, signed_in: Callable[..., Any]
) -> None:
    page = signed_in(390, 844)
    page.goto(f"{desk.url}/operator")
    number = page.locator("#dead + p + table tbody tr").count()
    page.get_by_role("button", name="Put back delivery").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/operator?said=put_back")
    assert page.get_by_role("status").first.inner_text().startswith("Done")
    assert page.locator("#dead + p + table tbody tr").count() == number - 1
