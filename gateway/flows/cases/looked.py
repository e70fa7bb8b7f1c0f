"""Owns telling whoever contributed something that somebody was given it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gateway.agencies import directory
from gateway.disclosure import Given, Sealed, beyond_wall, list_facts, open_receipts, seal_answer
from gateway.flows.cases.accessed import unnamed
from gateway.flows.cases.finding import names_of
from gateway.ledger import Act, Entry, Work
from gateway.rules.facts import CaseFacts, Standing
from gateway.schemas import moments
from gateway.schemas.codes import Purpose
from gateway.store import cases, feed
from gateway.store.feed import LookRow

PAGE = 50
EVENT = "looks.read"


def list_looks(
    work: Work,
    after: tuple[int, int],
    *,
    issuer: str,
    seal_place: Callable[[tuple[int, int]], str],
) -> Sealed:
    """Who was given what the caller's agency contributed, after a place in the log, oldest first.

    Which agency, when, and which of the owner's sections: not who of its people, and not for what,
    since that tells of a third agency's work. Of a case that lies behind a wall by now, or that the
    owner has no part in any more, nothing. Looking is recorded first, for purpose P10.
    """
    work.attempt(EVENT, purpose=Purpose.P10)
    rows, facts = _visible(work, after)
    cases.lock_for_reading(work.session, list(facts))
    page, more = rows[:PAGE], len(rows) > PAGE
    entry = _record(work, list(facts), len(page))
    given = open_receipts(work, [row.entry_id for row in page if row.case_id in facts])
    names, partners = names_of(work, list(facts)), directory.standing(work.session)
    place = (page[-1].leaf, page[-1].number) if page else after
    document = {
        "looks": [
            _look(work, given[row.entry_id], facts[row.case_id], names[row.case_id], partners)
            for row in page
            if row.entry_id in given and row.case_id in names  # else it was erased in between
        ],
        "next": seal_place(place),
        "more": more,
    }
    return seal_answer(
        work,
        issuer=issuer,
        form="looks/1",
        document=document,
        purpose=Purpose.P10,
        entry=entry,
        cases=list(facts.values()),
    )


def _visible(work: Work, after: tuple[int, int]) -> tuple[list[LookRow], dict[str, CaseFacts]]:
    """A page and one more, without what lies behind a wall: no gap and no page tells of it."""
    rows: list[LookRow] = []
    facts: dict[str, CaseFacts] = {}
    while len(rows) <= PAGE:
        found = feed.list_looks(
            work.session, agency_id=work.caller.agency_id, after=after, limit=PAGE + 1
        )
        case_ids = beyond_wall(work, [row.case_id for row in found])
        facts |= list_facts(work.session, case_ids, on=work.today)
        rows += [row for row in found if row.case_id in facts]
        if len(found) <= PAGE:
            break
        after = (found[-1].leaf, found[-1].number)
    return rows, facts


def _record(work: Work, case_ids: list[str], looks: int) -> Entry:
    caller = work.caller
    basis = work.profiles.for_area(caller.area, work.today).legal.for_kind(
        caller.kind, on=work.today, is_child_or_has_care_needs=False
    )
    acts = [Act(EVENT, each, "owner", purpose=Purpose.P10, basis=basis) for each in case_ids]
    told = Act(EVENT, None, "owner", purpose=Purpose.P10, basis=basis, facts={"looks": looks})
    return work.record_all([*acts, told])[-1]


def _look(
    work: Work, given: Given, facts: CaseFacts, name: str, partners: Mapping[str, Standing]
) -> dict[str, Any]:
    own = {each.name for each in facts.sections if each.owner == work.caller.agency_id}
    hidden = unnamed(work, facts, partners)
    return {
        "reference": name,
        "at": moments.write(given.at),
        "agency": None if given.agency_id in hidden else given.agency_id,
        "sections": sorted(own & given.part["levels"].keys()),
        "behind_glass": given.form == "glass/1",
    }
