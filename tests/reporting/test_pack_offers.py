"""Packs of divisions show what units offer beside what is asked for, and suggest a match by a rule that they print."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from reporting.meeting_pack import build_pack
from reporting.pack_shape import asked_lines
from store.tables import offers as rows
from tasking.errors import RuleBroken
from tasking.force import Force, Skill
from tasking.meetings import AgendaSection
from tasking.offers import MATCH_RULE, Offer
from tasking.offers_between_units import make_offer, withdraw_offer
from tasking.task import ExternalReference, Task, TaskText
from tests.peakshire import BY_BAND, HOUR, IMMEDIATE
from tests.reporting.meeting_desk import MeetingDesk

SKILLS = {"DRONE": Skill("DRONE", "Drone", ("drones",)), "DOGS": Skill("DOGS", "Dog unit", ("dogs",))}


def force_of(desk: MeetingDesk) -> Force:
    return replace(desk.force, skills=SKILLS)


def offered(desk: MeetingDesk, unit: str = "DD", skill: str = "DRONE", within: str = "", hours: float = 8) -> Offer:
    now = desk.clock.now()
    with desk.act() as uow:
        return make_offer(uow, force_of(desk), unit, skill, 2, now, now + hours * HOUR, within, "ann")


def lines(desk: MeetingDesk, code: str = "DIV_N_TACTICAL") -> list[str]:
    meeting, at = desk.force.meeting(code), datetime.fromisoformat("2026-11-19T10:00+00:00")
    with desk.store.open() as connection:
        pack = build_pack(connection, force_of(desk), meeting, at, desk.clock.now())
    found = [section.lines for section in pack.sections if section.code == AgendaSection.RESOURCES]
    return [line for each in found for line in each]


def asking(desk: MeetingDesk, words: str, **changes: object) -> Task:
    """A task of the division's own that wants people or equipment."""
    return desk.raised(**{"unit": "DIV_N", "wanted": "RESOURCES", "text": TaskText(ask=words), **changes})


def suggested(desk: MeetingDesk) -> list[str]:
    return [line for line in lines(desk) if line.startswith("Suggested")]


def test_an_offer_stands_in_the_pack_with_unit_window_and_area_and_the_rule_is_printed(desk: MeetingDesk) -> None:
    offered(desk)
    first, *others = lines(desk)
    assert first.startswith("OFFER-1001: Dalesmere offers 2 × Drone, Mon 2 Nov 08:30 to Mon 2 Nov 16:30")
    assert first.endswith("within Peakshire")
    assert others == [f"Rule: {MATCH_RULE}"]


def test_it_is_suggested_for_the_highest_request_that_names_its_skill_and_for_no_other(desk: MeetingDesk) -> None:
    asking(desk, "Two drones from noon")
    asking(desk, "A dog")
    urgent = asking(desk, "One Drone now", assessment=BY_BAND[IMMEDIATE])
    offered(desk)
    assert suggested(desk) == [f"Suggested for {urgent.reference}: OFFER-1001"]


@pytest.mark.parametrize(("within", "is_suggested"), [("DIV_N", True), ("PKS", True), ("DD", False)])
def test_it_is_suggested_only_where_the_request_is_of_a_unit_within_its_area(
    desk: MeetingDesk, within: str, is_suggested: bool
) -> None:
    asking(desk, "drone")
    offered(desk, within=within)
    assert bool(suggested(desk)) is is_suggested


def test_of_several_offers_the_nearest_unit_s_is_suggested(desk: MeetingDesk) -> None:
    task = asking(desk, "drone")
    offered(desk, unit="PKS")
    near = offered(desk, unit="DIV_N", within="PKS")
    assert suggested(desk) == [f"Suggested for {task.reference}: {near.offer_ref}"]


def test_nothing_is_suggested_for_a_restricted_task(desk: MeetingDesk) -> None:
    asking(desk, "drone", pillar="MISSING_EXPLOITATION")
    offered(desk)
    assert suggested(desk) == []


def test_an_offer_that_is_over_or_withdrawn_is_in_no_pack_and_stays_on_record(desk: MeetingDesk) -> None:
    over, taken_back = offered(desk, hours=1), offered(desk)
    with desk.act() as uow:
        withdraw_offer(uow, taken_back.offer_ref.lower(), "ann", "The drone is broken.")
    desk.clock.advance(HOUR - timedelta(seconds=1))
    assert [line[:10] for line in lines(desk)][:1] == [over.offer_ref]
    desk.clock.advance(timedelta(seconds=1))
    assert lines(desk) == []
    assert [row["what"] for row in desk.rows(rows)] == ["OFFERED", "OFFERED", "WITHDRAWN"]


@pytest.mark.parametrize(("pillar", "is_shown"), [("ROADS", True), ("MISSING_EXPLOITATION", False)])
def test_a_task_in_the_pack_has_its_references_in_other_systems_unless_it_is_restricted(
    desk: MeetingDesk, pillar: str, is_shown: bool
) -> None:
    task = asking(desk, "dog", pillar=pillar, external_references=(ExternalReference("PMP", "PMP-118"),))
    meeting, at = desk.force.meeting("DIV_N_TACTICAL"), datetime.fromisoformat("2026-11-19T10:00+00:00")
    with desk.store.open() as connection:
        pack = build_pack(connection, force_of(desk), meeting, at, desk.clock.now())
    (item,) = [each for each in pack.items if each.reference == task.reference]
    assert ("Elsewhere" in dict(asked_lines(item))) is is_shown


def test_a_section_s_pack_shows_no_offers(desk: MeetingDesk) -> None:
    offered(desk)
    assert lines(desk, "HP_LOCAL") == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"unit": "XX"}, "There is no unit XX"),
        ({"skill": "BOAT"}, "There is no skill BOAT; there are DRONE, DOGS."),
        ({"hours": 0}, "The offer has to end after it begins"),
        ({"within": "YY"}, "There is no unit YY"),
    ],
)
def test_an_offer_that_cannot_be_is_refused_with_what_to_mend(
    desk: MeetingDesk, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(RuleBroken, match=words):
        offered(desk, **changes)  # type: ignore[arg-type]
    assert desk.rows(rows) == []


def test_an_offer_is_withdrawn_once_and_with_a_reason(desk: MeetingDesk) -> None:
    made = offered(desk)
    for because, words in ((" ", "Say why"), ("Broken.", ""), ("Broken.", "No offer OFFER-1001 stands")):
        with desk.act() as uow:
            if words:
                with pytest.raises(RuleBroken, match=words):
                    withdraw_offer(uow, made.offer_ref, "ann", because)
            else:
                withdraw_offer(uow, made.offer_ref, "ann", because)
