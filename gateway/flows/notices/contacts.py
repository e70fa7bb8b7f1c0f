"""Owns where notices go, and whether anybody looks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from gateway.errors import Invalid, NotFound, Problem
from gateway.ledger import Work
from gateway.rules import noticing
from gateway.schemas.codes import Contact
from gateway.store import agencies, contacts

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


@dataclass(frozen=True, slots=True)
class Silence:
    """That the worker stopped looking; `since` is None if it never began."""

    since: datetime | None


def silent_since(work: Work) -> Silence | None:
    """Whether nobody is told of anything any more; None while the worker looks."""
    last = contacts.find_beat(work.session)
    return Silence(last) if noticing.is_silent(last, work.now) else None


def set_contact(work: Work, *, agency_id: str, contact: Contact, address: str) -> None:
    """Write down where an agency's notices go: the mailbox of a duty, not of a person.

    :raises NotFound: if there is no such agency.
    :raises Invalid: if it is no address.
    """
    if agencies.find_agency(work.session, agency_id) is None:
        raise NotFound("There is no such agency.")
    if not _ADDRESS.fullmatch(address) or len(address) > 254:
        raise Invalid("", Problem("bad_format", "/address"))
    work.record("agency.contact", None, because="operator", facts={"of": agency_id, "for": contact})
    contacts.set_contact(
        work.session, agency_id=agency_id, contact=contact, address=address, at=work.now
    )
