"""The meetings of a person's units: list, agenda point by point, deciding in place, who is there, papers."""

import html
import io
import re
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from built_service import clock_of
from peakshire import HOUR, a_proposal
from sqlalchemy import select
from tab_world import Visitor, World

from store import meetings
from store.tables import audit_log, decisions
from tasking.holding import cancel_meeting
from tasking.task import Task

ASB, HIDDEN = "ASB_NEIGHBOURHOOD", "DOMESTIC_ABUSE_VAWG"
DAILY = "DIV_N_DAILY 2026-11-02"
BASE = "/meetings/DIV_N_DAILY%202026-11-02"
LOCAL_BASE = "/meetings/HP_LOCAL%202026-11-10"
DIVISION = "Divisional Chief Inspector"
WHY = "It is beyond what the section has tonight."


def words(page: str) -> str:
    """What a reader reads, without markup."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def escalated(world: World, **changes: Any) -> Task:
    """A task of Northfell that waits for the division's decision."""
    return world.desk.escalated(world.desk.raised(**{"pillar": ASB, **changes}), a_proposal())


def point_of(page: str, title: str) -> str:
    """The address, below the tab's, of the point of the agenda with this title."""
    found = re.search(rf'href="/api/tab(/meetings/[^"]+/points/\d+)">\d+\. {title}<', page)
    assert found, words(page)
    return found[1]


def send_decision(visitor: Visitor, path: str, **fields: str) -> Any:
    """Opens the form of a decision and sends it."""
    page = visitor.get(path)
    assert page.status_code == 200, words(page.text)
    version = re.search(r'name="version" value="(\d+)"', page.text)
    post = re.search(r'name="post" type="radio" value="([^"]+)" checked', page.text)
    chosen = {"post": post[1]} if post else {}
    return visitor.send(path, page, version=version[1], rationale=WHY, **chosen, **fields)  # type: ignore[index]


def test_the_list_has_todays_meetings_those_to_come_and_says_which_are_cancelled(world: World) -> None:
    clock = clock_of(world.service)
    with world.desk.act("chair") as uow:
        starts = clock.now().replace(hour=9, minute=15) + timedelta(days=1)
        cancel_meeting(uow, world.service.force, "DIV_N_DAILY", starts, "Everybody is at the <flood>")
    page = world.visitor("dee", "Chair.DIV_N").get("/meetings")
    told = words(page.text)
    assert re.search(r"Today .*North Division daily tasking.* Coming .* Before today", told)
    assert "Cancelled Everybody is at the <flood>" in told
    assert "South Division daily tasking" not in told
    assert "Northfell daily tasking" in told


def test_the_agenda_is_that_of_the_template_and_each_point_leads_to_the_next(world: World) -> None:
    visitor = world.visitor("dee", "Chair.DIV_N")
    overview = visitor.get(BASE)
    assert overview.status_code == 200, overview.text
    titles = [
        "Attendance",
        "Overnight: critical, missing, domestic abuse",
        "Last 24 hours",
        "Next 24 hours",
        "Intelligence",
        "Due, overdue and not accepted",
        "Escalations",
        "New tasks since the last meeting",
        "Decisions since the last meeting, to be read back",
    ]
    found = re.findall(r'/points/\d+">(\d+)\. ([^<]+)</a>', overview.text)
    assert [(number, html.unescape(title)) for number, title in found] == [
        (str(number), title) for number, title in enumerate(titles, 1)
    ]
    path, seen = f"{BASE}/points/1", []
    while "/points/" in path:
        page = visitor.get(path)
        seen.append(words(re.search(r"<h1[^>]*>(.*?)</h1>", page.text)[1]))  # type: ignore[index]
        path = re.search(r'rel="next" href="/api/tab([^"]+)"', page.text)[1]  # type: ignore[index]
    assert [title.split(". ", 1)[1] for title in seen] == titles
    assert path == BASE
    assert visitor.get(f"{BASE}/points/10").status_code == 404


def test_the_chair_decides_in_place_and_it_stands_in_the_meeting(world: World) -> None:
    task = escalated(world)
    chair = world.visitor("dee", "Chair.DIV_N")
    point = point_of(chair.get(BASE).text, "Escalations")
    page = chair.get(point)
    assert task.title in words(page.text)
    path = f"{point}/{task.reference}/escalation-accept"
    assert f'href="/api/tab{path}#deciding"' in page.text
    refused = chair.send(path, chair.get(path), version="2", rationale="", text="Two officers")
    assert refused.status_code == 422
    assert "Two officers" in refused.text
    assert send_decision(chair, path, options="Wait\nDo nothing", dissent="The sergeant").status_code == 303
    (row,) = world.desk.rows(decisions)
    assert (row["meeting_ref"], row["document"]["capacity"], row["document"]["role"]) == (DAILY, "CHAIR", DIVISION)
    assert row["document"]["options"] == ["Wait", "Do nothing"]
    told = words(chair.get(BASE).text)
    assert "Decided at this meeting: 1" in told
    assert WHY in told


def test_who_does_not_chair_it_sees_the_point_and_decides_nothing(world: World) -> None:
    task = escalated(world)
    officer = world.visitor("dee", "TaskingOfficer.DIV_N")
    point = point_of(officer.get(BASE).text, "Escalations")
    assert task.title in words(officer.get(point).text)
    assert "escalation-accept" not in officer.get(point).text
    assert officer.get(f"{point}/{task.reference}/escalation-accept").status_code == 403
    below = world.visitor("ben", "Chair.HP")
    assert below.get(f"{point}/{task.reference}/escalation-accept").status_code == 404


def test_what_was_decided_meanwhile_is_said_and_not_decided_again(world: World) -> None:
    task = escalated(world)
    first, second = world.visitor("dee", "Chair.DIV_N"), world.visitor("ben", "Chair.DIV_N")
    point = point_of(first.get(BASE).text, "Escalations")
    path = f"{point}/{task.reference}/escalation-decline"
    late = second.get(path)
    version = re.search(r'name="version" value="(\d+)"', late.text)[1]  # type: ignore[index]
    assert send_decision(first, f"{point}/{task.reference}/escalation-accept").status_code == 303
    answer = second.send(path, late, version=version, rationale="Not tonight")
    assert answer.status_code == 422
    assert f"The escalation of {task.reference} is accepted" in words(answer.text)
    assert "Not tonight" in answer.text
    assert len(world.desk.rows(decisions)) == 1


def test_restricted_matter_is_not_there_without_the_role_in_counts_and_papers_neither(world: World) -> None:
    shown, hidden = escalated(world), escalated(world, pillar=HIDDEN, title="Not to be seen")
    plain, entitled = world.visitor("dee", "Chair.DIV_N"), world.visitor("ben", "Chair.DIV_N", "RestrictedMatters")
    point = point_of(plain.get(BASE).text, "Escalations")
    assert "1 task, 1 to decide" in words(plain.get(BASE).text)
    assert "2 tasks, 2 to decide" in words(entitled.get(BASE).text)
    for path in (BASE, *(f"{BASE}/points/{number}" for number in range(1, 9)), f"{BASE}/files/pack.html"):
        page = plain.get(path)
        assert hidden.reference not in page.text, path
        assert "Domestic abuse" not in words(page.text).replace("domestic abuse", ""), path
    assert shown.reference in plain.get(point).text
    assert hidden.reference in entitled.get(point).text
    path = f"{point}/{hidden.reference}/escalation-accept"
    assert plain.get(path).status_code == 404
    assert send_decision(entitled, path).status_code == 303
    assert "Decided at this meeting: 0" in words(plain.get(BASE).text)
    assert "Decided at this meeting: 1" in words(entitled.get(BASE).text)
    assert hidden.reference not in plain.get(f"{BASE}/files/minutes.html").text
    assert hidden.reference in entitled.get(f"{BASE}/files/minutes.html").text


def test_a_frozen_pack_shows_nothing_restricted_without_the_role_either(world: World) -> None:
    from service.packing import freeze_due_packs

    hidden = escalated(world, pillar=HIDDEN)
    shown = escalated(world)
    assert freeze_due_packs(world.service.store, world.service.force) > 0
    clock_of(world.service).advance(3 * HOUR)
    plain, entitled = world.visitor("dee", "Chair.DIV_N"), world.visitor("ben", "Chair.DIV_N", "RestrictedMatters")
    point = point_of(plain.get(BASE).text, "Escalations")
    assert shown.reference in plain.get(point).text
    for path in (BASE, *(f"{BASE}/points/{number}" for number in range(1, 9)), f"{BASE}/files/pack.html"):
        assert hidden.reference not in plain.get(path).text, path
        assert "By pillar" not in plain.get(path).text, path
    assert hidden.reference in entitled.get(point).text


def test_a_partner_sees_the_partner_part_alone(world: World) -> None:
    local = world.desk.raised(pillar=ASB, title="Stop the disorder")
    police = world.desk.raised(pillar="ROADS", title="Police eyes only")
    partner = world.visitor("dee", "Partner.HP")
    listed = words(partner.get("/meetings").text)
    assert "Northfell fortnightly tasking" in listed
    assert "Northfell daily tasking" not in listed, "a meeting without a partner part is not there"
    page = partner.get(LOCAL_BASE)
    assert page.status_code == 200
    titles = re.findall(r'/points/\d+">\d+\. ([^<]+)</a>', page.text)
    assert titles == ["Attendance", "Local priorities and neighbourhood issues", "Tasks of and for partners"]
    seen = " ".join(words(partner.get(f"{LOCAL_BASE}/points/{number}").text) for number in (1, 2, 3))
    assert local.title in seen
    assert police.title not in seen
    assert partner.get(f"{LOCAL_BASE}/points/4").status_code == 404
    assert partner.get(f"{LOCAL_BASE}/files/minutes.docx").status_code == 403
    assert "Decided at this meeting" not in page.text
    assert f"/tasks/{local.reference}" not in partner.get(f"{LOCAL_BASE}/points/2").text
    assert police.title not in partner.get(f"{LOCAL_BASE}/files/pack.html").text
    assert partner.get("/meetings/HP_DAILY%202026-11-03").status_code == 404
    assert partner.post(f"{LOCAL_BASE}/open").status_code == 403


def test_a_meeting_that_is_not_theirs_cannot_be_told_from_one_that_does_not_exist(world: World) -> None:
    visitor = world.visitor("dee", "Chair.DIV_N")
    other, absent = visitor.get("/meetings/DIV_S_DAILY%202026-11-02"), visitor.get("/meetings/NO_SUCH%202026-11-02")
    assert (other.status_code, absent.status_code) == (404, 404)
    assert words(other.text) == words(absent.text)
    assert world.visitor("ben", "Requester").get("/meetings").status_code == 403


def test_the_chair_opens_it_with_who_is_there_and_adds_who_comes(world: World) -> None:
    chair = world.visitor("dee", "Chair.HP")
    page = chair.get(LOCAL_BASE)
    fields = {
        "role": "Local Policing Inspector",
        "there": "Tasking Sergeant\nBorough council: Warden",
        "away": "Analyst",
    }
    wrong = chair.send(f"{LOCAL_BASE}/open", page, **{**fields, "role": "King"})
    assert wrong.status_code == 422
    assert "Borough council: Warden" in wrong.text
    answers = [chair.send(f"{LOCAL_BASE}/open", page, **fields) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 409]
    told = words(chair.get(LOCAL_BASE).text)
    assert "Local Policing Inspector takes the chair (dee@peakshire.example)" in told
    assert "Warden, Borough council Partner part only" in told
    assert "Analyst Apologies" in told
    later = {"role": "Local Policing Inspector", "seat:Analyst": "there"}
    assert chair.send(f"{LOCAL_BASE}/open", chair.get(LOCAL_BASE), **later).status_code == 303
    with world.service.store.open() as connection:
        record = meetings.read(connection, "HP_LOCAL 2026-11-10")
    assert record is not None
    assert [(each.role, each.partner_part, each.police_part) for each in record.attendance] == [
        ("Tasking Sergeant", True, True),
        ("Warden", True, False),
        ("Analyst", True, True),
    ]


def test_a_tasking_officer_opens_it_for_the_chair_and_an_analyst_does_not(world: World) -> None:
    officer = world.visitor("dee", "TaskingOfficer.HP")
    page = officer.get(LOCAL_BASE)
    missing = officer.send(f"{LOCAL_BASE}/open", page, role="Local Policing Inspector")
    assert missing.status_code == 422
    named = {"role": "Local Policing Inspector", "chaired_by": "Ann@peakshire.example"}
    assert officer.send(f"{LOCAL_BASE}/open", page, **named).status_code == 303
    assert "(ann@peakshire.example)" in words(officer.get(LOCAL_BASE).text)
    analyst = world.visitor("ben", "Analyst.HP")
    assert "Open the meeting" not in analyst.get(LOCAL_BASE).text
    assert analyst.send(f"{LOCAL_BASE}/open", analyst.get("/"), **named).status_code == 403


def test_a_cancelled_meeting_says_so_and_offers_nothing(world: World) -> None:
    starts = clock_of(world.service).now().replace(hour=9, minute=15)
    task = escalated(world)
    with world.desk.act("chair") as uow:
        cancel_meeting(uow, world.service.force, "DIV_N_DAILY", starts, "Fog")
    chair = world.visitor("dee", "Chair.DIV_N")
    told = words(chair.get(BASE).text)
    assert "This meeting was cancelled. Fog" in told
    assert "Open the meeting" not in told
    point = point_of(chair.get(BASE).text, "Escalations")
    assert "escalation-accept" not in chair.get(point).text
    assert chair.get(f"{point}/{task.reference}/escalation-accept").status_code == 404


@pytest.mark.parametrize("name", ["pack.docx", "pack.html", "minutes.docx", "minutes.html"])
def test_each_paper_is_a_file_and_taking_it_is_logged_as_a_disclosure(world: World, name: str) -> None:
    escalated(world)
    answer = world.visitor("dee", "Chair.DIV_N").get(f"{BASE}/files/{name}")
    assert answer.status_code == 200
    assert f'filename="DIV_N_DAILY_2026-11-02_{name}"' in answer.headers["content-disposition"]
    if name.endswith("docx"):
        assert zipfile.ZipFile(io.BytesIO(answer.content)).testzip() is None
    with world.service.store.open() as connection:
        kinds = select(audit_log.c.kind, audit_log.c.object_ref).where(audit_log.c.actor == "dee@peakshire.example")
        logged = {(row.kind, row.object_ref) for row in connection.execute(kinds)}
    wanted = DAILY if name.startswith("pack") else f"minutes of {DAILY}"
    assert ("DISCLOSURE", wanted) in logged
    assert ("CONSULTATION", DAILY) in logged


def test_a_script_in_a_title_never_runs_in_a_meeting(world: World) -> None:
    nasty = "<script>alert(1)</script>"
    task = escalated(world, title=nasty)
    chair = world.visitor("dee", "Chair.DIV_N")
    point = point_of(chair.get(BASE).text, "Escalations")
    for path in (point, f"{point}/{task.reference}/escalation-accept"):
        assert "<script>alert" not in chair.get(path).text
        assert html.escape(nasty) in chair.get(path).text


def test_the_roster_is_ticked_off_and_too_few_are_warned_of_while_the_meeting_goes_on(world: World) -> None:
    officer = world.visitor("olu", "TaskingOfficer.HP")
    page = officer.get(LOCAL_BASE)
    assert "Deputy: Anti-social Behaviour Officer" in words(page.text)
    fields = {
        "role": "Local Policing Inspector",
        "chaired_by": "insp@peakshire.example",
        "seat:Local Analyst": "there",
        "seat:Peakshire Council:Community Safety Officer": "deputy:Anti-social Behaviour Officer",
        "seat:Northfell Homes:Housing Manager": "apologies",
    }
    assert officer.send(f"{LOCAL_BASE}/open", page, **fields).status_code == 303
    told = words(officer.get(LOCAL_BASE).text)
    assert "Warning: Too few are there: 3 of the 4 seats that are needed. Not filled: Northfell Tasking Officer" in told
    assert "Anti-social Behaviour Officer, Peakshire Council" in told
    late = {"role": "Local Policing Inspector", "chaired_by": "insp@peakshire.example", "there": "Response Sergeant"}
    assert officer.send(f"{LOCAL_BASE}/open", officer.get(LOCAL_BASE), **late).status_code == 303
    assert "Too few" not in words(officer.get(LOCAL_BASE).text)
