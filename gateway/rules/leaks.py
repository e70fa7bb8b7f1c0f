"""Owns looking for protected values in text that is about to leave.

A school, a nursery, a surgery or a workplace gives away where somebody lives as surely as an
address does. They are looked for in every text for a reader who may not have them, unless the
perpetrator knows the address anyway. What the gateway cannot read is looked for by its tokens:
whatever in the text has the shape of a place or a number is made a token of, and compared.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.schemas.codes import AddressClass
from gateway.schemas.protected import Protected
from gateway.schemas.slips import long_words, mend
from gateway.schemas.spelling import SAME_WORDS, Value, candidates, fold, number

HELD = "[held: ask the chair]"
# An agency's own section in which others write: an action is put down by whoever takes the minutes.
WRITTEN_BY_OTHERS = frozenset({"actions"})
_LONG = 8  # characters from which a value is also looked for with all spaces gone
_SHORTEST = 4  # characters; less would stop half of all texts and protect nothing
_KNOWN = frozenset({AddressClass.KNOWN_TO_PERP, AddressClass.SANCTUARY})
_SEALED = frozenset({AddressClass.REFUGE, AddressClass.UNKNOWN_TO_PERP, AddressClass.TEMP_ACCOM})
_POSTCODE = re.compile(r"[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2}")
# Words that stand for each other, so that a school is found as an academy too.
_SAME_KIND = (
    frozenset({"school", "academy", "college"}),
    frozenset({"surgery", "practice", "clinic", "centre"}),
)
# What may be left out or put in before such a word: "primary", "medical".
_QUALIFIERS = (
    "primary|junior|infants|infant|secondary|high|community|catholic|rc|ce|c of e"
    "|church of england|medical|health|doctors|gp|village"
)
_QUALIFIED = re.compile(rf"(?: (?:{_QUALIFIERS}))+$")
# Words of which every text is full: a value of them alone tells nothing, and would stop them all.
_GENERAL = {
    "the",
    "nursery",
    *" ".join(_QUALIFIERS.split("|")).split(),
    *frozenset().union(*_SAME_KIND),
}
# Said of any school, but of a surgery it is a name: the church surgery is one of a kind.
_OF_SCHOOLS = {"church", "of", "england", "catholic", "rc", "ce", "c", "e", "high"}
_COMMON = frozenset({*_GENERAL, *SAME_WORDS, "surgeries", "community", "children"})
# Each word of a street or a saint with the other ways to write it.
_ALIKE: Mapping[str, tuple[str, ...]] = {
    word: (short, *(each for each, brief in SAME_WORDS.items() if brief == short))
    for short in dict.fromkeys(SAME_WORDS.values())
    for word in (short, *(each for each, brief in SAME_WORDS.items() if brief == short))
}

Stamper = Callable[[bytes], Callable[[Value], bytes]]
"""A key -> what makes the token of a value under it."""


@dataclass(frozen=True, slots=True)
class Keyed:
    """Tokens of the values of a section that the gateway cannot read."""

    section: str
    key: bytes = field(repr=False)
    tokens: frozenset[bytes] = field(repr=False)


class Sought:
    """What is looked for in the texts for one reader: folded values, and tokens."""

    __slots__ = ("_closed", "_keyed", "_long", "_patterns", "_words")

    def __init__(
        self, values: Iterable[str], keyed: Iterable[Keyed] = (), stamper: Stamper | None = None
    ) -> None:
        plain = list(dict.fromkeys(values))
        self._words = tuple(f" {value} " for value in plain)
        self._long = long_words(plain, _COMMON)
        self._closed = tuple(dict.fromkeys(closed for each in plain for closed in _closed(each)))
        self._patterns = tuple(found for each in plain if (found := _pattern(each)) is not None)
        tokens: dict[bytes, frozenset[bytes]] = {}
        for each in keyed:
            tokens[each.key] = tokens.get(each.key, frozenset()) | each.tokens
        self._keyed = tuple((stamper(key), t) for key, t in tokens.items()) if stamper else ()

    def __bool__(self) -> bool:
        return bool(self._words or self._keyed)

    def is_in(self, text: str) -> bool:
        """Whether a text holds one of the values.

        Spacing, case, accents and punctuation do not hide a value; other words around it do not
        either, nor the common short forms of words in it, nor one slip in a long word.
        """
        return bool(self._words and self._is_readable_in(text)) or self._is_keyed_in(text)

    def _is_readable_in(self, text: str) -> bool:
        folded = mend(fold(text), self._long)
        padded = f" {folded} "
        if any(words in padded for words in self._words):
            return True
        if any(word in padded and pattern.search(padded) for word, pattern in self._patterns):
            return True
        if not self._closed:
            return False
        joined = folded.replace(" ", "")
        return any(closed in joined for closed in self._closed)

    def _is_keyed_in(self, text: str) -> bool:
        if not self._keyed:
            return False
        found = candidates(text)
        return any(stamp(value) in tokens for stamp, tokens in self._keyed for value in found)


def is_hidden(document: Mapping[str, Any]) -> bool:
    """Whether the perpetrator is not known to know where the victim lives; unsure counts."""
    return document["victim"]["address_classification"] not in _KNOWN


def must_be_sealed(victim: Mapping[str, Any]) -> bool:
    """Whether the address has to come sealed: it is of a hidden kind and not given otherwise."""
    return victim["address_classification"] in _SEALED and "address" not in victim


def values_of(
    parts: Mapping[str, Any], protected: Mapping[str, Iterable[str]]
) -> dict[str, list[str]]:
    """The protected values of a document, folded, by section.

    `parts` are its projections by section, `protected` the protected paths of each section.
    """
    found: dict[str, list[str]] = {}
    for section, paths in protected.items():
        folded = {
            plain
            for path in paths
            for value in _at(parts.get(section), path.split("."))
            if len(plain := fold(value)) >= _SHORTEST and not _is_general(plain.split(" "))
        }
        if folded:
            found[section] = sorted(folded)
    return found


def hold_back(content: Any, sought: Sought) -> tuple[Any, tuple[str, ...]]:
    """The content with every paragraph that holds a value replaced, and where they were.

    A place is a pointer to the text, with "#" and the number of the paragraph where only that one
    is held. A value that runs over the end of a paragraph holds the whole text.
    """
    places: list[str] = []
    return (_held(content, sought, "", places), tuple(places)) if sought else (content, ())


def cut(content: Any, places: Iterable[str], word: str = HELD) -> tuple[Any, int]:
    """The content with `word` in place of each text or paragraph named, and how many there were.

    A place is as `hold_back` gives it; one that is not there is passed over.
    """
    count = 0
    for place in places:
        pointer, _, paragraph = place.partition("#")
        content, is_cut = _cut(content, pointer.split("/")[1:], int(paragraph or 0), word)
        count += is_cut
    return content, count


def unless_held(values: Mapping[str, Sequence[str]], has: Container[str]) -> list[str]:
    """The values of the sections that a reader does not have in full itself."""
    return [each for section, listed in values.items() if section not in has for each in listed]


# --- within -----------------------------------------------------------------------------------


def _held(content: Any, sought: Sought, pointer: str, places: list[str]) -> Any:
    if isinstance(content, str):
        return _held_text(content, sought, pointer, places)
    if isinstance(content, Protected):
        kept = _held(content.reveal(), sought, pointer, places)
        return content if kept == content.reveal() else kept
    if isinstance(content, Mapping):
        return {
            name: _held(value, sought, f"{pointer}/{name}", places)
            for name, value in content.items()
        }
    if isinstance(content, list):
        return [
            _held(value, sought, f"{pointer}/{place}", places)
            for place, value in enumerate(content)
        ]
    return content


def _cut(content: Any, steps: list[str], paragraph: int, word: str) -> tuple[Any, bool]:
    if not steps:
        return _cut_text(content, paragraph, word)
    name, rest = steps[0], steps[1:]
    if isinstance(content, Mapping) and name in content:
        inner, is_cut = _cut(content[name], rest, paragraph, word)
        return ({**content, name: inner}, True) if is_cut else (content, False)
    if isinstance(content, list) and name.isdecimal() and int(name) < len(content):
        inner, is_cut = _cut(content[int(name)], rest, paragraph, word)
        whole = [inner if i == int(name) else each for i, each in enumerate(content)]
        return (whole, True) if is_cut else (content, False)
    return content, False


def _cut_text(text: Any, paragraph: int, word: str) -> tuple[Any, bool]:
    plain = text.reveal() if isinstance(text, Protected) else text
    if not isinstance(plain, str):
        return text, False
    paragraphs = plain.split("\n")
    if not paragraph:
        return word, True
    if paragraph > len(paragraphs):
        return text, False
    paragraphs[paragraph - 1] = word
    return "\n".join(paragraphs), True


def _held_text(text: str, sought: Sought, pointer: str, places: list[str]) -> str:
    if not sought.is_in(text):
        return text
    paragraphs = text.split("\n")
    held = [index for index, each in enumerate(paragraphs) if sought.is_in(each)]
    kept = "\n".join(HELD if i in held else each for i, each in enumerate(paragraphs))
    if len(paragraphs) == 1 or not held or sought.is_in(kept):
        places.append(pointer)
        return HELD
    places += [f"{pointer}#{index + 1}" for index in held]
    return kept


def _is_general(words: list[str]) -> bool:
    """Whether a value is made of words that tell no one place from another."""
    is_surgery = words[-1] in _SAME_KIND[1]
    return _GENERAL.issuperset(words) and not (is_surgery and _OF_SCHOOLS.intersection(words))


def _closed(value: str) -> list[str]:
    """A long value with its spaces gone; of a telephone number what every spelling shares."""
    closed = value.replace(" ", "")
    if closed.isdigit() and (found := number(closed)) is not None:
        return [found]
    return [closed] if len(closed) >= _LONG or _POSTCODE.fullmatch(value) else []


def _pattern(value: str) -> tuple[str, re.Pattern[str]] | None:
    """Other ways to write a value of several words, and a word that all of them have."""
    words = value.split(" ")
    kinds = next((same for same in _SAME_KIND if words[-1] in same), None)
    name = _QUALIFIED.sub("", " " + " ".join(words[:-1])).split() if kinds else words
    if not name or not (kinds or any(word in _ALIKE for word in name)):
        return None
    written = " ".join(_either(_ALIKE.get(word, (word,))) for word in name)
    if kinds:
        written += f"(?: (?:{_QUALIFIERS}))* {_either(kinds)}"
    fixed = [word for word in name if word not in _ALIKE]
    return max(fixed, key=len, default=" "), re.compile(f" {written} ")


def _either(words: Iterable[str]) -> str:
    return f"(?:{'|'.join(sorted(words))})"


def _at(value: Any, steps: list[str]) -> list[str]:
    """Every text at a path such as children[].school.name."""
    if value is None:
        return []
    if not steps:
        return [value] if isinstance(value, str) else []
    name, rest = steps[0], steps[1:]
    if not isinstance(value, Mapping):
        return []
    if name.endswith("[]"):
        items = value.get(name[:-2])
        return [t for item in items for t in _at(item, rest)] if isinstance(items, list) else []
    return _at(value.get(name), rest)
