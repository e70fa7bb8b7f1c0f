"""Owns who is owed a sealed copy, and taking one in: the gateway asks, a holder's client seals.

Like grants, requests are derived from the facts and never edited: whoever may read a section that
the gateway cannot, and holds no copy of it, is owed one as long as that is so.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from gateway.disclosure.boxes import (
    GATEWAY,
    Box,
    CaseKey,
    Contribution,
    contribute,
    seal_value,
)
from gateway.disclosure.deciding import profile_of
from gateway.disclosure.facts import list_facts
from gateway.ledger import Act, Work
from gateway.profiles.loader import Profile
from gateway.rules import conflict
from gateway.rules import disclosure as rule
from gateway.rules.facts import CaseFacts, SectionFacts
from gateway.schemas.codes import Level, SealRequest
from gateway.sealing import sections as seal
from gateway.sealing.jose import b64u, b64u_decode
from gateway.store import seal_requests as store
from gateway.store import sections
from gateway.store.seal_requests import AskedRow, RequestRow
from gateway.store.sections import SectionRow

MOST = 200  # requests told at a time

Place = tuple[str, str]
"""(agency that is owed a copy, id of a copy with the same text)"""


@dataclass(frozen=True, slots=True)
class Asked:
    """A copy that the caller is asked to seal for another agency."""

    case_id: str
    section: str
    owner_id: str
    agency_id: str
    digest: str  # base64url
    asked_at: datetime
    row: AskedRow


def reconcile(
    work: Work,
    key: CaseKey,
    facts: CaseFacts,
    rows: Collection[SectionRow],
    profile: Profile,
    *,
    is_new: bool = False,
) -> None:
    """Ask for the copies that are owed now and were not before, and no longer for the others."""
    owed = copies_owed(facts, rows, profile)
    known = [] if is_new else store.list_requests(work.session, key.case_id)
    asked = {_place(row): row for row in known if row.state is SealRequest.OPEN}
    new = sorted(owed - asked.keys())
    over = [row for place, row in asked.items() if place not in owed]
    if not new and not over:
        return
    named = {row.section_id: row for row in rows}
    digests = _digests(work, key, {source for _, source in new})
    opened = [
        RequestRow(key.case_id, agency, source, digests[source], SealRequest.OPEN)
        for agency, source in new
    ]
    store.open_requests(work.session, opened, at=work.now)
    store.close_requests(work.session, over, at=work.now)
    acts = [_act("seal.requested", row, named, "entitled") for row in opened]
    acts += [_act("seal.closed", row, named, "not-entitled") for row in over]
    work.record_all(acts)


def copies_owed(facts: CaseFacts, rows: Iterable[SectionRow], profile: Profile) -> set[Place]:
    """Who may read a sealed section in full and holds no copy; who contributed it knows it."""
    sources: dict[tuple[str, str], str] = {}
    for row in rows:
        if row.audience is not None:
            sources.setdefault((row.name, row.owner_id), row.section_id)
    facts = conflict.for_grants(facts)
    held = [each for each in facts.sections if (each.name, each.owner) in sources]
    if not held:
        return set()
    everyone = frozenset(facts.members)
    asked = replace(facts, sections=tuple(replace(each, sealed_to=everyone) for each in held))
    return {
        (agency_id, sources[each.name, each.owner])
        for agency_id in everyone
        for each in _readable(asked, agency_id, profile)
        if agency_id not in _sealed_to(held, each)
    }


def list_asked(work: Work, case_id: str | None = None) -> list[Asked]:
    """What the caller is asked to seal: it holds a copy and may read it, and so may the other.

    All of it is decided anew from the facts; the queue alone opens nothing.
    """
    found = store.list_asked(
        work.session, holder=work.caller.agency_id, case_id=case_id, limit=MOST
    )
    case_ids = list(dict.fromkeys(row.request.case_id for row in found))
    facts = list_facts(work.session, case_ids, on=work.today)
    found = [row for row in found if row.request.case_id in facts]  # others were erased since
    stored: dict[str, list[SectionRow]] = {case_id: [] for case_id in case_ids}
    for each in sections.list_sections(work.session, case_ids):
        stored[each.case_id].append(each)
    owed = {
        case_id: copies_owed(facts[case_id], stored[case_id], profile_of(work, facts[case_id]))
        for case_id in facts
    }
    return [
        _asked(row)
        for row in found
        if _place(row.request) in owed[row.request.case_id]
        and _may_read(work, facts[row.request.case_id], row)
    ]


def take_copy(
    work: Work, key: CaseKey, asked: Asked, item: Mapping[str, Any], document: str
) -> dict[SectionRow, bytes]:
    """Keep a copy that the caller sealed, beside the others and as its contributor's.

    `item` has the one recipient that was asked for; `document` is the signed document in which it
    came, kept so that the caller cannot deny it. Grants follow by `regrant`.
    """
    request = asked.row.request
    box = Box(asked.section, "SEALED", dict(item), audience=asked.agency_id)
    sealed = seal_value(
        key,
        table="seal_request",
        column="document",
        row=f"{request.source_id}/{request.agency_id}",
        value=document.encode(),
    )
    store.set_answered(
        work.session,
        request,
        by_agency=work.caller.agency_id,
        by_worker=work.caller.worker_id,
        at=work.now,
        document=sealed,
    )
    return contribute(work, key, Contribution(asked.owner_id, work.now, [box]))


# --- within -----------------------------------------------------------------------------------


def _readable(facts: CaseFacts, agency_id: str, profile: Profile) -> Iterable[SectionFacts]:
    """The sections of `facts` that a member may read in full for some purpose, its own apart."""
    member, matrix = facts.members[agency_id], profile.matrix
    if conflict.needs_own_key(facts, agency_id):
        return  # only its deputy reads, and no copy may be made for a key that others hold
    caller = conflict.reader(facts, agency_id, member.kind)
    ceiling = rule.highest(facts, caller, matrix, matrix.telling(member.kind))
    for each in facts.sections if ceiling.because != rule.ALERT else ():
        is_own = each.owner == agency_id
        if not is_own and ceiling.level(each.name, is_own=False) is Level.FULL:
            yield each


def _sealed_to(held: Iterable[SectionFacts], section: SectionFacts) -> frozenset[str]:
    place = (section.name, section.owner)
    return next(each.sealed_to for each in held if (each.name, each.owner) == place)


def _may_read(work: Work, facts: CaseFacts, row: AskedRow) -> bool:
    """Whether the caller itself may read the copy that it is asked to seal again."""
    member = facts.members.get(work.caller.agency_id)
    if member is None or member.kind is not work.caller.kind:
        return False
    matrix = profile_of(work, facts).matrix
    ceiling = rule.highest(facts, work.caller, matrix, matrix.telling(work.caller.kind))
    is_own = row.owner_id == work.caller.agency_id
    return ceiling.level(row.name, is_own=is_own) is Level.FULL


def _asked(row: AskedRow) -> Asked:
    request = row.request
    return Asked(
        request.case_id,
        row.name,
        row.owner_id,
        request.agency_id,
        b64u(request.digest),
        row.asked_at,
        row,
    )


def _place(row: RequestRow) -> Place:
    return row.agency_id, row.source_id


def _digests(work: Work, key: CaseKey, source_ids: Iterable[str]) -> dict[str, bytes]:
    """The digest that stands with each copy; the copy itself stays shut."""
    ids = sorted(source_ids)
    wrapped = sections.list_keys(work.session, ids) if ids else {}
    contents = sections.list_contents(work.session, ids) if ids else {}
    found = {}
    for section_id in ids:
        section_key = seal.open_grant(
            key.key,
            wrapped[section_id],
            case_id=key.case_id,
            section_id=section_id,
            agency_id=GATEWAY,
        )
        item = json.loads(
            seal.open_section_content(
                section_key, contents[section_id], case_id=key.case_id, section_id=section_id
            )
        )
        found[section_id] = b64u_decode(item["digest"])
    return found


def _act(event: str, row: RequestRow, named: Mapping[str, SectionRow], because: str) -> Act:
    source = named.get(row.source_id)
    facts: dict[str, Any] = {"agency": row.agency_id}
    if source is not None:
        facts |= {"section": source.name, "owners": [source.owner_id]}
    return Act(event, row.case_id, because, facts=facts)
