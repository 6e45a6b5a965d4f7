"""Stages of an agenda and rosters of meetings in config/force.yaml: what ships, and mistakes with their lines."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from service.force_config import load_force
from tasking.force import Force
from tests.service.meeting_settings import CONFIG, Whole, faults_of, put


@pytest.fixture
def force() -> Force:
    return load_force(CONFIG)[0]


# Stages


def staged(**changes: Any) -> Callable[[Whole], object]:
    """The fortnightly meeting's stages with some of them changed."""

    def change(whole: Whole) -> None:
        local = next(each for each in whole["meeting_kinds"] if each["code"] == "LOCAL")
        stages = local["stages"] | {name: value for name, value in changes.items() if name.isupper()}
        local["stages"] = {name: value for name, value in stages.items() if value is not None}
        local.update({name: value for name, value in changes.items() if name.islower()})

    return change


def test_the_fortnightly_meeting_ships_with_all_its_sections_in_four_stages(force: Force) -> None:
    local = force.meeting_kinds["LOCAL"]
    assert [stage.value for stage, _ in local.stages] == ["REVIEW", "PRIORITISE", "PLAN", "TASK"]
    assert {section for _, sections in local.stages for section in sections} == set(local.agenda)
    assert force.meeting_kinds["DAILY"].stages == ()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (staged(PLAN=None), "stage 'PLAN' is missing"),
        (staged(PLANS=["RESOURCES"]), "unknown stage 'PLANS'; did you mean 'PLAN'"),
        (staged(PLAN=["PARTNER_TASKS"]), "'RESOURCES' is on the agenda of 'LOCAL' and in no stage"),
        (staged(PLAN=["PARTNER_TASKS", "RESOURCES", "OVERNIGHT"]), "'OVERNIGHT' is in a stage, but not on the agenda"),
        (staged(PLAN=["PARTNER_TASKS", "RESOURCES", "RESULTS"]), "'RESULTS' is in two stages"),
        (
            staged(
                REVIEW=["ATTENDANCE", "RESULTS"], TASK=["DUE_AND_OVERDUE", "NEW_TASKS", "DE_ESCALATIONS", "DECISIONS"]
            ),
            "REVIEW needs DUE_AND_OVERDUE or ACTIONS_OUTSTANDING in its police part",
        ),
        (
            staged(PLAN=["PARTNER_TASKS", "MISSING"], PRIORITISE=["LOCAL_PRIORITIES", "ESCALATIONS", "RESOURCES"]),
            "the agenda goes back to an earlier stage in the police part",
        ),
        (staged(daily=True), "cannot have stages"),
        (staged(most_items=5), "cannot have stages"),
    ],
)
def test_stages_that_would_skip_something_are_refused_with_the_line(
    tmp_path: Path, change: Callable[[Whole], object], sentence: str
) -> None:
    assert any(sentence in fault and fault.split(":")[0].isdigit() for fault in faults_of(tmp_path, change))


# The roster


def test_the_fortnightly_meeting_ships_with_a_roster_of_roles_agencies_and_deputies(force: Force) -> None:
    meeting = force.meeting("HP_LOCAL")
    assert (len(meeting.roster), meeting.quorum) == (6, 4)
    assert meeting.roster[4].words == "Community Safety Officer, Peakshire Council (or Anti-social Behaviour Officer)"
    assert force.meeting("HP_DAILY").roster == ()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"quorum": 7}, "7 are needed, but the roster of 'HP_LOCAL' has 6"),
        ({"roster": [{"role": "Analyst"}] * 2, "quorum": 1}, "'Analyst' is listed twice in the roster"),
        ({"roster": [{"role": "Analyst", "deputies": ["Analyst"]}], "quorum": 1}, "cannot be its own deputy"),
        ({"roster": [{"role": "Analyst", "deputies": ["A", "A"]}], "quorum": 1}, "deputy 'A' is listed twice"),
        ({"roster": [{"role": "Council: Officer"}], "quorum": 1}, "a role has no ':'"),
    ],
)
def test_a_roster_that_cannot_be_is_refused_with_the_line(tmp_path: Path, fields: Whole, sentence: str) -> None:
    assert any(
        sentence in fault and fault.split(":")[0].isdigit() for fault in faults_of(tmp_path, put("HP_LOCAL", **fields))
    )
