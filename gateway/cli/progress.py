"""Owns how a long command shows how far it is: now and then a line, each telling of kept work."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import click

_EVERY = 1.0  # seconds between lines


@dataclass(slots=True)
class Progress:
    """Counts what one job has done; each number told is committed."""

    what: str
    total: int  # as it was at the start
    done: int = 0
    is_open: bool = True
    _told_at: float = field(default=0.0)

    def add(self, number: int) -> None:
        """Count more; tell the first, the last, and one each second between. None is the end."""
        self.done += number
        self.is_open = number > 0
        self.total = max(self.total, self.done)
        if number and (self.done >= self.total or time.monotonic() - self._told_at >= _EVERY):
            self._told_at = time.monotonic()
            click.echo(f"{self.what}: {self.done} of {self.total}")
