"""The people of three boards: what they see, what they changed (in the Ledger), what is their own on a Planner task.

What they can do is the table in board_doings.py.
"""

from copy import deepcopy
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from planner_sync.field_map import title_without_reference
from store import planner_links, tables
from store.planner_links import LinkState
from tasking.task import Task
from tests.journeys.board_ledger import Ledger
from tests.planner_sync.person import Person, Wire
from tests.planner_sync.small_force import SmallForce

LADDER = ("HP", "DIV_N", "PKS")
OWN = LADDER[0]
WORKER = {"HP": "amy", "DIV_N": "carl", "PKS": "dee"}
NAMES = ("amy", "bob", "carl", "dee")
LABELS = ("BLOCKED", "PREVENTION")
PILLARS = ("ROADS", "RURAL", "ACQUISITIVE")
OWN_BUCKET = "ours"
OWN_SLOTS = (24, 25)

Place = tuple[str, str]
"""A record by its id and the board of a unit."""


@dataclass(frozen=True, slots=True)
class Stand:
    """One record where it stands on one board."""

    which: int
    unit: str
    planner_id: str
    person: Person


@dataclass
class Things:
    """Words, checklist lines and links that people put on a Planner task."""

    words: list[str] = field(default_factory=list)
    lines: dict[str, tuple[str, bool]] = field(default_factory=dict)
    urls: set[str] = field(default_factory=set)

    def in_both(self, other: "Things") -> "Things":
        words = [each for each in self.words if each in other.words]
        return Things(words, {k: v for k, v in self.lines.items() if k in other.lines}, self.urls & other.urls)

    def in_either(self, other: "Things") -> "Things":
        return Things([*self.words, *other.words], self.lines | other.lines, self.urls | other.urls)


@dataclass
class Own(Things):
    """What is people's own on one Planner task: only they change it.

    `sure` was on the same task before somebody deleted it, and had been read; `perhaps` may have been.
    """

    slots: set[int] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)
    """Ids of the service's checklist lines and addresses of its links that they took off."""
    assigned: frozenset[str] = frozenset()
    """By the people of a higher board."""
    sure: Things = field(default_factory=Things)
    perhaps: Things = field(default_factory=Things)


@dataclass(frozen=True, slots=True)
class Made:
    """A Planner task that somebody made, which is to become a record."""

    unit: str
    planner_id: str
    values: Wire


class People:
    """`tasks` are the first versions of the records, by number."""

    def __init__(self, force: SmallForce) -> None:
        self.force = force
        self.tasks: list[Task] = []
        self.ledger = Ledger()
        self.own: dict[str, Own] = {}
        self.made: list[Made] = []
        self.bucket_names: dict[str, str] = {}
        self.renamed: dict[str, int] = {}
        """How often each board's label was given another name."""
        self.deleted: set[int] = set()
        """Records that somebody deleted, by itself, on their own board."""
        self.perhaps_deleted: set[int] = set()
        """Records that went with a bucket into which somebody had moved them just before."""
        self.moved: set[str] = set()
        self._own_at_rest: dict[str, Own] = {}
        self._left: dict[Place, tuple[Things, Things]] = {}
        self._notes = count(1)

    def at_rest(self) -> None:
        """All is read: what people do from here on is new."""
        self.ledger.at_rest()
        self.moved.clear()
        self._own_at_rest = deepcopy(self.own)

    def stand(self, which: int, place: int) -> Stand | None:
        """One of the tasks on one of the boards where it stands, if it can be seen there."""
        which %= len(self.tasks)
        record = self.force.record(self.tasks[which])
        unit = record.stands_on[place % len(record.stands_on)]
        planner_id = self.planner_id(which, unit) if unit in LADDER and record.status != "WITHDRAWN" else None
        return Stand(which, unit, planner_id, self.person(unit)) if planner_id is not None else None

    def planner_id(self, which: int, unit: str) -> str | None:
        """What people see of a record on that board, also where the service does not know of it yet."""
        tasks = self.force.emulator.tenant.planner.tasks
        with self.force.service.store.open() as connection:
            link = planner_links.current(connection, self.tasks[which].task_id, unit)
            if link is None or link.state in planner_links.ENDED:
                return None
            if link.planner_task_id is not None or link.state is LinkState.ACTIVE:
                return link.planner_task_id if link.planner_task_id in tasks else None
            known = planner_links.known_planner_ids(connection, tasks)
        mark = f"{self.tasks[which].reference} "
        for planner_id, parts in tasks.items():
            values = parts.task.values
            is_ours = values["createdBy"]["user"]["id"] is None and values["title"].startswith(mark)
            if is_ours and values["planId"] == link.plan_id and planner_id not in known:
                return planner_id
        return None

    def person(self, unit: str) -> Person:
        found: Person = getattr(self.force, WORKER[unit])
        return found

    def shown(self, planner_id: str) -> Wire:
        """What Planner holds, whatever its lists say."""
        parts = self.force.emulator.tenant.planner.tasks[planner_id]
        return {**parts.task.wire(), "details": parts.details.wire()}

    def on_board(self, which: int, unit: str, planner_id: str) -> dict[str, Any]:
        """What a Planner task shows of the record's fields, in the record's words."""
        task, shown = self.tasks[which], self.shown(planner_id)
        checklist = shown["details"]["checklist"]
        return {
            "title": title_without_reference(shown["title"], task.reference),
            "progress": shown["percentComplete"],
            "start": shown["startDateTime"],
            "due": shown["dueDateTime"],
            "pillar": self.force.board(unit).pillar_of_bucket.get(shown["bucketId"]),
            "priority": shown["priority"],
            **{f"label {code}": self.force.category(code) in shown["appliedCategories"] for code in LABELS},
            **{
                f"tick {number}": checklist[line.line_id]["isChecked"]
                for number, line in enumerate(task.checklist)
                if line.line_id in checklist
            },
            **{f"owner {name}": self.force.user_ids[name] in shown["assignments"] for name in NAMES},
        }

    def assigned(self, planner_id: str) -> frozenset[str]:
        """Who is assigned on a Planner task, by their short names."""
        names = {user_id: name for name, user_id in self.force.user_ids.items()}
        return frozenset(names[user_id] for user_id in self.shown(planner_id)["assignments"])

    def edit(self, on: Stand, name: str, value: Any, **fields: Any) -> None:
        """Sets one field of the Planner task; a change to what is there already is none."""
        seen = self.on_board(on.which, on.unit, on.planner_id)[name]
        if seen != value:
            on.person.change(on.planner_id, **fields)
            self.ledger.note(on.which, name, on.planner_id, seen, value)

    def own_on(self, on: Stand) -> Own:
        """What is people's own on it so far."""
        return self.own_of(on.planner_id, (self.tasks[on.which].task_id, on.unit))

    def own_of(self, planner_id: str, place: Place) -> Own:
        """The same; where the task is shown again after somebody deleted it, it is to have what had been on it."""
        if planner_id not in self.own:
            sure, perhaps = self._left.pop(place, (Things(), Things()))
            self.own[planner_id] = Own(sure=sure, perhaps=perhaps)
        return self.own[planner_id]

    def bucket(self, unit: str, pillar: str) -> str | None:
        """A bucket of that board that is there now; their own is made when first wanted."""
        buckets, board = self.force.emulator.tenant.planner.buckets, self.force.board(unit)
        if pillar != OWN_BUCKET:
            found = board.bucket_of_pillar.get(pillar)
            return found if found in buckets else None
        ours = (board.plan_id, f"{unit}'s own")
        there = [key for key, each in buckets.items() if (each.values["planId"], each.values["name"]) == ours]
        return there[0] if there else self.person(unit).new_bucket(*ours)

    def made_by_hand(self, unit: str, planner_id: str, words: list[str]) -> None:
        """Somebody has made this Planner task. All that is on it is theirs."""
        shown = self.shown(planner_id)
        self.made.append(Made(unit, planner_id, shown))
        self.own[planner_id] = Own(
            words=words,
            lines={key: (line["title"], line["isChecked"]) for key, line in shown["details"]["checklist"].items()},
            urls=set(shown["details"]["references"]),
            slots={slot for slot in OWN_SLOTS if f"category{slot}" in shown["appliedCategories"]},
        )

    def gone_from_board(self, planner_id: str) -> None:
        """The Planner task is not there any more."""
        self.ledger.may_be_lost(planner_id)
        self.made = [made for made in self.made if made.planner_id != planner_id]
        own, before = self.own.pop(planner_id, Own()), self._own_at_rest.get(planner_id, Own())
        if place := self.place_of(planner_id):
            sure, perhaps = own.in_both(before).in_either(own.sure), own.in_either(before).in_either(own.perhaps)
            self._left[place] = (sure, perhaps)

    def gone_with_its_bucket(self, planner_id: str) -> None:
        """The same. Who had moved it into that bucket unread may be taken for having deleted it by itself."""
        place = self.place_of(planner_id)
        if planner_id in self.moved and place is not None:
            self.perhaps_deleted |= {n for n, task in enumerate(self.tasks) if task.task_id == place[0]}
        self.gone_from_board(planner_id)

    def place_of(self, planner_id: str) -> Place | None:
        """The record and the board that a Planner task stands for, as far as the service knows."""
        c = tables.planner_links.c
        with self.force.service.store.open() as connection:
            query = tables.planner_links.select().where(c.planner_task_id == planner_id)
            row = connection.execute(query).mappings().first()
        return (row["task_id"], row["unit"]) if row else None

    def is_known(self, on: Stand) -> bool:
        """Whether the service knows that the task is on that board."""
        with self.force.service.store.open() as connection:
            link = planner_links.current(connection, self.tasks[on.which].task_id, on.unit)
        return link is not None and link.state is LinkState.ACTIVE

    def would_be_empty(self, unit: str, without: set[str]) -> bool:
        """Whether all that the service knows of the board would be gone at once, which it rightly does not believe."""
        plan_id = self.force.board(unit).plan_id
        with self.force.service.store.open() as connection:
            known = planner_links.known_in_plan(connection, plan_id, LinkState.ACTIVE)
        return len(known) > 1 and not (known.keys() & self.force.emulator.tenant.planner.tasks.keys()) - without

    def note(self) -> str:
        """Words that nobody has written before."""
        return f"Note {next(self._notes)}."
