"""Raw values put into a task past every limit, as other means than Graph could have made them: a title of nothing,
thirty people, a description without end. Etags move as with any change.
"""

from dataclasses import replace
from typing import Any

from m365_emulator.odata import Json
from m365_emulator.planner.making import stamp_completion
from m365_emulator.planner.series import go_on
from m365_emulator.planner.shapes import TASK, TASK_DETAILS, Changes, OpenType, Shape, read
from m365_emulator.planner.state import TaskParts
from m365_emulator.planner.tasks import commit_details
from m365_emulator.planner.values import invalid
from m365_emulator.planner.writes import commit, merge, stamp_of
from m365_emulator.routing import Call
from m365_emulator.switches import Switches

NO_LIMIT = 2**31 - 1
WITHOUT_LIMITS = Switches(
    planner_title_max=NO_LIMIT, planner_description_max=NO_LIMIT, planner_checklist_title_max=NO_LIMIT
)


def force(call: Call, parts: TaskParts, sent: Json) -> None:
    """Put these properties, of the task or of its details, in place for the caller; entries of maps are added.

    Raises the 400 of a property that neither has, or of a value of another type.
    """
    of_details = {k: v for k, v in sent.items() if k in TASK_DETAILS.writable or k in TASK_DETAILS.maps}
    of_task = {k: v for k, v in sent.items() if k not in of_details}
    stamp, before = stamp_of(call), parts.task.values
    changes = _read(TASK, of_task), _read(TASK_DETAILS, of_details)
    after, paths = merge(before, changes[0], stamp)
    paths |= stamp_completion(call, after, before["percentComplete"])
    commit(call.tenant, parts.task, after, paths)
    commit_details(call, parts, *merge(parts.details.values, changes[1], stamp))
    if after["percentComplete"] == 100:
        go_on(call, parts, was_complete=before["percentComplete"] == 100)


def _read(shape: Shape, sent: Json) -> Changes:
    typed = {name: _typed(shape.maps[name], value) if name in shape.maps else value for name, value in sent.items()}
    return read(_lenient(shape), typed, WITHOUT_LIMITS, creating=False)


def _lenient(shape: Shape) -> Shape:
    """The shape with a title that may be empty and a bucket that need not exist."""
    return replace(shape, writable=shape.writable | ({"title": _any_text} if "title" in shape.writable else {}))


def _any_text(value: Any, switches: Switches) -> Any:
    if not isinstance(value, str):
        raise invalid("The title has to be a text.")
    return value


def _typed(kind: OpenType, entries: Any) -> Any:
    """The entries with the @odata.type that a person's hand leaves out."""
    if not kind.type_name or not isinstance(entries, dict):
        return entries
    mark = {"@odata.type": f"#microsoft.graph.{kind.type_name}"}
    return {key: mark | entry if isinstance(entry, dict) else entry for key, entry in entries.items()}
