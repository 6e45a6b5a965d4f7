"""The whole path with the service behind it, as people see it: the form, the board, the card in the channel."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from emulator_server import RunningEmulator
from small_force import CONFIG
from stage import OFFICER, Stage, answers_of


def fill(page: Any, answers: Mapping[str, Any]) -> None:
    """Answers the Raise form as a person does: radios, boxes, lists and typing."""
    questions = yaml.safe_load((CONFIG / "forms" / "raise_task.yaml").read_text("utf-8"))["questions"]
    for question in questions:
        answer, key = answers.get(question["field"]), question["key"]
        if answer is None:
            continue
        place = page.locator(f".question[data-key={key}]")
        for one in answer if isinstance(answer, list) else [answer]:
            if place.locator("fieldset").count():
                place.get_by_label(str(one), exact=True).check()
            elif place.locator("select").count():
                place.locator("select").select_option(str(one))
            else:
                place.locator("input, textarea").fill(str(one))


@pytest.mark.timeout(180)
def test_an_officers_form_becomes_a_card_that_is_dragged_escalated_and_completed(
    emulator: RunningEmulator,
    tmp_path: Path,
    open_page: Callable[..., Any],
    beside: Callable[..., Any],
    pictures: Path,
) -> None:
    stage = Stage(emulator, tmp_path)
    stage.environment["TASKING_PLANNER_TASK_URL"] = f"{emulator.url}/boards/{{plan_id}}/tasks/{{task_id}}"
    stage.environment["TASKING_PLANNER_BOARD_URL"] = f"{emulator.url}/boards/{{plan_id}}"
    beside(stage.set_up)

    phone = open_page(390, 844)
    phone.goto("/forms/raise_task")
    phone.select_option("#responder", OFFICER)
    fill(phone, answers_of(13))
    phone.screenshot(path=pictures / "form-phone.png")
    phone.get_by_role("button", name="Submit").click()
    assert phone.get_by_role("heading", name="Your response was submitted").is_visible()

    beside(stage.run_all)
    (shown,) = stage.planner_tasks()
    plan = emulator.tenant.planner.plans[shown["planId"]]
    emulator.control("members", {"group": plan.group_id, "upns": [OFFICER]})

    page = open_page()
    page.goto("/boards")
    page.get_by_role("link", name=str(plan.plan.values["title"])).click()
    page.select_option("#acting-user", label="An Officer")
    page.get_by_role("button", name="Change").click()
    card = page.locator(".task", has_text=shown["title"])
    column = card.locator("xpath=ancestor::section")
    before = str(column.get_attribute("data-to"))
    page.screenshot(path=pictures / "board-before.png")

    card.scroll_into_view_if_needed()
    others = page.locator(".bucket:not(:has(.task))")
    target = next(one for one in others.all() if 100 < one.bounding_box()["x"] < 1000)
    wanted = str(target.get_attribute("data-to"))
    begin, end = card.locator("h3").bounding_box(), target.bounding_box()
    page.mouse.move(begin["x"] + 10, begin["y"] + 5)
    page.mouse.down()
    page.mouse.move(begin["x"] + 60, begin["y"] + 40, steps=4)
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + 100, steps=6)
    page.screenshot(path=pictures / "board-dragging.png")
    page.mouse.up()
    page.locator(f'[data-to="{wanted}"] .task', has_text=shown["title"]).wait_for()
    assert wanted != before
    assert stage.planner_tasks()[0]["bucketId"] == wanted

    page.locator(".opens", has_text=shown["title"]).click()
    panel = page.get_by_role("dialog")
    panel.get_by_label("Label", exact=True).select_option(label="Ask: escalate")
    panel.get_by_role("button", name="Set label").click()
    panel.locator(".said", has_text="Label set.").wait_for()
    page.screenshot(path=pictures / "task-panel.png")
    page.keyboard.press("Escape")
    beside(stage.run_all)

    page.goto("/channels")
    page.locator(".has-posts a").first.click()
    page.wait_for_load_state("load")
    page.screenshot(path=pictures / "channel-card.png")
    page.get_by_role("link", name=re.compile("Open (task|board)")).first.click()
    page.wait_for_url(re.compile(r"/boards/"))
    assert len(page.context.pages) == 1
    assert page.locator("h1, .opens", has_text=shown["title"].split()[0]).first.is_visible()

    page.goto(f"/boards/{shown['planId']}/tasks/{shown['id']}")
    page.get_by_role("button", name="Complete", exact=True).click()
    page.locator(".said", has_text="Completed.").wait_for()
    done = next(task for task in stage.planner_tasks() if task["id"] == shown["id"])
    officer = emulator.tenant.directory.user(OFFICER)
    assert officer is not None
    assert (done["percentComplete"], done["completedBy"]["user"]["id"]) == (100, officer.id)
