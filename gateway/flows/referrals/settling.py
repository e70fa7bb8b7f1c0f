"""Owns what follows from a reading: state, decision, roles, grants, the log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gateway.agencies import directory
from gateway.disclosure import (
    CaseKey,
    grant_new,
    list_ties,
    members_of,
    regrant,
    section_facts,
)
from gateway.flows.referrals.reading import Reading
from gateway.flows.referrals.sending import Sender
from gateway.flows.referrals.telling import (
    announce,
    announce_change,
    assign,
    end_others,
    find_routes,
)
from gateway.flows.referrals.writing import Lapse, by, write_consent
from gateway.ledger import Entry, Work
from gateway.profiles.loader import Profile
from gateway.rules.facts import CaseFacts, ConsentFacts, Route, Standing
from gateway.rules.limits import Limits, usable
from gateway.rules.states import arrival
from gateway.schemas.codes import (
    AgeBand,
    AgencyKind,
    CaseState,
    ReturnReason,
)
from gateway.store import cases
from gateway.store.members import AssignmentRow, NewAssignment
from gateway.store.sections import SectionRow


@dataclass(frozen=True, slots=True)
class Settled:
    """Where a document led: its state, who was told, and the log entry."""

    state: CaseState
    reasons: tuple[ReturnReason, ...]
    routes: tuple[Route, ...]
    entry: Entry


def settle(
    work: Work,
    key: CaseKey,
    reading: Reading,
    document: Mapping[str, Any],
    profile: Profile,
    sender: Sender,
    *,
    event: str,
    limits: Limits,
    contributed: Mapping[SectionRow, bytes],
    lapses: Lapse | None,
    notice: str,
    is_new: bool,
) -> Settled:
    """Write decision, state and assignments, derive the grants, record, announce."""
    case_id = key.case_id
    path, reasons = arrival(
        reading.decision.outcome, reading.decision.rule, is_area_known=reading.is_area_known
    )
    standing = usable(directory.standing(work.session), limits)
    routes = find_routes(
        reading.decision,
        reading.level,
        reading.needs,
        profile,
        standing,
        is_area_known=reading.is_area_known,
    )
    write_consent(work, case_id, reading.decision, profile, lapses=lapses, is_new=is_new)
    cases.add_states(
        work.session,
        case_id=case_id,
        states=path,
        because=reading.decision.rule,
        by=by(work),
        reasons=reasons,
        is_new=is_new,
    )
    given = assign(work, case_id, routes, document, sender.agency_id, is_new=is_new)
    if is_new:
        facts = _new_facts(case_id, path[-1], reading, given, contributed, limits, standing)
        facts = replace(facts, ties=list_ties(work.session, [case_id])[case_id])
        grant_new(work, key, profile, facts, contributed)
    else:
        end_others(work, case_id, routes)
        regrant(work, key, profile, known=contributed)
    entry = work.record(
        event,
        case_id,
        because=reading.decision.rule,
        outcome=str(reading.decision.outcome),
        basis=basis_of(work, profile, reading.facts, kind=sender.kind),
        facts={
            **({"for": sender.agency_id} if sender.is_entered else {}),
            "level": str(reading.level),
            "state": str(path[-1]),
            "routes": [f"{r.recipient}>{r.agency_id}:{r.rule}" for r in routes],
            "versions": dict(profile.versions),
        },
    )
    announce(work, case_id, routes, entry)
    if notice:
        announce_change(work, case_id, entry, notice=notice)
    return Settled(path[-1], reasons, routes, entry)


def _new_facts(
    case_id: str,
    state: CaseState,
    reading: Reading,
    given: Sequence[NewAssignment],
    contributed: Mapping[SectionRow, bytes],
    limits: Limits,
    standing: Mapping[str, Standing],
) -> CaseFacts:
    """The facts of a case that is being written, as they will be read back."""
    rows = [
        AssignmentRow(
            case_id, new.agency_id, standing[new.agency_id].kind, new.role, new.conditions, ""
        )
        for new in given
    ]
    return CaseFacts(
        case_id=case_id,
        area=reading.area,
        state=state,
        outcome=reading.decision.outcome,
        in_conference=False,
        members=members_of(rows),
        sections=section_facts(contributed),
        position=reading.facts.position,
        excluded_kinds=limits.kinds,
        excluded_agencies=limits.agencies,
        overridden_kinds=limits.overridden_kinds,
        barred_kinds=limits.barred_kinds,
        narrowed=limits.narrowed - limits.broken,
        conflicted=limits.barred_agencies,
    )


def basis_of(
    work: Work, profile: Profile, facts: ConsentFacts, *, kind: AgencyKind | None = None
) -> tuple[str, ...]:
    """The bases on which the caller, or a sender of this kind, shares today, for this victim.

    Of a child or somebody with care needs by DPA 2018 Sch 1 para 18.
    """
    is_special = facts.care_needs or facts.age is not AgeBand.AGE_18PLUS
    return profile.legal.for_kind(
        kind or work.caller.kind, on=work.today, is_child_or_has_care_needs=is_special
    )
