"""Owns what is known of override records and recalls without opening them: dates, codes, people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import BindParameter, bindparam, select

from gateway.store import tables as t
from gateway.store.sessions import Session


@dataclass(frozen=True, slots=True)
class OverrideRow:
    """One override record that came in."""

    case_id: str
    is_signed: bool  # by two people
    decided_at: datetime
    review_on: date
    by_agency: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """One decision of the consent table, oldest first."""

    case_id: str
    at: datetime
    rule: str
    must_record: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecallRow:
    """A referrer asked for its referral back."""

    reason: str
    by_agency: str
    at: datetime


_IN_CASES: BindParameter[Any] = bindparam("ids", expanding=True)
_OVERRIDES = (
    select(
        t.override.c.case_id,
        t.override.c.is_signed,
        t.override.c.decided_at,
        t.override.c.review_on,
        t.override.c.by_agency,
        t.override.c.at,
    )
    .where(t.override.c.case_id.in_(_IN_CASES))
    .order_by(t.override.c.case_id, t.override.c.seq)
)
_DECISIONS = (
    select(t.consent.c.case_id, t.consent.c.at, t.consent.c.rule, t.consent.c.must_record)
    .where(t.consent.c.case_id.in_(_IN_CASES))
    .order_by(t.consent.c.case_id, t.consent.c.seq)
)
_RECALLS = (
    select(t.recall.c.reason, t.recall.c.by_agency, t.recall.c.at)
    .where(t.recall.c.case_id == bindparam("case"))
    .order_by(t.recall.c.seq.desc())
    .limit(1)
)


def list_overrides(session: Session, case_ids: Sequence[str]) -> dict[str, list[OverrideRow]]:
    """The records of each case, oldest first."""
    found: defaultdict[str, list[OverrideRow]] = defaultdict(list)
    for row in session.execute(_OVERRIDES, {"ids": case_ids}) if case_ids else ():
        found[row[0]].append(OverrideRow(*row))
    return found


def list_decisions(session: Session, case_ids: Sequence[str]) -> dict[str, list[DecisionRow]]:
    """Every decision of the consent table in each case, oldest first."""
    found: defaultdict[str, list[DecisionRow]] = defaultdict(list)
    for row in session.execute(_DECISIONS, {"ids": case_ids}) if case_ids else ():
        found[row[0]].append(DecisionRow(*row[:3], tuple(row[3])))
    return found


def find_recall(session: Session, case_id: str) -> RecallRow | None:
    """The newest request of a referrer to have its referral back."""
    row = session.execute(_RECALLS, {"case": case_id}).one_or_none()
    return RecallRow(*row) if row else None
