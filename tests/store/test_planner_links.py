"""Links: one stay at a time of a task on a board, a new one after it ended, and no Planner task for two records."""

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from store import planner_links
from store.planner_links import LinkState, PlannerLink
from tests.peakshire import HOUR, MORNING

ENDED = (LinkState.CLOSED, LinkState.GONE, LinkState.RETIRED, LinkState.MOVED)


def test_a_task_wanted_on_a_board_has_one_stay_there_however_often_it_is_wanted(connection: Connection) -> None:
    first = planner_links.want(connection, "task-1", "HP", "plan-1")
    assert (first.stay, first.state, first.planner_task_id) == (1, LinkState.WANTED, None)
    assert planner_links.want(connection, "task-1", "HP", "plan-1") == first
    assert planner_links.current(connection, "task-1", "HP") == first


@pytest.mark.parametrize("state", [state for state in LinkState if state not in ENDED])
def test_a_stay_that_has_not_ended_goes_on(connection: Connection, state: LinkState) -> None:
    first = planner_links.want(connection, "task-1", "HP", "plan-1")
    planner_links.change(connection, first.link_id, state=state)
    assert planner_links.want(connection, "task-1", "HP", "plan-1").link_id == first.link_id


@pytest.mark.parametrize("state", ENDED)
def test_a_task_that_comes_to_a_board_again_gets_a_new_stay_and_the_old_one_is_kept(
    connection: Connection, state: LinkState
) -> None:
    first = planner_links.want(connection, "task-1", "HP", "plan-1")
    planner_links.change(connection, first.link_id, state=state, planner_task_id="p-1")
    second = planner_links.want(connection, "task-1", "HP", "plan-2")
    assert (second.stay, second.state, second.plan_id) == (2, LinkState.WANTED, "plan-2")
    assert planner_links.current(connection, "task-1", "HP") == second
    assert [link.stay for link in planner_links.of_task(connection, "task-1", *LinkState)] == [1, 2]


def test_stays_on_different_boards_and_of_different_tasks_are_their_own(connection: Connection) -> None:
    wanted = [("task-1", "HP"), ("task-1", "DIV_N"), ("task-2", "HP")]
    links = [planner_links.want(connection, task, unit, f"plan-{unit}") for task, unit in wanted]
    assert len({link.link_id for link in links}) == 3
    assert {link.stay for link in links} == {1}


def test_what_a_link_remembers_comes_back_as_it_was_kept(connection: Connection) -> None:
    link = planner_links.want(connection, "task-1", "HP", "plan-1")
    planner_links.change(
        connection,
        link.link_id,
        state=LinkState.ACTIVE,
        planner_task_id="p-1",
        attempted_at=MORNING,
        task_etag='W/"JzEtVGFzayAgQEBAQEBAQEBAQEBAQEBASCc="',
        base={"title": "é 水", "owner_ids": ["a"]},
        service_block="--- kept by the service ---",
    )
    assert planner_links.current(connection, "task-1", "HP") == PlannerLink(
        link.link_id,
        "task-1",
        "HP",
        1,
        "plan-1",
        "p-1",
        LinkState.ACTIVE,
        MORNING,
        'W/"JzEtVGFzayAgQEBAQEBAQEBAQEBAQEBASCc="',
        {"title": "é 水", "owner_ids": ["a"]},
        "--- kept by the service ---",
        revision=1,
    )


def test_one_planner_task_never_stands_for_two_records(connection: Connection) -> None:
    one, two = (planner_links.want(connection, task, "HP", "plan-1") for task in ("task-1", "task-2"))
    planner_links.change(connection, one.link_id, planner_task_id="p-1")
    with pytest.raises(IntegrityError):
        planner_links.change(connection, two.link_id, planner_task_id="p-1")


def test_links_are_found_by_task_and_by_plan_in_the_states_asked_for(connection: Connection) -> None:
    states = {"PKS": LinkState.WANTED, "HP": LinkState.ACTIVE, "DIV_N": LinkState.ACTIVE, "DD": LinkState.GONE}
    for unit, state in states.items():
        link = planner_links.want(connection, "task-1", unit, "plan-1")
        planner_links.change(connection, link.link_id, state=state, planner_task_id=f"p-{unit}")
    active = planner_links.of_task(connection, "task-1", LinkState.ACTIVE)
    assert [link.unit for link in active] == ["DIV_N", "HP"]
    assert len(planner_links.of_task(connection, "task-1", *LinkState)) == 4
    gone = planner_links.of_plan(connection, "plan-1", LinkState.GONE, LinkState.WANTED)
    assert {link.unit for link in gone} == {"DD", "PKS"}
    assert planner_links.of_task(connection, "task-2", *LinkState) == []


def test_planner_tasks_of_ended_stays_stay_known_so_that_they_are_not_taken_for_new(connection: Connection) -> None:
    first = planner_links.want(connection, "task-1", "HP", "plan-1")
    planner_links.change(connection, first.link_id, planner_task_id="p-1", state=LinkState.CLOSED)
    planner_links.want(connection, "task-1", "HP", "plan-1")
    assert planner_links.known_planner_ids(connection, ["p-1", "p-2"]) == {"p-1"}
    assert planner_links.known_planner_ids(connection, []) == frozenset()


def test_of_two_who_are_about_to_create_the_same_task_one_is_told_to_leave_it(connection: Connection) -> None:
    link = planner_links.want(connection, "task-1", "HP", "plan-1")
    assert planner_links.claim_create(connection, link, MORNING, {"title": "A"})
    noted = planner_links.current(connection, "task-1", "HP")
    assert noted is not None
    assert (noted.state, noted.attempted_at, noted.base) == (LinkState.CREATING, MORNING, {"title": "A"})
    assert not planner_links.claim_create(connection, link, MORNING + HOUR, {"title": "B"})
    assert planner_links.current(connection, "task-1", "HP") == noted


def test_a_create_that_may_have_got_through_is_tried_again_by_one_worker(connection: Connection) -> None:
    first = planner_links.want(connection, "task-1", "HP", "plan-1")
    planner_links.claim_create(connection, first, MORNING, {})
    read_by_both = planner_links.current(connection, "task-1", "HP")
    assert read_by_both is not None
    tries = [planner_links.claim_create(connection, read_by_both, MORNING + hours * HOUR, {}) for hours in (1, 2)]
    assert tries == [True, False]


@pytest.mark.parametrize("state", ENDED)
def test_a_stay_that_ended_meanwhile_is_not_created(connection: Connection, state: LinkState) -> None:
    link = planner_links.want(connection, "task-1", "HP", "plan-1")
    planner_links.change(connection, link.link_id, state=state)
    assert not planner_links.claim_create(connection, link, MORNING, {})
