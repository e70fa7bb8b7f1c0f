"""Owns asking what an agency would see of a case, now or if something were otherwise."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from gateway.disclosure import (
    AS_IT_IS,
    Explained,
    Supposed,
    explain,
    explain_table,
    get_facts,
    require_no_wall,
    would_wait,
)
from gateway.errors import Denied, Invalid, Problem
from gateway.flows.cases.finding import find_case, find_roles
from gateway.flows.cases.looking import agency_of
from gateway.ledger import Work
from gateway.rules.matrix import RANK
from gateway.schemas.codes import CaseRole, Level, Purpose


@dataclass(frozen=True, slots=True)
class Row:
    """One section of which an agency would see more or less: its levels, and the row to come."""

    section: str
    was: Level
    now: Level
    rule: str

    @property
    def in_words(self) -> str:
        """How the agency's view would change."""
        if self.was is Level.NONE:
            return "newly see"
        if self.now is Level.NONE:
            return "no longer see"
        return "see more of" if RANK[self.was] < RANK[self.now] else "see less of"


@dataclass(frozen=True, slots=True)
class Change:
    """What an agency would see if something were otherwise, beside what it sees."""

    before: Explained
    after: Explained
    rows: tuple[Row, ...]

    @property
    def in_words(self) -> tuple[str, ...]:
        """The same in plain sentences; one that there is no change, if there is none."""
        name, found = self.after.agency_id, []
        for words in ("newly see", "see more of", "see less of", "no longer see"):
            sections = [each.section for each in self.rows if each.in_words == words]
            if sections:
                found.append(f"{name} would {words}: {', '.join(sections)}.")
        return tuple(found) or (f"Nothing would change for {name}.",)


@dataclass(frozen=True, slots=True)
class _Asker:
    """Who asks about a case: its coordinator, or somebody who contributed to it."""

    case_id: str
    area: str
    agency_id: str
    is_coordinator: bool
    contributed: frozenset[str]
    known: Mapping[str, Level]

    def knows_risk(self, agency_id: str) -> bool:
        """Whether it asks for itself and is told the level of risk, which decides with consent."""
        is_told = self.known.get("referral") in (Level.FULL, Level.SUMMARY)
        return agency_id == self.agency_id and is_told and "referral" not in self.contributed


def explain_view(
    work: Work,
    reference: str,
    agency_id: str,
    purpose: Purpose,
    *,
    supposed: Supposed = AS_IT_IS,
) -> Explained:
    """What an agency would see of a case and which rule decides; opens nothing (M7).

    The case's coordinator may ask for any agency, one without a part in the case too: then the
    answer is what it would see if it were asked for research. Whoever contributed something may
    ask about that: what the tables would give, whatever else is so in the case. Everyone asks for
    itself.

    :raises Denied: otherwise.
    """
    asker = _let_in(work, reference, agency_id, purpose)
    return _explain(work, asker, agency_id, purpose, supposed)


def explain_change(
    work: Work, reference: str, agency_id: str, purpose: Purpose, supposed: Supposed
) -> Change:
    """What an agency would see if her position, the day and so the tables, or the stage changed.

    :raises Denied: as `explain_view`.
    :raises Invalid: if nothing is to change, or another position would tell of the risk.
    """
    work.attempt("case.explain", purpose=purpose)
    if supposed == AS_IT_IS:
        raise Invalid("Say what is to be otherwise.", Problem("missing", ""), code="no_change")
    asker = _let_in(work, reference, agency_id, purpose)
    if asker.is_coordinator:
        supposed = replace(supposed, is_dated=True)
    elif supposed.position is not None and not asker.knows_risk(agency_id):
        raise Invalid(
            "What follows from another position would tell you of the risk.",
            Problem("not_both", "/position"),
            code="bad_position",
        )
    before = _explain(work, asker, agency_id, purpose, AS_IT_IS)
    after = _explain(work, asker, agency_id, purpose, supposed)
    return Change(before, after, _rows(before, after))


def _let_in(work: Work, reference: str, agency_id: str, purpose: Purpose) -> _Asker:
    """Record who asks, if it may ask about this agency."""
    work.attempt("case.explain", purpose=purpose)
    case_id = find_case(work, reference)
    mine = find_roles(work, case_id)
    is_coordinator = CaseRole.COORDINATOR in {row.role for row in mine}
    is_own = agency_id == work.caller.agency_id
    facts = get_facts(work, case_id)
    contributed = frozenset(
        each.name for each in facts.sections if each.owner == work.caller.agency_id
    )
    if not is_own and not is_coordinator and not contributed:
        raise Denied("not-the-coordinator", subject=case_id)
    require_no_wall(work, case_id)
    own = explain(work, case_id, work.caller, Purpose.P9 if is_coordinator else purpose)
    if own.refused and (is_own or is_coordinator):
        raise Denied(own.refused, subject=case_id)
    work.record("case.explain", case_id, because="explained", purpose=purpose)
    me = work.caller.agency_id
    return _Asker(case_id, facts.area, me, is_coordinator, contributed, own.levels)


def _explain(
    work: Work, asker: _Asker, agency_id: str, purpose: Purpose, supposed: Supposed
) -> Explained:
    is_own = agency_id == work.caller.agency_id
    agency = work.caller if is_own else agency_of(work, agency_id)
    if is_own or asker.is_coordinator:
        known = None if is_own else asker.known
        found = explain(work, asker.case_id, agency, purpose, known=known, supposed=supposed)
        return would_wait(work, asker.case_id, agency, found, known)
    found = explain_table(work, asker.area, agency, purpose, supposed=supposed)
    return _only(found, asker.contributed)


def _only(found: Explained, names: Collection[str]) -> Explained:
    return Explained(
        agency_id=found.agency_id,
        kind=found.kind,
        purpose=found.purpose,
        stage=found.stage,
        is_member=found.is_member,
        refused=found.refused,
        because=found.because,
        levels={name: level for name, level in found.levels.items() if name in names},
        reasons={name: rule for name, rule in found.reasons.items() if name in names},
        versions=found.versions,
    )


def _rows(before: Explained, after: Explained) -> tuple[Row, ...]:
    names = sorted({*before.levels, *after.levels})
    rows = (
        Row(
            name,
            before.levels.get(name, Level.NONE),
            after.levels.get(name, Level.NONE),
            _rule(after, name),
        )
        for name in names
    )
    return tuple(row for row in rows if row.was is not row.now)


def _rule(found: Explained, name: str) -> str:
    reasons: Mapping[str, str] = found.reasons
    return reasons.get(name, found.because)
