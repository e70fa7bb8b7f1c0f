"""Owns internal ids: random, and in the order of time, so that new rows lie together on disk.

And the numbers by which people name what was asked about a case.
"""

from __future__ import annotations

from datetime import datetime

from gateway.schemas.chance import SYSTEM, Chance

LARGEST = 10**6  # of a number, as the published forms have it


def new(now: datetime, chance: Chance = SYSTEM) -> str:
    """A UUID of version 7 (RFC 9562): milliseconds of time, then 74 random bits. Never shown."""
    millis = int(now.timestamp() * 1000) & (2**48 - 1)
    value = millis << 80 | int.from_bytes(chance(10))
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0b11 << 62) | 0b10 << 62
    digits = f"{value:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def number(chance: Chance) -> int:
    """A number for something of a case that agencies name to each other, such as a draft.

    Drawn and not counted: the next one of a case would tell how many others there were, of which
    who asks may not know. Should two ever meet, the second is asked to try again.
    """
    return int.from_bytes(chance(8)) % LARGEST + 1
