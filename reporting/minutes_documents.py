"""Draft minutes as a page and as a Word document. Both say the same, from the same lines."""

from collections.abc import Sequence

from reporting.minutes import NO_NOTHING, MinutedAction, MinutedDecision, Minutes
from reporting.pack_page import environment
from reporting.word_file import Words, add_facts, add_paragraph, add_table, content_of, new_document
from reporting.wording import OPEN_IT_THERE, short_time, time_words

COLUMNS = ("Task", "Unit and risk", "Owner", "Due", "State")
WIDTHS = (70, 46, 22, 26, 22)
NOBODY = "Nobody on record."
AGENDA = "4. The agenda, as it was built by hand"


def minutes_html(minutes: Minutes) -> str:
    """The minutes as a whole page."""
    return (
        environment()
        .get_template("minutes.html")
        .render(
            minutes=minutes,
            mark=minutes.classification.value,
            facts=facts_of(minutes),
            attendance=attendance_of(minutes),
            nobody=NOBODY,
            agenda=AGENDA,
            columns=COLUMNS,
            heading_of=heading_of,
            lines_of=lines_of,
            cells_of=cells_of,
            title_of=title_of,
        )
    )


def minutes_docx(minutes: Minutes) -> bytes:
    """The minutes as a .docx file."""
    title = f"DRAFT minutes: {minutes.meeting}, {time_words(minutes.starts_at)}"
    foot = f"DRAFT · {minutes.meeting_ref} · as at {time_words(minutes.as_at)}"
    document = new_document(title, minutes.classification.value, foot, minutes.as_at)
    add_paragraph(document, Words("DRAFT minutes: not agreed yet", bold=True))
    document.add_paragraph(minutes.meeting, style="Title")
    add_facts(document, (("Minutes of", time_words(minutes.starts_at)), *facts_of(minutes)))
    if minutes.cancelled_because:
        add_facts(document, (("This meeting was cancelled", minutes.cancelled_because),))
    document.add_heading("1. Attendance", 1)
    for heading, people in attendance_of(minutes):
        document.add_heading(heading, 2)
        for person in people or (NOBODY,):
            add_paragraph(document, Words(person))
    document.add_heading(f"2. Decisions: {len(minutes.decisions)}", 1)
    for decision in minutes.decisions:
        document.add_heading(heading_of(decision), 2)
        if decision.superseded_by:
            add_paragraph(document, Words(f"SUPERSEDED by {decision.superseded_by}: it no longer stands.", bold=True))
        add_facts(document, lines_of(decision))
    if not minutes.decisions:
        add_paragraph(document, Words("No decision is on record."))
    document.add_heading(f"3. Tasks and actions: {len(minutes.actions)}", 1)
    if minutes.actions:
        rows = [[[[Words(cell)]] for cell in cells_of(action)] for action in minutes.actions]
        add_table(document, "Tasks that were decided about or raised, as they stand now", COLUMNS, rows, WIDTHS)
    else:
        add_paragraph(document, Words("None."))
    if minutes.agenda:
        document.add_heading(AGENDA, 1)
        for line in minutes.agenda:
            add_paragraph(document, Words(line))
    return content_of(document)


def facts_of(minutes: Minutes) -> tuple[tuple[str, str], ...]:
    """Where and who: unit, chair, deputies, reference, and when these minutes were drawn up."""
    chair = f"{minutes.chaired_by}, {minutes.chaired_as}" if minutes.chaired_by else minutes.chair_role
    return (
        ("Unit", minutes.unit_name),
        ("Chair", chair),
        ("To know", " ".join(words for words in (minutes.chair_note, minutes.too_few) if words)),
        ("Deputies", ", ".join(minutes.deputy_roles)),
        ("Meeting", minutes.meeting_ref),
        ("Drawn up", f"{time_words(minutes.as_at)}, from the record"),
    )


def attendance_of(minutes: Minutes) -> tuple[tuple[str, Sequence[str]], ...]:
    """Who was there, by part, and who was not."""
    parts = (
        (("Part 1, with partners", minutes.partner_part), ("Part 2, police only", minutes.police_part))
        if minutes.has_partner_part
        else (("Present", minutes.police_part),)
    )
    return (*parts, ("Apologies and absent", minutes.absent or ("None on record.",)))


def heading_of(decision: MinutedDecision) -> str:
    """The decision's own reference, its task, and what kind of decision it is."""
    superseded = " (superseded)" if decision.superseded_by else ""
    return f"{decision.decision_ref}, {decision.reference}: {decision.what}{superseded}"


def lines_of(decision: MinutedDecision) -> tuple[tuple[str, str], ...]:
    """All that minutes say of a decision, each with its name; what was not said is left out, but for the options."""
    options = "; ".join(decision.options)
    considered = options if decision.nothing_considered else f"{options or 'None on record'}. {NO_NOTHING}"
    if decision.is_hidden:
        considered = ""
    lines = (
        ("Task", decision.title),
        ("Decided", decision.text),
        ("Why", decision.rationale),
        ("Options considered", considered),
        *decision.ndm,
        ("Dissent", decision.dissent),
        *decision.given,
        ("By", f"{decision.decided_by}{f', {decision.role}' if decision.role else ''} ({decision.capacity})"),
        ("Authority", decision.authority),
        ("At", time_words(decision.decided_at)),
        ("Written down late", time_words(decision.recorded_late_at) if decision.recorded_late_at else ""),
        ("To be looked at again", time_words(decision.review_at) if decision.review_at else ""),
        ("Corrects", decision.supersedes),
    )
    return tuple((name, words) for name, words in lines if words)


def title_of(action: MinutedAction) -> str:
    """What the task is, or where to open it where it is restricted."""
    return f"{action.title or OPEN_IT_THERE}{' (new)' if action.is_new else ''}"


def cells_of(action: MinutedAction) -> tuple[str, ...]:
    """The words in each cell of an action's row."""
    due = short_time(action.due_at) or "No due time"
    first = f"{action.reference} {title_of(action)}"
    return (first, f"{action.unit_name}. {action.band_words}", action.owner, due, action.status)
