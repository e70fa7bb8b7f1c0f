"""Owns looking at the log of a case: who read what of it."""

from __future__ import annotations

from gateway.agencies import directory
from gateway.disclosure import Sealed, seal_answer
from gateway.errors import Invalid, Problem
from gateway.flows.cases.accessed import read_accessed
from gateway.ledger import Work
from gateway.rules.facts import Caller
from gateway.schemas import reference as references
from gateway.schemas.codes import Purpose


def list_access(work: Work, reference: str, *, issuer: str) -> Sealed:
    """Who read what of a case: all of it for its coordinator, for a contributor its own part.

    Reading the log is itself recorded first, for purpose P10.

    :raises Denied: if the caller has no part in the case.
    """
    purpose = Purpose.P10
    work.attempt("log.read", purpose=purpose)
    found = read_accessed(work, reference)
    return seal_answer(
        work,
        issuer=issuer,
        form="access/1",
        document={"reference": references.write(reference), "entries": found.lines()},
        purpose=purpose,
        entry=found.entry,
        cases=[found.facts],
    )


def agency_of(work: Work, agency_id: str) -> Caller:
    """An agency as somebody asks about it.

    :raises Invalid: code bad_agency, if there is no such one.
    """
    found = directory.standing(work.session).get(agency_id)
    if found is None:
        raise Invalid(
            "There is no such agency.", Problem("unknown_code", "/agency"), code="bad_agency"
        )
    return Caller(agency_id, found.kind, found.area)
