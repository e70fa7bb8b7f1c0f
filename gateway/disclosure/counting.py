"""Owns counting what is sealed: codes of people, never a name, as yes or no for each case.

Statistics opens no section to anybody. The gateway looks itself, each look stands in the log, and
what it found leaves this module as a few booleans.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from gateway.disclosure.boxes import open_case_keys, open_named
from gateway.ledger import Act, Work
from gateway.rules.clocks import add_months
from gateway.rules.completeness import SHORT
from gateway.schemas.codes import Purpose

_SECTIONS = (
    *("victim_identity", "incidents"),
    *("background", "orientation", "health", "perpetrators"),
)
_MAJORITY = frozenset({"WHITE_BRITISH", "WHITE_IRISH", "WHITE_OTHER"})
_YOUNG = 18 * 12  # months: up to 17 years old


@dataclass(frozen=True, slots=True)
class Traits:
    """What the national return asks of the people of a case; what is not known is not counted."""

    is_minority: bool = False  # Black, Asian or otherwise racially minoritised
    is_lgbt: bool = False
    is_disabled: bool = False
    is_male: bool = False
    has_young_perpetrator: bool = False  # 17 or younger
    has_birth: bool = False  # her date of birth is known
    has_rationale: bool = False  # in as many words as triage asks for
    has_wishes: bool = False  # what she wishes was written down


def count_traits(work: Work, case_ids: Sequence[str], *, on: date) -> dict[str, Traits]:
    """The traits of each case, for a sum of many; recorded case by case before anything is opened.

    The caller decided that all these cases are its own to count.
    """
    if not case_ids:
        return {}
    acts = [Act("case.counted", each, "statistics", purpose=Purpose.P11) for each in case_ids]
    work.record_all(acts)
    keys = open_case_keys(work, case_ids)
    contents: dict[str, dict[str, list[Any]]] = {case_id: {} for case_id in keys}
    for row, content in open_named(work, keys, _SECTIONS):
        contents[row.case_id].setdefault(row.name, []).append(content)
    return {case_id: _traits(found, on) for case_id, found in contents.items()}


def _traits(found: Mapping[str, Sequence[Any]], on: date) -> Traits:
    sex = _codes(found.get("victim_identity", ()), "sex")
    group = _codes(found.get("background", ()), "ethnicity")
    loves = _codes(found.get("orientation", ()), "sexual_orientation")
    lives = _codes(found.get("orientation", ()), "gender_identity")
    health = _codes(found.get("health", ()), "disability")
    return Traits(
        is_minority=any(each and each not in _MAJORITY for each in group),
        is_lgbt=any(each not in ("", "HETEROSEXUAL") for each in loves)
        or any(each not in ("", "SAME_AS_SEX_AT_BIRTH") for each in lives),
        is_disabled="YES" in health,
        is_male="MALE" in sex,
        has_young_perpetrator=any(
            _is_young(person, on)
            for content in found.get("perpetrators", ())
            for person in content.get("perpetrators", ())
        ),
        has_birth=any(_codes(found.get("victim_identity", ()), "dob")),
        has_rationale=any(map(_says_why, found.get("incidents", ()))),
        has_wishes=any(each.strip() for each in _codes(found.get("incidents", ()), "wishes")),
    )


def _says_why(content: Mapping[str, Any]) -> bool:
    return len(_code(content.get("referral", {}).get("rationale")).split()) >= SHORT


def _codes(contents: Sequence[Any], name: str) -> list[str]:
    """What was answered of the victim, each contribution's own."""
    return [_code(content.get("victim", {}).get(name)) for content in contents]


def _code(field: Any) -> str:
    """The code inside its wrapping; "" for what is absent or is no code."""
    while isinstance(field, Mapping):
        field = field.get("value", field.get("answer", ""))
    return field if isinstance(field, str) else ""


def _is_young(person: Mapping[str, Any], on: date) -> bool:
    born = person.get("dob")
    if not isinstance(born, str):
        return False
    try:
        return add_months(date.fromisoformat(born), _YOUNG) > on
    except ValueError:
        return False
