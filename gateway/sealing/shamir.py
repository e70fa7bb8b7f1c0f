"""Owns sharing a secret so that some of its holders together have it, and fewer nothing.

Shamir, How to share a secret (1979), byte by byte over GF(256) with the polynomial of AES
(x^8 + x^4 + x^3 + x + 1): each byte is the value at 0 of a random polynomial.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from gateway.errors import Invalid

_POLYNOMIAL = 0x11B


@dataclass(frozen=True, slots=True)
class Share:
    """The values of all polynomials at one place; `at` is 1 to 255."""

    at: int
    values: bytes = field(repr=False)


def split(secret: bytes, *, holders: int, needed: int) -> tuple[Share, ...]:
    """Return a share for each holder; any `needed` of them give the secret again.

    :raises Invalid: unless 2 <= needed <= holders <= 255.
    """
    if not 2 <= needed <= holders <= 255:
        raise Invalid("Between two and all holders are needed, of at most 255.")
    rows = [[byte, *secrets.token_bytes(needed - 1)] for byte in secret]
    return tuple(Share(at, bytes(_value(row, at) for row in rows)) for at in range(1, holders + 1))


def combine(shares: Sequence[Share]) -> bytes:
    """Return what these shares give; too few give something else, which nobody can tell by it.

    :raises Invalid: for fewer than two, two of one holder, or shares of unequal length.
    """
    places = [share.at for share in shares]
    lengths = {len(share.values) for share in shares}
    if len(shares) < 2 or len(set(places)) != len(places) or len(lengths) != 1:
        raise Invalid("Shares of at least two holders of one secret are needed.")
    if not all(1 <= place <= 255 for place in places):
        raise Invalid("A share has an impossible place.")
    weights = [_weight(place, places) for place in places]
    return bytes(
        _sum(
            multiply(weight, share.values[n]) for weight, share in zip(weights, shares, strict=True)
        )
        for n in range(lengths.pop())
    )


def multiply(a: int, b: int) -> int:
    """Multiply in GF(256), in the same steps whatever the values are."""
    product = 0
    for _ in range(8):
        product ^= -(b & 1) & a
        a = (a << 1) ^ (-(a >> 7) & _POLYNOMIAL)
        b >>= 1
    return product


def inverse(a: int) -> int:
    """Return the multiplicative inverse: a to the power of 254."""
    result = 1
    for bit in "11111110":
        result = multiply(result, result)
        if bit == "1":
            result = multiply(result, a)
    return result


def _value(row: Sequence[int], at: int) -> int:
    """The polynomial's value at a place (Horner)."""
    value = 0
    for coefficient in reversed(row):
        value = multiply(value, at) ^ coefficient
    return value


def _weight(place: int, places: Sequence[int]) -> int:
    """What a holder's value counts for at 0 (Lagrange)."""
    weight = 1
    for other in places:
        if other != place:
            weight = multiply(weight, multiply(other, inverse(other ^ place)))
    return weight


def _sum(values: Iterable[int]) -> int:
    total = 0
    for value in values:
        total ^= value
    return total
