"""Owns what follows from a reading: dated rows, who is told, whose keys are wrapped, the log."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from gateway.agencies import directory
from gateway.disclosure import (
    ALERT_PART,
    SCAN_PART,
    Box,
    CaseKey,
    grant_new,
    members_of,
    regrant,
    seal_value,
    section_facts,
)
from gateway.flows.referrals.reading import Reading, landlord_of
from gateway.ledger import Entry, Work
from gateway.profiles.loader import Profile
from gateway.rules import leaks, raising, routing
from gateway.rules.facts import CaseFacts, ConsentDecision, Route, Standing
from gateway.rules.limits import Limits, usable
from gateway.rules.states import after_decision
from gateway.schemas.codes import (
    AgeBand,
    CaseRole,
    CaseState,
    DataClass,
    Need,
    Outcome,
    Recipient,
    ReturnReason,
    RiskLevel,
)
from gateway.store import cases, feed, members
from gateway.store import tables as t
from gateway.store.cases import By
from gateway.store.members import AssignmentRow, NewAssignment
from gateway.store.sections import SectionRow

ASSIGNED, ALERT, CHANGED = "ASSIGNED", "ALERT", "CHANGED"


@dataclass(frozen=True, slots=True)
class Settled:
    """Where a document led: its state, who was told, and the log entry."""

    state: CaseState
    reasons: tuple[ReturnReason, ...]
    routes: tuple[Route, ...]
    entry: Entry


def by(work: Work) -> By:
    """Who writes, for dated rows."""
    return By(work.caller.agency_id, work.caller.worker_id, work.now)


def boxes(
    document: Mapping[str, Any],
    parts: Mapping[str, Any],
    sealed: Iterable[Mapping[str, Any]],
    profile: Profile,
) -> list[Box]:
    """The boxes of a referral: its sections, their summaries, the alert, each sealed copy."""
    found = [
        Box(name, "FULL", part)
        for name, part in parts.items()
        if profile.fields.data_class(name) is DataClass.GATEWAY
    ]
    found += [
        Box(name, "SUMMARY", {"summary": text})
        for name, text in document.get("summaries", {}).items()
    ]
    found.append(Box("referral", ALERT_PART, {"referrer": document["referrer"]}))
    protected = leaks.values_of(parts, profile.fields.protected)
    if protected and leaks.is_hidden(document):
        found.append(Box(SCAN_PART, SCAN_PART, protected))
    for item in sealed:
        found += [
            Box(item["section"], "SEALED", _copy(item, copy), audience=copy["agency"])
            for copy in item["recipients"]
        ]
    return found


def _copy(item: Mapping[str, Any], copy: Mapping[str, Any]) -> dict[str, Any]:
    """One recipient's copy, in the shape in which it is handed on."""
    kept = {name: item[name] for name in ("section", "digest")}
    return {**kept, "recipients": [dict(copy)]}


def write_position(
    work: Work,
    key: CaseKey,
    *,
    position: str,
    record: Mapping[str, Any],
    capacity: str,
    limits: Limits,
    is_new: bool,
) -> None:
    """Append the victim's position with its account, sealed."""
    cases.add_dated(
        work.session,
        t.position,
        case_id=key.case_id,
        is_new=is_new,
        position=position,
        capacity=capacity,
        excluded_kinds=sorted(limits.kinds),
        excluded_agencies=sorted(limits.agencies),
        overridden_kinds=sorted(limits.overridden_kinds),
        barred_kinds=sorted(limits.barred_kinds),
        barred_agencies=sorted(limits.barred_agencies),
        account=seal_value(
            key, table="position", column="account", row=key.case_id, value=_dump(record)
        ),
        by_agency=work.caller.agency_id,
        by_worker=work.caller.worker_id,
        at=work.now,
    )


def write_risk(
    work: Work, key: CaseKey, reading: Reading, *, seen: Mapping[str, Any], is_new: bool
) -> None:
    """Append the risk as graded now; `seen` are markers, children and dates of the document."""
    needs = json.dumps(sorted(reading.needs)).encode()
    cases.add_dated(
        work.session,
        t.risk,
        case_id=key.case_id,
        is_new=is_new,
        level=reading.level,
        criteria=sorted(reading.criteria),
        professional=raising.highest_judgement(reading.grades),
        grades=[asdict(grade) for grade in reading.grades],
        age=reading.facts.age,
        child=reading.facts.child,
        danger=reading.facts.danger,
        care_needs=reading.facts.care_needs,
        needs=seal_value(key, table="risk", column="needs", row=key.case_id, value=needs),
        by_agency=work.caller.agency_id,
        by_worker=work.caller.worker_id,
        at=work.now,
        **seen,
    )


def write_consent(
    work: Work, case_id: str, decision: ConsentDecision, profile: Profile, *, is_new: bool
) -> None:
    """Append what the consent table decided, with the versions of the tables that decided it."""
    cases.add_dated(
        work.session,
        t.consent,
        case_id=case_id,
        is_new=is_new,
        rule=decision.rule,
        outcome=decision.outcome,
        share_with=sorted(decision.share_with),
        duties=sorted(decision.duties),
        must_record=sorted(decision.must_record),
        versions=dict(profile.versions),
        at=work.now,
    )


def find_state(reading: Reading) -> tuple[tuple[CaseState, ...], tuple[ReturnReason, ...]]:
    """The states a newly sent referral passes through, and why it stops where it does."""
    decision = reading.decision
    path = (CaseState.SUBMITTED, *after_decision(decision.outcome, decision.rule))
    reasons: tuple[ReturnReason, ...] = ()
    if decision.outcome is Outcome.HOLD_RECORD:
        reasons = (ReturnReason.CONSENT_RECORD_INCOMPLETE,)
    elif path[-1] is CaseState.REDIRECTED:
        reasons = (ReturnReason.UNDER_AGE,)
    if not reading.is_area_known:
        reasons = (*reasons, ReturnReason.WRONG_AREA)
        if path[-1] is CaseState.TRIAGE:
            path = (*path, CaseState.RETURNED)
    return path, reasons


def find_routes(
    decision: ConsentDecision,
    level: RiskLevel,
    needs: frozenset[Need],
    profile: Profile,
    standing: Mapping[str, Standing],
    *,
    is_area_known: bool,
) -> tuple[Route, ...]:
    """Who receives the case: by the rule, by a duty, and the IDVA's alert where sharing waits.

    In an area that nobody serves everybody but a duty's recipient is only told that it waits.
    """
    asked = decision.share_with | decision.recipients
    found = routing.route(profile.routing, asked, profile.area, needs, standing)
    if not is_area_known:
        found = tuple(r if r.role is CaseRole.NAMED else _alert(r) for r in found)
    if decision.outcome is Outcome.HOLD_RECORD and level is RiskLevel.HIGH:
        told = routing.route(profile.routing, [Recipient.IDVA], profile.area, needs, standing)
        found += tuple(_alert(r) for r in told)
    return found


def _alert(route: Route) -> Route:
    return replace(route, role=CaseRole.ALERTED)


def assign(
    work: Work,
    case_id: str,
    routes: Sequence[Route],
    document: Mapping[str, Any],
    *,
    is_new: bool,
) -> list[NewAssignment]:
    """Give every routed agency its role, and the sender the role of referrer; none twice."""
    rows = [] if is_new else members.list_assignments(work.session, [case_id])
    standing = {(row.agency_id, row.role) for row in rows}
    landlord = landlord_of(document)
    new = [NewAssignment(work.caller.agency_id, CaseRole.REFERRER, "submitted")]
    new += [NewAssignment(r.agency_id, r.role, f"{r.rule}:{r.because}") for r in routes]
    given = {}
    for each in new:
        if (each.agency_id, each.role) not in standing:
            known = ("TENANT_OR_HOUSEHOLD",) if each.agency_id == landlord else ()
            given[each.agency_id, each.role] = NewAssignment(
                each.agency_id, each.role, each.because, known
            )
    assignments = list(given.values())
    members.add_assignments(work.session, case_id=case_id, assignments=assignments, at=work.now)
    return assignments


def _end_others(work: Work, case_id: str, routes: Sequence[Route]) -> None:
    """End what an earlier version routed and this one does not: it was not meant for them."""
    kept = {(route.agency_id, route.role) for route in routes}
    for row in members.list_assignments(work.session, [case_id]):
        if row.role is not CaseRole.REFERRER and (row.agency_id, row.role) not in kept:
            members.end_assignments(
                work.session,
                case_id=case_id,
                agency_id=row.agency_id,
                roles=[row.role],
                at=work.now,
            )


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
        conflicted=limits.barred_agencies,
    )


def announce(work: Work, case_id: str, routes: Sequence[Route], entry: Entry) -> None:
    """Put the case into the feed of everybody it was routed to."""
    kinds: dict[str, str] = {}
    for route in routes:
        is_alert = route.role is CaseRole.ALERTED
        kinds.setdefault(route.agency_id, ALERT if is_alert else ASSIGNED)
        if not is_alert:
            kinds[route.agency_id] = ASSIGNED
    feed.add_items(work.session, case_id=case_id, kinds=kinds.items(), entry_id=entry.id)


def assign_missing(
    work: Work,
    case_id: str,
    decision: ConsentDecision,
    level: RiskLevel,
    needs: frozenset[Need],
    profile: Profile,
    limits: Limits,
    *,
    is_area_known: bool,
) -> tuple[Route, ...]:
    """Route to whoever the decision names now and did not before; gives the new routes."""
    standing = usable(directory.standing(work.session), limits)
    found = find_routes(decision, level, needs, profile, standing, is_area_known=is_area_known)
    given = {(row.agency_id, row.role) for row in members.list_assignments(work.session, [case_id])}
    missing = {(r.agency_id, r.role): r for r in found if (r.agency_id, r.role) not in given}
    new = tuple(missing.values())
    members.add_assignments(
        work.session,
        case_id=case_id,
        assignments=[NewAssignment(r.agency_id, r.role, f"{r.rule}:{r.because}") for r in new],
        at=work.now,
    )
    return new


def announce_change(work: Work, case_id: str, entry: Entry, *, but: Collection[str] = ()) -> None:
    """Tell all who belong to the case that it changed, but caller, referrer and `but`."""
    rows = members.list_assignments(work.session, [case_id])
    told = {
        row.agency_id
        for row in rows
        if row.role is not CaseRole.REFERRER
        and row.agency_id != work.caller.agency_id
        and row.agency_id not in but
    }
    kinds = [(agency_id, CHANGED) for agency_id in sorted(told)]
    feed.add_items(work.session, case_id=case_id, kinds=kinds, entry_id=entry.id)


def settle(
    work: Work,
    key: CaseKey,
    reading: Reading,
    document: Mapping[str, Any],
    profile: Profile,
    *,
    event: str,
    limits: Limits,
    contributed: Mapping[SectionRow, bytes],
    is_new: bool,
) -> Settled:
    """Write decision, state and assignments, derive the grants, record, announce."""
    case_id = key.case_id
    path, reasons = find_state(reading)
    standing = usable(directory.standing(work.session), limits)
    routes = find_routes(
        reading.decision,
        reading.level,
        reading.needs,
        profile,
        standing,
        is_area_known=reading.is_area_known,
    )
    write_consent(work, case_id, reading.decision, profile, is_new=is_new)
    cases.add_states(
        work.session,
        case_id=case_id,
        states=path,
        because=reading.decision.rule,
        by=by(work),
        reasons=reasons,
        is_new=is_new,
    )
    given = assign(work, case_id, routes, document, is_new=is_new)
    if is_new:
        facts = _new_facts(case_id, path[-1], reading, given, contributed, limits, standing)
        grant_new(work, key, profile, facts, contributed)
    else:
        _end_others(work, case_id, routes)
        regrant(work, key, profile, known=contributed)
    entry = work.record(
        event,
        case_id,
        because=reading.decision.rule,
        outcome=str(reading.decision.outcome),
        basis=profile.legal.for_kind(
            work.caller.kind, on=work.now.date(), is_child_or_has_care_needs=_is_para_18(reading)
        ),
        facts={
            "level": str(reading.level),
            "state": str(path[-1]),
            "routes": [f"{r.recipient}>{r.agency_id}:{r.rule}" for r in routes],
            "versions": dict(profile.versions),
        },
    )
    announce(work, case_id, routes, entry)
    return Settled(path[-1], reasons, routes, entry)


def _dump(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"), default=str).encode()


def _is_para_18(reading: Reading) -> bool:
    """Whether the victim is a child or an adult with care needs (DPA 2018 Sch 1 para 18)."""
    return reading.facts.care_needs or reading.facts.age is not AgeBand.AGE_18PLUS
