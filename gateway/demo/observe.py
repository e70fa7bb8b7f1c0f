"""Owns what is read off the service's answers: codes and names of sections, judged elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from gateway.client.access import ProblemError
from gateway.client.gateway import Pulled, Receipt

NOTHING = "nothing"
_WORDS = {"FULL": "full", "SUMMARY": "summary", "INDICATOR": "there is something"}


def of_receipt(receipt: Receipt) -> dict[str, Any]:
    """What a referrer is told: level, criteria, decision, routes, and the first thing it reads."""
    claims = receipt.claims
    decision = claims["decision"]
    return {
        "level": claims["level"],
        "criteria": claims["criteria"],
        "decision": f"{decision['rule']} {decision['outcome']}",
        "state": claims["state"],
        "duties": claims["duties"],
        "routed": claims["routed"],
        "reasons": claims["reasons"],
        "first_line": str(next(iter(claims.values()))),
        "scores": [
            f"{each['instrument']}: {each['score']} yes, {each['unknown']} not known"
            for each in claims["assessments"]
        ],
        "unreliable": [each["is_unreliable"] for each in claims["assessments"]],
        "prompts": sorted({code for each in claims["assessments"] for code in each["prompts"]}),
    }


def of_triage(triage: Mapping[str, Any]) -> dict[str, Any]:
    """What the coordinator alone is shown: the rule in force, routes, links, the three levels."""
    return {
        "rule": f"{triage['rule']} {triage['outcome']}",
        "duties_now": triage["duties"],
        "routes": {
            each["agency"]: f"{each['role']} by {each['because']}"
            for each in triage["members"]
            if each["role"] not in ("REFERRER", "RESEARCH")
        },
        "links": [f"{each['kind']} {'+'.join(each['repeats']) or '-'}" for each in triage["links"]],
        "linked_to": [each.get("reference", each["area"]) for each in triage["links"]],
        "levels": [
            f"{each['instrument']}: by score {each['level_score']}, by judgement "
            f"{each['level_professional']}, final {each['level_final']}"
            for each in triage["assessments"]
        ],
    }


def view(pulled: Pulled | None, agency_id: str) -> dict[str, str]:
    """Section by section what one agency was given, in words; a section not there is nothing."""
    if pulled is None:
        return {}
    found: dict[str, str] = dict.fromkeys(pulled.sealed, _WORDS["FULL"])
    for part in pulled.document.get("sections", ()):
        word = _WORDS[part["level"]]
        if part["content"] == {"present": True}:
            word = _WORDS["INDICATOR"]
        elif part.get("owner") == agency_id:
            word += " (its own)"
        if found.get(part["section"], NOTHING) in (NOTHING, _WORDS["INDICATOR"]):
            found[part["section"]] = word
    return found


def text_of(pulled: Pulled | None) -> str:
    """Everything an agency was given, as text to be searched."""
    if pulled is None:
        return ""
    return json.dumps([pulled.document, pulled.reveal()], ensure_ascii=False)


def section(pulled: Pulled, name: str) -> Mapping[str, Any]:
    """The content of one section, or nothing."""
    for part in pulled.document["sections"]:
        if part["section"] == name and isinstance(part["content"], dict):
            return dict(part["content"])
    return {}


def windows(contact: Mapping[str, Any]) -> list[str]:
    """When each channel is safe."""
    return [
        f"{' '.join(window['days'])} {window['from_time']}-{window['to_time']}"
        for channel in contact["channels"]
        for window in channel["safe_windows"]
    ]


def said(contact: Mapping[str, Any], names: Iterable[str]) -> dict[str, list[str]]:
    """What is said of each channel: whether a letter, voicemail or text is safe."""
    return {name: [channel[name] for channel in contact["channels"]] for name in names}


def answer(call: Callable[[], object]) -> str:
    """How the service answers a call that may be refused."""
    try:
        call()
    except ProblemError as problem:
        return f"{problem.status} {problem.code}"
    return "answered"


def line_of(agenda: Mapping[str, Any], reference: str) -> Mapping[str, Any] | None:
    """A case's line on somebody's agenda."""
    return next((row for row in agenda["cases"] if row["reference"] == reference), None)
