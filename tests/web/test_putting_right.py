"""Superseding a decision and cancelling a meeting in the tab: by whom, what is said before, and what then stands."""

import html
import re
from typing import Any

import pytest
from built_service import clock_of
from peakshire import HOUR, a_proposal
from tab_world import Visitor, World, path_of

from store import meetings
from store.tables import decisions, escalations
from tasking.task import Task

ASB = "ASB_NEIGHBOURHOOD"
WHY = "It was put down for the wrong night."
MEETING = "/meetings/DIV_N_DAILY%202026-11-03"


def words(page: str) -> str:
    """What a reader reads, without markup."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def send(visitor: Visitor, path: str, **fields: str) -> Any:
    """Opens a form of a decision and sends it."""
    page = visitor.get(path)
    assert page.status_code == 200, words(page.text)
    version = re.search(r'name="version" value="(\d+)"', page.text)
    post = re.search(r'name="post" type="radio" value="([^"]+)"', page.text)
    chosen = {"post": post[1]} if post else {}
    return visitor.send(path, page, version=version[1] if version else "", **{**chosen, "rationale": WHY, **fields})


def rows_of(world: World, task: Task) -> list[Any]:
    return [row for row in world.desk.rows(decisions) if row["task_id"] == task.task_id]


def extended(world: World, visitor: Visitor) -> tuple[Task, str]:
    """A task with a decision of this chair's about its due time, and the way to put that right."""
    task = world.desk.raised(pillar=ASB)
    clock_of(world.service).advance(HOUR)
    visitor.sign_in(visitor.upn)
    assert send(visitor, f"/tasks/{task.reference}/decide/extend", due_at="2026-11-09T12:00").status_code == 303
    (row,) = rows_of(world, task)
    return task, f"/tasks/{task.reference}/decisions/{row['document']['decision_ref']}/correct"


def test_a_decision_is_put_right_by_a_new_one_and_the_earlier_stays_readable(world: World) -> None:
    chair = world.visitor("dee", "Chair.HP")
    task, path = extended(world, chair)
    assert f'href="/api/tab{path}"' in chair.get(f"/tasks/{task.reference}").text
    said = words(chair.get(path).text)
    assert "takes the place of DEC-2026-" in said
    assert "stays readable and is marked as superseded" in said
    assert WHY in said
    answer = send(chair, path, due_at="2026-11-10T12:00", rationale="The tenth it is.")
    assert (answer.status_code, path_of(answer)) == (303, f"/tasks/{task.reference}"), words(answer.text)
    first, second = rows_of(world, task)
    assert second["document"]["supersedes"] == first["document"]["decision_ref"]
    assert world.desk.now(task).due_at.day == 10  # type: ignore[union-attr]
    page = chair.get(f"/tasks/{task.reference}")
    assert "The tenth it is." in page.text
    assert WHY in page.text
    assert f'href="/api/tab{path}"' not in page.text
    late = chair.get(path)
    assert (late.status_code, "superseded already" in words(late.text)) == (409, True)


def test_a_decision_that_moved_the_task_is_corrected_on_the_record_alone(world: World) -> None:
    task = world.desk.raised(pillar=ASB)
    clock_of(world.service).advance(HOUR)
    world.desk.escalated(task, a_proposal())
    chair = world.visitor("dee", "Chair.DIV_N")
    assert send(chair, f"/tasks/{task.reference}/decide/escalation-accept").status_code == 303
    (row,) = rows_of(world, task)
    path = f"/tasks/{task.reference}/decisions/{row['document']['decision_ref']}/correct"
    assert "the record alone is put right" in words(chair.get(path).text)
    before = [each["status"] for each in world.desk.rows(escalations)]
    assert send(chair, path, rationale="Said more plainly.").status_code == 303
    assert [each["status"] for each in world.desk.rows(escalations)] == before
    assert len(rows_of(world, task)) == 2


@pytest.mark.parametrize(("who", "status"), [("TaskingOfficer.HP", 403), ("Chair.DD", 404), ("Analyst.HP", 403)])
def test_nobody_else_puts_it_right(world: World, who: str, status: int) -> None:
    task, path = extended(world, world.visitor("dee", "Chair.HP"))
    other = world.visitor("eve", who)
    assert other.get(path).status_code == status
    assert other.send(path, other.get("/about"), rationale=WHY).status_code == status
    assert len(rows_of(world, task)) == 1
    assert f'href="/api/tab{path}"' not in other.get(f"/tasks/{task.reference}").text


def test_without_a_reason_nothing_is_put_right_and_what_was_typed_is_kept(world: World) -> None:
    chair = world.visitor("dee", "Chair.HP")
    task, path = extended(world, chair)
    answer = send(chair, path, due_at="2026-11-10T12:00", rationale=" ")
    assert (answer.status_code, "2026-11-10T12:00" in answer.text) == (422, True)
    assert len(rows_of(world, task)) == 1
    assert chair.get(f"/tasks/{task.reference}/decisions/DEC-1999-000001/correct").status_code == 404


def test_a_meeting_is_cancelled_after_it_was_said_where_its_decisions_go(world: World) -> None:
    task = world.desk.raised(pillar=ASB)
    clock_of(world.service).advance(HOUR)
    world.desk.escalated(task, a_proposal())
    chair = world.visitor("dee", "Chair.DIV_N")
    waits = f"/tasks/{task.reference}/decide/escalation-to-meeting"
    assert send(chair, waits, to_meeting="DIV_N_DAILY 2026-11-03").status_code == 303
    assert f'href="/api/tab{MEETING}/cancel"' in chair.get(MEETING).text
    said = words(chair.get(f"{MEETING}/cancel").text)
    assert "1 escalation that waits for this meeting goes to North Division daily tasking, Wed 4 Nov" in said
    assert send(chair, f"{MEETING}/cancel", reason=" ").status_code == 422
    with world.service.store.open() as connection:
        assert meetings.cancelled(connection) == frozenset()
    assert send(chair, f"{MEETING}/cancel", reason="Everybody is at the <flood>").status_code == 303
    page = chair.get(MEETING)
    assert "Everybody is at the &lt;flood&gt;" in page.text
    assert "DIV_N_DAILY 2026-11-04" in str([row["document"] for row in world.desk.rows(escalations)])
    again = chair.get(f"{MEETING}/cancel")
    assert (again.status_code, "was cancelled already" in words(again.text)) == (409, True)


@pytest.mark.parametrize("who", ["Analyst.DIV_N", "ActionManager.DIV_N", "Auditor", "Partner.DIV_N", "Chair.HP"])
def test_who_may_not_run_a_meeting_does_not_cancel_it(world: World, who: str) -> None:
    other = world.visitor("eve", who)
    assert other.get(f"{MEETING}/cancel").status_code in (403, 404)
    assert other.send(f"{MEETING}/cancel", other.get("/about"), reason="x").status_code in (403, 404)
    assert "/cancel" not in other.get(MEETING).text


def test_a_meeting_that_was_held_cannot_be_cancelled(world: World) -> None:
    chair = world.visitor("dee", "Chair.DIV_N")
    page = chair.get(MEETING)
    assert chair.send(f"{MEETING}/open", page, role="Divisional Chief Inspector").status_code == 303
    late = chair.get(f"{MEETING}/cancel")
    assert (late.status_code, "has been held" in words(late.text)) == (409, True)
    assert "/cancel" not in chair.get(MEETING).text
