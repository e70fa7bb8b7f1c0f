"""Owns what the codes of an agenda are called on paper, in our own words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import NamedTuple

REMINDER = (
    "Confidential. Shared to lower the risk to the people discussed, and for nothing else. Do not "
    "copy it or pass it on outside your agency unless the agency that gave the information agrees "
    "or the law requires it. Never let it reach a person who may be causing harm. Declare any "
    "interest you have in a case before it is called."
)

BEFORE = (
    ("Apologies and attendance", ()),
    ("Confidentiality declaration", ()),
    ("Conflicts of interest", ()),
    (
        "Outstanding actions from the last meeting",
        ("Not possible, because circumstances changed", "Not done"),
    ),
    ("Review list", ()),
)
CASES = len(BEFORE) + 1  # the number of the item that the cases are
AFTER = ("Flags to remove after 12 months", "Any other business")

AGENCIES: Mapping[str, str] = {
    "COORDINATOR": "Coordinator",
    "IDVA": "IDVA service",
    "POLICE": "Police",
    "PROBATION": "Probation",
    "CSC": "Children's social care",
    "ASC": "Adult social care",
    "ACUTE": "Hospital",
    "PRIMARY_CARE": "Primary care",
    "MENTAL_HEALTH": "Mental health service",
    "SUBSTANCE_USE": "Substance use service",
    "EDUCATION": "Education",
    "LANDLORD": "Landlord",
    "LA_HOUSING": "Council housing",
    "PERP_PROGRAMME": "Perpetrator programme",
    "REFUGE": "Refuge or specialist service",
    "AUDITOR": "Auditor",
    "OTHER": "Other agency",
}

LISTINGS: Mapping[str, str] = {
    "NEW": "New case",
    "REPEAT": "Repeat",
    "TRANSFER_IN": "Transferred in",
    "EMERGENCY": "Emergency meeting to ratify",
}

PLACES: Mapping[str, str] = {
    "emergency": "An emergency meeting is to be ratified",
    "event-within-7-days": "A release, court or other date lies within 7 days",
    "repeat-with-open-actions": "A repeat with open actions",
    "honour-based-or-stalking": "Honour-based abuse or stalking",
    "level-critical-oldest": "By level, critical answers and age of the referral",
    "restricted-staff": "About a partner agency's staff: the room is cleared",
}

CRITERIA: Mapping[str, str] = {
    "VISIBLE_HIGH_RISK": "Visible high risk",
    "PROFESSIONAL_JUDGEMENT": "Professional judgement",
    "POTENTIAL_ESCALATION": "Potential escalation",
    "MARAC_REPEAT": "Abuse again within the repeat period",
    "HONOUR_BASED": "Honour-based abuse",
    "TRANSFER_IN": "Moved in, heard elsewhere",
}

ADVISERS: Mapping[str, str] = {
    "ACCEPTED": "Has taken the case on",
    "DECLINED": "Has declined the case",
    "WAITING": "Has not answered yet",
}


class Sign(NamedTuple):
    """A sign and its words; the sign repeats what the words say and never stands alone."""

    icon: str
    text: str


LEVELS: Mapping[str, Sign] = {
    "HIGH": Sign("▮▮▮", "High"),
    "MEDIUM": Sign("▮▮▯", "Medium"),
    "STANDARD": Sign("▮▯▯", "Standard"),
    "UNASSESSED": Sign("▯▯▯", "Not assessed"),
}

# Triangle: danger. Circle: a child. Diamond: courts and prisons. Square: what the victim needs.
MARKERS: Mapping[str, Sign] = {
    "STRANGULATION": Sign("▲", "Strangulation"),
    "WEAPON": Sign("▲", "Weapon"),
    "STALKING": Sign("▲", "Stalking"),
    "HONOUR_BASED": Sign("▲", "Honour-based abuse"),
    "PREGNANT": Sign("●", "Pregnant"),
    "UNBORN_CHILD": Sign("●", "Unborn child"),
    "CHILD_PROTECTION": Sign("●", "Child protection plan"),
    "MAPPA": Sign("◆", "MAPPA"),
    "CUSTODY": Sign("◆", "In custody"),
    "EVENT_NEAR": Sign("◆", "Release or court date"),
    "INTERPRETER": Sign("■", "Interpreter needed"),
    "CARE_NEEDS": Sign("■", "Care and support needs"),
    "REFUGE": Sign("■", "In refuge"),
    "ADDRESS_HIDDEN": Sign("■", "Address is secret"),
}


_RANK = {code: rank for rank, code in enumerate(MARKERS)}


def level(code: str) -> Sign:
    """Return a level's sign."""
    return LEVELS.get(code) or Sign("", _spoken(code))


def markers(codes: Iterable[str]) -> list[Sign]:
    """Return the signs of markers, danger first; one without words is shown by its code."""
    ranked = sorted(codes, key=lambda code: (_RANK.get(code, -1), code))
    return [MARKERS.get(code) or Sign("▲", _spoken(code)) for code in ranked]


def word(words: Mapping[str, str], code: str) -> str:
    """Return what a code is called; one that has no words yet is shown by its code."""
    return words.get(code, _spoken(code))


def score(written: str) -> str:
    """Return a score as people say it: "DASH_RIC 16/24" is "DASH RIC 16 of 24"."""
    return written.replace("_", " ").replace("/", " of ")


def day(on: date) -> str:
    """Return a day in words, with its weekday."""
    return f"{on:%A} {on.day} {on:%B %Y}"


def short_day(on: date) -> str:
    """Return a day in few words, for a table."""
    return f"{on:%a} {on.day} {on:%b %Y}"


def span(begins: datetime, ends: datetime) -> str:
    """Return from when to when, on one day."""
    return f"{begins:%H:%M} to {ends:%H:%M}"


def _spoken(code: str) -> str:
    return code.replace("_", " ").replace("-", " ").capitalize()
