"""Owns what follows when a fact of a live case changes: the consent table is run again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.agencies.inbox import JOSE_TYPE, Received, keep_answer
from gateway.disclosure import (
    CaseKey,
    find_referral,
    get_facts,
    may_know,
    open_case_key,
    open_part,
    open_value,
    regrant,
    sign_receipt,
)
from gateway.errors import Denied
from gateway.flows.referrals import later, settling, telling, writing
from gateway.ledger import Entry, Work
from gateway.profiles.loader import Profile
from gateway.rules import consent
from gateway.rules.facts import ConsentDecision, ConsentFacts
from gateway.rules.limits import Limits
from gateway.rules.positions import Said, after_expiry, counted
from gateway.rules.states import after_decision, goes_on
from gateway.schemas.codes import (
    AgeBand,
    CaseRole,
    CaseState,
    ChildConcern,
    Danger,
    Need,
    ReturnReason,
)
from gateway.store import cases, dated, members, parties
from gateway.store.answers import Answer
from gateway.store.dated import RiskRow
from gateway.store.sections import SectionRow

WRITERS = frozenset({CaseRole.REFERRER, CaseRole.IDVA, CaseRole.COORDINATOR, CaseRole.NAMED})


@dataclass(frozen=True, slots=True)
class Case:
    """A case as it stands while it is changed, locked."""

    key: CaseKey
    profile: Profile
    state: CaseState
    is_decided: bool  # a coordinator brought it there
    is_area_known: bool  # or it went back because nobody serves its area
    risk: RiskRow
    position: dated.PositionRow

    @property
    def said(self) -> Said:
        """The position as it stands recorded."""
        return later.said_of(self.position)

    @property
    def facts(self) -> ConsentFacts:
        """The inputs of the consent table, with the position as recorded; see `counted`."""
        risk = self.risk
        return ConsentFacts(
            position=self.position.position,
            risk=risk.level,
            child=ChildConcern(risk.child),
            danger=Danger(risk.danger),
            capacity=self.position.capacity,
            age=AgeBand(risk.age),
            care_needs=risk.care_needs,
        )


@dataclass(frozen=True, slots=True)
class Change:
    """What a case is from now on."""

    facts: ConsentFacts
    said: Said
    limits: Limits
    known: Mapping[SectionRow, bytes]  # sections contributed with the change, and their keys


def find_member_case(work: Work, reference: str) -> str:
    """The case behind a reference, if the caller has a part in it that may write.

    For a merged referral it is the case it was joined to.

    :raises Denied: otherwise.
    """
    row = find_referral(work, reference)
    # Looked for even where there is no case: absence must not be answered sooner than refusal.
    assigned = members.list_assignments(work.session, [row.case_id if row else "-"])
    if row is None:
        raise Denied("absent")
    roles = {each.role for each in assigned if each.agency_id == work.caller.agency_id}
    if not roles & WRITERS:
        raise Denied("not-assigned", subject=row.case_id)
    facts = get_facts(work, row.case_id)
    if not may_know(work, facts):
        raise Denied("not-open", subject=row.case_id)
    joined_to = [
        link.other_id
        for link in parties.list_links(work.session, [row.case_id])
        if link.kind == "MERGED"
    ]
    return joined_to[0] if facts.state is CaseState.MERGED and joined_to else row.case_id


def lock(work: Work, case_id: str) -> Case:
    """A case as it stands, kept from everybody else's change."""
    cases.lock_case(work.session, case_id)
    row = cases.list_cases(work.session, [case_id])[case_id]
    is_decided = row.because.startswith("decision:")
    return Case(
        key=open_case_key(work, case_id),
        profile=work.profiles.for_area(row.area, work.today),
        state=row.state,
        is_decided=is_decided,
        is_area_known=is_decided or ReturnReason.WRONG_AREA not in row.reasons,
        risk=dated.list_risks(work.session, [case_id])[case_id],
        position=dated.list_positions(work.session, [case_id])[case_id],
    )


def decided(work: Work, case: Case, facts: ConsentFacts, said: Said) -> ConsentDecision:
    """The consent table's own answer today, whether its record is there or not."""
    table = case.profile.consent
    return consent.decide(table, counted(table, facts, said, on=work.today))


def reconsider(work: Work, case: Case, change: Change, *, event: str, notice: str = "") -> Entry:
    """Run the consent table again and let everything follow from it.

    A decision that now lacks a record does not stop a live case: that would take help away; the
    missing record shows as due. A referral that waits with its sender goes on only if nothing is
    missing, its area is known, and never against a coordinator's own return. `notice` is what the
    feed tells everybody who belongs to the case besides that it changed.
    """
    case_id = case.key.case_id
    decision = _held_back(work, case, decided(work, case, change.facts, change.said))
    _write(work, case, change, decision)
    new = telling.assign_missing(
        work,
        case_id,
        decision,
        change.facts.risk,
        needs_of(work, case),
        case.profile,
        change.limits,
        is_area_known=case.is_area_known,
    )
    regrant(work, case.key, case.profile, known=change.known)
    entry = work.record(
        event,
        case_id,
        because=decision.rule,
        outcome=str(decision.outcome),
        basis=settling.basis_of(work, case.profile, change.facts),
        facts={"routes": [f"{r.recipient}>{r.agency_id}:{r.rule}" for r in new]},
    )
    telling.announce(work, case_id, new, entry)
    telling.announce_change(work, case_id, entry, but={r.agency_id for r in new}, notice=notice)
    return entry


def _write(work: Work, case: Case, change: Change, decision: ConsentDecision) -> None:
    """Append the decision, what follows once an agreement ends, and the state it leads to."""
    case_id, table = case.key.case_id, case.profile.consent
    after = after_expiry(table, change.facts, change.said, on=work.today)
    lapses = None
    if after is not None and change.said.expires_on is not None:
        lapses = writing.Lapse(change.said.expires_on, _held_back(work, case, after))
    writing.write_consent(work, case_id, decision, case.profile, lapses=lapses, is_new=False)
    if _waits(case) and goes_on(decision.outcome):
        cases.add_states(
            work.session,
            case_id=case_id,
            states=(CaseState.SUBMITTED, *after_decision(decision.outcome, decision.rule)),
            because=decision.rule,
            by=writing.by(work),
        )


def _held_back(work: Work, case: Case, decision: ConsentDecision) -> ConsentDecision:
    """A decision, held while the case waits and the record that it needs is missing."""
    lacking = consent.lacking(case.profile.consent.row(decision.rule), ())
    if case.state is CaseState.RETURNED and lacking and not _has_override(work, case):
        return consent.held(decision)
    return decision


def _has_override(work: Work, case: Case) -> bool:
    """Whether an override record was sent; conflict checks lie in the same section without one."""
    parts = open_part(work, case.key, "override")
    return any("override_record" in part for part in parts)


def _waits(case: Case) -> bool:
    """Whether a case stands with its sender for nothing but the decision."""
    return case.state is CaseState.RETURNED and not case.is_decided and case.is_area_known


def needs_of(work: Work, case: Case) -> frozenset[Need]:
    """The needs of the victim that routing minds."""
    plain = open_value(
        case.key, table="risk", column="needs", row=case.key.case_id, cell=case.risk.needs
    )
    return frozenset(Need(code) for code in json.loads(plain))


def answer(
    work: Work,
    received: Received,
    reference: str,
    claims: Mapping[str, Any],
    entry: Entry,
    *,
    audience: str,
    key: str,
) -> Answer:
    """Answer a change with a signed receipt, once (201)."""
    receipt = sign_receipt(work, issuer=audience, reference=reference, claims=claims, entry=entry)
    return keep_answer(work, key, Answer(received.digest, 201, JOSE_TYPE, receipt.encode()))
