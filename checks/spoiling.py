"""Spoils one place of a JSON document: a fuzzer that knows no JSON seldom gets past its commas."""

from __future__ import annotations

import json
from random import Random
from typing import Any

ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 2**53, 10**400, "", " ", "\0", "\ud800", "\u202e", "é"),
    *([], {}, [[]], {"": ""}, [None] * 300, "x" * 5000, "2026-02-30", "9999-12-31T24:00:00Z"),
    *("UNKNOWN", "SEALED", {"value": {}}, {"absent": "UNKNOWN"}, {"absent": 1}, "__class__"),
)


def spoil(data: bytes, seed: int) -> bytes | None:
    """Return the document with one place changed, or None if it is none."""
    random = Random(seed)  # noqa: S311 - a fuzzer repeats itself
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return None
    for _ in range(random.choice((1, 1, 1, 2, 5))):
        document = _spoilt(document, random, depth=0)
    return json.dumps(document, ensure_ascii=random.random() < 0.5).encode(errors="surrogatepass")


def _spoilt(value: Any, random: Random, *, depth: int) -> Any:
    if not value or not isinstance(value, dict | list) or random.random() < 0.02 * depth:
        return random.choice(ODD)
    changed = value.copy()
    place = random.choice(list(value)) if isinstance(value, dict) else random.randrange(len(value))
    act = random.random()
    if act < 0.06:
        del changed[place]
    elif act < 0.10 and isinstance(changed, dict):
        changed[str(random.choice(ODD))[:40]] = changed.pop(place)
    elif act < 0.14 and isinstance(changed, list):
        changed.append(changed[place])
    else:
        changed[place] = _spoilt(changed[place], random, depth=depth + 1)
    return changed
