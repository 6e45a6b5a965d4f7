"""Meetings in config/force.yaml: what ships is the notes' calendar, all of it may be left out, mistakes have lines."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from service.config_files import ConfigError
from service.force_config import load_force
from tasking.decision import DecisionType
from tasking.force import Force
from tasking.meetings import AgendaSection, Authority, Recurrence
from tasking.thrive import PriorityBand
from tests.service.meeting_settings import CONFIG, SHIPPED, Whole, changed, faults_of, kind, meeting_of, put

S = AgendaSection
SECTIONS = ("HP", "DD", "CH", "NB", "AV", "DE", "DN", "DW", "ER", "SD")


@pytest.fixture
def force() -> Force:
    return load_force(CONFIG)[0]


# What ships


def test_every_unit_meets_daily_and_for_its_own_tasking_in_the_notes_hours(force: Force) -> None:
    hours = {"LPU": "08:30", "DIVISION": "09:15", "FORCE": "10:00"}
    for unit in force.units:
        first, last = force.meetings_of(unit)[0], force.meetings_of(unit)[-1]
        assert (first.kind, last.kind) == ("DAILY", "LOCAL" if unit in SECTIONS else "TACTICAL")
        assert first.recurrence is not None
        assert f"{first.recurrence.first:%H:%M}" == hours[force.units[unit].level]


def test_a_units_second_meeting_shares_the_channel_of_its_first_and_needs_no_address_of_its_own(force: Force) -> None:
    local, daily = force.meeting("HP_LOCAL"), force.meeting("HP_DAILY")
    assert local.channel == daily.channel == "Northfell daily tasking"
    assert force.channel_code(local) == force.channel_code(daily) == "HP_DAILY"
    assert force.channel_code(force.meeting("FORCE_MISSING")) == "FORCE_MISSING"
    assert force.channel_code(force.meeting("FORCE_TACTICAL")) == "FORCE_DAILY"
    assert len({force.channel_code(meeting) for meeting in force.meetings}) == 14


def test_local_priorities_come_first_and_partners_see_that_part_alone(force: Force) -> None:
    local = force.meeting_kinds["LOCAL"]
    assert local.agenda[:3] == (S.ATTENDANCE, S.LOCAL_PRIORITIES, S.PARTNER_TASKS) == local.partner_sections
    assert S.MISSING in local.agenda
    assert S.ESCALATIONS not in local.partner_sections


def test_the_daily_meeting_goes_by_exception_and_is_no_tasking_meeting(force: Force) -> None:
    daily = force.meeting_kinds["DAILY"]
    assert (daily.is_daily, daily.is_tasking, daily.most_items) == (True, False, 10)
    assert daily.agenda[1:4] == (S.OVERNIGHT, S.LAST_24_HOURS, S.NEXT_24_HOURS)
    assert daily.agenda[-1] == S.DECISIONS
    others = [force.meeting_kinds[code] for code in ("MISSING", "LOCAL", "TACTICAL")]
    assert {(each.is_daily, each.is_tasking, each.most_items) for each in others} == {(False, True, None)}


def test_every_chair_has_a_deputy_and_every_level_somebody_on_duty(force: Force) -> None:
    assert all(meeting.deputy_roles for meeting in force.meetings)
    assert [level.duty_roles[0] for level in force.levels] == [
        "Duty Inspector",
        "Duty Superintendent",
        "Force Duty Officer",
    ]
    assert all(level.action_manager_role for level in force.levels)
    assert force.authorities["Duty Inspector"] == Authority(
        "Duty Inspector", 40, may_not=(DecisionType.ANALYSIS_COMMISSION, DecisionType.TRANSFER_MAA)
    )
    assert force.authorities["Local Policing Inspector"].highest_band is PriorityBand.PRIORITY


def test_cycles_are_counted_from_the_notes_first_day(force: Force) -> None:
    assert (force.cycle_first_day, force.cycle_days) == (date(2027, 1, 4), 28)


# What may be left out


def test_a_config_from_before_there_was_a_calendar_is_read_as_it_was(tmp_path: Path) -> None:
    def back_then(whole: Whole) -> None:
        for section in ("cycle", "meeting_kinds", "authority"):
            del whole[section]
        for level in whole["levels"]:
            del level["duty_roles"], level["action_manager_role"]
        old = ("code", "name", "unit", "chair_role", "channel")
        whole["meetings"] = [
            {key: each[key] for key in old} for each in whole["meetings"] if each["kind"] in ("DAILY", "MISSING")
        ]

    force = changed(tmp_path, back_then)
    assert (force.meeting_kinds, force.authorities, force.cycle_first_day) == ({}, {}, None)
    assert {meeting.recurrence for meeting in force.meetings} == {None}
    assert {level.duty_roles for level in force.levels} == {()}
    assert force.meeting("HP_DAILY").channel == "Northfell daily tasking"


def test_a_unit_may_have_meetings_and_no_daily_one(tmp_path: Path) -> None:
    def without_daily(whole: Whole) -> None:
        whole["meetings"].remove(meeting_of(whole, "HP_DAILY"))
        meeting_of(whole, "HP_LOCAL")["channel"] = "Northfell tasking"

    assert [meeting.code for meeting in changed(tmp_path, without_daily).meetings_of("HP")] == ["HP_LOCAL"]


def test_what_a_meeting_does_not_say_has_a_sane_value(tmp_path: Path) -> None:
    force = changed(tmp_path, put("HP_DAILY", minutes=None, deputy_roles=None))
    meeting = force.meeting("HP_DAILY")
    assert meeting.recurrence == Recurrence(datetime.fromisoformat("2026-01-05T08:30"), "FREQ=DAILY", 30)
    assert (meeting.deputy_roles, meeting.poster) == ((), "")


def test_a_daily_kind_shows_ten_items_where_it_does_not_say(tmp_path: Path) -> None:
    force = changed(tmp_path, lambda whole: whole["meeting_kinds"][0].pop("most_items"))
    assert force.meeting_kinds["DAILY"].most_items == 10


def test_a_meeting_that_shares_a_channel_shares_its_poster(tmp_path: Path) -> None:
    force = changed(tmp_path, put("HP_DAILY", poster="teams_channel"))
    assert [meeting.poster for meeting in force.meetings_of("HP")] == ["teams_channel", "teams_channel"]
    assert force.meeting("DD_DAILY").poster == ""


def test_meetings_of_one_unit_may_name_the_same_channel(tmp_path: Path) -> None:
    force = changed(tmp_path, put("HP_LOCAL", channel="NORTHFELL daily tasking"))
    assert force.channel_code(force.meeting("HP_LOCAL")) == "HP_DAILY"
    apart = changed(tmp_path, put("HP_LOCAL", channel="Northfell fortnightly"))
    assert apart.channel_code(apart.meeting("HP_LOCAL")) == "HP_LOCAL"


@pytest.mark.parametrize("first", ["2027-01-04 08:30", "2027-01-04T08:30", datetime.fromisoformat("2027-01-04T08:30")])
def test_the_first_day_and_time_may_be_written_in_more_than_one_way(tmp_path: Path, first: object) -> None:
    recurrence = changed(tmp_path, put("HP_DAILY", first=first)).meeting("HP_DAILY").recurrence
    assert recurrence is not None
    assert recurrence.first == datetime.fromisoformat("2027-01-04T08:30")


def test_days_left_out_are_kept_as_days(tmp_path: Path) -> None:
    force = changed(tmp_path, put("HP_DAILY", except_=[date(2027, 12, 25), "2028-01-01"]))
    recurrence = force.meeting("HP_DAILY").recurrence
    assert recurrence is not None
    assert recurrence.exceptions == {date(2027, 12, 25), date(2028, 1, 1)}


# Mistakes

NEVER = "the rule '{}' never occurs"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            put("HP_DAILY", kind="DALY"),
            "meeting kind 'DALY' is not listed under 'meeting_kinds'; did you mean 'DAILY'?",
        ),
        (put("HP_DAILY", kind=None), "'kind' is missing: a meeting of the calendar needs one"),
        (put("HP_DAILY", repeats="FREQ=FORTNIGHTLY"), "the rule 'FREQ=FORTNIGHTLY' cannot be read: 'FREQ=FORTNIGHTLY'"),
        (put("HP_DAILY", repeats="every day"), "the rule 'every day' cannot be read"),
        (
            put("HP_DAILY", repeats="FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"),
            NEVER.format("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"),
        ),
        (put("HP_DAILY", repeats="FREQ=DAILY;UNTIL=20251231"), NEVER.format("FREQ=DAILY;UNTIL=20251231")),
        (put("HP_DAILY", repeats="FREQ=DAILY;COUNT=1", except_=[date(2026, 1, 5)]), "never occurs"),
        (put("HP_DAILY", repeats=None), "'repeats' is missing: a meeting with 'first' needs it"),
        (put("HP_DAILY", first=None), "'first' is missing: a meeting with 'repeats' needs it"),
        (put("HP_DAILY", first="2027-01-04"), "'first' is '2027-01-04'; it must be a day and a time like"),
        (put("HP_DAILY", first=date(2027, 1, 4)), "it must be a day and a time like 2027-01-04 08:30"),
        (put("HP_DAILY", first="Monday 08:30"), "'first' is 'Monday 08:30'; it must be a day and a time"),
        (put("HP_DAILY", first="2027-01-04 08:30+00:00"), "is London time; write it without a time zone"),
        (put("HP_DAILY", first=830), "'first' is '830'; it must be a day and a time"),
        (put("HP_DAILY", minutes=0), "'minutes' is 0; a meeting takes minutes from 5 to 480"),
        (put("HP_DAILY", minutes=481), "'minutes' is 481; a meeting takes minutes from 5 to 480"),
        (put("HP_DAILY", minutes="20"), "'minutes' must be a whole number"),
        (put("HP_DAILY", except_=["Christmas"]), "'except' is 'Christmas', which is no date; write it like 2027-12-25"),
        (put("HP_DAILY", except_=["2027-02-30"]), "'except' is '2027-02-30', which is no date"),
        (put("HP_DAILY", except_=date(2027, 12, 25)), "'except' must be a list of dates"),
        (put("HP_DAILY", exept=[date(2027, 12, 25)]), "unknown key 'exept'; did you mean 'except'?"),
        (put("HP_DAILY", poster="teams_chanel"), "unknown poster 'teams_chanel'; did you mean 'teams_channel'?"),
        (put("HP_DAILY", deputy_roles=["Sergeant", "Sergeant"]), "deputy 'Sergeant' is listed twice"),
        (put("HP_DAILY", deputy_roles=["Duty Inspector"]), "'Duty Inspector' takes the chair"),
        (put("HP_DAILY", channel=None), "'channel' is missing: only a unit's later meetings may leave it out"),
        (
            lambda whole: whole.update(meetings=[each for each in whole["meetings"] if each["unit"] != "HP"]),
            "unit 'HP' needs a meeting, so that its chair has a channel to read in",
        ),
        (
            kind("LOCAL", agenda=["LOCAL_PRIORITY"]),
            "unknown agenda section 'LOCAL_PRIORITY'; did you mean 'LOCAL_PRIOR",
        ),
        (kind("LOCAL", agenda=[]), "'agenda' must list at least one section"),
        (kind("TACTICAL", agenda=["RESULTS", "RESULTS"]), "agenda section 'RESULTS' is listed twice"),
        (
            kind("MISSING", partner_sections=["RESULTS"]),
            "'RESULTS' is for partners, but not on the agenda of 'MISSING'",
        ),
        (kind("MISSING", code="DAILY"), "meeting kind 'DAILY' is listed twice"),
        (kind("DAILY", most_items=0), "'most_items' is 0; items may be 1 to 100"),
        (
            lambda whole: whole["levels"][0].update(duty_roles=["Duty Inspector", "Duty Inspector"]),
            "duty role 'Duty Inspector' is listed twice",
        ),
        (lambda whole: whole["cycle"].update(first_day="January"), "'first_day' is 'January', which is no date"),
        (lambda whole: whole["cycle"].update(days=6), "'days' is 6; a cycle has days from 7 to 366"),
        (
            lambda whole: whole["authority"][0].update(role="Duty Inspecter"),
            "no chair, deputy, duty role or action manager is called 'Duty Inspecter'; did you mean 'Duty Inspector'?",
        ),
        (lambda whole: whole["authority"].append(whole["authority"][0]), "role 'Duty Inspector' is listed twice"),
        (lambda whole: whole["authority"][0].update(most_hours=-1), "'most_hours' is -1.0; hours are 0 to 100000"),
        (lambda whole: whole["authority"][0].update(most_hours=float("nan")), "'most_hours' is nan"),
        (
            lambda whole: whole["authority"][0].update(highest_band="PRIORTY"),
            "unknown band 'PRIORTY'; did you mean 'PRIORITY'?",
        ),
        (
            lambda whole: whole["authority"][0].update(may_not=["NO_TASKNG"]),
            "'NO_TASKNG' is no decision that can be kept from a role; did you mean 'NO_TASKING'?",
        ),
        (
            lambda whole: whole["authority"][0].update(may_not=["ESCALATE"]),
            "'ESCALATE' is no decision that can be kept from a role",
        ),
        (lambda whole: whole.update(meeting_kind=[]), "unknown key 'meeting_kind'; did you mean 'meeting_kinds'?"),
        (lambda whole: whole.update(meeting_kinds={}), "'meeting_kinds' must be a list"),
        (lambda whole: whole.update(levels=3), "'levels' must be a list"),
    ],
)
def test_each_way_of_getting_it_wrong_is_told(tmp_path: Path, change: Callable[[Whole], object], words: str) -> None:
    faults = faults_of(tmp_path, change)
    assert any(words in fault for fault in faults), faults


@pytest.mark.parametrize(
    ("old", "new", "at"),
    [
        ("first: 2026-01-29 10:00", "first: soon", "first: soon"),
        ("most_items: 10", "most_items: ten", "most_items: ten"),
        ("      - OVERNIGHT\n", "      - OVERNITE\n", "      - OVERNITE"),
        ("except: [2026-12-31]", "except: [New Year]", "except: [New Year]"),
        ("{role: Duty Inspector, m", "{role: Duty Inspectr, m", "{role: Duty Inspectr"),
    ],
)
def test_a_fault_stands_on_the_line_that_is_wrong(tmp_path: Path, old: str, new: str, at: str) -> None:
    assert SHIPPED.count(old) == 1
    text = SHIPPED.replace(old, new)
    (tmp_path / "force.yaml").write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_force(tmp_path)
    (fault,) = caught.value.faults
    assert fault.startswith(f"{tmp_path / 'force.yaml'}:{text[: text.index(at)].count(chr(10)) + 1}: ")


def test_a_rule_without_a_day_is_told_on_its_own_line(tmp_path: Path) -> None:
    before, after = SHIPPED.split("first: 2026-01-29 10:00\n    repeats: FREQ=WEEKLY;INTERVAL=4")
    rule = "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=31"
    text = f"{before}first: 2026-01-29 10:00\n    repeats: {rule}{after}"
    (tmp_path / "force.yaml").write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_force(tmp_path)
    line = text[: text.index(rule)].count("\n") + 1
    assert caught.value.faults == (
        f"{tmp_path / 'force.yaml'}:{line}: the rule '{rule}' never occurs: "
        "from 2026-01-29 10:00 on it gives no day within ten years",
    )


def test_a_broken_first_meeting_makes_no_fault_of_the_one_that_shares_its_channel(tmp_path: Path) -> None:
    assert len(faults_of(tmp_path, put("HP_DAILY", name=7))) == 1


def test_a_broken_kind_makes_no_fault_of_the_meetings_of_that_kind(tmp_path: Path) -> None:
    assert len(faults_of(tmp_path, kind("DAILY", name=7))) == 1


def test_the_end_of_a_cycle_is_told_to_the_levels_that_config_names_else_to_the_highest(tmp_path: Path) -> None:
    assert changed(tmp_path, lambda whole: None).cycle_report_to == ("FORCE", "DIVISION")
    assert changed(tmp_path, lambda whole: whole["cycle"].pop("report_to")).cycle_report_to == ("FORCE",)
    (fault,) = faults_of(tmp_path, lambda whole: whole["cycle"].update(report_to=["FORCES"]))
    assert "level 'FORCES' is not listed under 'levels'" in fault


def test_strategic_meetings_of_force_and_divisions_have_their_policy_and_slips_have_their_line(
    force: Force, tmp_path: Path
) -> None:
    for code, level in (("FORCE_STRATEGIC", "FORCE"), ("DIV_N_STRATEGIC", "DIVISION"), ("DIV_S_STRATEGIC", "DIVISION")):
        meeting = force.meeting(code)
        found = force.kind_of(meeting)
        assert found is not None
        assert force.level_of(meeting.unit).code == level
        assert (found.policy_url[:8], found.longest_gap, found.interim_percent) == ("https://", timedelta(days=100), 50)
        assert found.sets_control_strategy is (level == "FORCE")
    for wrong in ({"policy_url": "policy.docx"}, {"longest_gap": "a while"}, {"interim_percent": 100}):
        (fault,) = faults_of(tmp_path, kind("STRATEGIC", **wrong))
        assert next(iter(wrong)) in fault
