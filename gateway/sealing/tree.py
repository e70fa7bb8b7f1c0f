"""Owns the Merkle tree of the access log: hashes, roots and proofs (RFC 6962 section 2.1). Pure.

Hashes of complete subtrees are kept in tiles of 256 (C2SP tlog-tiles): level 0 holds leaf hashes,
level k the hashes of complete subtrees of 256^k leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

WIDTH = 256
EMPTY = sha256(b"").digest()

Tiles = Callable[[int, int], Sequence[bytes]]
"""(level, number) -> the stored hashes number * 256 up to number * 256 + 255 of that level."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of one leaf; the first byte keeps leaves and nodes apart."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


def pair_up(hashes: Sequence[bytes]) -> list[bytes]:
    """One level up: neighbours joined, an odd last one carried as it is."""
    left, right = hashes[0::2], hashes[1::2]
    above = [sha256(b"\x01" + a + b).digest() for a, b in zip(left, right, strict=False)]
    if len(left) > len(right):
        above.append(left[-1])
    return above


def root(hashes: Sequence[bytes]) -> bytes:
    """The root over equal complete subtrees, of which only the last may be smaller."""
    while len(hashes) > 1:
        hashes = pair_up(hashes)
    return hashes[0] if hashes else EMPTY


class Frontier:
    """The right edge of a growing tree: one hash for each complete subtree, largest first."""

    __slots__ = ("_stack", "size")

    def __init__(self, size: int = 0, stack: Sequence[bytes] = ()) -> None:
        if size.bit_count() != len(stack):
            raise ValueError("as many hashes as the size has bits")
        self.size = size
        self._stack = list(stack)

    @property
    def stack(self) -> Sequence[bytes]:
        """The hashes of the edge, from which it can be made again."""
        return tuple(self._stack)

    def append(self, hashed: bytes, height: int = 0) -> list[tuple[int, int, bytes]]:
        """Add a leaf hash, or the hash of a complete subtree of 2**height leaves.

        Answers the tile hashes that became complete: (level from 1, number, hash).
        """
        done = []
        count = self.size >> height
        while True:
            if height and height % 8 == 0:
                done.append((height // 8, count, hashed))
            if not count & 1:
                break
            hashed = node_hash(self._stack.pop(), hashed)
            count >>= 1
            height += 1
        self._stack.append(hashed)
        self.size = (count + 1) << height
        return done

    def root(self) -> bytes:
        """The root of the tree as it stands."""
        if not self._stack:
            return EMPTY
        found = self._stack[-1]
        for left in reversed(self._stack[:-1]):
            found = node_hash(left, found)
        return found

    def copy(self) -> Frontier:
        """An independent frontier at the same size."""
        return Frontier(self.size, self._stack)


def frontier_of(tiles: Tiles, size: int) -> Frontier:
    """Rebuild the right edge at `size`; reads one tile for each level."""
    return Frontier(size, _complete_hashes(_remembering(tiles), 0, size))


def root_of(tiles: Tiles, size: int) -> bytes:
    """The root at `size`; reads one tile for each level."""
    return frontier_of(tiles, size).root()


def inclusion_proof(tiles: Tiles, index: int, size: int) -> list[bytes]:
    """The audit path of leaf `index` in the tree of `size` leaves (RFC 6962 section 2.1.1)."""
    if not 0 <= index < size:
        raise ValueError("no such leaf in a tree of this size")
    tiles = _remembering(tiles)
    start, end, path = 0, size, []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_range_hash(tiles, middle, end))
            end = middle
        else:
            path.append(_range_hash(tiles, start, middle))
            start = middle
    return path[::-1]


def consistency_proof(tiles: Tiles, old: int, new: int) -> list[bytes]:
    """Why the tree of `old` leaves is a prefix of that of `new` (RFC 6962 section 2.1.2)."""
    if not 0 <= old <= new:
        raise ValueError("the old tree is the smaller one")
    if old in (0, new):
        return []
    tiles = _remembering(tiles)
    start, end, path = 0, new, []
    while old < end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(_range_hash(tiles, middle, end))
            end = middle
        else:
            path.append(_range_hash(tiles, start, middle))
            start = middle
    if start:
        path.append(_range_hash(tiles, start, end))
    return path[::-1]


def includes(leaf: bytes, index: int, size: int, proof: Sequence[bytes], top: bytes) -> bool:
    """Whether `proof` leads from the leaf hash at `index` to the root `top` of `size` leaves."""
    if not 0 <= index < size:
        return False
    at, last, found = index, size - 1, leaf
    for step in proof:
        if not last:
            return False
        if at & 1 or at == last:
            found = node_hash(step, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, step)
        at, last = at >> 1, last >> 1
    return last == 0 and found == top


def extends(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that the tree of `new` leaves begins with the tree of `old`."""
    if not 0 <= old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY
    steps = list(proof)
    if old.bit_count() == 1:  # a complete subtree of the new tree: its root is the first step
        steps.insert(0, old_root)
    if not steps:
        return False
    return _walk(old, new, steps) == (old_root, new_root)


def _walk(old: int, new: int, steps: list[bytes]) -> tuple[bytes, bytes] | None:
    """The two roots that a consistency proof leads to (RFC 9162 section 2.1.4.2)."""
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = steps[0]
    for step in steps[1:]:
        if not last:
            return None
        if at & 1 or at == last:
            first, second = node_hash(step, first), node_hash(step, second)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            second = node_hash(second, step)
        at, last = at >> 1, last >> 1
    return (first, second) if last == 0 else None


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << (count - 1).bit_length() - 1


def _range_hash(tiles: Tiles, start: int, end: int) -> bytes:
    hashes = _complete_hashes(tiles, start, end)
    found = hashes[-1]
    for left in reversed(hashes[:-1]):
        found = node_hash(left, found)
    return found


def _complete_hashes(tiles: Tiles, start: int, end: int) -> list[bytes]:
    """The complete subtrees from `start` (aligned) to `end`, largest first."""
    found = []
    while start < end:
        height = (end - start).bit_length() - 1
        found.append(_subtree(tiles, start, height))
        start += 1 << height
    return found


def _subtree(tiles: Tiles, start: int, height: int) -> bytes:
    """The hash of a complete subtree of 2**height leaves, from one tile."""
    level, rest = divmod(height, 8)
    first = start >> 8 * level
    number, offset = divmod(first, WIDTH)
    return root(tiles(level, number)[offset : offset + (1 << rest)])


def _remembering(tiles: Tiles) -> Tiles:
    """Read each tile once in the course of one proof."""
    seen: dict[tuple[int, int], Sequence[bytes]] = {}

    def read(level: int, number: int) -> Sequence[bytes]:
        key = (level, number)
        if key not in seen:
            seen[key] = tiles(level, number)
        return seen[key]

    return read
