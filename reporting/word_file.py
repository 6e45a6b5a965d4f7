"""Building blocks of Word documents: real headings, tables whose head repeats, marking on each page, British English.

A4; what people wrote is put in as plain text, without characters that a document cannot hold.
"""

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from docx import Document
from docx.document import Document as WordDocument
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.table import Table, _Cell, _Row
from docx.text.paragraph import Paragraph

LANGUAGE = "en-GB"
INK = RGBColor(0x14, 0x20, 0x2E)
HEAD_SHADE = "EEF2F6"
SIZES = {"Title": 20, "Heading 1": 15, "Heading 2": 12.5, "Heading 3": 11, "Normal": 10}
SPACES = {"Title": (0, 2), "Heading 1": (14, 4), "Heading 2": (10, 3), "Heading 3": (8, 2), "Normal": (0, 3)}
"""Points before and after a paragraph of each style."""
TEXT_WIDTH = 186
"""Millimetres between the margins."""
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Words:
    """A piece of text in a cell or paragraph: plain, bold, or a link where it has an address."""

    text: str
    bold: bool = False
    url: str | None = None


Line = Sequence[Words]


def new_document(title: str, marking: str, foot: str, made_at: datetime) -> WordDocument:
    """An empty document with its title, the marking at top and bottom of each page, and a foot with the page number.

    `made_at` (UTC) becomes its date, so that the same content is the same document.
    """
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(12)
    section.top_margin, section.bottom_margin = Mm(18), Mm(23)
    section.header_distance = section.footer_distance = Mm(8)
    _style(document)
    properties = document.core_properties
    properties.title, properties.language = _clean(title), LANGUAGE
    properties.author, properties.comments, properties.keywords = "Tasking service", "", marking
    properties.created = properties.modified = made_at.astimezone(UTC).replace(tzinfo=None)
    _marking_line(section.header.paragraphs[0], marking)
    _marking_line(section.footer.paragraphs[0], marking)
    _page_line(section.footer.add_paragraph(), foot)
    return document


def add_paragraph(document: WordDocument, *line: Words, style: str | None = None) -> Paragraph:
    """A paragraph of these words."""
    paragraph = document.add_paragraph(style=style)
    _write(paragraph, line)
    return paragraph


def add_facts(document: WordDocument, facts: Iterable[tuple[str, str]]) -> None:
    """A line for each fact: its name in bold, then what it is. Facts without words are left out."""
    for name, words in facts:
        if words:
            add_paragraph(document, Words(f"{name}: ", bold=True), Words(words))


def add_table(
    document: WordDocument,
    caption: str,
    headings: Sequence[str],
    rows: Sequence[Sequence[Sequence[Line]]],
    widths: Sequence[float],
) -> Table:
    """A table whose head repeats on each page and whose rows stay whole. A cell is its lines; `widths` are in mm.

    The caption is what a screen reader says of the table.
    """
    table: Table = document.add_table(rows=1 + len(rows), cols=len(headings), style="Table Grid")
    table.autofit = False
    _pad(table)
    _describe(table, caption)
    head, *others = table.rows
    for cell, heading in zip(head.cells, headings, strict=True):
        _fill(cell, [[Words(heading, bold=True)]])
        _shade(cell)
    _row_property(head, "w:tblHeader")
    for made, row in zip(others, rows, strict=True):
        for cell, lines in zip(made.cells, row, strict=True):
            _fill(cell, lines)
    for made in (head, *others):
        _row_property(made, "w:cantSplit")
        for cell, width in zip(made.cells, widths, strict=True):
            cell.width = Mm(width)
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
    document.add_paragraph().paragraph_format.space_after = Pt(2)
    return table


def content_of(document: WordDocument) -> bytes:
    """The document as a .docx file."""
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def _style(document: WordDocument) -> None:
    for name, size in SIZES.items():
        style = document.styles[name]
        assert isinstance(style, ParagraphStyle)
        style.font.size, style.font.name = Pt(size), "Arial"
        style.font.color.rgb = INK
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for kind in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
            fonts.attrib.pop(qn(kind), None)
        before, after = SPACES[name]
        style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(after)
        style.paragraph_format.keep_with_next = name != "Normal"
    for language in document.styles.element.iter(qn("w:lang")):
        language.set(qn("w:val"), LANGUAGE)
    for border in document.styles["Title"].element.iter(qn("w:pBdr")):
        border.getparent().remove(border)


def _write(paragraph: Paragraph, line: Iterable[Words]) -> None:
    for words in line:
        if words.url:
            _add_link(paragraph, words)
        else:
            paragraph.add_run(_clean(words.text)).bold = words.bold or None


def _add_link(paragraph: Paragraph, words: Words) -> None:
    link = OxmlElement("w:hyperlink")
    link.set(qn("r:id"), paragraph.part.relate_to(words.url or "", RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
    run = paragraph.add_run(_clean(words.text))
    run.bold, run.underline = words.bold or None, True
    link.append(run._r)
    paragraph._p.append(link)


def _fill(cell: _Cell, lines: Sequence[Line]) -> None:
    for number, line in enumerate(lines):
        paragraph = cell.paragraphs[0] if number == 0 else cell.add_paragraph()
        paragraph.paragraph_format.space_after = Pt(1.5)
        _write(paragraph, line)


def _shade(cell: _Cell) -> None:
    shade = OxmlElement("w:shd")
    for name, value in (("w:val", "clear"), ("w:color", "auto"), ("w:fill", HEAD_SHADE)):
        shade.set(qn(name), value)
    cell._tc.get_or_add_tcPr().append(shade)


def _pad(table: Table) -> None:
    """A little room above and below what stands in a cell. The order of elements is fixed by the format."""
    margins = OxmlElement("w:tblCellMar")
    for side, width in (("w:top", 40), ("w:left", 90), ("w:bottom", 40), ("w:right", 90)):
        edge = OxmlElement(side)
        edge.set(qn("w:w"), str(width))
        edge.set(qn("w:type"), "dxa")
        margins.append(edge)
    look = table._tbl.tblPr.find(qn("w:tblLook"))
    table._tbl.tblPr.append(margins) if look is None else look.addprevious(margins)


def _row_property(row: _Row, name: str) -> None:
    properties = row._tr.get_or_add_trPr()
    made = OxmlElement(name)
    made.set(qn("w:val"), "true")
    properties.append(made)


def _describe(table: Table, caption: str) -> None:
    described = OxmlElement("w:tblCaption")
    described.set(qn("w:val"), _clean(caption))
    table._tbl.tblPr.append(described)


def _marking_line(paragraph: Paragraph, marking: str) -> None:
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.add_run(marking).bold = True


def _page_line(paragraph: Paragraph, foot: str) -> None:
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.add_run(f"{_clean(foot)} · Page ")
    _field(paragraph, "PAGE")
    paragraph.add_run(" of ")
    _field(paragraph, "NUMPAGES")


def _field(paragraph: Paragraph, instruction: str) -> None:
    """A number that Word counts by itself."""
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), instruction)
    run = paragraph.add_run("1")
    field.append(run._r)
    paragraph._p.append(field)


def _clean(text: str) -> str:
    return _NOT_XML.sub("", text)
