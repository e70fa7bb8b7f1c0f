"""Owns opening what lies behind broken glass: one category, recorded before it is opened.

The agency that looks may have no part in the case and no grant of it. What is opened is opened with
the gateway's own wrap of each section key, in the context of who keeps the case, and only after the
decision and its record.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.disclosure.boxes import SCAN_PART, open_case_keys, open_for_gateway, open_named
from gateway.disclosure.deciding import profile_of
from gateway.disclosure.facts import list_facts
from gateway.disclosure.holding import look_through, record_held, tell_chair
from gateway.disclosure.pieces import Piece
from gateway.disclosure.redacting import list_drafts
from gateway.errors import Denied
from gateway.ledger import Entry, Work
from gateway.profiles.loader import Profile
from gateway.rules import breakglass
from gateway.rules.breakglass import Glass
from gateway.rules.facts import Allowed, CaseFacts, Refused
from gateway.schemas.codes import AgencyKind, Level
from gateway.schemas.protected import shield
from gateway.store import cases, dated
from gateway.store.dated import RiskRow


@dataclass(frozen=True, slots=True)
class Behind:
    """A case as the decision about its glass needs it."""

    facts: CaseFacts
    risk: RiskRow
    profile: Profile


def stand_before(work: Work, case_id: str, *, reads: bool = False) -> Behind:
    """Load what decides; nothing is opened. Who `reads` next keeps the case from being changed.

    :raises Denied: if there is nothing left of the case, or it is another area's auditor.
    """
    if reads:
        with work.keeping(case_id):
            cases.lock_for_reading(work.session, [case_id])
    facts, risk = load_behind(work, case_id)
    if facts is None or risk is None:
        raise Denied("absent")
    if work.caller.kind is AgencyKind.AUDITOR and work.caller.area != facts.area:
        raise Denied("other-area", subject=case_id)
    return Behind(facts, risk, profile_of(work, facts))


def load_behind(work: Work, case_id: str) -> tuple[CaseFacts | None, RiskRow | None]:
    """What decides, in the same steps for a case that is there and for one that is not."""
    with work.keeping(case_id):
        facts = list_facts(work.session, [case_id], on=work.today).get(case_id)
        risk = dated.list_risks(work.session, [case_id]).get(case_id)
    return facts, risk


def decide_glass(work: Work, behind: Behind, glass: Glass) -> Allowed:
    """Return the sections behind the glass.

    :raises Denied: with the true reason.
    """
    decision = breakglass.decide(
        behind.facts,
        behind.risk.level,
        work.caller,
        glass,
        behind.profile.matrix,
        now=work.now,
    )
    if isinstance(decision, Refused):
        raise Denied(decision.because, subject=behind.facts.case_id)
    return decision


def open_behind(
    work: Work, behind: Behind, decision: Allowed, glass: Glass
) -> tuple[tuple[Piece, ...], Entry]:
    """Record the look, then open what the decision names; protected values are held back."""
    case_id = behind.facts.case_id
    owners = {s.owner for s in behind.facts.sections if s.name in decision.levels}
    entry = work.record(
        "glass.read",
        case_id,
        because=decision.because,
        purpose=glass.purpose,
        levels=decision.levels,
        facts={"category": str(glass.category), "owners": sorted(owners)},
    )
    with work.keeping(case_id):
        keys = open_case_keys(work, [case_id])
        found = open_named(work, keys, sorted(decision.levels))
        sought = open_for_gateway(work, keys, SCAN_PART).get(case_id, [])
        drafts = list_drafts(work, [case_id]).get(case_id)
    paths = behind.profile.fields.protected
    pieces = [
        Piece(row.name, Level.FULL, row.owner_id, shield(content, paths.get(row.name, ())))
        for row, content in found
    ]
    has = decision.levels.keys()
    kept = look_through(work, behind.facts, pieces, sought, has=has, drafts=drafts)
    told = record_held(work, case_id, kept.rows)
    if told is not None:
        with work.keeping(case_id):
            tell_chair(work, behind.facts, kept.rows, told)
    return kept.pieces, entry
