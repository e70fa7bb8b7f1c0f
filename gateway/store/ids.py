"""Owns internal ids: random, and in the order of time, so that new rows lie together on disk."""

from __future__ import annotations

import secrets
from datetime import datetime


def new(now: datetime) -> str:
    """A UUID of version 7 (RFC 9562): milliseconds of time, then 74 random bits. Never shown."""
    millis = int(now.timestamp() * 1000) & (2**48 - 1)
    value = millis << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0b11 << 62) | 0b10 << 62
    digits = f"{value:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
