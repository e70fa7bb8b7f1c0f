"""Owns what a referrer sees of its own referrals, and how it takes one back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.agencies import directory
from gateway.disclosure import (
    Disclosed,
    beyond_wall,
    disclose,
    list_facts,
    open_case_key,
    regrant,
)
from gateway.flows.referrals import telling, writing
from gateway.flows.referrals.submitting import find_own
from gateway.ledger import Act, Entry, Work
from gateway.rules import conflict, routing, sections
from gateway.rules.facts import CaseFacts
from gateway.rules.states import can_withdraw, move
from gateway.schemas import reference as references
from gateway.schemas.codes import CaseState, Level, Need, Purpose, WithdrawalReason
from gateway.store import cases, conferences, dated, parties, referrals
from gateway.store import tables as t
from gateway.store.cases import CaseRow
from gateway.store.referrals import ReferralRow

PAGE = 50
ASSESSED = "risk_answers"  # the section that assessments are, with a version or apart from it
JOINED = "JOINED"  # the coordinator let the referrer know that its referral was joined

# What a referrer is told of a state. A merged referral reads as received until the coordinator
# releases more: that somebody else referred too is not the referrer's to know.
_SHOWN: Mapping[CaseState, str] = {
    CaseState.SUBMITTED: "RECEIVED",
    CaseState.TRIAGE: "RECEIVED",
    CaseState.MERGED: "RECEIVED",
    CaseState.RETURNED: "RETURNED",
    CaseState.LAPSED_ESCALATED: "RETURNED",
    CaseState.REJECTED: "REJECTED",
    CaseState.REDIRECTED: "REDIRECTED",
    CaseState.ACCEPTED: "ACCEPTED",
    CaseState.LISTED: "LISTED",
    CaseState.RESEARCH: "LISTED",
    CaseState.READY: "LISTED",
    CaseState.DEFERRED: "LISTED",
    CaseState.EMERGENCY: "LISTED",
    CaseState.RELISTED: "LISTED",
    CaseState.ABANDONED: "ABANDONED",
    CaseState.WITHDRAWN: "WITHDRAWN",
    CaseState.CLOSED: "CLOSED",
}


@dataclass(frozen=True, slots=True)
class Status:
    """How a referral stands, as its sender may know it."""

    reference: str
    received_at: datetime
    status: str
    reasons: tuple[str, ...]
    listed_for: datetime | None
    feedback: tuple[tuple[str, datetime], ...]
    entered_by: str | None = None  # the agency that typed it in for its sender
    may_challenge: bool = False  # it is refused, and the refusal was not challenged before


@dataclass(frozen=True, slots=True)
class Own:
    """A referral as its sender sees it: how it stands, and what was sent."""

    status: Status
    document: Mapping[str, Any] = field(repr=False)
    entry: Entry
    facts: CaseFacts = field(repr=False)  # to whose key it is sealed follows from them


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list; `next` is the place to go on from."""

    items: tuple[Status, ...]
    next: tuple[datetime, str] | None


@dataclass(frozen=True, slots=True)
class Previewed:
    """An agency that would receive a sealed copy, and the key to seal to."""

    agency_id: str
    kind: str
    sections: tuple[str, ...]
    key: Mapping[str, Any]


def list_sent(work: Work, before: tuple[datetime, str] | None, *, on_page: bool = False) -> Page:
    """The caller's own referrals, newest first, each recorded by reference.

    On a page without those that are for a deputy's own key alone.
    """
    work.attempt("referral.listed")
    rows = _visible(work, before, on_page)
    shown, more = rows[:PAGE], len(rows) > PAGE
    if shown:
        work.record_all([Act("referral.listed", row.case_id, "own") for row in shown])
    else:
        work.count("referral.listed.empty")
    return Page(
        tuple(_statuses(work, shown)),
        (shown[-1].received_at, shown[-1].reference) if more else None,
    )


def _visible(work: Work, before: tuple[datetime, str] | None, on_page: bool) -> list[ReferralRow]:
    """A page and one more, without what lies behind the wall."""
    rows: list[ReferralRow] = []
    while len(rows) <= PAGE:
        found = referrals.list_sent(
            work.session, agency_id=work.caller.agency_id, before=before, limit=PAGE + 1
        )
        known = set(beyond_wall(work, [row.case_id for row in found]))
        if on_page:
            facts = list_facts(work.session, sorted(known), on=work.today)
            me = work.caller.agency_id
            known = {each for each in facts if not conflict.needs_own_key(facts[each], me)}
        rows += [row for row in found if row.case_id in known]
        if len(found) <= PAGE:
            break
        before = (found[-1].received_at, found[-1].reference)
    return rows


def read_own(work: Work, reference: str, purpose: Purpose) -> Own:
    """The caller's own referral: state, feedback, and its own words.

    :raises Denied: if the caller did not send it.
    """
    work.attempt("referral.read", purpose=purpose)
    row = find_own(work, reference)
    found = disclose(work, row.case_id, purpose, event="referral.read", own_only=True)
    return Own(_statuses(work, [row])[0], as_sent(found), found.entry, found.facts)


def as_sent(found: Disclosed) -> dict[str, Any]:
    """The newest version; assessments that were sent apart from it stand beside its own."""
    sendable = set(found.profile.fields.section_of.values()) - found.profile.matrix.exclusive
    own = [p for p in found.pieces if p.level is Level.FULL and p.section in sendable]
    parts = [piece.content for piece in own if piece.section != ASSESSED]
    assessed: dict[str, Any] = {}
    filled: list[Any] = []
    for piece in own:
        if piece.section == ASSESSED:
            assessed |= piece.content
            filled += piece.content.get("risk_assessments", {}).get("value", ())
    if filled:
        assessed["risk_assessments"] = {"value": filled}
    return sections.merge([*parts, assessed])


def withdraw(work: Work, reference: str, reason: WithdrawalReason) -> str:
    """Take a referral back: at once while it waits with its sender, otherwise by request.

    A request stands until the coordinator has read it; nobody accepts a case without knowing.
    A victim's objection alone never withdraws a case by itself.

    :raises Denied: if the caller did not send it.
    """
    work.attempt("referral.withdraw")
    row = find_own(work, reference)
    cases.lock_case(work.session, row.case_id)
    case = cases.list_cases(work.session, [row.case_id])[row.case_id]
    if not can_withdraw(case.state):
        dated.add_dated(
            work.session,
            t.recall,
            case_id=row.case_id,
            reason=str(reason),
            by_agency=work.caller.agency_id,
            by_worker=work.caller.worker_id,
            at=work.now,
        )
        entry = work.record("referral.withdraw", row.case_id, because=reason, outcome="requested")
        telling.announce_change(work, row.case_id, entry)
        return "REQUESTED"
    cases.add_states(
        work.session,
        case_id=row.case_id,
        states=[move(case.state, CaseState.ABANDONED)],
        because=reason,
        by=writing.by(work),
    )
    profile = work.profiles.for_area(case.area, work.today)
    regrant(work, open_case_key(work, row.case_id), profile)
    entry = work.record("referral.withdraw", row.case_id, because=reason)
    telling.announce_change(work, row.case_id, entry)
    return "ABANDONED"


def preview(
    work: Work, area: str | None, outward: str | None, needs: frozenset[Need]
) -> tuple[Previewed, ...]:
    """Whom a referral from there would seal its protected sections to, with their keys.

    Asks for no person and tells of none.
    """
    work.count("routing.preview")
    found = area if area in work.profiles.areas else work.profiles.area_of(outward or "")
    profile = work.profiles.for_area(found or work.caller.area, work.today)
    standing = directory.standing(work.session)
    previewed = routing.preview(profile.routing, profile.matrix, profile.area, needs, standing)
    return tuple(
        Previewed(agency_id, str(kind), names, keys[0])
        for agency_id, kind, names in previewed
        if (keys := directory.encryption_keys(work.session, agency_id, work.now))
    )


def _statuses(work: Work, rows: Sequence[ReferralRow]) -> list[Status]:
    case_ids = [row.case_id for row in rows]
    feedback = cases.list_feedback(work.session, case_ids)
    joined = _joined(work, case_ids, feedback)
    asked = sorted({*case_ids, *joined.values()})
    found = cases.list_cases(work.session, asked)
    dates = conferences.list_dates(work.session, asked)
    refused = cases.count_refusals(work.session, asked)
    shown = {case_id: joined.get(case_id, case_id) for case_id in case_ids}
    return [
        _status(
            row,
            found[shown[row.case_id]],
            dates.get(shown[row.case_id]),
            feedback.get(row.case_id, []),
            refused.get(row.case_id, 0),
        )
        for row in rows
        if shown[row.case_id] in found  # else it was erased in between
    ]


def _joined(
    work: Work, case_ids: Sequence[str], feedback: Mapping[str, Sequence[tuple[str, datetime]]]
) -> dict[str, str]:
    """The case that each released merged one was joined to; its progress is then theirs too."""
    released = [
        case_id
        for case_id in case_ids
        if any(code == JOINED for code, _ in feedback.get(case_id, ()))
    ]
    links = parties.list_links(work.session, released) if released else []
    return {row.case_id: row.other_id for row in links if row.kind == "MERGED"}


def _status(
    row: ReferralRow,
    case: CaseRow,
    listed_for: datetime | None,
    feedback: Sequence[tuple[str, datetime]],
    refusals: int,
) -> Status:
    shown = _SHOWN.get(case.state, "IN_PROGRESS")
    if case.case_id != row.case_id and shown not in ("ACCEPTED", "LISTED"):
        shown = "RECEIVED"  # what the other sender did, or was asked, is not this one's to know
    is_told = shown in ("RETURNED", "REJECTED", "REDIRECTED", "WITHDRAWN", "CLOSED")
    return Status(
        reference=references.write(row.reference),
        received_at=row.received_at,
        status=shown,
        reasons=case.reasons if is_told else (),
        listed_for=listed_for if shown == "LISTED" else None,
        feedback=tuple(feedback),
        entered_by=row.entered_agency_id,
        may_challenge=case.case_id == row.case_id
        and case.state is CaseState.REJECTED
        and refusals == 1,
    )
