"""Owns which headings of a spreadsheet say what, when earlier cases are taken over."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from gateway.errors import BrokenTable

_USUAL = Path(__file__).parent / "import.toml"


def load_columns(path: Path | None = None) -> Mapping[str, list[str]]:
    """Return for each field its headings, in lower case; the usual ones, or an area's own file's.

    :raises BrokenTable: if the file is not of that kind.
    """
    try:
        found = tomllib.loads((path or _USUAL).read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise BrokenTable("The file of headings cannot be read.") from None
    for heads in found.values():
        if not isinstance(heads, list) or not all(isinstance(each, str) for each in heads):
            raise BrokenTable("Each field of the file of headings has a list of texts.")
    return {name: [each.strip().lower() for each in heads] for name, heads in found.items()}
