"""A pack as a Word document: it opens, its headings and tables are real, and each page is marked and dated."""

import io
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from docx import Document
from docx.document import Document as WordDocument
from docx.oxml.ns import qn

from reporting.pack_documents import pack_docx
from tasking.decision import DecisionType
from tasking.task import Classification
from tests.peakshire import DAY, HOUR, MINUTE, MORNING, PRIORITY, ROUTINE, SCHEDULED, a_proposal
from tests.reporting.meeting_desk import MEETS_AT, MeetingDesk, texts

SOFFICE = shutil.which("soffice")


@pytest.fixture
def content(desk: MeetingDesk) -> bytes:
    """A daily pack with something under most points, something left out, and a pack before it."""
    desk.frozen(desk.pack())
    desk.clock.advance(MINUTE)
    for _ in range(11):
        desk.banded(ROUTINE)
    desk.on_board(desk.banded(PRIORITY, title="Stop bricks at traffic"), due_at=MORNING - HOUR)
    task = desk.banded(SCHEDULED)
    desk.decide(task, DecisionType.ALLOCATE, text="The neighbourhood team", rationale="They know the place.")
    desk.escalated(task, a_proposal(decide_by=MORNING - HOUR))
    return pack_docx(desk.pack_after_the_last(), lambda task_id: f"https://tasking.example/tasks/{task_id}")


def opened(content: bytes) -> WordDocument:
    return Document(io.BytesIO(content))


def headings(document: WordDocument, level: int = 1) -> list[str]:
    return [each.text for each in document.paragraphs if each.style and each.style.name == f"Heading {level}"]


def all_text(document: WordDocument) -> str:
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([each.text for each in document.paragraphs] + cells)


def test_the_document_has_a_real_heading_for_each_point_in_the_agendas_order(content: bytes) -> None:
    assert headings(opened(content)) == [
        "Changed since the last pack",
        "1. Attendance",
        "2. Overnight: critical, missing, domestic abuse",
        "3. Last 24 hours",
        "4. Next 24 hours",
        "5. Due, overdue and not accepted",
        "6. Escalations",
        "7. New tasks since the last meeting",
        "8. Decisions since the last meeting, to be read back",
        "Not shown: 3 more",
    ]


def test_every_page_has_the_mark_at_top_and_bottom_when_it_was_made_and_its_number(desk: MeetingDesk) -> None:
    desk.banded(PRIORITY, classification=Classification.OFFICIAL_SENSITIVE)
    (section,) = opened(pack_docx(desk.pack())).sections
    assert [each.text for each in section.header.paragraphs] == ["OFFICIAL-SENSITIVE"]
    mark, foot = section.footer.paragraphs
    assert mark.text == "OFFICIAL-SENSITIVE"
    assert foot.text.startswith("HP_DAILY 2026-11-02 · as at Monday 2 November 2026, 08:30 · Page ")
    fields = [field.get(qn("w:instr")) for field in foot._p.iter(qn("w:fldSimple"))]
    assert fields == ["PAGE", "NUMPAGES"]


def test_the_head_of_each_table_repeats_rows_stay_whole_and_tables_say_what_they_are(content: bytes) -> None:
    tables = opened(content).tables
    assert len(tables) >= 4
    for table in tables:
        first, *others = (row._tr for row in table.rows)
        assert first.find(f".//{qn('w:tblHeader')}") is not None
        assert all(row.find(f".//{qn('w:cantSplit')}") is not None for row in (first, *others))
        assert table._tbl.tblPr.find(qn("w:tblCaption")) is not None


def test_the_document_is_in_british_english_on_a4_and_has_a_title(content: bytes) -> None:
    document = opened(content)
    assert document.core_properties.title == "Northfell daily tasking: pack for Monday 2 November 2026, 09:15"
    languages = {each.get(qn("w:val")) for each in document.styles.element.iter(qn("w:lang"))}
    assert (document.core_properties.language, languages) == ("en-GB", {"en-GB"})
    (section,) = document.sections
    assert section.page_width is not None
    assert section.page_height is not None
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)


def test_the_document_says_the_same_as_the_pack_and_links_to_its_tasks(content: bytes) -> None:
    document = opened(content)
    text = all_text(document)
    for words in (
        "Stop bricks at traffic",
        "OVERDUE by",
        "State: Red. Late: past its due time",
        "They know the place.",
    ):
        assert words in text
    links = [each.target_ref for each in document.part.rels.values() if each.is_external]
    assert len(links) == 10
    assert all(link.startswith("https://tasking.example/tasks/") for link in links)


def test_the_same_pack_is_the_same_document(desk: MeetingDesk) -> None:
    desk.banded(PRIORITY)
    first, second = (zipfile.ZipFile(io.BytesIO(pack_docx(desk.pack()))) for _ in range(2))
    assert {name: first.read(name) for name in first.namelist()} == {
        name: second.read(name) for name in first.namelist()
    }


@pytest.mark.parametrize("words", ["\x00\x07\x0b bell", "<w:p>&amp;", "a\nb\tc", "﷽ 🚓 – “”", "]]>", "x" * 5000])
def test_whatever_people_wrote_the_document_opens(desk: MeetingDesk, words: str) -> None:
    desk.banded(PRIORITY, title=words, text=texts(words))
    kept = "".join(letter for letter in words if letter >= " " or letter in "\n\t")
    assert kept in all_text(opened(pack_docx(desk.pack())))


def test_a_meeting_with_partners_has_its_two_parts_and_changes_only_in_the_second(desk: MeetingDesk) -> None:
    desk.frozen(desk.pack("HP_LOCAL", MEETS_AT + DAY))
    desk.clock.advance(MINUTE)
    found = headings(opened(pack_docx(desk.pack_after_the_last("HP_LOCAL", MEETS_AT + DAY))))
    assert found.index("Part 1: with partners") == 0
    assert found.index("Changed since the last pack") == found.index("Part 2: police only") + 1 == 5


@pytest.mark.skipif(SOFFICE is None, reason="needs LibreOffice (soffice) on this machine")
def test_libreoffice_opens_the_document_and_makes_pages_of_it(content: bytes, tmp_path: Path) -> None:
    assert SOFFICE is not None
    (tmp_path / "pack.docx").write_bytes(content)
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = [SOFFICE, profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), "pack.docx"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=100)
    assert (tmp_path / "pack.pdf").read_bytes().startswith(b"%PDF")
