"""Owns the need-to-know decision: what one agency may see of one case, and which row says so.

Pure and total. Forbids come first and no grant undoes one; what nothing opens stays shut.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from gateway.rules import conflict, presence
from gateway.rules.facts import (
    Allowed,
    Caller,
    CaseFacts,
    Decision,
    Membership,
    Narrowing,
    Refused,
    SectionFacts,
)
from gateway.rules.matrix import RANK, Grant, Matrix, View, column
from gateway.rules.matrix import own as own_column
from gateway.rules.states import stage as stage_of
from gateway.schemas.codes import AgencyKind, CaseRole, Level, Purpose, Stage

# The door shows reference, level and the referrer's contact of it, not the section's summary.
ALERT_SECTION = "referral"
ALERT = "alert-only"
VICTIM = "victims-condition"

_NONE = Level.NONE  # looked up once: this is the hot loop of every read
_NOTHING: Mapping[str, Grant] = MappingProxyType({})
_NO_SECTION: frozenset[str] = frozenset()
_NEVER_NARROWED = frozenset({AgencyKind.COORDINATOR, AgencyKind.AUDITOR})


@dataclass(frozen=True, slots=True)
class _Standing:
    """What an agency has besides its own data: a column, and the code for what is not in it."""

    grants: Mapping[str, Grant]
    because: str
    otherwise: Grant
    is_open: bool


@dataclass(frozen=True, slots=True)
class _Look:
    """Everything that is the same for all sections of one decision."""

    agency_id: str
    own: Mapping[str, Grant]
    others: Mapping[str, Grant]
    otherwise: Grant
    approved: frozenset[str]
    exclusive: frozenset[str]
    owned: frozenset[str]
    kept_back: frozenset[str]  # sections of classes that the victim keeps from this reader


def decide(case: CaseFacts, caller: Caller, purpose: Purpose, matrix: Matrix) -> Decision:
    """Return what the caller may see of the case for this purpose, section by section.

    Own data is always full; everything else needs a membership, a role that the consent outcome
    lets read, an open stage and a cell of the matrix. `reasons` names the deciding row for every
    section, also for those not shown; a section whose reason is "alert-only" is cut by the door
    to reference, level and the referrer's contact. Where several other agencies contributed a
    section of the same name, the lowest of their levels stands.
    """
    forbidden = _forbidden(case, caller, purpose, matrix)
    if forbidden is not None:
        return Refused(forbidden)
    left_out = _left_out(case, caller, purpose)
    standing = (
        _shut(left_out)
        if left_out
        else _standing(case, presence.seen_by(case, caller), purpose, matrix)
    )
    look = _Look(
        agency_id=caller.agency_id,
        own=own_column(matrix, purpose),
        others=standing.grants,
        otherwise=standing.otherwise,
        approved=_approved(case, caller.agency_id) if case.approved else _NO_SECTION,
        exclusive=matrix.exclusive,
        owned=matrix.owned,
        kept_back=_kept_back(case, caller, purpose, matrix) if case.narrowed else _NO_SECTION,
    )
    others, own = _judged(look, case.sections)
    if not standing.is_open and not own.reasons:
        return Refused(standing.because)
    return Allowed(
        levels=others.levels,
        because=standing.because if standing.is_open else "own",
        own=own.levels,
        reasons={**own.reasons, **others.reasons},
    )


@dataclass(slots=True)
class _Levels:
    """Why each section has its level; those above NONE stand in `levels` as well."""

    levels: dict[str, Level]
    reasons: dict[str, str]

    def lower(self, name: str, level: Level, because: str) -> None:
        """Note a further contribution of one name: the lower level stands."""
        if RANK[level] < RANK[self.levels.get(name, _NONE)]:
            self.levels[name], self.reasons[name] = level, because
            if level is _NONE:
                del self.levels[name]


def _judged(look: _Look, sections: Iterable[SectionFacts]) -> tuple[_Levels, _Levels]:
    """Return what comes of the others' contributions, and of the agency's own.

    The hot loop of every read: what is rare is called, what is common is not.
    """
    others, own = _Levels({}, {}), _Levels({}, {})
    agency_id, approved = look.agency_id, look.approved
    special = look.exclusive | look.owned | look.kept_back
    for section in sections:
        name = section.name
        is_own = section.owner == agency_id
        grants, found = (look.own, own) if is_own else (look.others, others)
        grant = grants.get(name, look.otherwise)
        level, because = grant.level, grant.because
        if name in approved:
            level = grant.if_approved
        if name in special:
            level, because = _special(look, section, level, because)
        if name in found.reasons:
            found.lower(name, level, because)
            continue
        found.reasons[name] = because
        if level is not _NONE:
            found.levels[name] = level
    return others, own


def highest(
    case: CaseFacts, caller: Caller, matrix: Matrix, purposes: Iterable[Purpose] = Purpose
) -> Allowed:
    """Return the highest level of each section over all purposes the caller may state.

    Grants are derived from this: they are the ceiling, `decide` is the gate.
    """
    levels: dict[str, Level] = {}
    own: dict[str, Level] = {}
    because = {"none"}
    for purpose in purposes:
        decision = decide(case, caller, purpose, matrix)
        if isinstance(decision, Allowed):
            because.add(decision.because)
            _raise(levels, decision.levels)
            _raise(own, decision.own)
    return Allowed(levels, ALERT if ALERT in because else "ceiling", own)


def _raise(best: dict[str, Level], levels: Mapping[str, Level]) -> None:
    for name, level in levels.items():
        if RANK[level] > RANK[best.get(name, Level.NONE)]:
            best[name] = level


def kept_out(case: CaseFacts, caller: Caller) -> str | None:
    """Return why an agency has nothing of a case at all, its own notes included; or None."""
    walled = conflict.refusal(case, caller)
    if walled is not None:
        return walled
    member = case.members.get(caller.agency_id)
    if member is None or not member.roles:
        return "not-assigned"
    if member.kind is not caller.kind:
        return "kind-mismatch"  # the assignment was made for another kind of agency
    return None


def _forbidden(case: CaseFacts, caller: Caller, purpose: Purpose, matrix: Matrix) -> str | None:
    """Return the code of the first forbid that holds, or None. No grant is looked at here."""
    because = kept_out(case, caller)
    if because is not None:
        return because
    if not matrix.may_state(caller.kind, purpose):
        return "purpose-not-allowed"
    return None


def _approved(case: CaseFacts, agency_id: str) -> frozenset[str]:
    """Return the sections that somebody opened to the agency and may answer for.

    A named worker with a recorded reason, of another agency, on this side of the wall.
    """
    return frozenset(
        each.section
        for each in case.approved
        if each.agency_id == agency_id
        and each.approver
        and each.has_reason
        and each.approver_agency != agency_id
        and each.approver not in case.conflicted
        and each.approver_agency not in case.conflicted
        and not conflict.is_tied(case.ties, (each.approver_agency, each.approver))
    )


def _left_out(case: CaseFacts, caller: Caller, purpose: Purpose) -> str | None:
    """Return why an agency is left out of the others' data, or None; its own it keeps."""
    if caller.kind in case.barred_kinds:
        return "barred"
    if caller.agency_id in case.excluded_agencies:
        return VICTIM
    if caller.kind in case.excluded_kinds and caller.kind not in case.overridden_kinds:
        return VICTIM
    if case.narrowed and any(each.category is None for each in _meant(case, caller, purpose)):
        return VICTIM
    return None


def _kept_back(case: CaseFacts, caller: Caller, purpose: Purpose, matrix: Matrix) -> frozenset[str]:
    """Return the sections of the classes that the victim keeps from this reader."""
    classes = {each.category for each in _meant(case, caller, purpose)}
    return frozenset(name for name, of in matrix.section_category.items() if of in classes)


def _meant(case: CaseFacts, caller: Caller, purpose: Purpose) -> list[Narrowing]:
    """Return the victim's limits that are about this reader and this purpose.

    Without a coordinator there is no conference, without an auditor nobody who checks it.
    """
    if caller.kind in _NEVER_NARROWED:
        return []
    return [
        each
        for each in case.narrowed
        if each.kind in (None, caller.kind)
        and each.agency in (None, caller.agency_id)
        and each.purpose in (None, purpose)
    ]


def _standing(case: CaseFacts, member: Membership, purpose: Purpose, matrix: Matrix) -> _Standing:
    """Return what outcome, role and stage give the agency besides its own data."""
    stage = stage_of(case.state, case.in_conference)
    if stage is Stage.NONE:
        return _shut(f"stage:{stage}")
    roles = member.roles & matrix.outcomes.get(case.outcome, frozenset())
    if not roles:
        is_referrer = member.roles == {CaseRole.REFERRER}
        return _shut("role:REFERRER" if is_referrer else f"outcome:{case.outcome}")
    conditions = member.conditions | {"PRESENT"} if member.is_present else member.conditions
    view = View(member.kind, purpose, conditions, roles, stage, member.is_present)
    found = column(matrix, view)
    if not found.is_open:
        is_alerted = CaseRole.ALERTED in roles
        return _alerted(purpose, matrix) if is_alerted else _shut(f"stage:{stage}")
    unknown = Grant(Level.NONE, Level.NONE, "unknown-section")
    return _Standing(found.grants, "assigned", unknown, is_open=True)


def _alerted(purpose: Purpose, matrix: Matrix) -> _Standing:
    """Return the standing of an agency that is told a referral is held back, nothing more."""
    grants = _NOTHING
    if matrix.opens(ALERT_SECTION, purpose):
        grants = {ALERT_SECTION: Grant(Level.SUMMARY, Level.SUMMARY, ALERT)}
    return _Standing(grants, ALERT, Grant(Level.NONE, Level.NONE, ALERT), is_open=True)


def _shut(because: str) -> _Standing:
    """Return the standing of an agency that sees its own data at most."""
    return _Standing(_NOTHING, because, Grant(Level.NONE, Level.NONE, because), is_open=False)


def _special(look: _Look, section: SectionFacts, level: Level, because: str) -> tuple[Level, str]:
    """Return the level of a section that its class, or the victim, keeps from some readers."""
    name, is_own = section.name, section.owner == look.agency_id
    if name in look.kept_back and not is_own:
        return _NONE, VICTIM
    if name in look.exclusive:
        return _sealed(level, section, look.agency_id, because)
    if name in look.owned and not is_own and level is not _NONE:
        return _NONE, "class:OWNER"  # only its owner holds the key
    return level, because


def _sealed(level: Level, section: SectionFacts, agency_id: str, because: str) -> tuple[Level, str]:
    """Return the level of a section the gateway cannot read: full, or that it exists.

    Without a copy sealed to the agency there is nothing to hand out, whatever the cell says.
    """
    if level is Level.FULL and agency_id in section.sealed_to:
        return level, because
    if level is Level.NONE:
        return level, because
    return Level.INDICATOR, because if level is Level.INDICATOR else f"{because} not-sealed-to"
