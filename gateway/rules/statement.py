"""Owns telling a survivor, in plain words, who looked at what is kept about her, and why.

Her adviser hands it to her, and somebody may find it. So it names no agency, no worker, no case and
no place, and says nothing that was read about somebody else, or by those who work with him. What it
leaves out it always says it may have left out, so that its words are no sign.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from gateway.schemas.codes import AgencyKind, Category, Outcome, Purpose

# Kinds whose part in the case would tell of him, of an order against him, or where she is.
_UNTOLD = frozenset(
    {AgencyKind.PROBATION, AgencyKind.PERP_PROGRAMME, AgencyKind.AUDITOR, AgencyKind.OTHER}
)
_WHO: Mapping[AgencyKind, str] = {
    AgencyKind.COORDINATOR: "The people who arrange the meeting about your safety",
    AgencyKind.IDVA: "A domestic abuse adviser's service",
    AgencyKind.REFUGE: "A domestic abuse adviser's service",  # that it is a refuge tells where
    AgencyKind.POLICE: "The police",
    AgencyKind.CSC: "Children's services",
    AgencyKind.ASC: "Adult social care",
    AgencyKind.ACUTE: "A hospital",
    AgencyKind.PRIMARY_CARE: "A doctor's surgery or health visitor",
    AgencyKind.MENTAL_HEALTH: "A mental health service",
    AgencyKind.SUBSTANCE_USE: "A drug and alcohol service",
    AgencyKind.EDUCATION: "A school or college",
    AgencyKind.LANDLORD: "A landlord",
    AgencyKind.LA_HOUSING: "The council's housing service",
}
# What is hers to know of: nothing that is about him, who told, or the work of others.
_WHAT: Mapping[Category, str] = {
    Category.D01: "who you are",
    Category.D02: "your address",
    Category.D03: "where you can be found safely",
    Category.D04: "how to reach you safely",
    Category.D06: "your children",
    Category.D07: "what happened to you",
    Category.D08: "how much danger you are in",
    Category.D09: "your answers about the danger",
    Category.D10: "your health and injuries",
    Category.D11: "how you are feeling",
    Category.D12: "alcohol or drugs",
    Category.D13: "sexual violence",
    Category.D14: "your sexual orientation or gender",
    Category.D15: "your language, background or immigration",
    Category.D16: "what you were accused of",
    Category.D19: "your home and tenancy",
    Category.D20: "your money",
    Category.D21: "your work",
}
_WHY: Mapping[Purpose, str] = {
    Purpose.P1: "to see how much danger you are in",
    Purpose.P2: "to plan for your safety",
    Purpose.P3: "to keep children safe",
    Purpose.P4: "to keep an adult who needs care safe",
    Purpose.P6: "to keep their staff safe",
    Purpose.P7: "to make a home safe",
    Purpose.P8: "to gather evidence for the court",
    Purpose.P9: "to work together",
}
_BASIS: Mapping[bool, str] = {
    True: "You had agreed.",
    False: "The law lets them do this without agreement where it protects somebody from harm.",
}
BEGINS = "Who has looked at what is kept about you"
ENDS = (
    "Others whose work is to keep people safe may have looked, too, and this does not list them.",
    "Ask your adviser about anything here. You can ask for a mistake to be put right, and you may"
    " complain. Keep this where nobody finds it, or leave it with your adviser.",
)
NOBODY = "Nobody that this can list."


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading: by what kind of agency, on which day, of which categories, for what."""

    kind: AgencyKind
    on: date
    categories: frozenset[Category]
    purpose: Purpose
    outcome: Outcome  # of the consent decision that it rested on


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a statement, each part in plain words."""

    on: date
    who: str
    what: tuple[str, ...]
    why: str
    basis: str


def lines(readings: Iterable[Reading]) -> tuple[Line, ...]:
    """The lines of a statement by day; the same words on the same day come once."""
    found: dict[tuple[date, str, str, str], set[str]] = {}
    for each in readings:
        what = {_WHAT[category] for category in each.categories if category in _WHAT}
        if each.kind in _UNTOLD or each.purpose not in _WHY or not what:
            continue
        agreed = each.outcome in (Outcome.ALLOW, Outcome.ALLOW_SUPPORT)
        place = (each.on, _WHO[each.kind], _WHY[each.purpose], _BASIS[agreed])
        found.setdefault(place, set()).update(what)
    return tuple(
        Line(on, who, tuple(sorted(what)), why, basis)
        for (on, who, why, basis), what in sorted(found.items())
    )


def text(told: Iterable[Line]) -> str:
    """The statement to hand over."""
    written = [
        f"{line.on.day} {line.on:%B %Y}: {line.who} looked at {_listed(line.what)}, {line.why}."
        f" {line.basis}"
        for line in told
    ]
    return "\n\n".join([BEGINS, *(written or [NOBODY]), *ENDS]) + "\n"


def _listed(words: tuple[str, ...]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
