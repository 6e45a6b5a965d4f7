"""What counts as restricted: the one rule for pages, packs, minutes, register and exports."""

from tasking.force import Force
from tasking.task import Classification, Task

RESTRICTED_LABEL = "RESTRICTED"
"""Code of the label by which people keep a task to its link only."""


def is_restricted(force: Force, task: Task) -> bool:
    """Whether only its reference may be shown: by its mark, its pillar, or the label that people set."""
    pillar = force.pillars.get(task.pillar)
    sensitive = task.classification is Classification.OFFICIAL_SENSITIVE
    return sensitive or RESTRICTED_LABEL in task.labels or pillar is None or pillar.restricted
