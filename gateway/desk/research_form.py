"""Owns the form of a research return on a page: from what was typed to research/1, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.errors import Problem

FEWEST, MOST = 2, 20  # paragraphs that a page has room for
PROPOSALS, WITHHELD = 3, 3
_DAY = re.compile(r"([0-9]{1,2})[ ./-]([0-9]{1,2})[ ./-]([0-9]{4})", re.ASCII)
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", re.ASCII)

Typed = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person whom a return is about: what it is called on the page, and in the document."""

    key: str  # "v", or the short name that the request gives: "p1"
    person: str
    name: str

    @property
    def told(self) -> dict[str, str]:
        """How the document names this person."""
        return {"person": self.person, **({} if self.key == "v" else {"ref": self.key})}


def people_of(people: Mapping[str, Any]) -> list[Somebody]:
    """The people whom an agency was asked about, by what it may know of them."""
    victim = people.get("victim", {})
    found = [Somebody("v", "VICTIM", _name(victim) or "The victim")]
    for kind, members in (("PERPETRATOR", "perpetrators"), ("CHILD", "children")):
        found += [
            Somebody(str(each["ref"]), kind, _name(each) or str(each["ref"]))
            for each in people.get(members, ())
            if "ref" in each
        ]
    return found


def shown(people: Mapping[str, Any]) -> dict[str, Any]:
    """The people as the page lists them: how exact a date is is said where it is not a day."""
    cut = {
        name: [_exact(each) for each in members] if isinstance(members, list) else _exact(members)
        for name, members in people.items()
    }
    called = {"victim": "victim", "perpetrators": "who_causes_harm", "children": "child"}
    return {called[name]: members for name, members in cut.items()}


def _exact(person: Mapping[str, Any]) -> dict[str, Any]:
    is_day = person.get("dob_precision") == "DAY"
    return {name: each for name, each in person.items() if not (is_day and name == "dob_precision")}


def nothing(people: Sequence[Somebody]) -> dict[str, Any]:
    """The return of who knows nobody of them."""
    return {"people": [{**each.told, "known": "NOT_KNOWN"} for each in people]}


def read(typed: Typed, people: Sequence[Somebody]) -> dict[str, Any]:
    """What was typed as research/1; what was left empty is not there."""
    document: dict[str, Any] = {"people": [_person(typed, each) for each in people]}
    document["entries"] = [_paragraph(typed, n) for n in written(typed)]
    document["proposed_actions"] = [
        _full({"text": _long(typed, f"action-{n}"), "by_on": _day(typed, f"by-{n}")})
        for n in range(1, PROPOSALS + 1)
        if _long(typed, f"action-{n}")
    ]
    document["not_shared"] = [
        _full({"item": _long(typed, f"item-{n}"), "reason": typed.get(f"why-{n}", "")})
        for n in range(1, WITHHELD + 1)
        if typed.get(f"why-{n}") or _long(typed, f"item-{n}")
    ]
    for name in ("staff_safety_warning", "info_if_absent", "attending"):
        document[name] = _long(typed, name)
    document["apologies"] = True if typed.get("apologies") else ""
    return _full(document)


def written(typed: Typed) -> list[int]:
    """The numbers of the paragraphs in which something stands, in order."""
    return [n for n in range(1, MOST + 1) if _long(typed, f"text-{n}")]


def room(typed: Typed, *, more: bool = False) -> int:
    """For how many paragraphs the page has room."""
    text = typed.get("room", "")
    asked = int(text) if re.fullmatch(r"[0-9]{1,2}", text, re.ASCII) else 0
    return min(MOST, max([FEWEST, asked, *written(typed)]) + (1 if more else 0))


def _person(typed: Typed, each: Somebody) -> dict[str, Any]:
    k = each.key
    found: dict[str, Any] = {**each.told, "known": typed.get(f"known-{k}", "")}
    found["details_correct"] = typed.get(f"correct-{k}", "")
    dob = _day(typed, f"dob-{k}")
    corrections = {
        "given_names": typed.get(f"given-{k}", "").strip(),
        "family_name": typed.get(f"family-{k}", "").strip(),
        "aliases": [a.strip() for a in typed.get(f"aliases-{k}", "").split(",") if a.strip()],
        "dob": dob,
        "dob_precision": "DAY" if dob else "",
        "address": _address(typed, k),
    }
    involvement = {
        "status": typed.get(f"status-{k}", ""),
        "worker": typed.get(f"worker-{k}", "").strip(),
        "role": typed.get(f"role-{k}", "").strip(),
        "since_on": _day(typed, f"since-{k}"),
        "last_contact_on": _day(typed, f"last-{k}"),
        "next_appointment_on": _day(typed, f"next-{k}"),
    }
    return _full({**found, "corrections": _full(corrections), "involvement": _full(involvement)})


def _address(typed: Typed, key: str) -> dict[str, Any]:
    line = typed.get(f"line-{key}", "").strip()
    if not line:
        return {}
    postcode = typed.get(f"postcode-{key}", "").strip().upper()
    return _full(
        {
            "lines": [line],
            "town": typed.get(f"town-{key}", "").strip(),
            "postcode": {"value": postcode} if postcode else {"absent": "UNKNOWN"},
            "classification": typed.get(f"class-{key}", "") or "UNKNOWN_TO_PERP",
        }
    )


def _paragraph(typed: Typed, n: int) -> dict[str, Any]:
    extract = typed.get(f"extract-{n}", "")
    return _full(
        {
            "about": typed.get(f"about-{n}", ""),
            "theme": typed.get(f"theme-{n}", ""),
            "text": _long(typed, f"text-{n}"),
            "nature": typed.get(f"nature-{n}", ""),
            "confidence": typed.get(f"confidence-{n}", ""),
            "on": _day(typed, f"on-{n}"),
            "extract": extract,
            "words": _long(typed, f"words-{n}") if extract == "WORDS" else "",
            "reason": typed.get(f"reason-{n}", "") if extract == "KEPT" else "",
        }
    )


def _full(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in members.items() if each not in ("", [], {}, None)}


def _long(typed: Typed, name: str) -> str:
    return typed.get(name, "").replace("\r\n", "\n").strip()


def _day(typed: Typed, name: str) -> str:
    """A day as it is written in a document; what is none stays as it was typed, and is refused."""
    text = typed.get(name, "").strip()
    found = _DAY.fullmatch(text)
    return f"{found[3]}-{int(found[2]):02}-{int(found[1]):02}" if found else text


def _name(person: Mapping[str, Any]) -> str:
    return " ".join(str(person[n]) for n in ("given_names", "family_name") if person.get(n))


# --- a return that stands, to be corrected --------------------------------------------------------


def typed_of(document: Mapping[str, Any]) -> dict[str, str]:
    """The fields of the page as they would have been typed for a return that was sent."""
    found: dict[str, str] = {}
    for each in document["people"]:
        found |= _typed_person(each, each.get("ref", "v"))
    for n, each in enumerate(document.get("entries", ()), 1):
        names = ("about", "theme", "text", "nature", "confidence", "extract", "words", "reason")
        found |= {f"{name}-{n}": each[name] for name in names if name in each}
        found |= _typed_day(each, "on", f"on-{n}")
    for n, each in enumerate(document.get("proposed_actions", ()), 1):
        found |= {f"action-{n}": each["text"]} | _typed_day(each, "by_on", f"by-{n}")
    for n, each in enumerate(document.get("not_shared", ()), 1):
        found |= {f"item-{n}": each.get("item", ""), f"why-{n}": each["reason"]}
    for name in ("staff_safety_warning", "info_if_absent", "attending"):
        found[name] = document.get(name, "")
    return found | ({"apologies": "yes"} if document.get("apologies") else {})


def _typed_person(each: Mapping[str, Any], key: str) -> dict[str, str]:
    said, works = each.get("corrections", {}), each.get("involvement", {})
    found = {f"known-{key}": each["known"], f"correct-{key}": each.get("details_correct", "")}
    for name, field in (("given_names", "given"), ("family_name", "family")):
        found[f"{field}-{key}"] = said.get(name, "")
    found[f"aliases-{key}"] = ", ".join(said.get("aliases", ()))
    found |= _typed_day(said, "dob", f"dob-{key}")
    if place := said.get("address"):
        found |= {f"line-{key}": ", ".join(place["lines"]), f"town-{key}": place.get("town", "")}
        found[f"postcode-{key}"] = place["postcode"].get("value", "")
        found[f"class-{key}"] = place["classification"]
    for name in ("status", "worker", "role"):
        found[f"{name}-{key}"] = works.get(name, "")
    for name, field in (("since_on", "since"), ("last_contact_on", "last")):
        found |= _typed_day(works, name, f"{field}-{key}")
    return found | _typed_day(works, "next_appointment_on", f"next-{key}")


def _typed_day(members: Mapping[str, Any], name: str, field: str) -> dict[str, str]:
    found = _ISO.fullmatch(members.get(name, ""))
    return {field: f"{int(found[3])} {int(found[2])} {found[1]}"} if found else {}


# --- what is wrong --------------------------------------------------------------------------------

_FIELDS: Mapping[str, tuple[str, str]] = {  # member of a paragraph: the field, what it is called
    "about": ("about", "what it is about"),
    "theme": ("theme", "which kind of information it is"),
    "text": ("text", "the text"),
    "nature": ("nature", "whether it is a fact, an opinion or from somebody else"),
    "on": ("on", "the day"),
    "extract": ("extract", "what the others are given"),
    "words": ("words", "the words for the others"),
    "reason": ("reason", "why it stays with you"),
}
_CODES: Mapping[str, str] = {
    "bad_date": "give a day such as 3 12 2026",
    "too_long": "this is too long",
    "bad_text": "this holds signs that cannot be kept",
    "must_be_sealed": "an address that he does not know is never sent here; ring the IDVA service",
    "out_of_range": "this day cannot be",
    "not_both": "this does not go together with the rest",
}


def faults(problems: Sequence[Problem], people: Sequence[Somebody], typed: Typed) -> dict[str, str]:
    """What is wrong with what was typed, by the field in which it is mended."""
    return dict(_fault(each, people, written(typed)) for each in problems)


def _fault(problem: Problem, people: Sequence[Somebody], numbers: Sequence[int]) -> tuple[str, str]:
    match problem.pointer.split("/")[1:]:
        case ["people", n, "known", *_]:
            each = people[int(n)]
            return f"known-{each.key}-1", f"{each.name}: choose whether you know this person"
        case ["people", n, *rest]:
            each = people[int(n)]
            what = _CODES.get(problem.code, f"check {rest[-1].replace('_', ' ')}")
            return f"known-{each.key}-1", f"{each.name}: {what}"
        case ["entries", n, name, *_] if name in _FIELDS:
            number, (field, called) = numbers[int(n)], _FIELDS[name]
            what = _CODES.get(problem.code, f"say {called}")
            return f"{field}-{number}", f"Paragraph {number}: {what}"
        case ["entries"]:
            return "text-1", _of_entries(problem.code)
        case ["not_shared"]:
            return "why-1", "You say that you keep back what you know: choose why"
        case ["not_shared", n, *_]:
            return f"why-{int(n) + 1}", "Choose why this stays with you"
        case ["proposed_actions", n, *_]:
            return f"by-{int(n) + 1}", "What you would do: " + _CODES.get(problem.code, "check it")
        case _:
            return "known-v-1", "Check what you wrote"


def _of_entries(code: str) -> str:
    if code == "not_both":
        return "You say that you know nothing that bears on it, and wrote some of it: choose again"
    return "You say that you know something that bears on the risk: write it, or choose again"
