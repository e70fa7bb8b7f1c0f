"""Owns erasing a case: its keys are destroyed, its rows go, its log stays; two operators sign."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gateway.agencies.operators import only_operator
from gateway.errors import Conflict, Mismatch, NotFound, Undecipherable
from gateway.ledger import Work
from gateway.schemas import reference as references
from gateway.schemas.codes import CaseState
from gateway.sealing import jose, operators
from gateway.sealing.operators import Operators
from gateway.store import cases, erasing, referrals

REASONS = ("RETENTION_ENDED", "ERASURE_RIGHT", "COURT_ORDER", "SENT_IN_ERROR")
FRESH = 300  # seconds that a statement may be old


def statement(reference: str, because: str, at: datetime) -> Mapping[str, Any]:
    """Return what both operators sign."""
    return {
        "act": "case.erase",
        "reference": reference,
        "because": because,
        "iat": int(at.timestamp()),
    }


def erase(
    work: Work, reference: str, because: str, *, proofs: tuple[str, str], known: Operators
) -> None:
    """Erase a case with every referral of it; nobody can read it again, the log of it stays.

    Backups still hold what was erased, under an epoch key, until that key is destroyed.

    :raises Mismatch: if it was not signed by two operators, for this very case, now.
    :raises NotFound: if there is no such reference.
    :raises Conflict: if the case is held for a review or a court.
    """
    only_operator(work, "case.erase")
    first, second = (_signer(work, each, known, reference, because) for each in proofs)
    if first == second:
        raise Mismatch("Two different operators have a case erased.")
    row = referrals.find_referral(work.session, reference=reference)
    if row is None:
        raise NotFound("There is no such reference.")
    case_id = row.case_id
    cases.lock_case(work.session, case_id)
    case = cases.list_cases(work.session, [case_id])[case_id]
    if case.state is CaseState.LEGAL_HOLD:
        raise Conflict("The case is held and must not be erased.")
    sent = referrals.list_references(work.session, [case_id])[case_id]
    for each in sent:
        erasing.add_tombstone(
            work.session,
            erasing.Tombstone(
                reference=each.reference,
                case_id=case_id,
                area=case.area,
                opened_at=case.opened_at,
                erased_at=work.now,
                because=because,
                first=first,
                second=second,
            ),
        )
    names = {references.write(each.reference) for each in sent}
    members = erasing.list_members(work.session, case_id)
    told = [
        (agency_id, key)
        for agency_id, key, body in erasing.list_answers(work.session, members)
        if _tells_of(body, names)
    ]
    work.record("case.erase", case_id, because=because, facts={"first": first, "second": second})
    erasing.erase(work.session, case_id, at_least=told)


def _signer(work: Work, proof: str, known: Operators, reference: str, because: str) -> str:
    try:
        by, claims = operators.check(proof, known)
    except Undecipherable:
        raise Mismatch("The statement is not by an operator.") from None
    iat = claims.get("iat")
    if not isinstance(iat, int) or abs(work.now.timestamp() - iat) > FRESH:
        raise Mismatch("The statement is not of this hour.")
    if claims != {**statement(reference, because, work.now), "iat": iat}:
        raise Mismatch("The statement is about another case.")
    return by


def _tells_of(body: bytes, names: set[str]) -> bool:
    """Whether a kept answer is about a case: a receipt by its subject, plain text by its words."""
    parts = body.split(b".")
    if len(parts) == 3:
        try:
            return json.loads(jose.b64u_decode(parts[1].decode("ascii"))).get("sub") in names
        except (Undecipherable, ValueError, AttributeError):
            return False
    return any(name.encode() in body for name in names)
