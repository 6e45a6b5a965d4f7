"""The task's page: what it tells, to whom, and that looking at it is logged."""

import html
import re

import pytest
from built_service import clock_of
from peakshire import HOUR, a_proposal
from sqlalchemy import select
from tab_world import World

from reporting.task_story import FLOOR_WORDS
from store.tables import audit_log
from tasking.task import Classification, TaskText
from tasking.thrive import FLAG_FLOORS

ASB = "ASB_NEIGHBOURHOOD"


def words(page: str) -> str:
    """What a reader reads, without markup."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_the_page_tells_the_journey_the_risk_in_words_and_what_happened(world: World) -> None:
    task = world.desk.raised(pillar=ASB)
    clock_of(world.service).advance(HOUR)
    world.desk.escalated(task, a_proposal())
    visitor = world.visitor("dee", "TaskingOfficer.HP")
    page = visitor.get(f"/tasks/{task.reference}")
    assert page.status_code == 200, page.text
    told = words(page.text)
    assert "Section Northfell Raised here" in told
    assert re.search(r"Division North Division (Asked|Accepted)", told)
    assert "Force Peakshire Not asked" in told
    assert "Why this score?" in told
    assert f"Score {task.score} of 100" in told
    assert "Happening now or about to" in told or "Likely within" in told
    assert "Task raised by" in told
    assert "Escalated: Past its due time by a rule of the policy" in told
    assert "Scoring rules TPS-1" in told


def test_each_floor_of_the_score_is_said_in_words() -> None:
    assert FLAG_FLOORS.keys() <= FLOOR_WORDS.keys()


def test_what_people_wrote_is_shown_as_they_wrote_it_and_never_runs(world: World) -> None:
    nasty = "<script>alert(1)</script>"
    task = world.desk.raised(title=nasty, text=TaskText(ask='"><img src=x onerror=alert(1)>', why_now="{{ 7 * 7 }}"))
    page = world.visitor("dee", "TaskingOfficer.HP").get(f"/tasks/{task.reference}").text
    assert "<script>alert" not in page
    assert "<img" not in page
    assert html.escape(nasty) in page
    assert "{{ 7 * 7 }}" in html.unescape(page)


def test_each_look_at_a_task_is_logged_as_a_consultation(world: World) -> None:
    task = world.desk.raised(pillar=ASB)
    visitor = world.visitor("dee", "TaskingOfficer.HP")
    for _ in range(2):
        visitor.get(f"/tasks/{task.reference}")
    query = select(audit_log).where(audit_log.c.kind == "CONSULTATION", audit_log.c.object_ref == task.reference)
    with world.service.store.open() as connection:
        rows = connection.execute(query).mappings().all()
    assert [(row["actor"], row["source"]) for row in rows] == [("dee@peakshire.example", "tab")] * 2


def test_who_looked_is_told_to_an_auditor_alone(world: World) -> None:
    task = world.desk.raised(pillar=ASB)
    officer, auditor = world.visitor("dee", "TaskingOfficer.HP"), world.visitor("ben", "Auditor")
    officer.get(f"/tasks/{task.reference}")
    assert "Looked at it" not in officer.get(f"/tasks/{task.reference}").text
    assert "Looked at it" in auditor.get(f"/tasks/{task.reference}").text


@pytest.mark.parametrize(
    "changes",
    [{"pillar": "DOMESTIC_ABUSE_VAWG"}, {"classification": Classification.OFFICIAL_SENSITIVE}],
    ids=["restricted pillar", "mark"],
)
def test_a_restricted_task_cannot_be_told_from_one_that_does_not_exist(world: World, changes: dict[str, str]) -> None:
    task = world.desk.raised(**changes)
    visitor = world.visitor("dee", "TaskingOfficer.HP")
    hidden, absent = visitor.get(f"/tasks/{task.reference}"), visitor.get("/tasks/T-9999")
    assert (hidden.status_code, absent.status_code) == (404, 404)
    assert words(hidden.text) == words(absent.text)
    with_role = world.visitor("ben", "TaskingOfficer.HP", "RestrictedMatters")
    assert with_role.get(f"/tasks/{task.reference}").status_code == 200


def test_a_task_of_another_unit_is_not_there_and_one_of_a_unit_below_is(world: World) -> None:
    task = world.desk.raised(pillar=ASB)
    assert world.visitor("dee", "TaskingOfficer.DD").get(f"/tasks/{task.reference}").status_code == 404
    assert world.visitor("ben", "TaskingOfficer.DIV_N").get(f"/tasks/{task.reference}").status_code == 200


def test_units_are_those_whose_board_groups_a_person_is_in(world: World) -> None:
    task = world.desk.raised(pillar=ASB)
    assert world.visitor("dee", "TaskingOfficer", units=("HP",)).get(f"/tasks/{task.reference}").status_code == 200
    assert world.visitor("ben", "TaskingOfficer", units=("DD",)).get(f"/tasks/{task.reference}").status_code == 404
    assert world.visitor("cas", "TaskingOfficer").get(f"/tasks/{task.reference}").status_code == 404


def test_who_raised_a_task_or_owns_it_sees_it_under_my_work(world: World) -> None:
    raiser, owner, other = (world.person(name, "Requester") for name in ("ann", "ben", "cas"))
    task = world.desk.raised(pillar="DOMESTIC_ABUSE_VAWG", submitted_by=raiser)
    world.desk.on_board(task, owner_ids=(world.ids[owner],))
    for upn, sees in ((raiser, True), (owner, True), (other, False)):
        visitor = world.stranger()
        visitor.sign_in(upn)
        assert (task.reference in visitor.get("/").text) is sees
        assert visitor.get(f"/tasks/{task.reference}").status_code == (200 if sees else 404)


def test_my_work_opens_a_task_by_its_reference_and_says_where_there_is_none(world: World) -> None:
    task = world.desk.raised(pillar=ASB)
    visitor = world.visitor("dee", "TaskingOfficer.HP")
    assert visitor.get(f"/?find={task.reference.lower()}").headers["location"] == f"/api/tab/tasks/{task.reference}"
    assert "There is no task with this reference" in visitor.get("/?find=T-9999").text
