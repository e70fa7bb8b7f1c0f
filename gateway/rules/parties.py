"""Owns who the people around a case are, as far as staff must not be among them or close to them.

The victim, the perpetrators, the children, the household and whoever the referrer named as close to
a partner: relations in the document, and with them the perpetrator's associates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from gateway.schemas.codes import DatePrecision

Document = Mapping[str, Any]
ABOUT = 2  # years by which an estimated year of birth may be wrong


@dataclass(frozen=True, slots=True)
class Person:
    """What a document says of one person. `dobs` are whole days, `years` the rest."""

    names: tuple[str, ...] = ()
    dobs: tuple[date, ...] = ()
    years: frozenset[int] = frozenset()
    addresses: tuple[tuple[str, str, str], ...] = ()  # (UPRN, postcode, lines)
    phones: tuple[str, ...] = ()
    employers: tuple[str, ...] = ()


def people_of(document: Document) -> tuple[Person, ...]:
    """Return everybody of a loaded referral (form referral/1)."""
    return tuple(_people(document))


def declared(document: Document) -> tuple[Person, ...]:
    """Return a worker and everybody it is close to, of a loaded declaration (form interests/1)."""
    employers = tuple(document.get("employers", ()))
    return (*(person(row) for row in document["people"]), Person(employers=employers))


def employers_of(document: Document) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the employers of the victim, and those of the perpetrators."""
    perpetrators = tuple(
        employer for row in document["perpetrators"] for employer in _texts(row.get("employer"))
    )
    return _texts(document["victim"].get("employer")), perpetrators


def _people(document: Document) -> Iterator[Person]:
    yield person(document["victim"])
    yield from (person(row) for row in document["perpetrators"])
    children = document.get("children", ())
    yield from (person(row) for row in children if isinstance(children, list | tuple))
    household = document.get("household", {})
    for group in ("others", "vulnerable_adults"):
        yield from (person(row) for row in household.get(group, ()))
    yield from (person(row) for row in document["conflict_check"].get("people", ()))


def person(row: Mapping[str, Any]) -> Person:
    """Return what one part of a form says of a person, whatever part it is."""
    dobs, years = _born(row)
    return Person(
        names=tuple(
            name
            for member in (
                "given_names",
                "family_name",
                "name",
                "aliases",
                "former_names",
                "spelling_variants",
            )
            for name in _texts(row.get(member))
        ),
        dobs=dobs,
        years=years,
        addresses=tuple(_addresses(row)),
        phones=_texts(row.get("phones")) + _texts(row.get("phone")),
        employers=_texts(row.get("employer")),
    )


def _born(row: Mapping[str, Any]) -> tuple[tuple[date, ...], frozenset[int]]:
    """Whole days of birth, and the years that may be meant where less is known."""
    dob = _value(row.get("dob"))
    extra = tuple(day for day in row.get("extra_dobs", ()) if isinstance(day, date))
    if not isinstance(dob, date):
        return extra, frozenset()
    match row.get("dob_precision", DatePrecision.DAY):
        case DatePrecision.DAY:
            return (dob, *extra), frozenset()
        case DatePrecision.ESTIMATED:
            return extra, frozenset(range(dob.year - ABOUT, dob.year + ABOUT + 1))
        case _:
            return extra, frozenset({dob.year})


def _addresses(row: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    listed = [_value(row.get("address")), *row.get("previous_addresses", ())]
    for each in [*listed, *row.get("addresses", ())]:
        if isinstance(each, Mapping):
            lines = " ".join(each.get("lines", ()))
            postcode = _value(each.get("postcode"))
            yield each.get("uprn", ""), postcode if isinstance(postcode, str) else "", lines


def _texts(given: object) -> tuple[str, ...]:
    given = _value(given)
    items = given if isinstance(given, list | tuple) else (given,)
    return tuple(text for text in items if isinstance(text, str))


def _value(given: object) -> object:
    """Take the value of a mandatory-or-reason field, which travels as {value, absence}."""
    return given.get("value") if isinstance(given, Mapping) and "lines" not in given else given
