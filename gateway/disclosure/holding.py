"""Owns holding back what would tell a protected value, and telling the chair where (promise 9)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gateway.disclosure.pieces import Piece
from gateway.disclosure.redacting import Drafts
from gateway.ledger import Entry, Work
from gateway.rules import leaks
from gateway.rules.facts import CaseFacts
from gateway.rules.leaks import Keyed, Sought
from gateway.schemas.codes import CaseRole, Level
from gateway.sealing import scan
from gateway.sealing.jose import b64u_decode
from gateway.store import feed, held
from gateway.store.held import HeldRow


@dataclass(frozen=True, slots=True)
class Held:
    """What one reader may be given of a case, and where something was held back from it."""

    pieces: tuple[Piece, ...] = field(repr=False)
    rows: tuple[HeldRow, ...]


def look_through(
    work: Work,
    facts: CaseFacts,
    pieces: Iterable[Piece],
    contents: Iterable[Mapping[str, Any]],
    *,
    has: Collection[str] | None = None,
    drafts: Drafts | None = None,
) -> Held:
    """Search every text for the values of the sections that this reader does not have in full.

    `contents` are the case's own records of what to look for. Its own words tell a reader nothing
    and are left, unless others write what is called its own. What is drafted to be taken out is
    held until its owner says.
    """
    found = list(pieces)
    full = {p.section for p in found if p.level is Level.FULL} if has is None else has
    sought = _sought(contents, full)
    me = work.caller.agency_id
    kept: list[Piece] = []
    rows: list[HeldRow] = []
    for piece in found:
        is_own = piece.owner_id == me
        if is_own and piece.section not in leaks.WRITTEN_BY_OTHERS:
            kept.append(piece)
            continue
        wanted = () if is_own else (drafts or {}).get((piece.section, piece.owner_id), ())
        left, is_cut = leaks.cut(piece.content, wanted)
        content, places = leaks.hold_back(left, sought)
        kept.append(replace(piece, content=content) if places or is_cut else piece)
        rows += [
            HeldRow(facts.case_id, me, piece.section, piece.owner_id, place, work.now)
            for place in places
        ]
    return Held(tuple(kept), tuple(dict.fromkeys(rows)))


def record_held(work: Work, case_id: str, rows: Collection[HeldRow]) -> Entry | None:
    """Write to the log that something was held back, and where."""
    if not rows:
        return None
    facts = {
        "sections": sorted({row.section for row in rows}),
        "places": sorted(f"{row.section}:{row.place}" for row in rows),
    }
    return work.record("case.held", case_id, because="protected-value", facts=facts)


def tell_chair(work: Work, facts: CaseFacts, rows: Collection[HeldRow], entry: Entry) -> None:
    """Keep where it was, and announce the case to who coordinates it, once for each place."""
    if not rows or not held.add_held(work.session, list(rows)):
        return
    told = sorted(
        member.agency_id
        for member in facts.members.values()
        if CaseRole.COORDINATOR in member.roles and member.agency_id != work.caller.agency_id
    )
    kinds = [(agency_id, "CHANGED") for agency_id in told]
    feed.add_items(work.session, case_id=facts.case_id, kinds=kinds, entry_id=entry.id)


def _sought(contents: Iterable[Mapping[str, Any]], has: Collection[str]) -> Sought:
    values: list[str] = []
    keyed: list[Keyed] = []
    for each in contents:
        if "tokens" not in each:
            values += leaks.unless_held(each, has)
        elif each["section"] not in has:
            tokens = frozenset(b64u_decode(token) for token in each["tokens"])
            keyed.append(Keyed(each["section"], b64u_decode(each["key"]), tokens))
    return Sought(values, keyed, scan.stamper)
