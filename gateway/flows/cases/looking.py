"""Owns looking at the log of a case: who read what of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.agencies import directory
from gateway.disclosure import (
    Sealed,
    disclose,
    explain,
    get_facts,
    require_no_wall,
    seal_answer,
)
from gateway.errors import Denied, Invalid, Problem
from gateway.flows.cases.finding import find_case, find_roles
from gateway.ledger import Entry, Recorded, Work, case_records
from gateway.rules.facts import Caller, CaseFacts
from gateway.schemas import reference as references
from gateway.schemas.codes import AgencyKind, CaseRole, Purpose
from gateway.sealing import jose
from gateway.store import cases, erasing

# Who looked is for everyone who contributed; that somebody was refused, or stands behind the
# wall, is for the chair and the auditor alone.
_GUARDED = frozenset({"denied", "absent", "walled"})


def list_access(work: Work, reference: str, *, issuer: str) -> Sealed:
    """Who read what of a case: all of it for its coordinator, for a contributor its own part.

    Reading the log is itself recorded first, for purpose P10.

    :raises Denied: if the caller has no part in the case.
    """
    purpose = Purpose.P10
    work.attempt("log.read", purpose=purpose)
    stone = erasing.find_tombstone(work.session, reference)
    if work.caller.kind is AgencyKind.AUDITOR:
        case_id = stone.case_id if stone is not None else find_case(work, reference)
        entry, about = audit(work, case_id, stone.area if stone is not None else None)
        is_all, sections = True, None
    else:
        case_id = find_case(work, reference)
        roles = {row.role for row in find_roles(work, case_id)}
        read = disclose(work, case_id, purpose, event="log.read")
        entry, about = read.entry, read.facts
        is_all = work.caller.is_chair or CaseRole.COORDINATOR in roles
        sections = nameable(work, case_id, is_all=is_all)
    is_guarded = work.caller.kind is not AgencyKind.AUDITOR and not work.caller.is_chair
    lines = [
        line(each, sections)
        for each in case_records(work, case_id)
        if not (is_guarded and each.record["outcome"] in _GUARDED)
        and not _is_anothers_note(each, work.caller)
        and (is_all or concerns(each, work.caller.agency_id))
    ]
    return seal_answer(
        work,
        issuer=issuer,
        form="access/1",
        document={"reference": references.write(reference), "entries": lines},
        purpose=purpose,
        entry=entry,
        cases=[about],
    )


def audit(
    work: Work, case_id: str, area: str | None = None, *, event: str = "log.read"
) -> tuple[Entry, CaseFacts]:
    """Record that the auditor of the area reads the log of a case; it reads nothing else.

    Gives with the entry what decides to whose key the log is sealed.

    :raises Denied: in another area.
    """
    found = cases.list_cases(work.session, [case_id]).get(case_id)
    if (area or (found.area if found else None)) != work.caller.area:
        raise Denied("other-area", subject=case_id)
    facts = require_no_wall(work, case_id)
    entry = work.record(
        event,
        case_id,
        because="audit",
        purpose=Purpose.P10,
        basis=work.profiles.for_area(work.caller.area, work.today).legal.for_kind(
            work.caller.kind, on=work.today, is_child_or_has_care_needs=False
        ),
    )
    return entry, facts


def nameable(work: Work, case_id: str, *, is_all: bool) -> frozenset[str]:
    """The sections that a reader of the log may see named: its own, and what it may know of."""
    facts = get_facts(work, case_id)
    own = {each.name for each in facts.sections if each.owner == work.caller.agency_id}
    known = explain(work, case_id, work.caller, Purpose.P9).levels if is_all else {}
    return frozenset(own | set(known))


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


def concerns(entry: Recorded, agency_id: str) -> bool:
    """Whether a reading was by an agency, or of something that it contributed."""
    owners = entry.record["facts"].get("owners", ())
    return agency_id in owners or entry.agency_id == agency_id


def _is_anothers_note(entry: Recorded, caller: Caller) -> bool:
    """Whether a line tells that another agency keeps notes: to the auditor alone."""
    is_note = entry.record["event"].startswith("note.")
    is_apart = entry.agency_id != caller.agency_id and caller.kind is not AgencyKind.AUDITOR
    return is_note and is_apart


def line(entry: Recorded, sections: frozenset[str] | None) -> Mapping[str, Any]:
    """One line; with `sections`, what else was opened is not named."""
    record = entry.record
    names = ("t", "event", "outcome", "because", "agency", "worker", "purpose", "basis")
    levels = {
        name: level
        for name, level in record["levels"].items()
        if sections is None or name in sections
    }
    return {
        **{name: record[name] for name in names},
        "levels": levels,
        "leaf": entry.leaf,
        "commitment": jose.b64u(entry.commitment),
        "salt": jose.b64u(entry.salt),
    }
