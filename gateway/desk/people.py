"""Owns who is in a referral, and how they are related: as a list, and laid out as a picture.

The picture says nothing that the list does not. It is laid out here and drawn by the template.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from gateway.desk.words import plain

Parts = Mapping[str, Mapping[str, Any]]

WIDE, HIGH, GAP, ROW = 204, 62, 24, 128  # of a box, and between boxes, in the picture's own units
MOST = 4  # boxes in a row
_LONGEST = 19  # letters of a name in a box; the list has all of it


@dataclass(frozen=True, slots=True)
class Human:
    """Somebody in a referral. `ref` is how the form itself points to them."""

    ref: str
    kind: str  # victim, harms, child or other
    name: str
    what: str  # "Victim, 37", "Causes harm, 22", "Child, 6"
    tie: str  # what they are to her, in words
    ties: tuple[tuple[str, str], ...] = ()  # to others: ref, words
    notes: tuple[str, ...] = ()  # for the list alone

    @property
    def short(self) -> str:
        """The name as it fits into a box."""
        name = self.name
        return name if len(name) <= _LONGEST else name[: _LONGEST - 1].rstrip() + "…"


@dataclass(frozen=True, slots=True)
class Box:
    """Where somebody stands in the picture: the upper left corner."""

    who: Human
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Line:
    """A tie between two boxes, and where its words stand, if it has any."""

    x1: int
    y1: int
    x2: int
    y2: int
    text: str
    is_harm: bool


@dataclass(slots=True)
class Picture:
    """Boxes and lines on a sheet of so many units."""

    width: int
    height: int
    boxes: list[Box] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)


def humans(parts: Parts, *, on: date) -> list[Human]:
    """Return everybody whom the shown sections name: her first, then who causes harm."""
    return [
        *_victim(parts, on),
        *_harming(parts, on),
        *_children(parts, on),
        *_others(parts, on),
    ]


def picture(people: Sequence[Human]) -> Picture | None:
    """Lay out who causes harm above her, children and others below; None for less than two."""
    if len(people) < 2 or people[0].kind != "victim":
        return None
    above = [each for each in people if each.kind == "harms"]
    below = [each for each in people if each.kind in ("child", "other")]
    rows = [*_rows(above), [people[0]], *_rows(below)]
    width = max(len(row) for row in rows) * (WIDE + GAP) + GAP
    found = Picture(max(width, 3 * (WIDE + GAP)), len(rows) * ROW - (ROW - HIGH) + 2 * GAP)
    for n, row in enumerate(rows):
        left = (found.width - len(row) * (WIDE + GAP) + GAP) // 2
        found.boxes += [
            Box(who, left + k * (WIDE + GAP), GAP + n * ROW) for k, who in enumerate(row)
        ]
    places = {box.who.ref: box for box in found.boxes}
    hers = places[people[0].ref]
    for box in found.boxes:
        if box is not hers:
            found.lines.append(_line(hers, box, box.who.tie, is_harm=box.who.kind == "harms"))
    return found


def in_words(people: Sequence[Human]) -> str:
    """The picture as a sentence for who does not see it."""
    rest = [f"{each.name}, {each.what[:1].lower()}{each.what[1:]}" for each in people[1:]]
    return f"{people[0].name} in the middle, and around her: {'; '.join(rest)}."


def _rows(people: list[Human]) -> list[list[Human]]:
    return [people[n : n + MOST] for n in range(0, len(people), MOST)]


def _line(hers: Box, other: Box, text: str, *, is_harm: bool) -> Line:
    """From edge to edge; a row further away goes through the gap between two boxes."""
    is_above = other.y < hers.y
    x1, x2 = hers.x + WIDE // 2, other.x + WIDE // 2
    y1 = hers.y if is_above else hers.y + HIGH
    y2 = other.y + HIGH if is_above else other.y
    return Line(x1, y1, x2, y2, text, is_harm)


def _victim(parts: Parts, on: date) -> Iterator[Human]:
    victim = parts.get("victim_identity", {}).get("victim")
    if victim is not None:
        notes = [f"Also called {each}" for each in victim.get("aliases", ())]
        yield Human(
            "victim", "victim", _name(victim), _aged("Victim", victim, on), "", (), (*notes,)
        )


def _harming(parts: Parts, on: date) -> Iterator[Human]:
    held = parts.get("orders", {}).get("perpetrators", ())
    for n, each in enumerate(parts.get("perpetrators", {}).get("perpetrators", ())):
        tie = each.get("relationship", {}).get("value", {})
        words = plain(tie["code"]) if "code" in tie else ""
        notes = [f"Also called {alias}" for alias in each.get("aliases", ())]
        if tie.get("separated") == "YES":
            notes.append("They are separated")
        if each.get("living_together") == "YES":
            notes.append("They live together")
        custody = (held[n] if n < len(held) else {}).get("custody", {}).get("status", "NONE")
        notes += [f"Custody: {plain(custody).lower()}"] if custody != "NONE" else []
        yield Human(
            each.get("ref", ""),
            "harms",
            _name(each),
            _aged("Causes harm", each, on),
            words,
            notes=tuple(notes),
        )


def _children(parts: Parts, on: date) -> Iterator[Human]:
    listed = parts.get("children", {}).get("children", ())
    for n, each in enumerate(listed if isinstance(listed, list) else (), 1):
        ties = tuple(
            (tie.get("ref", ""), plain(tie.get("relation", "")))
            for tie in each.get("relation_to_perpetrators", ())
        )
        what = "Unborn child" if each.get("unborn") else _aged("Child", each, on)
        notes = (
            [f"Lives with {plain(each['lives_with']).lower()}"] if each.get("lives_with") else []
        )
        if (care := each.get("csc_status")) is not None:
            notes.append(f"Social care: {plain(care).lower()}")
        name = "Unborn child" if each.get("unborn") and not _named(each) else _name(each)
        tie = (
            "" if each.get("relation_to_victim") == "CHILD" else each.get("relation_to_victim", "")
        )
        yield Human(each.get("ref", f"c{n}"), "child", name, what, plain(tie), ties, tuple(notes))


def _others(parts: Parts, on: date) -> Iterator[Human]:
    household = parts.get("incidents", {}).get("household", {})
    listed = (*household.get("others", ()), *household.get("vulnerable_adults", ()))
    for n, each in enumerate(listed):
        tie = str(each.get("relation", ""))
        yield Human(f"o{n}", "other", _name(each), _aged("In the household", each, on), tie)


def _named(person: Mapping[str, Any]) -> str:
    names = (person.get("given_names", ""), person.get("family_name", ""), person.get("name", ""))
    return " ".join(str(each) for each in names if each)


def _name(person: Mapping[str, Any]) -> str:
    return _named(person) or str(person.get("description") or "Name not known")


def _aged(what: str, person: Mapping[str, Any], on: date) -> str:
    """Such as "Child, 6": years that have passed, where the day of birth is given and can be."""
    dob = person.get("dob", "")
    text = dob.get("value", "") if isinstance(dob, Mapping) else dob
    try:
        born = date.fromisoformat(str(text))
    except ValueError:
        return what
    years = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    return f"{what}, {years}" if 0 <= years < 130 else what
