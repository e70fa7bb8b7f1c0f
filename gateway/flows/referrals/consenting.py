"""Owns what the victim says anew, and the record of sharing without her agreement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.agencies.inbox import receive
from gateway.disclosure import Box, Contribution, contribute
from gateway.errors import Conflict, Invalid, Problem
from gateway.flows.referrals import later, reconsidering, telling, writing
from gateway.flows.referrals.checking import check_override
from gateway.flows.referrals.later import DATED
from gateway.flows.referrals.reconsidering import Case, Change, find_member_case
from gateway.ledger import Work
from gateway.rules import grading
from gateway.rules.clocks import add_months
from gateway.rules.facts import ConsentFacts
from gateway.rules.limits import Limits, broken_by, in_danger, joined, of_position
from gateway.rules.positions import Said
from gateway.schemas.codes import CaseRole, RecordKind
from gateway.store import dated, members
from gateway.store.answers import Answer
from gateway.store.sections import SectionRow

POSITION, OVERRIDE = "position/1", "override/1"
LIFTERS = frozenset({CaseRole.IDVA, CaseRole.COORDINATOR})


def record_position(
    work: Work, reference: str, body: str, *, audience: str, key: str, form: str = POSITION
) -> Answer:
    """Record the victim's position anew, by the referrer or an assigned agency (201).

    The consent table is run again at once; whoever may no longer read has lost the keys before
    the answer leaves. What was read before cannot be recalled, and nothing that danger to life
    needs is stopped. An objection is told to everybody who belongs to the case. For a merged
    referral it is the case it was joined to that changes.

    :raises Denied: if the caller has no part in the case.
    :raises Invalid: by field, if an agreement lies ahead, has ended, or lasts too long.
    """
    work.attempt("position.record")
    case_id = find_member_case(work, reference)
    received = receive(work, body, form=form, audience=audience, key=key, about=reference)
    if received.answered:
        return received.answered
    case = reconsidering.lock(work, case_id)
    loaded, said = received.loaded, later.said_in(form, received.loaded)
    if problems := tuple(_misdated(work, case, loaded, said)):
        raise Invalid("The position cannot count from or to these days.", *problems)
    facts = grading.reconsidered(case.facts, loaded)
    limits = _limits(work, case, facts, said, loaded)
    writing.write_position(
        work,
        case.key,
        said=said,
        record=received.document,
        capacity=facts.capacity,
        limits=limits,
        is_new=False,
    )
    known: Mapping[SectionRow, bytes] = {}
    if form == DATED:
        known = _contribute(work, case, "consent", {"position": received.document})
    change = Change(facts, said, limits, known)
    entry = reconsidering.reconsider(
        work, case, change, event="position.record", notice=telling.notice_of(said)
    )
    claims = {"position": str(said.position)}
    return reconsidering.answer(
        work, received, reference, claims, entry, audience=audience, key=key
    )


def record_override(work: Work, reference: str, body: str, *, audience: str, key: str) -> Answer:
    """Record why a case is shared without agreement, signed by two people (201).

    It completes what danger to life did not wait for, or what an objection to a live case made
    necessary; a referral that waited with its sender for nothing else goes on.

    :raises Denied: if the caller has no part in the case.
    :raises Conflict: code nothing_to_override, if the case is not shared against her word.
    :raises Invalid: naming each field at fault.
    """
    work.attempt("override.record")
    case_id = find_member_case(work, reference)
    received = receive(work, body, form=OVERRIDE, audience=audience, key=key, about=reference)
    if received.answered:
        return received.answered
    case = reconsidering.lock(work, case_id)
    decision = reconsidering.decided(work, case, case.facts, case.said)
    if RecordKind.OVERRIDE not in decision.must_record:
        raise Conflict("Nothing is shared here without agreement.", code="nothing_to_override")
    standing = later.limits_of(case.position)
    check_override(work, case.profile.legal.may_rely, received.loaded, standing, at="")
    limits = broken_by(standing, received.loaded["breaks_conditions"])
    if limits != standing:
        _carry_on(work, case, limits)
    writing.write_override(work, case_id, received.loaded)
    known = _contribute(work, case, "override", {"override_record": received.document})
    entry = reconsidering.reconsider(
        work, case, Change(case.facts, case.said, limits, known), event="override.record"
    )
    claims = {"rule": decision.rule, "complete": True}
    return reconsidering.answer(
        work, received, reference, claims, entry, audience=audience, key=key
    )


def _misdated(work: Work, case: Case, form: Mapping[str, Any], said: Said) -> Iterator[Problem]:
    """An agreement counts from a day that has come, to one that has not passed, for so long."""
    on = work.today
    if said.starts_on is None or said.expires_on is None:
        return
    if form["recorded_at"] > work.now:
        yield Problem("issued_in_future", "/recorded_at")
    if said.starts_on > on:
        yield Problem("issued_in_future", "/starts_on")
    if said.has_lapsed(on):
        yield Problem("expired", "/expires_on")
    elif said.expires_on > add_months(said.starts_on, case.profile.consent.longest_months):
        yield Problem("lives_too_long", "/expires_on")


def _limits(
    work: Work, case: Case, facts: ConsentFacts, said: Said, position: Mapping[str, Any]
) -> Limits:
    """Who is left out from now on; only some may lift what stood before."""
    mine = {
        row.role
        for row in members.list_assignments(work.session, [case.key.case_id])
        if row.agency_id == work.caller.agency_id
    }
    # Nobody else ever said what is to be lifted; the newest row alone would not show that.
    is_alone = dated.list_recorders(work.session, case.key.case_id) == {work.caller.agency_id}
    may_lift = bool(mine & LIFTERS) or is_alone
    limits = joined(later.limits_of(case.position), of_position(position), may_lift=may_lift)
    return in_danger(limits, facts.danger, reconsidering.decided(work, case, facts, said))


def _carry_on(work: Work, case: Case, limits: Limits) -> None:
    """The position as it stood, with the conditions that are broken from now on."""
    writing.write_position(
        work,
        case.key,
        said=case.said,
        record={},
        capacity=case.position.capacity,
        limits=limits,
        is_new=False,
    )


def _contribute(
    work: Work, case: Case, section: str, content: Mapping[str, Any]
) -> Mapping[SectionRow, bytes]:
    boxes = [Box(section, "FULL", content)]
    return contribute(work, case.key, Contribution(work.caller.agency_id, work.now, boxes))
