"""Owns sealed copies for whoever may read a section later: asked for here, made by a holder.

The gateway cannot read what is sealed. A client that can opens its own copy, seals the same text
to the new reader's key and hands it in; nobody else's word makes a copy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.agencies import directory, key_events
from gateway.agencies.inbox import JOSE_TYPE, Answer, Received, keep_answer, receive
from gateway.agencies.key_events import Proven
from gateway.disclosure import (
    Asked,
    get_facts,
    list_asked,
    may_know,
    open_case_key,
    regrant,
    sign_receipt,
    take_copy,
)
from gateway.errors import Denied, Invalid, Problem
from gateway.flows.cases.finding import find_case, find_roles, names_of
from gateway.ledger import Act, Work
from gateway.schemas.codes import AgencyKind
from gateway.store import cases, feed

FORM = "section-copy/1"


@dataclass(frozen=True, slots=True)
class SealRequested:
    """A copy that the caller's client is asked for: of which text, for whose key."""

    reference: str
    section: str
    digest: str
    agency_id: str
    kind: AgencyKind
    key: Mapping[str, Any] = field(repr=False)
    announced: Proven = field(repr=False)  # why the key is the agency's
    asked_at: datetime


def list_seal_requests(work: Work) -> tuple[SealRequested, ...]:
    """What the caller's client is asked to seal again, oldest first; each case is recorded.

    Left out is, for as long as that lasts, who is suspended or has no key that the log shows.
    """
    work.attempt("seal.listed")
    asked = list_asked(work)
    if not asked:
        work.count("seal.listed.empty")
        return ()
    case_ids = list(dict.fromkeys(each.case_id for each in asked))
    names = names_of(work, case_ids)
    asked = [each for each in asked if each.case_id in names]  # others were erased since
    work.record_all([Act("seal.listed", case_id, "holder") for case_id in case_ids])
    keys = _keys(work, {each.agency_id for each in asked})
    return tuple(
        SealRequested(
            reference=names[each.case_id],
            section=each.section,
            digest=each.digest,
            agency_id=each.agency_id,
            kind=kind,
            key=jwk,
            announced=proven,
            asked_at=each.asked_at,
        )
        for each in asked
        if each.agency_id in keys
        for kind, jwk, proven in [keys[each.agency_id]]
    )


def add_sealed_copy(work: Work, reference: str, body: str, *, audience: str, key: str) -> Answer:
    """Take in a copy that the caller's client sealed, if it is asked for one (201, receipt).

    :raises Denied: if it is not, or not any more: the answer is that of an unknown case.
    :raises Invalid: if the copy is of another text, or sealed to another key.
    """
    work.attempt("section.seal")
    case_id = find_case(work, reference)
    find_roles(work, case_id)
    if not may_know(work, get_facts(work, case_id)):
        raise Denied("not-open", subject=case_id)
    received = receive(work, body, form=FORM, audience=audience, key=key, about=reference)
    if received.answered:
        return received.answered
    cases.lock_case(work.session, case_id)
    item, copy = _one_copy(received)
    asked = _find_asked(list_asked(work, case_id), item["section"], copy["agency"])
    if asked is None:
        raise Denied("not-asked", subject=case_id)
    _check(work, asked, item, copy)
    case_key = open_case_key(work, case_id)
    kept = {name: item[name] for name in ("section", "digest")} | {"recipients": [copy]}
    contributed = take_copy(work, case_key, asked, kept, received.jws)
    area = cases.list_cases(work.session, [case_id])[case_id].area
    regrant(work, case_key, work.profiles.for_area(area, work.today), known=contributed)
    entry = work.record(
        "section.sealed",
        case_id,
        because="asked",
        facts={
            "section": asked.section,
            "agency": asked.agency_id,
            "kid": copy["kid"],
            "owners": [asked.owner_id],
        },
    )
    kinds = [(asked.agency_id, "CHANGED")]
    feed.add_items(work.session, case_id=case_id, kinds=kinds, entry_id=entry.id)
    claims = {"section": asked.section, "agency": asked.agency_id}
    receipt = sign_receipt(
        work,
        issuer=audience,
        reference=reference,
        claims=claims,
        entry=entry,
        sealed_to={str(copy["agency"])},
    )
    return keep_answer(work, key, Answer(received.digest, 201, JOSE_TYPE, receipt.encode()))


def _keys(
    work: Work, agency_ids: set[str]
) -> dict[str, tuple[AgencyKind, Mapping[str, Any], Proven]]:
    """Kind, newest key and its announcement, of those who can be sealed to now."""
    found = {}
    for row in directory.listings(work.session, work.now):
        if row.agency_id in agency_ids and row.keys and not row.is_suspended:
            kid = str(row.keys[0]["kid"])
            proven = key_events.find_added(work, row.agency_id, kid)
            if proven is not None:
                found[row.agency_id] = (row.kind, row.keys[0], proven)
    return found


def _one_copy(received: Received) -> tuple[Mapping[str, Any], dict[str, Any]]:
    """The one section of a document with its one copy, to whom the document itself says.

    :raises Invalid: for any other number, or another name or key.
    """
    items = received.sealed
    if len(items) != 1 or len(items[0]["recipients"]) != 1:
        raise Invalid("One copy of one section belongs here.", Problem("not_sealed", "/sealed"))
    copy = dict(items[0]["recipients"][0])
    for name in ("agency", "kid"):
        if received.document[name] != copy[name]:
            raise Invalid("The copy is for another reader.", Problem("not_sealed", f"/{name}"))
    return items[0], copy


def _find_asked(asked: Sequence[Asked], section: str, agency_id: str) -> Asked | None:
    return next(
        (each for each in asked if (each.section, each.agency_id) == (section, agency_id)), None
    )


def _check(work: Work, asked: Asked, item: Mapping[str, Any], copy: Mapping[str, Any]) -> None:
    """Refuse another text, and a key that is not the agency's, ended, or the gateway's own."""
    problems = []
    if item["digest"] != asked.digest:
        problems.append(Problem("other_text", "/sealed/0/digest"))
    keys = directory.encryption_keys(work.session, asked.agency_id, work.now)
    known = {jwk["kid"] for jwk in keys} - work.keys.encryption.by_kid.keys()
    if copy["kid"] not in known:
        problems.append(Problem("not_sealed", "/sealed/0/recipients/0/kid"))
    if problems:
        raise Invalid("The copy is not the one that was asked for.", *problems)
