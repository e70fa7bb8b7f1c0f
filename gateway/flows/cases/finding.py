"""Owns finding a case for one kind of caller; how a reference is followed is told elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.disclosure import find_case, find_loaded, find_locked, list_facts, names_of
from gateway.errors import Denied
from gateway.ledger import Work
from gateway.rules import conflict
from gateway.rules.facts import CaseFacts
from gateway.store import members
from gateway.store.members import AssignmentRow

__all__ = [
    "facts_of",
    "find_as_chair",
    "find_case",
    "find_loaded",
    "find_locked",
    "find_roles",
    "names_of",
]


def facts_of(work: Work, case_ids: Sequence[str]) -> dict[str, CaseFacts]:
    """The facts of cases as they stand today."""
    return list_facts(work.session, case_ids, on=work.today)


def find_as_chair(work: Work, reference: str) -> CaseFacts:
    """The case that a reference leads to, for a chair of its coordinating agency who is not tied.

    :raises Denied: for everybody else.
    """
    case_id = find_case(work, reference, then=lambda ids: facts_of(work, ids))
    facts = facts_of(work, [case_id]).get(case_id)
    if facts is None or not work.caller.is_chair or not conflict.may_settle(facts, work.caller):
        raise Denied("not-the-chair", subject=case_id)
    return facts


def find_roles(work: Work, case_id: str) -> list[AssignmentRow]:
    """The caller's standing roles in a case.

    :raises Denied: if it has none.
    """
    mine = [
        row
        for row in members.list_assignments(work.session, [case_id])
        if row.agency_id == work.caller.agency_id
    ]
    if not mine:
        raise Denied("not-assigned", subject=case_id)
    return mine
