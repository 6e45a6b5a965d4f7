"""TABLE: what people do to tasks and boards, with the values they do it with. Faults on order do not strike people."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st

from tests.journeys.board_ledger import OWNERS
from tests.journeys.board_people import LABELS, LADDER, NAMES, OWN_BUCKET, OWN_SLOTS, PILLARS, WORKER, People, Stand
from tests.journeys.board_troubles import undisturbed

LINE = "--- kept by the service ---"
BLOCK_LINE = "· "
SERVICE_LABELS = ("ESCALATED", "RESULT_NEEDED", "BAND_IMMEDIATE")
OWN_LINK = {"@odata.type": "#microsoft.graph.plannerExternalReference", "alias": "Ours", "type": "Other"}
DATES = (None, "2027-01-02T10:00:00Z", "2027-03-04T09:00:00Z", "2027-05-06T08:00:00Z")
WORDS = ("North St", "South St", "A-6 lay-by")
MOST_LINES, MOST_LINKS = 12, 8
MOST_RENAMES_OF_A_LABEL = 2
"""A third is a fight, which the service does not fight."""


@dataclass(frozen=True, slots=True)
class Doing:
    """Something that somebody does: an entry of a table below, to one of the tasks on one of its boards."""

    what: str
    which: int
    place: int
    value: Any


def do(people: People, doing: Doing) -> None:
    """Does it, where that is possible now."""
    with undisturbed(people.force.emulator.tenant):
        if doing.what in TO_BOARDS:
            TO_BOARDS[doing.what][0](people, LADDER[doing.place % len(LADDER)], doing.value)
            return
        stand = people.stand(doing.which, doing.place)
        if stand is not None:
            TO_TASKS[doing.what][0](people, stand, doing.value)


def doings(*names: str) -> st.SearchStrategy[Doing]:
    """Any of these things; none named: any at all."""
    values = {name: strategy for table in (TO_TASKS, TO_BOARDS) for name, (_, strategy) in table.items()}
    return st.one_of(
        st.builds(Doing, st.just(name), st.integers(0, 3), st.integers(0, 2), values[name])
        for name in names or sorted(values)
    )


def doings_at_two_boards(*names: str) -> st.SearchStrategy[tuple[Doing, Doing]]:
    """The same thing done to a task in two places, not necessarily alike."""

    def both(name: str, which: int, places: tuple[int, int], values: tuple[Any, Any]) -> tuple[Doing, Doing]:
        return Doing(name, which, places[0], values[0]), Doing(name, which, places[1], values[1])

    places = st.sampled_from([(0, 1), (1, 0), (1, 2)])
    return st.one_of(
        st.builds(both, st.just(name), st.integers(0, 3), places, st.tuples(TO_TASKS[name][1], TO_TASKS[name][1]))
        for name in names
    )


def link_key(url: str) -> str:
    """An address as Planner wants it for a key."""
    return quote(url, safe="/").replace(".", "%2E")


# --- to a task ---


def retitle(people: People, on: Stand, value: tuple[str, str]) -> None:
    words, mark = value
    reference = people.tasks[on.which].reference
    title = {"marked": f"{reference} {words}", "bare": words, "small": f"{reference.lower()} {words}"}[mark]
    if people.shown(on.planner_id)["title"] != title:
        seen = people.on_board(on.which, on.unit, on.planner_id)["title"]
        on.person.change(on.planner_id, title=title)
        if seen != words:
            people.ledger.note(on.which, "title", on.planner_id, seen, words)


def work_on(people: People, on: Stand, percent: int) -> None:
    people.edit(on, "progress", percent, percentComplete=percent)


def date(people: People, on: Stand, value: tuple[str, str | None]) -> None:
    name, day = value
    shown = {**people.on_board(on.which, on.unit, on.planner_id), name: day}
    if shown["start"] and shown["due"] and shown["start"] > shown["due"]:
        return  # Planner refuses that
    people.edit(on, name, day, **{f"{name}DateTime": day})


def move(people: People, on: Stand, pillar: str) -> None:
    bucket = people.bucket(on.unit, pillar)
    if bucket is None:
        return
    people.moved.add(on.planner_id)
    if pillar == OWN_BUCKET:
        on.person.change(on.planner_id, bucketId=bucket)
        people.ledger.may_be_lost(on.planner_id, "pillar")
    else:
        people.edit(on, "pillar", pillar, bucketId=bucket)


def prioritise(people: People, on: Stand, priority: int) -> None:
    people.edit(on, "priority", priority, priority=priority)


def label(people: People, on: Stand, value: tuple[str, bool]) -> None:
    code, is_on = value
    people.edit(on, f"label {code}", is_on, appliedCategories={people.force.category(code): is_on})


def own_label(people: People, on: Stand, value: tuple[int, bool]) -> None:
    slot, is_on = value
    on.person.label(on.planner_id, slot, is_on)
    slots = people.own_on(on).slots
    slots.add(slot) if is_on else slots.discard(slot)


def service_label(people: People, on: Stand, value: tuple[str, bool]) -> None:
    code, is_on = value
    on.person.label(on.planner_id, people.force.slot(code), is_on)


def tick(people: People, on: Stand, value: tuple[int, bool]) -> None:
    number, is_done = value
    name = f"tick {number}"
    seen = people.on_board(on.which, on.unit, on.planner_id).get(name)
    if seen is None or seen == is_done:
        return
    on.person.tick(on.planner_id, people.tasks[on.which].checklist[number].line_id, is_done)
    people.ledger.note(on.which, name, on.planner_id, seen, is_done)


def assign(people: People, on: Stand, value: tuple[str, bool]) -> None:
    name, is_on = value
    before = people.assigned(on.planner_id)
    if (name in before) == is_on:
        return
    user_id = people.force.user_ids[name]
    on.person.assign(on.planner_id, user_id) if is_on else on.person.unassign(on.planner_id, user_id)
    if on.unit == people.tasks[on.which].unit:
        people.ledger.note(on.which, f"owner {name}", on.planner_id, not is_on, is_on)
        return
    after = people.assigned(on.planner_id)
    people.own_on(on).assigned = after
    people.ledger.note(on.which, OWNERS, on.planner_id, before, after)


def write(people: People, on: Stand, where: str) -> None:
    there, words = people.shown(on.planner_id)["details"]["description"], people.note()
    lines = there.split("\n")
    at = {
        "first": 0,
        "above": lines.index(LINE) if LINE in lines else len(lines),
        "among": lines.index(LINE) + 2 if LINE in lines else len(lines),
        "below": len(lines),
    }[where]
    on.person.change_details(on.planner_id, description="\n".join([*lines[:at], words, *lines[at:]]))
    people.own_on(on).words.append(words)


def tidy(people: People, on: Stand, how: str) -> None:
    there, own = people.shown(on.planner_id)["details"]["description"], people.own_on(on)
    lines = there.split("\n")
    at = lines.index(LINE) if LINE in lines else len(lines)
    changed = {
        "clear it": [],
        "drop the block": lines[:at],
        "drop the mark": [*lines[:at], *lines[at + 1 :]],
        "drop a line of the block": [each for each in lines if not each.startswith(f"{BLOCK_LINE}Risk")],
        "change the block": [each.replace(f"{BLOCK_LINE}Risk", f"{BLOCK_LINE}Danger") for each in lines],
        "paste it twice": [*lines, "", *lines],
    }[how]
    if changed != lines:
        on.person.change_details(on.planner_id, description="\n".join(changed))
        for things in (own, own.sure, own.perhaps):
            things.words = [words for words in things.words if words in changed]


def add_line(people: People, on: Stand, is_checked: bool) -> None:
    if len(people.shown(on.planner_id)["details"]["checklist"]) < MOST_LINES:
        line_id, words = str(uuid.uuid4()), people.note()
        on.person.line(on.planner_id, line_id, title=words, isChecked=is_checked)
        people.own_on(on).lines[line_id] = (words, is_checked)


def remove_line(people: People, on: Stand, number: int) -> None:
    there, own = people.shown(on.planner_id)["details"]["checklist"], people.own_on(on)
    if not there:
        return
    line_id = sorted(there)[number % len(there)]
    on.person.change_details(on.planner_id, checklist={line_id: None})
    for things in (own, own.sure, own.perhaps):
        things.lines.pop(line_id, None)
    own.removed.add(line_id)
    for number, line in enumerate(people.tasks[on.which].checklist):
        if line.line_id == line_id:
            people.ledger.may_be_lost(on.planner_id, f"tick {number}")


def add_link(people: People, on: Stand, _: None) -> None:
    if len(people.shown(on.planner_id)["details"]["references"]) < MOST_LINKS:
        key = link_key(f"https://ours.example/{people.note().strip('Note .')}")
        on.person.change_details(on.planner_id, references={key: OWN_LINK})
        people.own_on(on).urls.add(key)


def remove_link(people: People, on: Stand, number: int) -> None:
    there, own = people.shown(on.planner_id)["details"]["references"], people.own_on(on)
    if there:
        key = sorted(there)[number % len(there)]
        on.person.change_details(on.planner_id, references={key: None})
        for things in (own, own.sure, own.perhaps):
            things.urls.discard(key)
        own.removed.add(key)


def delete(people: People, on: Stand, _: None) -> None:
    record = people.force.record(people.tasks[on.which])
    if people.would_be_empty(on.unit, {on.planner_id}):
        return
    if on.unit == record.unit and record.is_open and people.is_known(on):
        people.deleted.add(on.which)
    on.person.delete(on.planner_id)
    people.gone_from_board(on.planner_id)


def copy(people: People, on: Stand, _: None) -> None:
    if people.shown(on.planner_id)["bucketId"] not in people.force.emulator.tenant.planner.buckets:
        return  # it has to be copied into a bucket
    by = f"{WORKER[on.unit]}@peakshire.example"
    made = people.force.emulator.control(f"planner/tasks/{on.planner_id}/copy", {"by": by})
    people.made_by_hand(on.unit, made["id"], list(people.own_on(on).words))


# --- to a board ---


def make_by_hand(people: People, unit: str, value: tuple[str, str, int]) -> None:
    words, pillar, priority = value
    if bucket := people.bucket(unit, pillar):
        plan_id = people.force.board(unit).plan_id
        made = people.person(unit).make_task(plan_id, bucket, words, priority=priority, dueDateTime=DATES[2])
        people.made_by_hand(unit, made, [])


def drop_bucket(people: People, unit: str, value: tuple[str, str]) -> None:
    pillar, with_its_tasks = value
    planner = people.force.emulator.tenant.planner
    bucket = people.bucket(unit, pillar)
    within = {key for key, parts in planner.tasks.items() if parts.task.values["bucketId"] == bucket}
    if bucket is None or (with_its_tasks == "delete" and people.would_be_empty(unit, within)):
        return
    people.force.emulator.tenant.switches.set("planner_delete_bucket", with_its_tasks)
    people.person(unit).remove(f"/planner/buckets/{bucket}")
    for planner_id in within:
        people.ledger.may_be_lost(planner_id, "pillar")
        if with_its_tasks == "delete":
            people.gone_with_its_bucket(planner_id)


def rename_bucket(people: People, unit: str, pillar: str) -> None:
    if bucket := people.bucket(unit, pillar):
        name = people.note()
        people.person(unit).patch(f"/planner/buckets/{bucket}", name=name)
        people.bucket_names[bucket] = name


def rename_label(people: People, unit: str, code: str) -> None:
    plan_id, slot = people.force.board(unit).plan_id, people.force.category(code)
    times = people.renamed.get(f"{unit} {slot}", 0)
    if times < MOST_RENAMES_OF_A_LABEL:
        people.person(unit).patch(f"/planner/plans/{plan_id}/details", categoryDescriptions={slot: people.note()})
        people.renamed[f"{unit} {slot}"] = times + 1


ON_OFF = st.booleans()
TO_TASKS: Mapping[str, tuple[Callable[[People, Stand, Any], None], st.SearchStrategy[Any]]] = {
    "retitle": (retitle, st.tuples(st.sampled_from(WORDS), st.sampled_from(["marked", "bare", "small"]))),
    "work": (work_on, st.sampled_from([0, 50, 100])),
    "date": (date, st.tuples(st.sampled_from(["start", "due"]), st.sampled_from(DATES))),
    "move": (move, st.sampled_from([*PILLARS, OWN_BUCKET])),
    "prioritise": (prioritise, st.sampled_from([1, 3, 5, 9])),
    "label": (label, st.tuples(st.sampled_from(LABELS), ON_OFF)),
    "own label": (own_label, st.tuples(st.sampled_from(OWN_SLOTS), ON_OFF)),
    "service's label": (service_label, st.tuples(st.sampled_from(SERVICE_LABELS), ON_OFF)),
    "tick": (tick, st.tuples(st.integers(0, 1), ON_OFF)),
    "assign": (assign, st.tuples(st.sampled_from(NAMES), ON_OFF)),
    "write": (write, st.sampled_from(["first", "above", "among", "below"])),
    "tidy": (
        tidy,
        st.sampled_from(
            [
                "clear it",
                "drop the block",
                "drop the mark",
                "drop a line of the block",
                "change the block",
                "paste it twice",
            ]
        ),
    ),
    "add line": (add_line, ON_OFF),
    "remove line": (remove_line, st.integers(0, 3)),
    "add link": (add_link, st.none()),
    "remove link": (remove_link, st.integers(0, 3)),
    "delete": (delete, st.none()),
    "copy": (copy, st.none()),
}
TO_BOARDS: Mapping[str, tuple[Callable[[People, str, Any], None], st.SearchStrategy[Any]]] = {
    "make by hand": (
        make_by_hand,
        st.tuples(st.sampled_from(WORDS), st.sampled_from([*PILLARS, OWN_BUCKET]), st.sampled_from([3, 5])),
    ),
    "drop bucket": (
        drop_bucket,
        st.tuples(st.sampled_from([*PILLARS, OWN_BUCKET]), st.sampled_from(["delete", "orphan", "dangle"])),
    ),
    "rename bucket": (rename_bucket, st.sampled_from(PILLARS)),
    "rename label": (rename_label, st.sampled_from(SERVICE_LABELS)),
}
WORK = ("retitle", "work", "date", "move", "prioritise", "label", "tick", "assign")
ALL = (*TO_TASKS, *TO_BOARDS)
