"""What a pack says besides its tasks: who is expected, how many tasks came and went, what was decided."""

from collections import Counter
from collections.abc import Mapping

from reporting.pack_parts import CountTable, PackDecision
from reporting.pack_view import View
from reporting.regrading import MOVES, rows_of
from reporting.wording import is_decision_restricted, unit_name
from tasking.decision import Decision
from tasking.meetings import Attendance
from tasking.recording import WORDS
from tasking.resources import granted_words
from tasking.roster import quorum_of
from tasking.task import Status, Task

PARTNER_ONLY = "partner part only"


def attendance(view: View) -> tuple[str, ...]:
    """Roles to be ticked off: the chair's, the roster's, and who was there last, or is there where the meeting is open.
    No names."""
    meeting = view.meeting
    chairs = (meeting.chair_role, *meeting.deputy_roles)
    expected = (f"{meeting.chair_role} (chair)", *(f"{role} (deputy)" for role in meeting.deputy_roles))
    seats = [seat for seat in meeting.roster if seat.agency or seat.role not in chairs]
    seated = {(role, seat.agency) for seat in seats for role in (seat.role, *seat.deputies)}
    known = view.record or view.last_record
    others = [
        who_words(entry)
        for entry in (known.attendance if known else ())
        if entry.role not in chairs and (entry.role, entry.agency) not in seated
    ]
    return (*expected, *(seat.words for seat in seats), *dict.fromkeys(others))


def needed(view: View) -> str:
    """How many of the roster are needed; and where the meeting is open that they are too few, if they are."""
    meeting, quorum = view.meeting, quorum_of(view.meeting, view.record)
    if not meeting.quorum:
        return ""
    warning = f" {quorum.warning}" if quorum and quorum.warning else ""
    return f"Of the {len(meeting.roster)} in the tasking team {meeting.quorum} are needed.{warning}"


def who_words(entry: Attendance) -> str:
    """Role and agency of somebody who attends, and the part where it is not the whole."""
    part = PARTNER_ONLY if entry.partner_part and not entry.police_part else ""
    return ", ".join(word for word in (entry.role, entry.agency, part) if word)


def last_24_hours(view: View) -> tuple[CountTable, ...]:
    """What came in and what was done, by pillar, and by unit where there are several."""
    tasks = [seen.task for seen in (*view.open_tasks, *view.ended)]
    groups = (
        [task for task in tasks if view.window_from <= task.raised_at <= view.now],
        [task for task in tasks if _is_done_since_yesterday(task, view)],
        [seen.task for seen in view.open_tasks],
    )
    headings = ("Came in", "Done", "Open now")
    pillars = {code: pillar.label for code, pillar in view.force.pillars.items()}
    units = {code: unit_name(view.force, code) for code in view.force.units}
    by_pillar = _rows(pillars, [Counter(task.pillar for task in group) for group in groups])
    by_unit = _rows(units, [Counter(task.unit for task in group) for group in groups])
    tables = [CountTable("By pillar", headings, by_pillar)] if by_pillar else []
    return (*tables, *([CountTable("By unit", headings, by_unit)] if len(by_unit) > 1 else []))


def risk_grading(view: View) -> tuple[CountTable, ...]:
    """How often risk was raised, lowered or kept when it was looked at again, as numbers."""
    if view.regraded is None:
        return ()
    rows = tuple((row.words, row.numbers) for row in rows_of(view.regraded))
    return (CountTable("How risk moved when it was looked at again", MOVES, rows),) if rows else ()


def read_back(view: View) -> tuple[PackDecision, ...]:
    """What was written down of the unit's decisions since the last meeting began, oldest first, without what was put
    right since. A decision that was made before and written down later is read back all the same."""
    tasks = view.tasks_by_id
    return tuple(
        decision_in_pack(decision, is_decision_restricted(view.force, decision, tasks.get(decision.task_id)))
        for decision in view.recorded
        if decision.decision_ref not in view.superseded
    )


def decision_in_pack(decision: Decision, hidden: bool) -> PackDecision:
    """A decision as a pack reads it back."""
    return PackDecision(
        decision_ref=decision.decision_ref,
        task_id=decision.task_id,
        reference=decision.task_reference,
        classification=decision.classification,
        is_restricted=hidden,
        what=f"{WORDS[decision.decision_type]}{_granted(decision)}",
        text="" if hidden else decision.text,
        rationale="" if hidden else decision.rationale,
        role=decision.role,
        meeting_ref=decision.meeting_ref,
        decided_at=decision.decided_at,
        recorded_at=decision.recorded_at,
    )


def _granted(decision: Decision) -> str:
    return f". {granted_words(decision.allocation).rstrip('.')}" if decision.allocation else ""


def _is_done_since_yesterday(task: Task, view: View) -> bool:
    done_at = task.completed_at if task.status is Status.COMPLETED else None
    return done_at is not None and view.window_from <= done_at <= view.now


def _rows(names: Mapping[str, str], counts: list[Counter[str]]) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """A row for each pillar or unit that has anything to count, in the order of config."""
    return tuple(
        (name, tuple(count[code] for count in counts))
        for code, name in names.items()
        if any(count[code] for count in counts)
    )
