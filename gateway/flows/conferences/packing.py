"""Owns the pack of an agency that attends and has no sign-in: what it may know, and no more.

Three steps, each a transaction of its own. Who runs the conference says for whom and why; what is
in the pack is then read as that agency would read it, wall and all, and narrowed to what who makes
it may know as well, for that person has the passphrase; last it is written down who was given what.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gateway.agencies import directory
from gateway.disclosure import keep_shown, shown_on_pages
from gateway.errors import Conflict, Invalid, Problem
from gateway.flows.conferences.agenda import Line, build_agenda
from gateway.flows.conferences.declaring import require_declared
from gateway.flows.conferences.papers import Papers
from gateway.flows.conferences.research import Request, show_research
from gateway.ledger import Act, Work
from gateway.rules import markers
from gateway.rules.facts import Caller
from gateway.schemas.codes import Custody, Level, Purpose
from gateway.schemas.paragraphs import read_text
from gateway.store import conferences, people

PACK = "pack/1"  # in receipts
MAKER = "@pack"  # in the log, instead of a worker of the agency that the pack is for
NAME, REASON = 100, 500  # characters


@dataclass(frozen=True, slots=True)
class Order:
    """For whom a pack is to be made, why, and what who makes it may know of each case itself."""

    conference_id: str
    reader: Caller
    recipient: str = field(repr=False)
    reason: str = field(repr=False)
    maker: str
    full: Mapping[str, frozenset[str]] = field(repr=False)  # case -> sections
    outstanding: frozenset[str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Pack:
    """What goes out, with what whoever reads it has to keep to."""

    papers: Papers
    declaration: tuple[str, ...]
    case_ids: tuple[str, ...] = field(repr=False)


def list_without_software(work: Work, conference_id: str) -> tuple[str, ...]:
    """The agencies at a conference whose keys lie here: a pack can be made for those.

    :raises Denied: for who does not run it. :raises Conflict: code declaration_missing.
    """
    require_declared(work, conference_id, "pack.made", runs=True)
    work.count("pack.offered")
    return _without_software(work, conference_id)


def order_pack(
    work: Work, conference_id: str, agency_id: str, *, recipient: str, reason: str, issuer: str
) -> Order:
    """Say for which agency a pack is, who of it is rung, and why; the first step.

    :raises Denied: for who does not run the conference.
    :raises Conflict: code declaration_missing.
    :raises Invalid: by field.
    """
    require_declared(work, conference_id, "pack.made", runs=True)
    name, why = read_text(recipient, NAME, lines=False), read_text(reason, REASON, lines=False)
    faults = [] if agency_id in _without_software(work, conference_id) else ["agency"]
    faults += ([] if name else ["recipient"]) + ([] if why else ["reason"])
    if faults or name is None or why is None:
        raise Invalid("Say for whom and why.", *(Problem("needed_here", f"/{f}") for f in faults))
    found, _ = build_agenda(work, conference_id, Purpose.P9, on_page=True)
    document = {"conference": conference_id, "cases": [line.reference for line in found.lines]}
    if found.told:
        keep_shown(work, issuer=issuer, form=PACK, document=document, told=found.told)
    standing = directory.standing(work.session)[agency_id]
    return Order(
        conference_id,
        Caller(agency_id, standing.kind, standing.area, worker_id=MAKER),
        name,
        why,
        work.caller.actor,
        {each.facts.case_id: _full(work, each.facts) for each in found.told},
        frozenset(each.reference for each in found.outstanding),
    )


def build_pack(work: Work, order: Order, *, issuer: str) -> Pack:
    """Read what the agency may know; `work` is that of the order's reader. The second step.

    :raises Conflict: code signs_in, if somebody of the agency can sign in at the desk.
    """
    work.attempt("pack.read")
    _require_no_sign_in(work)
    case_ids = frozenset(order.full)
    seen, _ = build_agenda(work, order.conference_id, Purpose.P9, on_page=True, only=case_ids)
    document = {"conference": order.conference_id, "cases": [e.reference for e in seen.lines]}
    if seen.told:
        keep_shown(work, issuer=issuer, form=PACK, document=document, told=seen.told)
    asked, told = show_research(
        work, order.conference_id, Purpose.P9, issuer=issuer, form=PACK, only=case_ids
    )
    cases = {each.reference: each.facts.case_id for each in (*seen.told, *told)}
    full = {name: order.full[case_id] for name, case_id in cases.items()}
    agenda = replace(
        seen,
        reader=f"{seen.reader}, by {order.maker}",
        lines=tuple(_line(each, full[each.reference]) for each in seen.lines),
        outstanding=tuple(e for e in seen.outstanding if e.reference in order.outstanding),
    )
    requests = tuple(_request(each, full[each.reference]) for each in asked)
    declaration = work.profiles.declaration.paragraphs
    return Pack(Papers(agenda, requests), declaration, tuple(dict.fromkeys(cases.values())))


def note_pack(work: Work, order: Order, pack: Pack) -> None:
    """Write down who is given what, by whom and why; the last step, without which nothing goes."""
    work.attempt("pack.made")
    facts = {
        "conference": order.conference_id,
        "agency": order.reader.agency_id,
        "recipient": order.recipient,
        "reason": order.reason,
        "mark": pack.papers.agenda.reader,
        "paper": PACK,
    }
    whose: Sequence[str | None] = pack.case_ids or [None]
    work.record_all([Act("pack.made", each, "no-sign-in", facts=facts) for each in whose])


# --- within -----------------------------------------------------------------------------------


def _without_software(work: Work, conference_id: str) -> tuple[str, ...]:
    attending = conferences.list_attendees(work.session, conference_id)
    custody = directory.custodies(work.session, set(attending))
    standing = directory.standing(work.session)
    return tuple(
        each
        for each in attending
        if each != work.caller.agency_id
        and custody[each] is Custody.HOSTED
        and not standing[each].is_suspended
    )


def _require_no_sign_in(work: Work) -> None:
    """Papers on a disk are worse than a page: whoever can open that gets no pack."""
    me = work.caller.agency_id
    roles = people.list_roles(work.session, agency_id=me)
    for each in people.list_people(work.session, agency_id=me):
        if each.worker_suspended_at is None and roles.get(each.worker_id):
            raise Conflict("Somebody of that agency signs in.", code="signs_in")


def _full(work: Work, facts: Any) -> frozenset[str]:
    """The sections of a case that who makes the pack reads in full."""
    decision = shown_on_pages(work, facts)
    shown = decision.shown if decision is not None else {}
    return frozenset(name for name, level in shown.items() if level is Level.FULL)


def _line(line: Line, full: frozenset[str]) -> Line:
    """A line without what the one who makes the pack may not know."""
    found = replace(
        line,
        label=line.label if "victim_identity" in full else None,
        critical=line.critical if "risk_answers" in full else None,
        children=line.children if "children" in full else None,
        event_on=line.event_on if "orders" in full else None,
        markers=tuple(each for each in line.markers if markers.SECTION_OF[each] in full),
    )
    if "referral" in full:
        return found
    return replace(
        found, because="", presenter=None, level=None, criteria=None, scores=None, idva=None
    )


def _request(asked: Request, full: frozenset[str]) -> Request:
    people: dict[str, Any] = {
        name: asked.people[name]
        for name, section in _SECTIONS.items()
        if name in asked.people and section in full
    }
    if "victim" in people and "victim_address" not in full:
        people["victim"] = {k: v for k, v in people["victim"].items() if k != "addresses"}
    return replace(asked, people=people)


_SECTIONS = {
    "victim": "victim_identity",
    "perpetrators": "perpetrators",
    "children": "children",
}
