"""A task climbs and comes back: a twin on the higher board, the chair's card, the return with conditions."""

import json
from datetime import timedelta
from typing import Any

from stage import OFFICER, Stage, answers_of

from service.wiring import Service
from store import inbox, tasks
from tasking.task import Task

LATE = timedelta(days=6, hours=12)
"""Twice the working day that a Scheduled task has to be taken up in, whatever weekends and holidays lie between; not
yet its due time."""
FIRST_TIME = {"repeats_28d": 0}
"""Nothing is proposed for coming back."""
RETURN = {
    "reason": "Two quiet nights, and the section has a patrol plan.",
    "conditions": "Ask again if there are two more reports.",
    "residual_risk": "One more report at the weekend.",
    "receiver": "Local Policing Inspector",
    "live_risk": "No",
    "covert": "No",
    "review_by": "2027-01-31",
}


async def the_record(service: Service) -> Task:
    with service.store.open() as connection:
        (record,) = tasks.read_all_tasks(connection)
        return record


def banners(stage: Stage, words: str) -> list[dict[str, Any]]:
    """The posts in channels whose card has these words."""
    return [post for post in stage.cards() if words in json.dumps(post)]


def titles_by_plan(stage: Stage) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for task in stage.planner_tasks():
        found.setdefault(task["planId"], []).append(task["title"])
    return found


def labels(task: dict[str, Any]) -> set[int]:
    return {int(name.removeprefix("category")) for name, is_set in task["appliedCategories"].items() if is_set}


def test_a_task_that_nobody_takes_up_climbs_once_and_the_chair_hears_of_it_once(stage: Stage) -> None:
    stage.submit(answers_of(13))
    stage.run_all()

    stage.run_all(ahead=LATE)
    stage.run_all(ahead=LATE + timedelta(hours=1))

    assert stage.do(the_record).stands_on == ("DD", "DIV_N")
    assert [len(titles) for titles in titles_by_plan(stage).values()] == [1, 1]
    told, (card,) = banners(stage, "NOT TAKEN UP in time"), banners(stage, "ESCALATED")
    assert len(told) == 1, "the line manager hears of it first"
    assert "Not taken up in time" in str(card)


def test_a_task_taken_up_in_time_does_not_climb(stage: Stage) -> None:
    stage.submit({**answers_of(13), **FIRST_TIME})
    stage.run_all()
    _as_a_person(stage, {"percentComplete": 50})
    stage.run_all()

    stage.run_all(ahead=LATE)

    assert stage.do(the_record).stands_on == ("DD",)
    assert banners(stage, "ESCALATED") == banners(stage, "NOT TAKEN UP") == []


def test_asked_for_by_label_and_returned_with_conditions(stage: Stage) -> None:
    stage.submit({**answers_of(13), **FIRST_TIME})
    stage.run_all()
    _as_a_person(stage, {"appliedCategories": {"category22": True}})
    stage.run_all()
    stage.run_all()
    record = stage.do(the_record)
    assert record.stands_on == ("DD", "DIV_N")
    assert all(labels(task) >= {5, 7} and 22 not in labels(task) for task in stage.planner_tasks())

    stage.submit({"reference": record.reference, **RETURN}, form="return_task")
    stage.run_all()

    assert stage.do(the_record).stands_on == ("DD",)
    assert len(banners(stage, "ESCALATED to North Division")) == 1
    assert len(banners(stage, "DECIDED")) == 1, "those who decided see it too"
    assert len(banners(stage, "RETURNED to Dalesmere")) == 1
    own, twin = sorted(stage.planner_tasks(), key=lambda task: task["percentComplete"])
    assert (own["percentComplete"], twin["percentComplete"]) == (0, 100)
    assert 6 in labels(own) & labels(twin)
    assert RETURN["conditions"] in own["details"]["description"]


def test_no_card_carries_what_somebody_typed(stage: Stage) -> None:
    marker = "Zanzibar-marker"
    stage.submit({**answers_of(1), "title": marker, "why_now": marker, "place": marker, "tactic": marker})

    stage.run_all()

    (card,) = stage.cards()
    assert marker not in str(card)


def test_risk_that_has_risen_is_told_at_the_next_level(stage: Stage) -> None:
    stage.submit(answers_of(13))
    stage.run_all()
    record = stage.do(the_record)
    worse = {
        name: value
        for name, value in answers_of(1).items()
        if name in ("live_risk", "covert", "threat", "harm", "risk", "investigation", "vulnerability", "engagement")
    }
    stage.submit(
        {**worse, "reference": record.reference.lower(), "alignment": "No", "reason": "Worse"}, form="reassess"
    )

    stage.run_all()

    risen = stage.do(the_record)
    assert risen.band == "IMMEDIATE"
    assert risen.stands_on == ("DD", "DIV_N")
    (card,) = banners(stage, "ESCALATED")
    assert "score 31 to" in str(card)
    assert {task["priority"] for task in stage.planner_tasks()} == {1}


def test_a_return_of_a_task_that_never_climbed_is_refused_and_kept(stage: Stage) -> None:
    stage.submit({**answers_of(13), **FIRST_TIME})
    stage.run_all()
    reference = stage.do(the_record).reference
    stage.submit({"reference": reference, **RETURN}, form="return_task")

    stage.run_all()

    async def refused(service: Service) -> list[str]:

        with service.store.open() as connection:
            return [" ".join(row.reasons) for row in inbox.rejected(connection)]

    (why,) = stage.do(refused)
    assert "has not been escalated" in why
    assert banners(stage, "RETURNED") == banners(stage, "DECIDED") == []


def _as_a_person(stage: Stage, changes: dict[str, Any]) -> None:
    (task,) = stage.planner_tasks()
    stage.emulator.control("members", {"group": "pks-tasking-dd", "upns": [OFFICER]})
    with stage.emulator.client(stage.emulator.person_token(OFFICER)) as client:
        etag = client.get(f"/planner/tasks/{task['id']}").raise_for_status().json()["@odata.etag"]
        address, headers = f"/planner/tasks/{task['id']}", {"If-Match": etag}
        client.patch(address, json=changes, headers=headers).raise_for_status()
