"""The description of a Planner task: people's lines above a line, the service's own block below it.

What people write above the line is never touched; the block is replaced whole.
"""

import re
from collections.abc import Sequence
from datetime import datetime

from tasking.clocks import LONDON
from tasking.decision import Decision
from tasking.escalation import Escalation, EscalationStatus
from tasking.force import Force
from tasking.restricted import is_restricted
from tasking.standing import boards_of
from tasking.task import Classification, Status, Task
from tasking.thrive import LOW_CONFIDENCE

LINE = "--- kept by the service ---"
OWN = "· "
"""How each of the service's own lines begins, so that a person's line among them is told apart."""

LONGEST_DESCRIPTION = 32_000
"""Not published; an assumption of the emulator too. A longer one is refused with 400."""

LONGEST_WORDS = 400
"""How much of a decision's own words the board shows; the whole stands on the record."""
READ_WHY = "read why on the record."

_LINE = re.compile(rf"^{re.escape(LINE)}[ \t]*\r?$", re.MULTILINE)


def lines_of(task: Task) -> tuple[str, ...]:
    """The five lines that people need, as the service writes them; those that were left blank are left out."""
    lines = (
        ("Ask", task.text.ask),
        ("Why now", task.text.why_now),
        ("Place", task.text.place),
        ("What good looks like", task.text.good_looks_like),
        ("Constraints", task.text.constraints),
    )
    return tuple(_without_line(f"{name}: {text}") for name, text in lines if text)


def first_description(lines: Sequence[str], block: str, there: str = "") -> str:
    """The description to start with: these lines, then the service's block.

    `there` is what a person was quicker to write, and stays first.
    """
    written = [there.rstrip(), ""] if there.strip() else []
    above = written + [_without_line(line) for line in lines]
    return "\n".join([*above, *([""] if lines else []), block])


def without_lines(text: str, lines: Sequence[str]) -> str:
    """The description without these lines of the service's own, where they stand as they were written."""
    for line in lines:
        text = text.replace(f"{line}\n", "", 1)
    return text


def with_block(description: str, block: str) -> str:
    """The description with the service's block renewed.

    Everything above its line stays to the letter; what people wrote among the service's own lines moves above it.
    """
    found = _LINE.search(description)
    if found is None:
        return f"{description.rstrip()}\n\n{block}" if description.strip() else block
    above, strays = description[: found.start()], _strays(description[found.start() :])
    if strays:
        above = "\n".join([*([above.rstrip(), ""] if above.strip() else []), *strays, "", ""])
    return above + block


def fitted(description: str, block: str) -> str | None:
    """`with_block`, with the block cut to its first line where Planner would not take the whole.

    None where not even that fits: what people wrote comes first.
    """
    short = "\n".join(block.splitlines()[:2])
    tries = (with_block(description, each) for each in (block, short))
    return next((text for text in tries if len(text) <= LONGEST_DESCRIPTION), None)


def shows_block(description: str, block: str) -> bool:
    """Whether the service's block stands there, with nothing else among it."""
    found = _LINE.search(description)
    return found is not None and _lines(description[found.start() :]) == _lines(block)


def with_lines(description: str, lines: Sequence[str]) -> str:
    """The description with further lines above the service's block."""
    found = _LINE.search(description)
    above, block = (description, "") if found is None else (description[: found.start()], description[found.start() :])
    return "\n".join([*([above.rstrip()] if above.strip() else []), *lines, *(["", block] if block else [])])


def cut_above(description: str, block: str) -> str:
    """The description as Planner takes it: what stands above the block is cut where it is too long for both."""
    most = LONGEST_DESCRIPTION - len(block) - len("…\n\n")
    above = description[: -len(block)]
    return description if len(description) <= LONGEST_DESCRIPTION else f"{above[:most].rstrip()}…\n\n{block}"


def has_block(description: str) -> bool:
    """Whether the service has put its block here before."""
    return _LINE.search(description) is not None


def service_block(
    task: Task,
    force: Force,
    escalations: tuple[Escalation, ...],
    remarks: Sequence[str] = (),
    decision: Decision | None = None,
    whereabouts: Sequence[str] = (),
) -> str:
    """The service's block: reference, risk, boards, what to mend and to know, where it is on its way, the last step up
    or down, the newest decision."""
    names = {kind.code: kind.name for kind in force.reference_kinds}
    lines = [f"{task.classification.value} · {task.reference} · raised {_when(task.raised_at)}"]
    band = task.working_band
    if band and task.score is not None:
        by_person = f", set by a person (computed {task.band})" if task.band_override else ""
        unsure = f", {LOW_CONFIDENCE}: find out more" if task.is_unsure else ""
        lines.append(f"Risk: {band.value}{by_person}, score {task.score} of 100{unsure}")
    lines += _places(task, force)
    lines += whereabouts
    lines += [f"{names[each.kind]}: {each.value}" for each in task.external_references if each.kind in names]
    hidden = is_restricted(force, task)
    if hidden:
        lines.append("Restricted: what was written about it is on the record, and belongs on no board.")
    lines += [f"To mend: {fault}" for fault in task.faults]
    lines += [f"To know: {remark}" for remark in remarks]
    if task.status is Status.WITHDRAWN:
        lines.append(f"Withdrawn: {READ_WHY if hidden else task.ended_reason}")
    elif escalations:
        lines.append(_last_step(escalations[-1], force, hidden))
    if decision is not None:
        lines.append(_decided(decision, force, hidden))
    return "\n".join([LINE, *(f"{OWN}{_one_line(line)}" for line in lines)])


def _places(task: Task, force: Force) -> list[str]:
    """The boards where it stands, where there are several; where they are not its units', whose it is."""
    boards, units = boards_of(force, task), [force.units[unit].name for unit in task.stands_on]
    if boards != task.stands_on:
        return ["Stands with: " + ", ".join(units)]
    return ["On the boards of: " + ", ".join(units)] if len(boards) > 1 else []


def _without_line(text: str) -> str:
    """What somebody wrote on a form must not end what counts as theirs, nor begin what counts as ours."""
    return text.replace(LINE, LINE.strip("- "))


def _one_line(text: str) -> str:
    return " ".join(_without_line(text).split())


def _lines(block: str) -> list[str]:
    return [line.strip() for line in block.splitlines() if line.strip()]


def _strays(block: str) -> list[str]:
    """What is neither the service's line, which somebody may have pasted twice, nor one of its own below it."""
    return [line for line in block.splitlines() if line.strip() not in ("", LINE) and not line.startswith(OWN)]


def _last_step(step: Escalation, force: Force, hidden: bool) -> str:
    above, below = force.units[step.to_unit].name, force.units[step.from_unit].name
    back = step.returned_at and _when(step.returned_at)
    reason = READ_WHY if hidden else step.reason
    conditions = "Read them on the record." if hidden else step.conditions
    words = {
        EscalationStatus.PROPOSED: f"Proposed for {above}: {reason} Somebody of {below} has to agree first.",
        EscalationStatus.ACCEPTED: f"Accepted by {above}. Its owner stays accountable until {above} allocates.",
        EscalationStatus.RETAINED: f"Kept by {above}.",
        EscalationStatus.DE_ESCALATION_PROPOSED: f"{above} is asked to give it back.",
        EscalationStatus.DECLINED: f"Declined by {above} on {back}: it stays with {below}.",
        EscalationStatus.RETURNED: f"Returned by {above} to {below} on {back}: more information is needed.",
        EscalationStatus.DE_ESCALATED: f"Returned by {above} to {below} on {back}. Conditions: {conditions}",
        EscalationStatus.WITHDRAWN: f"The escalation to {above} was withdrawn.",
    }
    return words.get(step.status) or _undecided(step, above, reason)


def _undecided(step: Escalation, above: str, reason: str) -> str:
    at = f" It is left to {step.forum}." if step.forum else ""
    by = f" Decision needed by {_when(step.decide_by)}." if step.decide_by else ""
    said = "" if reason == READ_WHY else _said(step)
    return f"Escalated to {above} on {_when(step.requested_at)}: {reason}{said}{at}{by}"


def _said(step: Escalation) -> str:
    """What people ask of the level above, and what they have tried."""
    told = (("Asked for", step.asked), ("Tried so far", step.action_so_far))
    return "".join(f" {name}: {_short(words)}" for name, words in told if words)


def _decided(decision: Decision, force: Force, hidden: bool) -> str:
    """Who decided by role, not by name. What they wrote of a restricted task is read on the record."""
    by = f"the {decision.role}" if decision.role else "somebody who filled in the form"
    told = f"{decision.decision_ref}, {_when(decision.decided_at)}, by {by} for {force.units[decision.unit].name}"
    if hidden or decision.classification is Classification.OFFICIAL_SENSITIVE:
        return f"Decided: {told}. Read it on the record."
    return f"Decided: {told}: {_short(decision.text)} Why: {_short(decision.rationale)}"


def _short(text: str) -> str:
    line = " ".join(text.split()).rstrip(".")
    return f"{line}." if len(line) <= LONGEST_WORDS else f"{line[:LONGEST_WORDS].rstrip()}…"


def _when(at: datetime) -> str:
    moment = at.astimezone(LONDON)
    return f"{moment.day} {moment:%B %Y %H:%M}"
