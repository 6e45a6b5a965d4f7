"""A pack as a Word document: headings to jump by, tables whose head repeats, marked and dated on each page."""

from collections.abc import Callable, Sequence

from docx.document import Document as WordDocument

from reporting import pack_shape
from reporting.pack_parts import POLICE, Changes, CountTable, Pack, PackDecision, PackItem, PackSection
from reporting.word_file import TEXT_WIDTH, Line, Words, add_facts, add_paragraph, add_table, content_of, new_document
from reporting.wording import OPEN_IT_THERE, time_words

TASK_WIDTHS = (48, 44, 47, 47)
NUMBER_WIDTH = 22
CHANGE_WIDTHS = (24, 24, TEXT_WIDTH - 48)
TaskUrl = Callable[[str], str | None]


def pack_docx(pack: Pack, task_url: TaskUrl = lambda task_id: None) -> bytes:
    """The pack as a .docx file. `task_url` gives the address of a task by its id."""
    title = f"{pack.meeting}: pack for {time_words(pack.starts_at)}"
    foot = f"{pack.meeting_ref} · as at {time_words(pack.as_at)}"
    document = new_document(title, pack.classification.value, foot, pack.as_at)
    document.add_paragraph(pack.meeting, style="Title")
    add_paragraph(document, Words(f"Meeting pack for {time_words(pack.starts_at)}", bold=True))
    _facts(document, pack)
    has_parts = pack_shape.has_parts(pack)
    if not has_parts:
        _changes(document, pack.changed_since)
    part = None
    for number, section in pack_shape.numbered(pack):
        if has_parts and section.part != part:
            part = section.part
            _part_heading(document, pack, part)
        if stage := pack_shape.stage_before(pack, number):
            document.add_heading(stage, 1)
        _section(document, number, section, task_url)
    if pack.left_out:
        document.add_heading(f"Left out by hand: {len(pack.left_out)}", 1)
        for line in pack_shape.left_out_lines(pack):
            add_paragraph(document, Words(line))
    if pack.not_shown:
        _further(document, pack)
    return content_of(document)


def _facts(document: WordDocument, pack: Pack) -> None:
    deputies = f"; deputy: {', '.join(pack.deputy_roles)}" if pack.deputy_roles else ""
    facts = (
        ("As at", f"{time_words(pack.as_at)}. What changes later is on the live board."),
        ("Unit", pack.unit_name),
        ("Chair", f"{pack.chair_role}{deputies}"),
        ("At a glance", ", ".join(f"{each.number} {each.words}" for each in pack_shape.first_look(pack))),
    )
    add_facts(document, facts)


def _part_heading(document: WordDocument, pack: Pack, part: str) -> None:
    """The heading of a part. What changed is police business: it follows the second."""
    document.add_heading(pack_shape.PART_TITLES[part], 1)
    if part == POLICE:
        add_paragraph(document, Words("Begins when no partner is present: the chair confirms it."))
        _changes(document, pack.changed_since)


def _changes(document: WordDocument, changes: Changes | None) -> None:
    if changes is None:
        return
    document.add_heading("Changed since the last pack", 1)
    add_paragraph(document, Words(f"Compared with the pack of {time_words(changes.as_at)}."))
    if changes.new:
        add_facts(document, ((f"New: {len(changes.new)}", pack_shape.references(changes.new)),))
    rows = [
        [[[Words(kind)]], [[Words(change.reference, bold=True)]], [[Words(change.words)]]]
        for kind, found in (("Gone", changes.gone), ("Moved", changes.moved))
        for change in found
    ]
    if rows:
        add_table(document, "Tasks that are gone or have moved", ("Change", "Task", "What"), rows, CHANGE_WIDTHS)
    if not changes.number:
        add_paragraph(document, Words("No task is new, gone or moved."))


def _section(document: WordDocument, number: int, section: PackSection, task_url: TaskUrl) -> None:
    document.add_heading(f"{number}. {section.title}", 1)
    if section.note:
        add_paragraph(document, Words(section.note))
    for line in section.lines:
        add_paragraph(document, Words(f"☐ {line}"))
    for table in section.counts:
        _counts(document, table)
    if section.items:
        rows = [_row(item, task_url(item.task_id)) for item in section.items]
        add_table(document, f"Tasks under point {number}: {section.title}", pack_shape.COLUMNS, rows, TASK_WIDTHS)
    for decision in section.decisions:
        _decision(document, decision)
    if section.is_empty:
        add_paragraph(document, Words(pack_shape.NOTHING))


def _row(item: PackItem, url: str | None) -> list[Sequence[Line]]:
    gaps = [[Words(f"To mend: {', '.join(item.smart_gaps).lower()}", bold=True)]] if item.smart_gaps else []
    first, *others = item.why
    return [
        [
            [Words(item.reference, bold=True, url=url)],
            [Words(pack_shape.heading_of(item), bold=True)],
            [Words(pack_shape.place_words(item))],
        ],
        [*_named(pack_shape.state_lines(item)), *gaps],
        [[Words(first, bold=True)], *([Words(why)] for why in others)],
        _named(pack_shape.asked_lines(item)),
    ]


def _named(lines: Sequence[tuple[str, str]]) -> list[Line]:
    return [[Words(f"{name}: ", bold=True), Words(words)] for name, words in lines]


def _counts(document: WordDocument, table: CountTable) -> None:
    first = TEXT_WIDTH - 60 - NUMBER_WIDTH * len(table.headings)
    rows = [[[[Words(name)]], *([[Words(str(number))]] for number in numbers)] for name, numbers in table.rows]
    headings = (table.caption, *table.headings)
    add_table(document, table.caption, headings, rows, (first, *(NUMBER_WIDTH for _ in table.headings)))


def _decision(document: WordDocument, decision: PackDecision) -> None:
    document.add_heading(f"{decision.decision_ref}, {decision.reference}: {decision.what}", 2)
    add_paragraph(document, Words(pack_shape.decided_by(decision)))
    if decision.is_restricted:
        add_paragraph(document, Words(f"{OPEN_IT_THERE}."))
        return
    text = decision.text if decision.text != decision.what else ""
    add_facts(document, (("Decided", text), ("Why", decision.rationale)))


def _further(document: WordDocument, pack: Pack) -> None:
    document.add_heading(f"Not shown: {pack.not_shown} more", 1)
    add_paragraph(document, Words(f"{pack_shape.further_words(pack)}."))
    listed = ", ".join(f"{each.reference} ({each.unit_name})" for each in pack.further)
    add_paragraph(document, Words(f"{listed}."))
