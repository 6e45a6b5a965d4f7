"""What has to be true whenever everything is delivered and read: record against boards, and both against the people."""

from collections import Counter
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from planner_sync import shown
from planner_sync.field_map import slot_of
from store import planner_links, tables
from store.planner_links import LinkState, PlannerLink
from tasking.task import Task
from tasking.thrive import BANDS
from tests.journeys.board_doings import LINE, link_key
from tests.journeys.board_ledger import OWNERS
from tests.journeys.board_people import LABELS, LADDER, NAMES, Made, Own, People, Things
from tests.planner_sync.person import Wire
from tests.planner_sync.small_force import SmallForce

WRITES = ("POST", "PATCH", "DELETE")
ON_BOARDS = (LinkState.ACTIVE, LinkState.CLOSED)
LONDON = ZoneInfo("Europe/London")
PRIORITY_WORDS = {1: "Urgent", 3: "Important", 5: "Medium", 9: "Low"}
SUBJECTS = {"start": "start_at", "due": "due_at"}


class AtRest:
    """Checks, and remembers how each record stood at the last rest."""

    def __init__(self, force: SmallForce, people: People, *, is_accepting: bool) -> None:
        self.force = force
        self.people = people
        self.ledger = people.ledger
        self._is_accepting = is_accepting
        self._before: dict[int, dict[str, Any]] = {}
        self._told_before: dict[int, set[tuple[str, str]]] = {}

    def remember(self, which: int) -> None:
        """How this record stands now is what changes count from."""
        self._before[which] = self.on_record(which)

    def assessed(self, which: int, before: dict[str, Any]) -> None:
        """The risk of an open record was just assessed again, which stood so before."""
        now = self.on_record(which)
        if self.record(which).band_override is None:
            self.ledger.outranked(which, now["priority"])
        if now["due"] != before["due"]:
            self.ledger.given_a_date(which, now["due"])

    def given_back(self, which: int, unit: str) -> None:
        """The record is about to leave this board: who does it there, and how far it is, says nothing from now on."""
        if planner_id := self.people.planner_id(which, unit):
            self.ledger.may_be_lost(planner_id, "progress", OWNERS)

    def check(self) -> None:
        """All of it. What people did from here on counts from here."""
        self._adopted()
        for which in range(len(self.people.tasks)):
            self._record(which)
            self._boards(which)
            self._clashes_told(which)
        self._each_once()
        self._mended()
        assert self.force.outbox("DEAD") == []
        for which in range(len(self.people.tasks)):
            self.remember(which)
        self.people.at_rest()

    def check_silence(self) -> None:
        """After rest there is nothing to send: no repair fights a person."""
        written = [call for method in WRITES for call in self.force.asked(method, "/planner/")]
        assert written == [], f"after rest the service writes: {written}"

    def record(self, which: int) -> Task:
        return self.force.record(self.people.tasks[which])

    def on_record(self, which: int) -> dict[str, Any]:
        """The record's fields as boards show them."""
        record = self.record(which)
        band = record.working_band
        return {
            "title": record.title,
            "progress": record.progress,
            "start": _wire(record.start_at),
            "due": _wire(record.due_at),
            "pillar": record.pillar,
            "priority": BANDS[band].planner_priority if band else 5,
            **{f"label {code}": code in record.labels for code in LABELS},
            **{f"tick {number}": line.is_done for number, line in enumerate(record.checklist)},
            **{f"owner {name}": self.force.user_ids[name] in record.owner_ids for name in NAMES},
        }

    # --- the record against what people did ---

    def _record(self, which: int) -> None:
        record, before, now = self.record(which), self._before[which], self.on_record(which)
        if record.status == "WITHDRAWN":
            assert self._is_accepting, "withdrawn although the force shows deleted tasks again"
            deleted = self.people.deleted | self.people.perhaps_deleted
            assert which in deleted, f"{record.reference} is withdrawn and nobody deleted it by itself"
            return
        if which in self.people.deleted and self._is_accepting:
            assert not record.is_open, f"{record.reference} was deleted, and is open"
        for name, stands in now.items():
            if not name.startswith("owner "):
                self.ledger.check(which, name, before[name], stands, lambda n, v: self._told(which, n, v))
        owners, were = ({name for name in NAMES if state[f"owner {name}"]} for state in (now, before))
        self.ledger.check_owners(which, were, owners, lambda name, _: self._in_audit(which, name))
        if which not in self.ledger.prioritised and record.form != "planner board":
            assert record.band_override is None, f"{record.reference}: nobody set a priority"

    def _told(self, which: int, name: str, value: object) -> bool:
        subject = f"conflict: {SUBJECTS.get(name, name)}"
        words = self._words(name, value)
        told = self.force.remarks(self.people.tasks[which])
        if self.ledger.changes(which, name) > 2:  # what was told of the first two may be settled since
            columns = tables.remarks.c
            query = select(columns.text).where(
                columns.task_id == self.people.tasks[which].task_id, columns.subject == subject
            )
            with self.force.service.store.open() as connection:
                return any(words in text for text in connection.execute(query).scalars())
        return words in told.get(subject, "")

    def _words(self, name: str, value: Any) -> str:
        """How a task tells of a value that gave way."""
        if name in ("start", "due"):
            if value is None:
                return "no date gave way"
            local = datetime.fromisoformat(value).astimezone(LONDON)
            return f"{local.day} {local:%B %Y} gave way"
        if name == "pillar":
            return f"{self.force.service.force.pillars[value].label} gave way"
        return {
            "title": f'"{value}" gave way',
            "progress": f"{value} % gave way",
            "priority": f"{PRIORITY_WORDS.get(value, value)} gave way",
        }[name]

    def _in_audit(self, which: int, name: str) -> bool:
        user_id = self.force.user_ids[name.removeprefix("owner ")]
        return any(user_id in str(row["changes"]) for row in self.force.audit(self.people.tasks[which]))

    def _clashes_told(self, which: int) -> None:
        """Nothing is called a clash that was none."""
        told = set(self.force.remarks(self.people.tasks[which]).items())
        for subject, words in told - self._told_before.get(which, set()):
            if subject.startswith("conflict: "):
                field = subject.removeprefix("conflict: ")
                name = {"start_at": "start", "due_at": "due", "owner_ids": OWNERS}.get(field, field)
                assert self.ledger.is_clash(which, name), f"task {which}: there was no clash of which it says: {words}"
        self._told_before[which] = told

    # --- boards against the record ---

    def _links(self, which: int) -> list[PlannerLink]:
        with self.force.service.store.open() as connection:
            return planner_links.of_task(connection, self.people.tasks[which].task_id, *LinkState)

    def _boards(self, which: int) -> None:
        record = self.record(which)
        links = self._links(which)
        there = {link.unit: link for link in links if link.state is LinkState.ACTIVE}
        assert all(link.state in (*ON_BOARDS, LinkState.GONE) for link in links), f"{record.reference}: {links}"
        if record.is_open:
            assert sorted(there) == sorted(record.stands_on), f"{record.reference} stands on {record.stands_on}"
        wanted = set() if record.status == "WITHDRAWN" else set(record.stands_on)
        assert set(there) <= wanted, f"{record.reference} stands on {wanted}"
        for link in links:
            if link.state in ON_BOARDS and link.planner_task_id in self.force.emulator.tenant.planner.tasks:
                self._own(record, link)
            if link.state is LinkState.CLOSED and link.planner_task_id in self.force.emulator.tenant.planner.tasks:
                assert self.people.shown(link.planner_task_id)["percentComplete"] == 100
        for link in there.values():
            self._board(which, record, link)

    def _board(self, which: int, record: Task, link: PlannerLink) -> None:
        assert link.planner_task_id is not None
        wire, wanted = self.people.shown(link.planner_task_id), self.on_record(which)
        seen = self.people.on_board(which, link.unit, link.planner_task_id)
        for name, value in wanted.items():
            if name.startswith("owner ") and link.unit != record.unit:
                value = name.removeprefix("owner ") in self._own_of(record, link).assigned
            if name in ("start", "due") and wanted["start"] and wanted["due"] and wanted["start"] > wanted["due"]:
                continue  # Planner takes no start after the due date: each board keeps what it has
            if name == "pillar" and seen["pillar"] is None and self._in_own_bucket(wire):
                continue
            assert name not in seen or seen[name] == value, (
                f"{record.reference} on {link.unit}: {name} {seen[name]} != {value}"
            )
        assert wire["title"].lower().startswith(record.reference.lower()), f"{wire['title']} lacks the reference"
        kept = {each.slot: code for code, each in self.force.service.force.labels.items() if each.kept_by_service}
        on = {slot_of(name) for name, is_on in wire["appliedCategories"].items() if is_on}
        labels = {kept[slot] for slot in on & kept.keys()}
        assert labels == record.service_labels, f"{record.reference} on {link.unit}: {labels}"
        self._details(record, link, wire["details"])

    def _in_own_bucket(self, wire: Wire) -> bool:
        return wire["bucketId"] in self.force.emulator.tenant.planner.buckets

    def _details(self, record: Task, link: PlannerLink, details: Wire) -> None:
        own = self._own_of(record, link)
        where = f"{record.reference} on {link.unit}"
        with self.force.service.store.open() as connection:
            seen = shown.of_link(connection, self.force.service.force, link)
        lines = [line for line in details["description"].split("\n")]
        assert lines.count(LINE) == 1, f"{where}: {lines}"
        block = seen.block(self.force.service.force, self.force.service.store.clock.now()).split("\n")
        assert [line for line in lines[lines.index(LINE) :] if line.strip()] == block, f"{where}: {lines}"
        missing = {line.line_id for line in record.checklist} - details["checklist"].keys() - own.removed
        assert not missing, f"{where}: lines are missing"
        links = {link_key(each.url) for each in record.links} - own.removed
        assert links <= details["references"].keys(), f"{where}: evidence is missing"

    def _own(self, record: Task, link: PlannerLink) -> None:
        """What is people's own stands as they left it."""
        assert link.planner_task_id is not None
        own, wire = self._own_of(record, link), self.people.shown(link.planner_task_id)
        where, details = f"{record.reference} on {link.unit}", wire["details"]
        above = details["description"].split(LINE)[0].split("\n")
        words = {*own.words, *own.sure.words}
        assert words <= set(above), f"{where}: of {words} there is {above}"
        ours = {line.line_id for line in record.checklist}
        lines = {
            key: (each["title"], each["isChecked"]) for key, each in details["checklist"].items() if key not in ours
        }
        known = own.perhaps.lines | own.sure.lines | own.lines
        assert own.sure.lines.keys() <= lines.keys() <= known.keys(), f"{where}: own lines {lines} of {known}"
        assert {key: lines.get(key) for key in own.lines} == own.lines, f"{where}: own lines {lines}, not {own.lines}"
        urls = set(details["references"])
        assert own.urls | own.sure.urls <= urls, f"{where}: own links {urls}, not {own.urls | own.sure.urls}"
        config = {each.slot for each in self.force.service.force.labels.values()}
        slots = {slot_of(name) for name, is_on in wire["appliedCategories"].items() if is_on} - config
        assert slots == own.slots, f"{where}: own labels {slots}, not {own.slots}"
        own.words = [each for each in {*words, *own.perhaps.words} if each in above]
        own.lines, own.urls = lines, own.urls | own.sure.urls | (own.perhaps.urls & urls)
        own.sure, own.perhaps = Things(), Things()

    def _own_of(self, record: Task, link: PlannerLink) -> Own:
        return self.people.own_of(link.planner_task_id or "", (record.task_id, link.unit))

    # --- all boards ---

    def _each_once(self) -> None:
        """Every Planner task is one stay of one record, and every stay is on its board."""
        with self.force.service.store.open() as connection:
            rows = connection.execute(
                select(tables.planner_links.c.planner_task_id, tables.planner_links.c.state)
            ).all()
        links = Counter(planner_id for planner_id, state in rows if state in ON_BOARDS)
        assert set(links.values()) <= {1}
        boards = [self.force.board(unit).plan_id for unit in LADDER]
        there = {
            key
            for key, parts in self.force.emulator.tenant.planner.tasks.items()
            if parts.task.values["planId"] in boards
        }
        active = {planner_id for planner_id, state in rows if state == LinkState.ACTIVE}
        titles = {key: self.people.shown(key)["title"] for key in there}
        assert there <= set(links), f"nobody knows of {[titles[key] for key in there - set(links)]}"
        assert active <= there, "a task is not on its board"
        assert len(self.force.records()) == len(self.people.tasks)

    def _adopted(self) -> None:
        """What people made themselves is a record, as they made it, and from now on a task like any other."""
        by_made = {record.response_id: record for record in self.force.records() if record.form == "planner board"}
        for made in self.people.made:
            record = by_made.get(made.planner_id)
            assert record is not None, f"nobody took on {made.values['title']}"
            self._as_made(record, made)
            self.people.tasks.append(record)
            self.remember(len(self.people.tasks) - 1)
        self.people.made = []

    def _as_made(self, record: Task, made: Made) -> None:
        assert made.values["title"].endswith(record.title)
        assert record.unit == made.unit
        assert _wire(record.due_at) == made.values["dueDateTime"]
        band = record.working_band
        assert (BANDS[band].planner_priority if band else 5) == made.values["priority"]

    def _mended(self) -> None:
        """Buckets and labels are as they should be, and as people named theirs."""
        tenant, force = self.force.emulator.tenant.planner, self.force.service.force
        for unit in LADDER:
            board = self.force.board(unit)
            for pillar, bucket in board.bucket_of_pillar.items():
                assert bucket in tenant.buckets, f"{unit} lacks the bucket of {pillar}"
            names = tenant.plans[board.plan_id].details.values["categoryDescriptions"]
            assert {code: names[f"category{each.slot}"] for code, each in force.labels.items()} == {
                code: each.name for code, each in force.labels.items()
            }
        for bucket, name in self.people.bucket_names.items():
            assert bucket not in tenant.buckets or tenant.buckets[bucket].values["name"] == name


def _wire(at: datetime | None) -> str | None:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else None
