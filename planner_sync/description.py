"""The description of a Planner task: people's lines above a line, the service's own block below it.

What people write above the line is never touched; the block is replaced whole.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from tasking.escalation import Escalation
from tasking.force import Force
from tasking.task import Task

LINE = "--- kept by the service ---"
LONDON = ZoneInfo("Europe/London")


def first_description(task: Task, block: str) -> str:
    """The description to start with: the five lines that people need, then the service's block."""
    lines = (
        ("Ask", task.text.ask),
        ("Why now", task.text.why_now),
        ("Place", task.text.place),
        ("What good looks like", task.text.good_looks_like),
        ("Constraints", task.text.constraints),
    )
    shown = [f"{name}: {text}" for name, text in lines if text]
    return "\n".join([*shown, "", block]) if shown else block


def with_block(description: str, block: str) -> str:
    """The description with the service's block renewed. Everything above its line stays to the letter."""
    above, line, _ = description.replace("\r\n", "\n").partition(LINE)
    if not line:
        return f"{above.rstrip()}\n\n{block}" if above.strip() else block
    return above + block


def service_block(task: Task, force: Force, escalations: tuple[Escalation, ...]) -> str:
    """The service's block: reference, risk, boards, what has to be mended, the last step up or down."""
    lines = [LINE, f"{task.classification.value} · {task.reference} · raised {_when(task.raised_at)}"]
    band = task.working_band
    if band and task.score is not None:
        by_person = f", set by a person (computed {task.band})" if task.band_override else ""
        lines.append(f"Risk: {band.value}{by_person}, score {task.score} of 100")
    if len(task.stands_on) > 1:
        lines.append("On the boards of: " + ", ".join(force.units[unit].name for unit in task.stands_on))
    lines += [f"To mend: {fault}" for fault in task.faults]
    if escalations:
        lines.append(_last_step(escalations[-1], force))
    return "\n".join(lines)


def _last_step(step: Escalation, force: Force) -> str:
    above, below = force.units[step.to_unit].name, force.units[step.from_unit].name
    if step.returned_at:
        return f"Returned by {above} to {below} on {_when(step.returned_at)}. Conditions: {step.conditions}"
    by = f" Decision needed by {_when(step.decide_by)}." if step.decide_by and not step.returned_at else ""
    return f"Escalated to {above} on {_when(step.requested_at)}: {step.reason}{by}"


def _when(at: datetime) -> str:
    moment = at.astimezone(LONDON)
    return f"{moment.day} {moment:%B %Y %H:%M}"
