"""How each guard of the decision path is taken away, in this process and for a while."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.disclosure import deciding, facts, grants, opening, ties
from gateway.flows.cases import accessed, explaining
from gateway.flows.referrals import own as own_referrals
from gateway.rules import (
    conflict,
    consent,
    disclosure,
    limits,
    matrix,
    research,
    routing,
)
from gateway.rules.facts import Membership
from gateway.rules.positions import Said
from gateway.schemas.codes import AgencyKind, CaseRole, Category, Level, Position
from gateway.store.engine import make_sessions
from tests.county.driving import County
from tests.county.patching import Undo, put, swap

# --- need to know -----------------------------------------------------------------------------


def whole(way: matrix.Alternative, limit: Level, row: str, stage: Any) -> matrix.Grant:
    level = Level.NONE if way.level is Level.CASE_BY_CASE else matrix.lower(Level.FULL, limit)
    return matrix.Grant(level, level, f"{row}:F")


def approved_at_once(way: matrix.Alternative, limit: Level, row: str, stage: Any) -> matrix.Grant:
    wanted = Level.FULL if way.level is Level.CASE_BY_CASE else way.level
    level = matrix.lower(wanted, limit)
    return matrix.Grant(level, level, f"{row}:C")


def any_stage(
    table: matrix.Matrix, view: matrix.View, category: Category, *, is_returned: bool = False
) -> Level:
    return Level.FULL if view.roles & matrix.READERS else Level.NONE


def met(self: matrix.Alternative, section: str, purpose: Any, conditions: Any) -> bool:
    is_there = not self.sections or section in self.sections
    return is_there and (not self.purposes or purpose in self.purposes)


def every_section(self: matrix.Alternative, section: str, purpose: Any, conditions: Any) -> bool:
    return self.condition is None or self.condition in conditions


def readable_by_all_roles(patch: pytest.MonkeyPatch, county: County) -> None:
    everybody = frozenset(CaseRole)

    def standing(case: Any, member: Any, purpose: Any, table: Any) -> Any:
        opened = replace(table, outcomes=dict.fromkeys(table.outcomes, everybody))
        return plain(case, member, purpose, opened)

    plain = disclosure._standing
    patch.setattr(disclosure, "_standing", standing)


def to_whom_it_may_concern(case: Any, agency_id: str) -> frozenset[str]:
    return frozenset(each.section for each in case.approved)


def nothing(*_: Any) -> frozenset[str]:
    return frozenset()


# --- who has a part ---------------------------------------------------------------------------


def as_a_supporter(patch: pytest.MonkeyPatch, county: County) -> None:
    """Whoever asks counts as somebody who was given the case."""

    def load(work: Any, case_ids: Any) -> Any:
        found, known = plain(work, case_ids)
        me = work.caller
        part = Membership(me.agency_id, me.kind, frozenset({CaseRole.IDVA}))
        return {
            case_id: replace(each, members={me.agency_id: part, **each.members})
            for case_id, each in found.items()
        }, known

    plain = opening.load
    swap(patch, plain, load)


def keys_for_all(patch: pytest.MonkeyPatch, county: County) -> None:
    def derive(facts: Any, rows: Any, profile: Any) -> dict[str, set[str]]:
        listed = list(rows)
        plain(facts, listed, profile)
        everybody = set(county.kinds)
        return {
            row.section_id: everybody if row.audience is None and row.part == "FULL" else set()
            for row in listed
        }

    plain = grants.derive
    swap(patch, plain, derive)


def without_wall(patch: pytest.MonkeyPatch, county: County) -> None:
    extensions = county.world.app.extensions
    house = extensions["gateway"]
    bare = replace(house, sessions=make_sessions(county.world.engine))
    patch.setitem(extensions, "gateway", bare)


def referrers_read(patch: pytest.MonkeyPatch, county: County) -> None:
    def members_of(rows: Any) -> Any:
        reader = frozenset({CaseRole.IDVA})
        found = plain(rows)
        return {name: replace(each, roles=each.roles | reader) for name, each in found.items()}

    plain = facts.members_of
    swap(patch, plain, members_of)


def parts_side_by_side(patch: pytest.MonkeyPatch, county: County) -> None:
    merged = SimpleNamespace(merge=lambda parts: {"parts": list(parts)})
    patch.setattr(own_referrals, "sections", merged)


def any_area(self: routing.Row, recipient: Any, area: str, needs: Any) -> bool:
    return self.recipient is recipient


def audits_every_area(patch: pytest.MonkeyPatch, county: County) -> None:
    def audit(work: Any, case_id: str, area: str | None = None, **more: Any) -> Any:
        patch_one = replace(work.caller, area="FENHOLLOW")
        kept, work.caller = work.caller, patch_one
        try:
            return plain(work, case_id, area, **more)
        finally:
            work.caller = kept

    plain = accessed.audit
    swap(patch, plain, audit)


# --- consent ----------------------------------------------------------------------------------


def always_agreed(patch: pytest.MonkeyPatch, county: County) -> None:
    def decide(table: Any, inputs: Any) -> Any:
        return plain(table, replace(inputs, position=Position.GIVEN))

    plain = consent.decide
    swap(patch, plain, decide)


def never_lapses(patch: pytest.MonkeyPatch, county: County) -> None:
    patch.setattr(Said, "has_lapsed", lambda self, on: False)
    patch.setattr(facts, "_outcome", lambda row, on: row.outcome)


def asks_also_the_left_out(patch: pytest.MonkeyPatch, county: County) -> None:
    patch.setattr(limits.Limits, "leave_out", lambda self, agency_id, kind: False)


# --- walls ------------------------------------------------------------------------------------


def nobody_accuses_back(patch: pytest.MonkeyPatch, county: County) -> None:
    def ties_of(*given: Any) -> Any:
        return replace(plain(*given), is_counter=False)

    plain = ties._ties
    patch.setattr(ties, "_ties", ties_of)


def nobody_is_barred(patch: pytest.MonkeyPatch, county: County) -> None:
    def of_document(*given: Any, **more: Any) -> Any:
        return replace(plain(*given, **more), barred_agencies=frozenset())

    plain = limits.of_document
    swap(patch, plain, of_document)


def employs_nobody(patch: pytest.MonkeyPatch, county: County) -> None:
    def ties_of(*given: Any) -> Any:
        return replace(plain(*given), employers=frozenset())

    plain = ties._ties
    patch.setattr(ties, "_ties", ties_of)


def asks_in_staff_cases(patch: pytest.MonkeyPatch, county: County) -> None:
    swap(patch, research.is_left_out, lambda facts, agency_id, kind: False)


def no_wall_in(module: Any) -> Undo:
    """One module asks a conflict wall that never stands; all others ask the real one."""
    never = {"refusal": lambda case, caller: None, "is_tied": lambda ties, worker: False}
    open_wall = SimpleNamespace(**{**vars(conflict), **never})
    return put(module, "conflict", open_wall)


def explained_to_all(patch: pytest.MonkeyPatch, county: County) -> None:
    def explain(*given: Any, **more: Any) -> Any:
        return replace(plain(*given, **more), refused=None)

    plain = deciding.explain
    patch.setattr(explaining, "explain", explain)


def whole_case_behind_glass(case: Any, kind: Any, category: Any, table: Any) -> frozenset[str]:
    return frozenset(each.name for each in case.sections) - frozenset(table.exclusive)


def police_column(patch: pytest.MonkeyPatch, county: County) -> None:
    def grant(table: Any, view: Any, section: str) -> Any:
        if section != "immigration" or view.kind is not AgencyKind.POLICE:
            return plain(table, view, section)
        level = matrix._limit(table, view, Category.D15)
        return matrix.Grant(level, level, "open")

    plain = matrix.grant
    patch.setattr(matrix, "grant", grant)
