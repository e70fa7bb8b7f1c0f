"""Owns what the conflict wall of a case is decided by: hits of the keyed index, and dated acts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    String,
    and_,
    bindparam,
    cast,
    literal,
    null,
    or_,
    select,
    union_all,
)

from gateway.schemas.codes import CaseRole, ConflictAct
from gateway.store import tables as t
from gateway.store.dated import is_newest
from gateway.store.prepared import Prepared
from gateway.store.sessions import Session

HERE, SIDE, HIT, CHAIR, SENDER = "HERE", "SIDE", "HIT", "CHAIR", "SENDER"


class Around(NamedTuple):
    """One thing that there is around a case; `what` says which of the columns it has.

    HERE: the case came in `at`. SIDE: it and `other_id` are records of the same people the other
    way round; a worker acts for somebody in `acting_in`, one of the two, if anybody does. HIT,
    CHAIR, SENDER: a worker shares a value with somebody in it, chairs it, or sent it.
    """

    what: str
    case_id: str
    other_id: str | None
    acting_in: str | None
    agency_id: str | None
    worker_id: str | None
    at: datetime | None


class PartRow(NamedTuple):
    """A case that the asker sees, the agencies barred from it, and one role that it has there."""

    case_id: str
    barred: tuple[str, ...]
    role: CaseRole | None


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
class Decided(ActRow):
    """The same with who decided it, and why, sealed under the key of its case."""

    account: bytes | None
    by_agency: str
    by_worker: str | None


_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_A, _W = t.assignment.c, t.worker.c
_C = t.conflict_act.c
_ACTS = Prepared(
    select(_C.case_id, _C.seq, _C.act, _C.agency_id, _C.worker_id, _C.at)
    .where(_C.case_id.in_(_IDS))
    .order_by(_C.case_id, _C.seq)
)
_L, _K = t.link.c, t.acknowledgement.c


def _row(what: str, case_id: Any, **given: Any) -> tuple[Any, ...]:
    """The columns of one kind of row, which all kinds share; what a kind does not have is NULL."""
    kinds = {"other_id": _L.other_id, "acting_in": _K.case_id, "agency_id": _K.agency_id}
    kinds |= {"worker_id": _K.by_worker, "at": t.case.c.opened_at}
    missing = {name: cast(null(), column.type) for name, column in kinds.items()}
    columns = {name: given.get(name, none).label(name) for name, none in missing.items()}
    return (literal(what, String(8)).label("what"), case_id.label("case_id"), *columns.values())


# One statement for all that is asked of each case: many are asked for each that there is.
_FOUND = Prepared(
    union_all(
        select(*_row(HERE, t.case.c.id, at=t.case.c.opened_at)).where(t.case.c.id.in_(_IDS)),
        select(
            *_row(
                SIDE,
                _L.case_id,
                other_id=_L.other_id,
                acting_in=_K.case_id,
                agency_id=_K.agency_id,
                worker_id=_K.by_worker,
            )
        )
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
        ),
        select(
            *_row(
                HIT,
                t.case_token.c.case_id,
                agency_id=t.interest_token.c.agency_id,
                worker_id=t.interest_token.c.worker_id,
            )
        )
        .join(t.interest_token, t.interest_token.c.token == t.case_token.c.token)
        .where(t.case_token.c.case_id.in_(_IDS)),
        select(*_row(CHAIR, _A.case_id, agency_id=_W.agency_id, worker_id=_W.id))
        .join(t.worker, _W.agency_id == _A.agency_id)
        .where(
            _A.case_id.in_(_IDS),
            _A.role == CaseRole.COORDINATOR,
            _A.until.is_(None),
            _W.is_chair,
            _W.suspended_at.is_(None),
        ),
        select(
            *_row(
                SENDER,
                t.referral.c.case_id,
                agency_id=t.referral.c.agency_id,
                worker_id=t.referral.c.worker_id,
            )
        ).where(t.referral.c.case_id.in_(_IDS), t.referral.c.worker_id.is_not(None)),
    )
)


_P = t.position.c
_PARTS = Prepared(
    select(t.case.c.id, _P.barred_agencies, _A.role)
    .join(t.position, _P.case_id == t.case.c.id)
    .outerjoin(
        t.assignment,
        and_(_A.case_id == t.case.c.id, _A.agency_id == bindparam("agency"), _A.until.is_(None)),
    )
    .where(t.case.c.id.in_(_IDS), is_newest(t.position))
)


def list_around(session: Session, case_ids: Sequence[str]) -> list[Around]:
    """What there is around each case, but for what was decided about its wall."""
    return [Around(*row) for row in _FOUND.rows(session, ids=case_ids)]


def list_parts(session: Session, case_ids: Sequence[str], *, agency_id: str) -> list[PartRow]:
    """What an agency has to do with cases, each as often as it has roles in it, once for none."""
    rows = _PARTS.rows(session, ids=case_ids, agency=agency_id)
    return [PartRow(row[0], tuple(row[1]), row[2]) for row in rows]


def list_acts(session: Session, case_ids: Sequence[str]) -> list[ActRow]:
    """What was decided about the wall of each case, oldest first."""
    return [ActRow(*row) for row in _ACTS.rows(session, ids=case_ids)]


def list_decided(session: Session, case_id: str) -> list[Decided]:
    """What was decided about the wall of a case and by whom, oldest first."""
    columns = (_C.case_id, _C.seq, _C.act, _C.agency_id, _C.worker_id, _C.at)
    query = select(*columns, _C.account, _C.by_agency, _C.by_worker)
    rows = session.execute(query.where(_C.case_id == case_id).order_by(_C.seq))
    return [Decided(*row) for row in rows]
