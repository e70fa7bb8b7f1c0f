"""Owns how a log is laid out for anyone to read: C2SP tlog-tiles, and tlog-proof receipts. Pure."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.errors import Undecipherable
from gateway.sealing.tree import WIDTH

ENTRIES = -1
"""The level of a tile that holds the entries themselves."""

PROOF = "c2sp.org/tlog-proof@v1"
_PATH = re.compile(
    r"(entries|[0-9]|[1-5][0-9]|6[0-3])/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Tile:
    """Up to 256 hashes of one level side by side, or the entries below the hashes of level 0."""

    level: int
    number: int
    width: int = WIDTH

    @property
    def first(self) -> int:
        """The place of its first hash within the level."""
        return self.number * WIDTH

    def is_within(self, size: int) -> bool:
        """Whether all of it belongs to a tree of this size."""
        return self.first + self.width <= size >> 8 * max(self.level, 0)


def read_path(path: str) -> Tile | None:
    """The tile that a path such as "0/x001/234.p/5" names; None for any other spelling."""
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    level, digits, width = match.groups()
    number = int(digits.replace("x", "").replace("/", ""))
    if digits != _digits(number) or (width is not None and int(width) >= WIDTH):
        return None
    return Tile(
        ENTRIES if level == "entries" else int(level),
        number,
        WIDTH if width is None else int(width),
    )


def write_path(tile: Tile) -> str:
    """The path that names a tile."""
    level = "entries" if tile.level == ENTRIES else str(tile.level)
    width = "" if tile.width == WIDTH else f".p/{tile.width}"
    return f"{level}/{_digits(tile.number)}{width}"


def bundle(entries: Sequence[bytes]) -> bytes:
    """Entries one after the other, each after its length in two bytes."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def unbundle(data: bytes) -> list[bytes]:
    """The entries of a bundle.

    :raises Undecipherable: if the last one is cut off.
    """
    entries, place = [], 0
    while place < len(data):
        end = place + 2 + int.from_bytes(data[place : place + 2], "big")
        if end > len(data) or place + 2 > len(data):
            raise Undecipherable("The bundle of entries is cut off.")
        entries.append(data[place + 2 : end])
        place = end
    return entries


def proof(index: int, steps: Sequence[bytes], note: str, *, extra: bytes = b"") -> str:
    """A receipt that anyone can verify offline: where an entry is, and why, to a signed root.

    `extra` is read by the one who verifies, and is not itself proved; here it is the leaf.
    """
    stated = [f"extra {_b64(extra)}"] if extra else []
    lines = [PROOF, *stated, f"index {index}", *map(_b64, steps), "", note]
    return "\n".join(lines)


def _digits(number: int) -> str:
    parts = [f"{number % 1000:03}"]
    while number := number // 1000:
        parts.append(f"x{number % 1000:03}")
    return "/".join(reversed(parts))


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
