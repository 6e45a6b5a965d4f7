"""docs/requirements.md tells the truth in form: every row once, figures that add up, tests and files that exist."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = "docs/requirements.md"
LAST_ROW = 178
STEPS = ("Must", "Should", "Could")

ROW = re.compile(r"^\| (?P<number>\d+) \| (?P<step>\S+) \| (?P<asked>[^|]+) \| (?P<today>[^|]+) \|$", re.MULTILINE)
FIGURES = re.compile(r"^\| (Must|Should|Could|All) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", re.MULTILINE)
SHOWN = re.compile(r"^\| (?P<word>[^|`]+) \| `(?P<target>[^`]+)` \|$", re.MULTILINE)
STATES = {
    "done": re.compile(r"done — .*\((?P<words>[^()]+)\)"),
    "partly": re.compile(r"not yet — there today: .+ \((?P<words>[^()]+)\); missing: .+"),
    "not yet": re.compile(r"not yet — (?!there today).+"),
}


def faults_of(page: str, root: Path, last: int = LAST_ROW) -> list[str]:
    """Everything that is wrong with the page, in sentences. Paths in it are relative to `root`."""
    rows = list(ROW.finditer(page))
    shown = {found["word"]: found["target"] for found in SHOWN.finditer(page)}
    states = {row["number"]: _state(row["today"]) for row in rows}
    used = {word for row in rows for word in _words(row["today"])}
    return [
        *_wrong_numbers([int(row["number"]) for row in rows], last),
        *(f"{row['number']}: neither done, partly nor not yet." for row in rows if not states[row["number"]]),
        *(f"'{word}' is not listed." for word in sorted(used - shown.keys())),
        *(f"'{word}' is listed and not used." for word in sorted(shown.keys() - used)),
        *(f"{target} does not exist." for target in shown.values() if not _exists(root, target)),
        *_not_shown(rows, shown),
        *_wrong_figures(page, [(row["step"], states[row["number"]]) for row in rows]),
    ]


def _state(today: str) -> str:
    return next((name for name, pattern in STATES.items() if pattern.fullmatch(today.strip())), "")


def _words(today: str) -> list[str]:
    found = next((match for pattern in STATES.values() if (match := pattern.fullmatch(today.strip()))), None)
    return [word.strip() for word in found["words"].split(",")] if found and "words" in found.groupdict() else []


def _wrong_numbers(numbers: list[int], last: int) -> list[str]:
    counted = Counter(numbers)
    lines = {number: counted[number] for number in {*range(1, last + 1), *counted}}
    wanted = {number: int(1 <= number <= last) for number in lines}
    return [f"{number} has {lines[number]} lines." for number in sorted(lines) if lines[number] != wanted[number]]


def _exists(root: Path, target: str) -> bool:
    path, _, name = target.partition("::")
    if not (root / path).is_file():
        return False
    return not name or name in _functions(root / path)


def _functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def _not_shown(rows: list[re.Match[str]], shown: dict[str, str]) -> list[str]:
    """Done needs a test function or a page; a setting or a piece of code shows nothing."""
    targets = {row["number"]: [shown.get(word, "") for word in _words(row["today"])] for row in rows}
    return [
        f"{row['number']}: done, but {target or 'nothing'} is neither test nor page."
        for row in rows
        if _state(row["today"]) == "done"
        for target in targets[row["number"]]
        if not re.fullmatch(r"tests/.+\.py::test_\w+|docs/.+\.md", target)
    ]


def _wrong_figures(page: str, rows: list[tuple[str, str]]) -> list[str]:
    told = {name: tuple(map(int, figures)) for name, *figures in FIGURES.findall(page)}
    faults = []
    for name in (*STEPS, "All"):
        states = Counter(state for step, state in rows if name in ("All", _step(step)))
        found = (states.total(), states["done"], states["partly"], states["not yet"])
        if told.get(name) != found:
            faults.append(f"{name}: the head says {told.get(name)}, the rows are {found}.")
    return faults


def _step(letter: str) -> str:
    return next((name for name in STEPS if name.startswith(letter)), "")


def test_every_row_stands_once_and_what_shows_it_exists() -> None:
    assert faults_of((ROOT / PAGE).read_text("utf-8"), ROOT) == []


SAMPLE = """
| Must/should/could | Rows | Done | Partly | Not yet |
|---|---|---|---|---|
| Must | 2 | 1 | 1 | 0 |
| Should | 1 | 0 | 0 | 1 |
| Could | 0 | 0 | 0 | 0 |
| All | 3 | 1 | 1 | 1 |

| 1 | M | A thing | done — all of it (climbs) |
| 2 | M | Another | not yet — there today: half (climbs, set); missing: needs more |
| 3 | S | A third | not yet — needs more |

| climbs | `tests/test_it.py::test_climbs` |
| set | `config/it.yaml` |
"""


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A folder with the files that the sample names."""
    for name, text in (("tests/test_it.py", "async def test_climbs(): ...\n"), ("config/it.yaml", "a: 1\n")):
        path = tmp_path / name
        path.parent.mkdir()
        path.write_text(text, "utf-8")
    return tmp_path


def test_a_page_that_adds_up_has_no_fault(house: Path) -> None:
    assert faults_of(SAMPLE, house, last=3) == []


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("| 3 | S | A third | not yet — needs more |", "", "3 has 0 lines."),
        ("| 3 | S |", "| 2 | S |", "2 has 2 lines."),
        ("| 3 | S |", "| 4 | S |", "4 has 1 lines."),
        ("done — all of it (climbs)", "done — all of it", "1: neither"),
        ("half (climbs, set); missing: needs more", "half (climbs, set)", "2: neither"),
        ("half (climbs, set)", "half (climbs, set, elsewhere)", "'elsewhere' is not listed."),
        ("(climbs, set)", "(climbs)", "'set' is listed and not used."),
        ("all of it (climbs)", "all of it (set)", "config/it.yaml is neither test nor page."),
        ("::test_climbs", "::test_flies", "test_flies does not exist."),
        ("config/it.yaml", "config/lost.yaml", "config/lost.yaml does not exist."),
        ("| Must | 2 | 1 | 1 | 0 |", "| Must | 2 | 2 | 0 | 0 |", "Must: the head says (2, 2, 0, 0)"),
        ("| All | 3 | 1 | 1 | 1 |", "", "All: the head says None"),
        ("| 3 | S |", "| 3 | X |", "Should: the head says (1, 0, 0, 1)"),
    ],
)
def test_each_way_of_the_page_going_wrong_is_told(house: Path, right: str, wrong: str, told: str) -> None:
    assert right in SAMPLE
    assert told in " ".join(faults_of(SAMPLE.replace(right, wrong), house, last=3))
