"""The live board in the tab: narrowed, counted, in pages, kept fresh, with views that are a person's own."""

import html
import re
from datetime import timedelta
from typing import Any

import httpx
import pytest
from peakshire import a_proposal
from sqlalchemy import select
from tab_world import Visitor, World, path_of

from store.tables import audit_log
from tasking.task import Task
from web import board_page

ASB, ROADS, HIDDEN = "ASB_NEIGHBOURHOOD", "ROADS", "DOMESTIC_ABUSE_VAWG"
COUNT = re.compile(r'id="count-[^"]*" data-live href="([^"]+)">.*?</span>(\d+)</a>')
SCOPES = re.compile(r'<a href="([^"]+)" id="scope-[^"]*"[^>]*>[^<]*<strong>(\d+)</strong>')
LISTED = re.compile(r'id="task-(T-\d+)"')


def references(page: httpx.Response) -> list[str]:
    """References of the listed tasks, in their order."""
    assert page.status_code == 200
    return LISTED.findall(page.text)


def below(href: str) -> str:
    """A link of a page, below the tab's address."""
    return html.unescape(href).removeprefix("/api/tab")


def officer(world: World) -> Visitor:
    """A tasking officer of one section."""
    return world.visitor("dee", "TaskingOfficer.HP")


def made(world: World) -> dict[str, Task]:
    """A few tasks that differ."""
    desk = world.desk
    found = {
        "plain": desk.raised(pillar=ASB, title="Bricks at the market"),
        "roads": desk.raised(pillar=ROADS, title="Speeding at the school"),
        "climbed": desk.raised(pillar=ASB, title="Drug dealing in the park"),
        "started": desk.raised(pillar=ROADS, title="Quad bikes"),
        "done": desk.raised(pillar=ASB, title="Fly tipping"),
    }
    desk.escalated(found["climbed"], a_proposal())
    desk.on_board(found["started"], progress=50)
    desk.on_board(found["done"], progress=100)
    return found


FILTERS = {
    "": {"plain", "roads", "climbed", "started"},
    "pillars=ROADS": {"roads", "started"},
    "pillars=ROADS&pillars=ASB_NEIGHBOURHOOD": {"plain", "roads", "climbed", "started"},
    "escalated=yes": {"climbed"},
    "levels=DIVISION": {"climbed"},
    "units=HP&escalated=yes": {"climbed"},
    "statuses=IN_PROGRESS": {"started"},
    "owner=NOBODY": {"plain", "roads", "climbed", "started"},
    "owner=ME": set(),
    "bands=NOT_ASSESSED": set(),
    "labels=BLOCKED": set(),
    "overdue=yes": set(),
    "scope=AWAITING_RESULT": {"done"},
    "scope=ENDED": set(),
}


@pytest.fixture
def board_world(world: World) -> tuple[World, dict[str, Task]]:
    """A world with a few tasks that differ."""
    return world, made(world)


def test_each_filter_of_the_address_keeps_what_it_says(board_world: tuple[World, dict[str, Task]]) -> None:
    world, tasks = board_world
    visitor = officer(world)
    for query, kept in FILTERS.items():
        shown = references(visitor.get(f"/board?{query}"))
        assert set(shown) == {tasks[name].reference for name in kept}, query
        assert len(shown) == len(kept), query


@pytest.mark.parametrize("query", ["", "pillars=ROADS", "scope=AWAITING_RESULT", "escalated=yes&owner=NOBODY"])
def test_every_number_is_that_of_the_list_behind_its_link(
    board_world: tuple[World, dict[str, Task]], query: str
) -> None:
    world, _ = board_world
    visitor = officer(world)
    page = visitor.get(f"/board?{query}")
    links = [*COUNT.findall(page.text), *SCOPES.findall(page.text)]
    assert len(links) > 30
    lists: dict[str, int] = {}
    for href, number in links:
        if href not in lists:
            lists[href] = len(references(visitor.get(below(href))))
        assert lists[href] == int(number), href
    assert any(lists.values())


def test_what_is_past_due_and_what_is_mine_are_found(world: World) -> None:
    visitor = officer(world)
    task = world.desk.raised(pillar=ASB)
    other = world.desk.raised(pillar=ASB)
    due = world.desk.clock.now() + timedelta(hours=4)
    world.desk.on_board(task, owner_ids=(world.ids["dee@peakshire.example"],), due_at=due)
    assert references(visitor.get("/board?owner=ME")) == [task.reference]
    assert references(visitor.get("/board?owner=NOBODY")) == [other.reference]
    world.desk.clock.advance(timedelta(hours=4, minutes=1))
    visitor = world.visitor("eve", "TaskingOfficer.HP")
    assert task.reference in references(visitor.get("/board?overdue=yes"))


def test_the_list_says_on_which_board_a_restricted_task_stands_to_those_who_may_see_it(world: World) -> None:
    hidden, shown = world.desk.raised(pillar=HIDDEN), world.desk.raised(pillar=ASB)
    page = world.visitor("ben", "TaskingOfficer.HP", "RestrictedMatters").get("/board").text
    where = dict(re.findall(r"(T-\d+)(?:(?!T-\d).)*?data-label=\"Where\">([^<]*)<", page, re.DOTALL))
    assert where[hidden.reference] == "Northfell, on the board of Peakshire restricted tasking"
    assert where[shown.reference] == "Northfell"


def test_restricted_matter_is_in_no_list_no_number_and_no_token_without_the_role(world: World) -> None:
    shown = world.desk.raised(pillar=ASB)
    plain, entitled = officer(world), world.visitor("ben", "TaskingOfficer.HP", "RestrictedMatters")
    before = plain.get("/board/changes").json()
    hidden = world.desk.raised(pillar=HIDDEN, title="Not to be seen")
    assert plain.get("/board/changes").json() == before
    page = plain.get("/board")
    assert references(page) == [shown.reference]
    assert set(SCOPES.findall(page.text)[0][1]) == {"1"}
    assert "Not to be seen" not in plain.get("/today").text
    assert references(plain.get(f"/search?text={hidden.reference}")) == []
    assert references(plain.get("/search?text=seen")) == []
    assert references(plain.get(f"/board?pillars={HIDDEN}")) == []
    assert set(references(entitled.get("/board"))) == {shown.reference, hidden.reference}
    assert "Not to be seen" in entitled.get("/today").text
    assert references(entitled.get("/search?text=seen")) == [hidden.reference]


def test_only_tasks_of_the_units_that_the_role_reaches_are_there(world: World) -> None:
    task = world.desk.raised(pillar=ASB)
    assert references(world.visitor("ada", "Chair.DIV_N").get("/board")) == [task.reference]
    elsewhere = world.visitor("bob", "TaskingOfficer.DD")
    assert references(elsewhere.get("/board")) == []
    assert references(elsewhere.get("/board?units=HP")) == []
    for path in ("/board", "/board/changes", "/search", "/today"):
        assert world.visitor(f"rex{len(path)}", "Requester.HP").get(path).status_code == 403


def test_markup_in_a_title_is_shown_and_never_run(world: World) -> None:
    world.desk.raised(pillar=ASB, title="<script>alert(1)</script> & <img src=x>")
    visitor = officer(world)
    for path in ("/board", "/today", "/search?text=alert"):
        page = visitor.get(path)
        assert "&lt;script&gt;alert(1)" in page.text, path
        assert "<script>alert" not in page.text, path
        assert "<img src=x" not in page.text, path
    assert "<b>x" not in visitor.get("/search?text=%3Cb%3Ex").text


def test_pages_follow_one_another_and_each_task_is_on_one(world: World) -> None:
    tasks = {world.desk.raised(pillar=ASB).reference for _ in range(53)}
    visitor, seen, path = officer(world), [], "/board?pillars=ASB_NEIGHBOURHOOD"
    for size in (50, 3):
        page = visitor.get(path)
        assert len(references(page)) == size
        assert "<strong>53</strong> tasks" in page.text
        seen += references(page)
        path = below(next(iter(re.findall(r'rel="next" href="([^"]+)"', page.text)), ""))
    assert path == ""
    assert "Back to the first page" in page.text
    assert sorted(seen) == sorted(tasks)


@pytest.mark.parametrize(
    "query", ["units=NOWHERE", "scope=x", "bands=%3Cb%3E", "owner=" + "x" * 300, "statuses=COMPLETED"]
)
def test_nonsense_in_the_address_is_said_and_narrows_nothing(world: World, query: str) -> None:
    task = world.desk.raised(pillar=ASB)
    page = officer(world).get(f"/board?{query}")
    assert "without a filter" in page.text
    assert references(page) == [task.reference]
    assert "<b>&#39;" not in page.text


def test_the_token_changes_with_the_list_and_only_then(world: World) -> None:
    visitor = officer(world)
    task = world.desk.raised(pillar=ASB)
    token = visitor.get("/board/changes?pillars=ASB_NEIGHBOURHOOD").json()["token"]
    assert f'data-token="{token}"' in visitor.get("/board?pillars=ASB_NEIGHBOURHOOD").text
    world.desk.raised(pillar=ROADS)
    assert visitor.get("/board/changes?pillars=ASB_NEIGHBOURHOOD").json()["token"] == token
    world.desk.on_board(task, progress=50)
    assert visitor.get("/board/changes?pillars=ASB_NEIGHBOURHOOD").json()["token"] != token


def test_a_page_that_asks_by_itself_keeps_no_session_alive(world: World) -> None:
    visitor = officer(world)
    for _ in range(3):
        world.desk.clock.advance(timedelta(minutes=10, seconds=1))
        last = visitor.get("/board/changes", tab_watching="yes")
    assert last.status_code == 401
    again = world.visitor("eve", "TaskingOfficer.HP")
    for _ in range(4):
        world.desk.clock.advance(timedelta(minutes=10, seconds=1))
        last = again.get("/board/changes")
    assert last.status_code == 200


def test_it_says_when_each_board_was_read_and_which_is_behind(world: World) -> None:
    page = officer(world).get("/board")
    assert "never read yet" in page.text
    assert "not read in the last 15 minutes" in page.text


def test_a_view_is_kept_opened_and_deleted(board_world: tuple[World, dict[str, Task]]) -> None:
    world, tasks = board_world
    visitor = officer(world)
    page = visitor.get("/board?pillars=ROADS")
    kept = visitor.send("/board/views", page, pillars="ROADS", name="Roads <of> mine")
    assert (kept.status_code, path_of(kept)) == (303, "/board")
    page = visitor.get(f"/board?{kept.headers['location'].partition('?')[2]}")
    assert "The view is kept" in page.text
    (href,) = re.findall(r'href="([^"]+)">Roads &lt;of&gt; mine', page.text)
    assert set(references(visitor.get(below(href)))) == {tasks["roads"].reference, tasks["started"].reference}
    (action,) = re.findall(r'action="([^"]+/delete)"', page.text)
    gone = visitor.send(below(action), page)
    assert gone.status_code == 303
    assert "Roads &lt;of&gt; mine" not in visitor.get("/board").text


def test_views_of_one_person_are_nowhere_for_another(world: World) -> None:
    first, second = officer(world), world.visitor("eve", "TaskingOfficer.HP")
    page = first.get("/board")
    assert first.send("/board/views", page, name="Mine alone").status_code == 303
    (action,) = re.findall(r'action="([^"]+/delete)"', first.get("/board").text)
    assert "Mine alone" not in second.get("/board").text
    refused = second.send(below(action), second.get("/board"))
    assert refused.status_code == 422
    assert "Mine alone" in first.get("/board").text


@pytest.mark.parametrize(("name", "sentence"), [("", "is needed"), ("x" * 61, "60 is the most")])
def test_a_view_that_cannot_be_kept_is_said_beside_the_field(world: World, name: str, sentence: str) -> None:
    visitor = officer(world)
    again = visitor.send("/board/views", visitor.get("/board"), name=name)
    assert again.status_code == 422
    assert sentence in again.text
    assert "Live board" in again.text


def test_looking_is_audited_by_person_and_list(world: World) -> None:
    visitor = officer(world)
    visitor.get("/board")
    visitor.get("/search?text=a-word-of-mine")
    visitor.get("/today")
    with world.service.store.open() as connection:
        rows: list[Any] = list(connection.execute(select(audit_log).where(audit_log.c.actor == visitor.upn)).mappings())
    told = [row["object_ref"] for row in rows]
    assert {"live board", "search", "daily list"} <= set(told)
    assert "a-word-of-mine" not in str(rows)


def test_the_daily_list_has_each_open_task_once_under_late_due_or_others(world: World) -> None:
    desk, now = world.desk, world.desk.clock.now()
    late, today, other = (desk.raised(pillar=ASB, title=title) for title in ("Late one", "Today one", "Later one"))
    desk.on_board(late, due_at=now + timedelta(minutes=30))
    desk.on_board(today, due_at=now + timedelta(hours=3))
    desk.on_board(other, due_at=now + timedelta(days=3))
    desk.clock.advance(timedelta(hours=1))
    page = officer(world).get("/today").text
    places = [page.index(each) for each in ("Past their due time (1)", "Late one", "Due today (1)", "Today one")]
    places += [page.index(each) for each in ("All others (1)", "Later one")]
    assert places == sorted(places)
    assert all(page.count(f">{task.reference}</a>") == 1 for task in (late, today, other))


def test_the_daily_list_says_what_it_was_narrowed_to(board_world: tuple[World, dict[str, Task]]) -> None:
    world, tasks = board_world
    page = officer(world).get("/today?pillars=ROADS&escalated=yes").text
    assert "Narrowed to: Pillar: " in page
    assert "Escalated" in page
    assert tasks["climbed"].reference not in page


def test_search_finds_by_reference_and_by_words_that_begin_so(board_world: tuple[World, dict[str, Task]]) -> None:
    world, tasks = board_world
    visitor = officer(world)
    assert references(visitor.get(f"/search?text={tasks['roads'].reference.lower()}")) == [tasks["roads"].reference]
    assert references(visitor.get("/search?text=BRICK+mark")) == [tasks["plain"].reference]
    assert references(visitor.get("/search?text=brick+quad")) == []
    assert references(visitor.get("/search?text=fly")) == [tasks["done"].reference]
    assert "at least 2 letters" in visitor.get("/search?text=a").text


def test_the_place_in_the_order_that_an_address_names_is_bounded(world: World) -> None:
    assert officer(world).get("/board?after=" + "z" * 5000).status_code == 200
    assert board_page.LONGEST_KEY >= 80
