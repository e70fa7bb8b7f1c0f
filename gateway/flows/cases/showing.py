"""Owns showing a case on a page: the same reading, decision and line of the log as a pull.

What is sealed to the agency, the gateway cannot open: for an agency with keys of its own the page
says that there is something, and its own software opens it. For an agency whose keys are hosted
here, a first Work records and the next one opens, as gateway.flows.cases.hosting tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.agencies import hosted
from gateway.disclosure import (
    Disclosed,
    ask_unsealed,
    disclose,
    keep_shown,
    list_facts,
    load,
    require_page,
    require_purpose,
    unseal,
    ways,
)
from gateway.flows.cases.finding import find_case
from gateway.flows.cases.pulling import TAKERS, acknowledge, document_of
from gateway.ledger import Entry, Work
from gateway.rules.facts import Caller
from gateway.schemas.codes import Acknowledgement, Level, Purpose
from gateway.schemas.protected import Protected, reveal

PAGE = "page/1"  # in receipts: a case on a page of the desk


@dataclass(frozen=True, slots=True)
class Shown:
    """A case as one person may see it."""

    document: Mapping[str, Any] = field(repr=False)
    sealed: tuple[str, ...]  # sections that only the agency's own software opens
    opened: Mapping[str, Mapping[str, Any]] = field(repr=False)  # of a hosted agency
    notes: tuple[Mapping[str, Any], ...] = field(repr=False)
    because: str
    may_answer: bool  # whether the agency was given the case, to take it on or not
    entry: Entry


def purposes_of(work: Work, caller: Caller) -> tuple[Purpose, ...]:
    """The purposes that a person's agency may state; of a case nothing is looked at."""
    matrix = work.profiles.matrix(work.today)
    work.count("purposes.listed")
    return tuple(
        each
        for each in Purpose
        if each not in (Purpose.P10, Purpose.P11) and matrix.may_state(caller.kind, each)
    )


def ask_to_show(work: Work, reference: str, purpose: Purpose) -> Entry:
    """Decide and record that what is sealed to a hosted agency will be read; opens nothing.

    :raises Denied: if it may not: the answer is that of an unknown case.
    :raises Invalid: if the agency's kind may not state this purpose.
    """
    work.attempt("sealed.read", purpose=purpose)
    require_purpose(work, purpose)
    hosted.require_worker(work)
    case_id = find_shown(work, reference)
    return ask_unsealed(work, case_id, purpose)


def show(
    work: Work, reference: str, purpose: Purpose, asked: Entry | None = None, *, issuer: str
) -> Shown:
    """Return a case as the signed-in person may see it; with `asked` what is sealed to it, too.

    A receipt of it is kept like that of a pull.

    :raises Denied: if it may not: the answer is that of an unknown case.
    :raises Invalid: if the agency's kind may not state this purpose.
    """
    work.attempt("case.read" if asked is None else "sealed.read", purpose=purpose)
    require_purpose(work, purpose)
    case_id = find_shown(work, reference)
    if asked is None:
        found = disclose(work, case_id, purpose)
        return _shown(work, found, {}, (), issuer=issuer)
    hosted.require_worker(work)
    read = unseal(work, case_id, purpose, asked)
    notes = tuple(
        {"kind": str(each.note.kind), "at": each.note.at, **each.content} for each in read.notes
    )
    return _shown(work, read.disclosed, read.sections, notes, issuer=issuer)


def require_shown(work: Work, reference: str, event: str) -> None:
    """Refuse to do on a page what no page shows: an administrator could take a worker's place.

    :raises Denied: if so: the answer is that of an unknown case.
    """
    work.attempt(event)
    find_shown(work, reference)


def answer(work: Work, reference: str, outcome: Acknowledgement, reason: str | None) -> None:
    """Note on a page what the caller's agency answers; as by the API, where a page shows the case.

    :raises Denied: if the case is not assigned to it, or no page shows it.
    """
    work.attempt("case.acknowledge")
    find_shown(work, reference)
    acknowledge(work, reference, outcome, reason)


def find_shown(work: Work, reference: str) -> str:
    """The case of a reference. :raises Denied: if no page shows it."""
    case_id = find_case(work, reference, then=lambda ids: load(work, ids))
    facts = list_facts(work.session, [case_id], on=work.today).get(case_id)
    if facts is not None:  # otherwise the second wall did not show it, and the reading is refused
        require_page(work, facts)
    return case_id


def _shown(
    work: Work,
    found: Disclosed,
    opened: Mapping[str, Protected],
    notes: tuple[Mapping[str, Any], ...],
    *,
    issuer: str,
) -> Shown:
    exclusive = found.profile.matrix.exclusive
    sealed = {
        piece.section
        for piece in found.pieces
        if piece.section in exclusive and piece.level is Level.FULL
    }
    document = document_of(work, found)
    document.pop("sealed", None)  # ciphertext says nothing to people
    if not ways.may_reveal(ways.PAGES["case"]):
        raise ValueError("a page that may not write out what is protected")
    told = found.told(document["reference"])
    page = {"case": reveal(document), "opened": reveal(opened)}
    keep_shown(work, issuer=issuer, form=PAGE, document=page, told=[told])
    return Shown(
        page["case"],
        tuple(sorted(sealed - opened.keys())),
        page["opened"],
        tuple(reveal(list(notes))),
        found.decision.because,
        bool(TAKERS & found.facts.members[work.caller.agency_id].roles),
        found.entry,
    )
