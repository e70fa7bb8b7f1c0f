"""Owns passphrases that are said by telephone: six words of the EFF's long list.

Each of the 7,776 words is as likely as any other, so six of them are worth 77.5 bits. Nobody
chooses one, and nothing here keeps one.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from math import log2

from gateway.schemas.chance import Chance

WORDS = 6
LISTED = 7776
BITS = WORDS * log2(LISTED)
_EVEN = 65536 - 65536 % LISTED  # two bytes above it would make some words likelier


def make(chance: Chance) -> str:
    """Return six words with spaces between them."""
    return " ".join(words()[_drawn(chance)] for _ in range(WORDS))


@cache
def words() -> tuple[str, ...]:
    """The list, as a package of the registry brings it.

    :raises ValueError: if it is another than it was; then no passphrase is as good as it says.
    """
    found = tuple((files("xkcdpass") / "static" / "eff-long").read_text("ascii").split())
    if len(found) != LISTED or len(set(found)) != LISTED:
        raise ValueError("the list of words is not the one it was")
    return found


def _drawn(chance: Chance) -> int:
    while (number := int.from_bytes(chance(2), "big")) >= _EVEN:
        pass
    return number % LISTED
