"""Owns minutes as sealed text: drafts that nobody is granted, and the sections they become."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from gateway.disclosure.boxes import (
    DRAFT_PART,
    SCAN_PART,
    Box,
    CaseKey,
    Contribution,
    contribute,
    open_for_gateway,
    open_named,
    open_section,
    seal_box,
)
from gateway.disclosure.holding import look_through
from gateway.disclosure.pieces import Piece
from gateway.ledger import Work
from gateway.rules.facts import CaseFacts
from gateway.rules.minutes import MINUTES, SECTIONS, Paragraph
from gateway.schemas.codes import Level
from gateway.schemas.json_text import dump
from gateway.schemas.meeting_codes import MinuteKind, Said
from gateway.sealing import sections as seal
from gateway.store import ids, sections
from gateway.store.sections import SectionRow

MEMBER = "minute"
_WROTE = "@somebody"  # searched for every reader but the writer
Drafts = dict[str, tuple[SectionRow, Paragraph]]
"""By the key of each paragraph: where it lies, and what it says."""


def open_minute_drafts(work: Work, key: CaseKey) -> Drafts:
    """The paragraphs that were not sent out, in their order; the caller decided and recorded it."""
    rows = [
        row for row in sections.list_sections(work.session, [key.case_id]) if row.part == DRAFT_PART
    ]
    found = [(row, _read(row, open_section(work, key, row))) for row in rows]
    found.sort(key=lambda each: each[1].number)
    return {each.key: (row, each) for row, each in found}


def hold_drafts(
    work: Work, facts: CaseFacts, key: CaseKey, paragraphs: Iterable[Paragraph]
) -> tuple[Paragraph, ...]:
    """The paragraphs for who takes the minutes: what others wrote is looked through (promise 9)."""
    sought = open_for_gateway(work, {key.case_id: key}, SCAN_PART).get(key.case_id, [])
    return tuple(
        each if each.by == work.caller.actor else _looked_through(work, facts, each, sought)
        for each in paragraphs
    )


def _looked_through(
    work: Work, facts: CaseFacts, paragraph: Paragraph, sought: Iterable[Mapping[str, Any]]
) -> Paragraph:
    piece = Piece(MINUTES, Level.FULL, _WROTE, {"text": paragraph.text})
    (kept,) = look_through(work, facts, [piece], sought, has=()).pieces
    text = str(kept.content["text"])
    return replace(paragraph, text=text, is_held=text != paragraph.text)


def keep_minute_draft(
    work: Work, key: CaseKey, paragraph: Paragraph, row: SectionRow | None
) -> None:
    """Keep a paragraph as it stands now, in the place of an earlier one if there is one."""
    content = _write(paragraph)
    if row is None:
        boxes = [Box(paragraph.section, DRAFT_PART, content)]
        contribute(work, key, Contribution(paragraph.owner, work.now, boxes))
        return
    _put(work, key, placed(row, paragraph), content)


def issue_minutes(work: Work, key: CaseKey, drafts: Iterable[tuple[SectionRow, Paragraph]]) -> None:
    """Make sections of drafts; who may read them is derived by who calls this, with `regrant`.

    Their numbers are drawn anew: those of the drafts count paragraphs that not everybody reads.
    """
    for row, draft in drafts:
        each = replace(draft, number=ids.number(work.chance))
        content = {MEMBER: shown(each)}
        _put(work, key, placed(row, each)._replace(part="FULL"), content)
        contribute(work, key, Contribution(each.owner, work.now, list(_summaries(each, content))))


def add_correction(work: Work, key: CaseKey, paragraph: Paragraph, corrects: int) -> None:
    """Append a paragraph that corrects another; what stood there stays."""
    content = {MEMBER: {**shown(paragraph), "corrects": corrects}}
    boxes = [Box(paragraph.section, "FULL", content), *_summaries(paragraph, content)]
    contribute(work, key, Contribution(paragraph.owner, work.now, boxes))


def _summaries(paragraph: Paragraph, content: Mapping[str, Any]) -> Iterator[Box]:
    """A paragraph for whom the table gives a summary of its class.

    What is minuted of an agency's knowledge is its summary. Of the minutes as such, whoever is not
    given them in full has its own paragraphs and those of its classes, and no other.
    """
    if paragraph.section != MINUTES:
        yield Box(paragraph.section, "SUMMARY", content)


def count_minutes(work: Work, key: CaseKey) -> int:
    """How many paragraphs of a case there are, sent out or not."""
    issued = [
        content
        for _, content in open_named(work, {key.case_id: key}, SECTIONS)
        if MEMBER in content
    ]
    return len(issued) + len(open_minute_drafts(work, key))


def shown(paragraph: Paragraph) -> dict[str, Any]:
    """A paragraph as its readers have it."""
    return {
        "number": paragraph.number,
        "kind": str(paragraph.kind),
        "said": str(paragraph.said),
        "by": paragraph.by,
        "text": paragraph.text,
    }


def placed(row: SectionRow, paragraph: Paragraph) -> SectionRow:
    """Where a paragraph lies once it has this class and owner."""
    return row._replace(name=paragraph.section, owner_id=paragraph.owner)


def _put(work: Work, key: CaseKey, row: SectionRow, content: Mapping[str, Any]) -> None:
    sealed = seal_box(key, row, seal.new_section_key(), dump(content))
    sections.set_sealed(
        work.session, section_id=row.section_id, key=sealed.key, content=sealed.content
    )
    sections.set_place(work.session, row, at=work.now)


def _write(paragraph: Paragraph) -> dict[str, Any]:
    names = ("key", "number", "version", "page", "by", "text", "beside")
    found: dict[str, Any] = {name: getattr(paragraph, name) for name in names}
    return {**found, "kind": str(paragraph.kind), "said": str(paragraph.said)}


def _read(row: SectionRow, content: Mapping[str, Any]) -> Paragraph:
    codes = {"kind": MinuteKind(content["kind"]), "said": Said(content["said"])}
    return Paragraph(**{**content, **codes}, section=row.name, owner=row.owner_id)
