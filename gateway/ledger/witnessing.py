"""Owns who countersigns checkpoints, and what they signed."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.errors import Conflict, Undecipherable
from gateway.ledger.publishing import round_began
from gateway.ledger.work import Work
from gateway.sealing import notes
from gateway.store import published
from gateway.store.published import WitnessRow
from gateway.store.sessions import Session

AHEAD = 60  # seconds that a witness's clock may be ahead of ours


def list_witnesses(session: Session) -> Sequence[WitnessRow]:
    """The key of each agency that countersigns: its newest."""
    newest = {row.agency_id: row for row in published.list_witnesses(session)}
    return sorted(newest.values(), key=lambda row: row.agency_id)


def add_witness(work: Work, *, verifier: str, statement: str) -> None:
    """Take the caller's key; its present one stays as it is, also if two clients name it at once.

    :raises Conflict: if another agency has it, or the caller named a newer one since.
    """
    agency_id = work.caller.agency_id
    published.add_witness(
        work.session, agency_id=agency_id, verifier=verifier, statement=statement, at=work.now
    )
    rows = published.list_witnesses(work.session)
    mine = [row for row in rows if row.agency_id == agency_id]
    if not any(row.verifier == verifier for row in mine):
        raise Conflict("This key is another agency's.")
    if mine[-1].verifier != verifier:
        raise Conflict("This agency named a newer key since; make another to go on with.")


def add_cosignature(work: Work, *, size: int, cosignature: bytes) -> bool:
    """Keep the caller's signature below a published checkpoint; False if there is nothing to sign.

    :raises Undecipherable: if it is not by the caller's newest key, or of a time to come.
    """
    mine = published.list_witnesses(work.session, agency_id=work.caller.agency_id)
    signed = published.find_published(work.session, before=round_began(work.now), size=size)
    if not mine or signed is None:
        return False
    key = notes.read_verifier(mine[-1].verifier).public
    if not notes.is_cosigned(signed.note, cosignature, key):
        raise Undecipherable("The cosignature is not by this agency over this checkpoint.")
    if int.from_bytes(cosignature[:8], "big") > work.now.timestamp() + AHEAD:
        raise Undecipherable("The cosignature is of a time to come.")
    published.add_cosignature(
        work.session, size=size, witness_id=mine[-1].id, cosignature=cosignature
    )
    return True
