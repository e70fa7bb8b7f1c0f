"""Owns reading: facts, decision, record, and only then the allowed sections at their level."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gateway.disclosure.boxes import (
    ALERT_PART,
    SCAN_PART,
    CaseKey,
    open_case_keys,
    open_for_gateway,
)
from gateway.disclosure.facts import list_facts
from gateway.errors import Denied, Invalid, Problem
from gateway.ledger import Act, Entry, Work
from gateway.profiles.loader import Profile
from gateway.rules import disclosure as rule
from gateway.rules import leaks
from gateway.rules.facts import (
    Allowed,
    Caller,
    CaseFacts,
    Membership,
    Refused,
    SectionFacts,
)
from gateway.rules.states import stage
from gateway.schemas.codes import AgeBand, AgencyKind, CaseRole, Level, Purpose, Stage
from gateway.sealing import sections as seal
from gateway.store import cases, sections
from gateway.store.cases import RiskRow
from gateway.store.sections import Granted


@dataclass(frozen=True, slots=True)
class Piece:
    """One section as it may be handed over.

    `content` is the text at FULL, {"summary": …} at SUMMARY if its owner wrote one, otherwise
    {"present": true}. At FULL of a sealed section it is the sealed item for this reader.
    """

    section: str
    level: Level
    owner_id: str
    content: Any = field(repr=False)


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

    def find(self, section: str) -> Any:
        """The content of a section at FULL, the newest if there are several; None otherwise."""
        found = [p for p in self.pieces if p.section == section and p.level is Level.FULL]
        return found[-1].content if found else None


@dataclass(frozen=True, slots=True)
class Explained:
    """What an agency would see and which row decides each section; nothing is opened."""

    agency_id: str
    kind: AgencyKind
    purpose: Purpose
    stage: Stage
    is_member: bool
    refused: str | None
    because: str
    levels: Mapping[str, Level]
    reasons: Mapping[str, str]
    versions: Mapping[str, str]


def require_purpose(work: Work, purpose: Purpose) -> None:
    """Refuse a purpose that the caller's kind of agency may not state; the case plays no part.

    Call it before a case is looked for: otherwise the error tells whether there is one.

    :raises Invalid: code purpose_not_allowed.
    """
    if not work.profiles.matrix.may_state(work.caller.kind, purpose):
        raise Invalid(
            "An agency of this kind does not read for this purpose.",
            Problem("purpose_not_allowed", "/purpose"),
            code="purpose_not_allowed",
        )


def disclose(
    work: Work,
    case_id: str,
    purpose: Purpose,
    *,
    event: str = "case.read",
    own_only: bool = False,
) -> Disclosed:
    """Decide, record, then open what the caller may see of a case.

    `own_only` leaves out what others contributed.

    :raises Denied: if it may see nothing of it.
    :raises Invalid: if the caller's kind of agency may not state this purpose.
    """
    facts = list_facts(work.session, [case_id])
    if case_id not in facts:
        raise Denied("absent")
    if own_only:
        facts[case_id] = _own(facts[case_id], work.caller)
    allowed, refused = _decide(work, facts, purpose)
    if case_id in refused:
        raise Denied(refused[case_id], subject=case_id)
    return _hand_over(work, facts, allowed, purpose, event, opens=None)[case_id]


def disclose_many(
    work: Work,
    case_ids: Sequence[str],
    purpose: Purpose,
    *,
    event: str,
    only: Collection[str],
    opens: Collection[str],
) -> dict[str, Disclosed]:
    """The same for many cases with a fixed number of statements; refused cases are absent.

    `only` names the sections of which anything at all is shown, `opens` those of them whose text
    is needed; no other is opened.
    """
    facts = list_facts(work.session, case_ids)
    allowed, _ = _decide(work, facts, purpose)
    cut = {case_id: _cut(decision, only) for case_id, decision in allowed.items()}
    return _hand_over(work, facts, cut, purpose, event, opens=opens)


def _decide(
    work: Work, facts: Mapping[str, CaseFacts], purpose: Purpose
) -> tuple[dict[str, Allowed], dict[str, str]]:
    require_purpose(work, purpose)
    allowed: dict[str, Allowed] = {}
    refused: dict[str, str] = {}
    for case_id, each in facts.items():
        profile = _profile(work, each)
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
) -> dict[str, Disclosed]:
    """Record every reading, then open."""
    case_ids = list(allowed)
    risks = cases.list_risks(work.session, case_ids)
    acts = [
        _act(work, facts[case_id], risks[case_id], decision, purpose, event)
        for case_id, decision in allowed.items()
    ]
    entries = dict(zip(case_ids, work.record_all(acts), strict=True)) if acts else {}
    hidden = [case_id for case_id in case_ids if "ADDRESS_HIDDEN" in risks[case_id].markers]
    opened = _open(work, allowed, facts, opens, hidden)
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
            profile=_profile(work, facts[case_id]),
        )
        for case_id, decision in allowed.items()
    }


def explain(
    work: Work,
    case_id: str,
    agency: Caller,
    purpose: Purpose,
    *,
    known: Collection[str] | None = None,
) -> Explained:
    """What `agency` would see of a case, and which rule decides each section (M7).

    For an agency without a part in the case: what it would see if it were asked for research.
    Every known section is told of, whether the case has it or not, so that asking does not tell
    what there is. What the agency contributed itself counts as its own only in the sections
    `known` to who asks (None: in all), for the same reason.
    """
    facts = list_facts(work.session, [case_id])[case_id]
    is_member = agency.agency_id in facts.members
    if not is_member:
        asked = Membership(agency.agency_id, agency.kind, frozenset({CaseRole.RESEARCH}))
        facts = replace(facts, members={**facts.members, agency.agency_id: asked})
    profile = _profile(work, facts)
    facts = replace(facts, sections=_every_section(facts, agency, profile, known))
    decision = rule.decide(facts, agency, purpose, profile.matrix)
    refused = decision.because if isinstance(decision, Refused) else None
    return Explained(
        agency_id=agency.agency_id,
        kind=agency.kind,
        purpose=purpose,
        stage=stage(facts.state, facts.in_conference),
        is_member=is_member,
        refused=refused,
        because=decision.because,
        levels={} if isinstance(decision, Refused) else decision.shown,
        reasons={} if isinstance(decision, Refused) else decision.reasons,
        versions=profile.versions,
    )


def _every_section(
    facts: CaseFacts, agency: Caller, profile: Profile, known: Collection[str] | None
) -> tuple[SectionFacts, ...]:
    """What the agency itself contributed, and one of each other section as somebody else's."""
    own = tuple(
        each
        for each in facts.sections
        if each.owner == agency.agency_id and (known is None or each.name in known)
    )
    sealed_to = frozenset({agency.agency_id})
    names = {each.name for each in own}
    return own + tuple(
        SectionFacts(name, "@somebody", has_summary=True, sealed_to=sealed_to)
        for name in profile.matrix.section_category
        if name not in names
    )


def may_know(work: Work, facts: CaseFacts) -> bool:
    """Whether the caller may open the case for any purpose."""
    return decision_for(work, facts) is not None


def decision_for(work: Work, facts: CaseFacts) -> Allowed | None:
    """The most the caller may know of a case over all purposes, if anything; what lists show."""
    matrix = _profile(work, facts).matrix
    purposes = matrix.telling(work.caller.kind)
    decisions = (rule.decide(facts, work.caller, purpose, matrix) for purpose in purposes)
    allowed = [decision for decision in decisions if isinstance(decision, Allowed)]
    return max(allowed, key=lambda decision: len(decision.shown), default=None)


def _profile(work: Work, facts: CaseFacts) -> Profile:
    return work.profiles.for_area(facts.area, work.now.date())


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
    owners = {s.owner for s in facts.sections if s.name in decision.shown}
    return Act(
        event,
        facts.case_id,
        decision.because,
        purpose=purpose,
        basis=_profile(work, facts).legal.for_kind(
            work.caller.kind,
            on=work.now.date(),
            # Data Protection Act 2018 Schedule 1 paragraph 18
            is_child_or_has_care_needs=risk.care_needs or risk.age != AgeBand.AGE_18PLUS,
        ),
        levels=decision.shown,
        facts={"stage": str(now_at), "owners": sorted(owners)},
    )


def _open(
    work: Work,
    allowed: Mapping[str, Allowed],
    facts: Mapping[str, CaseFacts],
    opens: Collection[str] | None,
    hidden: Collection[str],
) -> dict[str, tuple[Piece, ...]]:
    """Open what each decision allows: one statement for all cases, one key call per case.

    In the cases of `hidden` the perpetrator does not know the address: there every text is
    searched for what would tell it.
    """
    names = {name for decision in allowed.values() for name in decision.shown}
    if opens is not None:
        names &= set(opens)
    granted: dict[str, list[Granted]] = defaultdict(list)
    if names:
        for item in sections.list_granted(
            work.session, list(allowed), agency_id=work.caller.agency_id, names=names
        ):
            granted[item.row.case_id].append(item)
    keys = open_case_keys(work, [case_id for case_id in allowed if granted[case_id]])
    found = {
        case_id: _pieces(keys.get(case_id), granted[case_id], decision, facts[case_id], work.caller)
        for case_id, decision in allowed.items()
    }
    return _scan(work, found, {case_id: keys[case_id] for case_id in hidden if case_id in keys})


def _scan(
    work: Work, found: dict[str, tuple[Piece, ...]], keys: Mapping[str, CaseKey]
) -> dict[str, tuple[Piece, ...]]:
    """Hold back every text with a protected value that this reader may not have (promise 9)."""
    protected = open_for_gateway(work, keys, SCAN_PART) if keys else {}
    for case_id, contents in protected.items():
        has = {p.section for p in found[case_id] if p.level is Level.FULL}
        values = [
            value
            for by_section in contents
            for section, listed in by_section.items()
            if section not in has
            for value in listed
        ]
        kept = [_look_through(piece, values, work.caller) for piece in found[case_id]]
        found[case_id] = tuple(piece for piece, _ in kept)
        held = sorted({piece.section for piece, count in kept if count})
        if held:
            work.record("case.held", case_id, because="protected-value", facts={"sections": held})
    return found


def _look_through(piece: Piece, values: Sequence[str], caller: Caller) -> tuple[Piece, int]:
    if piece.owner_id == caller.agency_id:
        return piece, 0  # its own words tell it nothing
    content, count = leaks.hold_back(piece.content, values)
    return (replace(piece, content=content), count) if count else (piece, 0)


def _pieces(
    key: CaseKey | None,
    granted: Sequence[Granted],
    decision: Allowed,
    facts: CaseFacts,
    caller: Caller,
) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    shown: set[tuple[str, str]] = set()
    stored = {(section.name, section.owner) for section in facts.sections}
    for item in granted if key else ():
        row = item.row
        if (row.name, row.owner_id) not in stored:
            continue
        level = decision.level(row.name, is_own=row.owner_id == caller.agency_id)
        wanted = part_for(decision.because, level)
        if key is None or level in (Level.NONE, Level.INDICATOR):
            continue
        if row.audience is None and row.part != wanted:
            continue
        content = _content(key, item, caller)
        shown.add((row.name, row.owner_id))
        pieces.append(Piece(row.name, level, row.owner_id, content))
    for section in facts.sections if decision.because != rule.ALERT else ():
        level = decision.level(section.name, is_own=section.owner == caller.agency_id)
        if level is not Level.NONE and (section.name, section.owner) not in shown:
            shown.add((section.name, section.owner))
            pieces.append(Piece(section.name, level, section.owner, {"present": True}))
    return tuple(pieces)


def part_for(because: str, level: Level) -> str:
    """Which stored part of a section a level opens."""
    if because == rule.ALERT:
        return ALERT_PART
    return "SUMMARY" if level is Level.SUMMARY else "FULL"


def _content(key: CaseKey, item: Granted, caller: Caller) -> Any:
    row = item.row
    section_key = seal.open_grant(
        key.key,
        item.wrapped,
        case_id=row.case_id,
        section_id=row.section_id,
        agency_id=caller.agency_id,
    )
    plain = seal.open_section_content(
        section_key, item.content, case_id=row.case_id, section_id=row.section_id
    )
    return json.loads(plain)


def _withheld(facts: CaseFacts, decision: Allowed, caller: Caller) -> tuple[str, ...]:
    """Sections named as withheld: only where the decision gives at least an indicator."""
    names = {
        section.name
        for section in facts.sections
        if decision.level(section.name, is_own=section.owner == caller.agency_id)
        in (Level.INDICATOR, Level.SUMMARY)
    }
    return tuple(sorted(names))
