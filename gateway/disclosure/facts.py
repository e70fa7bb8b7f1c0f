"""Owns loading what the disclosure rule may know: as many statements for many cases as for one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TypeVar

from gateway.disclosure.boxes import UNREAD_PARTS
from gateway.disclosure.ties import list_ties
from gateway.rules.facts import Approval, CaseFacts, Membership, Narrowing, SectionFacts, Ties
from gateway.rules.positions import NOT_RENEWED, Said
from gateway.rules.presence import seated
from gateway.rules.states import STAGES
from gateway.schemas.codes import AgencyKind, CaseRole, Category, Outcome, Purpose, Stage
from gateway.store import approvals, cases, meetings, members, sections
from gateway.store.cases import CaseNow
from gateway.store.members import AssignmentRow
from gateway.store.sections import SectionRow
from gateway.store.sessions import Session

Row = TypeVar("Row", AssignmentRow, SectionRow)


@dataclass(frozen=True, slots=True)
class Some:
    """The sections of these names, and of whatever names the sealed ones and the reader's own."""

    names: frozenset[str]
    reader: str


def list_facts(
    session: Session,
    case_ids: Sequence[str],
    *,
    on: date,
    ties: Mapping[str, Ties] | None = None,
    some: Some | None = None,
) -> dict[str, CaseFacts]:
    """The facts of each case that exists, from the canonical rows and never from a cache.

    `ties` are those of the cases, if they were loaded in this transaction. With `some`, only those
    sections are known of: for a page of many cases that shows few of them.

    An agreement that ended before `on` counts as not sought, and the outcome that was decided for
    that day as the outcome: nothing has to run for it to end.
    """
    by_case = _group(members.list_assignments(session, case_ids))
    stored = _group(_list_sections(session, case_ids, some))
    ties_of = list_ties(session, case_ids) if ties is None else ties
    approved = _approved(session, case_ids, on)
    now = cases.list_now(session, case_ids)
    stays = meetings.list_stays(session, [each for each, row in now.items() if _was_heard(row)])
    return {
        case_id: CaseFacts(
            case_id=case_id,
            area=row.area,
            state=row.state,
            outcome=_outcome(row, on),
            in_conference=row.sitting_id is not None,
            members=seated(members_of(by_case[case_id]), stays[case_id], row.sitting_id)
            if _was_heard(row)
            else members_of(by_case[case_id]),
            sections=section_facts(stored[case_id]),
            position=NOT_RENEWED
            if Said(row.position, expires_on=row.expires_on).has_lapsed(on)
            else row.position,
            excluded_kinds=frozenset(AgencyKind(kind) for kind in row.excluded_kinds),
            excluded_agencies=frozenset(row.excluded_agencies),
            overridden_kinds=frozenset(AgencyKind(kind) for kind in row.overridden_kinds),
            barred_kinds=frozenset(AgencyKind(kind) for kind in row.barred_kinds),
            narrowed=read_narrowings(row.narrowed) - read_narrowings(row.broken),
            conflicted=frozenset(row.barred_agencies),
            ties=ties_of[case_id],
            consent_seq=row.consent_seq,
            approved=frozenset(approved[case_id]),
        )
        for case_id, row in now.items()
    }


def _was_heard(row: CaseNow) -> bool:
    """Whether a meeting hears a case, or has heard it: then it matters who is in the room."""
    return row.sitting_id is not None or STAGES.get(row.state) is Stage.AFTER


def _list_sections(
    session: Session, case_ids: Sequence[str], some: Some | None
) -> list[SectionRow]:
    if some is None:
        return sections.list_sections(session, case_ids)
    return sections.list_some_sections(session, case_ids, agency_id=some.reader, names=some.names)


def _approved(
    session: Session, case_ids: Sequence[str], on: date
) -> defaultdict[str, list[Approval]]:
    """What somebody answers for opening on that day; whether it may is the rule's to say."""
    found: defaultdict[str, list[Approval]] = defaultdict(list)
    for row in approvals.list_standing(session, case_ids, on=on):
        found[row.case_id].append(
            Approval(row.agency_id, row.section, row.by_worker, row.by_agency, has_reason=True)
        )
    return found


def read_narrowings(rows: Iterable[Mapping[str, str]]) -> frozenset[Narrowing]:
    """Limits as they are stored, as the rules know them."""
    return frozenset(
        Narrowing(
            AgencyKind(row["kind"]) if "kind" in row else None,
            row.get("agency"),
            Purpose(row["purpose"]) if "purpose" in row else None,
            Category(row["category"]) if "category" in row else None,
        )
        for row in rows
    )


def _outcome(row: CaseNow, on: date) -> Outcome:
    if row.lapses_on is not None and row.lapses_on < on and row.lapsed_outcome is not None:
        return row.lapsed_outcome
    return row.outcome


def section_facts(rows: Iterable[SectionRow]) -> tuple[SectionFacts, ...]:
    """One fact per (section, owner), whatever number of parts it is stored in."""
    return _section_facts(tuple((row.name, row.part, row.audience, row.owner_id) for row in rows))


@lru_cache(maxsize=512)  # most cases are made of the same parts
def _section_facts(
    parts: tuple[tuple[str, str, str | None, str], ...],
) -> tuple[SectionFacts, ...]:
    summaries: set[tuple[str, str]] = set()
    sealed: dict[tuple[str, str], set[str]] = {}
    for name, part, audience, owner_id in parts:
        if part in UNREAD_PARTS:
            continue
        place = (name, owner_id)
        copies = sealed.setdefault(place, set())
        if part == "SUMMARY":
            summaries.add(place)
        if audience is not None:
            copies.add(audience)
    return tuple(
        SectionFacts(name, owner, (name, owner) in summaries, frozenset(copies))
        for (name, owner), copies in sealed.items()
    )


def members_of(rows: Iterable[AssignmentRow]) -> dict[str, Membership]:
    """One membership per agency, all its roles and known conditions together."""
    kinds: dict[str, AgencyKind] = {}
    roles: dict[str, set[CaseRole]] = defaultdict(set)
    conditions: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        kinds[row.agency_id] = row.kind
        roles[row.agency_id].add(row.role)
        conditions[row.agency_id].update(row.conditions)
    return {
        agency_id: Membership(
            agency_id, kind, frozenset(roles[agency_id]), frozenset(conditions[agency_id])
        )
        for agency_id, kind in kinds.items()
    }


def _group(rows: Iterable[Row]) -> dict[str, list[Row]]:
    grouped: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row.case_id].append(row)
    return grouped
