"""Owns what the log proves to others: the newest checkpoint, inclusion and consistency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from gateway.errors import Invalid, NotFound, Undecipherable
from gateway.ledger.contexts import within
from gateway.ledger.sequencer import tiles_of
from gateway.sealing import notes, tree
from gateway.sealing.jose import b64u
from gateway.sealing.keys import Keys
from gateway.store import log
from gateway.store.sessions import Session
from gateway.store.wall import System


@dataclass(frozen=True, slots=True)
class Inclusion:
    """Why an entry is in the log: its leaf, and the audit path to a signed root."""

    index: int
    leaf: bytes
    size: int
    proof: tuple[bytes, ...]
    checkpoint: str

    def as_json(self) -> dict[str, Any]:
        """The published form; bytes are base64url without padding, as `gateway-verify` reads."""
        return {
            "index": self.index,
            "leaf": b64u(self.leaf),
            "size": self.size,
            "proof": [b64u(step) for step in self.proof],
            "checkpoint": self.checkpoint,
        }


def newest_checkpoint(session: Session) -> str:
    """The signed note of the largest tree; "" only before the very first one was signed."""
    head = log.find_newest_checkpoint(session)
    return head.note if head else ""


def settled_checkpoint(session: Session) -> str | None:
    """The newest signed note, if its tree has all that this transaction sees; otherwise None."""
    with within(session, System.SEQUENCER):
        if log.find_ends(session) is not None:
            return None
    return newest_checkpoint(session) or None


def inclusion(session: Session, commitment: bytes) -> Inclusion:
    """The proof that the entry with this commitment is in the newest signed tree.

    :raises NotFound: if there is none, or it has no place yet.
    """
    with within(session, System.SEQUENCER):  # leaves are public, what lies behind them is not
        found = log.find_by_commitment(session, commitment)
        head = log.find_newest_checkpoint(session)
        if found is None or head is None or found[0] >= head.size:
            raise NotFound
        index, leaf = found
        proof = tree.inclusion_proof(tiles_of(session), index, head.size)
    return Inclusion(index, leaf, head.size, tuple(proof), head.note)


def inclusions(session: Session, commitments: Sequence[bytes]) -> dict[bytes, Inclusion]:
    """The same for several entries and one checkpoint; those without a place in it are absent."""
    head = log.find_newest_checkpoint(session)
    if head is None or not commitments:
        return {}
    with within(session, System.SEQUENCER):
        found = log.list_by_commitment(session, commitments)
        tiles = cache(tiles_of(session))
        return {
            commitment: Inclusion(
                index,
                leaf,
                head.size,
                tuple(tree.inclusion_proof(tiles, index, head.size)),
                head.note,
            )
            for commitment, (index, leaf) in found.items()
            if index < head.size
        }


def proves(keys: Keys, found: Inclusion, commitment: bytes) -> bool:
    """Whether a proof leads from the leaf of this commitment to a root that the log signed."""
    origin = notes.origin_of(keys.log_public)
    try:
        signed = notes.open_checkpoint(found.checkpoint, origin=origin, publics=keys.log_public)
    except Undecipherable:
        return False
    leaf = tree.leaf_hash(found.leaf)
    is_its = b64u(commitment).encode() in found.leaf
    is_there = tree.includes(leaf, found.index, signed.size, found.proof, signed.root)
    return is_its and is_there


def consistency(session: Session, old_size: int, new_size: int) -> tuple[bytes, ...]:
    """The proof that the log of `new_size` entries begins with the log of `old_size`.

    :raises Invalid: if the sizes are out of order or beyond the newest checkpoint.
    """
    head = log.find_newest_checkpoint(session)
    if not 0 <= old_size <= new_size <= (head.size if head else 0):
        raise Invalid("The log has no such sizes.")
    with within(session, System.SEQUENCER):
        return tuple(tree.consistency_proof(tiles_of(session), old_size, new_size))
