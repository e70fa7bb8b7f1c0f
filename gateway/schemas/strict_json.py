"""Owns reading JSON from outside: one meaning per text, or a refusal."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from gateway.errors import Invalid, Problem

_BOM = b"\xef\xbb\xbf"
_LARGEST = 2**53 - 1
_SUSPECT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")  # may also be half of a good pair
_FORBIDDEN = re.compile("[\x00\ud800-\udfff]")


def parse(data: bytes, *, max_depth: int = 32) -> object:
    """Return the one value that the bytes mean (RFC 8259, and stricter: RFC 7493 section 2).

    Callers can rely on: UTF-8 without a byte order mark, no NUL and no lone surrogate in any
    string or member name however it was written, no member twice in an object, only finite
    numbers, no whole number beyond 2^53, and no nesting deeper than `max_depth`.

    :raises Invalid: with the code of what is wrong; the text itself is never repeated.
    """
    text = _decoded(data)
    try:
        value: object = _DECODER.decode(text)
    except Invalid:
        raise
    except RecursionError:
        _refuse("too_deep")
    except ValueError:
        _refuse("bad_json")
    _check_depth(value, max_depth)
    # Only an escape brings a NUL or a surrogate this far: without one, the strings need no look.
    if b"\\u" in data and _SUSPECT.search(data) and any(map(_FORBIDDEN.search, _texts(value))):
        _refuse("bad_text")
    return value


def _decoded(data: bytes) -> str:
    if data.startswith(_BOM):
        _refuse("bad_utf8")
    try:
        return data.decode("utf-8", "strict")
    except UnicodeDecodeError:
        _refuse("bad_utf8")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        _refuse("duplicate_member")
    return found


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        _refuse("bad_number")
    return number


def _exact(digits: str) -> int:
    """Whole numbers that every JSON library carries exactly (RFC 7493 section 2.2)."""
    number = int(digits) if len(digits) < 18 else _LARGEST + 1
    if abs(number) > _LARGEST:
        _refuse("bad_number")
    return number


def _no_constant(_name: str) -> NoReturn:
    _refuse("bad_number")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_float=_finite,
    parse_int=_exact,
    parse_constant=_no_constant,
)


def _check_depth(value: object, depth: int) -> None:
    """Level by level, without recursion; `depth` counts the containers that may still open."""
    level: list[Any] = [value] if isinstance(value, (dict, list)) else []
    while level:
        if depth == 0:
            _refuse("too_deep")
        depth -= 1
        level = [
            child
            for item in level
            for child in (item.values() if type(item) is dict else item)
            if type(child) is dict or type(child) is list
        ]


def _texts(value: object) -> Iterator[str]:
    """All strings and member names of a value whose depth is known to be small."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)


_SAYS = {
    "bad_utf8": "The text is not UTF-8 without a byte order mark.",
    "bad_json": "The text is not JSON.",
    "bad_number": "A number is not finite, or is a whole number beyond 2^53.",
    "bad_text": "A string holds a character that is not allowed.",
    "duplicate_member": "An object has the same member twice.",
    "too_deep": "The text is nested too deeply.",
}


def _refuse(code: str) -> NoReturn:
    raise Invalid(_SAYS[code], Problem(code, ""), code=code) from None
