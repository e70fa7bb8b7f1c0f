"""Owns who saw what of one case: the lines of its log that one reader may see, recorded first.

Whoever contributed sees who read its own part; who coordinates, and the auditor, all of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.agencies import directory
from gateway.disclosure import disclose, explain, get_facts, require_no_wall, require_page
from gateway.errors import Denied
from gateway.flows.cases.finding import find_case, find_roles
from gateway.ledger import Entry, Recorded, Work, case_records
from gateway.rules.facts import Caller, CaseFacts, Standing
from gateway.schemas.codes import AgencyKind, CaseRole, Purpose
from gateway.sealing import jose
from gateway.store import cases, erasing

# Who looked is for everyone who contributed; that somebody was refused, or stands behind the
# wall, is for the chair and the auditor alone.
_GUARDED = frozenset({"denied", "absent", "walled"})


@dataclass(frozen=True, slots=True)
class Accessed:
    """What one reader may see of the log of a case, and the entry that says so."""

    case_id: str
    entry: Entry
    facts: CaseFacts = field(repr=False)
    is_all: bool  # not only of what the reader's own agency contributed, or did
    sections: frozenset[str] | None  # that may be named; None: all
    hidden: frozenset[str]  # agencies that may not be named: that of a refuge tells where she is
    recorded: tuple[Recorded, ...] = field(repr=False)

    def lines(self) -> list[Mapping[str, Any]]:
        """The lines as they are handed over, in the order of the log."""
        return [line(each, self.sections, self.hidden) for each in self.recorded]


def read_accessed(work: Work, reference: str, *, on_page: bool = False) -> Accessed:
    """The lines of the log of a case that the caller may see. The caller's Work said what it tries.

    :raises Denied: if it has no part in the case; and for a page, if no page shows the case.
    """
    is_auditor = work.caller.kind is AgencyKind.AUDITOR
    if is_auditor:
        stone = erasing.find_tombstone(work.session, reference)
        case_id = stone.case_id if stone is not None else find_case(work, reference)
        entry, about = audit(work, case_id, stone.area if stone is not None else None)
        is_all, sections = True, None
    else:
        case_id = find_case(work, reference)
        roles = {row.role for row in find_roles(work, case_id)}
        if on_page:
            require_page(work, get_facts(work, case_id))
        read = disclose(work, case_id, Purpose.P10, event="log.read")
        entry, about = read.entry, read.facts
        # The chair of an area that was only offered the case does not coordinate it.
        is_all = CaseRole.COORDINATOR in roles
        sections = nameable(work, case_id, is_all=is_all)
    is_guarded = not is_auditor and not (is_all and work.caller.is_chair)
    return Accessed(
        case_id,
        entry,
        about,
        is_all,
        sections,
        frozenset() if is_all else unnamed(work, about),
        tuple(
            each
            for each in case_records(work, case_id)
            if not (is_guarded and each.record["outcome"] in _GUARDED)
            and not _is_anothers_note(each, work.caller)
            and (is_all or concerns(each, work.caller.agency_id))
        ),
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


def unnamed(
    work: Work, facts: CaseFacts, partners: Mapping[str, Standing] | None = None
) -> frozenset[str]:
    """Agencies that are not named to the caller among those that read: refuges.

    Unless its kind may read where she is: then it may know who has her. `partners` are all
    agencies, if they were looked up already.
    """
    matrix = work.profiles.for_area(facts.area, work.today).matrix
    if any(work.caller.kind in matrix.readers(name) for name in matrix.exclusive):
        return frozenset()
    me = work.caller.agency_id
    known = directory.standing(work.session) if partners is None else partners
    return frozenset(
        agency_id
        for agency_id, each in known.items()
        if each.kind is AgencyKind.REFUGE and agency_id != me
    )


def concerns(entry: Recorded, agency_id: str) -> bool:
    """Whether a reading was by an agency, or of something that it contributed."""
    owners = entry.record["facts"].get("owners", ())
    return agency_id in owners or entry.agency_id == agency_id


def _is_anothers_note(entry: Recorded, caller: Caller) -> bool:
    """Whether a line tells that another agency keeps notes: to the auditor alone."""
    is_note = entry.record["event"].startswith("note.")
    is_apart = entry.agency_id != caller.agency_id and caller.kind is not AgencyKind.AUDITOR
    return is_note and is_apart


def line(
    entry: Recorded, sections: frozenset[str] | None, hidden: frozenset[str] = frozenset()
) -> Mapping[str, Any]:
    """One line; with `sections`, what else was opened is not named, nor who is `hidden`."""
    record = entry.record
    names = ("t", "event", "outcome", "because", "agency", "worker", "purpose", "basis")
    levels = {
        name: level
        for name, level in record["levels"].items()
        if sections is None or name in sections
    }
    told = {
        **{name: record[name] for name in names},
        "levels": levels,
        "leaf": entry.leaf,
        "commitment": jose.b64u(entry.commitment),
        "salt": jose.b64u(entry.salt),
    }
    if record["agency"] in hidden:  # with the salt, a guess at the name could be tried
        told |= {"agency": None, "worker": None, "salt": None}
    return told
