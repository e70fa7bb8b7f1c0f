"""Owns what an agency is asked about the cases of a conference, and what it gave back itself.

What goes out with a request is names, dates and the addresses that a search needs, and no story;
the need-to-know table says how much of that each agency gets.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.agencies import directory
from gateway.disclosure import (
    CaseKey,
    Disclosed,
    Sealed,
    Told,
    disclose_many,
    keep_shown,
    load,
    open_value,
    read_case_key,
    require_page,
    require_purpose,
    seal_answer,
    shown_on_pages,
)
from gateway.errors import Denied
from gateway.flows.conferences.asking import find_asked, why_not
from gateway.flows.conferences.declaring import require_declared
from gateway.ledger import Entry, Work
from gateway.rules import research as rule
from gateway.schemas import moments
from gateway.schemas import reference as references
from gateway.schemas.codes import ListingKind, Purpose
from gateway.sealing import jose
from gateway.store import conferences, referrals
from gateway.store import research as store
from gateway.store.conferences import ConferenceRow
from gateway.store.referrals import ReferralRow
from gateway.store.research import RequestRow, ReturnRow

PAGE = "page/1"  # in receipts: what a page of the desk shows


@dataclass(frozen=True, slots=True)
class Request:
    """What one agency is asked about one case: names and where to search, and no story."""

    conference_id: str
    starts_at: datetime
    reference: str
    kind: ListingKind  # how it came to the list, by what this reader may know
    referrer: str  # the kind of the referring agency
    due_at: datetime
    version: int  # 0: nothing came yet
    returned_at: datetime | None
    is_nil: bool | None
    people: Mapping[str, Any] = field(repr=False)

    def is_late(self, now: datetime) -> bool:
        """Whether it came after the day, or is not here and the day has passed."""
        return (self.returned_at or now) > self.due_at


Asked = tuple[Request, Disclosed]


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a return."""

    version: int
    at: datetime
    worker: str | None


@dataclass(frozen=True, slots=True)
class Own:
    """What an agency returned itself, the newest version, and when each version came."""

    request: Request
    versions: tuple[Version, ...]
    document: Mapping[str, Any] | None = field(repr=False)


def list_research(work: Work, conference_id: str, purpose: Purpose, *, issuer: str) -> Sealed:
    """Return what the caller's agency is asked about for a conference, sealed for it alone.

    :raises Denied: if it does not attend. :raises Invalid: for a purpose it may not state.
    """
    asked, entry = _requests(work, conference_id, purpose)
    return seal_answer(
        work,
        issuer=issuer,
        form="research-requests/1",
        document={
            "conference": conference_id,
            "requests": [_shown(request, work.now) for request, _ in asked],
        },
        purpose=purpose,
        entry=entry,
        cases=[found.facts for _, found in asked],
        told=[found.told(request.reference) for request, found in asked],
    )


def show_research(
    work: Work,
    conference_id: str,
    purpose: Purpose,
    *,
    issuer: str,
    form: str,
    only: Collection[str] | None = None,
) -> tuple[tuple[Request, ...], list[Told]]:
    """Return the same for a person, and of which cases; a receipt of the `form` is kept.

    Who calls it asks for the declaration. With `only`, about these cases alone.
    """
    asked, _ = _requests(work, conference_id, purpose, on_page=True, only=only)
    told = [found.told(request.reference) for request, found in asked]
    if told:
        document = {"conference": conference_id, "cases": [each.reference for each, _ in asked]}
        keep_shown(work, issuer=issuer, form=form, document=document, told=told)
    return tuple(request for request, _ in asked), told


def _requests(
    work: Work,
    conference_id: str,
    purpose: Purpose,
    *,
    on_page: bool = False,
    only: Collection[str] | None = None,
) -> tuple[list[Asked], Entry]:
    work.attempt("research.asked", purpose=purpose)
    conference = conferences.find_conference(work.session, conference_id)
    attendees = conferences.list_attendees(work.session, conference_id)
    if conference is None:
        raise Denied("absent")
    if work.caller.agency_id not in attendees:
        raise Denied("not-attending")
    require_purpose(work, purpose)
    rows = store.list_asked(work.session, conference_id, agency_id=work.caller.agency_id)
    facts, _ = load(work, [row.case_id for row in rows])
    open_to = {
        row.case_id: facts[row.case_id]
        for row in rows
        if row.case_id in facts
        and (only is None or row.case_id in only)
        and why_not(work, facts[row.case_id]) is None
    }
    if on_page:
        open_to = {c: f for c, f in open_to.items() if shown_on_pages(work, f) is not None}
    found = disclose_many(
        work, open_to, purpose, event="research.read", only=rule.SEARCHED, opens=rule.SEARCHED
    )
    entry = work.record(
        "research.asked",
        None,
        because="attending",
        purpose=purpose,
        facts={"conference": conference_id, "cases": len(found)},
    )
    return _made(work, conference, [row for row in rows if row.case_id in found], found), entry


def _made(
    work: Work,
    conference: ConferenceRow,
    rows: Sequence[RequestRow],
    found: Mapping[str, Disclosed],
) -> list[Asked]:
    ids = [row.case_id for row in rows]
    first = {c: each[0] for c, each in referrals.list_references(work.session, ids).items()}
    kinds = dict(conferences.list_listed(work.session, conference.conference_id))
    names = directory.names(work.session)
    return [
        (
            _request(conference, row, found[row.case_id], first[row.case_id], kinds, names),
            found[row.case_id],
        )
        for row in rows
        if row.case_id in first  # else it was erased in between
    ]


def _request(
    conference: ConferenceRow,
    row: RequestRow,
    found: Disclosed,
    first: ReferralRow,
    kinds: Mapping[str, str],
    names: Mapping[str, directory.Name],
) -> Request:
    return Request(
        conference_id=conference.conference_id,
        starts_at=conference.starts_at,
        reference=references.write(first.reference),
        kind=_kind(found, kinds[row.case_id]),
        referrer=str(names[first.agency_id].kind),
        due_at=row.due_at,
        version=row.version,
        returned_at=row.returned_at,
        is_nil=row.is_nil,
        people=rule.asked_about(_contents(found)),
    )


def _kind(found: Disclosed, listed: str) -> ListingKind:
    """A referrer that sees only its own is told nothing that the gateway or others found out."""
    if found.decision.because != "own":
        return ListingKind(listed)
    if "TRANSFER_IN" in found.risk.criteria:
        return ListingKind.TRANSFER_IN
    return ListingKind.REPEAT if "MARAC_REPEAT" in found.risk.criteria else ListingKind.NEW


def _contents(found: Disclosed) -> dict[str, Any]:
    texts = {name: found.find(name) for name in rule.SEARCHED}
    return {name: text for name, text in texts.items() if isinstance(text, Mapping)}


def _shown(request: Request, now: datetime) -> dict[str, Any]:
    """A request as it is handed over; whom it names is written out for its reader alone."""
    return {
        "reference": request.reference,
        "starts_at": moments.write(request.starts_at),
        "kind": str(request.kind),
        "referrer": request.referrer,
        "due_at": moments.write(request.due_at),
        "version": request.version,
        "returned_at": moments.write(request.returned_at),
        "late": request.is_late(now),
        "people": dict(request.people),
    }


def read_own(
    work: Work, conference_id: str, reference: str, purpose: Purpose, *, issuer: str
) -> Sealed:
    """Return what the caller's agency is asked about one case and what it returned, sealed for it.

    :raises Denied: if it was not asked: the answer is that of an unknown case.
    """
    own, found = _own(work, conference_id, reference, purpose)
    document = {
        **_shown(own.request, work.now),
        "versions": [
            {"version": each.version, "at": moments.write(each.at), "worker": each.worker}
            for each in own.versions
        ],
        "research": own.document,
    }
    return seal_answer(
        work,
        issuer=issuer,
        form="research-own/1",
        document=document,
        purpose=purpose,
        entry=found.entry,
        cases=[found.facts],
        told=[found.told(own.request.reference)],
    )


def show_own(
    work: Work, conference_id: str, reference: str, purpose: Purpose, *, issuer: str
) -> Own:
    """Return the same for a page; a receipt is kept like that of a sealed one.

    :raises Denied: also where its answers go to a worker's own key alone.
    :raises Conflict: code declaration_missing.
    """
    require_declared(work, conference_id, "research.read")
    own, found = _own(work, conference_id, reference, purpose)
    require_page(work, found.facts)
    document = {"conference": conference_id, "cases": [own.request.reference]}
    told = [found.told(own.request.reference)]
    keep_shown(work, issuer=issuer, form=PAGE, document=document, told=told)
    return own


def _own(work: Work, conference_id: str, reference: str, purpose: Purpose) -> tuple[Own, Disclosed]:
    work.attempt("research.read", purpose=purpose)
    require_purpose(work, purpose)
    case_id, facts, row = find_asked(work, conference_id, reference)
    conference = conferences.find_conference(work.session, conference_id)
    if conference is None:
        raise Denied("absent", subject=case_id)
    found = disclose_many(
        work,
        {case_id: facts},
        purpose,
        event="research.read",
        only=rule.SEARCHED,
        opens=rule.SEARCHED,
    )
    if case_id not in found:
        raise Denied("not-open", subject=case_id)
    ((request, _),) = _made(work, conference, [row], found)
    rows = store.list_returns(work.session, conference_id, case_id, agency_id=work.caller.agency_id)
    document = _sent(read_case_key(work, case_id), rows[-1]) if rows else None
    versions = tuple(Version(each.version, each.at, each.by_worker) for each in rows)
    return Own(request, versions, document), found[case_id]


def _sent(key: CaseKey, row: ReturnRow) -> Mapping[str, Any]:
    place = place_of(row.conference_id, row.agency_id, row.version)
    kept: dict[str, Any] = json.loads(open_value(key, **place, cell=row.document))
    if "jws" not in kept:
        return dict(kept["document"])
    claims: dict[str, Any] = json.loads(jose.read_signed(kept["jws"]).payload)
    return dict(claims["document"])


def place_of(conference_id: str, agency_id: str, version: int) -> dict[str, str]:
    row = f"{conference_id}/{agency_id}/{version}"
    return {"table": "research_return", "column": "document", "row": row}
