"""What makes a task restricted: its mark, the label that people set, or its pillar. One rule for lists and pages."""

from tasking.force import Force
from tasking.task import Classification, Task

RESTRICTED_LABEL = "RESTRICTED"
"""Code of the label by which people keep a task to its link only."""


def is_marked_restricted(task: Task) -> bool:
    """Whether the task itself says so, by its mark or the label; or since it was restricted once, until somebody says
    otherwise (tasking.handling.set_handling)."""
    return task.is_held or is_marked_now(task)


def is_marked_now(task: Task) -> bool:
    """Whether mark or label say so now."""
    return task.classification is Classification.OFFICIAL_SENSITIVE or RESTRICTED_LABEL in task.labels


def open_pillars(force: Force) -> frozenset[str]:
    """Codes of the pillars that everybody may see; one that config does not know is not among them."""
    return frozenset(code for code, pillar in force.pillars.items() if not pillar.restricted)


def is_restricted(force: Force, task: Task) -> bool:
    """Whether only those who may see restricted matters may see it."""
    return is_marked_restricted(task) or task.pillar not in open_pillars(force)
