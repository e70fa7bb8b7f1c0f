"""Owns the PDF: tagged, and the same bytes for the same content."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

TEMPLATES = Path(__file__).parent / "templates"


def paper(view: Mapping[str, Any], *parts: str) -> bytes:
    """Return a PDF/UA-1 (ISO 14289-1) of some parts, set in the fonts that Typst carries.

    A part is the name of a template, set after the others, all of them from one view.

    The view enters as JSON, so that markup in it stays text. Where no font has a character,
    PDF/UA cannot be claimed: the paper is then a tagged PDF 1.7, and a box stands for it.
    """
    import typst  # late: 80 MB that only a worker that makes a PDF should hold

    def made(standard: Literal["ua-1", "1.7"]) -> bytes:
        found: bytes = typst.compile(  # type: ignore[type-var]  # bytes are an Input of it
            b"".join(_template(f"{each}.typ") for each in ("base", *parts)),
            root=str(TEMPLATES),
            sys_inputs={"data": json.dumps(view)},
            pdf_standards=[standard],
            ignore_system_fonts=True,
        )
        return found

    try:
        return made("ua-1")
    except typst.TypstError:
        return made("1.7")


@cache
def _template(name: str) -> bytes:
    return (TEMPLATES / name).read_bytes()
