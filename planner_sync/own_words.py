"""Pure: what the service itself had written on a task that has become restricted comes off the board again.

What people wrote there stays to the letter. Where a task is restricted no longer its actions get their words back.
"""

from graph_client.planner import TaskDetails
from planner_sync import description, field_map
from tasking.force import Force
from tasking.restricted import is_restricted
from tasking.task import Task


def own_text(task: Task, force: Force, text: str) -> str:
    """The description without the lines that were the service's own to write, where the task is restricted."""
    lines = (*description.lines_of(task), *field_map.words_beyond_limits(task)) if is_restricted(force, task) else ()
    return description.without_lines(text, lines)


def renamed_lines(task: Task, force: Force, there: TaskDetails) -> dict[str, str]:
    """Checklist lines of ours to rename, by id: those that show our words where they should not, or the reverse."""
    shown = {item.item_id: item.title for item in there.checklist}
    hidden, open_ = field_map.hidden_checklist(task), field_map.open_checklist(task)
    wanted, other = (hidden, open_) if is_restricted(force, task) else (open_, hidden)
    return {line: words for line, words in wanted.items() if shown.get(line) == other[line] != words}


def own_links(task: Task, force: Force) -> frozenset[str]:
    """Addresses of evidence that belong on no board, since the task is restricted."""
    return frozenset(each.url for each in task.links) if is_restricted(force, task) else frozenset()
