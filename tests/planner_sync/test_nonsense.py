"""A board edited into nonsense: the sync goes on, nothing a person wrote is lost, and other tasks are not held up."""

import pytest

from tasking.task import Task
from tests.planner_sync.small_force import SmallForce

pytestmark = pytest.mark.anyio

LINE = "--- kept by the service ---"
TITLES = {
    "empty": "",
    "spaces": "   ",
    "emoji": "🚓🚨 Speeding 🏎️ again",
    "right to left": "‮تحذير من السرعة‬ Mkt Pl",
    "script": "<script>alert('x')</script>",
    "255 characters": "x" * 255,
    "a formula": '=HYPERLINK("http://x")',
}


def force_on(force: SmallForce, task: Task, **raw: object) -> None:
    """What people bring about by ways that the API does not allow us."""
    force.emulator.control(f"planner/tasks/{force.planner_id(task)}/force", raw)


async def still_works(force: SmallForce, task: Task) -> None:
    """The task and its neighbour are still in step, and nothing is stuck."""
    other = await force.task_on_board(title="The neighbour")
    force.amy.change(force.planner_id(other), percentComplete=50)
    force.assess_again(task)
    await force.settle()
    assert force.record(other).progress == 50
    assert force.shown(task)["priority"] == 1
    assert force.outbox("DEAD") == []


@pytest.mark.parametrize("name", TITLES)
async def test_any_title(force: SmallForce, name: str) -> None:
    task = await force.task_on_board()
    force_on(force, task, title=TITLES[name])
    await force.settle()
    shown = force.shown(task)["title"]
    if TITLES[name].strip():
        assert shown.endswith(TITLES[name].strip()), "nothing of it is cut or changed"
        assert TITLES[name].strip().startswith(force.record(task).title)
    else:
        assert shown.startswith(task.reference), "the reference is put back"
        assert force.record(task).title == task.title
    await still_works(force, task)


async def test_a_title_too_long_for_the_reference_is_left_as_it_is_and_its_twin_still_bears_it(
    force: SmallForce,
) -> None:
    task = await force.task_on_board()
    force_on(force, task, title="x" * 255)
    await force.settle()
    force.escalate(task)
    await force.settle()
    assert force.shown(task)["title"] == "x" * 255
    assert force.shown(task, "DIV_N")["title"].startswith(f"{task.reference} xxx")
    await still_works(force, task)


async def test_thirty_assignees(force: SmallForce) -> None:
    task = await force.task_on_board()
    people = {f"00000000-0000-4000-8000-{number:012d}": {} for number in range(30)}
    force_on(force, task, assignments=people)
    await force.settle()
    assert set(force.record(task).owner_ids) == set(people)
    await still_works(force, task)


async def test_a_task_with_thirty_owners_that_is_shown_again_has_as_many_as_planner_takes_and_says_so(
    force: SmallForce,
) -> None:
    task = await force.task_on_board()
    people = {f"00000000-0000-4000-8000-{number:012d}": {} for number in range(30)}
    force_on(force, task, assignments=people)
    await force.settle()
    force.amy.delete(force.planner_id(task))
    await force.settle()
    assert len(force.on_board()) == 1
    assert "takes no more people" in force.described(task)
    assert force.outbox("DEAD") == []


async def test_a_description_of_32_000_characters_stays_to_the_letter(force: SmallForce) -> None:
    task = await force.task_on_board()
    words = "word " * 6_400
    force_on(force, task, description=words)
    await force.settle()
    assert force.described(task) == words, "there is no room for the service's block: people's words come first"
    await still_works(force, task)


async def test_where_only_a_line_fits_the_block_is_cut_to_its_first(force: SmallForce) -> None:
    task = await force.task_on_board()
    words = "w" * 31_900
    force_on(force, task, description=words)
    await force.settle()
    assert force.described(task).startswith(words)
    assert force.described(task).endswith(force.described(task).splitlines()[-1])
    assert task.reference in force.described(task)
    assert "Risk:" not in force.described(task)
    await still_works(force, task)


@pytest.mark.parametrize("words", ["<script>alert(1)</script>", "🚨 " * 300, "‮abc‬", LINE * 3, f"{LINE}\nmine\n{LINE}"])
async def test_any_description(force: SmallForce, words: str) -> None:
    task = await force.task_on_board()
    force_on(force, task, description=words)
    await force.settle()
    described = force.described(task)
    assert f"· OFFICIAL · {task.reference}" in described
    for line in words.splitlines():
        if line != LINE:
            assert line.strip() in described, "what a person wrote is still there"
    await still_works(force, task)
    assert force.described(task).count(f"· OFFICIAL · {task.reference}") == 1


async def test_a_checklist_of_people_s_own_at_planner_s_limit(force: SmallForce) -> None:
    task = await force.task_on_board(checklist=())
    line = {"@odata.type": "#microsoft.graph.plannerChecklistItem", "isChecked": False, "title": "☃ <b>"}
    force_on(force, task, checklist={f"line-{number}": line for number in range(40)})
    await force.settle()
    assert len(force.shown(task)["details"]["checklist"]) == 40
    await still_works(force, task)


async def test_dates_the_wrong_way_round_and_odd_numbers(force: SmallForce) -> None:
    task = await force.task_on_board()
    force_on(
        force,
        task,
        startDateTime="2027-05-05T10:00:00Z",
        dueDateTime="2020-01-01T00:00:00Z",
        percentComplete=37,
        priority=10,
    )
    await force.settle()
    assert force.record(task).progress == 37
    force.escalate(task)
    await force.settle()
    assert force.outbox("DEAD") == [], "the twin is made although Planner refuses such dates"
    await still_works(force, task)
