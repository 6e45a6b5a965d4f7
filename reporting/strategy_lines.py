"""What a pack says of the control strategy: its priorities and owners, how much work serves it, what only enforces."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from reporting.pack_conditions import is_controlled
from reporting.pack_parts import CountTable
from reporting.pack_view import View
from reporting.strategy import CycleShare, share_words
from tasking.control_strategy import date_words, only_enforces
from tasking.strategy import ControlStrategy, Priority
from tasking.task import Task
from tasking.time_limits import is_past_due

HEADINGS = ("Open", "Overdue", "No owner")


def control_strategy_lines(view: View) -> tuple[str, ...]:
    """The version in force, each priority with owner and plan, the share of work by cycle, and the warnings."""
    strategy = view.strategy
    version = [_version_words(strategy)] if strategy else ["No control strategy is in force."]
    priorities = strategy.priorities if strategy else ()
    owners = [f"{each.code} {each.title}: owner {each.owner_role}, plan {each.plan}" for each in priorities]
    return (*version, *owners, *_trend(view.shares), *_warnings(view, priorities))


def control_strategy_counts(view: View) -> tuple[CountTable, ...]:
    """Open tasks on the control strategy of the unit and those below it, by priority and by pillar."""
    aligned = [seen.task for seen in view.open_tasks if is_controlled(seen)]
    by_pillar = [(pillar.label, _of(aligned, {code})) for code, pillar in view.force.pillars.items()]
    priorities = view.strategy.priorities if view.strategy else ()
    known = {priority.code for priority in priorities}
    by_priority = [
        *(
            (f"{each.code} {each.title}", [t for t in aligned if t.control_priority == each.code])
            for each in priorities
        ),
        ("No priority of it named", [task for task in aligned if task.control_priority not in known]),
    ]
    tables = [
        *([("On the control strategy, by priority", by_priority)] if priorities else []),
        ("On the control strategy, by pillar", by_pillar),
    ]
    made = (CountTable(caption, HEADINGS, _rows(view, groups)) for caption, groups in tables)
    return tuple(table for table in made if table.rows)


def _of(tasks: Iterable[Task], pillars: AbstractSet[str]) -> list[Task]:
    return [task for task in tasks if task.pillar in pillars]


def _rows(view: View, groups: Iterable[tuple[str, list[Task]]]) -> tuple[tuple[str, tuple[int, ...]], ...]:
    return tuple((name, _counts(view, tasks)) for name, tasks in groups if tasks)


def _counts(view: View, tasks: list[Task]) -> tuple[int, ...]:
    late = sum(is_past_due(task, view.now) for task in tasks)
    return len(tasks), late, sum(not task.owner_ids for task in tasks)


def _version_words(strategy: ControlStrategy) -> str:
    until = f" to {date_words(strategy.in_force_until)}" if strategy.in_force_until else ""
    since = date_words(strategy.in_force_from)
    return f"Version {strategy.version}, in force from {since}{until}, set by {strategy.decision_ref}"


def _trend(shares: tuple[CycleShare, ...]) -> list[str]:
    if not any(share.raised for share in shares):
        return []
    told = "; ".join(share_words(share) for share in shares)
    return [f"Share of new tasks that serve it, by cycle, of this unit and those below it: {told}"]


def _warnings(view: View, priorities: Iterable[Priority]) -> list[str]:
    """Priorities whose open work only enforces (policing notes, section 1.1: all four kinds are to be considered)."""
    work = {each: [s.task for s in view.open_tasks if s.task.control_priority == each.code] for each in priorities}
    return [
        f"WARNING: {each.code} {each.title}: its work here only enforces. "
        "Consider prevention, intelligence and reassurance"
        for each, tasks in work.items()
        if only_enforces(tasks)
    ]
