"""Who does what by role: the force's own names beside the roles that APP names. No people, only roles."""

from dataclasses import dataclass

from reporting.wording import unit_name
from tasking.force import Force
from tasking.strategy import ControlStrategy

CHAIR, DEPUTY = "Chair", "Deputy chair"
ACTION_MANAGER, TASKING_OFFICER, DUTY = "Action manager", "Tasking officer", "Decision maker between meetings"
PLAN_OWNER = "Plan owner"


@dataclass(frozen=True, slots=True)
class RoleRow:
    """`where` is the meeting, level or priority; `app_role` what APP calls it; `role` what the force does, or empty
    where config names nobody."""

    where: str
    unit: str
    app_role: str
    role: str


def roles(force: Force, strategy: ControlStrategy | None) -> tuple[RoleRow, ...]:
    """Chairs and deputies of each meeting, then the roles of each level, then the owner of each priority in force."""
    rows: list[RoleRow] = []
    for meeting in force.meetings:
        unit = unit_name(force, meeting.unit)
        rows.append(RoleRow(meeting.name, unit, CHAIR, meeting.chair_role))
        rows += [RoleRow(meeting.name, unit, DEPUTY, role) for role in meeting.deputy_roles]
    for level in force.levels:
        rows.append(RoleRow(level.name, "", ACTION_MANAGER, level.action_manager_role))
        rows.append(RoleRow(level.name, "", TASKING_OFFICER, level.tasking_officer_role))
        rows += [RoleRow(level.name, "", f"{DUTY} ({n})", role) for n, role in enumerate(level.duty_roles, start=1)]
    priorities = strategy.priorities if strategy else ()
    rows += [RoleRow(f"{each.code} {each.title}", "", PLAN_OWNER, each.owner_role) for each in priorities]
    return tuple(rows)
