"""Owns checking the whole log: every hash, node, tag, number, sealed record and checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from sqlalchemy.orm import Session

from gateway.errors import Unavailable, Undecipherable, UnsafeSettings
from gateway.ledger.lines import Bad, check_lines
from gateway.ledger.sequencer import checked_edge, tiles_of
from gateway.sealing import notes, tree
from gateway.sealing.keys import Keys
from gateway.store import log, log_keys
from gateway.store.engine import Sessions

Progress = Callable[[int, int], None]
"""Called with how many entries are checked, and how many there are."""

_CHUNK = 16 * tree.WIDTH


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found. `first_bad` is the first leaf that is not as it was signed.

    `what` names the fault: missing, leaf, node, root, checkpoint, unsigned, held, tag, commitment,
    sequence, record, counter; "" if all is well. `destroyed` counts records whose log key is gone,
    as it must be at the end of its period: their leaves still stand.
    """

    entries: int
    first_bad: int | None = None
    what: str = ""
    destroyed: int = 0

    def __bool__(self) -> bool:
        return not self.what


def check_head(session: Session, keys: Keys) -> None:
    """Compare the stored tree with the newest checkpoint; the service starts only if they agree.

    :raises UnsafeSettings: if they do not.
    """
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
    with sessions() as session:
        session.connection(execution_options={"readonly": True})
        last = log.find_last_leaf(session)  # before the checkpoint, which may only be newer
        head = log.find_newest_checkpoint(session)
        entries = head.size if head else 0
        walk = _Walk(session, keys, entries, on_progress)
        try:
            if last is not None and last >= entries:
                raise Bad(entries, "unsigned")
            edge = walk.hashes()
            walk.head(head, edge)
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
    _nodes: dict[int, list[bytes]] = field(default_factory=dict)

    # --- hashes -------------------------------------------------------------------------------

    def hashes(self) -> tree.Frontier:
        """Re-hash all leaves, compare all stored hashes, and return the right edge."""
        edge = tree.Frontier()
        for first, rows in self._chunks():
            found = [sha256(b"\x00" + data).digest() for data, _ in rows]
            stored = [hashed for _, hashed in rows]
            if found != stored:
                at = next(i for i, (a, b) in enumerate(zip(found, stored, strict=True)) if a != b)
                raise Bad(first + at, "leaf")
            self._grow(edge, found, first)
            self.on_progress(first + len(found), self.entries)
        return edge

    def _chunks(self) -> Iterator[tuple[int, Sequence[tuple[bytes, bytes]]]]:
        for first in range(0, self.entries, _CHUNK):
            end = min(first + _CHUNK, self.entries)
            rows = log.read_leaves(self.session, first=first, end=end)
            if len(rows) != end - first:  # leaf numbers are unique, so as many are all of them
                taken = log.list_places(self.session, first=first, end=end)
                raise Bad(next(n for n in range(first, end) if n not in taken), "missing")
            yield first, rows

    def _grow(self, edge: tree.Frontier, hashes: list[bytes], first: int) -> None:
        """Take one chunk of leaf hashes into the edge, subtree by subtree of 256."""
        whole = len(hashes) // tree.WIDTH * tree.WIDTH
        tops = hashes[:whole]
        for _ in range(8):
            tops = tree.pair_up(tops)
        for place, top in enumerate(tops):
            for level, number, hashed in edge.append(top, 8):
                if self._stored(level, number) != hashed:
                    self._blame(first + place * tree.WIDTH, level, number)
        for hashed in hashes[whole:]:
            edge.append(hashed)

    def _stored(self, level: int, number: int) -> bytes | None:
        if number % tree.WIDTH == 0:
            self._nodes[level] = log.list_tile(self.session, level, number // tree.WIDTH)
        tile, place = self._nodes[level], number % tree.WIDTH
        return tile[place] if place < len(tile) else None

    def _blame(self, first: int, level: int, number: int) -> None:
        """A stored node differs: find the leaf below it that was exchanged, or name the node."""
        if level == 1:
            check_lines(self.session, self.keys, first, first + tree.WIDTH)
        raise Bad(number * tree.WIDTH**level, "node")

    # --- checkpoints --------------------------------------------------------------------------

    def head(self, head: log.Signed | None, edge: tree.Frontier) -> None:
        """Compare the tree with the newest checkpoint."""
        if head is None:
            return
        self._signed(head)
        if edge.root() != head.root:
            first = self.entries - self.entries % tree.WIDTH
            check_lines(self.session, self.keys, first, self.entries)
            raise Bad(self._first_unlike(first), "root")

    def _first_unlike(self, first: int) -> int:
        """The leaf after the last checkpoint of this tile that the stored leaves still reach."""
        good = first
        for signed in log.list_checkpoints(self.session, first=first, end=self.entries + 1):
            if tree.root_of(tiles_of(self.session), signed.size) != signed.root:
                break
            good = signed.size
        return min(good, self.entries - 1)

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

    def _signed(self, signed: log.Signed) -> None:
        origin, publics = notes.origin_of(self.keys.log_public), self.keys.log_public
        at = max(signed.size - 1, 0)
        try:
            said = notes.open_checkpoint(signed.note, origin=origin, publics=publics)
        except Undecipherable:
            raise Bad(at, "checkpoint") from None
        if (said.size, said.root) != (signed.size, signed.root):
            raise Bad(at, "checkpoint")

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
            self._signed(signed)
            if edge.root() != signed.root:
                raise Bad(good, "checkpoint")
        while edge.size < end:
            edge.append(rows[edge.size - first][1])
