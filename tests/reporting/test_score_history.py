"""What is said of a task's scores: their course, how sure they were and why; low confidence wherever a score is."""

import zipfile
from io import BytesIO

import pytest

from escalation.card_parts import band_words as card_words
from planner_sync.description import service_block
from reporting.evidence_bundle import make_bundle
from reporting.regrading import regrading, rows_of
from reporting.score_history import curve, entries_of, score_words
from reporting.wording import band_words
from store.tasks import read_assessments
from tasking.errors import RuleBroken
from tasking.task import Task
from tasking.thrive import AssessmentSource, Confidence, ThriveAssessment
from tests.peakshire import BY_BAND, DAY, IMMEDIATE, MISSING, MORNING, PRIORITY, ROUTINE, SCHEDULED, Desk
from tests.reporting.meeting_desk import MeetingDesk

UNSURE = {"confidence": Confidence.LOW, "source": AssessmentSource.INTELLIGENCE}


def scores(desk: Desk, task: Task) -> list[str]:
    with desk.store.open() as connection:
        return [score_words(each) for each in entries_of(read_assessments(connection, task.task_id))]


def test_the_course_of_a_score_says_each_step_and_leaves_out_what_was_not_scored(desk: MeetingDesk) -> None:
    task = desk.raised(assessment=ThriveAssessment(1, 1, None, 0, 0, 0))
    for band in (SCHEDULED, PRIORITY, PRIORITY, ROUTINE):
        desk.reassessed(task, BY_BAND[band])
    with desk.store.open() as connection:
        entries = entries_of(read_assessments(connection, task.task_id))
    assert curve(entries) == "24, up to 47, still 47, down to 7"
    assert scores(desk, task) == [
        "not scored: a question was not answered",
        "24 of 100, SCHEDULED",
        "47 of 100 (+23), PRIORITY",
        "47 of 100, PRIORITY",
        "7 of 100 (-40), ROUTINE",
    ]


def test_a_floor_that_lifted_the_band_is_said_with_the_rules(desk: MeetingDesk) -> None:
    task = desk.reassessed(desk.raised(), BY_BAND[ROUTINE], MISSING)
    with desk.store.open() as connection:
        entry = entries_of(read_assessments(connection, task.task_id))[-1]
    assert (entry.band, entry.rules) == ("IMMEDIATE", "TPS-1, lifted by MISSING_HIGH")


def test_evidence_has_every_score_in_words(desk: MeetingDesk) -> None:
    task = desk.raised(**UNSURE)
    desk.reassessed(task, BY_BAND[IMMEDIATE])
    made = make_bundle(desk.store, task.reference, "ann", "test", None)
    with zipfile.ZipFile(BytesIO(made.content)) as bundle:
        told = bundle.read("OFFICIAL/scores.txt").decode()
    assert "Scores so far: 24, up to 88." in told
    assert "Sure: LOW confidence, from an intelligence assessment" in told
    assert "Why: New facts" in told


@pytest.mark.parametrize(("sure", "is_said"), [(Confidence.LOW, True), (Confidence.MEDIUM, False), (None, False)])
def test_low_confidence_is_shown_in_pack_inbox_card_and_on_the_board(
    desk: MeetingDesk, sure: Confidence | None, is_said: bool
) -> None:
    task = desk.raised(confidence=sure)
    shown = [
        band_words(task),
        band_words(task, with_score=False),
        card_words(task),
        service_block(task, desk.force, ()),
    ]
    assert ["low confidence" in words for words in shown] == [is_said] * 4
    assert (task.score, task.band) == (24, SCHEDULED)


def test_a_later_assessment_that_is_sure_ends_the_doubt(desk: MeetingDesk) -> None:
    task = desk.raised(**UNSURE)
    assert task.is_unsure
    assert not desk.reassessed(task, BY_BAND[PRIORITY]).is_unsure


def test_moves_are_counted_by_occasion_and_only_within_the_period(desk: MeetingDesk) -> None:
    task = desk.raised(assessment=BY_BAND[SCHEDULED])
    desk.reassessed(task, BY_BAND[PRIORITY])
    desk.clock.advance(DAY)
    desk.reassessed(task, BY_BAND[PRIORITY])
    desk.reassessed(task, BY_BAND[ROUTINE])
    with desk.store.open() as connection:
        both = {row.words: row.numbers for row in rows_of(regrading(connection, MORNING, MORNING + 2 * DAY))}
        first = {row.words: row.numbers for row in rows_of(regrading(connection, MORNING, MORNING + DAY))}
        none = rows_of(regrading(connection, MORNING, MORNING + 2 * DAY, {"DD"}))
    assert both["Band, assessed again on new facts"] == (1, 1, 1)
    assert first["Band, assessed again on new facts"] == (1, 0, 0)
    assert none == ()


def test_a_first_whole_assessment_needs_no_reason_and_the_next_one_does(desk: MeetingDesk) -> None:
    task = desk.raised(assessment=ThriveAssessment(1, 1, None, 0, 0, 0))
    desk.reassessed(task, BY_BAND[SCHEDULED], reason="")
    with pytest.raises(RuleBroken, match="Say why T-1001 is assessed again"):
        desk.reassessed(task, BY_BAND[SCHEDULED], reason=" ")
    assert len(scores(desk, task)) == 2
