"""Owns when a section that the table gives case by case may be asked for, and by whom opened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from gateway.rules import conflict, disclosure
from gateway.rules.facts import Approval, Caller, CaseFacts, SectionFacts
from gateway.rules.matrix import RANK, Matrix
from gateway.schemas.codes import ApprovalState, CaseRole, Level
from gateway.schemas.sections import SEALED_READERS

LONGEST = timedelta(days=28)
_SOMEBODY, _ELSEWHERE = "@somebody", "@elsewhere"  # no agency and no worker is called so


@dataclass(frozen=True, slots=True)
class Asked:
    """A section that a worker of an agency asked for, and what became of it."""

    agency_id: str
    section: str
    state: ApprovalState


def is_case_by_case(case: CaseFacts, caller: Caller, section: str, matrix: Matrix) -> bool:
    """Whether an approval would open a section to the caller that nothing else opens to it now.

    Whether the case has that section plays no part, so that asking does not tell.
    """
    kinds = SEALED_READERS.get(section)
    if section not in matrix.section_category or (kinds and caller.kind not in kinds):
        return False
    sealed_to = frozenset({caller.agency_id})
    bare = replace(
        case, sections=(SectionFacts(section, _SOMEBODY, True, sealed_to),), approved=frozenset()
    )
    given = Approval(caller.agency_id, section, _SOMEBODY, _ELSEWHERE, has_reason=True)
    without, with_it = (
        disclosure.highest(each, caller, matrix, matrix.telling(caller.kind))
        for each in (bare, replace(bare, approved=frozenset({given})))
    )
    before = without.levels.get(section, Level.NONE)
    return RANK[before] < RANK[with_it.levels.get(section, Level.NONE)]


def may_answer(case: CaseFacts, caller: Caller, section: str) -> bool:
    """Whether the caller may answer for opening a section: a named worker, never unattended.

    Of the case's coordinator, or of an agency that contributed the section.
    """
    member = case.members.get(caller.agency_id)
    if caller.worker_id is None or member is None or conflict.refusal(case, caller) is not None:
        return False
    owners = {each.owner for each in case.sections if each.name == section}
    return CaseRole.COORDINATOR in member.roles or caller.agency_id in owners


def faults(asked: Asked, caller: Caller, until: date, *, on: date) -> Iterator[tuple[str, str]]:
    """What is wrong with an approval: code and member.

    Who asked does not open it to itself; nothing is opened for ever, or for the past.
    """
    if asked.agency_id == caller.agency_id:
        yield "same_person", "number"
    if until < on:
        yield "expired", "until"
    elif until > on + LONGEST:
        yield "lives_too_long", "until"
