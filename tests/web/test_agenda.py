"""Building a meeting's agenda in the tab: by those who run it, until its pack is frozen."""

import html
import re

from built_service import clock_of
from peakshire import HOUR
from tab_world import World

from reporting.meeting_pack import freeze_pack, pack_now
from store.meeting_tables import agenda_steps
from tasking.calendar import sitting_of

DAILY = "HP_DAILY 2026-11-03"
BASE = "/meetings/HP_DAILY%202026-11-03"
OFFICER = "TaskingOfficer.HP"


def words(page: str) -> str:
    """What a reader reads, without markup."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def titles(page: str) -> list[str]:
    """The points of the agenda in their order."""
    return [html.unescape(each) for each in re.findall(r'/points/\d+">\d+\. ([^<]+)</a>', page)]


def test_the_tasking_officer_adds_moves_leaves_out_and_puts_back_points(world: World) -> None:
    officer = world.visitor("olu", OFFICER)
    answer = officer.send(f"{BASE}/agenda/add", officer.get(BASE), agenda_words="School <crossing>")
    assert answer.status_code == 303
    assert titles(officer.get(BASE).text)[-1] == "School <crossing>"
    fields = {"move_point": "POINT-1001", "move_before": "ATTENDANCE"}
    assert officer.send(f"{BASE}/agenda/move", officer.get(BASE), **fields).status_code == 303
    assert titles(officer.get(BASE).text)[:2] == ["School <crossing>", "Attendance"]
    point = words(officer.get(f"{BASE}/points/1").text)
    assert "Added by hand by olu@peakshire.example" in point
    assert "Nothing to report" not in point
    fields = {"out_point": "POINT-1001", "out_because": "Settled meanwhile."}
    assert officer.send(f"{BASE}/agenda/leave-out", officer.get(BASE), **fields).status_code == 303
    assert "School <crossing>: Settled meanwhile. (olu@peakshire.example" in words(officer.get(BASE).text)
    assert titles(officer.get(BASE).text)[0] == "Attendance"
    back = officer.send(f"{BASE}/agenda/put-back", officer.get(BASE), back_point="POINT-1001")
    assert back.status_code == 303
    assert titles(officer.get(BASE).text)[0] == "School <crossing>"


def test_a_form_sent_twice_adds_one_point(world: World) -> None:
    officer = world.visitor("olu", OFFICER)
    page = officer.get(BASE)
    answers = [officer.send(f"{BASE}/agenda/add", page, agenda_words="School crossing") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 409]
    assert len(world.desk.rows(agenda_steps)) == 1


def test_what_cannot_be_done_is_said_with_what_was_typed(world: World) -> None:
    officer = world.visitor("olu", OFFICER)
    task = world.desk.raised(pillar="ASB_NEIGHBOURHOOD")
    world.desk.on_board(task, due_at=clock_of(world.service).now() - HOUR)
    refused = officer.send(
        f"{BASE}/agenda/leave-out", officer.get(BASE), out_point=task.reference, out_because="Not now."
    )
    assert refused.status_code == 422
    assert f"{task.reference} is overdue for review and cannot be left out" in words(refused.text)
    assert 'value="Not now."' in refused.text
    empty = officer.send(f"{BASE}/agenda/add", officer.get(BASE))
    assert (empty.status_code, "Give either a task" in words(empty.text)) == (422, True)
    assert world.desk.rows(agenda_steps) == []


def test_a_task_that_the_officer_may_not_see_is_refused_as_one_that_is_not_there(world: World) -> None:
    officer = world.visitor("olu", OFFICER)
    world.desk.raised(pillar="DOMESTIC_ABUSE_VAWG")
    hidden = world.desk.raised(pillar="DOMESTIC_ABUSE_VAWG")
    told = [
        words(officer.send(f"{BASE}/agenda/add", officer.get(BASE), agenda_task=each).text).replace(each, "")
        for each in (hidden.reference, "T-9999")
    ]
    assert "There is no task with this reference that you may see." in told[0]
    assert told[0] == told[1]
    assert world.desk.rows(agenda_steps) == []


def test_who_does_not_run_the_meeting_has_no_form_and_is_refused(world: World) -> None:
    officer, reader = world.visitor("olu", OFFICER), world.visitor("ann", "Analyst.HP")
    assert "Build the agenda" not in reader.get(BASE).text
    assert reader.send(f"{BASE}/agenda/add", officer.get(BASE), agenda_words="x").status_code == 403
    elsewhere = world.visitor("dan", "TaskingOfficer.DD")
    assert elsewhere.send(f"{BASE}/agenda/add", elsewhere.get("/meetings"), agenda_words="x").status_code in (403, 404)
    assert world.desk.rows(agenda_steps) == []


def test_once_the_pack_is_frozen_the_page_says_that_the_agenda_stands(world: World) -> None:
    officer, force = world.visitor("olu", OFFICER), world.service.force
    open_page = officer.get(BASE)
    sitting = sitting_of(force, DAILY)
    assert sitting is not None
    clock_of(world.service).at = sitting.starts_at - HOUR / 2
    with world.desk.act() as uow:
        freeze_pack(uow, pack_now(uow.connection, force, sitting.meeting, sitting.starts_at, uow.now()), "ann")
    officer = world.visitor("olu", OFFICER)
    page = officer.get(BASE)
    assert "is frozen: its agenda stands as it is" in words(page.text)
    assert "Build the agenda" not in page.text
    assert open_page.status_code == 200
    assert officer.send(f"{BASE}/agenda/add", officer.get("/meetings"), agenda_words="x").status_code in (403, 422)
    assert world.desk.rows(agenda_steps) == []
