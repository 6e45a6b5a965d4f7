"""TABLE: what a meeting goes through, one line for each AgendaSection: its title, and what brings a task there.

A daily meeting goes by exception and has each task once, under the point where most is asked for it; other meetings
have it under every point where it belongs.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from reporting import pack_granted, pack_lines, pack_offers
from reporting.intelligence_lines import intelligence_lines
from reporting.pack_conditions import is_controlled, is_local
from reporting.pack_parts import PARTNERS, POLICE, CountTable, PackDecision
from reporting.pack_reasons import ADDED, RANK, Found
from reporting.pack_view import Seen, View
from reporting.strategy_lines import control_strategy_counts, control_strategy_lines
from tasking.meetings import AgendaSection as A
from tasking.thrive import BANDS

LOCAL_RULE = "Rule of this meeting: within a band, local priorities come first, whatever their score."
PARTNER_RULE = (
    "Partners see this part only, and leave before the police part begins. Remind them of the sharing agreement."
)
LAST_WINDOW = "From 24 hours before the meeting starts until this pack was made."
NEXT_WINDOW = "Until 24 hours after the meeting starts."


@dataclass(frozen=True, slots=True)
class SectionRule:
    """One point of the agenda: the reasons that bring a task here, and what it says besides."""

    title: str
    reasons: frozenset[str] = frozenset()
    note: str = ""
    lines: Callable[[View], tuple[str, ...]] = lambda view: ()
    counts: Callable[[View], tuple[CountTable, ...]] = lambda view: ()
    decisions: Callable[[View], tuple[PackDecision, ...]] = lambda view: ()


@dataclass(frozen=True, slots=True)
class Matter:
    """A task before the meeting, with the reasons that hold for it."""

    seen: Seen
    found: Found


def _of(*codes: str) -> frozenset[str]:
    return frozenset(codes)


DECISIONS_FIRST = _of(
    "PAST_LIMIT", "UNDECIDED", "PAST_LIMIT_BELOW", "UNDECIDED_BELOW", "TO_ENDORSE", "STANDS_HERE", "SENT_UP"
)
LATE = _of(
    *("OVERDUE", "NOT_ACCEPTED", "NOT_BEGUN", "RE_THRIVE", "REVIEW_DUE", "UNOWNED", "UNSCORED", "BLOCKED", "DUE_SOON"),
    "PAUSED",
)

RULES: Mapping[A, SectionRule] = {
    A.ATTENDANCE: SectionRule("Attendance", lines=pack_lines.attendance),
    A.ACTIONS_OUTSTANDING: SectionRule(
        "Actions and decisions outstanding", _of("DECIDED_BEFORE", "OVERDUE", "NOT_ACCEPTED", "PAUSED", "REVIEW_DUE")
    ),
    A.ESCALATIONS: SectionRule("Escalations", DECISIONS_FIRST),
    A.DE_ESCALATIONS: SectionRule(
        "What can go back down", _of("RETURN_PROPOSED", "NOT_RECEIVED", "REVIEW_DUE", "REVIEW_SOON", "BAND_FELL")
    ),
    A.OVERNIGHT: SectionRule("Overnight: critical, missing, domestic abuse", _of("IMMEDIATE", "FLAGGED")),
    A.LAST_24_HOURS: SectionRule("Last 24 hours", _of("RISK_ROSE"), note=LAST_WINDOW, counts=pack_lines.last_24_hours),
    A.NEXT_24_HOURS: SectionRule("Next 24 hours", _of("STARTS_SOON", "DUE_SOON", "REVIEW_SOON"), note=NEXT_WINDOW),
    A.LOCAL_PRIORITIES: SectionRule("Local priorities and neighbourhood issues", _of("LOCAL"), note=LOCAL_RULE),
    A.PARTNER_TASKS: SectionRule("Tasks of and for partners", _of("PARTNERS")),
    A.CONTROL_STRATEGY: SectionRule(
        "Control strategy",
        _of("CONTROL"),
        note="Counts are of this unit and those below it; the tasks listed stand with this unit.",
        lines=control_strategy_lines,
        counts=control_strategy_counts,
    ),
    A.INTELLIGENCE: SectionRule("Intelligence", lines=intelligence_lines),
    A.MISSING: SectionRule("Missing people", _of("MISSING")),
    A.DUE_AND_OVERDUE: SectionRule("Due, overdue and not accepted", LATE),
    A.NEW_TASKS: SectionRule("New tasks since the last meeting", _of("NEW")),
    A.RESOURCES: SectionRule(
        "People and equipment asked for",
        _of("WANTS_RESOURCES"),
        note="Within a band, the highest score first. Below: what this unit has granted or was granted, as it lasts.",
        lines=pack_offers.offers_and_matches,
        decisions=pack_granted.granted,
    ),
    A.RESULTS: SectionRule("Results since the last meeting", _of("COMPLETED")),
    A.RISK_GRADING: SectionRule(
        "How risk was graded",
        note="Of this unit and those below it, over the length of the last tasking cycle.",
        counts=pack_lines.risk_grading,
    ),
    A.DECISIONS: SectionRule("Decisions since the last meeting, to be read back", decisions=pack_lines.read_back),
}
"""Where a daily meeting could have a task under two points for the same reason, it has it under the first of these."""


def placed(view: View, matters: Iterable[Matter]) -> dict[A, list[Matter]]:
    """Which tasks belong under which point of the meeting's agenda, in the order in which they are taken."""
    found: dict[A, list[Matter]] = {section: [] for section in view.kind.agenda}
    places = _one_place if view.kind.is_daily else places_of
    for matter in matters:
        for section in places(view, matter):
            found[section].append(matter)
    return {section: sorted(there, key=order_of(view)) for section, there in found.items()}


def places_of(view: View, matter: Matter) -> list[A]:
    """Every point of the meeting's agenda under which a task belongs."""
    return [
        section for section in RULES if section in view.kind.agenda and RULES[section].reasons & matter.found.keys()
    ]


def order_of(view: View) -> Callable[[Matter], tuple[float | str, ...]]:
    """How tasks follow one another: the most pressing first on a daily meeting, else by band and score.

    Where local priorities are on the agenda they come first within a band, whatever their score. Among equals, of the
    same band and score, what serves the control strategy comes first; it bars nothing.
    """
    if view.kind.is_daily:
        return _by_pressure
    return _by_band_local_first if A.LOCAL_PRIORITIES in view.kind.agenda else _by_band


def part_of(view: View, section: A) -> str:
    """Whether partners are there for it."""
    return PARTNERS if section in view.kind.partner_sections else POLICE


def note_of(view: View, section: A) -> str:
    """The rule by which the point is put together, and who may be there for it."""
    own = RULES[section].note
    if section is A.ATTENDANCE:
        own = pack_lines.needed(view)
    return f"{own} {PARTNER_RULE}".strip() if section is A.ATTENDANCE and view.kind.partner_sections else own


def _one_place(view: View, matter: Matter) -> list[A]:
    """Under escalations where one waits for a decision, else under the point of its most pressing reason; under none
    where it has a point of its own."""
    if ADDED in matter.found:
        return []
    places = places_of(view, matter)
    if A.ESCALATIONS in places:
        return [A.ESCALATIONS]
    return next(([place] for code in matter.found for place in places if code in RULES[place].reasons), [])


def _by_pressure(matter: Matter) -> tuple[float | str, ...]:
    return (min(RANK[code] for code in matter.found), *_by_band(matter))


def _by_band_local_first(matter: Matter) -> tuple[float | str, ...]:
    band, *rest = _by_band(matter)
    return (band, not is_local(matter.seen), *rest)


def _by_band(matter: Matter) -> tuple[float | str, ...]:
    task, band = matter.seen.task, matter.seen.task.working_band
    due = task.due_at.timestamp() if task.due_at else float("inf")
    is_lower = not is_controlled(matter.seen)
    return (-BANDS[band].rank if band else 1, -(task.score or 0), is_lower, due, task.reference)
