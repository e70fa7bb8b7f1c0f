"""Owns the Word file: headings, real lists and tables, and nothing that tells who made it or when.

The same content gives the same bytes, as with the PDF.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docx.document import Document
    from docx.table import _Cell

# Nobody learns when, or by which clock, a file was made; the library wants a time without a zone.
_FIXED = datetime(2000, 1, 1)  # noqa: DTZ001
_OLDEST = (1980, 1, 1, 0, 0, 0)  # that a zip can name
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # by XML 1.0
_INCH = 914_400  # English Metric Units
_MARGIN = _INCH * 14 // 25


def agenda(view: Mapping[str, Any]) -> bytes:
    """Return the agenda of one reader as a Word file."""
    made = _begun(view)
    if view["warning"]:
        made.add_paragraph().add_run(_text(f"Over capacity. {view['warning']}")).bold = True
    made.add_heading("Opening", 2)
    for number, each in enumerate(view["before"], 1):
        made.add_paragraph(_text(f"{number}. {each['text']}"))
        for part in each["parts"]:
            made.add_paragraph(_text(part), style="List Bullet")
    made.add_heading(_text(f"{view['item']}. Cases ({view['count']})"), 2)
    if view["rows"]:
        _cases(made, view)
    else:
        made.add_paragraph("There are no cases in this copy.")
    made.add_heading("Closing", 2)
    for number, text in enumerate(view["after"], view["item"] + 1):
        made.add_paragraph(_text(f"{number}. {text}"))
    return _bytes(made)


def request(view: Mapping[str, Any]) -> bytes:
    """Return what one agency is asked to look for as a Word file."""
    made = _begun(view)
    made.add_paragraph(_text(view["request"]["lead"]))
    if not view["requests"]:
        made.add_paragraph(view["request"]["none"])
    for each in view["requests"]:
        made.add_heading(_text(each["reference"]), 2)
        made.add_paragraph(_text(each["about"]))
        table = _table(made, ["Who", "What to search by"])
        for who in each["people"]:
            cells = table.add_row().cells
            cells[0].paragraphs[0].add_run(_text(who["who"])).bold = True
            _fill(cells[1], who["facts"])
    return _bytes(made)


# --- within -----------------------------------------------------------------------------------


def _begun(view: Mapping[str, Any]) -> Document:
    """A file on A4 with a title, whose copy it is, and where and when the meeting is."""
    import docx  # late: only who asks for a Word file waits for it
    from docx.enum.section import WD_ORIENT

    made = docx.Document()
    section = made.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = 10_692_000, 7_560_000  # type: ignore[assignment]
    for side in ("left_margin", "right_margin", "top_margin", "bottom_margin"):
        setattr(section, side, _MARGIN)
    _in_english(made)
    made.add_heading(_text(view["title"]), 1)
    made.add_paragraph().add_run(_text(f"Copy for {view['reader']}")).bold = True
    made.add_paragraph(_text(f"{view['area']}, {view['day']}, {view['time']}"))
    made.add_paragraph(_text(view["reminder"]))
    foot = section.footer.paragraphs[0]
    foot.text = _text(f"Copy for {view['reader']}. Confidential: do not copy or pass on.")
    told = made.core_properties
    for name in ("author", "last_modified_by", "comments", "keywords", "subject", "category"):
        setattr(told, name, "")
    told.title, told.language, told.revision = _text(view["title"]), "en-GB", 1
    told.created = told.modified = told.last_printed = _FIXED
    return made


def _in_english(made: Document) -> None:
    """Say that it is British English: otherwise it is read aloud as American."""
    from docx.oxml.ns import qn

    for each in made.styles.element.iter(qn("w:lang")):
        each.set(qn("w:val"), "en-GB")


def _cases(made: Document, view: Mapping[str, Any]) -> None:
    columns = view["columns"]
    table = _table(made, ["Case", *(each["title"] for each in columns)])
    for row in view["rows"]:
        cells = table.add_row().cells
        if row["interval"]:
            cells[0].merge(cells[-1]).text = _text(f"{row['interval']}: interval")
            continue
        head = cells[0].paragraphs[0]
        head.add_run(_text(f"{row['number']}  {row['time']}")).bold = True
        for text in (row["label"], row["reference"]):
            if text:
                cells[0].add_paragraph(_text(text))
        for cell, column in zip(cells[1:], columns, strict=True):
            _fill(cell, row[column["key"]])


def _table(made: Document, heads: Sequence[str]) -> Any:
    """A table whose first row is said again on each page, and to whoever hears it."""
    from docx.oxml import OxmlElement

    table = made.add_table(rows=1, cols=len(heads), style="Table Grid")
    for cell, text in zip(table.rows[0].cells, heads, strict=True):
        cell.paragraphs[0].add_run(_text(text)).bold = True
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    return table


def _fill(cell: _Cell, facts: Sequence[Mapping[str, Any]]) -> None:
    """Each term with what it says; the first paragraph of a cell is there already."""
    paragraph = cell.paragraphs[0]
    for number, fact in enumerate(facts):
        if number:
            paragraph = cell.add_paragraph()
        paragraph.add_run(_text(f"{fact['term']}: ")).bold = True
        paragraph.add_run(_text("; ".join(sign["text"] for sign in fact["signs"])))


def _text(text: str) -> str:
    """A text that XML can hold; what it cannot is shown as a sign for a lost character."""
    return _UNWRITABLE.sub("\ufffd", text)


def _bytes(made: Document) -> bytes:
    """The file, packed with one fixed day, without the picture and the maker of the template."""
    package = made.part.package
    for key, each in list(package.rels.items()):
        if each.reltype.endswith(("/thumbnail", "/extended-properties")):
            del package.rels[key]
    raw, packed = io.BytesIO(), io.BytesIO()
    made.save(raw)
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(packed, "w") as target:
        for name in source.namelist():
            info = zipfile.ZipInfo(name, _OLDEST)
            info.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(info, source.read(name))
    return packed.getvalue()
