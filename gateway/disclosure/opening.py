"""Owns reading: facts, decision, record, and only then the allowed sections at their level."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gateway.disclosure.deciding import basis_of, profile_of, require_purpose
from gateway.disclosure.facts import Some, list_facts
from gateway.disclosure.following import follow_tables
from gateway.disclosure.holding import look_through, record_held, tell_chair
from gateway.disclosure.pieces import Opened, Piece, open_pieces
from gateway.disclosure.receipts import Told
from gateway.disclosure.redacting import Drafts, list_drafts
from gateway.disclosure.releasing import ask, gate
from gateway.disclosure.ties import list_ties
from gateway.errors import Denied
from gateway.ledger import Act, Entry, Work
from gateway.profiles.loader import Profile
from gateway.rules import disclosure as rule
from gateway.rules.facts import (
    Allowed,
    Caller,
    CaseFacts,
    Refused,
    Ties,
)
from gateway.rules.states import stage
from gateway.schemas.codes import Level, Purpose, Stage
from gateway.store import cases, dated
from gateway.store.dated import RiskRow


@dataclass(frozen=True, slots=True)
class Disclosed:
    """What one caller may know of one case, and the log entry that says so."""

    case_id: str
    facts: CaseFacts = field(repr=False)
    stage: Stage
    risk: RiskRow = field(repr=False)
    decision: Allowed
    pieces: tuple[Piece, ...] = field(repr=False)
    withheld: tuple[str, ...]  # sections of which the reader gets less than all
    entry: Entry
    profile: Profile = field(repr=False)

    def told(self, reference: str) -> Told:
        """What a receipt says of it; `reference` is how the reader knows the case."""
        return Told(reference, self.facts, self.decision, self.withheld, self.entry)

    def find(self, section: str) -> Any:
        """The content of a section at FULL, the newest if there are several; None otherwise."""
        found = [p for p in self.pieces if p.section == section and p.level is Level.FULL]
        return found[-1].content if found else None


def disclose(
    work: Work,
    case_id: str,
    purpose: Purpose,
    *,
    event: str = "case.read",
    own_only: bool = False,
    opens: Collection[str] | None = None,
    facts: Mapping[str, CaseFacts] | None = None,
) -> Disclosed:
    """Decide, record, then open what the caller may see of a case.

    `facts` are those that `load` gave of it in this transaction, if it was asked already;
    `own_only` leaves out what others contributed; `opens` names the sections whose text is
    needed, without it all.

    :raises Denied: if it may see nothing of it.
    :raises Invalid: if the caller's kind of agency may not state this purpose.
    """
    facts = load(work, [case_id])[0] if facts is None else dict(facts)
    if case_id not in facts:  # the second wall did not show it
        raise Denied("not-assigned", subject=case_id)
    if own_only:
        facts[case_id] = _own(facts[case_id], work.caller)
    allowed, refused = _decide(work, facts, purpose)
    if case_id in refused:
        raise Denied(refused[case_id], subject=case_id)
    gated = gate(work, facts[case_id], allowed[case_id])
    found = _hand_over(work, facts, {case_id: gated.decision}, purpose, event, opens=opens)
    ask(work, facts[case_id], gated.asked)
    return found[case_id]


def disclose_many(
    work: Work,
    facts: Mapping[str, CaseFacts],
    purpose: Purpose,
    *,
    event: str,
    only: Collection[str],
    opens: Collection[str],
    has_marks: bool = True,
) -> dict[str, Disclosed]:
    """The same for many cases with a fixed number of statements; refused cases are absent.

    `facts` are those that `load` gave in this transaction;
    `only` names the sections of which anything at all is shown, `opens` those of them whose text
    is needed; no other is opened. Without `has_marks` the others have no piece at all.
    """
    allowed, _ = _decide(work, facts, purpose)
    cut = {case_id: _cut(decision, only) for case_id, decision in allowed.items()}
    return _hand_over(work, facts, cut, purpose, event, opens=opens, has_marks=has_marks)


def _decide(
    work: Work, facts: Mapping[str, CaseFacts], purpose: Purpose
) -> tuple[dict[str, Allowed], dict[str, str]]:
    require_purpose(work, purpose)
    allowed: dict[str, Allowed] = {}
    refused: dict[str, str] = {}
    for case_id, each in facts.items():
        profile = profile_of(work, each)
        decision = rule.decide(each, work.caller, purpose, profile.matrix)
        if isinstance(decision, Refused):
            refused[case_id] = decision.because
        else:
            allowed[case_id] = decision
    return allowed, refused


def _hand_over(
    work: Work,
    facts: Mapping[str, CaseFacts],
    allowed: Mapping[str, Allowed],
    purpose: Purpose,
    event: str,
    *,
    opens: Collection[str] | None,
    has_marks: bool = True,
) -> dict[str, Disclosed]:
    """Record every reading, then open."""
    case_ids = list(allowed)
    risks = dated.list_risks(work.session, case_ids)
    acts = [
        _act(work, facts[case_id], risks[case_id], decision, purpose, event)
        for case_id, decision in allowed.items()
    ]
    entries = dict(zip(case_ids, work.record_all(acts), strict=True)) if acts else {}
    marks = None if has_marks else opens
    guarded = [each for each in case_ids if _is_guarded(facts[each], risks[each])]
    pieces = open_pieces(work, allowed, facts, opens, guarded, marks)
    if follow_tables(work, facts, allowed, pieces, opens):
        pieces = open_pieces(work, allowed, facts, opens, guarded, marks)
    drafts = list_drafts(work, case_ids)
    opened = {
        case_id: _look_through(work, facts[case_id], found, drafts.get(case_id, {}))
        for case_id, found in pieces.items()
    }
    return {
        case_id: Disclosed(
            case_id=case_id,
            facts=facts[case_id],
            stage=stage(facts[case_id].state, facts[case_id].in_conference),
            risk=risks[case_id],
            decision=decision,
            pieces=opened[case_id],
            withheld=_withheld(facts[case_id], decision, work.caller),
            entry=entries[case_id],
            profile=profile_of(work, facts[case_id]),
        )
        for case_id, decision in allowed.items()
    }


def _is_guarded(facts: CaseFacts, risk: RiskRow) -> bool:
    """Whether there may be something to look for: what he does not know, or what is sealed."""
    return "ADDRESS_HIDDEN" in risk.markers or any(each.sealed_to for each in facts.sections)


def _look_through(
    work: Work, facts: CaseFacts, opened: Opened, drafts: Drafts
) -> tuple[Piece, ...]:
    found = look_through(work, facts, opened.pieces, opened.sought, drafts=drafts)
    entry = record_held(work, facts.case_id, found.rows)
    if entry is not None:
        tell_chair(work, facts, found.rows, entry)
    return found.pieces


def load(
    work: Work, case_ids: Sequence[str], *, names: Collection[str] | None = None
) -> tuple[dict[str, CaseFacts], dict[str, Ties]]:
    """The facts of cases about to be read, which nobody changes until the reading is over.

    And the ties of all of them, also of those that the caller's rows do not show. With `names`,
    the sections of others are known of by these alone, and all that is sealed.

    Who takes something back at that moment waits for this reading, and finds it in the log; or is
    first, and then this reading finds it taken back.
    """
    cases.lock_for_reading(work.session, case_ids)
    ties = list_ties(work.session, case_ids)
    some = None if names is None else Some(frozenset(names), work.caller.agency_id)
    return list_facts(work.session, case_ids, on=work.today, ties=ties, some=some), ties


def _own(facts: CaseFacts, caller: Caller) -> CaseFacts:
    own = tuple(s for s in facts.sections if s.owner == caller.agency_id)
    return replace(facts, sections=own)


def _cut(decision: Allowed, only: Collection[str]) -> Allowed:
    return replace(
        decision,
        levels={name: level for name, level in decision.levels.items() if name in only},
        own={name: level for name, level in decision.own.items() if name in only},
    )


def _act(
    work: Work,
    facts: CaseFacts,
    risk: RiskRow,
    decision: Allowed,
    purpose: Purpose,
    event: str,
) -> Act:
    """What the log says of one reading, before anything is opened."""
    now_at = stage(facts.state, facts.in_conference)
    shown = decision.shown
    owners = {s.owner for s in facts.sections if s.name in shown}
    return Act(
        event,
        facts.case_id,
        decision.because,
        purpose=purpose,
        basis=basis_of(work, facts, risk),
        levels=shown,
        facts={"stage": str(now_at), "owners": sorted(owners)},
    )


def _withheld(facts: CaseFacts, decision: Allowed, caller: Caller) -> tuple[str, ...]:
    """Sections named as withheld: only where the decision gives at least an indicator."""
    names = {
        section.name
        for section in facts.sections
        if decision.level(section.name, is_own=section.owner == caller.agency_id)
        in (Level.INDICATOR, Level.SUMMARY)
    }
    return tuple(sorted(names))
