"""Owns the printable page: one file, no script, nothing fetched from anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

TEMPLATES = Path(__file__).parent / "templates"


def page(view: Mapping[str, Any]) -> str:
    """Return a page that is complete in itself; all of the view appears as text."""
    return _template("agenda.html.j2").render(view)


@cache
def _template(name: str) -> Template:
    """Compile once: a template per page would cost more than the page."""
    loader = FileSystemLoader(TEMPLATES)
    return Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    ).get_template(name)
