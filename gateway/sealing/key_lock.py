"""Owns that one command at a time changes the keys folder; who only reads it never waits."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

_held = threading.local()
_P = ParamSpec("_P")
_T = TypeVar("_T")


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let nobody else change the folder meanwhile, in this process or another; it may be nested."""
    mine: set[Path] = _held.__dict__.setdefault("folders", set())
    place = folder.resolve()
    if place in mine:
        yield
        return
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        mine.add(place)
        yield
    finally:
        mine.discard(place)
        os.close(handle)


def changes(act: Callable[Concatenate[Path, _P], _T]) -> Callable[Concatenate[Path, _P], _T]:
    """Let a function whose first argument is the folder have it alone."""

    @wraps(act)
    def run(folder: Path, /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        with alone(folder):
            return act(folder, *args, **kwargs)

    return run
