"""config/force.yaml: what ships is whole, and each way of getting it wrong is told with its line."""

from datetime import timedelta
from pathlib import Path

import pytest

from service.config_files import ConfigError
from service.force_config import load_force
from tasking.force import RESTRICTED_BOARD, TRIAGE, Force
from tasking.task import Status, Task
from tasking.thrive import PriorityBand

CONFIG = Path(__file__).parents[2] / "config"
SHIPPED = (CONFIG / "force.yaml").read_text(encoding="utf-8")
SECTIONS = ("HP", "DD", "CH", "NB", "AV", "DE", "DN", "DW", "ER", "SD")


@pytest.fixture
def force() -> Force:
    return load_force(CONFIG)[0]


def faults_after(folder: Path, old: str, new: str) -> list[str]:
    """The faults of force.yaml with one change, each as `line: words`."""
    assert SHIPPED.count(old) == 1, f"{old!r} stands {SHIPPED.count(old)} times in force.yaml"
    path = folder / "force.yaml"
    path.write_text(SHIPPED.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_force(folder)
    assert all(fault.startswith(f"{path}:") for fault in caught.value.faults)
    return [fault.removeprefix(f"{path}:") for fault in caught.value.faults]


def line_of(text: str) -> int:
    return SHIPPED[: SHIPPED.index(text)].count("\n") + 1


def test_every_section_climbs_to_its_division_and_then_to_the_force(force: Force) -> None:
    assert [level.code for level in force.levels] == ["LPU", "DIVISION", "FORCE"]
    for code in SECTIONS:
        division = force.unit_at(code, "DIVISION")
        assert division.code == ("DIV_N" if code in SECTIONS[:5] else "DIV_S")
        assert force.unit_at(code, "FORCE").code == "PKS"


def test_every_unit_has_a_board_and_a_meeting_with_a_channel(force: Force) -> None:
    assert set(force.boards) == set(force.units)
    assert len({board.group_nickname for board in force.boards.values()}) == len(force.units) == 13
    for unit in force.units:
        meeting = force.meeting_of(unit)
        assert meeting is not None
        assert meeting.channel
    of_the_force = [meeting.code for meeting in force.meetings_of("PKS")]
    assert of_the_force == ["FORCE_DAILY", "FORCE_MISSING", "FORCE_STRATEGIC", "FORCE_TACTICAL"]


def test_what_is_restricted_has_a_board_in_a_group_that_no_unit_has(force: Force) -> None:
    apart = force.restricted_board
    assert apart is not None
    assert (apart.unit, apart.goes_by) == ("PKS", RESTRICTED_BOARD)
    assert apart.group_nickname not in {board.group_nickname for board in force.boards.values()}
    assert list(force.every_board) == [*force.boards, RESTRICTED_BOARD]
    assert force.board_name(RESTRICTED_BOARD) == "Peakshire restricted tasking"


def test_a_force_may_leave_the_restricted_board_out(tmp_path: Path) -> None:
    start, end = (SHIPPED.index(words) for words in ("restricted_board:\n", "# Where responses to the forms arrive:"))
    (tmp_path / "force.yaml").write_text(SHIPPED[:start] + SHIPPED[end:], encoding="utf-8")
    force = load_force(tmp_path)[0]
    assert force.restricted_board is None
    assert force.every_board == force.boards


RESTRICTED_ENTRY = "restricted_board:\n  unit: PKS\n  group_nickname: pks-tasking-restricted"


@pytest.mark.parametrize(
    ("new", "line", "words"),
    [
        (
            "restricted_board:\n  unit: PSK\n  group_nickname: pks-tasking-restricted",
            1,
            "unit 'PSK' is not listed under 'units'. Did you mean 'PKS'?",
        ),
        (
            "restricted_board:\n  unit: PKS\n  group_nickname: pks-tasking-hp",
            2,
            "group 'pks-tasking-hp' is a unit's: whoever is in it would see the restricted board",
        ),
    ],
    ids=["a unit that is not there", "a unit's group"],
)
def test_a_mistake_in_the_restricted_board_is_told_with_its_line(
    tmp_path: Path, new: str, line: int, words: str
) -> None:
    faults = faults_after(tmp_path, RESTRICTED_ENTRY, new)
    assert len(faults) == 1
    assert faults[0].startswith(f"{line_of(RESTRICTED_ENTRY) + line}:")
    assert words.split(".")[0] in faults[0]


def test_triage_is_the_first_of_twelve_pillars_and_three_are_restricted(force: Force) -> None:
    assert len(force.pillars) == 12
    assert next(iter(force.pillars)) == TRIAGE
    restricted = {code for code, pillar in force.pillars.items() if pillar.restricted}
    assert restricted == {"MISSING_EXPLOITATION", "DOMESTIC_ABUSE_VAWG", "SOC_DRUGS"}


def test_bands_have_the_first_four_label_slots_and_levels_the_last_three(force: Force) -> None:
    assert [force.labels[f"BAND_{band}"].slot for band in PriorityBand] == [1, 2, 3, 4]
    assert {label.slot for label in force.labels.values()} == set(range(1, 26))
    assert [force.labels[f"LEVEL_{level.code}"].slot for level in force.levels] == [23, 24, 25]
    assert all(label.kept_by_service for code, label in force.labels.items() if code.startswith("LEVEL_"))
    asking = force.labels["ESCALATE_ASKED"]
    assert (asking.slot, asking.name, asking.kept_by_service) == (22, "Ask: escalate", False)


def test_every_label_that_the_service_keeps_on_a_task_is_marked_so(force: Force, any_task: Task) -> None:
    assert len(any_task.service_labels) == 5
    assert all(force.labels[code].kept_by_service for code in any_task.service_labels)


def test_the_intake_list_lies_in_the_group_of_the_force_board(force: Force) -> None:
    intake = load_force(CONFIG)[1]
    assert intake.group_nickname == force.boards["PKS"].group_nickname
    assert intake.columns.answers == "Answers"
    assert str(intake.time_zone) == "Europe/London"
    assert "999" in intake.replies["LIVE_RISK"]
    assert "covert" in intake.replies["COVERT"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("{code: RURAL, label", "{code: ROADS, label", "pillar 'ROADS' is listed twice; the first is on line {ROADS}"),
        (
            "label: Roads policing",
            "label: ASB and local priorities",
            "pillar label 'asb and local priorities' is listed twice",
        ),
        ("label: Roads policing", "lable: Roads policing", "unknown key 'lable'; did you mean 'label'?"),
        ("label: Roads policing", f"label: {'Roads ' * 8}end", "'label' is 51 characters long; 40 is the most"),
        ("{code: TRIAGE, label: 0 A", "{code: TRIAGED, label: 0 A", "pillar 'TRIAGE' is missing"),
        (
            "restricted: true, meeting: FORCE_MISSING",
            "meeting: FORCE_MISSING",
            "only a restricted pillar has a channel",
        ),
        ("meeting: FORCE_MISSING", "meeting: FORCE_MISING", "did you mean 'FORCE_MISSING'?"),
        ('"PMP[- ]?(\\\\d{1,6})"', '"PMP[- ]?(\\\\d{1,6}"', "the pattern of 'PMP' is not one"),
        ("written: PMP-{0}", "written: PMP-{1}", "'written' of 'PMP' names more parts than its pattern has"),
        ("example: PMP-118", "example: PMP 118", "the example of 'PMP' must be what"),
        ("code: CUSTODY\n", "code: CRIME\n", "kind of reference 'CRIME' is listed twice"),
        ("label: 0 Awaiting triage}", "label: 0 Awaiting triage, retired: true}", "pillar 'TRIAGE' cannot be retired"),
        (
            "name: Northfell, level: LPU, parent: DIV_N",
            "name: Northfell, level: LPU, parent: DIV_X",
            "unit 'DIV_X' is not",
        ),
        (
            "name: Northfell, level: LPU, parent: DIV_N",
            "name: Northfell, level: LPU, parent: PKS",
            "must be a unit of level",
        ),
        ("name: Northfell, level: LPU, parent: DIV_N", "name: Northfell, level: LPU", "unit 'HP' needs a 'parent'"),
        ("name: Northfell, level: LPU", "name: Northfell, level: LPX", "level 'LPX' is not listed under 'levels'"),
        ("slot: 8,", "slot: 9,", "label slot '9' is listed twice"),
        ("slot: 8,", "slot: 26,", "'slot' is 26; Planner has the label slots 1 to 25"),
        ("slot: 8,", "slot: eight,", "'slot' must be a whole number"),
        ('"Blocked", kept_by: people', '"Blocked", kept_by: service', "label 'BLOCKED' must be kept by people"),
        ('"Escalated", kept_by: service', '"Escalated", kept_by: people', "label 'ESCALATED' must be kept by service"),
        (
            '"Escalated", kept_by: service',
            '"Escalated", kept_by: nobody',
            "'kept_by' must be one of 'service' or 'people'",
        ),
        ("code: ESCALATE_ASKED", "code: ASK_UP", "label 'ESCALATE_ASKED' is missing: the service needs it"),
        ("group_nickname: pks-tasking-hp", "group_nickname: pks-tasking-dd", "group 'pks-tasking-dd' is listed twice"),
        ("group_nickname: pks-tasking-hp", "group_nickname: PKS tasking", "must be small letters, digits and hyphens"),
        ("- unit: HP\n    group", "- unit: XX\n    group", "unit 'HP' needs a board for its tasks to stand on"),
        ("channel: Northfell daily tasking", "channel: 'Northfell: daily'", "must be a name that Teams takes"),
        ("reference_prefix: T\n", "reference_prefix: tsk\n", "'reference_prefix' must be one to four capital letters"),
        ("triage_unit: PKS", "triage_unit: PKZ", "unit 'PKZ' is not listed under 'units'; did you mean 'PKS'?"),
        ("deleted_task_policy: restore", "deleted_task_policy: keep", "must be one of 'restore' or 'accept'"),
        (
            "name: Division\n    rank: 2",
            "name: Division\n    rank: 1",
            "level rank '1' is listed twice",
        ),
        ("code: LEVEL_LPU,", "code: LEVEL_LUP,", "level 'LUP' is not listed under 'levels'"),
        (
            'name: "Level: force", kept_by: service',
            'name: "Level: force", kept_by: people',
            "label 'LEVEL_FORCE' must be kept by service",
        ),
        ("time_zone: Europe/London", "time_zone: London", "'London' is not a time zone"),
        ("responder: Responder", "responder: Answers", "column 'Answers' is named twice"),
        ("responder: Responder\n", "\n", "'responder' is missing"),
        ("  group_nickname: pks-tasking-force\n  list", "  group_nickname: pks-x\n  list", "is the group of no board"),
        ("\nmeetings:", "\nmeatings:", "unknown key 'meatings'; did you mean 'meetings'?"),
        ("\nmeetings:", "\nmeatings:", "'meetings' is missing"),
    ],
)
def test_each_way_of_getting_it_wrong_is_told_with_its_line(tmp_path: Path, old: str, new: str, words: str) -> None:
    faults = faults_after(tmp_path, old, new)
    words = words.replace("{ROADS}", str(line_of("{code: ROADS")))
    assert any(words in fault for fault in faults), faults


def test_the_line_named_is_the_line_of_the_fault(tmp_path: Path) -> None:
    (fault,) = faults_after(tmp_path, "{code: RURAL, label", "{code: ROADS, label")
    assert (
        fault
        == f"{line_of('{code: RURAL')}: pillar 'ROADS' is listed twice; the first is on line {line_of('{code: ROADS')}"
    )


def test_two_faults_far_apart_are_both_told_in_one_go(tmp_path: Path) -> None:
    text = SHIPPED.replace("rank: 3", "rank: three").replace("parent: DIV_S", "parent: DIV_Z")
    (tmp_path / "force.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_force(tmp_path)
    assert sum("unit 'DIV_Z' is not listed" in fault for fault in caught.value.faults) == 5
    assert any("'rank' must be a whole number" in fault for fault in caught.value.faults)


def test_one_broken_entry_does_not_make_faults_of_what_refers_to_it(tmp_path: Path) -> None:
    faults = faults_after(tmp_path, "{code: HP, name: Northfell", "{code: HP, name: 7")
    assert len(faults) == 1


def test_an_empty_file_names_every_section_that_is_missing(tmp_path: Path) -> None:
    (tmp_path / "force.yaml").write_text("", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_force(tmp_path)
    assert len(caught.value.faults) == 9


@pytest.fixture
def any_task() -> Task:
    """A task with as many of the service's labels as one can have at a time."""
    values = {name: None for name in Task.__dataclass_fields__}
    shown = {"stands_on": ("HP", "DIV_N"), "band": PriorityBand.PRIORITY, "decision_needed": True, "was_returned": True}
    return Task(**{**values, **shown, "status": Status.COMPLETED})  # type: ignore[arg-type]


def test_a_pillar_may_have_time_limits_of_its_own_and_a_slip_has_its_line(force: Force, tmp_path: Path) -> None:
    wanted = force.pillars["WANTED_SUSPECTS"]
    assert (wanted.accept_within, wanted.finish_within) == (timedelta(hours=8), timedelta(days=7))
    assert force.pillars["ROADS"].accept_within is None
    line = line_of("accept_within: 8h")
    for wrong in ("soon", "0h"):
        (fault,) = faults_after(tmp_path, "accept_within: 8h", f"accept_within: {wrong}")
        assert fault.startswith(f"{line}:")
        assert "accept_within" in fault
