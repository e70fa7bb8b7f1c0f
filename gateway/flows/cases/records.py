"""Owns the records of one case for a person: what was given to whom, what left, and who looked.

All of it is codes, times and names of agencies: of what the case says nothing is opened.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.disclosure import Given, disclose, list_all_given, list_given, open_receipts
from gateway.errors import Denied
from gateway.flows.cases.accessed import Accessed, read_accessed
from gateway.flows.cases.finding import find_roles, names_of
from gateway.flows.cases.showing import find_shown
from gateway.ledger import Recorded, Work
from gateway.schemas import moments
from gateway.schemas import reference as references
from gateway.schemas.codes import AgencyKind, Purpose

_PAGES = frozenset(
    {"page/1", "actions-page/1", "contact-page/1"}
)  # receipts of what was looked at here
# Lines of the log of a file that was taken, or made for somebody.
_TAKEN, _PACKED, _ORIGINAL = "paper.taken", "pack.made", "original.read"
_PACK = "pack/1"


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision by which something of the case was given to somebody."""

    receipt_id: str
    at: datetime
    agency_id: str  # "" where the reader may not know which
    worker: str
    form: str
    purpose: str
    because: str
    basis: tuple[str, ...]
    levels: Mapping[str, str]  # section to level, of those that the reader may see named
    withheld: tuple[str, ...]
    has_receipt: bool  # given to the reader's own agency, which may have the signed text again


@dataclass(frozen=True, slots=True)
class Export:
    """Something that left: a file, or an answer sealed to an agency's software."""

    at: datetime
    agency_id: str
    worker: str  # or whoever of the agency it was made for
    by: str  # agency and worker who made it for somebody else; "" for one's own copy
    what: str  # code of the paper, or form of the answer
    format: str
    mark: str  # what stands on it, or by what the sealed answer is known


@dataclass(frozen=True, slots=True)
class Records:
    """The records of a case, as one reader may see them; the newest first."""

    reference: str
    is_all: bool
    decisions: tuple[Decision, ...] = field(repr=False)
    exports: tuple[Export, ...] = field(repr=False)
    lines: tuple[Mapping[str, Any], ...] = field(repr=False)


def show_records(work: Work, reference: str) -> Records:
    """Return the records of a case for a page; that they are looked at is recorded first.

    For whoever has a part in the case its own part, for who coordinates it and for the auditor all.

    :raises Denied: for everybody else: the answer is that of an unknown case.
    """
    work.attempt("log.read", purpose=Purpose.P10)
    found = read_accessed(work, reference, on_page=True)
    given = _given(work, found)
    known_as = names_of(work, [found.case_id]).get(found.case_id)  # none for the auditor
    return Records(
        reference=known_as or references.write(reference),
        is_all=found.is_all,
        decisions=tuple(_decision(work, found, each) for each in given),
        exports=tuple(sorted(_exports(found, given), key=lambda each: each.at, reverse=True)),
        lines=tuple(reversed(found.lines())),
    )


def take_receipt(work: Work, reference: str, receipt_id: str) -> Mapping[str, Any]:
    """Return a receipt that the caller's agency was given, in the form that is checked offline.

    {"receipts": [{"at", "form", "part", "signed", "salt"}]}. Taking it is recorded first.

    :raises Denied: if it was another's, or of another case.
    """
    work.attempt("receipts.read", purpose=Purpose.P10)
    case_id = find_shown(work, reference)
    find_roles(work, case_id)
    disclose(work, case_id, Purpose.P10, event="receipts.read", opens=())
    given = open_receipts(work, [receipt_id]).get(receipt_id)
    is_own = given is not None and given.agency_id == work.caller.agency_id
    if given is None or not is_own or given.case_id != case_id:
        raise Denied("not-its-receipt", subject=case_id)
    row = {
        "at": moments.write(given.at),
        "form": given.form,
        "part": given.part,
        "signed": given.signed,
        "salt": given.salt,
    }
    return {"receipts": [row]}


def _given(work: Work, found: Accessed) -> list[Given]:
    """Receipts, the newest first: all of the case, or those of the caller's own agency."""
    if not found.is_all:
        me = work.caller.agency_id
        return list_given(work, found.case_id, agency_id=me, until=work.now)[::-1]
    return list_all_given(work, found.case_id)[::-1]


def _decision(work: Work, found: Accessed, each: Given) -> Decision:
    part, is_own = each.part, each.agency_id == work.caller.agency_id
    named = None if is_own else found.sections
    levels = {n: v for n, v in part["levels"].items() if named is None or n in named}
    withheld = [w["section"] for w in part["withheld"] if named is None or w["section"] in named]
    return Decision(
        receipt_id=each.id,
        at=each.at,
        agency_id=each.agency_id,
        worker=str(part["worker"] or ""),
        form=each.form,
        purpose=str(part["purpose"] or ""),
        because=str(part["because"]),
        basis=tuple(part["basis"] or ()),
        levels=levels,
        withheld=tuple(withheld),
        has_receipt=is_own and work.caller.kind is not AgencyKind.AUDITOR,
    )


def _exports(found: Accessed, given: list[Given]) -> Iterator[Export]:
    """What left as a file stands in the log; what left sealed, among the receipts."""
    for each in found.recorded:
        if each.record["outcome"] == "allowed" and each.record["agency"] not in found.hidden:
            yield from _taken(each)
    for one in given:
        is_file = one.form == _PACK or one.form.endswith("-paper/1")
        if one.form not in _PAGES and not is_file:
            worker = str(one.part["worker"] or "")
            mark = str(one.part["log"]["commitment"])[:12]
            yield Export(one.at, one.agency_id, worker, "", one.form, "sealed", mark)


def _taken(each: Recorded) -> Iterator[Export]:
    record = each.record
    if record["event"] not in (_TAKEN, _PACKED, _ORIGINAL):
        return
    facts, by = record["facts"], (str(record["agency"] or ""), str(record["worker"] or ""))
    is_pack = record["event"] == _PACKED
    yield Export(
        datetime.fromisoformat(str(record["t"])),
        str(facts["agency"]) if is_pack else by[0],
        str(facts["recipient"]) if is_pack else by[1],
        ", ".join(by) if is_pack else "",
        str(facts.get("paper", _ORIGINAL)),
        str(facts.get("format", "")),
        str(facts.get("mark", "")),
    )
