"""Owns what was learned of a case after its first version, and must survive the next one."""

from __future__ import annotations

from dataclasses import replace

from gateway.flows.referrals.reading import Reading, weigh
from gateway.ledger import Work
from gateway.profiles.loader import Profile
from gateway.rules import consent, raising
from gateway.rules.limits import Limits
from gateway.schemas.codes import AgencyKind, Criterion
from gateway.store import cases
from gateway.store.cases import PositionRow


def limits_of(row: PositionRow) -> Limits:
    """The limits that stand with a position."""
    return Limits(
        kinds=frozenset(AgencyKind(code) for code in row.excluded_kinds),
        agencies=frozenset(row.excluded_agencies),
        overridden_kinds=frozenset(AgencyKind(code) for code in row.overridden_kinds),
        barred_kinds=frozenset(AgencyKind(code) for code in row.barred_kinds),
        barred_agencies=frozenset(row.barred_agencies),
    )


def kept(work: Work, case_id: str, read: Reading, profile: Profile, *, versions: int) -> Reading:
    """A reading of a new version with what others learned since the last.

    A position recorded after a version stands, for a new version only repeats what its sender
    knew. The level is never lowered: a human or a score raised it.
    """
    position = cases.list_positions(work.session, [case_id])[case_id]
    risk = cases.list_risks(work.session, [case_id])[case_id]
    met = read.criteria | {Criterion(code) for code in risk.criteria}
    level = raising.higher(risk.level, read.level)
    facts = replace(read.facts, risk=level)
    if position.seq > versions:
        facts = replace(facts, position=position.position, capacity=position.capacity)
    decision = consent.decide(profile.consent, facts)
    return weigh(
        replace(
            read,
            criteria=met,
            level=level,
            facts=facts,
            decision=decision,
            missing=frozenset(),
        ),
        profile,
    )
