"""Sharing a secret, against arithmetic worked out in another way, and by hand."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Invalid
from gateway.sealing import shamir
from gateway.sealing.shamir import Share


def carryless(a: int, b: int) -> int:
    """The product as schoolbook polynomials, then the remainder by long division."""
    product = 0
    for bit in range(8):
        product ^= (a << bit) if b >> bit & 1 else 0
    for degree in range(14, 7, -1):
        if product >> degree & 1:
            product ^= 0b100011011 << (degree - 8)
    return product


def test_M21_the_field_is_that_of_aes() -> None:
    # FIPS 197, 4.2: {57} x {83} = {c1}, {57} x {13} = {fe}
    assert (shamir.multiply(0x57, 0x83), shamir.multiply(0x57, 0x13)) == (0xC1, 0xFE)
    for a in range(256):
        for b in range(256):
            assert shamir.multiply(a, b) == carryless(a, b)
    for a in range(1, 256):
        (found,) = (b for b in range(256) if carryless(a, b) == 1)
        assert shamir.inverse(a) == found


def test_M21_known_answers_worked_out_by_hand() -> None:
    """f(x) = 42 + 17x, g(x) = ffx, in hexadecimal: 2 x 17 = 2e, 3 x 17 = 39, 2 x ff = e5."""
    shares = [
        Share(1, bytes([0x42 ^ 0x17, 0xFF])),
        Share(2, bytes([0x42 ^ 0x2E, 0xE5])),
        Share(3, bytes([0x42 ^ 0x39, 0x1A])),
    ]
    for two in combinations(shares, 2):
        assert shamir.combine(two) == b"\x42\x00"
    assert shamir.combine(shares) == b"\x42\x00"


def test_M21_lagrange_at_places_far_apart() -> None:
    """A polynomial of degree 2 at three places, evaluated with the other arithmetic."""

    def value(x: int) -> int:
        return 0xA5 ^ carryless(0x3C, x) ^ carryless(0x99, carryless(x, x))

    shares = [Share(x, bytes([value(x)])) for x in (5, 77, 254)]
    assert shamir.combine(shares) == b"\xa5"


@given(st.binary(min_size=1, max_size=40), st.integers(2, 6), st.integers(0, 4))
def test_M21_any_so_many_holders_have_the_secret(secret: bytes, needed: int, more: int) -> None:
    shares = shamir.split(secret, holders=needed + more, needed=needed)
    for some in combinations(shares, needed):
        assert shamir.combine(some) == secret


def test_M21_one_share_alone_tells_nothing() -> None:
    """Each value of a share occurs for each secret equally often."""
    for secret in (b"\x00", b"\x01", b"\xff"):
        seen = {shamir.split(secret, holders=2, needed=2)[0].values for _ in range(6000)}
        assert len(seen) == 256


@pytest.mark.parametrize(("holders", "needed"), [(3, 1), (2, 3), (256, 2), (0, 0)])
def test_M21_impossible_numbers_are_refused(holders: int, needed: int) -> None:
    with pytest.raises(Invalid):
        shamir.split(b"x", holders=holders, needed=needed)


def test_M21_what_is_no_set_of_shares_is_refused() -> None:
    one, two, _ = shamir.split(b"secret", holders=3, needed=2)
    for wrong in ([one], [one, one], [one, Share(2, b"x")], [one, Share(0, two.values)], []):
        with pytest.raises(Invalid):
            shamir.combine(wrong)
