"""Reads files that somebody takes along, with readers that are not the ones that wrote them."""

from __future__ import annotations

import io
import zipfile

import docx
import icalendar
import pypdfium2


def word_of(content: bytes) -> str:
    """All that a Word file says, in every part of it: also what no reader shows."""
    made = docx.Document(io.BytesIO(content))
    said = [each.text for each in made.paragraphs]
    said += [cell.text for table in made.tables for row in table.rows for cell in row.cells]
    with zipfile.ZipFile(io.BytesIO(content)) as whole:
        assert whole.testzip() is None
        parts = [whole.read(each).decode("utf-8", "replace") for each in whole.namelist()]
    return "\n".join([*said, *parts])


def pdf_of(content: bytes, password: str | None = None) -> str:
    """The text of a PDF, by PDFium; told to a person the words stand in lines, so one space each.

    :raises pypdfium2.PdfiumError: if it does not open.
    """
    made = pypdfium2.PdfDocument(content, password=password)
    try:
        pages = [each.get_textpage().get_text_range() for each in made]
    finally:
        made.close()
    return " ".join(" ".join(pages).split())


def calendar_of(content: bytes) -> icalendar.Event:
    """The one event of a calendar that keeps to RFC 5545: its lines, and their 75 octets."""
    lines = content.split(b"\r\n")
    assert lines.pop() == b""
    assert not any(b"\n" in each or len(each) > 75 for each in lines)
    whole = icalendar.Calendar.from_ical(content)
    assert {str(each["TZID"]) for each in whole.walk("VTIMEZONE")} == {"Europe/London"}
    (event,) = whole.walk("VEVENT")
    return event
