"""TABLE: what a form asks for each decision: the fields that its rule needs or knows, and nothing else."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from tasking.asking import asks_for_people
from tasking.clocks import utc_of
from tasking.deciding import RULES
from tasking.decision import DecisionType
from tasking.decision_words import LONGEST_REASON, LONGEST_TEXT
from tasking.escalation import Escalation
from tasking.open_decisions import right_for
from tasking.rights import Right
from web.forms import Form

T = DecisionType
MOST_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `name` is the request's; `kind` is area, lines, text, number, count, moment or choice. `when` says in
    which case it is needed, where its rule does not always need it."""

    name: str
    label: str
    kind: str = "area"
    hint: str = ""
    when: str = "optional"


@dataclass(frozen=True, slots=True)
class Act:
    """A decision as its page says it: the link and button, the heading, what it does, and the fields besides why."""

    words: str
    does: str
    fields: tuple[Field, ...] = ()
    why: str = "Why"
    is_warning: bool = False


TEXT = Field("text", "What is decided", hint="One sentence, as it will be read back.")
BID = (
    Field("resources", "People and equipment", hint="What it is, such as two officers, or a CCTV van with its crew."),
    Field("how_many", "How many", "count", "How many people or things: a whole number."),
    Field("hours", "Hours", "number", "Of all of them together: a number, such as 8 or 12.5."),
    Field("starts_at", "From", "moment", "London time."),
    Field("ends_at", "Until", "moment", "London time."),
)
"""People or equipment: asked for, or granted."""
ASKED = tuple(replace(field, when="needed where people are asked for") for field in BID)
AS_ASKED = tuple(replace(field, when="else as it was asked") for field in BID)
REVIEW = Field("review_at", "To be looked at again", "moment", "London time.")
NDM = (
    Field("information", "Information and intelligence", hint="What was known."),
    Field("threat_assessment", "Threat assessment and working strategy"),
    Field("powers_policy", "Powers and policy"),
    Field("options", "Options considered", "lines", "One on each line. Say also what doing nothing would mean."),
    Field("dissent", "Who saw it differently", hint="By role, and why."),
)
"""The headings of the National Decision Model: offered and not forced (policing notes, section 1.6)."""

ACTS: Mapping[DecisionType, Act] = {
    T.ESCALATE: Act(
        "Ask the level above",
        "The task goes up, or is proposed to where your unit has to agree first. Your unit stays accountable.",
        (
            Field("trigger", "Reason", "choice"),
            Field("text", "What you ask for", when="needed where no people are asked for"),
            Field("tried", "What was tried so far", when="needed where it is beyond your unit"),
            *ASKED,
        ),
        "Why now",
    ),
    T.ENDORSE: Act("Endorse that it goes up", "It goes before the level above, whose time to decide begins now."),
    T.ESCALATION_WITHDRAW: Act("Withdraw it", "What was asked or proposed is taken back.", is_warning=True),
    T.ESCALATION_ACCEPT: Act(
        "Accept",
        "This level takes it on. The owner below stays accountable until it is allocated here.",
        (TEXT, *AS_ASKED, REVIEW),
    ),
    T.ESCALATION_DECLINE: Act("Decline", "It goes back to the unit below, which keeps it.", is_warning=True),
    T.ESCALATION_RETURN: Act("Return for more information", "It goes back until what is missing has been said."),
    T.ESCALATION_TO_MEETING: Act(
        "Leave to a meeting", "It stays undecided until that meeting.", (Field("to_meeting", "Meeting", "choice"),)
    ),
    T.DE_ESCALATION_PROPOSE: Act("Propose its return", "The level above decides whether it goes back down."),
    T.DE_ESCALATE: Act(
        "Give it back with conditions",
        "It goes back down. The receiver that you name has to accept it.",
        (
            Field("conditions", "On what conditions"),
            Field("residual_risk", "What risk remains"),
            Field("receiver", "Who takes it over below", "choice"),
            REVIEW,
        ),
    ),
    T.RETAIN: Act("Keep it at this level", "Its return was proposed; it stays here."),
    T.RECEIVE: Act("Accept what came back", "You take over what was given back, on its conditions."),
    T.PRIORITY_OVERRIDE: Act(
        "Set another band", "The computed band stays on the record.", (Field("band", "Band", "choice"),)
    ),
    T.EXTEND: Act(
        "Give another due time", "The boards show the new time.", (Field("due_at", "Due", "moment", "London time."),)
    ),
    T.PAUSE: Act("Stop its clock", "It is not late while its clock stands, and comes back for review.", (REVIEW,)),
    T.RESUME: Act("Let its clock run again", "A due time of the service's own moves by as long as it stood."),
    T.RESOURCE: Act(
        "Give people or equipment",
        "It is put on the record. Where another unit gets it, a task for providing it is raised here.",
        BID,
    ),
    T.RESOURCE_DECLINE: Act(
        "Decline people or equipment", "What was asked for is not given. It is put on the record.", is_warning=True
    ),
    T.ALLOCATE: Act("Allocate", "It is put on the record. The owner is set on the board.", (TEXT,)),
    T.TASK_CREATE: Act("Want a further task", "It is put on the record. Raise the task by the form.", (TEXT,)),
    T.PLAN_COMMISSION: Act("Commission a plan", "It is put on the record.", (TEXT,)),
    T.ANALYSIS_COMMISSION: Act("Commission analysis", "It is put on the record.", (TEXT,)),
    T.REVIEW_COMMISSION: Act("Commission a review", "It is put on the record.", (TEXT,)),
    T.TRANSFER_MAA: Act("Name the most appropriate agency", "It is put on the record.", (TEXT,)),
    T.MERGE: Act("Merge with another task", "It is put on the record.", (TEXT,)),
    T.CARRY_OVER: Act("Carry it over", "It goes on in the next tasking cycle."),
    T.NO_TASKING: Act("No tasking", "The task is withdrawn, and taken off the boards.", is_warning=True),
}
"""Every decision, in the order in which pages offer them."""
SLUGS: Mapping[str, DecisionType] = {kind.value.lower().replace("_", "-"): kind for kind in ACTS}
"""What stands in addresses, such as escalation-accept."""


def slug_of(kind: DecisionType) -> str:
    """What stands in addresses for it."""
    return kind.value.lower().replace("_", "-")


def fields_of(kind: DecisionType, step: Escalation | None) -> tuple[Field, ...]:
    """The fields of a decision about this escalation: nothing is granted where nobody asked for people or equipment."""
    fields = ACTS[kind].fields
    if kind is not T.ESCALATION_ACCEPT or (step and asks_for_people(step)):
        return fields
    return tuple(field for field in fields if field not in AS_ASKED)


def needed_in(kind: DecisionType, *, is_timed: bool) -> frozenset[str]:
    """Names of the fields that its rule needs. Where what was asked for `is_timed`, its time need not be said again."""
    time = {"starts_at", "ends_at"} if kind is T.RESOURCE and not is_timed else set()
    return frozenset({"rationale", *RULES[kind].needs, *time})


def headings_of(kind: DecisionType) -> tuple[Field, ...]:
    """The headings of the National Decision Model that its form offers: where somebody decides, not only asks."""
    return NDM if right_for(kind) is Right.DECIDE else ()


def read_fields(
    form: Form,
    kind: DecisionType,
    fields: Iterable[Field],
    needed: Collection[str],
    choices: Mapping[str, Mapping[str, str]],
) -> dict[str, object]:
    """What was answered to these fields, by the names of DecisionRequest; faults are noted on the form. `choices` are
    the codes that each choice offers."""
    why = LONGEST_REASON if kind is T.ESCALATE else LONGEST_TEXT
    told: dict[str, object] = {"rationale": form.text("rationale", ACTS[kind].why, needed=True, most=why)}
    for field in fields:
        told[field.name] = _answer(form, field, field.name in needed, choices.get(field.name, {}))
    return told


def _answer(form: Form, field: Field, needed: bool, among: Mapping[str, str]) -> object:
    if field.kind == "choice":
        return form.choice(field.name, field.label, among, needed=needed)
    text = form.text(field.name, field.label, needed=needed, most=LONGEST_TEXT)
    if field.kind == "lines":
        return tuple(line.strip() for line in text.splitlines() if line.strip())
    if field.kind == "number":
        return _number(form, field, text)
    if field.kind == "count":
        return _count(form, field, text)
    return _moment(form, field, text) if field.kind == "moment" else text


def _number(form: Form, field: Field, text: str) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        form.fault(field.name, f"{field.label}: write a number, such as 8 or 12.5.")
        return None


def _count(form: Form, field: Field, text: str) -> int | None:
    if text and not (text.isascii() and text.isdigit()):
        form.fault(field.name, f"{field.label}: write a whole number, such as 2.")
        return None
    return int(text[:MOST_DIGITS]) if text else None


def _moment(form: Form, field: Field, text: str) -> datetime | None:
    """A day and time of London's clock, as UTC."""
    try:
        return utc_of(datetime.fromisoformat(text).replace(tzinfo=None)) if text else None
    except (ValueError, OverflowError):
        form.fault(field.name, f"{field.label}: write day and time, such as 2027-01-04T14:00.")
        return None
