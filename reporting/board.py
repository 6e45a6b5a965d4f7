"""What stands on the boards, counted from the record."""

from collections import Counter

from sqlalchemy import Connection

from store.tasks import read_all_tasks


def tasks_by_board(connection: Connection) -> dict[str, dict[str, int]]:
    """How many tasks stand on each unit's board, by pillar code. A task that has climbed counts on every board."""
    boards: dict[str, Counter[str]] = {}
    for task in read_all_tasks(connection):
        for unit in task.stands_on:
            boards.setdefault(unit, Counter())[task.pillar] += 1
    return {unit: dict(pillars) for unit, pillars in sorted(boards.items())}
