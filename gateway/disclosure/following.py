"""Owns following a new edition of a table: what it opens gets its keys when it is first read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from gateway.disclosure.boxes import open_case_key
from gateway.disclosure.deciding import profile_of
from gateway.disclosure.grants import regrant
from gateway.disclosure.pieces import Opened, Piece
from gateway.ledger import Work
from gateway.rules import disclosure as rule
from gateway.rules.facts import Allowed, CaseFacts
from gateway.schemas.codes import Level
from gateway.store import dated


def follow_tables(
    work: Work,
    facts: Mapping[str, CaseFacts],
    allowed: Mapping[str, Allowed],
    opened: Mapping[str, Opened],
    opens: Collection[str] | None,
) -> bool:
    """Derive the grants anew of cases whose keys were handed out under older tables.

    A table that comes into force closes with the next request, since each decides anew. What it
    opens needs a key that nobody has handed out yet; whoever first reads finds it missing.
    """
    lacking = [
        case_id
        for case_id, decision in allowed.items()
        if decision.because != rule.ALERT
        and _lacks(work, facts[case_id], opened[case_id].pieces, opens)
    ]
    stood = dated.list_consents(work.session, lacking)
    is_done = False
    for case_id in lacking:
        profile = profile_of(work, facts[case_id])
        if stood[case_id].versions.get("matrix") != profile.versions["matrix"]:
            work.record("case.regranted", case_id, because="tables")
            regrant(work, open_case_key(work, case_id), profile)
            is_done = True
    return is_done


def _lacks(
    work: Work, facts: CaseFacts, pieces: Iterable[Piece], opens: Collection[str] | None
) -> bool:
    """Whether something is allowed of which there is a text, and no key for the reader."""
    matrix = profile_of(work, facts).matrix
    exclusive = matrix.exclusive
    written = {
        (each.name, each.owner)
        for each in facts.sections
        if each.has_summary or each.name in matrix.returned
    }
    return any(
        piece.content == {"present": True}
        and (opens is None or piece.section in opens)
        and piece.section not in exclusive
        and (piece.level is Level.FULL or (piece.section, piece.owner_id) in written)
        for piece in pieces
        if piece.level in (Level.FULL, Level.SUMMARY)
    )
