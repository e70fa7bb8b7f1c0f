"""Owns erasing a case: its keys are destroyed, its rows go, its log stays."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.agencies.operators import only_operator, signers
from gateway.disclosure import find_referral
from gateway.errors import Conflict, Mismatch, NotFound, Undecipherable
from gateway.flows.erasing import asking
from gateway.ledger import Work
from gateway.schemas import reference as references
from gateway.schemas.codes import CaseRole, CaseState
from gateway.sealing import jose
from gateway.sealing.erased import Erased
from gateway.sealing.operators import Operators
from gateway.store import cases, erasing, members, referrals


@dataclass(frozen=True, slots=True)
class By:
    """On whose word something is erased."""

    because: str
    first: str  # the operators
    second: str
    asked_by: str
    asked: str  # the agency's statement


def erase(
    work: Work,
    stored: Sequence[str],
    because: str,
    *,
    asked: str,
    proofs: tuple[str, str],
    known: Operators,
    audience: str,
) -> Erased:
    """Erase a case with every referral of it and all that was joined; the log of it stays.

    Joined cases tell of each other, so they go together, and each has to be named. Backups still
    hold what was erased, under an epoch key, until that key is destroyed; the caller keeps the
    answer on the list of what was erased, before it is committed.

    :raises Mismatch: if it was not signed by two operators and the coordinator, for these cases.
    :raises NotFound: if there is no such reference.
    :raises Conflict: if a case is held for a review or a court, or joined to one not named.
    """
    only_operator(work, "case.erase")
    said = asking.statement(stored, because, asked=asked, at=work.now)
    first, second = signers(proofs, known, said, now=work.now)
    asked_by = asking.asker(work, asked, said, audience=audience)
    case_ids = _lock(work, stored)
    if asked_by not in set.intersection(*(_entitled(work, each) for each in case_ids)):
        raise Mismatch("The agency that asks coordinates none of this, or not all.")
    take_away(work, case_ids, By(because, first, second, asked_by, asked))
    return Erased(sorted(stored), because, asked, proofs)


def take_away(
    work: Work, case_ids: Sequence[str], by: By, *, facts: Mapping[str, Any] | None = None
) -> None:
    """Record and erase these cases, which are locked; a tombstone is left for each reference."""
    names: set[str] = set()
    for case_id in case_ids:
        with work.keeping(case_id):
            names |= {references.write(each) for each in _leave_tombstones(work, case_id, by)}
        told = {"first": by.first, "second": by.second, "asked_by": by.asked_by, **(facts or {})}
        work.record("case.erase", case_id, because=by.because, facts=told)
    for case_id in case_ids:
        with work.keeping(case_id):
            erasing.erase(work.session, case_id, at_least=_answers(work, case_id, names))


def _lock(work: Work, stored: Iterable[str]) -> list[str]:
    """Lock the named cases and all that is joined to them; they must be the same."""
    rows = [find_referral(work, each) for each in stored]
    if not rows or None in rows:
        raise NotFound("There is no such reference.")
    named = {row.case_id for row in rows if row is not None}
    for case_id in sorted(named):
        with work.keeping(case_id):
            cases.lock_case(work.session, case_id)
            case = cases.list_cases(work.session, [case_id])[case_id]
            joined = erasing.list_joined(work.session, case_id)
        if case.state is CaseState.LEGAL_HOLD:
            raise Conflict("The case is held and must not be erased.")
        if joined - named:
            raise Conflict("What was joined is erased together: name a reference of each.")
    _require_one(work, sorted(named))
    return sorted(named)


def _require_one(work: Work, case_ids: Sequence[str]) -> None:
    """Refuse several cases that have nothing to do with each other: they are several acts."""
    reached, waiting = set[str](), [case_ids[0]]
    while waiting:
        case_id = waiting.pop()
        reached.add(case_id)
        with work.keeping(case_id):
            waiting += erasing.list_joined(work.session, case_id) - reached
    if reached != set(case_ids):
        raise Conflict("These cases were never joined: erase each for itself.")


def _entitled(work: Work, case_id: str) -> set[str]:
    """Who may ask: the coordinator of the case, its sender while it has none."""
    with work.keeping(case_id):
        roles = members.list_assignments(work.session, [case_id])
        sent = referrals.list_references(work.session, [case_id])[case_id]
    coordinating = {each.agency_id for each in roles if each.role is CaseRole.COORDINATOR}
    return coordinating or {each.agency_id for each in sent}


def _leave_tombstones(work: Work, case_id: str, by: By) -> list[str]:
    case = cases.list_cases(work.session, [case_id])[case_id]
    sent = referrals.list_references(work.session, [case_id])[case_id]
    for each in sent:
        stone = erasing.Tombstone(
            reference=each.reference,
            case_id=case_id,
            area=case.area,
            opened_at=case.opened_at,
            erased_at=work.now,
            because=by.because,
            first=by.first,
            second=by.second,
            asked_by=by.asked_by,
            asked=by.asked,
        )
        erasing.add_tombstone(work.session, stone)
    return [each.reference for each in sent]


def _answers(work: Work, case_id: str, names: set[str]) -> list[tuple[str, str]]:
    """The kept answers, by agency and key, that tell of any of these references."""
    agencies = erasing.list_members(work.session, case_id)
    return [
        (agency_id, key)
        for agency_id, key, body in erasing.list_answers(work.session, agencies)
        if _tells_of(body, names)
    ]


def _tells_of(body: bytes, names: set[str]) -> bool:
    """Whether a kept answer is about a case: a receipt by its subject, plain text by its words."""
    parts = body.split(b".")
    if len(parts) == 3:
        try:
            return json.loads(jose.b64u_decode(parts[1].decode("ascii"))).get("sub") in names
        except (Undecipherable, ValueError, AttributeError):
            return False
    return any(name.encode() in body for name in names)
