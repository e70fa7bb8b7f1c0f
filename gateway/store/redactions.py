"""Owns what is to be taken out of sections, and what their owners said to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, bindparam, select, update

from gateway.schemas.codes import RedactionState
from gateway.store import tables as t
from gateway.store.prepared import Prepared
from gateway.store.rows import add, change
from gateway.store.sessions import Session


@dataclass(frozen=True, slots=True)
class RedactionRow:
    """Places of one section that somebody wants taken out."""

    case_id: str
    seq: int
    section: str
    owner_id: str
    places: tuple[str, ...]
    state: RedactionState
    by_agency: str
    by_worker: str
    at: datetime


_R = t.redaction.c
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_ROWS = Prepared(
    select(
        _R.case_id,
        _R.seq,
        _R.section,
        _R.owner_id,
        _R.places,
        _R.state,
        _R.by_agency,
        _R.by_worker,
        _R.at,
    )
    .where(_R.case_id.in_(_IDS))
    .order_by(_R.case_id, _R.at, _R.seq)
)


def add_redaction(session: Session, row: RedactionRow) -> None:
    """Keep a draft."""
    values = {name: getattr(row, name) for name in row.__slots__}
    add(session, t.redaction, **{**values, "places": list(row.places), "digests": []})


def list_redactions(session: Session, case_ids: Sequence[str]) -> list[RedactionRow]:
    """What was drafted in each case, in its order, and how it stands."""
    rows = _ROWS.rows(session, ids=case_ids) if case_ids else ()
    return [
        RedactionRow(
            case_id, seq, section, owner, tuple(places), RedactionState(state), agency, worker, at
        )
        for case_id, seq, section, owner, places, state, agency, worker, at in rows
    ]


def set_settled(
    session: Session,
    row: RedactionRow,
    state: RedactionState,
    *,
    digests: Sequence[Mapping[str, str]],
    by: str,
    at: datetime,
) -> None:
    """Keep what the owner said, with the digests of each text before and after."""
    place = (_R.case_id == row.case_id, _R.seq == row.seq)
    said = {"digests": [dict(each) for each in digests], "settled_by": by, "settled_at": at}
    change(session, update(t.redaction).where(*place).values(state=state, **said))
