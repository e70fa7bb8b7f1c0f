"""Owns what everyone may see of the log: checkpoints in rounds, tiles, entries, receipts.

A round is a quarter of an hour. Within it the public sees one checkpoint, the last one signed
before it began, and the tree below that: nobody outside can tell from the times of its growth
which leaf belongs to whom, and all witnesses countersign the same one.
"""

from __future__ import annotations

from datetime import UTC, datetime

from gateway.errors import NotFound
from gateway.ledger.contexts import within
from gateway.ledger.sequencer import tiles_of
from gateway.sealing import notes, tlog, tree
from gateway.store import log, published
from gateway.store.sessions import Session
from gateway.store.wall import System

ROUND = 900
"""Seconds; the same for every gateway and client."""


def round_began(now: datetime) -> datetime:
    """When the present round began."""
    return datetime.fromtimestamp(int(now.timestamp()) // ROUND * ROUND, UTC)


def published_checkpoint(session: Session, now: datetime) -> str:
    """The checkpoint of this round, with everyone's signatures.

    :raises NotFound: if none was ever signed.
    """
    found = published.find_published(session, before=round_began(now))
    if found is None:
        raise NotFound
    return _countersigned(session, found)


def read_tile(session: Session, tile: tlog.Tile, now: datetime) -> bytes:
    """The bytes of a tile, or of a bundle of entries, of the published tree.

    :raises NotFound: if not all of it is published.
    """
    found = published.find_published(session, before=round_began(now))
    if found is None or not tile.is_within(found.size):
        raise NotFound
    if tile.level == tlog.ENTRIES:
        return tlog.bundle(published.list_bundle(session, first=tile.first, width=tile.width))
    return b"".join(log.list_tile(session, tile.level, tile.number)[: tile.width])


def receipt(session: Session, commitment: bytes) -> str:
    """A tlog-proof of the entry with this commitment, to the best witnessed checkpoint there is.

    :raises NotFound: if there is no such entry, or it has no place yet.
    """
    with within(session, System.SEQUENCER):  # leaves are public, what lies behind them is not
        found = log.find_by_commitment(session, commitment)
        head = log.find_newest_checkpoint(session)
        if found is None or head is None or found[0] >= head.size:
            raise NotFound
        index, leaf = found
        signed = published.find_best_witnessed(session, index) or head
        steps = tree.inclusion_proof(tiles_of(session), index, signed.size)
    return tlog.proof(index, steps, _countersigned(session, signed), extra=leaf)


def _countersigned(session: Session, signed: log.Signed) -> str:
    most = notes.MOST_SIGNATURES - 1  # with the log's own; a reader refuses a note with more
    given = published.list_cosignatures(session, size=signed.size, limit=most)
    return notes.with_cosignatures(
        signed.note, [(notes.read_verifier(verifier), each) for verifier, each in given]
    )
