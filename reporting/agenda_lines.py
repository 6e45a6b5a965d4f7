"""What people did to a meeting's agenda, line by line for its minutes: what, by whom, when, why."""

from collections.abc import Mapping, Sequence

from reporting.pack_agenda import name_of
from reporting.wording import READ_ON_RECORD, short_time
from tasking.agenda import AgendaChange, AgendaStep
from tasking.force import Force
from tasking.restricted import is_restricted
from tasking.task import Task

WORDS: Mapping[AgendaChange, str] = {
    AgendaChange.ADDED: "Added",
    AgendaChange.MOVED: "Moved",
    AgendaChange.LEFT_OUT: "Left out",
    AgendaChange.PUT_BACK: "Put back",
}


def agenda_lines(
    force: Force, steps: Sequence[AgendaStep], tasks: Mapping[str, Task], with_restricted: bool, leave_out: bool
) -> tuple[str, ...]:
    """One line for each step, oldest first. `tasks` are those that the steps are about, by reference.

    Why something restricted was left out is not said, unless `with_restricted`; with `leave_out` its steps are not
    there, nor is the name of a point that tells of it.
    """
    added = {step.point: step for step in steps if step.change is AgendaChange.ADDED}
    hidden = {
        step.reference
        for step in steps
        if step.reference and (step.reference not in tasks or is_restricted(force, tasks[step.reference]))
    }
    hidden_points = {code for code, step in added.items() if step.reference in hidden}
    told = []
    for step in steps:
        if leave_out and step.reference in hidden:
            continue
        because = READ_ON_RECORD if step.because and step.reference in hidden and not with_restricted else step.because
        before = "" if leave_out and step.before in hidden_points else step.before
        words = f"{WORDS[step.change]}: {name_of(added, step.point)}"
        place = f", before {name_of(added, before)}" if before else ""
        why = f". {because}" if because else ""
        told.append(f"{words}{place}{why} ({step.by}, {short_time(step.at)})")
    return tuple(told)
