"""Owns the words of a case over time: what a line tells, when it was, and how its source knows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from gateway.desk import plan_words, terms, words
from gateway.flows.cases import Decided
from gateway.rules.chronology import Event, EventKind
from gateway.schemas.action_codes import ActionStatus, ActionTheme
from gateway.schemas.codes import AreaDecision, DatePrecision, ReturnReason

KINDS: Mapping[EventKind, str] = {
    EventKind.INCIDENT: "It happened",
    EventKind.RESEARCH: "Found in records",
    EventKind.WORK: "An agency at work",
    EventKind.ORDER: "Order",
    EventKind.COURT: "Court",
    EventKind.RELEASE: "Release",
    EventKind.DONE: "Done before the referral",
    EventKind.EARLIER: "Earlier conference",
    EventKind.ASSESSED: "Risk assessed",
    EventKind.POSITION: "What she said about sharing",
    EventKind.STATE: "The case",
    EventKind.MEETING: "Conference",
    EventKind.MINUTE: "Said in the meeting",
    EventKind.ACTION: "Action",
}
NATURES: Mapping[str, tuple[str, str]] = {  # words, and the colour of the tag
    "FACT": ("Fact", "green"),
    "OPINION": ("Opinion", "blue"),
    "THIRD_PARTY": ("From somebody else", "yellow"),
}
MORE: Mapping[str, str] = {"outcome": "What came of it", "evidence_held": "Evidence"}
_PEOPLE = {"VICTIM": "her", "PERPETRATOR": "who causes harm", "CHILD": "a child"}
_WORK = {
    "OPEN": "Works with {}",
    "CLOSED": "Worked with {}",
    "NEXT": "Next appointment with {}",
}


def what(event: Event) -> str:
    """What a line tells by its codes, before anybody's own words; "" if they say it all."""
    codes = event.codes
    match event.kind:
        case EventKind.ACTION:
            status = plan_words.STATUSES[ActionStatus(codes[1])][0]
            return f"{plan_words.THEMES[ActionTheme(codes[0])]}: {status.lower()}"
        case EventKind.STATE:
            reasons = "; ".join(terms.REASONS[ReturnReason(each)].lower() for each in codes[1:])
            return words.state(codes[0]) + (f": {reasons}" if reasons else "")
        case EventKind.POSITION:
            return words.position(codes[0])
        case EventKind.WORK:
            return _WORK[codes[1]].format(_PEOPLE[codes[0]]) if len(codes) > 1 else ""
        case EventKind.MINUTE:
            return words.MINUTES.get(codes[0], "") if codes else ""
        case EventKind.ASSESSED:
            return codes[0].partition("@")[0].replace("_", " ") if codes else ""
        case _:
            return ", ".join(words.plain(each) for each in codes)


def when(event: Event) -> str:
    """The day, the span, or as much of it as is known."""
    if event.on is None:
        return "No day was given"
    if event.until is not None and event.until != event.on:
        return f"{day(event.on)} to {day(event.until)}"
    match event.precision:
        case DatePrecision.MONTH:
            return f"{event.on:%B %Y}"
        case DatePrecision.YEAR:
            return f"{event.on:%Y}"
        case DatePrecision.ESTIMATED:
            return f"About {day(event.on)}"
        case DatePrecision.DAY:
            return day(event.on)


def day(on: date) -> str:
    """A day without the name of its weekday."""
    return f"{on.day} {on:%B %Y}"


def decided(row: Decided) -> str:
    """What was decided, in words, with its reasons."""
    if row.because == "challenge":
        return "The referrer challenged that it was not accepted"
    code = row.because.removeprefix("decision:")
    if code not in list(AreaDecision):
        return words.state(row.state)
    reasons = "; ".join(terms.REASONS[ReturnReason(each)].lower() for each in row.reasons)
    return words.state(row.state) + (f": {reasons}" if reasons else "")


def level(code: str) -> str:
    """A level as a professional or a score gives it."""
    return {"HIGH": "High", "MEDIUM": "Medium", "STANDARD": "Standard"}.get(code, "None given")
