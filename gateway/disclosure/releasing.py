"""Owns stopping what is sealed before a team that serves both sides gets it (F62)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from gateway.disclosure.deciding import Explained, get_facts, profile_of
from gateway.errors import NotFound
from gateway.ledger import Work
from gateway.rules import releasing
from gateway.rules.facts import Allowed, Caller, CaseFacts
from gateway.rules.releasing import BOTH, DUE, SECOND_PERSON, Release
from gateway.schemas.codes import Level, ReleaseState
from gateway.store import dated, feed, releases
from gateway.store.releases import ReleaseRow


@dataclass(frozen=True, slots=True)
class Gated:
    """What may go now, and whom a second person is asked about because of it."""

    decision: Allowed
    asked: ReleaseRow | None = None


def gate(work: Work, facts: CaseFacts, decision: Allowed) -> Gated:
    """Lower what is sealed to a mark that it is there, until a second person agreed."""
    exclusive = profile_of(work, facts).matrix.exclusive
    me, team = work.caller.agency_id, releasing.team_of(work.caller)
    sealed = {
        each.name
        for each in facts.sections
        if each.name in exclusive
        and each.owner != me
        and me in each.sealed_to
        and decision.levels.get(each.name) is Level.FULL
    }
    if not sealed:
        return Gated(decision)
    rows = releases.list_releases(work.session, [facts.case_id])
    known = next((row for row in rows if (row.agency_id, row.team) == (me, team)), None)
    rule = dated.list_consents(work.session, [facts.case_id])[facts.case_id].rule
    became = releasing.release(work.caller.kind, known.state if known else None, rule)
    asked = None
    if known is None and became is not Release.GOES:
        given_at = work.now if became is Release.GOES_FIRST else None
        asked = ReleaseRow(
            facts.case_id,
            me,
            team,
            ReleaseState.WAITING,
            given_at,
            work.caller.worker_id,
            work.now,
            work.now + DUE,
        )
    if became is not Release.STOPS:
        return Gated(decision, asked)
    shown = dict.fromkeys(sealed, Level.INDICATOR)
    why = dict.fromkeys(sealed, SECOND_PERSON)
    stopped = replace(
        decision, levels={**decision.levels, **shown}, reasons={**decision.reasons, **why}
    )
    return Gated(stopped, asked)


def would_wait(
    work: Work,
    case_id: str,
    agency: Caller,
    found: Explained,
    known: Collection[str] | None,
) -> Explained:
    """What was explained, with what waits for a second person as a mark that it is there (F62).

    Of police and the like it is told whether the case has such a section or not. That another
    agency is known to serve both sides is told to itself only where something is sealed to it,
    which it would find on reading. `known` are the sections that who asks knows of (None: all).
    """
    facts = get_facts(work, case_id)
    exclusive, me = profile_of(work, facts).matrix.exclusive, agency.agency_id
    own = {s.name for s in facts.sections if s.owner == me and (known is None or s.name in known)}
    place = (me, releasing.team_of(agency))
    rows = releases.list_releases(work.session, [case_id])
    row = next((each for each in rows if (each.agency_id, each.team) == place), None)
    consent = dated.list_consents(work.session, [case_id]).get(case_id)
    if consent is None:  # erased meanwhile
        raise NotFound
    rule = consent.rule  # in danger whatever she says
    waits = releasing.release(agency.kind, row.state if row else None, rule) is Release.STOPS
    there = {s.name for s in facts.sections if me in s.sealed_to}
    told = exclusive if agency.kind in BOTH or me != work.caller.agency_id else there
    held = {
        name
        for name, level in found.levels.items()
        if waits and level is Level.FULL and name in told and name in exclusive - own
    }
    return replace(
        found,
        levels={**found.levels, **dict.fromkeys(held, Level.INDICATOR)},
        reasons={**found.reasons, **dict.fromkeys(held, SECOND_PERSON)},
    )


def ask(work: Work, facts: CaseFacts, row: ReleaseRow | None) -> None:
    """Keep that a second person is asked, once for each team; who may be it is told."""
    if row is None or not releases.add_release(work.session, row):
        return
    entry = work.record(
        "release.asked",
        facts.case_id,
        because="given-first" if row.given_at else SECOND_PERSON,
        facts={"team": row.team},
    )
    told = sorted(
        agency_id
        for agency_id in facts.members
        if releasing.may_decide(facts, agency_id) and agency_id != work.caller.agency_id
    )
    kinds = [(agency_id, "CHANGED") for agency_id in told]
    feed.add_items(work.session, case_id=facts.case_id, kinds=kinds, entry_id=entry.id)
