"""Owns taking in what an agency found in its own records about a listed case.

It is laid into sections that the agency owns, so that who reads it is decided like everything else
that agencies contribute. Each version stays as it was sent.
"""

from __future__ import annotations

from gateway.agencies.inbox import JOSE_TYPE, Answer, Received, Sent, Written, keep_answer, receive
from gateway.disclosure import (
    Box,
    Contribution,
    open_case_key,
    regrant,
    replace_own,
    require_page,
    seal_value,
    sign_receipt,
)
from gateway.errors import Conflict, Denied
from gateway.flows.conferences.asking import find_asked
from gateway.flows.conferences.research import place_of
from gateway.ledger import Entry, Work
from gateway.rules import research as rule
from gateway.rules.facts import CaseFacts
from gateway.schemas import moments
from gateway.schemas.codes import CaseRole
from gateway.schemas.json_text import dump
from gateway.sealing import jose
from gateway.store import feed
from gateway.store import research as store
from gateway.store.research import RequestRow, ReturnRow

FORM = "research/1"
CHANGED = "changed_meanwhile"


def return_research(
    work: Work, conference_id: str, reference: str, body: Sent, *, audience: str, key: str
) -> tuple[Answer, bool]:
    """Take in what the caller's agency found, or that it found nothing (201, with a receipt).

    Gives also whether it is new: the same sent twice is one act. What came late says so and
    counts. A correction names the version that it replaces.

    :raises Denied: if it was not asked: the answer is that of an unknown case.
    :raises Conflict: code changed_meanwhile, if another version came meanwhile.
    """
    work.attempt("research.returned")
    case_id, facts, _ = find_asked(work, conference_id, reference, lock=True)
    if isinstance(body, Written):
        require_page(work, facts)
    about = f"{conference_id}/{reference}"
    received = receive(work, body, form=FORM, audience=audience, key=key, about=about)
    if received.answered:
        return received.answered, False
    row = store.find_request(work.session, conference_id, case_id, agency_id=work.caller.agency_id)
    if row is None:
        raise Denied("not-asked", subject=case_id)
    if received.document.get("replaces", 0) != row.version:
        raise Conflict("Another version of this return came meanwhile.", code=CHANGED)
    entry = _keep(work, facts, row, received)
    is_late = (row.returned_at or work.now) > row.due_at
    claims = {
        "conference": conference_id,
        "version": row.version + 1,
        "late": is_late,
        "digest": jose.b64u(received.digest),
    }
    receipt = sign_receipt(work, issuer=audience, reference=reference, claims=claims, entry=entry)
    answer = Answer(received.digest, 201, JOSE_TYPE, receipt.encode())
    return keep_answer(work, key, answer), True


def _keep(work: Work, facts: CaseFacts, row: RequestRow, received: Received) -> Entry:
    """Lay a return into its sections, keep it as it came, and tell who coordinates the case."""
    me, form, case_id = work.caller.agency_id, received.document, row.case_id
    first_at, version = row.returned_at or work.now, row.version + 1
    is_late = first_at > row.due_at
    parts = rule.lay(form)
    parts.pop(rule.KEPT, None)  # is in the document alone, which only its agency is given back
    parts[rule.RETURN] |= {
        "version": version,
        "returned_at": moments.write(work.now),
        "late": is_late,
    }
    profile = work.profiles.for_area(facts.area, work.today)
    key = open_case_key(work, case_id)
    boxes = [Box(name, "FULL", {"research": content}) for name, content in parts.items()]
    new = Contribution(me, work.now, boxes)
    replace_own(work, key, new, among=profile.matrix.returned)
    regrant(work, key, profile)
    entry = work.record(
        "research.returned",
        case_id,
        because="late" if is_late else "in-time",
        facts={
            "conference": row.conference_id,
            "version": version,
            "digest": jose.b64u(received.digest),
            "sections": sorted(parts),
            "owners": [me],
        },
    )
    sent = {"jws": received.jws} if received.jws else {"document": form}
    stored = ReturnRow(
        row.conference_id,
        case_id,
        me,
        version,
        received.digest,
        work.caller.worker_id,
        work.now,
        seal_value(key, **place_of(row.conference_id, me, version), value=dump(sent)),
    )
    store.add_return(work.session, stored, is_nil=rule.is_nil(form), first_at=first_at)
    told = sorted(
        each.agency_id
        for each in facts.members.values()
        if CaseRole.COORDINATOR in each.roles and each.agency_id != me
    )
    kinds = [(agency_id, "CHANGED") for agency_id in told]
    feed.add_items(work.session, case_id=case_id, kinds=kinds, entry_id=entry.id)
    return entry
