"""Owns a coordinator's decision about a referral: one step of its life, with a coded reason."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from gateway.agencies.inbox import JOSE_TYPE, Received, Sent, keep_answer, receive
from gateway.disclosure import (
    Box,
    Contribution,
    contribute,
    find_referral,
    get_facts,
    list_facts,
    may_know,
    open_case_key,
    regrant,
    seal_value,
    sign_receipt,
)
from gateway.errors import Conflict, Denied, Invalid, Problem
from gateway.flows.cases.finding import find_case, find_roles
from gateway.ledger import Entry, Work, case_records
from gateway.rules.states import Guards, move
from gateway.schemas import moments
from gateway.schemas import reference as references
from gateway.schemas.codes import AgeBand, AreaDecision, CaseRole, CaseState, Purpose
from gateway.schemas.consent_codes import Feedback
from gateway.store import cases, dated, feed, members, overrides, parties
from gateway.store import tables as t
from gateway.store.answers import Answer
from gateway.store.cases import By, CaseRow
from gateway.store.parties import LinkRow

TO: Mapping[AreaDecision, CaseState] = {
    AreaDecision.ACCEPT: CaseState.ACCEPTED,
    AreaDecision.RETURN: CaseState.RETURNED,
    AreaDecision.REJECT: CaseState.REJECTED,
    AreaDecision.REDIRECT: CaseState.REDIRECTED,
    AreaDecision.MERGE: CaseState.MERGED,
    AreaDecision.EMERGENCY: CaseState.EMERGENCY,
}
# What the referrer is told besides the state and the reasons, where the coordinator says nothing.
_FEEDBACK: Mapping[AreaDecision, Feedback] = {AreaDecision.RETURN: Feedback.MORE_INFO_NEEDED}
JOINED = "JOINED"  # the referrer may know that its referral was joined to another
CHANGED = "changed_meanwhile"
NOTES = ("reason", "alternative_route", "quality_note")


FORM = "decision/1"


def decide(work: Work, reference: str, body: Sent, *, audience: str, key: str) -> Answer:
    """Move a case as its coordinator decides (201, signed receipt).

    The referrer's feedback is written by the act; what the coordinator writes in words is kept
    as minutes, sealed.

    :raises Denied: if the caller does not coordinate the case.
    :raises Conflict: code illegal_state, if the case cannot go there from where it is.
    """
    work.attempt("case.decide")
    case_id = find_case(work, reference)
    if CaseRole.COORDINATOR not in {row.role for row in find_roles(work, case_id)}:
        raise Denied("not-the-coordinator", subject=case_id)
    if not may_know(work, get_facts(work, case_id)):
        raise Denied("not-open", subject=case_id)
    received = receive(work, body, form=FORM, audience=audience, key=key, about=reference)
    if received.answered:
        return received.answered
    state, entry = _move(work, case_id, received)
    receipt = sign_receipt(
        work, issuer=audience, reference=reference, claims={"state": str(state)}, entry=entry
    )
    return keep_answer(work, key, Answer(received.digest, 201, JOSE_TYPE, receipt.encode()))


def _move(work: Work, case_id: str, received: Received) -> tuple[CaseState, Entry]:
    form = received.loaded
    cases.lock_case(work.session, case_id)
    case = cases.list_cases(work.session, [case_id])[case_id]
    if received.seen and received.seen != standing_of(case):
        raise Conflict("Somebody decided about it since the page was opened.", code=CHANGED)
    decision = AreaDecision(form["decision"])
    state = move(case.state, TO[decision], guards=guards_of(work, case_id))
    if decision is AreaDecision.ACCEPT:
        _know_of_recall(work, case_id)
    if decision is AreaDecision.MERGE:
        _merge(work, case_id, case.area, form)
    reasons = [str(reason) for reason in form.get("reasons", ())]
    cases.add_states(
        work.session,
        case_id=case_id,
        states=[state],
        because=f"decision:{decision}",
        by=By(work.caller.agency_id, work.caller.worker_id, work.now),
        reasons=reasons,
    )
    _tell(work, case_id, form)
    profile = work.profiles.for_area(case.area, work.today)
    key = open_case_key(work, case_id)
    if any(note in form for note in NOTES):
        minute = {"decisions": [received.document]}
        boxes = [Box("minutes", "FULL", minute)]
        contribute(work, key, Contribution(work.caller.agency_id, work.now, boxes))
    regrant(work, key, profile)
    entry = work.record(
        "case.decide",
        case_id,
        because=str(decision),
        facts={"state": str(state), "reasons": reasons},
    )
    _announce(work, case_id, entry)
    return state, entry


def standing_of(case: CaseRow) -> str:
    """How a case stands: who decides on a page is told if it stands otherwise by then."""
    return f"{case.state}|{moments.write(case.state_at)}"


def guards_of(work: Work, case_id: str) -> Guards:
    """What is known of a case when its coordinator moves it."""
    risk = dated.list_risks(work.session, [case_id])[case_id]
    return Guards(
        by_coordinator=True,
        by_chair=work.caller.is_chair,
        is_under_16=risk.age == AgeBand.U16,
        is_disputed=cases.count_states(work.session, case_id, CaseState.REJECTED) > 0,
    )


def open_to(state: CaseState, guards: Guards) -> tuple[AreaDecision, ...]:
    """What a coordinator may decide about a case in this state; the same rule as the act's."""
    found = []
    for decision in AreaDecision:
        with suppress(Conflict):
            move(state, TO[decision], guards=guards)
            found.append(decision)
    return tuple(found)


def _know_of_recall(work: Work, case_id: str) -> None:
    """Refuse to accept a case that its referrer wants back, until the caller has read that.

    A request that comes at the last second therefore stops an acceptance that is on its way. An
    emergency does not wait.

    :raises Conflict: code recall_open.
    """
    recall = overrides.find_recall(work.session, case_id)
    if recall is None:
        return
    work.record("log.read", case_id, because="recall", purpose=Purpose.P10)
    has_read = any(
        each.agency_id == work.caller.agency_id
        and each.record["event"] == "case.read"
        and each.record["outcome"] == "allowed"
        and datetime.fromisoformat(each.record["t"]) >= recall.at
        for each in case_records(work, case_id)
    )
    if not has_read:
        raise Conflict("The referrer asked for it back: read the case again.", code="recall_open")


def _merge(work: Work, case_id: str, area: str, form: Mapping[str, Any]) -> None:
    """Join a referral to another case of the same coordinator; every referrer stays a source."""
    fault = Problem("unknown_reference", "/merge_with")
    written = references.read(form["merge_with"])
    row = find_referral(work, written) if written else None
    other = cases.list_cases(work.session, [row.case_id]).get(row.case_id) if row else None
    if row is None or other is None or row.case_id == case_id:
        raise Invalid("There is no other case of that reference.", fault)
    mine = {
        each.role
        for each in members.list_assignments(work.session, [row.case_id])
        if each.agency_id == work.caller.agency_id
    }
    facts = list_facts(work.session, [row.case_id], on=work.today).get(row.case_id)
    is_open = CaseRole.COORDINATOR in mine and facts is not None and may_know(work, facts)
    if not is_open or other.area != area:
        raise Invalid("There is no other case of that reference.", fault)
    if other.state in (CaseState.MERGED, CaseState.CLOSED, CaseState.ABANDONED):
        raise Conflict("The other case no longer goes on.", code="illegal_state")
    if row.case_id in parties.list_reversed(work.session, case_id):
        raise Conflict("These accuse each other: each stays its own record.", code="counter")
    _join_limits(work, case_id, row.case_id)
    link = LinkRow(case_id, row.case_id, "MERGED", (), "CONFIRMED", work.now)
    parties.add_links(work.session, case_id, [link])


def _join_limits(work: Work, case_id: str, other_id: str) -> None:
    """Leave out of the other case whoever was left out of this one; nothing else of it moves."""
    key = open_case_key(work, other_id)  # first: the case is locked with it
    positions = dated.list_positions(work.session, [case_id, other_id])
    this, other = positions[case_id], positions[other_id]
    names = ("excluded_kinds", "excluded_agencies", "barred_kinds", "barred_agencies")
    together: dict[str, Any] = {
        name: sorted({*getattr(this, name), *getattr(other, name)}) for name in names
    }
    narrowed = [*other.narrowed, *(row for row in this.narrowed if row not in other.narrowed)]
    dated.add_dated(
        work.session,
        t.position,
        case_id=other_id,
        position=other.position,
        capacity=other.capacity,
        overridden_kinds=list(other.overridden_kinds),
        narrowed=narrowed,
        broken=list(other.broken),
        scope=list(other.scope),
        starts_on=other.starts_on,
        expires_on=other.expires_on,
        account=seal_value(key, table="position", column="account", row=other_id, value=b"{}"),
        by_agency=work.caller.agency_id,
        by_worker=work.caller.worker_id,
        at=work.now,
        **together,
    )
    area = cases.list_cases(work.session, [other_id])[other_id].area
    regrant(work, key, work.profiles.for_area(area, work.today))


def _tell(work: Work, case_id: str, form: Mapping[str, Any]) -> None:
    default = _FEEDBACK.get(form["decision"])
    given = form.get("feedback", default)
    codes = [given] if given else []
    if form["decision"] == AreaDecision.MERGE and form.get("release"):
        codes.append(JOINED)
    for code in codes:
        dated.add_dated(
            work.session,
            t.feedback,
            case_id=case_id,
            code=str(code),
            reasons=[str(reason) for reason in form.get("reasons", ())],
            at=work.now,
        )


def _announce(work: Work, case_id: str, entry: Entry) -> None:
    told = {
        row.agency_id
        for row in members.list_assignments(work.session, [case_id])
        if row.role is not CaseRole.REFERRER and row.agency_id != work.caller.agency_id
    }
    kinds = [(agency_id, "CHANGED") for agency_id in sorted(told)]
    feed.add_items(work.session, case_id=case_id, kinds=kinds, entry_id=entry.id)
