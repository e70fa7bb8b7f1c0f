"""Owns hashing the stored leaves again, and comparing every stored hash above them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from gateway.ledger.lines import Bad
from gateway.sealing import tree


class Rehash:
    """A tree that grows from the stored leaves, beside the one that is stored in tiles."""

    def __init__(self, tiles: tree.Tiles) -> None:
        self.edge = tree.Frontier()
        self._tiles = tiles
        self._held: dict[int, Sequence[bytes]] = {}

    def take(self, rows: Sequence[tuple[bytes, bytes]]) -> None:
        """Take the next leaves: their bytes, and the hash that is stored beside each.

        All but the last call bring a multiple of 256 leaves.

        :raises Bad: at the first leaf whose hash differs ("leaf"), or at the first leaf below a
            stored node that differs ("node").
        """
        first = self.edge.size
        found = [sha256(b"\x00" + data).digest() for data, _ in rows]
        stored = [hashed for _, hashed in rows]
        if found != stored:
            at = next(i for i, (a, b) in enumerate(zip(found, stored, strict=True)) if a != b)
            raise Bad(first + at, "leaf")
        whole = len(found) // tree.WIDTH * tree.WIDTH
        tops = found[:whole]
        for _ in range(8):
            tops = tree.pair_up(tops)
        for top in tops:
            for level, number, hashed in self.edge.append(top, 8):
                if self._stored(level, number) != hashed:
                    span = tree.WIDTH**level
                    raise Bad(number * span, "node", span)
        for hashed in found[whole:]:
            self.edge.append(hashed)

    def _stored(self, level: int, number: int) -> bytes | None:
        """The stored hash; a tile is read when its first hash is asked for."""
        if number % tree.WIDTH == 0:
            self._held[level] = self._tiles(level, number // tree.WIDTH)
        tile, place = self._held[level], number % tree.WIDTH
        return tile[place] if place < len(tile) else None
