"""A chair follows a link to a task, signs in and decides; the meeting goes point by point; axe on each of the pages."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe import AXE, violations
from peakshire import a_proposal
from secure_emulator import SecureEmulator, secure_emulator
from tab_served import served_tab
from tab_world import World

from store.tables import decisions
from tasking.deciding import decide
from tasking.decision import DecisionRequest, DecisionType
from tasking.task import Task, TaskText

MEETING = "/meetings/DIV_N_DAILY%202026-11-02"
LOCAL_MEETING = "/meetings/HP_LOCAL%202026-11-10"
SIZES = {"phone": (390, 844), "desktop": (1400, 900)}


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureEmulator]:
    """An emulator over http and https."""
    with secure_emulator(tmp_path_factory.mktemp("tls")) as running:
        yield running


@pytest.fixture
def tab(secure: SecureEmulator, tmp_path: Path, beside: Callable[..., Any]) -> Iterator[tuple[World, str]]:
    """The tab on a port of its own, with a chair of the division."""
    secure.tenant.reset()
    serving = served_tab(secure, tmp_path)
    world, url = beside(serving.__enter__)
    beside(lambda: world.person("dee", "Chair.DIV_N", "TaskingOfficer.HP"))
    yield world, url
    beside(serving.__exit__, None, None, None)


def escalated(world: World, title: str = "Disorder in the market place") -> Task:
    """A task of Northfell that waits for the division."""
    text = TaskText(ask="Two officers on Friday night", why_now="It has grown each week", place="Market place")
    task = world.desk.raised(pillar="ASB_NEIGHBOURHOOD", title=title, text=text)
    return world.desk.escalated(task, a_proposal())


def resourced(world: World, task: Task) -> str:
    """The reference of a decision of the division's about the task."""
    who, role = "chi@peakshire.example", "Divisional Chief Inspector"
    said = {"rationale": "Nobody else is there", "text": "To the division's team"}
    request = DecisionRequest(task.reference, DecisionType.ALLOCATE, decided_by=who, role=role, unit="DIV_N", **said)
    with world.desk.act(who) as uow:
        return decide(uow, world.service.force, world.service.policy, request).decision_ref


def signed_in(page: Any, address: str) -> None:
    """Opens an address as somebody does who is not signed in yet, and lands there."""
    page.goto(address)
    page.get_by_role("button", name="Dee").click()
    page.wait_for_url(f"{address}*")


def fits(page: Any) -> bool:
    """Whether nothing scrolls sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


@pytest.mark.parametrize("size", SIZES)
def test_a_chair_follows_a_link_signs_in_and_decides_with_a_rationale(
    tab: tuple[World, str],
    open_page: Callable[..., Any],
    beside: Callable[..., Any],
    pictures: Path,
    size: str,
) -> None:
    (world, url), page = tab, open_page(*SIZES[size], ignore_https_errors=True)
    task = beside(escalated, world)
    signed_in(page, f"{url}/tasks/{task.reference}")
    assert page.get_by_role("heading", level=1, name=task.title).is_visible()
    page.screenshot(path=pictures / f"tab-task-{size}.png", full_page=True)
    page.get_by_role("link", name="Accept", exact=True).click()
    page.get_by_role("button", name="Accept", exact=True).click()
    page.get_by_text("There is a problem").wait_for()
    assert page.evaluate("document.activeElement.id") == "errors"
    page.get_by_label("Why", exact=True).fill("The section has nobody left tonight.")
    assert fits(page)
    page.screenshot(path=pictures / f"tab-decide-{size}.png", full_page=True)
    page.get_by_role("button", name="Accept", exact=True).click()
    page.get_by_text("Decided. It stands in the register").wait_for()
    (row,) = beside(world.desk.rows, decisions)
    assert row["document"]["rationale"] == "The section has nobody left tonight."
    page.get_by_role("link", name="Register", exact=True).click()
    assert page.get_by_role("cell", name="The section has nobody left tonight.").is_visible()
    assert fits(page)
    page.screenshot(path=pictures / f"tab-register-{size}.png", full_page=True)


@pytest.mark.parametrize("size", SIZES)
def test_a_meeting_is_gone_through_by_keyboard_and_decided_in_place(
    tab: tuple[World, str],
    open_page: Callable[..., Any],
    beside: Callable[..., Any],
    pictures: Path,
    size: str,
) -> None:
    (world, url), page = tab, open_page(*SIZES[size], ignore_https_errors=True)
    task = beside(escalated, world)
    signed_in(page, f"{url}/meetings")
    assert fits(page)
    page.screenshot(path=pictures / f"tab-meetings-{size}.png", full_page=True)
    page.goto(f"{url}{MEETING}")
    assert fits(page)
    page.screenshot(path=pictures / f"tab-meeting-{size}.png", full_page=True)
    page.get_by_role("link", name="Go through it").click()
    page.wait_for_url("**/points/1")
    for _ in range(6):
        before = page.url
        page.keyboard.press("ArrowRight")
        page.wait_for_url(lambda now, before=before: now != before)
    assert page.get_by_role("heading", level=1, name="7. Escalations").is_visible()
    page.screenshot(path=pictures / f"tab-point-{size}.png", full_page=True)
    page.get_by_role("link", name="Accept", exact=True).click()
    page.get_by_label("Why", exact=True).fill("The section has nobody left tonight.")
    page.get_by_label("Why", exact=True).press("ArrowRight")
    assert page.url.partition("#")[0].endswith("escalation-accept"), "an arrow in a field goes nowhere"
    assert fits(page)
    page.screenshot(path=pictures / f"tab-in-place-{size}.png", full_page=True)
    page.get_by_role("button", name="Accept", exact=True).click()
    page.get_by_text("Decided. It stands in the register").wait_for()
    (row,) = beside(world.desk.rows, decisions)
    assert (row["meeting_ref"], row["task_id"]) == ("DIV_N_DAILY 2026-11-02", task.task_id)


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed (npm install in m365_emulator/renderer)")
@pytest.mark.parametrize(("size", "theme"), [("phone", "default"), ("desktop", "dark"), ("phone", "contrast")])
def test_none_of_these_pages_has_a_violation_in_any_theme(
    tab: tuple[World, str], open_page: Callable[..., Any], beside: Callable[..., Any], theme: str, size: str
) -> None:
    (world, url), page = tab, open_page(*SIZES[size], ignore_https_errors=True, bypass_csp=True)
    task = beside(escalated, world)
    signed_in(page, f"{url}/")
    base = f"/tasks/{task.reference}"
    correct = f"{base}/decisions/{beside(resourced, world, task)}/correct"
    decided = ("escalation-accept", "de-escalate", "escalation-to-meeting", "escalate", "resource")
    forms = [f"{base}/decide/{what}" for what in decided]
    pages = [
        base,
        *forms,
        f"{base}/reassess",
        f"{base}/note",
        f"{base}/reassign",
        "/meetings",
        "/roles",
        MEETING,
        "/register",
        correct,
    ]
    pages += [f"{base}/second-score", f"{MEETING}/cancel", "/kept", "/tasks/T-9999"]
    pages += [f"{MEETING}/points/{number}" for number in (1, 3, 6)]
    pages.append(LOCAL_MEETING)
    pages.append(f"{MEETING}/points/6/{task.reference}/escalation-accept")
    for path in pages:
        page.goto(f"{url}{path}?theme={theme}")
        for summary in page.locator("details > summary").all():
            summary.click()
        assert violations(page) == [], path
        assert fits(page), path
        assert path != correct or page.get_by_role("button", name="Supersede it").is_visible()
