"""config/escalation_policy.yaml: what ships follows the policing notes, section 4.2; mistakes are told by line."""

from datetime import timedelta
from pathlib import Path

import pytest

from service.config_files import ConfigError
from service.force_config import load_force
from service.policy_config import length_from, limit_from, load_policy
from tasking.escalation_policy import EscalationPolicy
from tasking.thrive import PriorityBand
from tasking.triggers import TRIGGERS, Limit, MeetingLimit, WorkingDays

CONFIG = Path(__file__).parents[2] / "config"
SHIPPED = (CONFIG / "escalation_policy.yaml").read_text(encoding="utf-8")
FORCE = load_force(CONFIG)[0]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def policy() -> EscalationPolicy:
    return load_policy(CONFIG, FORCE)


def faults_after(folder: Path, old: str, new: str) -> list[str]:
    assert old in SHIPPED
    path = folder / "escalation_policy.yaml"
    path.write_text(SHIPPED.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_policy(folder, FORCE)
    return [fault.removeprefix(f"{path}:") for fault in caught.value.faults]


def test_the_shipped_policy_has_a_rule_for_every_trigger_and_a_version(policy: EscalationPolicy) -> None:
    assert policy.version == "peakshire-2026-12"
    assert {rule.trigger for rule in policy.rules} == set(TRIGGERS)
    assert all(set(rule.decide_within) == set(PriorityBand) for rule in policy.rules if rule.trigger != "STALLED")


def test_a_high_risk_missing_person_goes_straight_to_force_and_the_channel(policy: EscalationPolicy) -> None:
    rule = policy.rules[0]
    assert (rule.trigger, rule.to, rule.notifies_at_once) == ("MISSING_HIGH", "FORCE", True)
    assert rule.decide_within[PriorityBand.IMMEDIATE] == HOUR


def test_overdue_waits_by_band_and_risk_risen_counts_points(policy: EscalationPolicy) -> None:
    rules = {rule.trigger: rule for rule in policy.rules}
    assert list(rules["OVERDUE"].after.values()) == [timedelta(0), timedelta(0), 2 * DAY, 7 * DAY]
    assert rules["RISK_RISEN"].points == 15
    assert rules["RISK_RISEN"].decide_within[PriorityBand.PRIORITY] == 4 * HOUR


def test_a_person_asks_where_a_rule_does_not_notify_first(policy: EscalationPolicy) -> None:
    at_once = {"MISSING_HIGH", "CRITICAL_INCIDENT", "NOT_ACCEPTED", "OVERDUE", "STALLED"}
    assert {rule.trigger for rule in policy.rules if rule.notifies_at_once} == at_once


def test_what_does_not_notify_at_once_is_agreed_to_first_but_for_what_people_ask_on_the_board(
    policy: EscalationPolicy,
) -> None:
    agreed = {rule.trigger for rule in policy.rules if rule.needs_endorsement}
    assert agreed == {rule.trigger for rule in policy.rules if not rule.notifies_at_once} - {"ASKED_BY_LABEL"}


def test_the_limits_of_the_notes_ship(policy: EscalationPolicy) -> None:
    rules = {rule.trigger: rule for rule in policy.rules}
    assert rules["BEYOND_RESOURCES"].decide_within == dict(
        zip(PriorityBand, (HOUR, 4 * HOUR, MeetingLimit.ANY, MeetingLimit.ANY), strict=True)
    )
    assert rules["PARTNER_BLOCKED"].decide_within[PriorityBand.ROUTINE] == WorkingDays(2)
    assert set(rules["REPEAT"].decide_within.values()) == {MeetingLimit.TASKING}
    assert (rules["REPEAT"].count, rules["REPEAT"].within) == (3, 28 * DAY)
    assert (rules["NOT_ACCEPTED"].chase_at, rules["NOT_ACCEPTED"].climb_at) == (1, 2)
    assert (rules["STALLED"].chase_at, rules["STALLED"].to) == (2, "")
    assert rules["CROSS_BORDER"].to == "COMMON"


def test_a_policy_of_two_plain_rules_needs_no_more_than_they_do(tmp_path: Path) -> None:
    path = tmp_path / "escalation_policy.yaml"
    path.write_text(
        "version: bare\nrules:\n"
        "  - {trigger: NOT_ACCEPTED, to: NEXT, notify_at_once: true, decide_within: {IMMEDIATE: 1h}}\n"
        "  - {trigger: OVERDUE, to: NEXT, notify_at_once: true, decide_within: {ROUTINE: 1h}, after: {ROUTINE: 0h}}\n",
        encoding="utf-8",
    )
    first, second = load_policy(tmp_path, FORCE).rules
    assert (first.chase_at, first.climb_at, second.chase_after) == (0, 1, {})


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "trigger: OVERDUE",
            "trigger: OVERDU",
            "unknown trigger 'OVERDU'; did you mean 'OVERDUE'? (known: MISSING_HIGH,",
        ),
        (
            "decide_within: {IMMEDIATE: 30m, PRIORITY: 30m, SCHEDULED: 30m, ROUTINE: 30m}",
            "decide_within: {}",
            "'decide_within' must give a length of time for at least one band",
        ),
        ("trigger: OVERDUE", "trigger: RISK_RISEN", "rule 'RISK_RISEN' is listed twice"),
        ("to: FORCE", "to: REGION", "'to' is 'REGION' (known: NEXT, LPU, DIVISION, FORCE)"),
        ("to: FORCE", "to: COMMON", "'to' is 'COMMON' (known: NEXT, LPU, DIVISION, FORCE)"),
        ("    to: FORCE\n", "", "'to' is missing: the rule MISSING_HIGH needs it"),
        (
            "    notify_at_once: true\n    chase_at: 2",
            "    notify_at_once: true",
            "'chase_at' is missing: the rule STALLED",
        ),
        ("trigger: STALLED\n", "trigger: STALLED\n    to: NEXT\n", "'to' means nothing to the rule STALLED"),
        ("chase_at: 1\n", "chase_at: 3\n", "'climb_at' must not come before 'chase_at'"),
        ("climb_at: 2", "climb_at: 21", "'climb_at' must be 1 to 20"),
        ("    points: 15\n", "    points: 15\n    chase_at: 1\n", "only STALLED and NOT_ACCEPTED have it"),
        ("    within: 28d\n", "", "'within' is missing: the rule REPEAT needs it"),
        ("within: 28d", "within: a month", "'within' must be a length of time like 30m, 4h or 2d"),
        ("count: 3", "count: 1", "'count' must be 2 to 100"),
        ("level: 3", "level: 5", "'level' must be 1 to 4"),
        (
            "ROUTINE: 2w",
            "ROUTINE: 2 weeks",
            "'ROUTINE' must be a length of time like 30m, 4h or 2d, working days like 2w",
        ),
        ("SCHEDULED: meeting", "SCHEDULED: meting", "or one of: meeting, daily meeting, tasking meeting"),
        ("needs_endorsement: false", "needs_endorsement: no way", "'needs_endorsement' must be true or false"),
        ("points: 15", "points: 0", "'points' must be 1 to 100"),
        ("    points: 15\n", "", "'points' is missing: the rule RISK_RISEN needs it"),
        ("    after: {", "    after_wards: {", "unknown key 'after_wards'; did you mean 'after'?"),
        ("    to: FORCE\n", "    to: FORCE\n    points: 3\n", "'points' means nothing to the rule MISSING_HIGH"),
        ("SCHEDULED: 48h", "SCHEDULED: two days", "'SCHEDULED' must be a length of time like 30m, 4h or 2d"),
        ("SCHEDULED: 48h", "SCHEDULED: 48", "'SCHEDULED' must be text"),
        ("SCHEDULED: 48h", "SHEDULED: 48h", "unknown band 'SHEDULED'; did you mean 'SCHEDULED'?"),
        ("notify_at_once: true", "notify_at_once: maybe", "'notify_at_once' must be true or false"),
        ("version: peakshire-2026-12", "version: 2026", "'version' must be text"),
        ("version: peakshire-2026-12", "", "'version' is missing"),
    ],
)
def test_each_way_of_getting_it_wrong_is_told(tmp_path: Path, old: str, new: str, words: str) -> None:
    faults = faults_after(tmp_path, old, new)
    assert any(words in fault for fault in faults), faults


def test_the_fault_stands_on_the_line_that_is_wrong(tmp_path: Path) -> None:
    faults = faults_after(tmp_path, "SCHEDULED: 48h", "SCHEDULED: soon")
    assert faults[0].startswith(f"{SHIPPED[: SHIPPED.index('SCHEDULED: 48h')].count(chr(10)) + 1}: ")


@pytest.mark.parametrize(
    ("text", "length"), [("30m", HOUR / 2), ("0h", timedelta(0)), ("48h", 2 * DAY), ("7d", 7 * DAY)]
)
def test_lengths_are_written_as_minutes_hours_or_days(text: str, length: timedelta) -> None:
    assert length_from(text) == length


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("4h", 4 * HOUR),
        ("2w", WorkingDays(2)),
        ("meeting", MeetingLimit.ANY),
        ("daily meeting", MeetingLimit.DAILY),
        ("tasking meeting", MeetingLimit.TASKING),
    ],
)
def test_a_time_to_decide_may_also_be_working_days_or_a_meeting(text: str, limit: Limit) -> None:
    assert limit_from(text) == limit


@pytest.mark.parametrize("text", ["", "w", "2 w", "weekly meeting", "Meeting", "400w", "900d"])
def test_any_other_time_to_decide_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"must be a length|longer than a year"):
        limit_from(text)


@pytest.mark.parametrize("text", ["", "h", "1", "1 h", "-1h", "1.5h", "2w", "900d", "٣h"])
def test_any_other_way_of_writing_a_length_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"must be a length|longer than a year"):
        length_from(text)
