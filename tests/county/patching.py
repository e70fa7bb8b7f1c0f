"""Puts something in the place of a guard of ours, for as long as a block lasts."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.county.driving import County

Undo = Callable[[pytest.MonkeyPatch, County], None]


def swap(patch: pytest.MonkeyPatch, old: Any, new: Any) -> None:
    """Put something in the place of a function, under whatever name any module knows it."""
    for name, module in list(sys.modules.items()):
        if name.startswith("gateway."):
            for known, value in list(vars(module).items()):
                if value is old:
                    patch.setattr(module, known, new)


def forget() -> None:
    """Empty what was remembered of earlier decisions."""
    for name, module in list(sys.modules.items()):
        if name.startswith(("gateway.rules", "gateway.disclosure")):
            for value in list(vars(module).values()):
                if hasattr(value, "cache_clear"):
                    value.cache_clear()


@contextmanager
def without(county: County, gone: Iterable[Undo]) -> Iterator[None]:
    """Take guards away while the block lasts."""
    with pytest.MonkeyPatch.context() as patch:
        for undo in gone:
            undo(patch, county)
        forget()
        yield
    forget()


def swapped(old: Any, new: Any) -> Undo:
    return lambda patch, _: swap(patch, old, new)


def put(place: Any, name: str, new: Any) -> Undo:
    return lambda patch, _: patch.setattr(place, name, new)
