"""A second assessor scores without having seen the first score, then sees both; nobody who has seen it can."""

import html
import re

import httpx
import pytest
from built_service import clock_of
from peakshire import BY_BAND, IMMEDIATE, MINUTE
from sqlalchemy import select
from tab_world import Visitor, World, path_of

from store import quality
from store.tables import audit_log
from tasking.quality import Drawn, Sample
from tasking.task import Task
from tasking.thrive import HIGHEST_LEVEL, Confidence

ASB = "ASB_NEIGHBOURHOOD"
LEVELS = dict.fromkeys(HIGHEST_LEVEL, "1")
GIVEN = {"alignment": "NONE", "reason": "From what is asked alone", **LEVELS}


def words(page: str) -> str:
    """What a reader reads, without markup."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def scored(world: World) -> Task:
    """A task of Northfell's whose first score is 88, with a reason that nobody is told before their own."""
    task = world.desk.raised(pillar=ASB, title="Bricks at traffic", confidence=Confidence.LOW)
    clock_of(world.service).advance(MINUTE)
    task = world.desk.reassessed(task, BY_BAND[IMMEDIATE], frozenset({"REPEAT_VICTIM"}), "He has been there before")
    clock_of(world.service).advance(MINUTE)
    return task


def sent(visitor: Visitor, task: Task, page: httpx.Response, **fields: str) -> httpx.Response:
    version = re.search(r'name="version" value="(\d+)"', page.text)
    assert version, words(page.text)
    return visitor.send(page_of(task), page, version=version[1], **{**GIVEN, **fields})


def page_of(task: Task) -> str:
    return f"/tasks/{task.reference}/second-score"


def test_the_page_shows_what_is_asked_and_nothing_of_the_first_score(world: World) -> None:
    task = scored(world)
    page = world.visitor("dee", "TaskingOfficer.HP").get(page_of(task))
    read = words(page.text)
    assert "Bricks at traffic" in read
    assert "Two officers" in read
    for told in ("88", "Immediate", "He has been there before", "confidence: low", " checked"):
        assert told not in read, told
    assert not re.search(r'type="(radio|checkbox)"[^>]* checked', page.text)
    assert f'/tasks/{task.reference}"' not in page.text


def test_a_score_given_blind_is_kept_and_then_both_stand_side_by_side(world: World) -> None:
    task = scored(world)
    visitor = world.visitor("dee", "TaskingOfficer.HP")
    first = visitor.get(page_of(task))
    answer = sent(visitor, task, first)
    assert (answer.status_code, path_of(answer)) == (303, page_of(task))
    read = words(visitor.get(f"{path_of(answer)}?said=scored").text)
    assert world.desk.now(task).score < 88  # type: ignore[operator]
    assert re.search(r"Score 88 of 100 \d+ of 100 Differs", read)
    assert "Band Immediate" in read
    assert sent(visitor, task, first).status_code == 409


def test_whoever_has_opened_the_task_cannot_score_it_blind_even_if_they_had_the_form_open(world: World) -> None:
    task = scored(world)
    visitor = world.visitor("dee", "TaskingOfficer.HP")
    page = visitor.get(page_of(task))
    visitor.get(f"/tasks/{task.reference}")
    late, again = sent(visitor, task, page), visitor.get(page_of(task))
    for answer in (late, again):
        assert answer.status_code == 409
        assert "You have seen the score" in words(answer.text)
        assert "88" not in words(answer.text)
    assert world.desk.now(task).score == 88


def test_looking_at_the_page_itself_is_audited_and_does_not_count_as_having_seen_the_score(world: World) -> None:
    task = scored(world)
    visitor = world.visitor("dee", "TaskingOfficer.HP")
    visitor.get(page_of(task))
    with world.service.store.open() as connection:
        looks = select(audit_log.c.action).where(
            audit_log.c.actor == visitor.upn, audit_log.c.object_ref == task.reference
        )
        assert connection.execute(looks).scalars().all() == ["brief consulted"]
    assert sent(visitor, task, visitor.get(page_of(task))).status_code == 303


def test_the_first_assessor_and_a_form_with_gaps_are_told_so_and_what_was_typed_is_kept(world: World) -> None:
    task = world.desk.raised(pillar=ASB, submitted_by="dee@peakshire.example")
    clock_of(world.service).advance(MINUTE)
    first = world.visitor("dee", "TaskingOfficer.HP").get(page_of(task))
    assert (first.status_code, "a second one comes from somebody else" in words(first.text)) == (409, True)
    other = world.visitor("eve", "TaskingOfficer.HP")
    gaps = sent(other, task, other.get(page_of(task)), harm="", reason="As I see it")
    assert gaps.status_code == 422
    assert "As I see it" in gaps.text
    assert world.desk.now(task).score == task.score


def test_a_form_of_an_older_state_of_the_task_is_not_kept(world: World) -> None:
    task = scored(world)
    visitor = world.visitor("dee", "TaskingOfficer.HP")
    page = visitor.get(page_of(task))
    world.desk.on_board(task, title="Bricks and bottles at traffic")
    answer = sent(visitor, task, page)
    assert (answer.status_code, "Somebody else changed this task" in words(answer.text)) == (422, True)
    assert world.desk.now(task).score == 88


def drawn(world: World, task: Task, assessment_id: str) -> None:
    """The sample of a cycle has this score."""
    one = Drawn(task.task_id, task.reference, task.unit, assessment_id, "ann", task.score or 0, task.band or IMMEDIATE)
    with world.service.store.open() as connection:
        now = world.service.store.clock.now()
        quality.add_sample(connection, "s1", Sample("CYC-2026-11", "seed", 1, 0, (one,)), now, "bea")


def test_the_inbox_leads_to_a_drawn_score_without_its_band_until_it_was_scored_again(world: World) -> None:
    task = scored(world)
    with world.desk.act() as uow:
        last = uow.assessments(task.task_id)[-1].assessment_id
    visitor = world.visitor("dee", "TaskingOfficer.HP")
    listed = "/inbox?kind=SECOND_SCORE"
    assert page_of(task) not in visitor.get(listed).text
    drawn(world, task, last)
    page = visitor.get(listed)
    assert f'href="/api/tab{page_of(task)}">Score {task.reference}</a>' in page.text
    assert "Immediate" not in words(page.text)
    assert page_of(task) not in world.visitor("kim", "ActionManager.HP").get(listed).text
    sent(visitor, task, visitor.get(page_of(task)))
    assert page_of(task) not in visitor.get(listed).text


def test_where_second_scores_are_not_blind_the_page_leads_to_the_usual_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = scored(world)
    quality_rules = type(world.service.force.quality)
    monkeypatch.setattr(quality_rules, "blind_second_score", False, raising=False)
    answer = world.visitor("dee", "TaskingOfficer.HP").get(page_of(task))
    assert (answer.status_code, path_of(answer)) == (303, f"/tasks/{task.reference}/reassess")
