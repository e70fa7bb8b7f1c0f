"""Owns how the risk of a referral is said: four separate facts, and where they differ (M13).

What was ticked, what the professional judges, what she says herself, and what was decided are never
made one: a score raises nothing that a person said, and lowers nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.desk import terms, words
from gateway.flows.cases import Weighed
from gateway.schemas.codes import AreaDecision, Danger, Level, ReturnReason

_HIGH = ("HIGH", "MEDIUM", "STANDARD")


@dataclass(frozen=True, slots=True)
class View:
    """One way of seeing the risk."""

    name: str
    said: str
    more: str


def views(weighed: Weighed) -> tuple[View, ...]:
    """Return the four facts, each as it was given."""
    triage = weighed.shown.document["triage"]
    return _ticked(triage), _judged(weighed, triage), _herself(weighed, triage), _decided(weighed)


def differs(weighed: Weighed) -> str:
    """Say where the score and the professional's judgement do not agree; "" if they do."""
    found = weighed.shown.document["triage"]["assessments"]
    levels = {(each["level_score"], each["level_professional"]) for each in found}
    for score, judged in sorted(levels):
        if judged in _HIGH and score in _HIGH and score != judged:
            higher = "more" if _HIGH.index(judged) < _HIGH.index(score) else "less"
            return (
                f"They differ: by the ticks alone the risk is {score.lower()},"
                f" the professional sees {higher} ({judged.lower()}). The higher one counts."
            )
    return ""


def critical(weighed: Weighed) -> list[str]:
    """Items answered yes that mark danger by themselves, by id."""
    found = weighed.shown.document["triage"]["assessments"]
    return list(dict.fromkeys(item for each in found for item in each["critical"]))


def story(weighed: Weighed) -> str:
    """Why the referrer sends it, in its own words."""
    return str(weighed.parts.get("incidents", {}).get("referral", {}).get("rationale", ""))


def challenges(weighed: Weighed) -> list[str]:
    """Why the referrer thinks that it should have been accepted, in its own words."""
    listed = weighed.shown.document["sections"]
    return [
        str(each["reason"])
        for section in listed
        if section["level"] == Level.FULL
        for each in section["content"].get("challenges", ())
    ]


def warnings(weighed: Weighed) -> list[str]:
    """What must be known before anything else on the page is read."""
    return list(_warnings(weighed, weighed.shown.document["triage"]))


def _warnings(weighed: Weighed, triage: Mapping[str, Any]) -> Iterator[str]:
    referral = weighed.parts.get("referral", {}).get("referral", {})
    if referral.get("danger") == Danger.IMMINENT_LIFE:
        yield "Her life is in danger now. Do not wait for anything on this page: ring the IDVA."
    if triage["recall"]:
        yield (
            "The referrer asks to have it back"
            f" ({words.plain(triage['recall']['reason']).lower()}). It decides nothing by itself."
        )
    if triage["counter_allegation"]:
        yield "Counter-allegation: in another case these people stand the other way round."
    if triage["restricted_staff"]:
        yield "Somebody in it works for a partner agency. Keep the circle small."


def _ticked(triage: Mapping[str, Any]) -> View:
    found = triage["assessments"]
    if not found:
        return View("What was ticked", "No assessment", "")
    first, *rest = found
    more = [f"{words.counted(first['unknown'], 'answer')} not known."] if first["unknown"] else []
    more += [f"Alone that is {first['level_score'].lower()} risk."] * (
        first["level_score"] in _HIGH
    )
    more += [f"{_instrument(each)}: {each['score']} of {each['maximum']}." for each in rest]
    said = f"{first['score']} of {first['maximum']}"
    return View(f"What was ticked ({_instrument(first)})", said, " ".join(more))


def _judged(weighed: Weighed, triage: Mapping[str, Any]) -> View:
    levels = [each["level_professional"] for each in triage["assessments"]]
    level = next((each for each in _HIGH if each in levels), None)
    sent = weighed.parts.get("risk_answers", {}).get("risk_assessments", {}).get("value", ())
    texts = [str(each["rationale"]) for each in sent if each.get("rationale")]
    return View(
        "What the professional judges",
        f"{level.capitalize()} risk" if level else "No level given",
        "\n".join(dict.fromkeys(texts)),
    )


def _herself(weighed: Weighed, triage: Mapping[str, Any]) -> View:
    said = weighed.parts.get("incidents", {}).get("victim", {})
    fear = said.get("greatest_fear", {}).get("value")
    wish = said.get("wishes", {}).get("value")
    more = [f"She fears most: {fear}"] if fear else []
    more += [f"She wants: {wish}"] if wish else []
    return View(
        "What she says herself",
        words.position(triage["position"]["counts_as"]),
        "\n".join(more) or "What she fears and wants was not asked, or is not shown.",
    )


def _decided(weighed: Weighed) -> View:
    state = weighed.shown.document["state"]
    if weighed.state_because == "challenge":
        more = "The referrer challenges that it was not accepted. The chair decides."
        return View("What was decided", "Challenged", more)
    code = weighed.state_because.removeprefix("decision:")
    if code not in list(AreaDecision):
        return View("What was decided", "Nothing yet", "")
    reasons = "; ".join(terms.REASONS[ReturnReason(code)].lower() for code in weighed.reasons)
    return View("What was decided", words.state(state), reasons.capitalize())


def _instrument(grade: Mapping[str, Any]) -> str:
    return str(grade["instrument"]).split("@")[0].replace("_", " ")
