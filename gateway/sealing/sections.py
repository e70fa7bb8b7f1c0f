"""Owns sealed case sections: a key per section, and a grant of that key per agency.

A grant is the section key wrapped by the case key with (case, section, agency) bound to it. One
call to the key provider opens the case key; without a grant of its own an agency gets nothing.
"""

from __future__ import annotations

from gateway.sealing import cells

_TABLE, _COLUMN = "section", "content"


def new_section_key() -> bytes:
    """Return a fresh 256-bit key for one section of one case."""
    return cells.new_key()


def seal_section_content(
    section_key: bytes, content: bytes, *, case_id: str, section_id: str, gen: int = 1
) -> bytes:
    """Return the section's content as a cell bound to its case and section."""
    return cells.seal_cell(
        section_key,
        table=_TABLE,
        column=_COLUMN,
        row=section_id,
        case=case_id,
        gen=gen,
        plaintext=content,
    )


def open_section_content(
    section_key: bytes, cell: bytes, *, case_id: str, section_id: str
) -> bytes:
    """Return the content of a section that stands in its own case.

    :raises Undecipherable: otherwise.
    """
    return cells.open_cell(
        section_key, table=_TABLE, column=_COLUMN, row=section_id, case=case_id, cell=cell
    )


def wrap_grant(
    case_key: bytes | cells.Ready,
    section_key: bytes,
    *,
    case_id: str,
    section_id: str,
    agency_id: str,
) -> bytes:
    """Return the grant of one section to one agency."""
    return cells.wrap_key(case_key, section_key, "grant|v1", case_id, section_id, agency_id)


def open_grant(
    case_key: bytes | cells.Ready, blob: bytes, *, case_id: str, section_id: str, agency_id: str
) -> bytes:
    """Return the section key that was granted to this agency.

    :raises Undecipherable: for a grant of another case, section or agency.
    """
    return cells.unwrap_key(case_key, blob, "grant|v1", case_id, section_id, agency_id)
