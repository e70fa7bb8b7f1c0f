"""Owns the blind index: keyed tokens by which a known person is found again without reading.

Types at first: `id` (a national number), `nd` (each name and the date of birth), `ph` (a
telephone number). Each type has its own key, so that tokens of two types never compare.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

TITLES = frozenset({"mr", "mrs", "ms", "miss", "mx", "dr", "baby", "unknown"})
# Letters that decomposition leaves whole
_PLAIN = str.maketrans(
    {"ß": "ss", "ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"}
)
_APART = re.compile(r"[\s\-]+")
_MARKS = {code: None for code in range(128) if not chr(code).isalnum()}

Value = tuple[str, str]
"""A kind of token and a normalised value."""


def party_tokens(index_master: bytes, person: Mapping[str, Any]) -> frozenset[bytes]:
    """Return the tokens of one person as the referral form has them; see `party_values`."""
    return tokens_of(index_master, party_values(person))


def tokens_of(index_master: bytes, values: Iterable[Value]) -> frozenset[bytes]:
    """Return the token of each normalised value."""
    return frozenset(token(index_master, kind, value) for kind, value in values)


def party_values(person: Mapping[str, Any]) -> frozenset[Value]:
    """Return what one person is found by: each kind of token, and its normalised value.

    Looks at given_names, family_name, aliases, former_names, dob, extra_dobs, nhs_number,
    phones and phone. Missing parts give no token; two people without any have nothing in common.
    """
    found = {("id", value) for value in _numbers(person)}
    found |= {("ph", phone) for phone in map(phone_key, _phones(person)) if phone}
    codes = name_codes(_names(person))
    for dob in filter(None, map(dob_key, _dobs(person))):
        found |= {("nd", f"{code}|{dob}") for code in codes}
    return frozenset(found)


def token(index_master: bytes, kind: str, value: str) -> bytes:
    """Return the 32-byte token of one normalised value."""
    mac = _keyed(index_master, kind).copy()
    mac.update(f"{kind}|{value}".encode())
    return mac.finalize()


def name_codes(names: Iterable[str]) -> frozenset[str]:
    """Return every name part, folded: Latin letters without accents, lower case, no titles."""
    parts = (part for name in names for part in _APART.split(name))
    folded = (fold(part) for part in parts)
    return frozenset(part for part in folded if len(part) > 1 and part not in TITLES)


def fold(text: str) -> str:
    """Return letters and digits alone, compatibility-decomposed and case-folded."""
    if text.isascii():  # decomposed already; most names are
        return text.casefold().translate(_MARKS)
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_PLAIN))
    return "".join(c for c in plain.casefold() if c.isalnum())


def dob_key(dob: object) -> str | None:
    """Return year and sorted (day, month), so that a day/month swap meets itself.

    Takes a date or `YYYY-MM-DD`; a year or a month alone is too little to look for.
    """
    parts = str(dob).split("-")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
        return None
    year, month, day = (int(part) for part in parts)
    low, high = sorted((day, month))
    return f"{year:04}{low:02}{high:02}"


def phone_key(phone: str) -> str | None:
    """Return the last ten digits without the national prefix; fewer than nine are no number."""
    digits = "".join(c for c in phone if c.isascii() and c.isdigit())
    for prefix in ("0044", "44", "0"):
        if digits.startswith(prefix):
            digits = digits[len(prefix) :].removeprefix("0")
            break
    return digits[-10:] if len(digits) >= 9 else None


def is_nhs_number(value: str) -> bool:
    """Check ten digits with the modulus 11 check digit (NHS Data Dictionary)."""
    if len(value) != 10 or not (value.isascii() and value.isdigit()):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(value, range(10, 1, -1), strict=False))
    return (11 - total % 11) % 11 == int(value[9])


@lru_cache(maxsize=32)  # nine kinds, and as many again while the key is exchanged
def _keyed(index_master: bytes, kind: str) -> hmac.HMAC:
    """The key of a kind, made ready: to be copied, never to be finished itself."""
    info = f"gw/blind/v1/{kind}".encode()
    key = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=info).derive(index_master)
    return hmac.HMAC(key, hashes.SHA256())


def _numbers(person: Mapping[str, Any]) -> Iterator[str]:
    for name in ("nhs_number",):
        number = re.sub(r"\s", "", _text(person.get(name)))
        if is_nhs_number(number):
            yield f"nhs|{number}"


def _names(person: Mapping[str, Any]) -> Iterator[str]:
    for name in ("given_names", "family_name", "aliases", "former_names", "spelling_variants"):
        yield from _texts(person.get(name))


def _dobs(person: Mapping[str, Any]) -> Iterator[object]:
    yield _value(person.get("dob"))
    extra = _value(person.get("extra_dobs"))
    yield from extra if isinstance(extra, list | tuple) else ()


def _phones(person: Mapping[str, Any]) -> Iterator[str]:
    for name in ("phones", "phone"):
        yield from _texts(person.get(name))


def _texts(given: object) -> list[str]:
    given = _value(given)
    items = given if isinstance(given, list | tuple) else [given]
    return [text for text in map(_text, items) if text]


def _text(given: object) -> str:
    given = _value(given)
    return given if isinstance(given, str) else ""


def _value(given: object) -> object:
    """Take the value of a mandatory-or-reason field, which travels as {value, absence}."""
    return given.get("value") if isinstance(given, Mapping) else given
