"""On which boards a task stands: those of its units, or the restricted board alone. The one rule; everything asks it.

`stands_on` of a task says which units it stands with, whatever board shows it. Source: policing notes, IG-02 and IG-04.
"""

from tasking.force import LEVEL_LABEL, RESTRICTED_BOARD, Force
from tasking.restricted import is_restricted
from tasking.task import Task


def boards_of(force: Force, task: Task) -> tuple[str, ...]:
    """Codes of the boards that show the task while it is open, its own first."""
    return (RESTRICTED_BOARD,) if _is_apart(force, task) else task.stands_on


def own_board(force: Force, task: Task) -> str:
    """Code of the board where its owner stands; on any other it has a twin."""
    return boards_of(force, task)[0]


def may_be_on(force: Force, task: Task, board: str) -> bool:
    """Whether anything of the task may be on this board, if only as business that is over.

    What is restricted may be on no ordinary board; the restricted board, where there is one, takes nothing else.
    """
    return (board == RESTRICTED_BOARD) is _is_apart(force, task)


def unit_on(force: Force, task: Task, board: str) -> str:
    """The unit for which people act who do something to the task on this board."""
    return board if board in force.units else task.top_unit


def kept_labels(force: Force, task: Task) -> frozenset[str]:
    """Codes of the labels that the service keeps on the task's boards: its own, and the level where it stands now.

    A force that has no label for that level shows none (docs/decisions/0031).
    """
    level = f"{LEVEL_LABEL}{force.level_of(task.top_unit).code}"
    return task.service_labels | ({level} & force.labels.keys())


def _is_apart(force: Force, task: Task) -> bool:
    return force.restricted_board is not None and is_restricted(force, task)
