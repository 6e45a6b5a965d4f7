"""What stands on the boards, counted from the record."""

from collections import Counter

from sqlalchemy import Connection

from store.tasks import read_all_tasks
from tasking.force import Force
from tasking.standing import boards_of


def tasks_by_board(connection: Connection, force: Force) -> dict[str, dict[str, int]]:
    """How many tasks stand on each board, by pillar code. A task that has climbed counts on every board."""
    boards: dict[str, Counter[str]] = {}
    for task in read_all_tasks(connection):
        for board in boards_of(force, task):
            boards.setdefault(board, Counter())[task.pillar] += 1
    return {board: dict(pillars) for board, pillars in sorted(boards.items())}
