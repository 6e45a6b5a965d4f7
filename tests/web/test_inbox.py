"""The tasking officer's inbox: every group with its reason and a way to the task, for those alone who may see it."""

import html
import re

import pytest
from sqlalchemy import select
from tab_world import World

from store import inbox as responses
from store import remarks
from store.tables import audit_log
from tasking.thrive import ThriveAssessment

ASB, HIDDEN = "ASB_NEIGHBOURHOOD", "DOMESTIC_ABUSE_VAWG"


def words(page: str) -> str:
    """What a reader reads, without markup."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_each_entry_says_why_it_is_there_and_leads_to_its_task(world: World) -> None:
    task = world.desk.raised(pillar=ASB)
    officer = world.visitor("dee", "TaskingOfficer.HP")
    page = officer.get("/inbox")
    assert page.status_code == 200
    assert "Nobody owns it; it was raised" in words(page.text)
    assert f'href="/api/tab/tasks/{task.reference}"' in page.text
    assert officer.get(f"/tasks/{task.reference}").status_code == 200


def test_an_unscored_task_an_unclear_response_and_a_question_about_a_person_have_groups_of_their_own(
    world: World,
) -> None:
    unscored = world.desk.raised(pillar=ASB, assessment=ThriveAssessment(1, 1, None, 0, 0, 0))
    now = world.desk.clock.now()
    with world.service.store.open() as connection:
        responses.hold(connection, "list", "7", "The form has no question of this name.", {}, now)
        remarks.raise_remark(connection, unscored.task_id, "owner", "The owner cannot see the board.", now)
    page = world.visitor("dee", "TaskingOfficer.PKS").get("/inbox")
    for kind in ("UNSCORED", "HELD", "QUESTION", "UNOWNED"):
        assert f'id="kind-{kind}"' in page.text, kind
    read = words(page.text)
    assert "No complete assessment" in read
    assert "The form has no question of this name." in read
    assert "The owner cannot see the board." in read


def test_one_kind_is_listed_whole_and_the_number_that_leads_there_is_its_length(world: World) -> None:
    made = [world.desk.raised(pillar=ASB) for _ in range(12)]
    officer = world.visitor("dee", "TaskingOfficer.HP")
    first = officer.get("/inbox")
    assert "12 No owner" in words(first.text)
    assert sum(f"tasks/{task.reference}" in first.text for task in made) == 10
    assert "All 12: No owner" in words(first.text)
    whole = officer.get("/inbox?kind=UNOWNED")
    assert all(f"tasks/{task.reference}" in whole.text for task in made)


def test_a_restricted_task_is_not_there_nor_counted_without_the_role(world: World) -> None:
    shown, hidden = world.desk.raised(pillar=ASB), world.desk.raised(pillar=HIDDEN)
    plain = world.visitor("dee", "TaskingOfficer.HP").get("/inbox")
    entitled = world.visitor("ben", "TaskingOfficer.HP", "RestrictedMatters").get("/inbox")
    assert "1 No owner" in words(plain.text)
    assert hidden.reference not in plain.text
    assert "2 No owner" in words(entitled.text)
    assert hidden.reference in entitled.text
    assert shown.reference in entitled.text


@pytest.mark.parametrize("role", ["Requester", "Partner.HP", "Operator", "Coordinator.HP", "TaskOwner"])
def test_it_is_closed_to_other_roles(world: World, role: str) -> None:
    world.desk.raised(pillar=ASB)
    visitor = world.visitor("dee", role)
    assert visitor.get("/inbox").status_code == 403
    assert "/api/tab/inbox" not in visitor.get("/").text


def test_another_unit_s_tasks_are_not_there_even_when_asked_for(world: World) -> None:
    task = world.desk.raised(pillar=ASB)
    other = world.visitor("dee", "TaskingOfficer.DD")
    for query in ("", "?unit=HP", "?kind=UNOWNED&unit=HP"):
        assert task.reference not in other.get(f"/inbox{query}").text, query


def test_a_script_in_a_title_is_shown_as_text(world: World) -> None:
    world.desk.raised(pillar=ASB, title="<script>alert(1)</script>")
    page = world.visitor("dee", "TaskingOfficer.HP").get("/inbox").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize("query", ["kind=NOTHING", "unit=<script>", "page=x", "page=-1", "page=99999&kind=UNOWNED"])
def test_nonsense_in_the_address_breaks_nothing(world: World, query: str) -> None:
    task = world.desk.raised(pillar=ASB)
    page = world.visitor("dee", "TaskingOfficer.HP").get(f"/inbox?{query}")
    assert page.status_code == 200
    assert task.reference in page.text


def test_the_look_is_on_record_and_an_empty_inbox_says_so(world: World) -> None:
    page = world.visitor("dee", "TaskingOfficer.HP").get("/inbox")
    assert "Nothing waits to be looked after" in words(page.text)
    with world.service.store.open() as connection:
        query = select(audit_log.c.object_ref).where(audit_log.c.kind == "CONSULTATION")
        assert "tasking inbox" in set(connection.execute(query).scalars())
