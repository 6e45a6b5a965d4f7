"""The report of a tasking cycle as a page and as a Word document. Both say the same, from the same lines."""

from collections.abc import Collection

from reporting.cycle_report import CarriedNow, mark_of_report, why_listed
from reporting.pack_page import environment
from reporting.word_file import Words, add_facts, add_paragraph, add_table, content_of, new_document
from reporting.wording import short_time, time_words, unit_name
from tasking.control_strategy import date_words
from tasking.cycle_report import COUNT_WORDS, CycleReport
from tasking.force import Force

COUNT_COLUMNS = ("Unit", *COUNT_WORDS.values())
COUNT_WIDTHS = (46, 18, 20, 20, 20, 20, 21, 21)
CARRIED_COLUMNS = ("Task", "Unit and risk", "Raised", "Why listed", "State")
CARRIED_WIDTHS = (60, 36, 24, 34, 32)
TO_DO = "Keep, close or escalate each of them. What nobody decides on stays open and is listed again."
NONE = "None: no task was open."


def cycle_html(force: Force, report: CycleReport, found: Collection[CarriedNow]) -> str:
    """The report as a whole page."""
    return (
        environment()
        .get_template("cycle.html")
        .render(
            report=report,
            mark=mark_of_report(report).value,
            title=title_of(report),
            facts=facts_of(report),
            count_columns=COUNT_COLUMNS,
            counts=count_rows(force, report),
            columns=CARRIED_COLUMNS,
            rows=[carried_row(force, each) for each in found],
            to_do=TO_DO,
            none=NONE,
        )
    )


def cycle_docx(force: Force, report: CycleReport, found: Collection[CarriedNow]) -> bytes:
    """The report as a .docx file."""
    title = title_of(report)
    foot = f"{report.cycle} · as at {time_words(report.closed_at)}"
    document = new_document(title, mark_of_report(report).value, foot, report.closed_at)
    document.add_paragraph(title, style="Title")
    add_facts(document, facts_of(report))
    document.add_heading("1. The cycle in numbers", 1)
    counts = [[[[Words(cell)]] for cell in row] for row in count_rows(force, report)]
    add_table(document, "Numbers by the unit that a task belongs to", COUNT_COLUMNS, counts, COUNT_WIDTHS)
    document.add_heading(f"2. Carries over: {len(report.carried)}", 1)
    add_paragraph(document, Words(TO_DO if found else NONE))
    if found:
        rows = [[[[Words(cell)]] for cell in carried_row(force, each)] for each in found]
        add_table(document, "Open tasks at the end of the cycle", CARRIED_COLUMNS, rows, CARRIED_WIDTHS)
    return content_of(document)


def title_of(report: CycleReport) -> str:
    """What the report is called."""
    return f"Tasking cycle {report.cycle}: report at its end"


def facts_of(report: CycleReport) -> tuple[tuple[str, str], ...]:
    """When the cycle was, when the report was made, and what became of what carried over before."""
    then = ", ".join(f"{words} {number}" for words, number in report.since_then)
    return (
        ("Cycle", f"{date_words(report.starts)} to {date_words(report.ends)}"),
        ("As at", time_words(report.closed_at)),
        (f"Of what carried over from {report.previous}", then if report.previous else ""),
    )


def count_rows(force: Force, report: CycleReport) -> list[tuple[str, ...]]:
    """A row for each unit that has any number, and one for all together where there are several."""
    every = report.counts_of([each.unit for each in report.counts])
    named = [(unit_name(force, each.unit), each) for each in report.counts]
    named += [("All together", every)] if len(report.counts) != 1 else []
    return [(name, *(str(number) for _, number in each.in_words())) for name, each in named]


def carried_row(force: Force, found: CarriedNow) -> tuple[str, ...]:
    """The cells of a task that carried over."""
    task = found.task
    band = task.band.capitalize() if task.band else "Not yet assessed"
    state = f"{found.state} ({found.decision_ref})" if found.decision_ref else found.state
    where = f"{unit_name(force, task.unit)}, {band}"
    return (f"{task.reference} {task.title}", where, short_time(task.raised_at), why_listed(task), state)
