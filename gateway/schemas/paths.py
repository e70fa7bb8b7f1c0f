"""Owns the names of the leaves of a form: "victim.dob", "perpetrators[].family_name"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.schemas.blanks import NoneOr, OrReason
from gateway.schemas.fields import Strict
from gateway.schemas.parts import Form, ListOf, Part


def leaves(form: Form, start: str = "") -> Iterator[str]:
    """Yield every leaf in the order of the form.

    A list of plain values is one leaf, "victim.aliases[]". A mandatory-or-reason pair of plain
    values is one leaf without its "value"; a pair of objects has ".absent" and ".value…" leaves.
    """
    for name, field in form.strict_fields().items():
        yield from _of(field, f"{start}.{name}" if start else name)


def _of(field: Strict[Any], path: str) -> Iterator[str]:
    if isinstance(field, Part):
        yield from leaves(field.form, path)
    elif isinstance(field, ListOf):
        if isinstance(field.inner, Part):
            yield from leaves(field.inner.form, f"{path}[]")
        else:
            yield f"{path}[]"
    elif isinstance(field, NoneOr):
        yield f"{path}.none"
        yield from _of(field.listed, path)
    elif isinstance(field, OrReason) and _has_parts(field.inner):
        yield f"{path}.absent"
        yield from _of(field.inner, f"{path}.value")
    else:
        yield path


def _has_parts(field: Strict[Any]) -> bool:
    return isinstance(field, Part) or (isinstance(field, ListOf) and isinstance(field.inner, Part))
