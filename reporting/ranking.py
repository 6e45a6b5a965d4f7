"""How tasks follow one another by risk: one rule for every list of a pack."""

from tasking.task import Task
from tasking.thrive import BANDS


def by_band(task: Task) -> tuple[float | str, ...]:
    """Sorts the highest band first, within a band as meetings take tasks."""
    band = task.working_band
    due = task.due_at.timestamp() if task.due_at else float("inf")
    return (-BANDS[band].rank if band else 1, -(task.score or 0), due, task.reference)
