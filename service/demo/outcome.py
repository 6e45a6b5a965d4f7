"""What came of the morning: held against what must have come of it, and shown as a table."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from reporting.board import tasks_by_board
from service.demo.day import DECLINED, OVERRIDDEN, TO_FORCE_AND_BACK, Day
from service.demo.morning import ASKED_UP, DELETED, LEFT_ALONE, MOVED, RISES, Morning
from service.demo.peakshire import DemoTask
from service.demo.tenant import DemoTenant
from service.wiring import Service
from store import inbox, notebook, outbox, tasks
from tasking.decision import DecisionType
from tasking.force import Force
from tasking.recording import WORDS
from tasking.standing import boards_of, may_be_on
from tasking.task import Status
from tasking.thrive import PriorityBand

EXPECTED_CARDS = Counter(
    {
        ("escalated", "MISSING_HIGH"): 1,
        ("escalated", "NOT_ACCEPTED"): 1,
        ("escalated", "RISK_RISEN"): 1,
        ("escalated", "ASKED_BY_LABEL"): 1,
        ("escalated", "REPEAT"): 2,
        ("escalated", "BEYOND_RESOURCES"): 1,
        ("returned", "ASKED_BY_LABEL"): 1,
        ("returned", "BEYOND_RESOURCES"): 1,
        ("returned", "REPEAT"): 1,
    }
)
"""Cards about climbing and coming back, by kind and trigger. Decisions, packs and digests come besides."""


LEAST_DECISIONS = 10


@dataclass(slots=True)
class Outcome:
    """The figures of the demo; `faults` are sentences about what did not come out as expected."""

    responses: int = 0
    tasks: int = 0
    boards: dict[str, dict[str, int]] = field(default_factory=dict)
    owners_read_back: int = 0
    statuses: dict[str, int] = field(default_factory=dict)
    cards: list[dict[str, str]] = field(default_factory=list)
    duplicates_prevented: int = 0
    held: list[dict[str, str]] = field(default_factory=list)
    decisions: list[dict[str, str]] = field(default_factory=list)
    papers: list[str] = field(default_factory=list)
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        """What `summary.json` holds."""
        return {
            "responses": self.responses,
            "tasks": self.tasks,
            "boards": self.boards,
            "owners_read_back": self.owners_read_back,
            "statuses": self.statuses,
            "cards": len(self.cards),
            "escalations": self.cards,
            "duplicates_prevented": self.duplicates_prevented,
            "held": self.held,
            "decisions": self.decisions,
            "papers": self.papers,
            "seconds": round(self.seconds, 1),
            "ok": not self.faults,
            "faults": self.faults,
        }


async def look(tenant: DemoTenant, service: Service, morning: Morning, day: Day, demo_tasks: list[DemoTask]) -> Outcome:
    """Reads the record and the tenant, and holds them against what the script must bring about."""
    outcome = Outcome()
    with service.store.open() as connection:
        records = tasks.read_all_tasks(connection)
        counts = inbox.counts(connection)
        posts = notebook.all_posts(connection)
        dead, notices = outbox.dead_letters(connection), notebook.open_notices(connection)
        held, refused = inbox.held(connection), inbox.rejected(connection)
        outcome.boards = tasks_by_board(connection, service.force)
        steps = {step.task_id: [*tasks.read_escalations(connection, step.task_id)] for step in records}
    in_planner = (await tenant.control("planner/tasks"))["value"]
    units = {row["graph_id"]: unit for unit, row in _plans(service).items()}
    outcome.responses = counts.get("DONE", 0) + counts.get("RECEIVED", 0) + counts.get("REJECTED", 0)
    outcome.tasks = len(records)
    outcome.duplicates_prevented = counts["arrivals"] - outcome.responses
    outcome.owners_read_back = sum(bool(record.owner_ids) for record in records)
    outcome.statuses = dict(Counter(record.status.value for record in records))
    outcome.held = [{"what": record.reference, "why": " ".join(record.faults)} for record in records if record.faults]
    outcome.held += [{"what": row.reference, "why": " ".join(row.reasons)} for row in refused]
    outcome.held += [{"what": row["item"], "why": row["reason"]} for row in held]
    triggers = {step.escalation_id: step.trigger for history in steps.values() for step in history}
    for post in posts:
        trigger = triggers.get(post["escalation_id"], "")
        outcome.cards.append({"kind": post["kind"], "trigger": trigger, "channel": post["channel"]})
    outcome.decisions = [
        {"reference": each.decision_ref, "task": each.task_reference, "type": each.decision_type.value, "by": each.role}
        for each in day.decisions
    ]
    outcome.papers = day.written
    faults = outcome.faults
    faults += [f"{row['handler']}: {row['last_error']}" for row in dead] + [row["text"] for row in notices]
    faults += _task_faults(service.force, morning, demo_tasks, in_planner, units)
    faults += _story_faults(morning, day, outcome)
    faults += await _card_faults(tenant, len(posts))
    return outcome


def show(outcome: Outcome, service: Service, console: Console) -> None:
    """Prints the tables."""
    board = Table("Board", "Pillar", "Tasks", title="Tasks by board and pillar (twins of escalated tasks included)")
    for unit, pillars in outcome.boards.items():
        for pillar, count in sorted(pillars.items()):
            board.add_row(service.force.board_name(unit), service.force.pillars[pillar].label, str(count))
    console.print(board)
    cards = Table("Card", "Why", "Channel", title="Escalations posted")
    for card in outcome.cards:
        if card["trigger"]:
            cards.add_row(card["kind"], card["trigger"], card["channel"])
    console.print(cards)
    decided = Table("Decision", "Task", "What", "By", title="Decisions recorded")
    for each in outcome.decisions:
        decided.add_row(each["reference"], each["task"], WORDS[DecisionType(each["type"])], each["by"])
    console.print(decided)
    if outcome.held:
        held = Table("Held", "Why", title="Held for a person")
        for entry in outcome.held:
            held.add_row(entry["what"], entry["why"])
        console.print(held)
    figures = Table("Figure", "Number", title="The day")
    statuses = ", ".join(f"{number} {status.lower()}" for status, number in sorted(outcome.statuses.items()))
    for words, number in (
        ("responses in", str(outcome.responses)),
        ("tasks raised", str(outcome.tasks)),
        ("duplicates prevented", str(outcome.duplicates_prevented)),
        ("owners read back from the boards", str(outcome.owners_read_back)),
        ("statuses read back", statuses),
        ("cards posted", str(len(outcome.cards))),
        *((f"  {kind}", str(number)) for kind, number in sorted(Counter(c["kind"] for c in outcome.cards).items())),
        ("packs and minutes written", str(len(outcome.papers))),
        ("seconds", f"{outcome.seconds:.1f}"),
    ):
        figures.add_row(words, number)
    console.print(figures)


def _plans(service: Service) -> Mapping[str, Any]:
    with service.store.open() as connection:
        return notebook.provisioned_rows(connection, "plan")


def _task_faults(
    force: Force,
    morning: Morning,
    demo_tasks: list[DemoTask],
    in_planner: list[dict[str, Any]],
    units: Mapping[str, str],
) -> list[str]:
    """Each of the twenty-five: its score, band, pillar and unit, and one Planner task on each board where it stands; a
    restricted one on no other."""
    faults = []
    for task in demo_tasks:
        record = morning.record(task.number)
        moved = task.number in (RISES, MOVED)
        found = (record.score, record.band, record.pillar, record.unit)
        if not moved and found != (task.score, task.band, task.pillar, task.unit):
            faults.append(f"{record.reference}: {found} instead of {(task.score, task.band, task.pillar, task.unit)}.")
        for unit in boards_of(force, record):
            shown = [
                each
                for each in in_planner
                if each["title"].startswith(f"{record.reference} ")
                and units.get(each["planId"]) == unit
                and (each["percentComplete"] < 100 or record.status is Status.COMPLETED)
            ]
            if len(shown) != 1:
                faults.append(f"{record.reference} stands {len(shown)} times on the board of {unit}, not once.")
        of_it = [each for each in in_planner if each["title"].startswith(f"{record.reference} ")]
        places = {units.get(each["planId"], "a plan of nobody's") for each in of_it}
        strays = sorted(board for board in places if not may_be_on(force, record, board))
        faults += [f"{record.reference} stands on the board of {board}, where it may not be." for board in strays]
    return faults


def _story_faults(morning: Morning, day: Day, outcome: Outcome) -> list[str]:
    cards = Counter((card["kind"], card["trigger"]) for card in outcome.cards)
    kinds = Counter(card["kind"] for card in outcome.cards)
    climbed = Counter({key: number for key, number in cards.items() if key[0] in {kind for kind, _ in EXPECTED_CARDS}})
    stands = {number: morning.record(number).stands_on for number in (LEFT_ALONE, RISES, ASKED_UP, DELETED)}
    claims = {
        f"the cards posted are {dict(climbed)}": climbed == EXPECTED_CARDS,
        f"packs, digests, decisions and chases were told {dict(kinds)}": kinds["pack ready"] == len(day.meetings)
        and min(kinds[kind] for kind in ("digest", "decided", "chased")) > 0,
        "a decision is missing from the register": len(outcome.decisions) >= LEAST_DECISIONS,
        "the minutes were not written": any(name.startswith("minutes") for name in outcome.papers),
        "the task that went to the force has not come back": len(morning.record(TO_FORCE_AND_BACK).stands_on) == 2,
        "the declined task still stands above": len(morning.record(DECLINED).stands_on) == 1,
        "the chair's band does not stand": morning.record(OVERRIDDEN).working_band is PriorityBand.IMMEDIATE,
        "one response that came twice was not noticed": outcome.duplicates_prevented == 1,
        "the unclear response is not in triage": len(outcome.held) == 1,
        "the task that nobody took up has not climbed": len(stands[LEFT_ALONE]) == 2,
        "the task whose risk rose has not climbed": len(stands[RISES]) == 2,
        "the returned task still stands above": len(stands[ASKED_UP]) == 1,
        "the deleted task has gone": len(stands[DELETED]) == 1,
        "the moved task kept its pillar": morning.record(MOVED).pillar == "ASB_NEIGHBOURHOOD",
        "no owner was read back": outcome.owners_read_back >= 20,
        "no completion was read back": outcome.statuses.get("COMPLETED", 0) > 0,
    }
    return [f"Unexpected: {claim}." for claim, holds in claims.items() if not holds]


async def _card_faults(tenant: DemoTenant, handed_over: int) -> list[str]:
    """Every card that was handed over stands in a channel."""
    flows = await tenant.control("workflows")
    shown = sum([len(await tenant.control(f"workflows/{flow['id']}/posts")) for flow in flows])
    return [] if shown == handed_over else [f"{handed_over} cards handed over, {shown} in channels."]
