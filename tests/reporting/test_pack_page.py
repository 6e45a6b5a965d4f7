"""A pack as a page: marked at top and bottom, readable without colour, and safe whatever people wrote."""

import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from reporting.meeting_pack import partner_part
from reporting.pack_page import pack_html
from tasking.decision import DecisionType
from tasking.task import Classification
from tests.peakshire import DAY, HOUR, MINUTE, MORNING, PRIORITY, ROUTINE, SCHEDULED, a_proposal
from tests.reporting.meeting_desk import MEETS_AT, MeetingDesk, texts

VOID = {"meta", "link", "br", "hr", "img", "input"}
NASTY = '<script>alert("x")</script> & "quotes" {{ 7 * 7 }} </td>'


class Page(HTMLParser):
    """Tags, headings and text of a page; a tag closed in the wrong order is an error."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


@pytest.fixture
def whole(desk: MeetingDesk) -> MeetingDesk:
    """A morning with something under most points of the agenda."""
    desk.frozen(desk.pack())
    desk.clock.advance(MINUTE)
    for _ in range(11):
        desk.banded(ROUTINE, text=texts(good=""))
    desk.on_board(desk.banded(PRIORITY, title="Stop bricks at traffic"), due_at=MORNING - HOUR)
    task = desk.banded(SCHEDULED)
    desk.decide(task, DecisionType.ALLOCATE, text="The neighbourhood team", rationale="They know the place.")
    desk.escalated(task, a_proposal(decide_by=MORNING - HOUR))
    return desk


def test_the_page_is_whole_html_with_language_title_landmarks_and_a_way_past_the_head(whole: MeetingDesk) -> None:
    page = Page(pack_html(whole.pack_after_the_last()))
    found = dict(page.tags)
    assert found["html"]["lang"] == "en-GB"
    assert "width=device-width" in str([attrs for tag, attrs in page.tags if tag == "meta"])
    assert {"main", "header", "footer", "nav", "title", "h1"} <= set(found)
    skip = next(attrs for tag, attrs in page.tags if tag == "a")
    assert skip["href"] == f"#{found['main']['id']}"


def test_every_link_inside_the_page_leads_somewhere_and_no_id_comes_twice(whole: MeetingDesk) -> None:
    page = Page(pack_html(whole.pack_after_the_last()))
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    inside = [str(attrs["href"])[1:] for tag, attrs in page.tags if tag == "a" and str(attrs["href"]).startswith("#")]
    assert inside
    assert set(inside) <= set(ids)


def test_headings_go_down_one_level_at_a_time(whole: MeetingDesk) -> None:
    levels = [
        int(tag[1]) for tag, _ in Page(pack_html(whole.pack_after_the_last())).tags if re.fullmatch("h[1-6]", tag)
    ]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_table_has_a_caption_and_heads_that_say_what_they_head(whole: MeetingDesk) -> None:
    page = Page(pack_html(whole.pack_after_the_last()))
    tags = [tag for tag, _ in page.tags]
    assert tags.count("table") == tags.count("caption") > 1
    assert all(attrs.get("scope") in ("col", "row") for tag, attrs in page.tags if tag == "th")


def test_the_mark_stands_first_and_last_and_in_the_title(desk: MeetingDesk) -> None:
    desk.banded(PRIORITY, classification=Classification.OFFICIAL_SENSITIVE)
    html = pack_html(desk.pack())
    text = Page(html).text
    assert "Skip to the content OFFICIAL-SENSITIVE Northfell daily tasking" in text
    assert text.endswith(" OFFICIAL-SENSITIVE")
    assert "(OFFICIAL-SENSITIVE)</title>" in html


def test_what_people_wrote_is_shown_as_they_wrote_it_and_does_nothing(desk: MeetingDesk) -> None:
    task = desk.banded(PRIORITY, title=NASTY, text=texts(NASTY))
    desk.decide(task, DecisionType.ALLOCATE, text=NASTY, rationale=NASTY)
    html = pack_html(desk.pack())
    assert "<script" not in html
    assert Page(html).text.count(" ".join(NASTY.split())) >= 3


def test_the_page_says_as_at_what_changed_and_what_is_not_shown(whole: MeetingDesk) -> None:
    text = Page(pack_html(whole.pack_after_the_last(), all_url="https://tasking.example/all")).text
    assert "Meeting pack for Monday 2 November 2026, 09:15. As at Monday 2 November 2026, 08:31." in text
    assert "Compared with the pack of Monday 2 November 2026, 08:30." in text
    assert "Not shown: 3 more 3 Routine. See them all" in text


def test_colour_is_never_the_only_sign(whole: MeetingDesk) -> None:
    text = Page(pack_html(whole.pack_after_the_last())).text
    assert "State: Red. Late: past its due time" in text
    assert "OVERDUE by" in text
    assert "No measure of success" in text


def test_tasks_link_to_where_the_caller_says(desk: MeetingDesk) -> None:
    task = desk.banded(PRIORITY)
    html = pack_html(desk.pack(), lambda task_id: f"https://tasking.example/tasks/{task_id}")
    assert f'href="https://tasking.example/tasks/{task.task_id}"' in html


def test_partners_page_says_nothing_of_the_police_part(desk: MeetingDesk) -> None:
    desk.banded(PRIORITY, title="For the police only")
    desk.banded(PRIORITY, title="For everybody", pillar="ASB_NEIGHBOURHOOD")
    pack = desk.pack("HP_LOCAL", MEETS_AT + DAY)
    assert "For the police only" in pack_html(pack)
    text = Page(pack_html(partner_part(pack))).text
    assert "For everybody" in text
    assert not {words for words in ("For the police only", "police only", "Escalations", "score 47") if words in text}


def test_a_pack_with_nothing_in_it_says_so_under_each_point(desk: MeetingDesk) -> None:
    text = Page(pack_html(desk.pack())).text
    assert text.count("Nothing to report.") == 7
    assert "0 tasks in this pack" in text
