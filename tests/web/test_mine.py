"""An officer's own page: what they handed in and what became of it, and their tasks; nobody else's."""

import html
import re

from built_service import clock_of
from peakshire import MINUTE
from tab_world import World

from reporting.my_work import DONE_SHOWN
from reporting.wording import OPEN_IT_THERE
from store import inbox

ASB, HIDDEN = "ASB_NEIGHBOURHOOD", "DOMESTIC_ABUSE_VAWG"
State = inbox.InboxState


def words(page: str) -> str:
    """What a reader reads, without markup."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def handed_in(
    world: World, responder: str, number: int, state: State, task_id: str | None = None, why: str = ""
) -> None:
    """A response that came in under this name, and what became of it."""
    with world.service.store.open() as connection:
        row = inbox.add(
            connection,
            form="raise_task",
            response_id=f"r{number}",
            reference=f"T-9{number:03}",
            state="RECEIVED",
            encoding="LIST",
            responder=responder,
            received_at=world.service.store.clock.now(),
            correlation_id="c",
        )
        inbox.finish(connection, row.inbox_id, state, [why] if why else [], task_id)


def test_each_submission_says_what_became_of_it_and_leads_to_its_task(world: World) -> None:
    task = world.desk.raised(pillar=ASB, submitted_by="dee@peakshire.example", title="Cars on the green")
    handed_in(world, "dee@peakshire.example", 1, State.DONE, task.task_id)
    handed_in(world, "dee@peakshire.example", 2, State.REJECTED, why="The place is not known.")
    handed_in(world, "eve@peakshire.example", 3, State.REJECTED, why="Not for dee.")
    officer = world.visitor("dee", "Requester")
    page = officer.get("/mine")
    read = words(page.text)
    assert page.status_code == 200
    assert "Taken in" in read
    assert "Not taken: see why The place is not known." in read
    assert "Cars on the green" in read
    assert f'href="/api/tab/tasks/{task.reference}"' in page.text
    assert officer.get(f"/tasks/{task.reference}").status_code == 200
    assert "Not for dee." not in page.text
    assert "T-9003" not in page.text


def test_my_tasks_are_those_that_i_own_or_raised_and_both_pages_list_the_same(world: World) -> None:
    officer = world.visitor("dee", "TaskOwner")
    mine, other = (world.desk.raised(pillar=ASB, title=title) for title in ("Mine to do", "Not mine"))
    raised = world.desk.raised(pillar=ASB, title="Raised by me", submitted_by="Dee@Peakshire.example")
    world.desk.on_board(mine, owner_ids=(world.ids["dee@peakshire.example"],))
    for path in ("/mine", "/"):
        read = words(officer.get(path).text)
        assert f"{mine.reference} Mine to do" in read, path
        assert f"{raised.reference} Raised by me" in read, path
        assert other.reference not in read, path


def test_a_task_that_i_raised_is_listed_until_four_weeks_after_it_was_done(world: World) -> None:
    officer = world.visitor("dee", "Requester")
    task = world.desk.raised(pillar=ASB, submitted_by="dee@peakshire.example")
    world.desk.on_board(task, progress=100)
    clock_of(world.service).advance(DONE_SHOWN)
    officer.sign_in(officer.upn)
    assert task.reference in officer.get("/").text
    clock_of(world.service).advance(MINUTE)
    assert task.reference not in officer.get("/").text


def test_of_a_restricted_task_only_that_it_is_mine_is_said(world: World) -> None:
    task = world.desk.raised(pillar=HIDDEN, submitted_by="dee@peakshire.example", title="Her address")
    handed_in(world, "dee@peakshire.example", 1, State.DONE, task.task_id)
    officer = world.visitor("dee", "Requester")
    for path in ("/mine", "/"):
        plain = officer.get(path).text
        assert f'href="/api/tab/tasks/{task.reference}"' in plain, path
        assert "Her address" not in plain, path
        assert OPEN_IT_THERE in plain, path


def test_a_task_that_i_wrote_about_and_may_not_see_has_no_link(world: World) -> None:
    task = world.desk.raised(pillar=ASB, submitted_by="eve@peakshire.example")
    handed_in(world, "dee@peakshire.example", 1, State.DONE, task.task_id)
    officer = world.visitor("dee", "Requester")
    page = officer.get("/mine").text
    assert task.reference in page
    assert f"/tasks/{task.reference}" not in page


def test_fifty_submissions_stand_on_a_page_and_the_rest_on_the_next(world: World) -> None:
    for number in range(53):
        handed_in(world, "dee@peakshire.example", number, State.DONE)
    officer = world.visitor("dee", "Requester")
    first = officer.get("/mine").text
    (older,) = re.findall(r'href="/api/tab(/mine\?before=\d+)', first)
    second = officer.get(older).text
    shown = [set(re.findall(r"T-9\d{3}", page)) for page in (first, second)]
    assert [len(each) for each in shown] == [50, 3]
    assert len(shown[0] | shown[1]) == 53


def test_nonsense_in_the_address_and_a_script_in_a_title_break_nothing(world: World) -> None:
    task = world.desk.raised(pillar=ASB, submitted_by="dee@peakshire.example", title="<script>alert(1)</script>")
    handed_in(world, "dee@peakshire.example", 1, State.DONE, task.task_id)
    officer = world.visitor("dee", "Requester")
    for query in ("", "?before=x", "?after=%00%27", "?before=99999999999999"):
        page = officer.get(f"/mine{query}")
        assert page.status_code == 200, query
        assert "<script>alert" not in page.text
        assert "&lt;script&gt;alert(1)" in page.text


def test_an_empty_page_says_so(world: World) -> None:
    read = words(world.visitor("dee", "Requester").get("/mine").text)
    assert "Nothing has come in under your name yet." in read
    assert "No task was raised by you or has you as its owner." in read
