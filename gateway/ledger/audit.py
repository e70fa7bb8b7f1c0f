"""Owns checking the whole log: every hash, node, tag, number, sealed record and checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from gateway.errors import Unavailable, Undecipherable, UnsafeSettings
from gateway.ledger.blaming import first_bad
from gateway.ledger.contexts import reading_at_once
from gateway.ledger.lines import Bad, check_lines
from gateway.ledger.rehash import Rehash
from gateway.ledger.sequencer import checked_edge, tiles_of
from gateway.sealing import notes, tree
from gateway.sealing.keys import Keys
from gateway.store import log, log_keys, published
from gateway.store.engine import Sessions
from gateway.store.sessions import Session
from gateway.store.wall import System

Progress = Callable[[int, int], None]
"""Called with how many entries are checked, and how many there are."""

_CHUNK = 16 * tree.WIDTH


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found. `first_bad` is the first leaf that is not as it was signed.

    `what` names the fault: missing, leaf, node, root, checkpoint, unsigned, held, tag, commitment,
    sequence, record, counter, cosignature; "" if all is well. `destroyed` counts records whose log
    key is gone, as it must be at the end of its period: their leaves still stand.
    """

    entries: int
    first_bad: int | None = None
    what: str = ""
    destroyed: int = 0

    def __bool__(self) -> bool:
        return not self.what


def check_head(sessions: Sessions, keys: Keys) -> None:
    """Compare the stored tree with the newest checkpoint; the service starts only if they agree.

    :raises UnsafeSettings: if they do not.
    """
    with reading_at_once(sessions, System.SEQUENCER) as session:
        last = log.find_last_leaf(session)
        head = log.find_newest_checkpoint(session)
        try:
            edge = checked_edge(session, keys, head)
        except (Unavailable, Undecipherable):
            raise UnsafeSettings("The access log does not match its last checkpoint.") from None
    if edge.size != (0 if last is None else last + 1):
        raise UnsafeSettings("The access log does not match its last checkpoint.")


def verify(
    sessions: Sessions,
    keys: Keys,
    on_progress: Progress = lambda done, entries: None,
    *,
    deep: bool = False,
    held: Sequence[str] = (),
) -> Report:
    """Check the stored log against its newest checkpoint, and against checkpoints kept outside.

    Re-hashes every stored leaf and every stored node. `deep` also checks what lies behind them:
    each agency's tags and unbroken numbers, each sealed record against its commitment, and every
    checkpoint ever signed. `held` are checkpoints that someone else kept: only they can show that
    the end of a log was cut off.
    """
    with reading_at_once(sessions, System.SEQUENCER) as session:
        last = log.find_last_leaf(session)
        head = log.find_newest_checkpoint(session)
        entries = head.size if head else 0
        walk = _Walk(session, keys, entries, on_progress)
        try:
            if head is not None:
                check_signed(keys, head)
            if last is not None and last >= entries:
                raise Bad(entries, "unsigned")
            walk.leaves(head)
            walk.held(held)
            if deep:
                walk.deep()
        except Bad as bad:
            return Report(entries, bad.leaf, bad.what, walk.destroyed)
    return Report(entries, destroyed=walk.destroyed)


@dataclass(slots=True)
class _Walk:
    session: Session
    keys: Keys = field(repr=False)
    entries: int
    on_progress: Progress
    destroyed: int = 0

    # --- hashes -------------------------------------------------------------------------------

    def leaves(self, head: log.Signed | None) -> None:
        """Re-hash all leaves, and compare all stored hashes and the signed root.

        :raises Bad: naming the first bad leaf, also where only a hash above many of them differs.
        """
        rehash, end = Rehash(tiles_of(self.session)), self.entries
        try:
            for first, rows in self._chunks():
                rehash.take(rows)
                self.on_progress(first + len(rows), self.entries)
            if head is not None and rehash.edge.root() != head.root:
                raise Bad(0, "root")
        except Bad as bad:
            if bad.what == "leaf":
                raise
            end = bad.leaf if bad.what == "missing" else end
            raise first_bad(self.session, self.keys, bad, end=end) from None

    def _chunks(self) -> Iterator[tuple[int, Sequence[tuple[bytes, bytes]]]]:
        for first in range(0, self.entries, _CHUNK):
            end = min(first + _CHUNK, self.entries)
            rows = log.read_leaves(self.session, first=first, end=end)
            if len(rows) != end - first:  # leaf numbers are unique, so as many are all of them
                taken = log.list_places(self.session, first=first, end=end)
                raise Bad(next(n for n in range(first, end) if n not in taken), "missing")
            yield first, rows

    # --- checkpoints --------------------------------------------------------------------------

    def held(self, held: Sequence[str]) -> None:
        """Compare the tree with checkpoints that were kept elsewhere."""
        origin = notes.origin_of(self.keys.log_public)
        for note in held:
            try:
                kept = notes.open_checkpoint(note, origin=origin, publics=self.keys.log_public)
            except Undecipherable:
                raise Bad(0, "held") from None
            if kept.size > self.entries:
                raise Bad(self.entries, "missing")
            if tree.root_of(tiles_of(self.session), kept.size) != kept.root:
                raise Bad(0, "held")

    # --- what lies behind the hashes ----------------------------------------------------------

    def deep(self) -> None:
        """Check tags, numbers, sealed records and every checkpoint."""
        seqs: dict[str, int] = {}
        edge = tree.Frontier()
        for first in range(0, self.entries, _CHUNK):
            end = min(first + _CHUNK, self.entries)
            self._checkpoints(edge, first, end)
            self.destroyed += check_lines(self.session, self.keys, first, end, seqs)
            self.on_progress(end, self.entries)
        self._cosignatures()
        last = log_keys.list_last_seqs(self.session)
        if any(seqs.get(agency, 0) != seq for agency, seq in last.items()):
            raise Bad(self.entries, "counter")

    def _checkpoints(self, edge: tree.Frontier, first: int, end: int) -> None:
        """Compare every checkpoint whose size lies after `first`, up to `end`."""
        rows = log.read_leaves(self.session, first=first, end=end)
        for signed in log.list_checkpoints(self.session, first=first + 1, end=end + 1):
            good = edge.size
            while edge.size < signed.size:
                edge.append(rows[edge.size - first][1])
            check_signed(self.keys, signed)
            if edge.root() != signed.root:
                raise Bad(good, "checkpoint")
        while edge.size < end:
            edge.append(rows[edge.size - first][1])

    def _cosignatures(self) -> None:
        """Check that each witness signed below the checkpoint that its signature is kept with."""
        for size, verifier, cosignature in published.list_all_cosignatures(self.session):
            signed = log.list_checkpoints(self.session, first=size, end=size + 1)
            if not signed or not _is_cosigned(signed[0], verifier, cosignature):
                raise Bad(max(size - 1, 0), "cosignature")


def check_signed(keys: Keys, signed: log.Signed) -> None:
    """Compare what is stored of a checkpoint with what its signed note says.

    :raises Bad: if the log did not sign just this; named is the last leaf below it.
    """
    origin, publics = notes.origin_of(keys.log_public), keys.log_public
    at = max(signed.size - 1, 0)
    try:
        said = notes.open_checkpoint(signed.note, origin=origin, publics=publics)
    except Undecipherable:
        raise Bad(at, "checkpoint") from None
    if (said.size, said.root) != (signed.size, signed.root):
        raise Bad(at, "checkpoint")


def _is_cosigned(signed: log.Signed, verifier: str, cosignature: bytes) -> bool:
    try:
        return notes.is_cosigned(signed.note, cosignature, notes.read_verifier(verifier).public)
    except Undecipherable:
        return False
