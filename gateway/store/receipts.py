"""Owns the rows of disclosure receipts: what each agency was given of a case, in order of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select, update

from gateway.store import tables as t
from gateway.store.rows import add_all, change
from gateway.store.sessions import Session


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """One receipt, sealed for its case; `id` is that of its line in the access log."""

    id: str
    case_id: str
    agency_id: str
    form: str
    at: datetime
    content: bytes = field(repr=False)


_R = t.receipt.c
_ROW = select(_R.id, _R.case_id, _R.agency_id, _R.form, _R.at, _R.content)


def add_receipts(session: Session, rows: Sequence[ReceiptRow]) -> None:
    """Keep receipts."""
    names = ReceiptRow.__dataclass_fields__
    add_all(session, t.receipt, [{name: getattr(row, name) for name in names} for row in rows])


def list_receipts(
    session: Session, case_id: str, *, agency_id: str, until: datetime
) -> list[ReceiptRow]:
    """What one agency was given of a case up to a moment, oldest first."""
    its = (_R.case_id == case_id, _R.agency_id == agency_id, _R.at <= until)
    return [ReceiptRow(*row) for row in session.execute(_ROW.where(*its).order_by(_R.at, _R.id))]


def list_of_case(session: Session, case_id: str) -> list[ReceiptRow]:
    """What anybody was given of a case, oldest first."""
    query = _ROW.where(_R.case_id == case_id).order_by(_R.at, _R.id)
    return [ReceiptRow(*row) for row in session.execute(query)]


def list_by_id(session: Session, ids: Sequence[str]) -> dict[str, ReceiptRow]:
    """Receipts by id."""
    rows = session.execute(_ROW.where(_R.id.in_(ids))) if ids else ()
    return {row[0]: ReceiptRow(*row) for row in rows}


def set_sealed(session: Session, receipt_id: str, content: bytes) -> None:
    """Put a receipt under another key."""
    change(session, update(t.receipt).where(_R.id == receipt_id).values(content=content))
