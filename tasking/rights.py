"""Who may see and do what: ONE table of app roles (policing notes, section 1.3) and rights, each with its reach.

docs/decisions/0028 says how a person's roles and units are known, and what `docs/how_to/add_a_page.md` does with them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from tasking.force import Force
from tasking.restricted import is_restricted
from tasking.task import Task


class AppRole(StrEnum):
    """Values of the app roles that a force's administrator gives to people and groups.

    RESTRICTED gives no right of its own: without it only their own restricted tasks are there for a person.
    """

    REQUESTER = "Requester"
    TASKING_OFFICER = "TaskingOfficer"
    ACTION_MANAGER = "ActionManager"
    CHAIR = "Chair"
    COORDINATOR = "Coordinator"
    OWNER = "TaskOwner"
    PLAN_OWNER = "PlanOwner"
    PROBLEM_MANAGER = "ProblemManager"
    PRIORITY_OWNER = "PriorityOwner"
    ANALYST = "Analyst"
    PARTNER = "Partner"
    AUDITOR = "Auditor"
    OPERATOR = "Operator"
    RESTRICTED = "RestrictedMatters"


ROLE_NAMES: Mapping[AppRole, str] = {
    AppRole.REQUESTER: "Requester",
    AppRole.TASKING_OFFICER: "Tasking officer",
    AppRole.ACTION_MANAGER: "Action manager",
    AppRole.CHAIR: "Chair",
    AppRole.COORDINATOR: "Coordinator",
    AppRole.OWNER: "Task owner",
    AppRole.PLAN_OWNER: "Plan owner",
    AppRole.PROBLEM_MANAGER: "Problem manager",
    AppRole.PRIORITY_OWNER: "Priority owner",
    AppRole.ANALYST: "Analyst",
    AppRole.PARTNER: "Partner",
    AppRole.AUDITOR: "Auditor",
    AppRole.OPERATOR: "Operator",
    AppRole.RESTRICTED: "Restricted matters",
}


class Right(StrEnum):
    """Something to be seen or done. Those that begin with SEE open a page; the others change or give something."""

    SEE_MY_WORK = "SEE_MY_WORK"
    SEE_TASKS = "SEE_TASKS"
    SEE_BOARD = "SEE_BOARD"
    SEE_INBOX = "SEE_INBOX"
    SEE_MEETINGS = "SEE_MEETINGS"
    SEE_PARTNER_PART = "SEE_PARTNER_PART"
    SEE_REGISTER = "SEE_REGISTER"
    SEE_RESULTS = "SEE_RESULTS"
    SEE_OPERATIONS = "SEE_OPERATIONS"
    SEE_LOG = "SEE_LOG"
    NOTE = "NOTE"
    UPDATE = "UPDATE"
    TRIAGE = "TRIAGE"
    ALLOCATE = "ALLOCATE"
    REASSESS = "REASSESS"
    CHASE = "CHASE"
    ASK_UP = "ASK_UP"
    DECIDE = "DECIDE"
    RUN_MEETING = "RUN_MEETING"
    WRITE_RESULT = "WRITE_RESULT"
    EXPORT_REGISTER = "EXPORT_REGISTER"
    EXPORT_EVIDENCE = "EXPORT_EVIDENCE"
    REPLAY = "REPLAY"


class Reach(StrEnum):
    """How far a right goes. OWN: tasks that the person raised or owns. UNIT: those that stand on the board of one of
    the person's units or of a unit below it. FORCE: everything. NONE: the right is not there."""

    NONE = "NONE"
    OWN = "OWN"
    UNIT = "UNIT"
    FORCE = "FORCE"


_R, _A = Right, AppRole
_OFFICER_OF_A_TASK = {right: Reach.OWN for right in (_R.SEE_TASKS, _R.NOTE, _R.UPDATE, _R.ASK_UP, _R.WRITE_RESULT)}
_READER = {right: Reach.UNIT for right in (_R.SEE_TASKS, _R.SEE_BOARD, _R.SEE_MEETINGS, _R.SEE_PARTNER_PART)}
_MINE = {_R.SEE_MY_WORK: Reach.OWN}


def _of_the_unit(*rights: Right) -> dict[Right, Reach]:
    return dict.fromkeys(rights, Reach.UNIT)


RIGHTS: Mapping[AppRole, Mapping[Right, Reach]] = {
    _A.REQUESTER: _MINE | {_R.SEE_TASKS: Reach.OWN},
    _A.TASKING_OFFICER: _MINE
    | _READER
    | _of_the_unit(_R.SEE_INBOX, _R.SEE_REGISTER, _R.SEE_RESULTS, _R.NOTE, _R.UPDATE, _R.TRIAGE, _R.ALLOCATE)
    | _of_the_unit(_R.REASSESS, _R.CHASE, _R.ASK_UP, _R.RUN_MEETING, _R.WRITE_RESULT),
    _A.ACTION_MANAGER: _MINE
    | _READER
    | _of_the_unit(_R.SEE_INBOX, _R.SEE_REGISTER, _R.SEE_RESULTS, _R.NOTE, _R.CHASE, _R.ASK_UP),
    _A.CHAIR: _MINE
    | _READER
    | _of_the_unit(_R.SEE_INBOX, _R.SEE_REGISTER, _R.SEE_RESULTS, _R.NOTE, _R.ALLOCATE, _R.REASSESS, _R.ASK_UP)
    | _of_the_unit(_R.DECIDE, _R.RUN_MEETING, _R.EXPORT_REGISTER),
    _A.COORDINATOR: _MINE | _READER | _of_the_unit(_R.SEE_REGISTER, _R.RUN_MEETING, _R.EXPORT_REGISTER),
    _A.OWNER: _MINE | _OFFICER_OF_A_TASK | {_R.REASSESS: Reach.OWN},
    _A.PLAN_OWNER: _MINE | _OFFICER_OF_A_TASK,
    _A.PROBLEM_MANAGER: _MINE | _OFFICER_OF_A_TASK,
    _A.PRIORITY_OWNER: _MINE | _READER | _of_the_unit(_R.SEE_RESULTS),
    _A.ANALYST: _MINE | _READER | _of_the_unit(_R.SEE_REGISTER, _R.SEE_RESULTS, _R.WRITE_RESULT),
    _A.PARTNER: _MINE | _of_the_unit(_R.SEE_PARTNER_PART),
    _A.AUDITOR: _MINE
    | dict.fromkeys(_READER, Reach.FORCE)
    | dict.fromkeys((_R.SEE_REGISTER, _R.SEE_RESULTS, _R.SEE_LOG), Reach.FORCE)
    | dict.fromkeys((_R.EXPORT_REGISTER, _R.EXPORT_EVIDENCE), Reach.FORCE),
    _A.OPERATOR: _MINE | dict.fromkeys((_R.SEE_OPERATIONS, _R.REPLAY), Reach.FORCE),
    _A.RESTRICTED: {},
}
"""What each role may, and how far. What is not here is not allowed."""

_FAR = list(Reach)


@dataclass(frozen=True, slots=True)
class Grant:
    """A role that somebody holds: for one unit, or with None for all the units they belong to."""

    role: AppRole
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody signed in. `user_id` is the directory's id, `upn` the sign-in name, in small letters; `units` are codes
    of the units whose board groups the person is a member of."""

    user_id: str
    upn: str
    name: str
    grants: frozenset[Grant]
    units: frozenset[str] = frozenset()

    @property
    def roles(self) -> tuple[AppRole, ...]:
        """The roles held for any unit, in the order of the table."""
        held = {grant.role for grant in self.grants}
        return tuple(role for role in AppRole if role in held)

    @property
    def role_words(self) -> str:
        """The roles as people say them."""
        return ", ".join(ROLE_NAMES[role] for role in self.roles)


def grants_in(claims: list[str], force: Force) -> frozenset[Grant]:
    """The grants that values of the `roles` claim stand for: `Chair`, or for one unit `Chair.DIV_N`."""
    found = set()
    for value in claims:
        role, dot, unit = value.partition(".")
        if role in set(AppRole) and (not dot or unit in force.units):
            found.add(Grant(AppRole(role), unit or None))
    return frozenset(found)


def reach(person: Person, right: Right) -> Reach:
    """The farthest that any role of the person takes this right; NONE where none gives it."""
    return max((RIGHTS[role].get(right, Reach.NONE) for role in person.roles), key=_FAR.index, default=Reach.NONE)


def may(person: Person, right: Right) -> bool:
    """Whether the person has the right for anything at all: for pages and links. For a task ask `may_on`."""
    return reach(person, right) is not Reach.NONE


def units_for(person: Person, right: Right, force: Force) -> frozenset[str]:
    """Codes of the units for whose tasks the person has the right: their own and all below; all of the force with the
    reach FORCE. None for a right that reaches their own tasks only."""
    if reach(person, right) is Reach.FORCE:
        return frozenset(force.units)
    own: set[str] = set()
    for grant in person.grants:
        if RIGHTS[grant.role].get(right) is Reach.UNIT:
            own |= {grant.unit} if grant.unit else person.units
    return frozenset(code for code in force.units if own & set(line_up(force, code)))


def may_on(person: Person, right: Right, force: Force, task: Task) -> bool:
    """Whether the person has the right for this task. A restricted one is for those alone who raised or own it, or
    hold RESTRICTED besides."""
    far, own = reach(person, right), is_own(person, task)
    if far is Reach.NONE or not (own or sees_restricted(person) or not is_restricted(force, task)):
        return False
    return own or bool(units_for(person, right, force) & {task.unit, *task.stands_on})


def sees_restricted(person: Person) -> bool:
    """Whether restricted tasks are there for this person: in pages, search, counts and exports alike."""
    return AppRole.RESTRICTED in person.roles


def is_own(person: Person, task: Task) -> bool:
    """Whether the person raised the task or owns it."""
    return task.submitted_by.casefold() == person.upn or person.user_id in task.owner_ids


def posts_of(person: Person, force: Force, unit: str) -> tuple[str, ...]:
    """The posts that the person may act in for a unit, as `tasking.authority` knows them: with Chair those of its
    chairs, deputies and duty roles, with TaskingOfficer or ActionManager its action manager's; not of units below."""
    level = force.level_of(unit)
    held = {grant.role for grant in person.grants if unit in ({grant.unit} if grant.unit else person.units)}
    found: list[str] = []
    if AppRole.CHAIR in held:
        for meeting in force.meetings_of(unit):
            found += [meeting.chair_role, *meeting.deputy_roles]
        found += level.duty_roles
    if held & {AppRole.TASKING_OFFICER, AppRole.ACTION_MANAGER} and level.action_manager_role:
        found.append(level.action_manager_role)
    return tuple(dict.fromkeys(found))


def line_up(force: Force, code: str) -> list[str]:
    """A unit and every one above it."""
    line: list[str] = []
    at: str | None = code
    while at is not None:
        line.append(at)
        at = force.units[at].parent
    return line
