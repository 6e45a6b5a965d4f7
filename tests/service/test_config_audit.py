"""Other rules or other config than last time: one line in the audit log says what, when the service starts."""

from pathlib import Path

import pytest

from service.config_audit import note_config
from store.tables import audit_log
from tasking.audit import AuditKind
from tests.peakshire import Desk, open_desk


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A folder of config."""
    for name in ("force.yaml", "escalation_policy.yaml", "forms/raise_task.yaml", "demo/tasks.yaml"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"version: 1 of {name}")
    return tmp_path


def noted(desk: Desk, config: Path, version: str = "pks-1") -> bool:
    return note_config(desk.store, config, version)


def test_the_first_start_notes_what_is_in_force_and_the_same_again_notes_nothing(config: Path) -> None:
    with open_desk() as desk:
        assert noted(desk, config)
        assert not noted(desk, config)
        (line,) = desk.rows(audit_log)
    assert (line["kind"], line["actor"], line["object_ref"]) == (AuditKind.CONFIGURATION, "service", "config")
    assert line["changes"]["policy_version"] == [None, "pks-1"]
    assert set(line["changes"]) == {"policy_version", "force.yaml", "escalation_policy.yaml", "forms/raise_task.yaml"}


def test_another_version_of_the_policy_is_noted_with_the_one_before(config: Path) -> None:
    with open_desk() as desk:
        assert noted(desk, config)
        assert noted(desk, config, "pks-2")
        assert desk.rows(audit_log)[-1]["changes"]["policy_version"] == ["pks-1", "pks-2"]


def test_a_file_that_changed_came_or_went_is_noted_once_and_by_its_hash_alone(config: Path) -> None:
    with open_desk() as desk:
        assert noted(desk, config)
        (config / "force.yaml").write_text("geheim")
        (config / "forms" / "raise_task.yaml").unlink()
        (config / "forms" / "return_task.yaml").write_text("new")
        assert noted(desk, config)
        assert not noted(desk, config)
        changes = desk.rows(audit_log)[-1]["changes"]
    before, after = changes["force.yaml"]
    assert before != after
    assert before.startswith("sha256:")
    assert changes["forms/raise_task.yaml"][1] is None
    assert changes["forms/return_task.yaml"][0] is None
    assert len(set(changes["escalation_policy.yaml"])) == 1
    assert "geheim" not in str(changes)


def test_going_back_to_what_was_before_is_a_change_like_any_other(config: Path) -> None:
    with open_desk() as desk:
        assert [noted(desk, config, version) for version in ("pks-1", "pks-2", "pks-1")] == [True, True, True]
        assert len(desk.rows(audit_log)) == 3
