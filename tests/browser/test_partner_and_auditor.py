"""In a browser: a partner sees the partner part of a meeting alone; an auditor takes the register out and reads it."""

import csv
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "web"))

from axe import AXE, violations
from secure_emulator import secure_emulator
from tab_served import served_tab
from tab_world import World

from tasking.deciding import decide
from tasking.decision import DecisionRequest, DecisionType

MEETING = "/meetings/HP_LOCAL%202026-11-10"
POLICE = "Arrest attempts before dawn"


@dataclass(frozen=True)
class Served:
    """The tab's address, a task that partners are there for, one that is the police's, and the decisions made."""

    url: str
    local: str
    police: str
    decided: tuple[str, ...]


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One tab for both. It comes before Chromium, whose event loop would be in the way when the service closes."""
    folder = tmp_path_factory.mktemp("tab")
    with secure_emulator(folder / "tls") as emulator, served_tab(emulator, folder) as (world, url):
        world.person("pat", "Partner.HP")
        world.person("abe", "Auditor")
        local = world.desk.raised(pillar="ASB_NEIGHBOURHOOD", title="Lights for the underpass")
        police = world.desk.raised(pillar="ROADS", title=POLICE)
        decided = tuple(_decided(world, task.reference) for task in (local, police))
        yield Served(url, local.reference, police.reference, decided)


def _decided(world: World, reference: str) -> str:
    who, why = "chi@peakshire.example", 'It cannot wait, and "tonight" is when'
    request = DecisionRequest(
        reference, DecisionType.ALLOCATE, rationale=why, decided_by=who, role="Duty Inspector", text="To the team"
    )
    with world.desk.act(who) as uow:
        return decide(uow, world.service.force, world.service.policy, request).decision_ref


@pytest.fixture
def as_person(tab: Served, chromium: Any) -> Iterator[Callable[..., Any]]:
    """Opens a page of the tab on a phone as somebody who has signed in."""
    contexts = []

    def opened(name: str, path: str) -> Any:
        context = chromium.new_context(
            viewport={"width": 390, "height": 844}, ignore_https_errors=True, accept_downloads=True, bypass_csp=True
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.goto(f"{tab.url}{path}")
        page.get_by_role("button", name=name).click()
        page.wait_for_url(f"{tab.url}{path}*")
        return page

    yield opened
    for context in contexts:
        context.close()


def test_a_partner_sees_the_partner_part_point_by_point_and_nothing_of_the_police(
    tab: Served, as_person: Callable[..., Any], tmp_path: Path
) -> None:
    page = as_person("Pat", MEETING)
    assert page.get_by_text("Part with partners").is_visible()
    assert page.get_by_role("navigation", name="Main").get_by_role("link").all_inner_texts() == [
        "My work",
        "My submissions",
        "Meetings",
    ]
    seen = []
    page.get_by_role("link", name="Go through it, point by point").click()
    for number in (1, 2, 3):
        page.wait_for_url(f"**/points/{number}")
        seen.append(page.locator("main").inner_text())
        if AXE.is_file():
            assert violations(page) == [], page.url
        page.keyboard.press("ArrowRight")
    page.wait_for_url(f"**{MEETING}")
    assert "Lights for the underpass" in " ".join(seen)
    assert POLICE not in " ".join(seen)
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Meeting pack, page to print").click()
    waiting.value.save_as(tmp_path / "pack.html")
    pack = (tmp_path / "pack.html").read_text("utf-8")
    assert "Lights for the underpass" in pack
    assert POLICE not in pack
    for path in (f"/tasks/{tab.police}", "/register", f"{MEETING}/points/4"):
        page.goto(f"{tab.url}{path}")
        assert POLICE not in page.content()
        assert page.get_by_role("heading", level=1).inner_text() in (
            "This is not yours to do",
            "There is no such page",
            "Not found",
        )


def test_an_auditor_takes_the_register_out_and_the_file_has_what_the_page_shows(
    tab: Served, as_person: Callable[..., Any], tmp_path: Path
) -> None:
    page = as_person("Abe", "/register")
    shown = page.locator("main tbody th").all_inner_texts()
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Take them out as .csv").click()
    assert waiting.value.suggested_filename.startswith("decision-register_")
    waiting.value.save_as(tmp_path / "register.csv")
    with (tmp_path / "register.csv").open(encoding="utf-8-sig", newline="") as file:
        first, *rows = csv.reader(file)
    assert first[0].startswith("OFFICIAL")
    found = [cell for row in rows for cell in row if cell in tab.decided]
    assert found == list(tab.decided)
    assert shown == list(reversed(tab.decided))
    assert any('It cannot wait, and "tonight" is when' in row for row in rows)
