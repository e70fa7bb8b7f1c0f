"""Words that stand nowhere else: planted in a family's papers, and found again in any spelling."""

from __future__ import annotations

import re
from collections.abc import Iterator

CONSONANTS, VOWELS = "bdfghjklmnprstvw", "aeiou"
_INWARD = "ABDEFGHJLNPQRSTUWXYZ"  # letters that the second half of a postcode may have
_MARK = re.compile(rf"zq(?:[{CONSONANTS}][{VOWELS}]){{3}}x")
# By themselves: run together with other signs, as cells of a table, such letters come by chance.
_POSTCODE = re.compile(rf"(?<![a-z\d])xx[1-9][ -]?\d[{_INWARD.lower()}]{{2}}(?![a-z\d])")
_MOBILE = re.compile(r"7700900\d{3}")
_NOTHING = re.compile(r"[\W_]+")


def plain(text: str) -> str:
    """Return a text as it is searched: no case, no gaps, no signs."""
    return _NOTHING.sub("", text.casefold())


def found_in(text: str) -> Iterator[str]:
    """Give every planted word of a text, and everything of the shape of a planted number."""
    searched = plain(text)
    for shape in (_MARK, _MOBILE):
        yield from shape.findall(searched)
    yield from map(plain, _POSTCODE.findall(text.casefold()))


class Marks:
    """Gives words, postcodes and numbers that were not given before."""

    def __init__(self) -> None:
        self._words, self._places, self._numbers = 0, 0, 0

    def word(self) -> str:
        """A word such as Zqbadofux: a million are different."""
        self._words += 1
        left, letters = self._words * 7919, ""  # neighbours do not look alike
        for _ in range(3):
            left, place = divmod(left, len(CONSONANTS) * len(VOWELS))
            letters += CONSONANTS[place // len(VOWELS)] + VOWELS[place % len(VOWELS)]
        return f"Zq{letters}x"

    def postcode(self, district: int) -> str:
        """A postcode of the unused area XX: four thousand of each district are different."""
        self._places += 1
        left, first = divmod(self._places, 20)
        left, second = divmod(left, 20)
        return f"XX{district} {left % 10}{_INWARD[first]}{_INWARD[second]}"

    def mobile(self) -> str:
        """A number of the range kept for invented ones; after a thousand they come again."""
        self._numbers += 1
        return f"07700 900{self._numbers % 1000:03}"
