"""Owns who is told: routes, roles, and what is announced to whom."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from gateway.agencies import directory
from gateway.errors import Unavailable
from gateway.flows.referrals.reading import landlord_of
from gateway.ledger import Entry, Work
from gateway.profiles.loader import Profile
from gateway.rules import routing
from gateway.rules.facts import ConsentDecision, Route, Standing
from gateway.rules.limits import Limits, usable
from gateway.rules.positions import Said
from gateway.schemas.codes import (
    CaseRole,
    Need,
    Outcome,
    Position,
    Recipient,
    RiskLevel,
)
from gateway.store import feed, members
from gateway.store.members import NewAssignment

ASSIGNED, ALERT, CHANGED, OBJECTION = "ASSIGNED", "ALERT", "CHANGED", "OBJECTION"


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
    missing = [r.agency_id for r in found if r.agency_id not in standing]
    if missing:
        # Nothing routes to nobody: better asked for again than kept where nobody looks.
        raise Unavailable("An agency of the routing table is not registered.", code="not_ready")
    return found


def _alert(route: Route) -> Route:
    return replace(route, role=CaseRole.ALERTED)


def assign(
    work: Work,
    case_id: str,
    routes: Sequence[Route],
    document: Mapping[str, Any],
    sender_id: str,
    *,
    is_new: bool,
) -> list[NewAssignment]:
    """Give every routed agency its role, and the sender the role of referrer; none twice."""
    rows = [] if is_new else members.list_assignments(work.session, [case_id])
    standing = {(row.agency_id, row.role) for row in rows}
    landlord = landlord_of(document)
    new = [NewAssignment(sender_id, CaseRole.REFERRER, "submitted")]
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


def end_others(work: Work, case_id: str, routes: Sequence[Route]) -> None:
    """End what an earlier version routed and this one does not: it was not meant for them."""
    kept = {(route.agency_id, route.role) for route in routes}
    rows = members.list_assignments(work.session, [case_id])
    given = {(row.agency_id, row.role) for row in rows if row.role is not CaseRole.REFERRER}
    for agency_id, role in sorted(given - kept):
        members.end_assignments(
            work.session, case_id=case_id, agency_id=agency_id, roles=[role], at=work.now
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


def notice_of(said: Said) -> str:
    """What the feed tells of a position besides that the case changed; "" for nothing."""
    return OBJECTION if said.position in (Position.WITHHELD, Position.WITHDRAWN) else ""


def announce_change(
    work: Work, case_id: str, entry: Entry, *, but: Collection[str] = (), notice: str = ""
) -> None:
    """Tell all who belong to the case that it changed, but caller, referrer and `but`.

    A `notice` goes to `but` as well: it is news to whoever has just been given the case.
    """
    rows = members.list_assignments(work.session, [case_id])
    told = {
        row.agency_id
        for row in rows
        if row.role is not CaseRole.REFERRER
        and row.agency_id != work.caller.agency_id
        and (notice or row.agency_id not in but)
    }
    kinds = [(agency_id, notice or CHANGED) for agency_id in sorted(told)]
    feed.add_items(work.session, case_id=case_id, kinds=kinds, entry_id=entry.id)
