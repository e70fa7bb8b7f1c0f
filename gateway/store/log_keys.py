"""Owns the SQL of the access log's keys, and of the counters beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Table, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from gateway.store.prepared import Prepared
from gateway.store.sessions import Session
from gateway.store.tables import agency_log_key, counter, log_key


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A log key as it lies in the database; `wrapped` is None once destroyed."""

    epoch: str
    wrapped: bytes | None


# Both databases can insert "unless it is there", each in its own dialect.
_INSERTS: Mapping[str, Callable[[Table], Any]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}
_KEY = log_key.c
_ADD_LOG_KEY = {
    kind: Prepared(insert(log_key).on_conflict_do_nothing(index_elements=["subject"]))
    for kind, insert in _INSERTS.items()
}
_FIND_LOG_KEYS = Prepared(
    select(_KEY.subject, _KEY.epoch, _KEY.wrapped).where(
        _KEY.subject.in_(bindparam("subjects", expanding=True))
    )
)


def find_log_keys(session: Session, subjects: Iterable[str]) -> dict[str, WrappedKey]:
    """The log keys that exist, by subject: a case id, or "YYYY-MM"."""
    rows = _FIND_LOG_KEYS.rows(session, subjects=list(subjects))
    return {row[0]: WrappedKey(row[1], row[2]) for row in rows}


def add_log_key(session: Session, *, subject: str, epoch: str, wrapped: bytes) -> None:
    """Keep a new log key, unless someone else was first."""
    row = {"subject": subject, "epoch": epoch, "wrapped": wrapped}
    _ADD_LOG_KEY[session.get_bind().dialect.name].run(session, [row])


_AGENCY = agency_log_key.c
_ADD_AGENCY_LOG_KEY = {
    kind: Prepared(insert(agency_log_key).on_conflict_do_nothing(index_elements=["agency_id"]))
    for kind, insert in _INSERTS.items()
}
_FIND_AGENCY_LOG_KEYS = Prepared(
    select(_AGENCY.agency_id, _AGENCY.epoch, _AGENCY.wrapped, _AGENCY.last_seq).where(
        _AGENCY.agency_id.in_(bindparam("agencies", expanding=True))
    )
)


def find_agency_log_keys(
    session: Session, agency_ids: Iterable[str]
) -> dict[str, tuple[WrappedKey, int]]:
    """Each agency's wrapped log key and the last sequence number it gave."""
    rows = _FIND_AGENCY_LOG_KEYS.rows(session, agencies=list(agency_ids))
    return {row[0]: (WrappedKey(row[1], row[2]), row[3]) for row in rows}


def add_agency_log_key(session: Session, *, agency_id: str, epoch: str, wrapped: bytes) -> None:
    """Keep a new agency log key at sequence number 0, unless someone else was first."""
    row = {"agency_id": agency_id, "epoch": epoch, "wrapped": wrapped, "last_seq": 0}
    _ADD_AGENCY_LOG_KEY[session.get_bind().dialect.name].run(session, [row])


def list_agency_epochs(session: Session) -> frozenset[str]:
    """Every epoch key under which an agency's log key lies."""
    return frozenset(session.execute(select(_AGENCY.epoch).distinct()).scalars())


def list_last_seqs(session: Session) -> dict[str, int]:
    """The last sequence number of every agency that has a log key."""
    rows = session.execute(select(_AGENCY.agency_id, _AGENCY.last_seq))
    return {row[0]: row[1] for row in rows}


# --- counters ---------------------------------------------------------------------------------


def _counting(insert: Callable[[Table], Any]) -> Prepared:
    adding = insert(counter)
    return Prepared(
        adding.on_conflict_do_update(
            index_elements=["agency_id", "day", "event"],
            set_={"times": counter.c.times + adding.excluded.times},
        )
    )


_COUNT = {kind: _counting(insert) for kind, insert in _INSERTS.items()}


def count(session: Session, *, agency_id: str, day: date, event: str, times: int = 1) -> None:
    """Add to an agency's count of one event on one day."""
    row = {"agency_id": agency_id, "day": day, "event": event, "times": times}
    _COUNT[session.get_bind().dialect.name].run(session, [row])


def list_counts(session: Session, *, agency_id: str) -> dict[tuple[date, str], int]:
    """How often what happened on which day."""
    columns = select(counter.c.day, counter.c.event, counter.c.times)
    rows = session.execute(columns.where(counter.c.agency_id == agency_id))
    return {(row[0], row[1]): row[2] for row in rows}
