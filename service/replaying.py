"""What another escalation policy would have done in the last cycle, beside what did happen.

Tasks, escalations and outbox stay as they are; that somebody looked is audited.

What people did stays as it was: the course of each task is rebuilt from the record, and only the rules are other ones.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

from service.policy_config import load_policy_file
from service.wiring import Service
from store import courses, meetings
from store.unit_of_work import Store
from tasking.calendar import cycle_of
from tasking.clocks import clock_text, local_day
from tasking.escalation_policy import EscalationPolicy
from tasking.force import Force
from tasking.replay import Play, Step, Surroundings, TaskCourse, play, steps_on_record
from tasking.task import Status
from tasking.triggers import EarlierTask, by_problem, problem_of

LOOKED_AT = "replay of an escalation policy"
"""What the audit log says was looked at: the courses of all tasks of the cycle."""
SAME_MOMENT = timedelta(minutes=10)
"""Two steps this near are the same: the clock looks once a minute, and may have waited for a busy database."""
ASSUMES = (
    "What people did is taken as it stands on record. A step that only the other policy takes counts as agreed to, and "
    "as taken on by the higher level when its time to decide is over."
)


@dataclass(frozen=True, slots=True)
class Played:
    """What was done to one task, and what another policy would have done, oldest first."""

    reference: str
    happened: tuple[Step, ...]
    would: tuple[Step, ...]

    def differences(self) -> list[str]:
        """What is not the same, in words; empty where both policies did the same at the same time."""
        found = []
        would = {each.key: each for each in self.would}
        for step in self.happened:
            other = would.pop(step.key, None)
            if other is None:
                found.append(f"would not happen: {step.words}")
            elif abs(other.at - step.at) > SAME_MOMENT:
                found.append(f"{'later' if other.at > step.at else 'earlier'}, {clock_text(other.at)}: {step.words}")
        return [*found, *(f"would happen, {clock_text(each.at)}: {each.words}" for each in would.values())]


@dataclass(frozen=True, slots=True)
class Replay:
    """One policy tried on a stretch of time (UTC): the tasks that it, or what was in force then, did something to."""

    policy_version: str
    cycle: str | None
    since: datetime
    until: datetime
    tasks: tuple[Played, ...]

    @property
    def differing(self) -> int:
        """How many tasks it would have treated otherwise."""
        return sum(bool(each.differences()) for each in self.tasks)


def replay_policy(service: Service, path: Path, console: Console, as_json: bool, who: str) -> None:
    """Shows `who` what the policy in this file would have done in the last cycle. Raises ConfigError for a bad file."""
    policy = load_policy_file(path, service.force)
    found = replay(service.store, service.force, policy)
    service.store.consulted(who, "command line", LOOKED_AT)
    if as_json:
        console.print_json(json.dumps(as_document(found)))
        return
    console.print(as_table(found))
    console.print(ASSUMES, soft_wrap=True)


def replay(store: Store, force: Force, policy: EscalationPolicy) -> Replay:
    """The policy tried on the days of one cycle that end now."""
    until = store.clock.now()
    since = until - timedelta(days=force.cycle_days)
    with store.open() as connection:
        found = courses.read_courses(connection, since)
        cancelled = meetings.cancelled(connection)
    by = Play(policy, force, _around(found), since, until, cancelled)
    played = (
        Played(course.task.reference, steps_on_record(course, since, until), play(course, by)) for course in found
    )
    cycle = cycle_of(force, local_day(since))
    touched = tuple(each for each in played if each.happened or each.would)
    return Replay(policy.version, cycle.code if cycle else None, since, until, touched)


def as_document(found: Replay) -> Mapping[str, object]:
    """The same for other programs. Moments are UTC."""
    return {
        "policy": found.policy_version,
        "since": found.since.isoformat(),
        "until": found.until.isoformat(),
        "begins_in_cycle": found.cycle,
        "assumes": ASSUMES,
        "differing": found.differing,
        "tasks": [
            {
                "reference": each.reference,
                "happened": [_step(step) for step in each.happened],
                "would": [_step(step) for step in each.would],
                "differences": each.differences(),
            }
            for each in found.tasks
        ],
    }


def as_table(found: Replay) -> Table:
    """The same for people, in London time."""
    title = (
        f"{found.policy_version} from {clock_text(found.since)} to {clock_text(found.until)}"
        f"{f', beginning in {found.cycle}' if found.cycle else ''}: "
        f"{found.differing} of {len(found.tasks)} tasks would differ"
    )
    table = Table("task", "happened", f"would under {found.policy_version}", "difference", title=title, show_lines=True)
    for each in found.tasks:
        happened, would = ("\n".join(_line(step) for step in some) or "-" for some in (each.happened, each.would))
        table.add_row(each.reference, happened, would, "\n".join(each.differences()) or "none")
    return table


def _around(found: Sequence[TaskCourse]) -> Surroundings:
    known = [each.task for each in found]
    earlier = [
        EarlierTask(each.task_id, problem_of(each), each.raised_at, each.completed_at)
        for each in known
        if each.status is not Status.WITHDRAWN
    ]
    return Surroundings({each.task_id: each.unit for each in known}, by_problem(earlier))


def _step(step: Step) -> dict[str, str]:
    return {"at": step.at.isoformat(), "trigger": step.trigger, "from": step.from_unit, "to": step.to_unit}


def _line(step: Step) -> str:
    return f"{clock_text(step.at)} {step.words}"
