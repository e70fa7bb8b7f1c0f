"""Owns the pieces of a case as they are handed over: opened at their level, not looked through."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.disclosure.boxes import (
    ALERT_PART,
    SCAN_PART,
    CaseKey,
    open_case_keys,
    open_for_gateway,
)
from gateway.disclosure.deciding import profile_of
from gateway.errors import Undecipherable
from gateway.ledger import Work
from gateway.profiles.loader import Profile
from gateway.rules import disclosure as rule
from gateway.rules.facts import (
    Allowed,
    Caller,
    CaseFacts,
)
from gateway.schemas.codes import Level
from gateway.schemas.json_text import load
from gateway.schemas.protected import shield
from gateway.sealing import sections as seal
from gateway.store import sections
from gateway.store.sections import Granted


@dataclass(frozen=True, slots=True)
class Piece:
    """One section as it may be handed over.

    `content` is the text at FULL, {"summary": …} at SUMMARY if its owner wrote one, otherwise
    {"present": true}. At FULL of a sealed section it is the sealed item for this reader. What
    tells where somebody is has no text form in it (gateway.schemas.protected).
    """

    section: str
    level: Level
    owner_id: str
    content: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class Opened:
    """What a decision allows of one case, and what to look for before it leaves."""

    pieces: tuple[Piece, ...] = field(repr=False)
    sought: Sequence[Mapping[str, Any]] = field(repr=False)


def open_pieces(
    work: Work,
    allowed: Mapping[str, Allowed],
    facts: Mapping[str, CaseFacts],
    opens: Collection[str] | None,
    guarded: Collection[str],
    marks: Collection[str] | None = None,
) -> dict[str, Opened]:
    """Open what each decision allows: two statements for all cases, one key call per case.

    In the cases of `guarded` there are values to look for in every text before it leaves. What is
    not opened has a piece that marks it, or only the sections of `marks` have.

    A case may be given a new key between two statements; what was read of both is read once more.
    """
    try:
        return _open_pieces(work, allowed, facts, opens, guarded, marks)
    except Undecipherable:
        return _open_pieces(work, allowed, facts, opens, guarded, marks)


def _open_pieces(
    work: Work,
    allowed: Mapping[str, Allowed],
    facts: Mapping[str, CaseFacts],
    opens: Collection[str] | None,
    guarded: Collection[str],
    marks: Collection[str] | None,
) -> dict[str, Opened]:
    names = {name for decision in allowed.values() for name in decision.shown}
    if opens is not None:
        names &= set(opens)
    granted: dict[str, list[Granted]] = defaultdict(list)
    if names:
        for item in sections.list_granted(
            work.session, list(allowed), agency_id=work.caller.agency_id, names=names
        ):
            granted[item.row.case_id].append(item)
    keys = open_case_keys(work, [case_id for case_id in allowed if granted[case_id]])
    looked = {case_id: keys[case_id] for case_id in guarded if case_id in keys}
    sought = open_for_gateway(work, looked, SCAN_PART) if looked else {}
    return {
        case_id: Opened(
            _pieces(
                keys.get(case_id),
                granted[case_id],
                decision,
                facts[case_id],
                work.caller,
                profile_of(work, facts[case_id]),
                marks,
            ),
            sought.get(case_id, ()),
        )
        for case_id, decision in allowed.items()
    }


def _pieces(
    key: CaseKey | None,
    granted: Sequence[Granted],
    decision: Allowed,
    facts: CaseFacts,
    caller: Caller,
    profile: Profile,
    marks: Collection[str] | None,
) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    shown: set[tuple[str, str]] = set()
    protected, returned = profile.fields.protected, profile.matrix.returned
    stored = {(section.name, section.owner) for section in facts.sections}
    for item in granted if key else ():
        row = item.row
        if (row.name, row.owner_id) not in stored:
            continue
        level = decision.level(row.name, is_own=row.owner_id == caller.agency_id)
        # What an agency returned for a conference is an extract: the same in full and in short.
        short = level is Level.SUMMARY and row.name in returned
        wanted = part_for(decision.because, Level.FULL if short else level)
        if key is None or level in (Level.NONE, Level.INDICATOR):
            continue
        if row.audience is None and row.part != wanted:
            continue
        content = shield(_content(key, item, caller), protected.get(row.name, ()))
        shown.add((row.name, row.owner_id))
        pieces.append(Piece(row.name, level, row.owner_id, content))
    for section in facts.sections if decision.because != rule.ALERT else ():
        if marks is not None and section.name not in marks:
            continue
        level = decision.level(section.name, is_own=section.owner == caller.agency_id)
        if level is not Level.NONE and (section.name, section.owner) not in shown:
            shown.add((section.name, section.owner))
            pieces.append(Piece(section.name, level, section.owner, {"present": True}))
    return tuple(pieces)


def part_for(because: str, level: Level) -> str:
    """Which stored part of a section a level opens."""
    if because == rule.ALERT:
        return ALERT_PART
    return "SUMMARY" if level is Level.SUMMARY else "FULL"


def _content(key: CaseKey, item: Granted, caller: Caller) -> Any:
    row = item.row
    section_key = seal.open_grant(
        key.wrapping,
        item.wrapped,
        case_id=row.case_id,
        section_id=row.section_id,
        agency_id=caller.agency_id,
    )
    plain = seal.open_section_content(
        section_key, item.content, case_id=row.case_id, section_id=row.section_id
    )
    return load(plain)
