"""Giving a task to another owner from its page."""

from typing import Any

import pytest
from tab_world import World

from graph_client.directory import User
from graph_client.errors import RetryLater
from store import tasks

ASB = "ASB_NEIGHBOURHOOD"


@pytest.fixture(autouse=True)
def on_the_board(world: World, monkeypatch: pytest.MonkeyPatch) -> str:
    """Somebody in the group of Northfell's board, and one there whose account is switched off; the first one's id."""
    world.made_group("HP")
    known = world.person("new")
    found = (User(world.ids[known], "New", known, True), User("gone", "Gone", None, False))

    async def members(group_id: str) -> tuple[User, ...]:
        return found

    monkeypatch.setattr(world.service.graph.directory, "members", members)
    return world.ids[known]


def owner_of(world: World, task: Any) -> tuple[str, ...]:
    with world.service.store.open() as connection:
        return tasks.read_task(connection, task.task_id).owner_ids


def test_a_tasking_officer_gives_a_task_to_a_member_of_its_board_and_takes_it_off_whoever_had_it(
    world: World, on_the_board: str
) -> None:
    task = world.desk.raised(pillar=ASB)
    world.desk.on_board(task, owner_ids=("somebody-else",))
    officer = world.visitor("dee", "TaskingOfficer.HP")
    assert "Give to another owner" in officer.get(f"/tasks/{task.reference}").text
    page = officer.get(f"/tasks/{task.reference}/reassign")
    assert ">New</option>" in page.text
    answer = officer.send(f"/tasks/{task.reference}/reassign", page, owner=on_the_board)
    assert answer.status_code == 303
    assert owner_of(world, task) == (on_the_board,)


def test_nobody_who_is_not_on_the_board_can_be_given_it(world: World) -> None:
    task = world.desk.raised(pillar=ASB)
    world.person("stranger")
    officer = world.visitor("dee", "TaskingOfficer.HP")
    page = officer.get(f"/tasks/{task.reference}/reassign")
    assert ">Stranger</option>" not in page.text
    assert ">Gone</option>" not in page.text
    answer = officer.send(f"/tasks/{task.reference}/reassign", page, owner=world.ids["stranger@peakshire.example"])
    assert answer.status_code == 422
    assert owner_of(world, task) == ()


def test_while_graph_does_not_answer_the_page_says_so_and_gives_it_to_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = world.desk.raised(pillar=ASB)

    async def silent(group_id: str) -> Any:
        raise RetryLater("read members", after_seconds=2)

    monkeypatch.setattr(world.service.graph.directory, "members", silent)
    page = world.visitor("dee", "TaskingOfficer.HP").get(f"/tasks/{task.reference}/reassign")
    assert page.status_code == 200
    assert "Try again in a minute, or set the owner in Planner" in page.text
