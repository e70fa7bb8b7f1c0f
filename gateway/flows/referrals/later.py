"""Owns what was learned of a case after its first version, and must survive the next one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gateway.disclosure import read_narrowings
from gateway.flows.referrals.reading import Reading, weigh
from gateway.ledger import Work
from gateway.profiles.loader import Profile
from gateway.rules import consent, raising
from gateway.rules.limits import Limits
from gateway.rules.positions import Said, counted
from gateway.schemas.codes import AgencyKind, Criterion, Position
from gateway.schemas.consent_codes import ConsentScope
from gateway.store import dated
from gateway.store.dated import PositionRow

DATED = "position/2"


def limits_of(row: PositionRow) -> Limits:
    """The limits that stand with a position."""
    return Limits(
        kinds=frozenset(AgencyKind(code) for code in row.excluded_kinds),
        agencies=frozenset(row.excluded_agencies),
        overridden_kinds=frozenset(AgencyKind(code) for code in row.overridden_kinds),
        barred_kinds=frozenset(AgencyKind(code) for code in row.barred_kinds),
        barred_agencies=frozenset(row.barred_agencies),
        narrowed=read_narrowings(row.narrowed),
        broken=read_narrowings(row.broken),
    )


def said_of(row: PositionRow) -> Said:
    """A position as it stands recorded."""
    scope = frozenset(ConsentScope(code) for code in row.scope)
    return Said(row.position, scope, row.starts_on, row.expires_on)


def said_in(form: str, position: Mapping[str, Any]) -> Said:
    """What a loaded position says. Of position/1 the scope was never a gate, and nothing ends."""
    if form != DATED:
        return Said(Position(position["position"]))
    return Said(
        Position(position["position"]),
        frozenset(ConsentScope(code) for code in position["scope"]),
        position.get("starts_on"),
        position.get("expires_on"),
    )


def kept(
    work: Work, case_id: str, read: Reading, profile: Profile, *, versions: int
) -> tuple[Reading, Said]:
    """A reading of a new version with what others learned since the last, and the position.

    A position recorded after a version stands, for a new version only repeats what its sender
    knew. The level is never lowered: a human or a score raised it.
    """
    position = dated.list_positions(work.session, [case_id])[case_id]
    risk = dated.list_risks(work.session, [case_id])[case_id]
    met = read.criteria | {Criterion(code) for code in risk.criteria}
    level = raising.higher(risk.level, read.level)
    facts, said = replace(read.facts, risk=level), Said(read.facts.position)
    if position.seq > versions:
        said = said_of(position)
        standing = replace(facts, capacity=position.capacity)
        facts = counted(profile.consent, standing, said, on=work.today)
    decision = consent.decide(profile.consent, facts)
    changed = replace(
        read, criteria=met, level=level, facts=facts, decision=decision, missing=frozenset()
    )
    return weigh(changed, profile), said
