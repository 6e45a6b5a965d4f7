"""A meeting reviews, prioritises, plans and tasks, in that order; what is overdue for review does not skip it."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reporting.pack_documents import pack_docx
from reporting.pack_page import pack_html
from reporting.pack_parts import Pack
from reporting.pack_shape import stage_before
from service.force_config import load_force
from tasking import agenda_building as building
from tasking.agenda_building import NewPoint
from tasking.decision import DecisionType
from tasking.errors import RuleBroken
from tasking.meetings import Stage
from tests.peakshire import DAY, HOUR, PRIORITY, SCHEDULED
from tests.reporting.meeting_desk import MEETS_AT, MeetingDesk
from tests.reporting.test_built_agenda import leave_out
from tests.reporting.test_pack_documents import headings as docx_headings
from tests.reporting.test_pack_documents import opened

LOCAL, LOCAL_AT = "HP_LOCAL 2026-11-10", datetime(2026, 11, 10, 10, tzinfo=UTC)
NEXT_AT = LOCAL_AT + 14 * DAY
CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture
def desk(desk: MeetingDesk) -> MeetingDesk:
    """The fortnightly meeting has the stages that ship."""
    shipped = load_force(CONFIG)[0].meeting_kinds["LOCAL"]
    desk.force = replace(desk.force, meeting_kinds=desk.force.meeting_kinds | {"LOCAL": shipped})
    return desk


def stages(pack: Pack) -> list[tuple[str, str]]:
    """Part and stage of each point."""
    return [(section.part, section.stage) for section in pack.sections]


def under_review(pack: Pack) -> list[str]:
    """References under the points of the review stage."""
    return [item.reference for section in pack.sections if section.stage == "Review" for item in section.items]


def test_the_fortnightly_meeting_goes_through_the_four_stages_in_each_part(desk: MeetingDesk) -> None:
    assert list(dict.fromkeys(stages(desk.pack("HP_LOCAL", LOCAL_AT)))) == [
        ("partners", "Review"),
        ("partners", "Prioritise"),
        ("partners", "Plan"),
        ("police", "Review"),
        ("police", "Prioritise"),
        ("police", "Plan"),
        ("police", "Task"),
    ]


def test_page_and_document_head_each_stage_once_and_a_meeting_without_stages_none(desk: MeetingDesk) -> None:
    pack = desk.pack("HP_LOCAL", LOCAL_AT)
    headings = [words for number in range(1, len(pack.sections) + 1) if (words := stage_before(pack, number))]
    assert headings[3:] == [
        "Stage 1 of 4: Review",
        "Stage 2 of 4: Prioritise",
        "Stage 3 of 4: Plan",
        "Stage 4 of 4: Task",
    ]
    for words in headings[3:]:
        assert pack_html(pack).count(f'<h2 class="part">{words}</h2>') == headings.count(words)
        assert words in docx_headings(opened(pack_docx(pack)))
    assert "Stage 1 of 4" not in pack_html(desk.pack())


def test_what_is_overdue_for_review_stays_in_the_review_stage_of_the_next_pack_until_it_is_decided(
    desk: MeetingDesk,
) -> None:
    task = desk.taken_on(desk.escalated(desk.banded(PRIORITY)))
    desk.decide(task, DecisionType.ESCALATION_RETURN, review_at=MEETS_AT + DAY)
    desk.clock.at = LOCAL_AT - 2 * DAY
    for starts_at in (LOCAL_AT, NEXT_AT):
        desk.clock.at = starts_at - 2 * HOUR
        assert task.reference in under_review(desk.pack("HP_LOCAL", starts_at))
        with pytest.raises(RuleBroken, match="overdue for review and cannot be left out"):
            leave_out(desk, task.reference, meeting=desk.ref("HP_LOCAL", starts_at))
        with pytest.raises(RuleBroken, match="overdue for review and cannot be left out"):
            leave_out(desk, "DUE_AND_OVERDUE", meeting=desk.ref("HP_LOCAL", starts_at))


def test_what_is_not_overdue_can_be_left_out_of_its_stage(desk: MeetingDesk) -> None:
    task = desk.taken_on(desk.banded(SCHEDULED, pillar="ASB_NEIGHBOURHOOD"))
    leave_out(desk, task.reference, meeting=LOCAL)
    leave_out(desk, "LOCAL_PRIORITIES", meeting=LOCAL)
    pack = desk.pack("HP_LOCAL", LOCAL_AT)
    assert task.reference not in {item.reference for item in pack.items}


def test_a_point_by_hand_says_its_stage_and_stands_at_the_end_of_it(desk: MeetingDesk) -> None:
    with desk.act() as uow, pytest.raises(RuleBroken, match="Say at which stage of the meeting it comes: REVIEW, PRIO"):
        building.add_point(uow, desk.force, LOCAL, "olu", NewPoint(words="Staffing"))
    with desk.act() as uow:
        step = building.add_point(uow, desk.force, LOCAL, "olu", NewPoint(words="Staffing", stage=Stage.PLAN))
    pack = desk.pack("HP_LOCAL", LOCAL_AT)
    codes = [section.code for section in pack.sections]
    assert codes[codes.index(step.point) - 1 :][:3] == ["RESOURCES", step.point, "NEW_TASKS"]
    with desk.act() as uow, pytest.raises(RuleBroken, match="a point stays in its own"):
        building.move_point(uow, desk.force, LOCAL, "olu", step.point, "DUE_AND_OVERDUE")
