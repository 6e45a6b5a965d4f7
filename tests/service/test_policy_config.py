"""config/escalation_policy.yaml: what ships follows the policing notes, section 4.2; mistakes are told by line."""

from datetime import timedelta
from pathlib import Path

import pytest

from service.config_files import ConfigError
from service.force_config import load_force
from service.policy_config import length_from, load_policy
from tasking.escalation_policy import CONDITIONS, EscalationPolicy
from tasking.thrive import PriorityBand

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
    assert policy.version == "peakshire-2026-11"
    assert [rule.trigger for rule in policy.rules] == list(CONDITIONS)
    assert all(set(rule.decide_within) == set(PriorityBand) for rule in policy.rules)


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
    assert {rule.trigger for rule in policy.rules if rule.notifies_at_once} == {
        "MISSING_HIGH",
        "NOT_ACCEPTED",
        "OVERDUE",
    }


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "trigger: OVERDUE",
            "trigger: OVERDU",
            "unknown trigger 'OVERDU'; did you mean 'OVERDUE'? (known: MISSING_HIGH,",
        ),
        ("trigger: OVERDUE", "trigger: RISK_RISEN", "rule 'RISK_RISEN' is listed twice"),
        ("to: FORCE", "to: REGION", "'to' is 'REGION' (known: NEXT, LPU, DIVISION, FORCE)"),
        ("points: 15", "points: 0", "'points' must be 1 to 100"),
        ("    points: 15\n", "", "'points' is missing: the rule RISK_RISEN needs it"),
        ("    after: {", "    after_wards: {", "unknown key 'after_wards'; did you mean 'after'?"),
        ("    to: FORCE\n", "    to: FORCE\n    points: 3\n", "'points' means nothing to the rule MISSING_HIGH"),
        ("SCHEDULED: 48h", "SCHEDULED: two days", "'SCHEDULED' must be a length of time like 30m, 4h or 2d"),
        ("SCHEDULED: 48h", "SCHEDULED: 48", "'SCHEDULED' must be text"),
        ("SCHEDULED: 48h", "SHEDULED: 48h", "unknown band 'SHEDULED'; did you mean 'SCHEDULED'?"),
        ("notify_at_once: true", "notify_at_once: maybe", "'notify_at_once' must be true or false"),
        ("version: peakshire-2026-11", "version: 2026", "'version' must be text"),
        ("version: peakshire-2026-11", "", "'version' is missing"),
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


@pytest.mark.parametrize("text", ["", "h", "1", "1 h", "-1h", "1.5h", "2w", "900d", "٣h"])
def test_any_other_way_of_writing_a_length_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"must be a length|longer than a year"):
        length_from(text)
