"""Owns how the demonstration looks in a terminal: plain words, no colours, 88 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Sequence

WIDTH = 88
INDENT = "    "


class Show:
    """Says what happens, as it happens."""

    def __init__(self, say: Callable[[str], object]) -> None:
        self._say = say

    def title(self, text: str) -> None:
        """Begin a chapter."""
        for line in ("", "=" * WIDTH, text, "=" * WIDTH):
            self._say(line)

    def case(self, name: str, title: str, story: str) -> None:
        """Begin a case."""
        self._say("")
        self._say(f"-- {name}: {title} ".ljust(WIDTH, "-"))
        self.text(story, indent="")

    def step(self, text: str) -> None:
        """Say what is done now."""
        self._wrapped(text, "  > ", INDENT)

    def text(self, text: str, *, indent: str = INDENT) -> None:
        """Say something about it."""
        self._wrapped(text, indent, indent)

    def fact(self, name: str, value: str) -> None:
        """Say one thing that is now known."""
        self._wrapped(value or "nothing", f"{INDENT}{name:<12}", INDENT + " " * 12)

    def command(self, text: str) -> None:
        """Say what to type, on one line whatever its length."""
        self._say(f"{INDENT}{text}")

    def table(self, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Show a table; the last column takes what is left of the line."""
        lines = [list(head), *map(list, rows)]
        widths = [max(len(line[place]) for line in lines) for place in range(len(head))]
        lines.insert(1, ["-" * width for width in widths])
        room = WIDTH - len(INDENT) - sum(widths[:-1]) - 2 * (len(head) - 1)
        lines[1][-1] = "-" * min(widths[-1], room)
        for line in lines:
            first = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
            start = first[: sum(widths[:-1]) + 2 * (len(head) - 1)]
            parts = textwrap.wrap(line[-1], max(room, 20)) or [""]
            self._say(f"{INDENT}{start}{parts[0]}".rstrip())
            for part in parts[1:]:
                self._say(f"{INDENT}{' ' * len(start)}{part}")

    def _wrapped(self, text: str, first: str, later: str) -> None:
        lines = textwrap.wrap(
            text,
            WIDTH,
            initial_indent=first,
            subsequent_indent=later,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for line in lines:
            self._say(line)
