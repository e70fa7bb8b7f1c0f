"""Owns reading minutes afterwards: each agency its extract, paragraph by paragraph; corrections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.disclosure import (
    Disclosed,
    Piece,
    add_correction,
    announce,
    count_minutes,
    disclose_many,
    find_locked,
    keep_shown,
    names_of,
    open_case_key,
    regrant,
    require_page,
    require_purpose,
)
from gateway.disclosure.minutes import MEMBER
from gateway.errors import Conflict, Denied, Invalid, Problem
from gateway.flows.conferences.ordering import PAGE
from gateway.ledger import Work
from gateway.rules import minutes as rule
from gateway.rules.disclosure import kept_out
from gateway.rules.minutes import Paragraph
from gateway.schemas.codes import CaseRole, Level, Purpose
from gateway.schemas.meeting_codes import MinuteKind, Said
from gateway.schemas.paragraphs import read_text
from gateway.store import ids

_FOR = Purpose.P9  # minutes are read to coordinate; the page asks for no other purpose
_ALL = frozenset(rule.SECTIONS)


@dataclass(frozen=True, slots=True)
class Extract:
    """The minutes of a case as one agency reads them."""

    reference: str
    paragraphs: tuple[Mapping[str, Any], ...] = field(repr=False)
    decided: tuple[Mapping[str, Any], ...] = field(repr=False)  # words of earlier decisions
    kept_back: tuple[tuple[str, str], ...]  # section and agency of what is not shown
    may_correct: bool  # every paragraph; else its own alone


def read_minutes(work: Work, reference: str, *, issuer: str) -> Extract:
    """Return the extract of a case's minutes that the caller may read; a receipt of it is kept.

    In the order in which they were written, each with its place in this extract.

    :raises Denied: if it may know nothing of the case: the answer is that of an unknown one.
    """
    found = _disclosed(work, reference, "minutes.read")
    known_as = names_of(work, [found.case_id])[found.case_id]
    paragraphs = [
        {**piece.content[MEMBER], "owner": piece.owner_id, "section": piece.section}
        for piece in _paragraphs(found)
    ]
    extract = Extract(
        known_as,
        tuple(_placed(paragraphs)),
        tuple(
            each
            for piece in found.pieces
            if piece.level is Level.FULL
            for each in piece.content.get("decisions", ())
        ),
        tuple(
            (piece.section, piece.owner_id)
            for piece in found.pieces
            if piece.content == {"present": True}
        ),
        CaseRole.COORDINATOR in found.facts.members[work.caller.agency_id].roles,
    )
    document = {"reference": known_as, "paragraphs": paragraphs}
    keep_shown(work, issuer=issuer, form=PAGE, document=document, told=[found.told(known_as)])
    return extract


def correct_minute(work: Work, reference: str, number: int, text: str, said: Said) -> int:
    """Append a paragraph that corrects one which the caller reads; gives its number.

    For the agency that owns the paragraph, and for who coordinates the case. It is of the same
    class and owner, so that whoever read the one reads the other.

    :raises Denied: if the caller may know nothing of the case, or no person is behind it.
    :raises Invalid: for a text that cannot be, or a paragraph that is not there for the caller.
    """
    found = _disclosed(work, reference, "minutes.corrected")
    if work.caller.worker_id is None:
        raise Denied("unattended", subject=found.case_id)
    plain = read_text(text, rule.LONGEST)
    if plain is None:
        raise Invalid("Write what is right.", Problem("bad_text", "/text"))
    readable = _paragraphs(found)
    piece = next((each for each in readable if each.content[MEMBER]["number"] == number), None)
    me, member = work.caller.agency_id, found.facts.members[work.caller.agency_id]
    may_correct = CaseRole.COORDINATOR in member.roles or (piece and piece.owner_id == me)
    if piece is None or not may_correct:
        raise Invalid("There is no such paragraph of yours.", Problem("unknown_code", "/number"))
    key = open_case_key(work, found.case_id)
    if count_minutes(work, key) >= 2 * rule.MOST:
        raise Conflict("There are too many paragraphs.", code="too_many")
    corrected = Paragraph(
        key="",
        number=ids.number(work.chance),  # drawn: a count would tell of others
        version=1,
        page="",
        by=work.caller.actor,
        kind=MinuteKind.CORRECTION,
        said=said,
        section=piece.section,
        owner=piece.owner_id,
        text=plain,
    )
    add_correction(work, key, corrected, number)
    regrant(work, key, found.profile)
    told = {"number": corrected.number, "corrects": number, "owners": [piece.owner_id]}
    entry = work.record("minutes.corrected", found.case_id, because="appended", facts=told)
    announce(work, found.facts, entry.id)
    return corrected.number


def _placed(paragraphs: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Each with its place among those that the reader has; a correction with that of the other."""
    places = {each["number"]: place for place, each in enumerate(paragraphs, 1)}
    for each in paragraphs:
        yield {
            **each,
            "place": places[each["number"]],
            "corrects_place": places.get(each.get("corrects")),
        }


def _paragraphs(found: Disclosed) -> list[Piece]:
    return [each for each in found.pieces if isinstance(each.content.get(MEMBER), Mapping)]


def _disclosed(work: Work, reference: str, event: str) -> Disclosed:
    """Decide, record and open the minutes of a case, and nothing else of it.

    :raises Denied: with the true reason.
    """
    work.attempt(event, purpose=_FOR)
    require_purpose(work, _FOR)
    case_id, facts = find_locked(work, reference)
    because = "not-assigned" if case_id not in facts else kept_out(facts[case_id], work.caller)
    if because is not None:
        raise Denied(because, subject=case_id)
    require_page(work, facts[case_id])
    found = disclose_many(work, facts, _FOR, event=event, only=_ALL, opens=_ALL).get(case_id)
    if found is None:
        raise Denied("not-open", subject=case_id)
    return found
