"""Owns the bytes of claims: their one canonical form, what is a retry, how long they look."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

import rfc8785

from gateway.schemas.json_text import dump, dump_sorted

SMALLEST = 1024  # bytes of payload

_LARGEST = 2**53 - 1
_AS_IS = frozenset({str, bool, type(None)})


def canonical(value: object) -> bytes:
    """Return the one spelling of a JSON value (RFC 8785).

    :raises ValueError: for what it cannot spell, such as NaN or a lone surrogate.
    """
    # A general encoder says the same of most values, in a fraction of the time.
    return dump_sorted(value) if _is_plain(value) else rfc8785.dumps(value)  # type: ignore[arg-type]


def content_digest(form: str, document: object, sealed: Iterable[Mapping[str, Any]]) -> str:
    """Return the hex SHA-256 that says whether two requests carry the same content.

    Signing again, a new `jti` and sealing again for other recipients leave it unchanged.
    """
    sections = sorted([str(item["section"]), str(item["digest"])] for item in sealed)
    content = {"form": form, "document": document, "sealed": sections}
    return hashlib.sha256(canonical(content)).hexdigest()


def padded(claims: Mapping[str, Any]) -> bytes:
    """Return the claims as JSON, with `pad` bringing them to a PADME size (Nikitin 2019)."""
    bare = {name: value for name, value in claims.items() if name != "pad"}
    text = dump({**bare, "pad": ""})
    zeros = b"0" * (padme(max(len(text), SMALLEST)) - len(text))
    return text[:-2] + zeros + b'"}'  # the pad stands last


def padme(length: int) -> int:
    """Return the next size whose floating-point form has few digits: at most 12 % more."""
    exponent = max(length, 2).bit_length() - 1
    low_bits = exponent - exponent.bit_length()
    mask = (1 << max(low_bits, 0)) - 1
    return (length + mask) & ~mask


def _is_plain(value: object) -> bool:
    """Tell whether an encoder that sorts by code point spells this value as RFC 8785 does.

    They part ways at floats, at whole numbers beyond 2^53, at names outside ASCII (RFC 8785 sorts
    by UTF-16), and at whatever JSON does not know. Level by level: few calls for a whole document.
    """
    level: list[Any] = [[value]]
    names: list[Any] = []
    wholes: list[int] = []
    while level:
        below = []
        for item in level:
            if type(item) is dict:
                names += item
            for child in item.values() if type(item) is dict else item:
                kind = type(child)
                if kind is dict or kind is list:
                    below.append(child)
                elif kind is int:
                    wholes.append(child)
                elif kind not in _AS_IS and not issubclass(kind, StrEnum):
                    return False
        level = below
    return _are_ascii(names) and all(-_LARGEST <= whole <= _LARGEST for whole in wholes)


def _are_ascii(names: list[Any]) -> bool:
    try:
        return "".join(names).isascii()
    except TypeError:  # a name that is no text
        return False
