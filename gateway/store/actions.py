"""Owns actions and their dated steps: codes and times; the words are sections of the case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, bindparam, func, select

from gateway.rules.actions import OPEN
from gateway.schemas.action_codes import (
    ActionAbout,
    ActionAct,
    ActionStatus,
    ActionTheme,
    ActionUrgency,
    NotPossible,
)
from gateway.store import tables as t
from gateway.store.cases import By
from gateway.store.prepared import Prepared
from gateway.store.rows import add
from gateway.store.sessions import Session


@dataclass(frozen=True, slots=True)
class NewAction:
    """What was agreed; it never changes."""

    id: str
    case_id: str
    number: int
    conference_id: str | None
    theme: ActionTheme
    about: ActionAbout
    urgency: ActionUrgency
    owner_id: str
    depends_on: int | None
    due_at: datetime


@dataclass(frozen=True, slots=True)
class ActionRow:
    """An action with its newest step."""

    id: str
    case_id: str
    number: int
    conference_id: str | None
    theme: ActionTheme
    about: ActionAbout
    urgency: ActionUrgency
    owner_id: str
    depends_on: int | None
    due_at: datetime
    seq: int  # of its newest step
    act: ActionAct
    status: ActionStatus
    reason: NotPossible | None
    by_agency: str
    by_worker: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class StepRow:
    """One act: who did what to an action, and when."""

    action_id: str
    seq: int
    act: ActionAct
    status: ActionStatus
    reason: NotPossible | None
    by_agency: str
    by_worker: str | None
    at: datetime


_A, _S = t.action.c, t.action_step.c
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_newer = t.action_step.alias()
_NEWEST = (
    select(func.max(_newer.c.seq))
    .where(_newer.c.action_id == _A.id)
    .correlate(t.action)
    .scalar_subquery()
)
_ROW = (
    *(_A[name] for name in NewAction.__slots__),
    *(_S[name] for name in ("seq", "act", "status", "reason", "by_agency", "by_worker", "at")),
)
_JOINED = (
    select(*_ROW)
    .join(t.action_step, _S.action_id == _A.id)
    .where(_S.seq == _NEWEST)
    .order_by(_A.due_at, _A.id)
)
_OF_CASES = Prepared(_JOINED.where(_A.case_id.in_(_IDS)))
_OF_OWNER = Prepared(_JOINED.where(_A.owner_id == bindparam("agency_id")))
_STEPS = Prepared(
    select(*(_S[name] for name in StepRow.__slots__))
    .where(_S.case_id.in_(_IDS))
    .order_by(_S.at, _S.action_id, _S.seq)
)


def add_action(session: Session, row: NewAction) -> None:
    """Keep what was agreed; a step says how it stands."""
    add(session, t.action, **{name: getattr(row, name) for name in row.__slots__})


def add_step(
    session: Session,
    *,
    action_id: str,
    case_id: str,
    seq: int,
    act: ActionAct,
    status: ActionStatus,
    by: By,
    reason: NotPossible | None = None,
) -> None:
    """Append what was done to an action."""
    add(
        session,
        t.action_step,
        action_id=action_id,
        seq=seq,
        case_id=case_id,
        act=act,
        status=status,
        reason=reason,
        by_agency=by.agency_id,
        by_worker=by.worker_id,
        at=by.at,
    )


def list_actions(session: Session, case_ids: Sequence[str]) -> list[ActionRow]:
    """The actions of each case as they stand, the first due first."""
    rows = _OF_CASES.rows(session, ids=case_ids) if case_ids else ()
    return [ActionRow(*row) for row in rows]


def list_of_owner(session: Session, *, agency_id: str) -> list[ActionRow]:
    """The actions that an agency has, in all its cases, the first due first."""
    return [ActionRow(*row) for row in _OF_OWNER.rows(session, agency_id=agency_id)]


def list_steps(session: Session, case_ids: Sequence[str]) -> list[StepRow]:
    """Everything that was done to the actions of each case, the oldest first."""
    rows = _STEPS.rows(session, ids=case_ids) if case_ids else ()
    return [StepRow(*row) for row in rows]


def count_open(session: Session, case_ids: Sequence[str]) -> dict[str, int]:
    """How many actions of each case are open; a case without one is absent."""
    found: dict[str, int] = {}
    for row in list_actions(session, case_ids):
        if row.status in OPEN:
            found[row.case_id] = found.get(row.case_id, 0) + 1
    return found
