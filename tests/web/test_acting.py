"""Deciding about a task on its page: what is offered to whom, what it does, and what stops it."""

import html
import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from built_service import clock_of
from peakshire import HOUR, a_proposal
from tab_world import Visitor, World

from store.tables import decisions, escalations
from tasking.task import Task

ASB = "ASB_NEIGHBOURHOOD"
DIVISION = "Divisional Chief Inspector"
WHY = "It is beyond what the section has tonight."


def words(page: str) -> str:
    """What a reader reads, without markup."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def escalated(world: World, **changes: Any) -> Task:
    """A task of Northfell that waits for the division's decision."""
    task = world.desk.raised(pillar=ASB, **changes)
    clock_of(world.service).advance(HOUR)
    return world.desk.escalated(task, a_proposal())


def decided(world: World, task: Task) -> list[Any]:
    """Rows of the register about the task."""
    return [row for row in world.desk.rows(decisions) if row["task_id"] == task.task_id]


def version_in(page: Any) -> str:
    """The version of the task that a form carries."""
    return str(re.search(r'name="version" value="(\d+)"', page.text)[1])  # type: ignore[index]


def send(visitor: Visitor, path: str, page: Any = None, **fields: str) -> Any:
    """Sends a decision by the form at this path, opened now unless `page` is an earlier look at it."""
    page = page or visitor.get(path)
    assert page.status_code == 200, words(page.text)
    post = re.search(r'name="post" type="radio" value="([^"]+)"', page.text)
    chosen = {"post": post[1]} if post else {}
    return visitor.send(path, page, version=version_in(page), **{**chosen, "rationale": WHY, **fields})


def test_the_chair_above_accepts_and_it_stands_on_record_with_the_rationale(world: World) -> None:
    task = escalated(world)
    chair = world.visitor("dee", "Chair.DIV_N")
    page = chair.get(f"/tasks/{task.reference}")
    for offered in ("Accept", "Decline", "Return for more information", "Leave to a meeting"):
        assert f">{offered}</a>" in page.text
    answer = send(chair, f"/tasks/{task.reference}/decide/escalation-accept", post=f"DIV_N:{DIVISION}")
    assert answer.status_code == 303, words(answer.text)
    (row,) = decided(world, task)
    assert row["decision_type"] == "ESCALATION_ACCEPT"
    assert row["document"]["decided_by"] == "dee@peakshire.example"
    assert row["document"]["role"] == DIVISION
    assert WHY in words(chair.get(f"/tasks/{task.reference}").text)


def test_without_a_rationale_the_form_comes_back_with_what_was_typed(world: World) -> None:
    task = escalated(world)
    chair = world.visitor("dee", "Chair.DIV_N")
    path = f"/tasks/{task.reference}/decide/escalation-accept"
    answer = send(chair, path, rationale=" ", text="Two officers & a van <b>tonight</b>")
    assert answer.status_code == 422
    assert "There is a problem" in words(answer.text)
    assert "Two officers &amp; a van &lt;b&gt;tonight&lt;/b&gt;" in answer.text
    assert decided(world, task) == []


@pytest.mark.parametrize(
    ("role", "status"),
    [("Chair.HP", 403), ("TaskingOfficer.DIV_N", 403), ("Analyst.DIV_N", 403), ("Chair.DD", 404), ("Requester", 403)],
)
def test_who_may_not_decide_for_the_level_above_is_refused(world: World, role: str, status: int) -> None:
    task = escalated(world)
    visitor = world.visitor("dee", role)
    path = f"/tasks/{task.reference}/decide/escalation-accept"
    assert visitor.get(path).status_code == status
    assert visitor.send(path, visitor.get("/"), rationale=WHY, version="2").status_code == status
    if status != 404:
        assert "escalation-accept" not in visitor.get(f"/tasks/{task.reference}").text
    assert decided(world, task) == []


def test_a_restricted_task_is_decided_by_those_alone_who_hold_the_role(world: World) -> None:
    task = world.desk.escalated(world.desk.raised(pillar="DOMESTIC_ABUSE_VAWG"), a_proposal())
    path = f"/tasks/{task.reference}/decide/escalation-accept"
    assert world.visitor("dee", "Chair.DIV_N").get(path).status_code == 404
    assert world.visitor("ben", "Chair.DIV_N", "RestrictedMatters").get(path).status_code == 200


def test_of_two_chairs_who_decide_at_once_one_decides_and_the_other_reads_what_stands(world: World) -> None:
    task = escalated(world)
    first, second = world.visitor("dee", "Chair.DIV_N"), world.visitor("ben", "Chair.DIV_N")
    accept, decline = (f"/tasks/{task.reference}/decide/escalation-{what}" for what in ("accept", "decline"))
    seen_by_first, seen_by_second = first.get(accept), second.get(decline)
    assert send(first, accept, seen_by_first).status_code == 303
    answer = send(second, decline, seen_by_second, rationale="We cannot spare anybody.")
    assert answer.status_code == 422
    told = words(answer.text)
    assert f"The escalation of {task.reference} is accepted" in told
    assert "We cannot spare anybody." in told, "what was typed is kept"
    assert [row["decision_type"] for row in decided(world, task)] == ["ESCALATION_ACCEPT"]


def test_two_chairs_who_press_in_the_same_second_leave_one_decision(world: World) -> None:
    task = escalated(world)
    pressed = Barrier(2)
    pages = []
    for name, what in (("dee", "accept"), ("ben", "decline")):
        visitor, path = world.visitor(name, "Chair.DIV_N"), f"/tasks/{task.reference}/decide/escalation-{what}"
        pages.append((visitor, path, visitor.get(path)))

    def press(of: tuple[Visitor, str, Any]) -> int:
        visitor, path, page = of
        pressed.wait(timeout=10)
        return int(send(visitor, path, page).status_code)

    with ThreadPoolExecutor(max_workers=2) as pool:
        answers = sorted(pool.map(press, pages))
    assert answers == [303, 422]
    assert len(decided(world, task)) == 1


def test_the_same_form_sent_twice_decides_once(world: World) -> None:
    task = escalated(world)
    chair, path = world.visitor("dee", "Chair.DIV_N"), f"/tasks/{task.reference}/decide/escalation-accept"
    page = chair.get(path)
    answers = [send(chair, path, page) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 409]
    assert "This was sent already" in words(answers[1].text)
    assert len(decided(world, task)) == 1


def test_a_page_of_before_somebody_changed_the_task_does_nothing_and_keeps_the_text(world: World) -> None:
    task = escalated(world)
    chair, path = world.visitor("dee", "Chair.DIV_N"), f"/tasks/{task.reference}/decide/escalation-accept"
    page = chair.get(path)
    world.desk.on_board(task, progress=50)
    answer = send(chair, path, page)
    assert answer.status_code == 422
    assert "Somebody else changed this task after you opened the page" in words(answer.text)
    assert WHY in answer.text
    assert decided(world, task) == []
    assert send(chair, path, chair.get(path)).status_code == 303


def test_a_script_in_a_title_never_runs_on_any_form(world: World) -> None:
    nasty = "<script>alert(1)</script>"
    task = escalated(world, title=nasty)
    chair = world.visitor("dee", "Chair.DIV_N", "TaskingOfficer.HP")
    for path in ("decide/escalation-accept", "decide/de-escalate", "reassess", "note"):
        page = chair.get(f"/tasks/{task.reference}/{path}")
        assert page.status_code == 200, path
        assert "<script>alert" not in page.text
        assert html.escape(nasty) in page.text


def test_an_officer_asks_up_says_why_and_a_chair_of_the_unit_endorses(world: World) -> None:
    task = world.desk.raised(pillar=ASB)
    officer, path = world.visitor("dee", "TaskingOfficer.HP"), f"/tasks/{task.reference}/decide/escalate"
    asks = {"trigger": "TENSION_CONFIDENCE", "text": "A statement to the press"}
    refused = send(officer, path, **{**asks, "rationale": ""})
    assert refused.status_code == 422
    assert send(officer, path, **asks).status_code == 303
    (step,) = world.desk.rows(escalations)
    if step["status"] == "PROPOSED":
        chair = world.visitor("ben", "Chair.HP")
        assert send(chair, f"/tasks/{task.reference}/decide/endorse").status_code == 303
    assert world.desk.now(task).stands_on == ("HP", "DIV_N")


def test_a_task_comes_back_with_conditions_and_its_receiver_accepts_it(world: World) -> None:
    task = escalated(world)
    above, below = world.visitor("dee", "Chair.DIV_N"), world.visitor("ben", "Chair.HP")
    base = f"/tasks/{task.reference}/decide"
    assert send(above, f"{base}/escalation-accept").status_code == 303
    assert send(below, f"{base}/de-escalation-propose").status_code == 303
    asked = {"conditions": "Patrol daily", "residual_risk": "Low", "receiver": "Duty Inspector"}
    missing = send(above, f"{base}/de-escalate", **{**asked, "receiver": ""})
    assert missing.status_code == 422
    assert "Patrol daily" in missing.text
    assert send(above, f"{base}/de-escalate", **asked).status_code == 303
    assert "Accept what came back" in below.get(f"/tasks/{task.reference}").text
    assert "Accept what came back" not in world.visitor("cas", "TaskingOfficer.HP").get(f"/tasks/{task.reference}").text
    assert send(below, f"{base}/receive").status_code == 303
    assert world.desk.now(task).stands_on == ("HP",)


def test_the_senders_withdraw_what_they_asked(world: World) -> None:
    task = escalated(world)
    officer = world.visitor("ben", "TaskingOfficer.HP")
    assert send(officer, f"/tasks/{task.reference}/decide/escalation-withdraw").status_code == 303
    assert world.desk.now(task).stands_on == ("HP",)


def test_a_decision_left_to_a_meeting_names_one_of_the_calendars(world: World) -> None:
    task = escalated(world)
    chair, path = world.visitor("dee", "Chair.DIV_N"), f"/tasks/{task.reference}/decide/escalation-to-meeting"
    assert send(chair, path, to_meeting="DIV_S_DAILY 2026-11-03").status_code == 422
    assert send(chair, path, to_meeting="DIV_N_DAILY 2026-11-03").status_code == 303
    assert world.desk.escalations(task)[-1].forum == "DIV_N_DAILY 2026-11-03"


def test_risk_is_assessed_again_by_the_questions_of_the_form(world: World) -> None:
    task = world.desk.raised(pillar=ASB)
    officer, path = world.visitor("dee", "TaskingOfficer.HP"), f"/tasks/{task.reference}/reassess"
    page = officer.get(path)
    for asked in ("When could it happen?", "How bad would it be?", "Happening now or about to", "Does any of these"):
        assert asked in words(page.text)
    levels = {"threat": "4", "harm": "4", "risk": "4", "investigation": "2", "vulnerability": "4", "engagement": "2"}
    fields = {"version": version_in(page), "again": "CHANGED", "alignment": "NONE", "repeats_28d": "", **levels}
    fields |= {"reason": "It has got worse", "confidence": "LOW", "assessment_source": ""}
    wrong = officer.send(path, page, **{**fields, "threat": "9", "repeats_28d": "many"})
    assert wrong.status_code == 422
    assert "Write a whole number" in words(wrong.text)
    assert officer.send(path, page, **fields).status_code == 303
    assert (world.desk.now(task).score, world.desk.now(task).is_unsure) == (88, True)


def test_a_new_score_without_its_reason_is_not_kept(world: World) -> None:
    task = world.desk.raised(pillar=ASB)
    officer, path = world.visitor("dee", "TaskingOfficer.HP"), f"/tasks/{task.reference}/reassess"
    page = officer.get(path)
    levels = {"threat": "4", "harm": "4", "risk": "4", "investigation": "2", "vulnerability": "4", "engagement": "2"}
    fields = {"version": version_in(page), "again": "CHANGED", "alignment": "NONE", "repeats_28d": "", **levels}
    assert officer.send(path, page, **fields).status_code == 422
    assert world.desk.now(task).score == task.score


def test_where_second_scores_are_blind_the_page_that_shows_the_last_answers_takes_none(world: World) -> None:
    assert world.service.force.quality.blind_second_score
    task = world.desk.raised(pillar=ASB)
    officer, path = world.visitor("dee", "TaskingOfficer.HP"), f"/tasks/{task.reference}/reassess"
    page = officer.get(path)
    assert "A second score is blind here" in words(page.text)
    levels = dict.fromkeys(("threat", "harm", "risk", "investigation", "vulnerability", "engagement"), "1")
    fields = {"version": version_in(page), "again": "REVIEW", "alignment": "NONE", "reason": "A second look", **levels}
    assert officer.send(path, page, **fields).status_code == 422
    assert world.desk.now(task).score == task.score


def test_who_scored_last_cannot_be_the_second_assessor(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.reassess_page._is_blind", lambda visit: False)
    task = world.desk.raised(pillar=ASB, submitted_by="dee@peakshire.example")
    officer, path = world.visitor("dee", "TaskingOfficer.HP"), f"/tasks/{task.reference}/reassess"
    page = officer.get(path)
    levels = dict.fromkeys(("threat", "harm", "risk", "investigation", "vulnerability", "engagement"), "1")
    fields = {"version": version_in(page), "again": "REVIEW", "alignment": "NONE", "reason": "A second look", **levels}
    answer = officer.send(path, page, **fields)
    assert answer.status_code == 422
    assert "a review needs a second assessor" in words(answer.text)


@pytest.mark.parametrize(("role", "status"), [("Analyst.HP", 403), ("Coordinator.HP", 403), ("TaskingOfficer.DD", 404)])
def test_reassessing_and_noting_are_for_those_alone_who_may(world: World, role: str, status: int) -> None:
    task = world.desk.raised(pillar=ASB)
    visitor = world.visitor("dee", role)
    for form in ("reassess", "note"):
        assert visitor.get(f"/tasks/{task.reference}/{form}").status_code in (status, 403)
        assert f"{task.reference}/{form}" not in visitor.get(f"/tasks/{task.reference}").text


def test_a_note_and_the_wish_for_another_owner_stand_on_the_task(world: World) -> None:
    task = world.desk.raised(pillar=ASB)
    officer, path = world.visitor("dee", "TaskingOfficer.HP"), f"/tasks/{task.reference}/note"
    page = officer.get(path)
    assert officer.send(path, page, kind="NOTE", text="").status_code == 422
    assert officer.send(path, page, kind="NOTE", text="x" * 1001).status_code == 422
    answers = [officer.send(path, page, kind="ANOTHER_OWNER", text="On leave <until> Monday") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 409]
    told = officer.get(f"/tasks/{task.reference}")
    assert "On leave &lt;until&gt; Monday" in told.text
    assert words(told.text).count("On leave <until> Monday") == 1
    assert "Another owner is asked for" in words(told.text)
