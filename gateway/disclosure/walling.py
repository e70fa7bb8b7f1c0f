"""Owns asking only whether the wall stands: for lists, counts, and what is not about content."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from gateway.disclosure.facts import list_facts
from gateway.disclosure.ties import NOTHING, list_ties
from gateway.errors import Denied
from gateway.ledger import Work
from gateway.rules import conflict
from gateway.rules.facts import CaseFacts, Membership, Ties
from gateway.schemas.codes import CaseRole, CaseState, Outcome, Position
from gateway.store import conflicts


def walled(work: Work, case_ids: Sequence[str]) -> dict[str, str]:
    """The cases of which the caller must not even learn that they are there, each with why.

    As much is asked where there is no case, so that the time tells of none behind the wall.
    """
    standing = _walls(work, case_ids)
    refused = {case_id: conflict.refusal(each, work.caller) for case_id, each in standing.items()}
    return {case_id: because for case_id, because in refused.items() if because is not None}


def with_unseen(facts: Mapping[str, CaseFacts], ties: Mapping[str, Ties]) -> dict[str, CaseFacts]:
    """What `load` gave of some cases: of those that the caller's rows do not show, the ties."""
    return {case_id: facts.get(case_id) or _bare(case_id, each) for case_id, each in ties.items()}


def beyond_wall(work: Work, case_ids: Collection[str]) -> list[str]:
    """The cases before which no wall stands for the caller, in the order given."""
    listed = list(dict.fromkeys(case_ids))
    shut = walled(work, listed)
    return [case_id for case_id in listed if case_id not in shut]


def require_no_wall(work: Work, case_id: str) -> CaseFacts:
    """Refuse a caller that is behind the wall of a case; gives what that was decided by.

    :raises Denied: with the true reason.
    """
    facts = _standing(work, [case_id])[case_id]
    because = conflict.refusal(facts, work.caller)
    if because is not None:
        raise Denied(because, subject=case_id)
    return facts


def require_not_close(work: Work, case_id: str) -> None:
    """Refuse a person who is close to somebody in a case; one whose agency is shut out may pass.

    Only for what that person told of the case itself.

    :raises Denied: if so.
    """
    if conflict.is_close(_standing(work, [case_id])[case_id], work.caller):
        raise Denied(conflict.CONFLICT, subject=case_id)


def _walls(work: Work, case_ids: Sequence[str]) -> dict[str, CaseFacts]:
    """As much of each case as its wall is decided by, and no more: asked with each empty poll."""
    asked = list(case_ids) or [NOTHING]
    caller = work.caller
    ties = list_ties(work.session, asked)
    barred: dict[str, frozenset[str]] = {}
    roles: dict[str, set[CaseRole]] = defaultdict(set)
    for part in conflicts.list_parts(work.session, asked, agency_id=caller.agency_id):
        barred[part.case_id] = frozenset(part.barred)
        if part.role is not None:
            roles[part.case_id].add(part.role)
    return {
        case_id: replace(
            _bare(case_id, ties[case_id]),
            conflicted=barred.get(case_id, frozenset()),
            members={
                caller.agency_id: Membership(
                    caller.agency_id, caller.kind, frozenset(roles[case_id])
                )
            }
            if case_id in roles
            else {},
        )
        for case_id in case_ids
    }


def _standing(work: Work, case_ids: Sequence[str]) -> dict[str, CaseFacts]:
    """The facts that the wall of each case is decided by, also of those that are not seen."""
    asked = list(case_ids) or [NOTHING]
    ties = list_ties(work.session, asked)
    known = with_unseen(list_facts(work.session, asked, on=work.today, ties=ties), ties)
    return {case_id: known[case_id] for case_id in case_ids}


def _bare(case_id: str, ties: Ties) -> CaseFacts:
    """A case whose own rows the caller does not see; its wall is decided all the same."""
    return CaseFacts(
        case_id=case_id,
        state=CaseState.SUBMITTED,
        outcome=Outcome.NO_SHARE,
        in_conference=False,
        members={},
        sections=(),
        position=Position.UNRECORDED,
        ties=ties,
    )
