"""Sets what stands deep inside a form."""

from __future__ import annotations

from typing import Any


def put(document: Any, path: str, value: Any) -> None:
    """Set a member deep inside a document; in the place of a blank comes what is said instead."""
    *above, last = path.split(".")
    for name in above:
        if isinstance(document, list):
            document = document[int(name)]
            continue
        document = document.setdefault(name, {})
        if isinstance(document, dict):
            document.pop("absent", None)
    if isinstance(document, list):
        document[int(last)] = value
    else:
        document[last] = value
