"""Owns the keyed values by which staff and the people of a case are compared without reading.

They have keys of their own, so that none compares with the index of people. A partner's worker and
somebody in a case share a value if they may be the same person, live at one address, answer one
telephone or work for one employer. What is not known protects: a name without a date of birth
meets every date of birth. Whatever travels sealed (a protected address, a safe telephone) cannot be
compared, for the gateway does not read it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import combinations

from gateway.rules.parties import Person
from gateway.sealing.index import dob_key, fold, name_codes, phone_key, token

_CODES = 12  # name parts of one person; more would be a list of people
_FILLING = frozenset({"the", "and", "of", "ltd", "limited", "plc", "llp"})


def tokens_of_staff(index_master: bytes, people: Iterable[Person]) -> frozenset[bytes]:
    """Return the tokens of a worker and of those it is close to."""
    values = {value for person in people for value in _values(person, is_staff=True)}
    return _tokens(index_master, values)


def tokens_of_case(index_master: bytes, people: Iterable[Person]) -> frozenset[bytes]:
    """Return the tokens of everybody in a case."""
    values = {value for person in people for value in _values(person, is_staff=False)}
    return _tokens(index_master, values)


def words(name: str) -> frozenset[str]:
    """Return the words of an organisation's name that tell it from others."""
    return frozenset(filter(None, map(fold, re.split(r"[\W_]+", name)))) - _FILLING


def is_called(employer: frozenset[str], agency: str) -> bool:
    """Whether an employer, in words, may be this agency: all words of one in the other.

    One word alone says too little of an organisation.
    """
    other = _words_of_agency(agency)
    return min(len(employer), len(other)) > 1 and (employer <= other or other <= employer)


@lru_cache(maxsize=1024)
def _words_of_agency(name: str) -> frozenset[str]:
    """The same of a partner, whose name is no secret and is compared with every referral."""
    return words(name)


def _tokens(index_master: bytes, values: Iterable[tuple[str, str]]) -> frozenset[bytes]:
    return frozenset(token(index_master, f"tie-{kind}", value) for kind, value in values)


def _values(person: Person, *, is_staff: bool) -> Iterator[tuple[str, str]]:
    codes = sorted(name_codes(person.names))[:_CODES]
    days = [day for day in map(dob_key, person.dobs) if day]
    years = {day.year for day in person.dobs} | person.years
    pairs = ["|".join(pair) for pair in combinations(codes, 2)]
    for day in days:
        yield from (("nd", f"{code}|{day}") for code in codes)
    whole, born = bool(person.dobs), bool(years)
    for pair in pairs:
        for year in years:
            # Where both sides know the whole day it is compared as such, and the year is not.
            for mark in _marks(has_more=whole, is_staff=is_staff):
                yield "ny", f"{pair}|{year}|{mark}"
        for mark in _marks(has_more=born, is_staff=is_staff):
            yield "na", f"{pair}|{mark}"
    yield from (("ph", phone) for phone in map(phone_key, person.phones) if phone)
    yield from (("ad", place) for each in person.addresses for place in _places(*each))
    for employer in person.employers:
        if named := words(employer):
            yield "em", " ".join(sorted(named))


def _marks(*, has_more: bool, is_staff: bool) -> tuple[str, ...]:
    """Marks of which two sides share one unless both know more, and compare that instead.

    The case's side says what it has; the staff's side says which of it to compare with.
    """
    if is_staff:
        return ("less",) if has_more else ("less", "more")
    return ("more",) if has_more else ("less",)


def _places(uprn: str, postcode: str, lines: str) -> Iterator[str]:
    if uprn:
        yield f"uprn|{uprn}"
    code = fold(postcode)
    numbers = " ".join(re.findall(r"\d+[a-z]?", lines.casefold()))
    if code and (numbers or fold(lines)):
        yield f"{code}|{numbers or fold(lines)}"
