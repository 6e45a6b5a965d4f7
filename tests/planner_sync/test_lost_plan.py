"""A plan that somebody deletes with every task on it: provisioning shows its open tasks again, each once."""

from typing import Any

import pytest

from graph_client.errors import RetryLater
from planner_sync.lost_plans import note_plan
from service import provision as provision_module
from store import outbox, planner_links
from store.planner_links import LinkState
from tasking.task import Status
from tests.planner_sync.losing_plans import (
    OWN_LINE,
    has_peoples_words,
    lose,
    plans,
    provision,
    rolled_over,
    said,
    states,
    titles,
    troubles,
    write_on,
)
from tests.planner_sync.small_force import SmallForce

pytestmark = pytest.mark.anyio


class Killed(BaseException):
    """The process ends here."""


async def test_every_open_task_of_a_deleted_plan_is_shown_again_once_with_what_people_had_written(
    force: SmallForce,
) -> None:
    raised = [force.raise_task(title=f"Job {number}") for number in range(15)]
    await force.settle()
    up, written, done, ended = raised[0], raised[1], raised[13], raised[14]
    force.escalate(up)
    write_on(force, written)
    force.amy.change(force.planner_id(done), percentComplete=100)
    await force.settle()
    force.amy.delete(force.planner_id(ended))  # shown again, and completed on the board it came back to
    await force.settle()
    force.amy.change(force.planner_id(ended), percentComplete=100)
    await force.settle()
    before = titles(force)
    lost = lose(force)
    await force.pull()
    assert "run `tasking provision`" in force.notices("board of HP")[-1]["text"]
    steps = await provision(force)
    assert said(steps) == [
        ("made", "in place of one that was deleted"),
        ("shown", "13 tasks are shown again on the new plan"),
    ]
    assert await provision(force) == [], "a second time there is nothing to do"
    assert states(force, lost) == {"GONE"}
    await force.settle()
    assert titles(force) == [title for title in before if done.reference not in title and ended.reference not in title]
    assert len(force.on_board("DIV_N")) == 1, "its other board keeps what it has"
    assert has_peoples_words(force, written)
    assert len(force.audit(written, "its plan was deleted")) == 1
    assert force.audit(done, "its plan was deleted") == []
    assert troubles(force) == []
    assert force.outbox("PENDING") == force.outbox("DEAD") == []
    force.assess_again(written)
    await force.settle()
    assert force.shown(written)["priority"] == 1, "the record reaches the new plan"
    force.amy.change(force.planner_id(written), percentComplete=100)
    await force.settle()
    assert force.record(written).status is Status.COMPLETED, "and the new plan the record"


async def test_a_twin_on_a_deleted_plan_is_shown_again_and_both_boards_link_to_each_other(force: SmallForce) -> None:
    task, plain = await force.task_on_board(), await force.task_on_board(title="Plain")
    came_back = await force.task_on_board(title="Came back", pillar="RURAL")
    for each in (task, plain, came_back):
        force.escalate(each)
    await force.settle()
    write_on(force, task, "DIV_N")
    await force.settle()
    force.give_back(came_back)
    lose(force, "DIV_N")
    assert ("shown", "2 tasks are shown again on the new plan") in said(await provision(force, unit="DIV_N"))
    await force.deliver()
    assert {wire["id"] for wire in force.on_board("DIV_N")} == {
        force.planner_id(each, "DIV_N") for each in (task, plain)
    }
    links = force.shown(plain)["details"]["references"]
    assert [link["alias"] for link in links.values()] == [f"{plain.reference} on the board of North Division"]
    assert force.planner_id(plain, "DIV_N") in next(iter(links)), "the address of the new twin"
    await force.settle()
    assert has_peoples_words(force, task, "DIV_N")
    assert [state for unit, _, state in force.stays(came_back) if unit == "DIV_N"] == ["GONE"]
    assert (len(force.on_board()), len(force.on_board("DIV_N"))) == (3, 2)
    assert force.outbox("DEAD") == []


async def test_a_deleted_plan_decides_nothing_about_its_tasks_whatever_the_policy(accepting_force: SmallForce) -> None:
    force = accepting_force
    task = await force.task_on_board()
    lose(force)
    await provision(force)
    await force.settle()
    assert force.record(task).is_open
    assert len(force.on_board()) == 1


async def test_what_was_about_to_be_shown_on_a_deleted_plan_is_shown_on_the_new_one(force: SmallForce) -> None:
    stands, lost = await force.task_on_board(), lose(force)
    promised, given_up = force.raise_task(title="Promised"), force.raise_task(title="Given up")
    for _ in range(10):
        await force.deliver()
        force.later(minutes=16)
    assert len(force.outbox("DEAD")) == 2, "nothing can be shown on a plan that is not there"
    late = force.raise_task(title="Late")
    assert ("shown", "3 tasks are shown again on the new plan") in said(await provision(force))
    await force.settle()
    wanted = [f"{each.reference} {each.title}" for each in (stands, promised, given_up, late)]
    assert titles(force) == sorted(wanted)
    with force.service.store.open() as connection:
        outbox.replay(connection, None, force.clock.now())
    await force.settle()
    assert titles(force) == sorted(wanted), "nor twice, when the dead letters are delivered again"
    assert states(force, lost) == {"GONE"}


@pytest.mark.parametrize("when", ["before", "after"])
async def test_provisioning_that_is_killed_at_any_write_loses_no_task_and_shows_none_twice(
    force: SmallForce, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    task, up = await force.task_on_board(), await force.task_on_board(title="Up")
    force.escalate(up)
    write_on(force, task)
    await force.settle()
    transport = force.service.graph.transport
    real, killed_at = transport.write, 0
    for nth in range(1, 100):
        writes = 0

        async def write(method: str, *given: Any, nth: int = nth, **more: Any) -> Any:
            nonlocal writes
            writes += 1
            if writes == nth and when == "before":
                raise Killed
            answer = await real(method, *given, **more)
            if writes == nth:
                raise Killed
            return answer

        lost = lose(force)
        monkeypatch.setattr(transport, "write", write)
        try:
            await provision(force)
        except Killed:
            killed_at = nth
        monkeypatch.setattr(transport, "write", real)
        if killed_at == nth:
            assert force.board().plan_id == lost, "noted as it was until all of it is there"
            assert states(force, lost) >= {"ACTIVE"}
        assert [said(await provision(force))[-1:] for _ in range(2)] == [
            [("shown", "2 tasks are shown again on the new plan")] if killed_at == nth else [],
            [],
        ]
        await force.deliver()
        assert len(force.on_board()) == 2
        assert len(force.on_board("DIV_N")) == 1
        assert OWN_LINE in force.shown(task)["details"]["checklist"]
        if killed_at < nth:
            break
    assert killed_at > len(force.service.force.pillars), "the plan, its buckets and its labels"
    await force.settle()
    assert (len(force.on_board()), len(force.on_board("DIV_N"))) == (2, 1)
    assert has_peoples_words(force, task)


async def test_killed_before_the_commit_everything_is_as_it_was_and_the_next_run_goes_on(
    force: SmallForce, monkeypatch: pytest.MonkeyPatch
) -> None:
    await force.task_on_board()
    lost = lose(force)

    def noting(*given: Any) -> int:
        note_plan(*given)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(provision_module, "note_plan", noting)
        with pytest.raises(Killed):
            await provision(force)
    assert force.board().plan_id == lost
    assert states(force, lost) == {"ACTIVE"}
    assert force.outbox("PENDING") == []
    assert said(await provision(force))[-1] == ("shown", "1 task is shown again on the new plan")
    await force.settle()
    assert len(force.on_board()) == 1
    group = force.emulator.tenant.planner.plans_of_group(force.board().group_id)
    assert len(group) == 1, "the plan that was made is found again"


async def test_plans_deleted_one_after_the_other_take_nothing_of_what_people_had_written(force: SmallForce) -> None:
    task = await force.task_on_board()
    write_on(force, task)
    await force.settle()
    lose(force)
    await provision(force)
    lose(force)  # nothing had been shown there yet
    await provision(force)
    await force.deliver()
    assert force.link(task).last_seen is None
    lose(force)  # shown, and not yet read again
    await provision(force)
    await force.settle()
    assert has_peoples_words(force, task)
    assert len(force.on_board()) == 1


async def unlisted(force: SmallForce, monkeypatch: pytest.MonkeyPatch) -> None:
    """Northfell's plan is in no list of its group."""
    real, hidden = force.service.graph.planner.plans_of_group, force.board().plan_id

    async def without(group_id: str) -> Any:
        return tuple(plan for plan in await real(group_id) if plan.plan_id != hidden)

    async def at_once(do: Any) -> Any:
        return await do()

    monkeypatch.setattr(force.service.graph.planner, "plans_of_group", without)
    monkeypatch.setattr(provision_module, "patiently", at_once)


@pytest.mark.parametrize(("status", "code"), [(403, "accessDenied"), (401, ""), (400, "badRequest")])
async def test_a_plan_that_only_cannot_be_read_is_not_taken_for_deleted(
    force: SmallForce, monkeypatch: pytest.MonkeyPatch, status: int, code: str
) -> None:
    task, plan = await force.task_on_board(), force.board().plan_id
    with monkeypatch.context() as patch:
        await unlisted(force, patch)
        force.fault("fail_next", method="GET", path=f"/planner/plans/{plan}$", status=status, code=code, times=50)
        assert [step.outcome for step in await provision(force)] == ["failed"]
        assert [step.outcome for step in await provision(force, only_look=True)] == ["failed"]
    assert (force.board().plan_id, states(force, plan)) == (plan, {"ACTIVE"})
    force.emulator.control("faults", method="DELETE")
    assert await provision(force) == []
    await force.settle()
    assert (force.link(task).stay, len(force.on_board())) == (1, 1)
    assert len(force.emulator.tenant.planner.plans_of_group(force.board().group_id)) == 1


async def test_a_plan_that_is_there_by_its_id_is_kept_though_its_group_does_not_list_it(
    force: SmallForce, monkeypatch: pytest.MonkeyPatch
) -> None:
    task, plan = await force.task_on_board(), force.board().plan_id
    await unlisted(force, monkeypatch)
    assert await provision(force) == []
    assert (force.board().plan_id, force.link(task).stay) == (plan, 1)


async def test_an_earlier_plan_that_its_group_lists_is_not_taken_for_deleted(
    force: SmallForce, monkeypatch: pytest.MonkeyPatch
) -> None:
    task, earlier = await force.task_on_board(), force.board().plan_id
    await rolled_over(force)
    force.fault("fail_next", method="GET", path=f"/planner/plans/{earlier}$", status=404, code="", times=50)
    assert await provision(force) == []
    assert (force.link(task).state, len(plans(force))) == (LinkState.ACTIVE, 2)


async def test_tasks_of_an_earlier_plan_that_was_deleted_are_shown_on_the_plan_in_use(force: SmallForce) -> None:
    task = await force.task_on_board()
    write_on(force, task)
    await force.settle()
    earlier, in_use = force.board().plan_id, await rolled_over(force)
    newer = await force.task_on_board(title="Newer")
    lose(force, plan_id=earlier)
    await force.pull()
    assert troubles(force) == ["board of HP"]
    assert said(await provision(force)) == [("gone", ""), ("shown", "1 task is shown again on the plan in use")]
    assert await provision(force) == []
    await force.settle()
    assert [each.plan_id for each in plans(force)] == [in_use.plan_id], "the one that is gone is not read any more"
    assert titles(force) == sorted(f"{each.reference} {each.title}" for each in (task, newer))
    assert has_peoples_words(force, task)
    assert troubles(force) == []


async def test_a_plan_in_use_that_followed_a_full_one_is_replaced_and_the_full_one_keeps_its_tasks(
    force: SmallForce,
) -> None:
    older, full = await force.task_on_board(), force.board()
    second = await rolled_over(force)
    newer = await force.task_on_board(title="Newer")
    lose(force)
    assert said(await provision(force))[-1] == ("shown", "1 task is shown again on the new plan")
    await force.settle()
    third = force.board()
    assert [each.number for each in plans(force)] == [2, 1]
    assert third.plan_id not in (full.plan_id, second.plan_id)
    assert (force.link(older).plan_id, force.link(older).stay) == (full.plan_id, 1)
    assert force.link(newer).plan_id == third.plan_id
    assert len(force.on_board()) == 1


async def test_all_plans_of_a_board_deleted_at_once_come_back_as_one(force: SmallForce) -> None:
    task, earlier = await force.task_on_board(), force.board().plan_id
    await rolled_over(force)
    newer = await force.task_on_board(title="Newer")
    lose(force, plan_id=earlier)
    lose(force)
    await provision(force)
    await force.settle()
    assert titles(force) == sorted(f"{each.reference} {each.title}" for each in (task, newer))
    assert len(plans(force)) == 1


async def test_looking_only_says_how_many_tasks_would_be_shown_again_and_changes_nothing(force: SmallForce) -> None:
    await force.task_on_board()
    lost = lose(force)
    before = force.board()
    assert said(await provision(force, only_look=True)) == [
        ("missing", "it was deleted"),
        ("missing", "1 would be shown again: its plan was deleted"),
    ]
    assert (force.board(), states(force, lost)) == (before, {"ACTIVE"})


async def test_a_board_that_went_on_in_another_plan_meanwhile_is_not_noted_over(force: SmallForce) -> None:
    before, following = force.board(), await rolled_over(force)
    with pytest.raises(RetryLater), force.service.store.act("test", "test", "note") as uow:
        note_plan(uow, force.service.force, before, before.bucket_of_pillar)
    assert force.board() == following


async def test_no_stay_is_left_on_a_plan_that_was_given_up(force: SmallForce) -> None:
    for number in range(3):
        force.raise_task(title=f"Job {number}")
    await force.settle()
    lost = lose(force)
    await provision(force)
    with force.service.store.open() as connection:
        assert planner_links.of_plan(connection, lost, *planner_links.NOT_ENDED) == []
        assert lost not in {plan for _, plan in planner_links.plans_stood_on(connection)}
