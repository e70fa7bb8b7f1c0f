"""Owns the SQL of where notices go, and of when the worker that sends them looked last."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.dialects import postgresql, sqlite

from gateway.schemas.codes import Contact
from gateway.store import tables as t
from gateway.store.prepared import Prepared
from gateway.store.sessions import Session

WORKER = "worker"  # the name under which it leaves word that it looks

# Both databases can insert "unless it is there", each in its own dialect.
_INSERTS: Mapping[str, Callable[[Table], Any]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}
_C, _B = t.contact.c, t.beat.c


def _upsert(table: Table, key: list[str], newer: list[str]) -> Mapping[str, Prepared]:
    """Adds a row, or changes the one with the same key."""
    found = {}
    for kind, insert in _INSERTS.items():
        adding = insert(table)
        changed = {name: adding.excluded[name] for name in newer}
        found[kind] = Prepared(adding.on_conflict_do_update(index_elements=key, set_=changed))
    return found


_SET_CONTACT = _upsert(t.contact, ["agency_id", "contact"], ["address", "at"])
_SET_BEAT = _upsert(t.beat, ["name"], ["at"])


def set_contact(
    session: Session, *, agency_id: str, contact: Contact, address: str, at: datetime
) -> None:
    """Write down a mailbox, in the place of an earlier one."""
    row = {"agency_id": agency_id, "contact": contact, "address": address, "at": at}
    _SET_CONTACT[session.get_bind().dialect.name].run(session, [row])


def list_contacts(session: Session) -> dict[tuple[str, Contact], str]:
    """Every mailbox, by agency and duty."""
    rows = session.execute(select(_C.agency_id, _C.contact, _C.address))
    return {(row[0], Contact(row[1])): row[2] for row in rows}


def set_beat(session: Session, at: datetime) -> None:
    """Leave word that the worker looked."""
    _SET_BEAT[session.get_bind().dialect.name].run(session, [{"name": WORKER, "at": at}])


def find_beat(session: Session) -> datetime | None:
    """When the worker looked last; None if it never did."""
    found: datetime | None = session.execute(select(_B.at).where(_B.name == WORKER)).scalar()
    return found
