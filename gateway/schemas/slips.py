"""Owns slips of the pen: when a long word was most likely meant to be another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

LONG = 8  # letters from which one slip leaves a word that is hardly another's name


def long_words(values: Iterable[str], but: frozenset[str]) -> tuple[str, ...]:
    """The words of folded values that are long enough to be known in spite of a slip."""
    words = {word for value in values for word in value.split(" ")}
    return tuple(sorted(w for w in words if len(w) >= LONG and w.isalpha() and w not in but))


def mend(folded: str, words: Iterable[str]) -> str:
    """A folded text with every slip of one of these words put right.

    One letter more, less or another, or two that changed places; never the first, in which names
    of places differ (Hillside, Millside) and people seldom slip.
    """
    for word in words:
        half = len(word) // 2  # one slip leaves one of both halves as it is
        near = {*_around(folded, word[:half]), *_around(folded, word[half + 1 :])} - {word}
        if slips := {each for each in near if is_slip(each, word)}:
            folded = " ".join(word if each in slips else each for each in folded.split(" "))
    return folded


def _around(folded: str, part: str) -> Iterator[str]:
    """The words of a text that have a part in them."""
    at = folded.find(part)
    while at >= 0:
        end = folded.find(" ", at)
        end = len(folded) if end < 0 else end
        yield folded[folded.rfind(" ", 0, at) + 1 : end]
        at = folded.find(part, end)


def is_slip(written: str, meant: str) -> bool:
    """Whether a word is another one with a single slip."""
    if written[:1] != meant[:1] or abs(len(written) - len(meant)) > 1 or written == meant:
        return False
    alike = next(
        (n for n, pair in enumerate(zip(written, meant, strict=False)) if pair[0] != pair[1]),
        min(len(written), len(meant)),
    )
    a, b = written[alike:], meant[alike:]
    swapped = len(a) == len(b) > 1 and (a[0], a[1], a[2:]) == (b[1], b[0], b[2:])
    return swapped or a[1:] == b[1:] or a[1:] == b or a == b[1:]
