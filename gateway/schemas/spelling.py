"""Owns how what tells a place or reaches somebody is spelled before it is compared.

The same at the client, which makes tokens of what it seals, and at the gateway, which compares
what it finds in a text: each value has a kind and one spelling (`Value`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Value = tuple[str, str]
"""(kind, one spelling): POSTCODE, NUMBER, EMAIL, HOUSE or NAME."""

POSTCODE, NUMBER, EMAIL, HOUSE, NAME = "postcode", "number", "email", "house", "name"
SHORTEST_NUMBER = 9  # digits of a telephone number without its prefix
STREET_WORDS = 3  # after a house number
NAME_WORDS = 4  # of a run of capitalised words
LONG_WORD = 6  # letters from which one capitalised word is a candidate by itself

_APART = re.compile(r"[\W_]+")
_DROPPED = str.maketrans("", "", "'’`.")
# Letters, digits and spaces alone, at the speed of a table; for text without accents.
_ASCII = str.maketrans(
    {
        code: "" if chr(code) in "'`." else chr(code).lower() if chr(code).isalnum() else " "
        for code in range(128)
    }
)
SAME_WORDS: Mapping[str, str] = {
    "road": "rd",
    "street": "st",
    "saint": "st",
    "avenue": "ave",
    "av": "ave",
    "close": "cl",
    "lane": "ln",
    "drive": "dr",
    "court": "ct",
    "crescent": "cres",
    "gardens": "gdns",
    "grove": "gr",
    "place": "pl",
    "terrace": "ter",
    "square": "sq",
    "mount": "mt",
    "yard": "yd",
    "house": "hse",
    "cottage": "cott",
    "buildings": "bldgs",
    "parade": "pde",
}
# Streets of which every town has one: without a number they tell no place.
_EVERYWHERE = frozenset(
    {
        *("high st", "main st", "church st", "station rd", "church rd", "park rd", "london rd"),
        *("victoria rd", "new rd", "queens rd", "kings rd", "church ln", "green ln", "mill ln"),
        *("school ln", "park ave", "the green", "the cl"),
    }
)
# What an organisation's name may be said without.
_SAID_WITHOUT = frozenset(
    ["refuge", "project", "trust", "service", "services", "centre", "ltd", "charity", "team"]
)
# What a house's name ends in: by it one is found in small letters too, joined or apart.
_HOUSES = (
    *("house", "cottage", "lodge", "hall", "court", "villa", "manor"),
    *("grange", "farm", "mansions", "refuge", "hostel", "lodgings"),
)
# Before such a word they make no name of it, and texts are full of them.
_NO_NAME = frozenset(
    {
        *("a", "an", "the", "this", "that", "my", "your", "his", "her", "its", "our", "their"),
        *("no", "in", "at", "to", "of", "on", "by", "from", "and", "or", "for", "with"),
    }
)
_BEFORE = 60  # characters in which the words before stand
_LAST_WORDS = re.compile(r"[.,;:!?()\n]")
_JOINING = "of|the|and|for|in|on|at"
_POSTCODE = re.compile(r"\b[A-Za-z]{1,2}\d[A-Za-z\d]?[ \t\-]{0,2}\d[A-Za-z]{2}\b")
_DIGITS = re.compile(r"[+(\d][+\d\s().\-/]{8,}")  # in which alone a number can be: found fast
_NUMBER = re.compile(
    r"(?<!\d)(?:(?:\+|00)\d{1,3}[\s().\-]{0,3}(?:\(0\))?|\(?0|(?=[1-9]))"
    r"(?:[\s().\-/]{0,2}\d){9,12}(?!\d)"
)
_EMAIL = re.compile(r"(?<![\w.+\-'])[\w.+\-']+@[\w\-]+(?:\.[\w\-]+)+")
_HOUSE = re.compile(r"\b(\d{1,4}[A-Za-z]?),?((?:[ \t]{1,3}[^\W\d_][\w'’]*\.?){1,3})")
_RUN = re.compile(
    rf"\b[A-Z0-9][\w'’]*\.?(?:[ \t\-]{{1,3}}(?:(?:{_JOINING})[ \t]{{1,3}}){{0,2}}[A-Z][\w'’]*\.?)*"
)
_NO_PLACE = re.compile(r"(flat|room|unit|apartment|apt|floor|block|house|number|no) ?\w{0,3}")


def fold(text: str) -> str:
    """Letters and digits of any script in lower case without accents, words apart by one space."""
    if text.isascii():
        return " ".join(text.translate(_ASCII).split())
    # Folded again after taking apart: a sign such as the numero becomes letters of its own.
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    kept = "".join(c for c in plain.translate(_DROPPED) if not unicodedata.combining(c))
    return _APART.sub(" ", kept).strip()


def number(digits: str) -> str | None:
    """A telephone number, or another long one, without its prefix; None if it is too short."""
    closed = "".join(c for c in digits if c.isdigit())
    for prefix in ("0044", "44", "0"):
        if closed.startswith(prefix):
            closed = closed[len(prefix) :].removeprefix("0")
            break
    return closed[-10:] if len(closed) >= SHORTEST_NUMBER else None


def candidates(text: str) -> set[Value]:
    """Whatever in a text has the shape of a value: what a keyed scan makes tokens of."""
    plain = _without_accents(text)
    found = set(_shaped(plain))
    for start, following in set(_HOUSE.findall(plain)):
        house = start.lower()
        for word in _words(following):
            house = f"{house} {word}"
            found.add((HOUSE, house))
    for run in set(_RUN.findall(plain)):
        if len(run) >= LONG_WORD or " " in run:  # most are the first words of sentences
            found.update((NAME, name) for name in _names(_words(run)))
    found.update((NAME, name) for name in _house_names(plain.lower()))
    return found


def address_values(lines: Iterable[str], towns: Iterable[str] = ()) -> set[Value]:
    """What the lines of an address are found by: house and street, or the name of the house.

    A town alone tells no place, and nor does a street that every town has.
    """
    left_out = {*_EVERYWHERE, *(" ".join(_words(town)) for town in towns)}
    found: set[Value] = set()
    for line in lines:
        plain = _without_accents(line)
        houses = [[m[1].lower(), *_words(m[2])] for m in _HOUSE.finditer(plain)]
        found.update((HOUSE, " ".join(each)) for each in houses)
        found.update(_shaped(plain))
        for part in plain.split(",") if not houses else ():
            words = _words(part)
            if _NO_PLACE.fullmatch(" ".join(words)) or " ".join(words) in left_out:
                continue
            found.update(_name_values(words, least=2))
    return found


def organisation_values(name: str) -> set[Value]:
    """What an organisation is found by: its name, and the name without what goes unsaid."""
    words = _words(_without_accents(name))
    found = set(_name_values(words, least=1))
    if len(words) > 2 and words[-1] in _SAID_WITHOUT:
        found.update(_name_values(words[:-1], least=2))
    return found


def contact_values(text: str) -> set[Value]:
    """What a way to reach somebody is found by: its number, e-mail, postcode, house and street."""
    plain = _without_accents(text)
    houses = ((HOUSE, " ".join([m[1].lower(), *_words(m[2])])) for m in _HOUSE.finditer(plain))
    return {*_shaped(plain), *houses}


# --- within -----------------------------------------------------------------------------------


def _shaped(plain: str) -> Iterator[Value]:
    """What its shape alone tells, however it is written."""
    for match in _POSTCODE.finditer(plain):
        yield POSTCODE, "".join(c for c in match[0].lower() if c.isalnum())
    for run in _DIGITS.findall(plain):
        for match in _NUMBER.finditer(run):
            if (found := number(match[0])) is not None:
                yield NUMBER, found
    for match in _EMAIL.finditer(plain) if "@" in plain else ():
        yield EMAIL, match[0].lower().strip(".'-")


def _names(words: list[str]) -> Iterator[str]:
    """Every part of a run of words that may be somebody's name for a place."""
    for start in range(len(words)):
        name = words[start]
        if len(name) >= LONG_WORD:
            yield name
        for word in words[start + 1 : start + NAME_WORDS]:
            name = f"{name} {word}"
            yield name


def _house_names(plain: str) -> Iterator[str]:
    """Names of houses in small letters: up to three words and one that only houses end in.

    Searched for from the end, which is much faster than any pattern that begins with any word.
    """
    for last in _HOUSES:
        at = plain.find(last)
        while at >= 0:
            end = at + len(last)
            if not plain[end : end + 1].isalpha():
                before, short = plain[max(0, at - _BEFORE) : at], SAME_WORDS.get(last, last)
                words = _words(_LAST_WORDS.split(before)[-1])[-STREET_WORDS:]
                if before[-1:].isalpha():  # joined to the word before
                    words = words[-1:]
                if words and words[-1] not in _NO_NAME:
                    named = (n for n, word in enumerate(words) if word not in _NO_NAME)
                    yield from (" ".join([*words[n:], short]) for n in named)
            at = plain.find(last, end)


def _name_values(words: list[str], *, least: int) -> Iterator[Value]:
    if len(words) < least:
        return
    words = words[1:] if words[:1] == ["the"] else words
    if len(words) > 1 or len("".join(words)) >= LONG_WORD:
        yield NAME, " ".join(words[:NAME_WORDS])


def _words(text: str) -> list[str]:
    return [SAME_WORDS.get(word, word) for word in fold(text).split()]


def _without_accents(text: str) -> str:
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFKD", text)
    return "".join(c for c in plain if not unicodedata.combining(c))


def texts(value: Any) -> Iterator[str]:
    """Every text inside plain JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for member in value.values():
            yield from texts(member)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
