"""Owns reading JSON from outside: one meaning per text, or a refusal."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

from gateway.errors import Invalid, Problem

_BOM = b"\xef\xbb\xbf"
_LARGEST = 2**53 - 1
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
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_float=_finite,
            parse_int=_exact,
            parse_constant=_no_constant,
        )
    except Invalid:
        raise
    except RecursionError:
        _refuse("too_deep")
    except ValueError:
        _refuse("bad_json")
    # Strings that hold a NUL or a surrogate can only come from an escape: skip the look otherwise.
    _check(value, max_depth, look=b"\\u" in data)
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


def _check(value: object, depth: int, *, look: bool) -> None:
    """Walk without recursion; `depth` counts the containers that may still open."""
    todo: list[tuple[object, int]] = [(value, depth)]
    while todo:
        item, left = todo.pop()
        if isinstance(item, str):
            if look and _FORBIDDEN.search(item):
                _refuse("bad_text")
        elif isinstance(item, (dict, list)):
            if left == 0:
                _refuse("too_deep")
            if isinstance(item, dict):
                if look:
                    todo.extend((name, 0) for name in item)
                item = list(item.values())
            todo.extend((child, left - 1) for child in item)


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
