"""Owns the markers of an agenda line: what is marked, and the section that the mark belongs to.

A marker is a code. It is shown to a reader only where that reader has its section in full.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gateway.rules.criteria import has_stalking, is_honour_based, value_of
from gateway.rules.facts import RiskGrade
from gateway.rules.leaks import is_hidden
from gateway.schemas.codes import AddressClass, CscStatus

SECTION_OF: Mapping[str, str] = {
    "HONOUR_BASED": "referral",
    "STALKING": "incidents",
    "STRANGULATION": "incidents",
    "WEAPON": "incidents",
    "PREGNANT": "health",
    "UNBORN_CHILD": "children",
    "CHILD_PROTECTION": "children",
    "INTERPRETER": "language",
    "MAPPA": "perpetrator_history",
    "CUSTODY": "orders",
    "EVENT_NEAR": "orders",
    "REFUGE": "address_class",
    "ADDRESS_HIDDEN": "address_class",
    "CARE_NEEDS": "health",
}


def markers_of(document: Mapping[str, Any], grades: Iterable[RiskGrade]) -> frozenset[str]:
    """Return the markers of a referral. What is not known gives none, and hides none elsewhere."""
    victim = document["victim"]
    graded = tuple(grades)
    shown = {
        "HONOUR_BASED": is_honour_based(document, graded),
        "STALKING": has_stalking(document, graded),
        "PREGNANT": _is_yes(victim.get("pregnant")),
        "CARE_NEEDS": _is_yes(victim.get("care_support_needs")),
        "INTERPRETER": value_of(victim.get("interpreter_required")) is True,
        "REFUGE": victim["address_classification"] == AddressClass.REFUGE,
        "ADDRESS_HIDDEN": is_hidden(document),
    }
    found = {code for code, is_shown in shown.items() if is_shown}
    return frozenset(found | _of_incidents(document) | _of_people(document))


def count_children(document: Mapping[str, Any]) -> int:
    """Return how many children a referral names, the unborn included."""
    children = document["children"]
    return len(children) if isinstance(children, list) else 0


def _of_incidents(document: Mapping[str, Any]) -> set[str]:
    found = set()
    for incident in document["incidents"]:
        if incident.get("strangulation") == "YES" or "STRANGULATION" in incident["kinds"]:
            found.add("STRANGULATION")
        if incident.get("weapon") or "WEAPON" in incident["kinds"]:
            found.add("WEAPON")
    return found


def _of_people(document: Mapping[str, Any]) -> set[str]:
    found = set()
    for perpetrator in document["perpetrators"]:
        custody = perpetrator.get("custody", {})
        found |= {"MAPPA"} if perpetrator.get("mappa") else set()
        found |= {"CUSTODY"} if custody.get("status") in ("REMANDED", "SENTENCED") else set()
        found |= {"EVENT_NEAR"} if custody.get("release_on") or custody.get("court_on") else set()
    children = document["children"]
    for child in children if isinstance(children, list) else ():
        found |= {"UNBORN_CHILD"} if child.get("unborn") else set()
        found |= {"CHILD_PROTECTION"} if child["csc_status"] == CscStatus.CP else set()
    return found


def _is_yes(field: Mapping[str, Any] | None) -> bool:
    value = value_of(field)
    return bool(value and value["answer"])
