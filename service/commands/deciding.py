"""Commands by which people decide about tasks: `tasking decide`, `assess` and `link`."""

import secrets
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

import click

from reporting.second_scores import check_blind
from service.commands.running import console, problems, settings_or_stop, with_service
from service.wiring import Service
from tasking import actions
from tasking.clocks import LONDON
from tasking.deciding import decide as take_decision
from tasking.decision import Decision, DecisionRequest, DecisionType
from tasking.errors import StaleTask, TaskingError
from tasking.linking import link_tasks
from tasking.requests import ReassessRequest
from tasking.resources import granted_words
from tasking.thrive import HIGHEST_LEVEL, Alignment, AssessmentSource, Confidence, RiskContext, ThriveAssessment

T = TypeVar("T")


class LondonTime(click.ParamType[datetime]):
    """A moment written as London has it, such as 2027-01-04T14:00; given as UTC."""

    name = "TIME"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Fails with a sentence for what is no moment."""
        if isinstance(value, datetime):
            return value
        try:
            found = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value} is no time: write it like 2027-01-04T14:00, in London time", param, ctx)
        return (found if found.tzinfo else found.replace(tzinfo=LONDON)).astimezone(UTC)


MOMENT = LondonTime()
TYPES = click.Choice([each.value for each in DecisionType], case_sensitive=False)


@click.command()
@click.argument("reference")
@click.argument("decision", type=TYPES, metavar="DECISION")
@click.option("--as", "person", required=True, help="Who decided: their sign-in name.")
@click.option("--role", required=True, help="As what: a role that config names, such as 'Duty Inspector', or Owner.")
@click.option("--because", "rationale", required=True, help="The rationale. A decision is not taken without one.")
@click.option("--what", "text", default="", help="What was decided, or with ESCALATE what is asked for, in a sentence.")
@click.option(
    "--meeting", "meeting_ref", default="", help="The meeting it was decided at, such as 'HP_DAILY 2027-01-04'."
)
@click.option("--unit", default="", help="The unit that decides, where the task stands with several.")
@click.option("--at", "decided_at", type=MOMENT, help="When it was decided, if that was earlier.")
@click.option("--option", "options", multiple=True, help="An option that was considered; may be given several times.")
@click.option("--information", default="", help="What was known (National Decision Model).")
@click.option("--threat", "threat_assessment", default="", help="Threat assessment and working strategy.")
@click.option("--powers", "powers_policy", default="", help="Powers and policy.")
@click.option("--dissent", default="", help="Who saw it differently, by role, and why.")
@click.option("--review", "review_at", type=MOMENT, help="When the decision is to be looked at again.")
@click.option("--supersedes", help="The reference of the decision that this one puts right.")
@click.option("--band", help="PRIORITY_OVERRIDE: the band.")
@click.option("--due", "due_at", type=MOMENT, help="EXTEND: the new due time.")
@click.option("--to-meeting", default="", help="ESCALATION_TO_MEETING: the meeting's code; else the next fitting one.")
@click.option("--conditions", default="", help="DE_ESCALATE: on what conditions.")
@click.option("--residual-risk", default="", help="DE_ESCALATE: what risk remains.")
@click.option("--receiver", default="", help="DE_ESCALATE: who takes it over below.")
@click.option("--resources", default="", help="What people or equipment are asked for or granted.")
@click.option("--how-many", type=int, help="How many people or things that is.")
@click.option("--hours", type=float, help="How many hours that is, of all together.")
@click.option("--from", "starts_at", type=MOMENT, help="From when they are wanted or granted.")
@click.option("--until", "ends_at", type=MOMENT, help="Until when.")
@click.option("--reason", "trigger", default="", help="ESCALATE: the trigger code, such as BEYOND_RESOURCES.")
@click.option("--tried", default="", help="ESCALATE: what was tried so far; the BEYOND_ reasons need it.")
def decide(reference: str, decision: str, person: str, **given: object) -> None:
    """Record a decision about a task, and do what follows from it.

    \b
    DECISION is one of
      ESCALATE, ENDORSE, ESCALATION_WITHDRAW, DE_ESCALATION_PROPOSE, RECEIVE    by the unit that holds the task
      ESCALATION_ACCEPT, ESCALATION_DECLINE, ESCALATION_RETURN,
      ESCALATION_TO_MEETING, DE_ESCALATE, RETAIN                               by the level above
      PRIORITY_OVERRIDE, EXTEND, CARRY_OVER, NO_TASKING, PAUSE, RESUME         by any level it stands with
      RESOURCE, RESOURCE_DECLINE                                               people and equipment: grant, or decline
      ALLOCATE, TASK_CREATE, PLAN_COMMISSION, ANALYSIS_COMMISSION,
      REVIEW_COMMISSION, TRANSFER_MAA, MERGE                                   recorded, with no effect of their own

    RESOURCE and ESCALATION_ACCEPT grant what was asked for, or what --how-many, --hours, --from and --until say. Where
    another unit asked for it, a task for providing it is raised on the board of the unit that grants.

    A decision is never edited: put one right with a new one and --supersedes.
    """
    request = DecisionRequest(
        reference=reference,
        decision_type=DecisionType(decision.upper()),
        decided_by=person,
        **given,  # type: ignore[arg-type]
    )

    async def deciding(service: Service) -> Decision:
        with service.store.act(person, "command line", secrets.token_hex(8)) as uow:
            made = take_decision(uow, service.force, service.policy, request)
        await service.worker.deliver_due()
        return made

    made = within_the_rules(deciding)
    granted = f" {granted_words(made.allocation)}" if made.allocation else ""
    authority = f" Authority of {made.role}: {made.authority}." if made.authority else ""
    console.print(f"{made.decision_ref}: {made.task_reference}, {made.text}.{granted}{authority}", soft_wrap=True)


@click.command()
@click.argument("reference")
@click.option("--as", "person", required=True, help="Who assesses: their sign-in name.")
@click.option("--because", "reason", default="", help="Why it is assessed again; only a first score needs no reason.")
@click.option("--review", "is_review", is_flag=True, help="A second assessor scores the same facts.")
@click.option("--repeats", "repeats_28d", type=click.IntRange(0, 999), default=0, show_default=True)
@click.option("--alignment", type=click.Choice([each.value for each in Alignment]), default="NONE", show_default=True)
@click.option("--flag", "flags", multiple=True, help="Such as MISSING_HIGH; may be given several times.")
@click.option("--confidence", type=click.Choice(list(Confidence), case_sensitive=False), help="How sure you are.")
@click.option(
    "--source",
    type=click.Choice(list(AssessmentSource), case_sensitive=False),
    help="Where the facts come from.",
)
@click.option("--threat", type=click.IntRange(0, HIGHEST_LEVEL["threat"]), required=True)
@click.option("--harm", type=click.IntRange(0, HIGHEST_LEVEL["harm"]), required=True)
@click.option("--risk", type=click.IntRange(0, HIGHEST_LEVEL["risk"]), required=True)
@click.option("--investigation", type=click.IntRange(0, HIGHEST_LEVEL["investigation"]), required=True)
@click.option("--vulnerability", type=click.IntRange(0, HIGHEST_LEVEL["vulnerability"]), required=True)
@click.option("--engagement", type=click.IntRange(0, HIGHEST_LEVEL["engagement"]), required=True)
def assess(
    reference: str,
    person: str,
    reason: str,
    is_review: bool,
    repeats_28d: int,
    alignment: str,
    flags: tuple[str, ...],
    confidence: Confidence | None,
    source: AssessmentSource | None,
    **levels: int,
) -> None:
    """Assess a task's risk again (re-THRIVE), or review the last score as a second assessor."""
    context = RiskContext(Alignment(alignment), repeats_28d, frozenset(flags))

    async def assessing(service: Service) -> str:
        now = service.store.clock.now()
        thrive = ThriveAssessment(**levels)
        request = ReassessRequest(reference, thrive, context, person, now, reason, is_review, confidence, source)
        with service.store.act(person, "command line", secrets.token_hex(8)) as uow:
            before = uow.task_by_reference(reference)
            if is_review:
                check_blind(uow.connection, service.force, before, person)
            task = actions.reassess(uow, service.force, request)
        await service.worker.deliver_due()
        was = f" The first score was {before.score}, {before.band}." if is_review else ""
        return f"{task.reference}: score {task.score} of 100, {task.working_band}.{was}"

    console.print(within_the_rules(assessing))


@click.command()
@click.argument("reference")
@click.argument("other")
@click.option("--as", "person", required=True, help="Who links them: their sign-in name.")
@click.option("--because", "why", required=True, help="Why they belong together.")
def link(reference: str, other: str, person: str, why: str) -> None:
    """Link two tasks of the same matter. Where they are of several units, the policy may propose that they go up."""

    async def linking(service: Service) -> str:
        with service.store.act(person, "command line", secrets.token_hex(8)) as uow:
            first, second = link_tasks(uow, reference, other, why)
        await service.worker.deliver_due()
        return f"{first.reference} and {second.reference} are linked."

    console.print(within_the_rules(linking))


def within_the_rules(do: Callable[[Service], Awaitable[T]]) -> T:
    """What this gives, with the service of the environment.

    Ends the command with 1 and the rule's sentence where a rule of tasking forbids it: nothing has been done then.
    """

    async def doing(service: Service) -> T | TaskingError:
        try:
            return await do(service)
        except TaskingError as error:
            return error

    done = with_service(settings_or_stop(), doing)
    if isinstance(done, TaskingError):
        again = " Look at it again, then repeat this." if isinstance(done, StaleTask) else ""
        problems.print(f"{done}{again}", soft_wrap=True)
        sys.exit(1)
    return done
