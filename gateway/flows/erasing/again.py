"""Owns that a database put back from a backup brings nothing back that was erased since."""

from __future__ import annotations

import json
from collections.abc import Sequence

from gateway.agencies.operators import only_operator, signers
from gateway.disclosure import find_referral
from gateway.errors import Mismatch, Undecipherable, UnsafeSettings
from gateway.flows.erasing import asking
from gateway.flows.erasing.cases import By, take_away
from gateway.ledger import Work
from gateway.sealing import jose
from gateway.sealing.erased import Erased
from gateway.sealing.operators import Operators
from gateway.store import cases, referrals
from gateway.store.sessions import Session


def check_erased(session: Session, lines: Sequence[Erased]) -> None:
    """Refuse a database that holds what was erased: nobody may read it for a moment.

    :raises UnsafeSettings: if it does.
    """
    if list_due(session, lines):
        raise UnsafeSettings(
            "The database holds what was erased after its backup was taken: run "
            "`gateway case erase-again` first."
        )


def list_due(session: Session, lines: Sequence[Erased]) -> list[Erased]:
    """The lines of which the database holds anything."""
    listed = [each for line in lines for each in line.references]
    held = referrals.list_held(session, listed)
    return [line for line in lines if held & set(line.references)]


def erase_again(work: Work, line: Erased, *, known: Operators) -> int:
    """Erase once more what was erased before a backup was put back; how many cases.

    Nobody is asked anew: the statements of then count, of operators who ended since, too. A hold
    that the backup shows was lifted before the erasure, so it does not count.

    :raises Mismatch: if two operators did not sign it.
    """
    only_operator(work, "case.erase")
    said = asking.statement(line.references, line.because, asked=line.asked, at=work.now)
    first, second = signers(line.proofs, known, said, now=None)
    rows = [find_referral(work, each) for each in line.references]
    case_ids = sorted({row.case_id for row in rows if row is not None})
    for case_id in case_ids:
        with work.keeping(case_id):
            cases.lock_case(work.session, case_id)
    by = By(line.because, first, second, _asked_by(line.asked), line.asked)
    take_away(work, case_ids, by, facts={"again": True})
    return len(case_ids)


def _asked_by(asked: str) -> str:
    """The agency's name in a statement; both operators signed its digest when it was verified."""
    try:
        return str(json.loads(jose.read_signed(asked).payload)["iss"])
    except (Undecipherable, ValueError, KeyError, TypeError):
        raise Mismatch("The list of what was erased is damaged.") from None
