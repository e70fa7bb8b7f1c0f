"""Owns what is kept of a file, how a refusal is told, and how much one file may become."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.errors import Invalid, Problem

INFLATED = 100_000_000  # bytes that a file may become when it is read
PIXELS = 40_000_000  # of all pictures of a file


@dataclass(frozen=True, slots=True)
class Original:
    """A file as it is kept: its kind, by which it is named when it is handed out, and its bytes."""

    media_type: str
    content: bytes = field(repr=False)


def bad(code: str) -> Invalid:
    """The refusal of a file; the code is all that is told."""
    return Invalid("The file is not taken.", Problem(code, "/file"))


@dataclass(slots=True)
class Budget:
    """How much of something is left for one file, whatever number of parts asks for it."""

    left: int

    def take(self, amount: int) -> None:
        """Spend some. :raises Invalid: active_content, if it is more than was left."""
        self.left -= amount
        if self.left < 0:
            raise bad("active_content")
