"""Who looks, and what they may see. A pure value; every query of the pages takes one and applies it in SQL."""

from collections.abc import Iterable
from dataclasses import dataclass

from tasking.force import Force
from tasking.restricted import is_restricted
from tasking.task import Task

PARTNER_PILLARS = frozenset({"PARTNERSHIP_DEMAND"})
PARTNER_LABEL = "PARTNER_LEAD"
"""Pillars and label of the tasks that are partners' business: what the partner part of a pack goes by, too."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """What one person may see. `units` are codes of the units whose boards they may see, None for every unit.

    A task is seen from each unit that it stands on. `sees_restricted` adds restricted pillars, marks and labels.
    `is_partner` leaves only tasks that are partners' business, and no restricted one whatever else is said.
    `person_ids` are the ids by which the record knows the person: directory id and sign-in address.
    """

    units: frozenset[str] | None = frozenset()
    sees_restricted: bool = False
    is_partner: bool = False
    person_ids: frozenset[str] = frozenset()

    @property
    def may_see_restricted(self) -> bool:
        """Whether restricted matters are shown; never to a partner."""
        return self.sees_restricted and not self.is_partner

    def may_see_unit(self, unit: str) -> bool:
        """Whether the unit is one of theirs."""
        return self.units is None or unit in self.units


def units_below(force: Force, unit: str) -> frozenset[str]:
    """The unit and all below it."""
    found, size = {unit}, 0
    while len(found) > size:
        size = len(found)
        found |= {each.code for each in force.units.values() if each.parent in found}
    return frozenset(found)


def seen_from(
    force: Force,
    units: Iterable[str],
    levels: Iterable[str] | None = None,
    *,
    sees_restricted: bool = False,
    is_partner: bool = False,
    person_ids: Iterable[str] = (),
) -> Viewer:
    """A viewer who sees these units and all below them, of these levels only where given."""
    kept = None if levels is None else frozenset(levels)
    found = {code for unit in units if unit in force.units for code in units_below(force, unit)}
    seen = frozenset(code for code in found if kept is None or force.units[code].level in kept)
    return Viewer(seen, sees_restricted, is_partner, frozenset(person_ids))


def sees(viewer: Viewer, force: Force, task: Task) -> bool:
    """Whether this viewer may see the task: the rule that reporting/visible.py says in SQL."""
    if not viewer.may_see_restricted and is_restricted(force, task):
        return False
    if viewer.is_partner and PARTNER_LABEL not in task.labels and task.pillar not in PARTNER_PILLARS:
        return False
    return viewer.units is None or not viewer.units.isdisjoint(task.stands_on)
