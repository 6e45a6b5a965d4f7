"""What a person who edits config is told: file, line, and every fault at once."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.config_files import ConfigError, ConfigFile, ConfigModel, did_you_mean


class Entry(ConfigModel):
    code: str
    size: int
    open: bool = False


def written(folder: Path, text: str) -> Path:
    path = folder / "things.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def faults_of(path: Path) -> list[str]:
    """The faults of reading `things` as entries, without the folder's name."""
    file = ConfigFile(path)
    file.check_keys(("things",))
    file.models(("things",), Entry)
    return [fault.replace(str(path), "things.yaml") for fault in file.faults]


def test_every_fault_is_reported_with_its_line_in_order_of_lines(tmp_path: Path) -> None:
    text = "things:\n- {code: A, size: big}\n- code: B\n- code: C\n  sise: 3\n  size: 3\n  open: 7\nother: 1\n"
    assert faults_of(written(tmp_path, text)) == [
        "things.yaml:2: 'size' must be a whole number",
        "things.yaml:3: 'size' is missing",
        "things.yaml:5: unknown key 'sise'; did you mean 'size'?",
        "things.yaml:7: 'open' must be true or false",
        "things.yaml:8: unknown key 'other'",
    ]


def test_a_word_that_yaml_reads_as_yes_or_no_is_named_as_such(tmp_path: Path) -> None:
    (fault,) = faults_of(written(tmp_path, "things:\n- {code: NO, size: 3}\n"))
    assert fault.startswith("things.yaml:2: 'code' must be text; put it in quotes")


def test_a_key_that_yaml_does_not_read_as_text_is_a_fault(tmp_path: Path) -> None:
    assert faults_of(written(tmp_path, "things: []\nyes: 1\n")) == [
        "things.yaml:2: the key yes must be text; put it in quotes"
    ]


def test_a_key_written_twice_is_a_fault_and_not_the_last_one_silently(tmp_path: Path) -> None:
    text = "things:\n- code: A\n  size: 1\n  size: 2\n"
    assert faults_of(written(tmp_path, text)) == ["things.yaml:4: the key 'size' stands here twice"]


def test_a_section_that_is_missing_or_no_list_is_a_fault(tmp_path: Path) -> None:
    assert faults_of(written(tmp_path, "# nothing\n")) == ["things.yaml:1: 'things' is missing"]
    (fault,) = faults_of(written(tmp_path, "\nthings: 3\n"))
    assert fault.startswith("things.yaml:2: 'things' must be a list")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("things:\n  - {code: A\n", 3, "is not YAML"),
        ("things:\n\t- a\n", 2, "is not YAML"),
        ("- a\n- b\n", 1, "must hold keys"),
        ("a: 1\n---\nb: 2\n", 2, "is not YAML"),
    ],
)
def test_a_file_that_is_not_yaml_is_named_with_the_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        ConfigFile(path)
    (fault,) = caught.value.faults
    assert fault.startswith(f"{path}:{line}: ")
    assert words in fault


def test_a_file_that_is_not_there_or_not_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        ConfigFile(tmp_path / "things.yaml")
    (tmp_path / "things.yaml").write_bytes(b"a: \xff\xfe\n")
    with pytest.raises(ConfigError, match="not text in UTF-8"):
        ConfigFile(tmp_path / "things.yaml")


def test_a_value_that_refers_to_itself_is_a_fault_and_does_not_hang(tmp_path: Path) -> None:
    file = ConfigFile(written(tmp_path, "things: &a\n- *a\n"))
    assert any("nested deeper" in fault for fault in file.faults)


def test_a_tag_that_would_make_an_object_is_refused(tmp_path: Path) -> None:
    file = ConfigFile(written(tmp_path, "things: !!python/name:os.system ''\n"))
    assert file.data == {"things": None}
    assert any(":1: cannot be read" in fault for fault in file.faults)


def test_nothing_is_suggested_for_a_word_that_is_like_no_other() -> None:
    assert did_you_mean("ROAD", ["ROADS", "RURAL"]) == "; did you mean 'ROADS'?"
    assert did_you_mean("zebra", ["ROADS", "RURAL"]) == ""


@given(st.text(max_size=60))
def test_any_text_at_all_is_read_or_refused_with_the_files_name(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.mktemp("any") / "things.yaml"
    path.write_bytes(text.encode("utf-8", errors="replace"))
    try:
        faults = ConfigFile(path).faults
    except ConfigError as error:
        faults = list(error.faults)
        assert faults
    assert all(fault.startswith(str(path)) for fault in faults)
