"""Owns references: ten random symbols and a check symbol, safe to read out over a telephone.

Crockford's base 32 without I, L, O and U; the check symbol is the value modulo 37, and only values
whose check symbol is an ordinary letter or digit are given out.
"""

from __future__ import annotations

from gateway.schemas.chance import SYSTEM, Chance

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {symbol: value for value, symbol in enumerate(ALPHABET)}
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
_LENGTH = 10


def make(chance: Chance = SYSTEM) -> str:
    """Draw a new reference: ten symbols, as stored."""
    while True:
        body = "".join(ALPHABET[byte % 32] for byte in chance(_LENGTH))  # 256 is 8 times 32
        if _check(body) < len(ALPHABET):
            return body


def write(body: str) -> str:
    """Write a stored reference for people, such as 7K3MQ-2XF8A-C."""
    return f"{body[:5]}-{body[5:]}-{ALPHABET[_check(body)]}"


def read(written: str) -> str | None:
    """Read what a person typed; None if it is not a reference. Case, O, I and L do not matter."""
    if len(written) > 20:
        return None
    symbols = written.upper().translate(_READ_AS)
    if len(symbols) != _LENGTH + 1 or any(symbol not in _VALUES for symbol in symbols):
        return None
    body, check = symbols[:-1], symbols[-1]
    return body if _check(body) == _VALUES[check] else None


def _check(body: str) -> int:
    total = 0
    for symbol in body:
        total = total * 32 + _VALUES[symbol]
    return total % 37
