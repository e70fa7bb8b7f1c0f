"""Owns the replay of what one agency was given of a case, from its receipts and nothing else."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from gateway.disclosure import Given, Sealed, disclose, list_given, seal_answer
from gateway.errors import Denied
from gateway.flows.cases.accessed import audit, nameable
from gateway.flows.cases.finding import find_case, find_roles
from gateway.flows.cases.looking import agency_of
from gateway.ledger import Entry, Work
from gateway.rules.facts import CaseFacts
from gateway.rules.matrix import RANK
from gateway.schemas import moments
from gateway.schemas import reference as references
from gateway.schemas.codes import AgencyKind, CaseRole, Level, Purpose

PAGE = 100
EVENT = "receipts.read"


def replay(
    work: Work, reference: str, agency_id: str, until: datetime, *, after: int, issuer: str
) -> Sealed:
    """What one agency was given of a case up to a moment, oldest first.

    For the agency itself, which gets its signed receipts again; for the case's coordinator, who
    sees named what it may know of; for the auditor of the area, with what was withheld and why.
    `after` is how many were on earlier pages. Looking is recorded first, for purpose P10.

    :raises Denied: for everybody else. :raises Invalid: if there is no such agency.
    """
    work.attempt(EVENT, purpose=Purpose.P10)
    case_id = find_case(work, reference)
    entry, about, named = _let_in(work, case_id, agency_id)
    agency_of(work, agency_id)
    given = list_given(work, case_id, agency_id=agency_id, until=until)
    page = given[after : after + PAGE]
    document: dict[str, Any] = {
        "reference": references.write(reference),
        "agency": agency_id,
        "until": moments.write(until),
        "known": _known(given, named),
        "receipts": [_shown(work, each, named) for each in page],
        "next": after + PAGE if len(given) > after + PAGE else None,
    }
    return seal_answer(
        work,
        issuer=issuer,
        form="receipts/1",
        document=document,
        purpose=Purpose.P10,
        entry=entry,
        cases=about,
    )


def _let_in(
    work: Work, case_id: str, agency_id: str
) -> tuple[Entry, list[CaseFacts], frozenset[str] | None]:
    """Record who asks; gives the sections that may be named to it, None being all."""
    if work.caller.kind is AgencyKind.AUDITOR:
        entry, facts = audit(work, case_id, event=EVENT)
        return entry, [facts], None
    roles = {row.role for row in find_roles(work, case_id)}
    is_own = agency_id == work.caller.agency_id
    if not is_own and CaseRole.COORDINATOR not in roles:
        raise Denied("not-the-coordinator", subject=case_id)
    read = disclose(work, case_id, Purpose.P10, event=EVENT, opens=())
    named = None if is_own else nameable(work, case_id, is_all=True)
    return read.entry, [read.facts], named


def _shown(work: Work, each: Given, named: frozenset[str] | None) -> dict[str, Any]:
    part = each.part
    shown: dict[str, Any] = {"at": moments.write(each.at), "form": each.form}
    if named is not None:
        levels = {n: level for n, level in part["levels"].items() if n in named}
        withheld = [w for w in part["withheld"] if w["section"] in named]
        return shown | {"part": {**part, "levels": levels, "withheld": withheld}}
    shown |= {"part": part, "signed": each.signed, "salt": each.salt}
    if work.caller.kind is AgencyKind.AUDITOR:
        shown["kept"] = each.kept
    return shown


def _known(given: Iterable[Given], named: Collection[str] | None) -> list[Mapping[str, Any]]:
    """Each section of which the agency was given anything: the most of it, since when, and last."""
    found: dict[str, dict[str, Any]] = {}
    for each in given:
        for name, level in each.part["levels"].items():
            if named is not None and name not in named:
                continue
            row = found.setdefault(name, {"section": name, "level": level})
            row.setdefault("first_at", moments.write(each.at))
            row["last_at"] = moments.write(each.at)
            if RANK[Level(level)] > RANK[Level(row["level"])]:
                row["level"] = level
    return [found[name] for name in sorted(found)]
