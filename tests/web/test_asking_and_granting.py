"""Asking up and granting in the tab: each form has the fields that its rule needs; the task says what was granted."""

import re
from typing import Any

import pytest
from tab_world import World
from test_acting import ASB, decided, send, words

from store.tables import escalations
from tasking.task import Task

BID = {
    "resources": "Two officers",
    "how_many": "2",
    "hours": "20",
    "starts_at": "2026-11-03T18:00",
    "ends_at": "2026-11-05T02:00",
}
ASKS = {"trigger": "BEYOND_RESOURCES", "tried": "Our own patrols", **BID}
FIGURES = "2 in number, 20 hours, from Tue 3 Nov 18:00, until Thu 5 Nov 02:00"


def fields_in(page: Any) -> set[str]:
    """Names of the fields that a form offers."""
    return set(re.findall(r'name="(\w+)"', page.text))


def asked(world: World, **changes: str) -> Task:
    """A task of Northfell for which people were asked of North Division, and Northfell agreed."""
    task = world.desk.raised(pillar=ASB)
    officer = world.visitor("dee", "TaskingOfficer.HP", "Chair.HP")
    answer = send(officer, f"/tasks/{task.reference}/decide/escalate", **{**ASKS, **changes})
    assert answer.status_code == 303, words(answer.text)
    if world.desk.escalations(task)[-1].status == "PROPOSED":
        assert send(officer, f"/tasks/{task.reference}/decide/endorse").status_code == 303
    return world.desk.now(task)


@pytest.mark.parametrize(
    ("lacks", "told"),
    [
        ("resources", "what is needed"),
        ("how_many", "how many"),
        ("hours", "how many hours that is"),
        ("starts_at", "from when"),
        ("ends_at", "until when"),
        ("tried", "what was tried so far"),
    ],
)
def test_asking_for_people_names_at_its_field_each_thing_that_is_missing(world: World, lacks: str, told: str) -> None:
    task = world.desk.raised(pillar=ASB)
    officer, path = world.visitor("dee", "TaskingOfficer.HP"), f"/tasks/{task.reference}/decide/escalate"
    answer = send(officer, path, **{**ASKS, lacks: " "})
    assert answer.status_code == 422
    assert re.findall(r'<a href="#(\w+)">([^<]*)</a>', answer.text) == [(lacks, f"To ask for this, also say {told}.")]
    assert "Our own patrols" in answer.text or lacks == "tried", "what was typed is kept"
    assert world.desk.rows(escalations) == []


def test_what_was_asked_and_tried_stands_on_the_page_of_the_task(world: World) -> None:
    task = asked(world)
    told = words(world.visitor("ben", "Chair.DIV_N").get(f"/tasks/{task.reference}").text)
    assert f"People and equipment asked for: Two officers ({FIGURES})" in told
    assert "Tried so far: Our own patrols" in told


def test_asking_for_something_else_needs_to_be_told_what_and_no_people(world: World) -> None:
    task = world.desk.raised(pillar=ASB)
    officer, path = world.visitor("dee", "TaskingOfficer.HP"), f"/tasks/{task.reference}/decide/escalate"
    refused = send(officer, path, trigger="TENSION_CONFIDENCE")
    assert refused.status_code == 422
    assert "also say what is asked of the next level" in words(refused.text)
    assert send(officer, path, trigger="TENSION_CONFIDENCE", text="A statement").status_code == 303
    step = world.desk.escalations(task)[-1]
    assert (step.asked, step.bid) == ("A statement", None)


def test_whoever_accepts_sees_what_is_asked_and_grants_less_and_who_provides_it_gets_a_task(world: World) -> None:
    task = asked(world)
    chair, path = world.visitor("ben", "Chair.DIV_N"), f"/tasks/{task.reference}/decide/escalation-accept"
    page = chair.get(path)
    assert f"Asked for: Two officers ({FIGURES})" in words(page.text)
    assert fields_in(page) >= set(BID)
    assert send(chair, path, page, hours="12").status_code == 303
    told = words(chair.get(f"/tasks/{task.reference}").text)
    granted = FIGURES.replace("20 hours", "12 hours")
    assert f"Granted in part: {granted}. Asked: {FIGURES}." in told
    provides = re.search(r"Provided by task (T-\d+)", told)
    assert provides
    assert f"Provide Two officers for {task.reference}" in words(chair.get(f"/tasks/{provides[1]}").text)
    assert "Authority of Divisional Chief Inspector: at most 200 hours." in told


def test_where_nobody_asked_for_people_accepting_asks_for_none(world: World) -> None:
    task = asked(world, trigger="TENSION_CONFIDENCE", text="A statement", **dict.fromkeys(BID, ""))
    chair = world.visitor("ben", "Chair.DIV_N")
    page = chair.get(f"/tasks/{task.reference}/decide/escalation-accept")
    assert fields_in(page).isdisjoint(BID)
    assert "Asked for:" not in words(page.text)


def test_people_are_given_from_when_and_until_when(world: World) -> None:
    task = world.desk.raised(pillar=ASB)
    chair, path = world.visitor("ben", "Chair.HP"), f"/tasks/{task.reference}/decide/resource"
    for lacks in ("starts_at", "ends_at"):
        assert send(chair, path, **{**BID, lacks: ""}).status_code == 422
    wrong = send(chair, path, **{**BID, "how_many": "2.5"})
    assert "How many: write a whole number" in words(wrong.text)
    assert decided(world, task) == []
    assert send(chair, path, **BID).status_code == 303
    (row,) = decided(world, task)
    assert (row["document"]["allocation"]["granted"]["how_many"], row["document"]["given"]["how_many"]) == (2, "2")


def test_what_was_asked_for_is_declined_with_its_reason_and_what_nobody_asked_for_is_not(world: World) -> None:
    wanted, other = world.desk.raised(pillar=ASB, wanted="RESOURCES"), world.desk.raised(pillar=ASB)
    chair = world.visitor("ben", "Chair.HP")
    path = "/tasks/{}/decide/resource-decline"
    assert path.format(wanted.reference) in chair.get(f"/tasks/{wanted.reference}").text
    assert path.format(other.reference) not in chair.get(f"/tasks/{other.reference}").text
    assert chair.get(path.format(other.reference)).status_code == 409
    assert send(chair, path.format(wanted.reference), rationale=" ").status_code == 422
    assert send(chair, path.format(wanted.reference), rationale="No crew is free.").status_code == 303
    (row,) = decided(world, wanted)
    assert (row["decision_type"], row["document"]["rationale"]) == ("RESOURCE_DECLINE", "No crew is free.")


def test_a_decision_beyond_the_role_is_refused_in_the_form_and_says_whom_to_ask(world: World) -> None:
    task = asked(world)
    chair, path = world.visitor("ben", "Chair.DIV_N"), f"/tasks/{task.reference}/decide/escalation-accept"
    answer = send(chair, path, hours="201", post="DIV_N:Divisional Chief Inspector")
    assert answer.status_code == 422
    assert "ask the level above, Peakshire, to decide" in words(answer.text)
