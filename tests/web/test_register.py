"""The register of decisions: shown, searched, narrowed, in pages and as a file."""

import csv
import html
import io
import re
from typing import Any

import pytest
from peakshire import a_proposal
from sqlalchemy import select
from tab_world import World

from store.tables import audit_log
from tasking.deciding import decide
from tasking.decision import Decision, DecisionRequest, DecisionType
from tasking.task import Task

ASB, HIDDEN = "ASB_NEIGHBOURHOOD", "DOMESTIC_ABUSE_VAWG"


def words(page: str) -> str:
    """What a reader reads, without markup."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def decided(world: World, task: Task, kind: str = "ALLOCATE", **given: Any) -> Decision:
    """A decision of Northfell's about a task."""
    said = {"rationale": "Because it fits.", "text": "Ask the beat team", "role": "Duty Inspector"}
    request = DecisionRequest(task.reference, DecisionType(kind), "chi@peakshire.example", **{**said, **given})
    with world.desk.act("chi@peakshire.example") as uow:
        return decide(uow, world.service.force, world.service.policy, request)


def test_it_is_searched_narrowed_and_shows_the_newest_first(world: World) -> None:
    task = world.desk.raised(pillar=ASB)
    first = decided(world, task, rationale="<b>Because</b> of term")
    second = decided(world, task, "EXTEND", due_at=world.desk.clock.now().replace(hour=20), rationale="Rain")
    officer = world.visitor("dee", "TaskingOfficer.HP")
    page = officer.get("/register")
    assert page.status_code == 200
    assert page.text.index(second.decision_ref) < page.text.index(first.decision_ref)
    assert "&lt;b&gt;Because&lt;/b&gt; of term" in page.text
    for query, found in (
        ("text=term", [first]),
        ("text=RAIN", [second]),
        (f"text={task.reference}", [first, second]),
        ("type=EXTEND", [second]),
        ("unit=HP", [first, second]),
        ("since=2026-10-01&until=2026-10-20", []),
    ):
        told = officer.get(f"/register?{query}").text
        assert [each for each in (first, second) if each.decision_ref in told] == found, query


@pytest.mark.parametrize("query", ["since=nonsense", "since=2026-12-01&until=2026-01-01", "until=9999-12-31", "page=x"])
def test_nonsense_in_the_address_is_said_and_breaks_nothing(world: World, query: str) -> None:
    decided(world, world.desk.raised(pillar=ASB))
    page = world.visitor("dee", "TaskingOfficer.HP").get(f"/register?{query}")
    assert page.status_code == 200
    assert ("Give a first and a last day" in page.text) is not query.startswith("page")


def test_it_goes_in_pages_of_twenty_five(world: World) -> None:
    task = world.desk.raised(pillar=ASB)
    made = [decided(world, task) for _ in range(26)]
    officer = world.visitor("dee", "TaskingOfficer.HP")
    first, second = officer.get("/register?text=beat"), officer.get("/register?page=2&text=beat")
    assert "26 decisions" in words(first.text)
    assert first.text.count("<tr") == 26
    assert "Page 1 of 2" in words(first.text)
    assert "page=2&amp;since=" in first.text
    assert [each.decision_ref in second.text for each in made] == [True, *[False] * 25]


def test_restricted_matter_is_not_there_without_the_role_in_counts_and_export_neither(world: World) -> None:
    shown = decided(world, world.desk.raised(pillar=ASB))
    hidden = decided(world, world.desk.raised(pillar=HIDDEN), rationale="Not to be seen")
    plain, entitled = world.visitor("dee", "Chair.HP"), world.visitor("ben", "Chair.HP", "RestrictedMatters")
    for query in ("", "?text=seen", f"?text={hidden.task_reference}"):
        told = plain.get(f"/register{query}")
        assert hidden.decision_ref not in told.text
        assert "Not to be seen" not in told.text
        assert hidden.decision_ref not in plain.get(f"/register.csv{query}").text
    assert "1 decision from" in words(plain.get("/register").text)
    assert "2 decisions from" in words(entitled.get("/register").text)
    assert shown.decision_ref in plain.get("/register.csv").text
    assert "Not to be seen" in entitled.get("/register.csv").text


def test_only_decisions_of_ones_own_units_are_there(world: World) -> None:
    task = world.desk.escalated(world.desk.raised(pillar=ASB), a_proposal())
    made = decided(world, task, "ESCALATION_ACCEPT", role="Divisional Chief Inspector")
    assert made.decision_ref in world.visitor("dee", "Coordinator.DIV_N").get("/register").text
    assert made.decision_ref not in world.visitor("ben", "Coordinator.HP").get("/register").text
    assert made.decision_ref not in world.visitor("cas", "Coordinator.HP").get("/register?unit=DIV_N").text
    assert made.decision_ref in world.visitor("ann", "Auditor").get("/register").text


def test_the_export_is_for_those_who_may_take_it_out_and_is_logged(world: World) -> None:
    made = decided(world, world.desk.raised(pillar=ASB), rationale="=HYPERLINK(1)")
    chair, officer = world.visitor("dee", "Chair.HP"), world.visitor("ben", "TaskingOfficer.HP")
    answer = chair.get("/register.csv")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0] == ["OFFICIAL"]
    assert (rows[2][0], rows[2][9]) == (made.decision_ref, "'=HYPERLINK(1)")
    assert "attachment" in answer.headers["content-disposition"]
    assert officer.get("/register.csv").status_code == 403
    assert "register.csv" not in officer.get("/register").text
    assert world.visitor("cas", "Requester").get("/register").status_code == 403
    with world.service.store.open() as connection:
        query = select(audit_log.c.actor).where(audit_log.c.kind == "DISCLOSURE")
        assert list(connection.execute(query).scalars()) == ["dee@peakshire.example"]
