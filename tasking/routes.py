"""The routes up and down, as the force's own levels and policy make them: from, to, for what, who decides, by when."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tasking.asking import BEYOND
from tasking.decision import DecisionType
from tasking.escalation import TRIGGER_WORDS
from tasking.escalation_policy import EscalationPolicy
from tasking.force import Force, TaskingLevel
from tasking.recording import WORDS
from tasking.triggers import COMMON_LEVEL, MANUAL, NEXT_LEVEL, Limit, Rule, WorkingDays, in_words

BY_NOBODY = "nobody has to"
NO_LIMIT = "no limit"
OWN_PEOPLE = "chair or deputy, owner"
DOWN: Mapping[DecisionType, str] = {
    DecisionType.DE_ESCALATE: "conditions, what risk remains, who takes it over",
    DecisionType.ESCALATION_DECLINE: "the reason",
    DecisionType.ESCALATION_RETURN: "the reason, which says what is missing",
}
"""Decisions by which a task goes back down, with what each has to say."""


@dataclass(frozen=True, slots=True)
class Route:
    """One way for a task from one level to another. `reason` is a trigger's code, or a decision's on the way down.

    `needs` is what has to be said, `agrees` who agrees first, `decides` who decides, `by_when` says it for each band.
    """

    direction: str
    from_level: str
    to_level: str
    reason: str
    words: str
    needs: str
    agrees: str
    decides: str
    by_when: str


def routes(force: Force, policy: EscalationPolicy) -> tuple[Route, ...]:
    """Every route up in the order of the policy's rules, then every route down, from the lowest level."""
    levels = sorted(force.levels, key=lambda level: level.rank)
    up = (
        _up(force, rule, level, goal)
        for level in levels
        for rule in policy.rules
        for goal in _goals(force, rule, level)
    )
    down = (
        _down(force, level, below, kind)
        for level in levels
        if (below := force.below(level)) is not None
        for kind in DOWN
    )
    return (*up, *down)


def _goals(force: Force, rule: Rule, level: TaskingLevel) -> Iterator[TaskingLevel]:
    """The levels above that a rule may send a task to from here."""
    for other in sorted(force.levels, key=lambda each: each.rank):
        is_next = force.above(level) == other
        fits = {NEXT_LEVEL: is_next, COMMON_LEVEL: True}.get(rule.to, rule.to == other.code)
        if fits and other.rank > level.rank:
            yield other


def _up(force: Force, rule: Rule, level: TaskingLevel, goal: TaskingLevel) -> Route:
    return Route(
        direction="up",
        from_level=level.name,
        to_level=goal.name,
        reason=rule.trigger,
        words=TRIGGER_WORDS[rule.trigger],
        needs=_needs(rule.trigger),
        agrees=_own_people(level) if rule.needs_endorsement else BY_NOBODY,
        decides=_deciders(force, goal),
        by_when=_by_when(rule),
    )


def _down(force: Force, level: TaskingLevel, below: TaskingLevel, kind: DecisionType) -> Route:
    is_taken_over = kind is DecisionType.DE_ESCALATE
    return Route(
        direction="down",
        from_level=level.name,
        to_level=below.name,
        reason=kind.value,
        words=WORDS[kind],
        needs=DOWN[kind],
        agrees="the named receiver accepts it" if is_taken_over else BY_NOBODY,
        decides=_deciders(force, level),
        by_when="when its review is due" if is_taken_over else "as long as it is undecided",
    )


def _needs(trigger: str) -> str:
    if trigger not in MANUAL:
        return "a rule finds it" if trigger != "ASKED_BY_LABEL" else "the label on the board"
    people = ", how many, hours, from and until when" if trigger == "BEYOND_RESOURCES" else ""
    tried = ", what was tried" if trigger in BEYOND else ""
    return f"the reason, what is asked for{people}{tried}"


def _own_people(level: TaskingLevel) -> str:
    roles = [*level.duty_roles, *([level.action_manager_role] if level.action_manager_role else [])]
    return ", ".join((OWN_PEOPLE, *roles))


def _deciders(force: Force, level: TaskingLevel) -> str:
    """The chairs of the level's meetings; between them its duty roles, in the order in which they are asked."""
    chairs = dict.fromkeys(
        meeting.chair_role for meeting in force.meetings if force.level_of(meeting.unit).code == level.code
    )
    in_meeting = f"chair ({', '.join(chairs)})" if chairs else ""
    between = f"between meetings {', then '.join(level.duty_roles)}" if level.duty_roles else ""
    return "; ".join(each for each in (in_meeting, between) if each) or "nobody in config"


def _by_when(rule: Rule) -> str:
    """The time for each band; bands with the same time are said together."""
    bands: dict[str, list[str]] = {}
    for band, limit in rule.decide_within.items():
        bands.setdefault(_limit_words(limit), []).append(band.capitalize())
    if len(bands) == 1:
        return next(iter(bands))
    return "; ".join(f"{', '.join(names)}: {words}" for words, names in bands.items()) or NO_LIMIT


def _limit_words(limit: Limit) -> str:
    if isinstance(limit, WorkingDays):
        return f"{limit.days} working day{'' if limit.days == 1 else 's'}"
    return f"next {limit}" if isinstance(limit, str) else in_words(limit)
