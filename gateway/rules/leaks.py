"""Owns looking for protected values in text that is about to leave.

A school, a nursery, a surgery or a workplace gives away where somebody lives as surely as an
address does. They are looked for in every text for a reader who may not have them, unless the
perpetrator knows the address anyway.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gateway.schemas.codes import AddressClass

HELD = "[held: ask the chair]"
_APART = re.compile(r"[\W_]+")
_DROPPED = str.maketrans("", "", "'’`.")
_LONG = 8  # characters from which a value is also looked for with all spaces gone
_SHORTEST = 4  # characters; less would stop half of all texts and protect nothing
_KNOWN = frozenset({AddressClass.KNOWN_TO_PERP, AddressClass.SANCTUARY})
_SEALED = frozenset({AddressClass.REFUGE, AddressClass.UNKNOWN_TO_PERP, AddressClass.TEMP_ACCOM})


def is_hidden(document: Mapping[str, Any]) -> bool:
    """Whether the perpetrator is not known to know where the victim lives; unsure counts."""
    return document["victim"]["address_classification"] not in _KNOWN


def must_be_sealed(victim: Mapping[str, Any]) -> bool:
    """Whether the address has to come sealed: it is of a hidden kind and not given otherwise."""
    return victim["address_classification"] in _SEALED and "address" not in victim


def values_of(
    parts: Mapping[str, Any], protected: Mapping[str, Iterable[str]]
) -> dict[str, list[str]]:
    """The protected values of a document, folded, by section.

    `parts` are its projections by section, `protected` the protected paths of each section.
    """
    found: dict[str, list[str]] = {}
    for section, paths in protected.items():
        folded = {
            plain
            for path in paths
            for value in _at(parts.get(section), path.split("."))
            if len(plain := fold(value)) >= _SHORTEST
        }
        if folded:
            found[section] = sorted(folded)
    return found


def fold(text: str) -> str:
    """Letters and digits of any script in lower case without accents, words apart by one space."""
    # Folded again after taking apart: a sign such as the numero becomes letters of its own.
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    kept = "".join(c for c in plain.translate(_DROPPED) if not unicodedata.combining(c))
    return _APART.sub(" ", kept).strip()


def hold_back(content: Any, values: Sequence[str]) -> tuple[Any, int]:
    """The content with every text that holds one of `values` replaced, and how many were.

    Spacing, case, accents and punctuation do not hide a value; other words around it do not
    either.
    """
    wanted = tuple(f" {value} " for value in values)
    closed = tuple(joined for value in values if len(joined := value.replace(" ", "")) >= _LONG)
    return _held(content, wanted, closed) if wanted else (content, 0)


def _held(content: Any, wanted: tuple[str, ...], closed: tuple[str, ...]) -> tuple[Any, int]:
    if isinstance(content, str):
        folded = fold(content)
        padded, joined = f" {folded} ", folded.replace(" ", "")
        is_hit = any(v in padded for v in wanted) or any(v in joined for v in closed)
        return (HELD, 1) if is_hit else (content, 0)
    if isinstance(content, Mapping):
        pairs = {name: _held(value, wanted, closed) for name, value in content.items()}
        return {name: kept for name, (kept, _) in pairs.items()}, sum(n for _, n in pairs.values())
    if isinstance(content, list):
        items = [_held(value, wanted, closed) for value in content]
        return [kept for kept, _ in items], sum(n for _, n in items)
    return content, 0


def _at(value: Any, steps: list[str]) -> list[str]:
    """Every text at a path such as children[].school.name."""
    if value is None:
        return []
    if not steps:
        return [value] if isinstance(value, str) else []
    name, rest = steps[0], steps[1:]
    if not isinstance(value, Mapping):
        return []
    if name.endswith("[]"):
        items = value.get(name[:-2])
        return [t for item in items for t in _at(item, rest)] if isinstance(items, list) else []
    return _at(value.get(name), rest)
