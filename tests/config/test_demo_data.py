"""config/demo: our copy of the 25 invented tasks holds together with the forms, the force and the score."""

import json
import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from forms_ingest.form_mapping import Answers, Source, read_answers
from forms_ingest.submissions import Submitted, to_raise
from service.config_files import ConfigFile
from service.force_config import load_force
from service.form_config import load_forms
from tasking.thrive import score

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "config"
SHARED = ROOT.parent / "shared" / "domain" / "demo_tasks.json"
FORCE, INTAKE = load_force(CONFIG)
FORM = load_forms(CONFIG, FORCE, INTAKE)["raise_task"]
TASKS: list[dict[str, Any]] = ConfigFile(CONFIG / "demo" / "tasks.yaml").data["tasks"]
PEOPLE: list[dict[str, Any]] = ConfigFile(CONFIG / "demo" / "people.yaml").data["people"]
SUBMITTED = Submitted(
    "raise_task", "1", "T-1001", "pc.somebody@peakshire.example", datetime(2026, 11, 23, 8, tzinfo=UTC)
)

by_number = pytest.mark.parametrize("task", TASKS, ids=lambda task: f"{task['number']}")


def as_answers(task: dict[str, Any]) -> Answers:
    """The task's answers as a flow would send them."""
    body: dict[str, object] = {}
    for field, answer in task["answers"].items():
        question = FORM.asking(field)
        assert question is not None, field
        body[question.key] = json.dumps(answer) if isinstance(answer, list) else str(answer)
    if "needed_in_days" in task:
        on_date = FORM.asking("needed_by_date")
        assert on_date is not None
        body[on_date.key] = (date(2026, 11, 23) + timedelta(days=task["needed_in_days"])).isoformat()
    return read_answers(FORM, body, Source.FLOW)


@by_number
def test_every_task_is_read_without_a_fault(task: dict[str, Any]) -> None:
    answers = as_answers(task)
    assert answers.stopped is None
    assert to_raise(FORCE, SUBMITTED, answers).faults == ()


@by_number
def test_every_task_comes_out_with_the_score_band_pillar_and_unit_expected(task: dict[str, Any]) -> None:
    request = to_raise(FORCE, SUBMITTED, as_answers(task))
    result = score(request.assessment, request.context)
    assert result is not None
    came_out = {"score": result.score, "band": result.band.value, "pillar": request.pillar, "unit": request.unit}
    assert came_out == {key: value for key, value in task["expected"].items() if key != "due_hours"}


@by_number
def test_every_task_is_needed_by_the_end_of_the_day_that_the_example_is_due(task: dict[str, Any]) -> None:
    needed_by = to_raise(FORCE, SUBMITTED, as_answers(task)).needed_by
    assert needed_by is not None
    example = SUBMITTED.submitted_at + timedelta(hours=task["expected"]["due_hours"])
    assert abs(needed_by - example) < timedelta(hours=24)


def test_the_25_tasks_spread_over_the_bands_as_published() -> None:
    bands = Counter(task["expected"]["band"] for task in TASKS)
    assert bands == {"IMMEDIATE": 2, "PRIORITY": 9, "SCHEDULED": 12, "ROUTINE": 2}


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="needs ../shared/domain/demo_tasks.json beside the project")
def test_our_copy_agrees_with_the_clients_25_tasks() -> None:
    source = json.loads(SHARED.read_text(encoding="utf-8"))
    assert len(source) == len(TASKS) == 25
    for theirs, ours in zip(source, TASKS, strict=True):
        request = to_raise(FORCE, SUBMITTED, as_answers(ours))
        number, size = re.fullmatch(r"\+(\d+) ([hd])", theirs["due"]).groups()  # type: ignore[union-attr]
        level = "LPU" if ours["number"] == 1 else theirs["level"]
        assert ours["expected"]["score"] == theirs["score"]
        assert ours["expected"]["band"] == theirs["band_after_floor"]
        assert ours["expected"]["pillar"] == theirs["pillar"]
        assert ours["expected"]["due_hours"] == int(number) * (24 if size == "d" else 1)
        assert FORCE.level_of(ours["expected"]["unit"]).code == level
        assert {name: getattr(request.assessment, name) for name in theirs["thrive"]} == theirs["thrive"]
        assert request.context.flags == set(theirs["flags"])
        assert request.context.repeats_28d == theirs["repeats_28d"]
        assert request.context.alignment.value.lower() == theirs["alignment"]


def test_every_person_has_an_address_of_their_own_and_belongs_to_boards_that_exist() -> None:
    addresses = [person["upn"] for person in PEOPLE]
    assert len(set(addresses)) == len(addresses) >= 30
    assert all(re.fullmatch(r"[a-z.]+@peakshire\.example", address) for address in addresses)
    assert all(person["units"] and set(person["units"]) <= set(FORCE.units) for person in PEOPLE)
    assert Counter(person["kind"] for person in PEOPLE)["admin"] == 1


def test_every_board_has_a_manager_and_the_admin_belongs_to_all() -> None:
    managed = {person["units"][0] for person in PEOPLE if person["kind"] == "manager"}
    assert managed == set(FORCE.units)
    (admin,) = [person for person in PEOPLE if person["kind"] == "admin"]
    assert set(admin["units"]) == set(FORCE.units)


@by_number
def test_whoever_is_given_a_task_belongs_to_the_board_it_stands_on(task: dict[str, Any]) -> None:
    (owner,) = [person for person in PEOPLE if person["upn"] == task["owner"]]
    assert task["expected"]["unit"] in owner["units"]


@by_number
def test_whoever_is_given_a_restricted_task_is_in_the_group_of_the_restricted_board(task: dict[str, Any]) -> None:
    (owner,) = [person for person in PEOPLE if person["upn"] == task["owner"]]
    assert owner.get("restricted") or not FORCE.pillars[task["expected"]["pillar"]].restricted


@pytest.mark.parametrize("path", sorted(CONFIG.rglob("*.yaml")), ids=lambda path: path.name)
def test_no_real_place_of_the_source_stands_in_config(path: Path) -> None:
    real = "derby|derbyshire|high peak|erewash|chesterfield|amber valley|bolsover|ilkeston|kinder"
    assert not re.search(real, path.read_text(encoding="utf-8"), re.IGNORECASE)


@pytest.mark.parametrize("path", sorted(CONFIG.rglob("*.yaml")), ids=lambda path: path.name)
def test_every_config_file_is_plain_yaml_without_a_fault_of_reading(path: Path) -> None:
    assert ConfigFile(path).faults == []
    assert ConfigFile(path).data == yaml.safe_load(path.read_text(encoding="utf-8"))
