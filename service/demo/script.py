"""TABLE: what happens when on the demo's day, in London time."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import time
from functools import partial

from service.demo.day import Day
from service.demo.morning import Morning

START_OF_DAY = time(7, 0)
BOARDS_AND_POLICY = ("pull-boards", "sweep-escalations", "pull-boards")

Doing = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Act:
    """What is shown while it is played, and what is done, in order."""

    at: time
    words: str
    doings: tuple[Doing, ...]


def acts(morning: Morning, day: Day, user_ids: Mapping[str, str]) -> tuple[Act, ...]:
    """The day, act by act. `user_ids` are by address."""
    return (*_until_the_division_meets(morning, day, user_ids), *_from_then_on(morning, day))


def _jobs(morning: Morning, *names: str) -> Doing:
    return lambda: morning.run_jobs(*names)


def _until_the_division_meets(morning: Morning, day: Day, user_ids: Mapping[str, str]) -> tuple[Act, ...]:
    jobs = partial(_jobs, morning)
    return (
        Act(
            START_OF_DAY,
            "Responses come in: the intake list, the HTTP door, the response workbook",
            (morning.send_responses, jobs("read-intake-list", "read-workbooks"), jobs("sweep-escalations")),
        ),
        Act(
            time(7, 30),
            "Managers assign on their boards; owners start, tick and complete. Digests and packs go out",
            (
                lambda: morning.work_boards(user_ids),
                day.a_meeting_is_cancelled,
                jobs("pull-boards", "sweep-escalations", "send-digests", "freeze-packs"),
                day.duty_officer_takes_the_missing_person,
            ),
        ),
        Act(
            time(8, 30),
            "Sections meet: two send up what the policy proposes",
            (day.section_meetings, jobs("freeze-packs")),
        ),
        Act(
            time(9, 15),
            "South Division meets: it accepts one, declines one, and asks the force",
            (day.division_meeting, jobs("freeze-packs")),
        ),
    )


def _from_then_on(morning: Morning, day: Day) -> tuple[Act, ...]:
    jobs = partial(_jobs, morning)
    return (
        Act(
            time(9, 30),
            "One task is assessed again: its risk has risen. North Division gives one back",
            (morning.raise_risk, morning.give_back, jobs("read-intake-list", "sweep-escalations")),
        ),
        Act(
            time(10),
            "The force meets: it accepts, and its chair overrides a band",
            (day.force_meeting, jobs("freeze-packs")),
        ),
        Act(
            time(11, 10),
            "Four hours have passed: one task was never taken up, and its line manager is told",
            (jobs(*BOARDS_AND_POLICY),),
        ),
        Act(
            time(15, 30),
            "Eight hours: that task goes up. The force gives one back, and the division takes it over",
            (jobs(*BOARDS_AND_POLICY), day.back_to_the_division),
        ),
        Act(
            time(16, 30),
            "The digest of the afternoon; packs and minutes are written",
            (jobs("pull-boards", "send-digests"), day.write_papers),
        ),
    )
