"""What Planner's own menu of a task can do and Graph v1.0 cannot: copy it, have it repeat, or no longer."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.datastructures import FormData

from m365_emulator.control.orders import ControlFault, read_order
from m365_emulator.planner.copies import CHOSEN, copy_task
from m365_emulator.planner.place import plan_at
from m365_emulator.planner.recurrence import Recurrence
from m365_emulator.planner.state import TaskParts
from m365_emulator.planner.task_levers import ScheduleOrder, clear_schedule, set_schedule
from m365_emulator.routing import Call

STEPS = {"daily": "day", "weekly": "week", "absoluteMonthly": "month", "absoluteYearly": "year"}
NEVER = "never"


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """What choosing it does for the person of the call, and what is said afterwards."""

    act: Callable[[Call, TaskParts, FormData], None]
    said: str


def repeat_words(schedule: Recurrence | None) -> str:
    """'every week', 'every 2 weeks', or nothing for a task that does not repeat (any more)."""
    if schedule is None or schedule.next_task_id is not None:
        return ""
    step = STEPS[schedule.type]
    return f"every {step}" if schedule.interval == 1 else f"every {schedule.interval} {step}s"


def _copy(call: Call, parts: TaskParts, sent: FormData) -> None:
    values = parts.task.values
    copy_task(call, parts, CHOSEN, values["planId"], values["bucketId"], values["title"])


def _repeat(call: Call, parts: TaskParts, sent: FormData) -> None:
    plan_at(call, parts.task.values["planId"])
    kind = sent.get("repeat")
    if kind == NEVER:
        return clear_schedule(call.tenant, parts)
    if kind not in STEPS:
        raise ControlFault("Choose how often.")
    return set_schedule(call.tenant, parts, read_order(ScheduleOrder, {"type": kind}))


MENU = {
    "copy": MenuEntry(_copy, "Copied."),
    "repeat": MenuEntry(_repeat, "Repetition set."),
}
