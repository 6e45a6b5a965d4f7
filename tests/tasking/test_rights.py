"""Who may see and do what: every cell of the table, written down here a second time, and how far each right reaches."""

from typing import Any

import pytest
from peakshire import small_force

from tasking.force import Force
from tasking.rights import (
    RIGHTS,
    ROLE_NAMES,
    AppRole,
    Grant,
    Person,
    Reach,
    Right,
    grants_in,
    may,
    may_on,
    posts_of,
    reach,
    sees_restricted,
    units_for,
)
from tasking.task import Classification, Task

FORCE = small_force()
LETTERS = {"-": Reach.NONE, "o": Reach.OWN, "u": Reach.UNIT, "F": Reach.FORCE}
ROLES = (
    *("Requester", "TaskingOfficer", "ActionManager", "Chair", "Coordinator", "TaskOwner", "PlanOwner"),
    *("ProblemManager", "PriorityOwner", "Analyst", "Partner", "Auditor", "Operator", "RestrictedMatters"),
)
MATRIX = """
                   Req TO  AM  Ch  Co  Own PlO PrM PrO Ana Par Aud Ope Res
SEE_MY_WORK         o   o   o   o   o   o   o   o   o   o   o   o   o   -
SEE_TASKS           o   u   u   u   u   o   o   o   u   u   -   F   -   -
SEE_BOARD           -   u   u   u   u   -   -   -   u   u   -   F   -   -
SEE_INBOX           -   u   u   u   -   -   -   -   -   -   -   -   -   -
SEE_MEETINGS        -   u   u   u   u   -   -   -   u   u   -   F   -   -
SEE_PARTNER_PART    -   u   u   u   u   -   -   -   u   u   u   F   -   -
SEE_REGISTER        -   u   u   u   u   -   -   -   -   u   -   F   -   -
SEE_RESULTS         -   u   u   u   -   -   -   -   u   u   -   F   -   -
SEE_OPERATIONS      -   -   -   -   -   -   -   -   -   -   -   -   F   -
SEE_LOG             -   -   -   -   -   -   -   -   -   -   -   F   -   -
NOTE                -   u   u   u   -   o   o   o   -   -   -   -   -   -
UPDATE              -   u   -   -   -   o   o   o   -   -   -   -   -   -
TRIAGE              -   u   -   -   -   -   -   -   -   -   -   -   -   -
ALLOCATE            -   u   -   u   -   -   -   -   -   -   -   -   -   -
REASSESS            -   u   -   u   -   o   -   -   -   -   -   -   -   -
CHASE               -   u   u   -   -   -   -   -   -   -   -   -   -   -
ASK_UP              -   u   u   u   -   o   o   o   -   -   -   -   -   -
DECIDE              -   -   -   u   -   -   -   -   -   -   -   -   -   -
RUN_MEETING         -   u   -   u   u   -   -   -   -   -   -   -   -   -
WRITE_RESULT        -   u   -   -   -   o   o   o   -   u   -   -   -   -
EXPORT_REGISTER     -   -   -   u   u   -   -   -   -   -   -   F   -   -
EXPORT_EVIDENCE     -   -   -   -   -   -   -   -   -   -   -   F   -   -
REPLAY              -   -   -   -   -   -   -   -   -   -   -   -   F   -
"""
"""Policing notes, section 1.3. Columns are ROLES; o: own tasks, u: own units and those below, F: the force."""
ROWS = [line.split() for line in MATRIX.strip().splitlines()[1:]]
CELLS = [(role, row[0], row[1 + at]) for row in ROWS for at, role in enumerate(ROLES)]


def somebody(*roles: str, units: tuple[str, ...] = (), force: Force = FORCE) -> Person:
    """A person with these values of the roles claim."""
    return Person("user-1", "cas@peakshire.example", "Cas", grants_in(list(roles), force), frozenset(units))


def a_task(**changes: Any) -> Task:
    """A task of Northfell in a pillar that everybody may see."""
    from peakshire import open_desk

    with open_desk(FORCE) as desk:
        return desk.raised(submitted_by="ann@peakshire.example", **changes)


@pytest.mark.parametrize(("role", "right", "letter"), CELLS, ids=[f"{role} {right}" for role, right, _ in CELLS])
def test_a_role_has_a_right_as_far_as_the_table_says(role: str, right: str, letter: str) -> None:
    assert reach(somebody(role), Right(right)) is LETTERS[letter]
    assert may(somebody(role), Right(right)) is (letter != "-")


def test_every_role_and_every_right_has_its_cells() -> None:
    assert tuple(role.value for role in AppRole) == ROLES
    assert [row[0] for row in ROWS] == [right.value for right in Right]
    assert all(len(row) == len(ROLES) + 1 for row in ROWS)
    assert RIGHTS.keys() == ROLE_NAMES.keys() == set(AppRole)


def test_the_farthest_of_several_roles_counts() -> None:
    assert reach(somebody("Requester", "TaskingOfficer"), Right.SEE_TASKS) is Reach.UNIT
    assert reach(somebody("Requester", "Auditor", "Chair"), Right.SEE_TASKS) is Reach.FORCE
    assert reach(somebody(), Right.SEE_TASKS) is Reach.NONE


@pytest.mark.parametrize(
    ("values", "grants"),
    [
        (["Chair"], {Grant(AppRole.CHAIR)}),
        (["Chair.DIV_N"], {Grant(AppRole.CHAIR, "DIV_N")}),
        (["Chair.NOWHERE", "chair", "Admin", "", ".HP", "Chair."], set()),
    ],
)
def test_only_roles_and_units_that_exist_are_taken_from_a_token(values: list[str], grants: set[Grant]) -> None:
    assert grants_in(values, FORCE) == grants


def test_a_role_reaches_the_units_of_its_person_and_all_below() -> None:
    assert units_for(somebody("TaskingOfficer", units=("HP",)), Right.SEE_BOARD, FORCE) == {"HP"}
    assert units_for(somebody("TaskingOfficer", units=("DIV_N",)), Right.SEE_BOARD, FORCE) >= {"DIV_N", "HP"}
    assert units_for(somebody("TaskingOfficer", units=("PKS",)), Right.SEE_BOARD, FORCE) == set(FORCE.units)
    assert units_for(somebody("TaskingOfficer"), Right.SEE_BOARD, FORCE) == set()
    assert units_for(somebody("Requester", units=("HP",)), Right.SEE_TASKS, FORCE) == set()


def test_a_role_for_one_unit_reaches_no_other_that_its_person_belongs_to() -> None:
    person = somebody("Chair.HP", "TaskingOfficer", units=("HP", "DIV_N"))
    assert units_for(person, Right.DECIDE, FORCE) == {"HP"}
    assert units_for(person, Right.TRIAGE, FORCE) >= {"DIV_N", "HP"}


def test_a_task_is_there_for_its_unit_and_those_above_and_not_for_one_beside() -> None:
    task = a_task()
    assert may_on(somebody("TaskingOfficer.HP"), Right.SEE_TASKS, FORCE, task)
    assert may_on(somebody("TaskingOfficer.DIV_N"), Right.SEE_TASKS, FORCE, task)
    beside = next(unit.code for unit in FORCE.units.values() if unit.parent == "DIV_N" and unit.code != "HP")
    assert not may_on(somebody(f"TaskingOfficer.{beside}"), Right.SEE_TASKS, FORCE, task)


def test_who_raised_a_task_or_owns_it_has_the_rights_over_own_tasks_and_no_others() -> None:
    task = a_task()
    raiser = Person("user-9", "ann@peakshire.example", "Ann", grants_in(["Requester"], FORCE))
    assert may_on(raiser, Right.SEE_TASKS, FORCE, task)
    assert not may_on(raiser, Right.NOTE, FORCE, task)
    assert not may_on(somebody("TaskOwner"), Right.NOTE, FORCE, task)


@pytest.mark.parametrize("changes", [{"classification": Classification.OFFICIAL_SENSITIVE}], ids=["mark"])
def test_a_restricted_task_is_there_for_nobody_without_that_role(changes: dict[str, Any]) -> None:
    task = a_task(**changes)
    for role in ("TaskingOfficer.HP", "Chair.PKS", "Auditor"):
        assert not may_on(somebody(role), Right.SEE_TASKS, FORCE, task)
        assert may_on(somebody(role, "RestrictedMatters"), Right.SEE_TASKS, FORCE, task)
    assert not may_on(somebody("RestrictedMatters", units=("HP",)), Right.SEE_TASKS, FORCE, task)
    assert sees_restricted(somebody("RestrictedMatters"))


def test_a_chair_may_act_in_the_posts_of_their_own_unit_and_not_of_those_below() -> None:
    meetings = FORCE.meetings_of("DIV_N")
    chair = somebody("Chair.DIV_N")
    assert set(posts_of(chair, FORCE, "DIV_N")) >= {meeting.chair_role for meeting in meetings}
    assert posts_of(chair, FORCE, "HP") == ()
    assert posts_of(somebody("Chair", units=("HP",)), FORCE, "DIV_N") == ()
    level = FORCE.level_of("HP")
    if level.action_manager_role:
        assert posts_of(somebody("TaskingOfficer.HP"), FORCE, "HP") == (level.action_manager_role,)
