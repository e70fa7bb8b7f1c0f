"""Owns research: what leaves with a request, and into which classes a return is laid.

What an agency is asked with is names, dates, the addresses that a search needs, and no story. What
it returns is laid into sections of its own, by class of data; what it keeps stays apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.rules import conflict
from gateway.rules.facts import CaseFacts
from gateway.rules.limits import Limits
from gateway.schemas.codes import AgencyKind
from gateway.schemas.research_codes import Extract, Known, Person, Theme

RETURN = "research_return"  # who is known, who comes, how much was kept back
ACTIONS = "research_actions"
KEPT = "research_kept"  # no section: it stays with the return as its agency sent it
SECTION_OF: Mapping[Theme, str] = {
    Theme.INCIDENTS: "research_incidents",
    Theme.CHILDREN: "research_children",
    Theme.PERPETRATOR: "research_history",
    Theme.HEALTH: "research_health",
    Theme.MENTAL_HEALTH: "research_mental_health",
    Theme.SUBSTANCE_USE: "research_substance_use",
    Theme.SEXUAL_VIOLENCE: "research_sexual_violence",
    Theme.VICTIM_OFFENDING: "research_offending",
    Theme.ORDERS: "research_orders",
    Theme.HOUSING: "research_tenancy",
    Theme.FINANCES: "research_finances",
    Theme.EMPLOYMENT: "research_employment",
}
_IDENTITY: Mapping[str, str] = {
    Person.VICTIM: "research_identity",
    Person.PERPETRATOR: "research_perpetrators",
    Person.CHILD: "research_children",
}
ADDRESS = "research_address"
SHARED = (
    RETURN,
    "research_identity",
    ADDRESS,
    "research_perpetrators",
    ACTIONS,
    *SECTION_OF.values(),
)
_TOLD = ("about", "nature", "confidence", "reliability", "on", "item", "ref")
_FIRST = ("staff_safety_warning", "attending", "apologies", "info_if_absent")
_NOTHING = frozenset({Known.NOT_KNOWN, Known.KNOWN_NO_RELEVANT})

Parts = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the research of one case is: agencies by id, in the order of their ids."""

    asked: tuple[str, ...]
    returned: tuple[str, ...]
    missing: tuple[str, ...]
    late: tuple[str, ...]  # came after the day, or is not here and the day has passed


def is_left_out(facts: CaseFacts, agency_id: str, kind: AgencyKind) -> bool:
    """By the victim's condition, by a bar, or because nobody of it may read: no deputy is named."""
    is_walled = conflict.is_shut(facts, agency_id) or facts.ties.is_restricted
    if is_walled and not conflict.has_stand_in(facts, agency_id):
        return True
    limits = Limits(
        kinds=facts.excluded_kinds,
        agencies=facts.excluded_agencies,
        overridden_kinds=facts.overridden_kinds,
        barred_kinds=facts.barred_kinds,
        narrowed=facts.narrowed,
    )
    return limits.leave_out(agency_id, kind)


def progress(
    due: Mapping[str, datetime], returned: Mapping[str, datetime], now: datetime
) -> Progress:
    """Return who of the agencies asked has answered; `due` and `returned` are by agency."""
    asked = tuple(sorted(due))
    late = tuple(each for each in asked if returned.get(each, now) > due[each])
    return Progress(
        asked,
        tuple(each for each in asked if each in returned),
        tuple(each for each in asked if each not in returned),
        late,
    )


def is_nil(form: Mapping[str, Any]) -> bool:
    """Whether an agency knows nobody of the case, or nothing that bears on it."""
    return all(each["known"] in _NOTHING for each in form["people"])


def lay(form: Mapping[str, Any]) -> Parts:
    """Return what the others may come to read of a return, by section; under KEPT what stays.

    `form` is the JSON of a research/1 that was checked. A paragraph is laid where its theme
    belongs, in the words that its agency chose for the others; the words it did not choose stay.
    """
    parts: Parts = {RETURN: _first(form)}
    for each in form["people"]:
        _add_corrections(parts, each)
    kept: list[dict[str, Any]] = []
    for number, each in enumerate(form.get("entries", ()), 1):
        if each["extract"] != Extract.KEPT:
            section = SECTION_OF[Theme(each["theme"])]
            told = parts.setdefault(section, {}).setdefault("entries", [])
            told.append(_told(each, len(told) + 1))  # a gap would tell of other themes
        if each["extract"] != Extract.WHOLE:
            kept.append({"number": number, **each})
    if form.get("proposed_actions"):
        parts[ACTIONS] = {"proposed_actions": [dict(each) for each in form["proposed_actions"]]}
    withheld = [dict(each) for each in form.get("not_shared", ())]
    if kept or withheld:
        parts[KEPT] = {
            **({"entries": kept} if kept else {}),
            **({"not_shared": withheld} if withheld else {}),
        }
    return parts


def withheld(form: Mapping[str, Any]) -> dict[str, int]:
    """Return how many things were kept back, by reason: all that the others learn of them."""
    reasons = [each["reason"] for each in form.get("not_shared", ())]
    reasons += [p["reason"] for p in form.get("entries", ()) if p["extract"] == Extract.KEPT]
    return dict(sorted(Counter(str(each) for each in reasons).items()))


def _first(form: Mapping[str, Any]) -> dict[str, Any]:
    told = ("person", "ref", "known", "details_correct", "involvement")
    found: dict[str, Any] = {
        "people": [{name: each[name] for name in told if name in each} for each in form["people"]]
    }
    found |= {name: form[name] for name in _FIRST if name in form}
    count = withheld(form)
    return found | ({"not_shared": count} if count else {})


def _add_corrections(parts: Parts, person: Mapping[str, Any]) -> None:
    """Lay what an agency's records say differently; where she lives apart from who she is."""
    said = dict(person.get("corrections", {}))
    who = {name: person[name] for name in ("person", "ref") if name in person}
    if person["person"] == Person.VICTIM and "address" in said:
        place = parts.setdefault(ADDRESS, {})
        place.setdefault("corrections", []).append({**who, "address": said.pop("address")})
    if said:
        home = parts.setdefault(_IDENTITY[person["person"]], {})
        home.setdefault("corrections", []).append({**who, **said})


def _told(entry: Mapping[str, Any], number: int) -> dict[str, Any]:
    """One paragraph as the others read it; it says when its words were written for them."""
    is_own_words = entry["extract"] == Extract.WORDS
    return {
        "number": number,
        **{name: entry[name] for name in _TOLD if name in entry},
        "text": entry["words"] if is_own_words else entry["text"],
        "is_extract": is_own_words,
    }


# --- what leaves with a request -------------------------------------------------------------------

SEARCHED = ("victim_identity", "victim_address", "perpetrators", "children")
_NAMES = ("given_names", "family_name", "aliases", "former_names", "spelling_variants")
_PERSON = (*_NAMES, "dob", "dob_precision", "extra_dobs")
_PLACE = ("lines", "town", "postcode", "uprn")
_OPEN = frozenset({"KNOWN_TO_PERP", "SANCTUARY"})


def asked_about(contents: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the people of a case as a search needs them, of the sections that a reader may open.

    `contents` are full texts by section name. What is not named here is not handed out, whatever
    else a section holds: no narrative, no school, no telephone number. Of her addresses only those
    that who causes harm knows.
    """
    found: dict[str, Any] = {}
    victim = dict(contents.get("victim_identity", {}).get("victim", {}))
    home = contents.get("victim_address", {}).get("victim", {})
    who = _cut(victim, _PERSON)
    if places := _homes(home):
        who["addresses"] = places
    if who:
        found["victim"] = who
    perpetrators = contents.get("perpetrators", {}).get("perpetrators", ())
    found["perpetrators"] = [_perpetrator(each) for each in _each(perpetrators)]
    children = contents.get("children", {}).get("children", ())
    found["children"] = [_cut(each, ("ref", *_PERSON)) for each in _each(children)]
    return {name: value for name, value in found.items() if value}


def _homes(victim: Mapping[str, Any]) -> list[dict[str, Any]]:
    now = victim.get("address", {}).get("value")
    before = [
        each for each in victim.get("previous_addresses", ()) if each.get("classification") in _OPEN
    ]
    return [_cut(each, _PLACE) for each in ([now] if now else []) + before]


def _perpetrator(each: Mapping[str, Any]) -> dict[str, Any]:
    found = _cut(each, ("ref", *_PERSON))
    if places := [_cut(place, _PLACE) for place in each.get("addresses", ())]:
        found["addresses"] = places
    relation = each.get("relationship", {}).get("value", {}).get("code")
    return found | ({"relationship": relation} if relation else {})


def _cut(whole: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: whole[name] for name in names if whole.get(name)}


def _each(people: object) -> Collection[Mapping[str, Any]]:
    """A list of people; "none" is said in another shape."""
    return [p for p in people if isinstance(p, Mapping)] if isinstance(people, list) else []
