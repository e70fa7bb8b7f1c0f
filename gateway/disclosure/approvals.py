"""Owns the reasons around sections opened case by case: sealed, and looked through when shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from gateway.disclosure.boxes import (
    SCAN_PART,
    CaseKey,
    open_case_keys,
    open_for_gateway,
    open_value,
    seal_value,
)
from gateway.disclosure.holding import look_through
from gateway.disclosure.pieces import Piece
from gateway.ledger import Work
from gateway.rules.facts import CaseFacts
from gateway.schemas.codes import Level
from gateway.store.approvals import ApprovalRow
from gateway.store.glasses import GlassRow

_ACCOUNT: Mapping[str, str] = {"table": "approval", "column": "account"}
_WROTE = "@somebody"  # searched for every reader, also for who wrote it
_GLASS: Mapping[str, str] = {"table": "glass", "column": "account"}
_ANSWER: Mapping[str, str] = {"table": "approval", "column": "answer"}


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why a section was asked for, and why that was decided as it was."""

    account: str = field(repr=False)
    answer: str | None = field(default=None, repr=False)


def seal_account(key: CaseKey, reason: str) -> bytes:
    """Seal why a section is asked for."""
    return seal_value(key, **_ACCOUNT, row=key.case_id, value=reason.encode())


def seal_decision(key: CaseKey, reason: str) -> bytes:
    """Seal why it was opened, refused or ended."""
    return seal_value(key, **_ANSWER, row=key.case_id, value=reason.encode())


def open_reasons(work: Work, facts: CaseFacts, rows: Iterable[ApprovalRow]) -> dict[int, Reasons]:
    """The reasons of some rows of a case by number; a text with a protected value is held back.

    The caller decided and recorded who reads them.
    """
    opened = _opener(work, facts)
    return {
        row.seq: Reasons(
            opened(_ACCOUNT, row.account),
            opened(_ANSWER, row.answer) if row.answer is not None else None,
        )
        for row in rows
    }


def open_looks(work: Work, facts: CaseFacts, rows: Iterable[GlassRow]) -> dict[int, str]:
    """Why somebody looked behind the glass of a case, by number; as `open_reasons`."""
    opened = _opener(work, facts)
    return {row.seq: opened(_GLASS, row.account) for row in rows}


def _opener(work: Work, facts: CaseFacts) -> Callable[[Mapping[str, str], bytes], str]:
    """What opens one reason of a case, and looks through it for what is protected."""
    work.may_commit()
    case_id = facts.case_id
    with work.keeping(case_id):  # an auditor has no part in the case
        keys = open_case_keys(work, [case_id])
        protected = open_for_gateway(work, keys, SCAN_PART).get(case_id, [])

    def opened(place: Mapping[str, str], cell: bytes) -> str:
        plain = open_value(keys[case_id], **place, row=case_id, cell=cell).decode()
        piece = Piece("referral", Level.FULL, _WROTE, {"reason": plain})
        (kept,) = look_through(work, facts, [piece], protected, has=()).pieces
        return str(kept.content["reason"])

    return opened
