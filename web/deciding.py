"""How pages offer a decision and take it: by the rules of `tasking`, once, with what was typed kept if it fails."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from reporting.wording import short_time
from store import meetings
from store.tasks import read_escalations
from tasking.asking import missing_in
from tasking.calendar import Sitting, occurrences
from tasking.deciding import decide, step_to_decide
from tasking.decision import DecisionRequest, DecisionType
from tasking.errors import RuleBroken, StaleTask
from tasking.escalation import TRIGGER_WORDS, Escalation
from tasking.escalation_policy import reasons_to_ask
from tasking.force import TaskingMeeting
from tasking.granting import step_to
from tasking.meetings import AgendaSection
from tasking.open_decisions import OpenDecision, Post, open_decisions, posts_for, receivers
from tasking.resources import figures
from tasking.task import Task
from tasking.thrive import PriorityBand
from web.decision_fields import ACTS, Act, Field, fields_of, headings_of, needed_in, read_fields, slug_of
from web.forms import Form
from web.visit import NotAllowed, Visit

ABOUT_PEOPLE = frozenset(
    {
        DecisionType.ESCALATION_ACCEPT,
        DecisionType.ESCALATION_DECLINE,
        DecisionType.RESOURCE,
        DecisionType.RESOURCE_DECLINE,
    }
)
MEETINGS_AHEAD = timedelta(days=28)
CHANGED = (
    "Somebody else changed this task after you opened the page. Nothing of yours was done and your text is kept: "
    "look at what stands now, and send it again if it still holds."
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A decision that this person may take now: what the page says of it, and in which posts."""

    kind: DecisionType
    offer: OpenDecision
    posts: tuple[Post, ...]

    @property
    def act(self) -> Act:
        """What the page says of it."""
        return ACTS[self.kind]

    @property
    def slug(self) -> str:
        """What stands in its address."""
        return slug_of(self.kind)


@dataclass(frozen=True, slots=True)
class DecisionForm:
    """What the template of one decision draws. `closed` is a sentence where it cannot be taken (any more); `asked` says
    which people or equipment are asked for, where it is about them; `supersedes` is the reference of the decision that
    it puts right."""

    task: Task
    kind: DecisionType
    act: Act
    fields: tuple[Field, ...] = ()
    headings: tuple[Field, ...] = ()
    needed: frozenset[str] = frozenset()
    options: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    posts: Mapping[str, str] = field(default_factory=dict)
    meeting_ref: str = ""
    closed: str = ""
    asked: str = ""
    supersedes: str = ""

    def needs(self, name: str) -> bool:
        """Whether the rule needs this field."""
        return name in self.needed

    @property
    def first(self) -> tuple[Field, ...]:
        """The fields that come before the rationale: those that are needed; what is given stands together."""
        return tuple(each for each in self.fields if self.needs(each.name) or self.kind is DecisionType.RESOURCE)


def choices_of(
    visit: Visit, task: Task, steps: Sequence[Escalation], meeting: TaskingMeeting | None = None
) -> tuple[Choice, ...]:
    """Every decision that the person may take about the task now, as ACTS has them in order."""
    found: dict[DecisionType, Choice] = {}
    for offer in open_decisions(visit.force, visit.tab.policy, task, steps, meeting):
        posts = posts_for(visit.person, visit.force, task, offer, meeting)
        if posts:
            before = found[offer.kind].posts if offer.kind in found else ()
            found[offer.kind] = Choice(offer.kind, offer, (*before, *posts))
    return tuple(found[kind] for kind in ACTS if kind in found)


def steps_of(visit: Visit, task: Task) -> tuple[Escalation, ...]:
    """All escalations of the task, oldest first."""
    with visit.reading() as connection:
        return read_escalations(connection, task.task_id)


def form_of(visit: Visit, task: Task, kind: DecisionType, sitting: Sitting | None = None) -> DecisionForm:
    """The form of one decision, closed with a sentence where the person may not take it now."""
    steps = steps_of(visit, task)
    meeting = sitting.meeting if sitting else None
    choice = next((each for each in choices_of(visit, task, steps, meeting) if each.kind is kind), None)
    meeting_ref = sitting.meeting_ref if sitting else ""
    if choice is None:
        closed = _why_closed(visit, task, steps, kind, meeting)
        return DecisionForm(task, kind, ACTS[kind], meeting_ref=meeting_ref, closed=closed)
    return form_for(visit, task, choice.offer, choice.posts, meeting_ref, step_to(steps, choice.offer.unit))


def form_for(
    visit: Visit,
    task: Task,
    offer: OpenDecision,
    posts: Sequence[Post],
    meeting_ref: str = "",
    asking: Escalation | None = None,
) -> DecisionForm:
    """The form of a decision that the person may take in these posts; `asking` is what asked for it, where the decision
    itself names none."""
    asking = offer.step or asking
    names = {unit: visit.force.units[unit].name for unit in visit.force.units}
    return DecisionForm(
        task,
        offer.kind,
        ACTS[offer.kind],
        fields=fields_of(offer.kind, offer.step),
        headings=headings_of(offer.kind),
        needed=needed_in(offer.kind, is_timed=_is_timed(asking)),
        options=_options(visit, task, offer),
        posts={_code(post): f"{post.role}, for {names[post.unit]}" for post in posts},
        meeting_ref=meeting_ref,
        asked=_asked(asking) if asking and offer.kind in ABOUT_PEOPLE else "",
    )


def take(visit: Visit, form: DecisionForm) -> str:
    """Takes the decision that was sent; gives its reference. '' where it was not taken: the faults are on the form.

    Raises store.web_sessions.AlreadySent where the same form came before.
    """
    sent = visit.form
    request = _request(visit, form, sent)
    if sent.faults:
        return ""
    try:
        with visit.acting() as uow:
            if form.closed or request is None:
                raise RuleBroken(form.closed)
            if sent.text("version") != str(uow.task(form.task.task_id).version):
                raise StaleTask(form.task.reference)
            return decide(uow, visit.force, visit.tab.policy, request).decision_ref
    except RuleBroken as error:
        sent.fault("rationale", str(error))
    except StaleTask:
        sent.fault("rationale", CHANGED)
    return ""


def _request(visit: Visit, form: DecisionForm, sent: Form) -> DecisionRequest | None:
    if form.closed:
        return None
    post = sent.choice("post", "You act as", form.posts) if len(form.posts) > 1 else next(iter(form.posts))
    told = read_fields(sent, form.kind, (*form.fields, *form.headings), form.needed, form.options)
    unit, _, role = post.partition(":")
    request = DecisionRequest(
        reference=form.task.reference,
        decision_type=form.kind,
        decided_by=visit.person.upn,
        role=role,
        unit=unit,
        meeting_ref=form.meeting_ref,
        supersedes=form.supersedes or None,
        **told,  # type: ignore[arg-type]
    )
    if form.kind is DecisionType.ESCALATE:
        _note_missing(sent, request)
    return request


def _note_missing(sent: Form, request: DecisionRequest) -> None:
    """Notes what the reason that was chosen needs besides, each at its field."""
    at_fault = {fault.name for fault in sent.faults}
    for name, words in missing_in(request).items() if "trigger" not in at_fault else ():
        if name not in at_fault:
            sent.fault(name, f"To ask for this, also say {words}.")


def _is_timed(step: Escalation | None) -> bool:
    """Whether it was said from when and until when people or equipment are asked for."""
    return bool(step and step.bid and step.bid.starts_at and step.bid.ends_at)


def _asked(step: Escalation) -> str:
    """What people or equipment are asked for, with its figures; empty where none are."""
    if step.bid is None:
        return step.resources_requested
    return f"{step.bid.what.rstrip('.') or 'People or equipment'} ({figures(step.bid)})"


def _code(post: Post) -> str:
    return f"{post.unit}:{post.role}"


def _why_closed(
    visit: Visit, task: Task, steps: Sequence[Escalation], kind: DecisionType, meeting: TaskingMeeting | None
) -> str:
    """Why it is not to be decided: the rule's own sentence where it has one, such as that somebody else has. Raises
    NotAllowed where it could be, by others."""
    for offer in open_decisions(visit.force, visit.tab.policy, task, steps, meeting):
        if offer.kind is kind:
            name = visit.force.units[offer.unit].name
            raise NotAllowed(f"This is for {name} to decide. These may: {', '.join(offer.roles)}.")
    try:
        step_to_decide(task, steps, kind)
    except RuleBroken as error:
        return str(error)
    return f"{task.reference}: as it stands now, this is not to be decided{' at this meeting' if meeting else ''}."


def _options(visit: Visit, task: Task, offer: OpenDecision) -> dict[str, dict[str, str]]:
    """What each field that is a choice offers, by the field's name: codes and their words."""
    force = visit.force
    below = offer.step.from_unit if offer.step else task.unit
    return {
        "trigger": {code: TRIGGER_WORDS[code] for code in reasons_to_ask(visit.tab.policy, force, task)},
        "band": {band.value: band.capitalize() for band in PriorityBand},
        "receiver": {role: role for role in receivers(force, below)},
        "to_meeting": _meetings_ahead(visit, offer.unit),
    }


def _meetings_ahead(visit: Visit, unit: str) -> dict[str, str]:
    """The unit's meetings of the next weeks that decide escalations, by reference; the first where none is chosen."""
    with visit.reading() as connection:
        cancelled = meetings.cancelled(connection)
    sittings = [
        Sitting(meeting, start)
        for meeting in visit.force.meetings_of(unit)
        if (kind := visit.force.kind_of(meeting)) is None or AgendaSection.ESCALATIONS in kind.agenda
        for start in occurrences(meeting, visit.now + timedelta(seconds=1), visit.now + MEETINGS_AHEAD)
    ]
    found = sorted((each for each in sittings if each.meeting_ref not in cancelled), key=lambda each: each.starts_at)
    return {each.meeting_ref: f"{each.meeting.name}, {short_time(each.starts_at)}" for each in found}
