"""Owns the words of a case's records: what somebody did, in which form something was given, why."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.desk.words import PURPOSES, plain, section

EVENTS: Mapping[str, str] = {
    "case.read": "Read the case",
    "case.listed": "Saw it on a list",
    "case.decide": "Decided about it",
    "case.acknowledge": "Answered it",
    "case.explain": "Asked what somebody would see",
    "case.heard": "Heard it in a conference",
    "sealed.asked": "Asked to open what is sealed",
    "sealed.read": "Opened what is sealed",
    "section.sealed": "Sealed a copy to somebody",
    "referral.submit": "Referred it",
    "referral.version": "Sent the referral again",
    "referral.read": "Read its own referral",
    "referral.listed": "Saw its own referral on a list",
    "referral.challenge": "Challenged that it was not accepted",
    "referral.withdraw": "Asked to have it back",
    "risk.assess": "Added a risk assessment",
    "position.record": "Recorded what she said",
    "override.record": "Recorded sharing without her agreement",
    "agenda.read": "Read it on an agenda",
    "conference.list": "Put it on a list",
    "conference.listed": "Put it on a list",
    "research.asked": "Read what it is asked to look for",
    "research.returned": "Returned research",
    "research.read": "Read its own research",
    "minutes.read": "Read minutes",
    "minutes.sent": "Sent minutes out",
    "minutes.corrected": "Corrected minutes",
    "minute.kept": "Wrote minutes",
    "action.read": "Read the plan",
    "action.listed": "Saw an action on a list",
    "action.proposed": "Put an action down",
    "action.settled": "Did a step of an action",
    "log.read": "Looked at who looked",
    "readings.read": "Looked at who read",
    "receipts.read": "Looked at what was given",
    "looks.read": "Looked at who was given its part",
    "statement.made": "Made an access statement for her",
    "paper.taken": "Took a paper as a file",
    "pack.made": "Made a pack for an agency",
    "pack.read": "Read for a pack",
    "original.read": "Took an original",
    "original.listed": "Saw which originals there are",
    "glass.broken": "Looked in an emergency",
    "glass.read": "Read in an emergency",
    "glass.reviewed": "Reviewed a look in an emergency",
    "approvals.read": "Looked at what waits",
    "approval.settled": "Decided on what was asked for",
    "conflict.settled": "Settled a conflict",
    "release.settled": "Decided who may know where she is",
    "note.kept": "Kept a note of its own",
    "note.read": "Read its own notes",
    "key.destroyed": "Destroyed a key",
}
FORMS: Mapping[str, str] = {
    "page/1": "Shown on a page",
    "actions-page/1": "Plan shown on a page",
    "disclosure/1": "The case, sealed to its software",
    "agenda/1": "Agenda, sealed to its software",
    "actions/1": "Plan, sealed to its software",
    "research-requests/1": "What it is asked, sealed to its software",
    "research-own/1": "Its own research, sealed to its software",
    "glass/1": "In an emergency, sealed to its software",
    "original.read": "An original",
    "agenda-paper/1": "Agenda as a file",
    "contact-page/1": "How to reach her, on a page",
    "pack/1": "A locked pack",
    "request-paper/1": "What it is asked, as a file",
}
_OUTCOMES = {"allowed": "", "denied": "Refused", "absent": "Refused", "walled": "Refused"}


def event(code: str) -> str:
    """What somebody did."""
    return EVENTS.get(code, plain(code))


def form(code: str) -> str:
    """In which form something was given."""
    return FORMS.get(code, plain(code.partition("/")[0].replace("-", " ")))


def purpose(code: str | None) -> str:
    """For what."""
    return PURPOSES.get(code or "", "")


def outcome(code: str) -> str:
    """Whether it was refused; "" if not."""
    return _OUTCOMES.get(code, plain(code))


def levels(found: Mapping[str, str]) -> str:
    """Sections and how much of each."""
    more = {"SUMMARY": " (summary)", "INDICATOR": " (only that there is something)"}
    return ", ".join(section(name) + more.get(level, "") for name, level in sorted(found.items()))
