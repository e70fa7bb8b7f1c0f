"""Owns reading the declaration of confidentiality: its text, its version and its digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.errors import BrokenTable
from gateway.profiles.reading import Row


@dataclass(frozen=True, slots=True)
class Declaration:
    """What is signed; `digest` is the SHA-256 of the file it stands in, in hexadecimal."""

    version: str
    paragraphs: tuple[str, ...]
    digest: str


def load_declaration(data: Mapping[str, Any], digest: str) -> Declaration:
    """Return the declaration of a parsed file.

    :raises BrokenTable: if it says nothing.
    """
    with Row(data, "declaration") as row:
        row.day("effective_from")
        found = Declaration(row.text("version"), row.texts("paragraphs"), digest)
    if not found.version or not found.paragraphs or not all(found.paragraphs):
        raise BrokenTable("declaration: says nothing")
    return found
