"""What is said of one guard, so that it can be taken away."""

from __future__ import annotations

from dataclasses import dataclass

from tests.county.patching import Undo


@dataclass(frozen=True)
class Guard:
    """One guard, and how it is gone; `held_by` are others that must be gone as well."""

    name: str
    story: str
    gone: Undo
    held_by: tuple[tuple[str, Undo], ...] = ()
    purposes: tuple[str, ...] = ("P1",)
    door: str = ""  # what else is asked besides a pull: only what comes out there counts
