"""Owns mending a returned referral on pages: what was sent becomes a draft, and a new version.

What was sealed cannot be opened here. It goes with the new version as it was sealed, unless it is
typed anew.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.agencies.inbox import Written
from gateway.disclosure import SCAN_PART, disclose, open_case_key, open_section, ways
from gateway.errors import Conflict
from gateway.flows.referrals import drafts as flow
from gateway.flows.referrals.own import as_sent
from gateway.flows.referrals.submitting import find_own, resubmit
from gateway.ledger import Work
from gateway.rules import leaks
from gateway.rules.states import move
from gateway.schemas import reference as references
from gateway.schemas.codes import CaseState, Purpose
from gateway.schemas.protected import reveal
from gateway.schemas.typed import Typed
from gateway.store import cases, sections
from gateway.store import drafts as store
from gateway.store.answers import Answer
from gateway.store.referrals import ReferralRow


@dataclass(frozen=True, slots=True)
class Returned:
    """A referral that waits with its sender: why it came back, and the draft that mends it."""

    reference: str
    reasons: tuple[str, ...]
    draft_id: str  # "" if nobody has begun


@dataclass(frozen=True, slots=True)
class Mendable:
    """A returned referral as it was sent, to be written into pages."""

    document: Mapping[str, Any] = field(repr=False)
    has_more: bool  # parts that no page asks for


def find_returned(work: Work, reference: str) -> Returned:
    """Why a referral of the caller's came back; of what is in it nothing is opened.

    :raises Denied: if the caller did not send it.
    :raises Conflict: code illegal_state, if it does not wait for a new version.
    """
    work.attempt("referral.returned")
    row, reasons = _returned(work, reference)
    work.record("referral.returned", row.case_id, because="own")
    return Returned(references.write(row.reference), reasons, _begun(work, row.reference))


def read_returned(work: Work, reference: str, purpose: Purpose) -> Mendable:
    """A returned referral of the caller's, as it was sent; recorded like any reading of it.

    :raises Denied: if the caller did not send it.
    :raises Conflict: code illegal_state, if it does not wait for a new version.
    """
    work.attempt("referral.read", purpose=purpose)
    row, _ = _returned(work, reference)
    found = disclose(work, row.case_id, purpose, event="referral.read", own_only=True)
    if not ways.may_reveal(ways.PAGES["mend"]):
        raise ValueError("a way out on which nothing is written out")
    document = reveal(as_sent(found))
    mine = sections.list_sections(work.session, [row.case_id])
    has_more = any(
        each.part == "SUMMARY" and each.owner_id == work.caller.agency_id for each in mine
    )
    return Mendable(document, has_more or bool(document["referral"].get("attachments")))


def begin_mending(work: Work, reference: str, pages: Mapping[str, Typed]) -> str:
    """Begin a draft from what was sent, or find the one that was begun; the draft's id.

    :raises Denied: if the caller did not send it.
    :raises Conflict: illegal_state, if it does not wait for a new version; too_many.
    """
    work.attempt("draft.begin")
    row, reasons = _returned(work, reference)
    if begun := _begun(work, row.reference):
        work.record("draft.begin", row.case_id, because="begun")
        return begun
    work.record("draft.begin", row.case_id, because="returned")
    mine = [e for e in sections.list_sections(work.session, [row.case_id]) if e.part == "SEALED"]
    content = {
        "agency": work.caller.agency_id,
        "mends": row.reference,
        "reasons": list(reasons),
        "kept": sorted({e.name for e in mine if e.owner_id == work.caller.agency_id}),
    }
    return flow.make_draft(work, content, pages)


def send_mended(
    work: Work,
    draft: flow.Draft,
    document: Mapping[str, Any],
    sealed: Collection[Mapping[str, Any]],
    *,
    audience: str,
) -> Answer:
    """Send a mended referral as a new version; what was sealed before goes on as it was."""
    row = find_own(work, draft.mends)
    typed = {item["section"] for item in sealed}
    wanted = frozenset(draft.kept) - typed - _absent(document)
    items = (*sealed, *_sealed_before(work, row, wanted))
    written = Written(document, sealed=items)
    return resubmit(work, row.reference, written, audience=audience, key=draft.id)


def _absent(document: Mapping[str, Any]) -> set[str]:
    """What is sealed no more, as the document says."""
    contact = document["victim"].get("contact", {})
    found = set() if contact.get("value") == "SEALED" else {"safe_contact"}
    return found if leaks.is_hidden(document) else found | {"protected_address"}


def _returned(work: Work, reference: str) -> tuple[ReferralRow, tuple[str, ...]]:
    row = find_own(work, reference)
    case = cases.list_cases(work.session, [row.case_id])[row.case_id]
    move(case.state, CaseState.SUBMITTED)
    if row.worker_id is None:
        raise Conflict("It was sent by software: mend it there.", code="sent_by_software")
    return row, case.reasons


def _begun(work: Work, reference: str) -> str:
    rows = store.list_drafts(work.session, agency_id=work.caller.agency_id, now=work.now)
    mending = (each.id for each in flow.list_seen(work, rows) if each.mends == reference)
    return next(mending, "")


def _sealed_before(
    work: Work, row: ReferralRow, wanted: Collection[str]
) -> list[Mapping[str, Any]]:
    """The sealed sections of the version before, each with all its copies, as they came in."""
    key = open_case_key(work, row.case_id)
    found: dict[str, dict[str, Any]] = {}
    scans: dict[str, Mapping[str, Any]] = {}
    for each in sections.list_sections(work.session, [row.case_id]):
        if each.owner_id != row.agency_id:
            continue
        if each.part == "SEALED" and each.name in wanted:
            copy = open_section(work, key, each)
            item = found.setdefault(each.name, {**copy, "recipients": []})
            item["recipients"] += copy["recipients"]
        elif each.part == SCAN_PART:
            scan = open_section(work, key, each)
            if "section" in scan:
                scans[scan["section"]] = {n: v for n, v in scan.items() if n != "section"}
    return [
        {**item, **({"scan": scans[name]} if name in scans else {})}
        for name, item in sorted(found.items())
    ]
