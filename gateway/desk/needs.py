"""Owns the words for what waits, and the addresses of the lists behind the numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.flows.cases import Count, Need


@dataclass(frozen=True, slots=True)
class Said:
    """How one need is called: in the address, with a number, and what to do about it."""

    path: str
    one: str
    many: str
    what: str
    group: str
    short: str  # on the line of one case
    is_day: bool = False  # its clock is a day without an hour
    to: str = ""  # the page of a case on which who coordinates it does something about it
    is_for_all: bool = False  # that page is for partners, too


DANGER, CLOCK, CARE = "Danger", "Clocks", "Decisions that wait for you"
SAID: Mapping[Need, Said] = {
    Need.IMMINENT: Said(
        "imminent",
        "case of imminent danger nobody has taken on",
        "cases of imminent danger nobody has taken on",
        "Ring the IDVA service now; do not wait for an answer here.",
        DANGER,
        "Imminent danger, and nobody has taken it on",
    ),
    Need.UNTAKEN: Said(
        "untaken",
        "high-risk case nobody has taken on",
        "high-risk cases nobody has taken on",
        "An IDVA was told and has not accepted.",
        DANGER,
        "Nobody has taken it on",
    ),
    Need.EMERGENCY: Said(
        "emergencies",
        "emergency under way",
        "emergencies under way",
        "Who decides, decides within hours.",
        DANGER,
        "Emergency",
    ),
    Need.EVENT: Said(
        "dates",
        "case with a release, hearing or end of an order within 7 days",
        "cases with a release, hearing or end of an order within 7 days",
        "See that her safety plan is ready for it.",
        DANGER,
        "Release, hearing or end of an order",
        is_day=True,
    ),
    Need.TRIAGE: Said(
        "triage",
        "referral to triage",
        "referrals to triage",
        "Read it, and decide: accept, return, redirect, merge.",
        CLOCK,
        "Triage",
        to="/triage",
    ),
    Need.TRANSFER: Said(
        "transfers",
        "case on its way between two areas",
        "cases on their way between two areas",
        "The new area takes it on or declines; until then the old one keeps it.",
        CLOCK,
        "Offered to another area",
        to="/moves",
    ),
    Need.RETURNED: Said(
        "returned",
        "referral of yours that came back",
        "referrals of yours that came back",
        "See why, mend it, and send it again.",
        CLOCK,
        "Came back, to be mended",
        to="/mend",
        is_for_all=True,
    ),
    Need.OWED: Said(
        "owed",
        "case in which something is owed because of consent",
        "cases in which something is owed because of consent",
        "A record to complete or review, or an agreement to ask for again.",
        CLOCK,
        "Owed because of consent",
        to="/waits",
    ),
    Need.GLASS: Said(
        "glass",
        "case with a break-glass reading to review",
        "cases with a break-glass reading to review",
        "The chair decides whether it was justified.",
        CLOCK,
        "Break-glass reading to review",
        to="/waits",
    ),
    Need.DEPUTY: Said(
        "deputies",
        "case in which an agency needs a deputy",
        "cases in which an agency needs a deputy",
        "Somebody there is close to a person of the case.",
        CARE,
        "Deputy needed",
        to="/waits",
    ),
    Need.MATCH: Said(
        "matches",
        "possible repeat to confirm",
        "possible repeats to confirm",
        "Perhaps the same people as in an earlier case.",
        CARE,
        "Possible repeat to confirm",
        to="/waits",
    ),
    Need.COUNTER: Said(
        "accusations",
        "case in which two accuse each other",
        "cases in which two accuse each other",
        "The chair says who is found to be the victim.",
        CARE,
        "Two accuse each other",
        to="/waits",
    ),
    Need.ASKED: Said(
        "questions",
        "case in which somebody asks for a section",
        "cases in which somebody asks for a section",
        "Open it for some days, or say why not.",
        CARE,
        "Somebody asks for a section",
        to="/waits",
    ),
    Need.WORDS: Said(
        "redactions",
        "case with words of yours to take out",
        "cases with words of yours to take out",
        "They are held back from everybody until somebody of your agency says so.",
        CARE,
        "Words to take out",
        to="/waits",
    ),
    Need.FLAG: Said(
        "flags",
        "case with a flag to remove",
        "cases with flags to remove",
        "Its 12 months are over. The list of flags is under Conferences.",
        CARE,
        "Flag to remove",
    ),
    Need.OVERDUE: Said(
        "overdue",
        "case with an overdue action",
        "cases with overdue actions",
        "Ask whose it is; what cannot be done is said so, with a reason.",
        CLOCK,
        "Action overdue",
        to="/actions",
    ),
    Need.ACTION: Said(
        "actions",
        "case with an action of your agency",
        "cases with actions of your agency",
        "Accept it, do it, and say what shows that it was done.",
        CLOCK,
        "Action of your agency",
        to="/actions",
        is_for_all=True,
    ),
    Need.ANSWER: Said(
        "answers",
        "case your agency has not answered",
        "cases your agency has not answered",
        "Open it; take it on, or decline with a reason.",
        CLOCK,
        "Waits for your agency's answer",
    ),
}
READ: Mapping[str, Need] = {each.path: need for need, each in SAID.items()}


def grouped(counts: Sequence[Count]) -> list[tuple[str, list[Count]]]:
    """What waits, by group, in order of danger."""
    return [
        (group, [each for each in counts if SAID[each.need].group == group])
        for group in (DANGER, CLOCK, CARE)
        if any(SAID[each.need].group == group for each in counts)
    ]
