"""config/forms: the three forms that ship, and mistakes in any of them told by file and line before anything starts."""

import shutil
from pathlib import Path

import pytest

from forms_ingest.questions import QuestionType
from forms_ingest.submissions import NEEDED
from service.config_files import ConfigError
from service.force_config import load_force
from service.form_config import load_forms
from tasking.thrive import FLAG_FLOORS, HIGHEST_LEVEL

CONFIG = Path(__file__).parents[2] / "config"
FORCE, INTAKE = load_force(CONFIG)


def faults_after(folder: Path, name: str, old: str, new: str) -> list[str]:
    """The faults of all forms after one change in one of them, each as `file:line: words`."""
    shutil.copytree(CONFIG / "forms", folder / "forms")
    path = folder / "forms" / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_forms(folder, FORCE, INTAKE)
    return [fault.removeprefix(f"{folder}/forms/") for fault in caught.value.faults]


def test_the_three_forms_that_ship_are_whole() -> None:
    forms = load_forms(CONFIG, FORCE, INTAKE)
    assert {slug: form.kind for slug, form in forms.items()} == {
        "raise_task": "raise",
        "reassess": "reassess",
        "return_task": "return",
    }
    for form in forms.values():
        assert all(form.asking(field) for field in NEEDED[form.kind])


def test_the_raise_form_asks_the_two_stop_questions_first() -> None:
    form = load_forms(CONFIG, FORCE, INTAKE)["raise_task"]
    assert [question.stops for question in form.questions[:2]] == [{"Yes": "LIVE_RISK"}, {"Yes": "COVERT"}]
    assert not any(question.stops for question in form.questions[2:])


def test_where_lists_every_unit_and_pillars_come_from_the_force_without_triage() -> None:
    form = load_forms(CONFIG, FORCE, INTAKE)["raise_task"]
    where, pillar = form.asking("unit"), form.asking("pillar")
    assert where is not None
    assert pillar is not None
    assert list(where.choices.values()) == list(FORCE.units)
    assert "0 Awaiting triage" not in pillar.choices
    assert set(pillar.choices.values()) == set(FORCE.pillars)
    assert pillar.label_of("TRIAGE") == "I am not sure"


def test_thrive_is_asked_in_the_same_words_on_both_forms_and_offers_every_level() -> None:
    forms = load_forms(CONFIG, FORCE, INTAKE)
    for field, highest in HIGHEST_LEVEL.items():
        first, again = forms["raise_task"].asking(field), forms["reassess"].asking(field)
        assert first is not None
        assert again is not None
        assert (first.title, first.choices) == (again.title, again.choices)
        assert list(first.choices.values()) == list(range(highest + 1))


def test_every_flag_that_lifts_a_band_can_be_picked() -> None:
    flags = load_forms(CONFIG, FORCE, INTAKE)["raise_task"].asking("flags")
    assert flags is not None
    assert set(flags.choices.values()) == set(FLAG_FLOORS)


def test_wherever_a_person_writes_freely_the_hint_warns_of_names_or_says_what_to_write() -> None:
    free = (QuestionType.TEXT, QuestionType.LONG_TEXT)
    for form in load_forms(CONFIG, FORCE, INTAKE).values():
        for question in form.questions:
            if question.type in free:
                assert question.hint, question.title
            if question.type is QuestionType.LONG_TEXT:
                assert "No names" in question.hint, question.title


R = "raise_task.yaml"


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        (R, "field: place", "field: plaice", "a form of kind raise has no field 'plaice'; did you mean 'place'?"),
        (R, "field: place", "field: title", "field 'title' is listed twice"),
        (R, 'title: "Where exactly?"', 'title: "Where?"', "question 'where?' is listed twice"),
        (R, 'title: "Where exactly?"', 'title: "Email"', "'Email' is a column that every response workbook has"),
        (R, "choices_from: units", "choices_from: beats", "'choices_from' must be one of 'pillars' or 'units'"),
        (R, '"Yes": LIVE_RISK', '"Yes": LIFE_RISK', "the reply 'LIFE_RISK' is not listed under 'replies'"),
        (R, '"Yes": LIVE_RISK', '"Yess": LIVE_RISK', "'stop' names 'Yess', which is not a choice of the question; did"),
        (R, '    stop:\n      "Yes": LIVE_RISK\n', "", "the question for 'live_risk' needs a 'stop'"),
        (R, '"Remote": 0', '"Remote": 5', "the choice 'Remote' stands for 5, which 'risk' does not know"),
        (R, '"Remote": 0', '"Remote": 1', "the choices for 'risk' leave out 0"),
        (R, '"Remote": 0', '"Remote; very": 0', "must not hold ; nor start with [ or a space"),
        (R, '"Unlikely": 1', '"remote": 1', "the choice 'remote' reads like 'Remote'"),
        (R, "DA_HIGH_OUTSTANDING", "DA_HIGHEST", "stands for 'DA_HIGHEST', which 'flags' does not know; did you mean"),
        (R, '"I am not sure": TRIAGE', '"I am not sure": UNSURE', "stands for 'UNSURE', which 'pillar' does not know"),
        (
            R,
            'answer: "On a date"',
            'answer: "On a day"',
            "'On a day' is not a choice of the question 'When is it needed by?'",
        ),
        (
            R,
            "show_if: {field: wanted",
            "show_if: {field: needed_by",
            "must name the field of a question above this one",
        ),
        (R, "type: multi_choice", "type: rating", "'type' must be one of 'text', 'long_text'"),
        (R, "type: number", "type: text", "the question for 'repeats_28d' must be of type number"),
        (R, "type: number", "type: choice", "a choice question needs 'choices' or 'choices_from'"),
        (
            R,
            "    field: why_now\n    required: true",
            "    field: why_now",
            "the question for 'why_now' must have 'required",
        ),
        (
            R,
            "field: why_now",
            "field: constraints",
            "no question fills the field 'why_now', which a form of kind raise",
        ),
        (R, "  - key: r", "  - key: q", "'key' must be the question's key in Forms"),
        (R, "slug: raise_task", "slug: reassess", "'slug' is 'reassess', as in "),
        (R, "workbook: Raise a task.xlsx", "workbook: ../x.xlsx", "'workbook' must be the path of an .xlsx file"),
        (R, "schema_version: 2\n", "", "'schema_version' is missing"),
        (R, "kind: raise", "kind: razed", "'kind' must be one of 'raise', 'reassess' or 'return'"),
        ("return_task.yaml", "field: reason", "field: why_now", "a form of kind return has no field 'why_now'"),
        (
            "reassess.yaml",
            "form_id: PKS-REASSESS-A-TASK",
            "form_id: PKS-RAISE-A-TASK",
            "'form_id' is 'PKS-RAISE-A-TASK', as in",
        ),
    ],
)
def test_each_way_of_getting_it_wrong_is_told(tmp_path: Path, name: str, old: str, new: str, words: str) -> None:
    faults = faults_after(tmp_path, name, old, new)
    assert any(words in fault for fault in faults), faults


def test_the_fault_stands_on_the_line_that_is_wrong(tmp_path: Path) -> None:
    lines = (CONFIG / "forms" / R).read_text(encoding="utf-8").splitlines()
    (fault,) = faults_after(tmp_path, R, "field: place", "field: plaice")
    assert fault.startswith(f"{R}:{lines.index('    field: place') + 1}: ")


def test_faults_of_two_forms_are_told_together(tmp_path: Path) -> None:
    shutil.copytree(CONFIG / "forms", tmp_path / "forms")
    for name in (R, "reassess.yaml"):
        path = tmp_path / "forms" / name
        path.write_text(path.read_text().replace("kind: r", "kind: x", 1))
    with pytest.raises(ConfigError) as caught:
        load_forms(tmp_path, FORCE, INTAKE)
    assert {Path(fault.split(":")[0]).name for fault in caught.value.faults} == {R, "reassess.yaml"}


def test_a_folder_without_forms_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="at least one"):
        load_forms(tmp_path, FORCE, INTAKE)
