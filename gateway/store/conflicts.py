"""Owns what the conflict wall of a case is decided by: hits of the keyed index, and dated acts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, String, and_, bindparam, literal, or_, select, union_all
from sqlalchemy.orm import Session

from gateway.schemas.codes import CaseRole, ConflictAct
from gateway.store import tables as t
from gateway.store.prepared import Prepared

HIT, CHAIR, SENDER = "HIT", "CHAIR", "SENDER"


@dataclass(frozen=True, slots=True)
class TieRow:
    """That a worker has something to do with a case: HIT, CHAIR or SENDER."""

    case_id: str
    what: str
    agency_id: str
    worker_id: str


@dataclass(frozen=True, slots=True)
class ActRow:
    """What was decided about the wall of a case, in the order in which it was."""

    case_id: str
    seq: int
    act: ConflictAct
    agency_id: str
    worker_id: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class SideRow:
    """Two records of the same people the other way round, and who acts for whom in them."""

    case_id: str  # either of the two, and all of their pairs
    other_id: str
    acting_in: str | None
    agency_id: str | None
    worker_id: str | None


_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_A, _W = t.assignment.c, t.worker.c
_TIES = Prepared(
    union_all(
        select(
            t.case_token.c.case_id.label("case_id"),
            literal(HIT, String(8)).label("what"),
            t.interest_token.c.agency_id.label("agency_id"),
            t.interest_token.c.worker_id.label("worker_id"),
        )
        .join(t.interest_token, t.interest_token.c.token == t.case_token.c.token)
        .where(t.case_token.c.case_id.in_(_IDS)),
        select(_A.case_id, literal(CHAIR, String(8)), _W.agency_id, _W.id)
        .join(t.worker, _W.agency_id == _A.agency_id)
        .where(
            _A.case_id.in_(_IDS),
            _A.role == CaseRole.COORDINATOR,
            _A.until.is_(None),
            _W.is_chair,
            _W.suspended_at.is_(None),
        ),
        select(
            t.referral.c.case_id,
            literal(SENDER, String(8)),
            t.referral.c.agency_id,
            t.referral.c.worker_id,
        ).where(t.referral.c.case_id.in_(_IDS), t.referral.c.worker_id.is_not(None)),
    )
)
_C = t.conflict_act.c
_ACTS = Prepared(
    select(_C.case_id, _C.seq, _C.act, _C.agency_id, _C.worker_id, _C.at)
    .where(_C.case_id.in_(_IDS))
    .order_by(_C.case_id, _C.seq)
)
_L, _K = t.link.c, t.acknowledgement.c
_SIDES = Prepared(
    select(_L.case_id, _L.other_id, _K.case_id, _K.agency_id, _K.by_worker)
    .outerjoin(
        t.acknowledgement,
        and_(
            or_(_K.case_id == _L.case_id, _K.case_id == _L.other_id),
            _K.by_worker.is_not(None),
        ),
    )
    .where(
        or_(_L.case_id.in_(_IDS), _L.other_id.in_(_IDS)),
        _L.kind == "REVERSED",
        _L.status != "REJECTED",
    )
)
_OPENED = Prepared(select(t.case.c.id, t.case.c.opened_at).where(t.case.c.id.in_(_IDS)))


def list_ties(session: Session, case_ids: Sequence[str]) -> list[TieRow]:
    """Who shares a value with somebody in each case, who chairs, and who sent it."""
    return [TieRow(*row) for row in _TIES.rows(session, ids=case_ids)]


def list_acts(session: Session, case_ids: Sequence[str]) -> list[ActRow]:
    """What was decided about the wall of each case, oldest first."""
    return [ActRow(*row) for row in _ACTS.rows(session, ids=case_ids)]


def list_sides(session: Session, case_ids: Sequence[str]) -> list[SideRow]:
    """The records that are the reverse of each case, and which workers took either on."""
    return [SideRow(*row) for row in _SIDES.rows(session, ids=case_ids)]


def list_opened(session: Session, case_ids: Sequence[str]) -> dict[str, datetime]:
    """When each case came in."""
    return {row[0]: row[1] for row in _OPENED.rows(session, ids=case_ids)}
