"""The board by keyboard, by finger and without scripts; the panel over it; nothing scrolls sideways on a phone."""

from collections.abc import Callable
from typing import Any

import pytest
from emulator_server import RunningEmulator

MARKET = "Market place - stop the evening disorder"
MOVE = f"Move or act on {MARKET}"


def task_of(emulator: RunningEmulator, small: dict[str, str]) -> dict[str, Any]:
    """The market place's task as Graph has it."""
    return emulator.tenant.planner.tasks[small["task_id"]].task.values


def bucket_name(emulator: RunningEmulator, small: dict[str, str]) -> str:
    """The name of the bucket that the task is in."""
    return str(emulator.tenant.planner.buckets[task_of(emulator, small)["bucketId"]].values["name"])


def tab_to(page: Any, selector: str, back: bool = False) -> None:
    """Presses Tab until the focus is on what is wanted."""
    for _ in range(80):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Shift+Tab" if back else "Tab")
    raise AssertionError(f"Tab never reaches {selector}")


def test_a_task_is_moved_opened_and_completed_by_keys_alone(
    as_ada: Callable[..., Any], small: dict[str, str], emulator: RunningEmulator
) -> None:
    page, card = as_ada(), f"#task-{small['task_id']}"
    page.goto(small["board"])
    tab_to(page, f"{card} summary")
    page.keyboard.press("Enter")
    tab_to(page, f"{card} select")
    page.keyboard.type("Resp")
    tab_to(page, f"{card} button[value=place]")
    page.keyboard.press("Enter")
    page.locator("#column-3 .task", has_text=MARKET).wait_for()
    assert bucket_name(emulator, small) == "Response"
    assert page.evaluate("document.activeElement.textContent") == MARKET, "the focus stays with the card"
    assert page.locator("#spoken").text_content() == "Moved."

    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for()
    assert page.url.endswith(small["task"])
    tab_to(page, "#panel .checklist button[value=tick]")
    page.keyboard.press("Enter")
    page.get_by_text("Checklist (2 of 2)").wait_for()
    assert page.evaluate("document.activeElement.value") == "untick", "the focus stays on the line"
    tab_to(page, "#panel button[value=complete]")
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Reopen").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")
    page.locator("details.completed", has_text=MARKET).first.wait_for()
    page.wait_for_function("text => document.activeElement.textContent === text", arg=MARKET)
    assert page.url.endswith(small["board"])
    assert task_of(emulator, small)["percentComplete"] == 100


def test_back_and_reload_work_with_the_panels_own_address(as_ada: Callable[..., Any], small: dict[str, str]) -> None:
    page = as_ada()
    page.goto(small["board"])
    page.get_by_role("link", name=MARKET).click()
    page.get_by_role("dialog").wait_for()
    page.go_back()
    page.get_by_role("dialog").wait_for(state="hidden")
    page.get_by_role("link", name=MARKET).click()
    page.get_by_role("dialog").wait_for()
    page.go_back()
    page.get_by_role("dialog").wait_for(state="hidden")
    page.go_forward()
    page.locator("main > #task-panel h1", has_text=MARKET).wait_for()
    assert page.url.endswith(small["task"])
    page.reload()
    assert page.get_by_role("heading", level=1, name=MARKET).is_visible()
    assert page.get_by_role("link", name="The record").get_attribute("href") == "https://record.example/T-1?view=all"


@pytest.mark.parametrize(("group", "column"), [("owner", "Cal Moor"), ("progress", "Completed")])
def test_a_card_dragged_between_owners_or_progress_changes_that(
    as_ada: Callable[..., Any], small: dict[str, str], emulator: RunningEmulator, group: str, column: str
) -> None:
    page = as_ada()
    page.goto(f"{small['board']}?group={group}")
    target = page.locator(".bucket", has=page.get_by_role("heading", name=column, exact=False)).first
    start, end = page.get_by_role("link", name=MARKET).bounding_box(), target.bounding_box()
    page.mouse.move(start["x"] + 5, start["y"] + 5)
    page.mouse.down()
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + 120, steps=8)
    page.mouse.up()
    target.locator(".task", has_text=MARKET).wait_for()
    held = task_of(emulator, small)
    cal = emulator.tenant.directory.user("cal@peakshire.example")
    assert cal is not None
    if group == "owner":
        assert list(held["assignments"]) == [cal.id]
    else:
        assert (held["percentComplete"], held["completedBy"]["user"]["id"]) == (100, small["ada"])
    assert "Group by" in page.locator(".grouping").inner_text()


def test_a_finger_drags_after_a_short_press_and_scrolls_otherwise(
    as_ada: Callable[..., Any], small: dict[str, str], emulator: RunningEmulator
) -> None:
    page = as_ada(390, 844, has_touch=True, is_mobile=True)
    page.goto(small["board"])
    page.locator(f"#task-{small['task_id']}").scroll_into_view_if_needed()
    start = page.get_by_role("link", name=MARKET).bounding_box()
    touch = page.context.new_cdp_session(page)
    x, y = start["x"] + 20, start["y"] + 8

    def finger(kind: str, at_x: float, at_y: float) -> None:
        points = [] if kind == "touchEnd" else [{"x": at_x, "y": at_y}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    finger("touchStart", x, y)
    page.wait_for_timeout(500)
    target = page.locator("#column-1").bounding_box()
    for part in (0.3, 0.6, 1.0):
        finger("touchMove", x, y + (target["y"] + 20 - y) * part)
    finger("touchEnd", x, y)
    page.locator("#column-1 .task", has_text=MARKET).wait_for()
    assert bucket_name(emulator, small) == "Awaiting triage"


def test_every_action_works_without_scripts(
    as_ada: Callable[..., Any], small: dict[str, str], emulator: RunningEmulator
) -> None:
    page = as_ada(java_script_enabled=False)
    page.goto(small["board"])
    card = page.locator(f"#task-{small['task_id']}")
    card.get_by_text("Move or act").click()
    card.get_by_label("Move to").select_option(label="Response")
    card.get_by_role("button", name="Move", exact=True).click()
    assert bucket_name(emulator, small) == "Response"
    page.get_by_role("link", name=MARKET).click()
    page.get_by_role("button", name="Tick Speak with the shop owners").click()
    assert page.get_by_text("Checklist (2 of 2)").is_visible()
    page.get_by_role("button", name="Complete", exact=True).click()
    assert task_of(emulator, small)["percentComplete"] == 100
    page.goto(small["channel"])
    page.get_by_role("link", name="Open task").click()
    assert page.url.endswith(small["task"])


def test_a_refusal_is_told_on_the_board_and_nothing_moves(
    as_ada: Callable[..., Any], small: dict[str, str], emulator: RunningEmulator
) -> None:
    page = as_ada()
    page.goto(small["board"])
    emulator.tenant.directory.group("northfell").member_ids.remove(small["ada"])  # type: ignore[union-attr]
    card = page.locator(f"#task-{small['task_id']}")
    card.get_by_text("Move or act").click()
    card.get_by_role("button", name="Complete", exact=True).click()
    page.get_by_role("alert").get_by_text("Planner refused it for Ada Fernley").wait_for()
    assert task_of(emulator, small)["percentComplete"] == 50


def test_all_columns_can_be_reached_and_the_page_itself_never_scrolls_sideways(
    as_ada: Callable[..., Any], small: dict[str, str], emulator: RunningEmulator
) -> None:
    plan = small["board"].rsplit("/", 1)[1]
    with emulator.client() as app:
        for number in range(9):
            app.post("/planner/buckets", json={"name": f"Bucket {number}", "planId": plan}).raise_for_status()
    page = as_ada(1400, 900)
    page.goto(small["board"])
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.evaluate("document.querySelector('.board').scrollLeft = 1e6")
    last = page.locator(".bucket").last.bounding_box()
    assert last["x"] + last["width"] <= 1400


@pytest.mark.parametrize(
    "name", ["form", "board", "task", "channel", "/", "/boards", "/channels", "/control", "/traffic"]
)
def test_nothing_scrolls_sideways_at_320_pixels(as_ada: Callable[..., Any], small: dict[str, str], name: str) -> None:
    page = as_ada(320, 640)
    page.goto(small.get(name, name))
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
