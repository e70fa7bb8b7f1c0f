"""Owns taking words out of a section: held while it is a draft, for good once its owner confirmed.

The original stays, sealed and with its digest, and nobody holds a key of it but the gateway. Its
owner alone is given it back, each time with a line in the log and a receipt.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from gateway.disclosure.boxes import (
    BEFORE_PART,
    Box,
    CaseKey,
    Contribution,
    contribute,
    open_for_gateway,
    open_named,
    read_case_key,
    seal_box,
)
from gateway.disclosure.deciding import basis_of
from gateway.disclosure.grants import regrant
from gateway.disclosure.receipts import Told
from gateway.ledger import Work
from gateway.profiles.loader import Profile
from gateway.rules import leaks
from gateway.rules.facts import Allowed, CaseFacts
from gateway.schemas.codes import Level, Purpose, RedactionState
from gateway.schemas.json_text import dump
from gateway.sealing import sections as seal
from gateway.sealing.jose import b64u
from gateway.store import dated, redactions, sections
from gateway.store.redactions import RedactionRow

REMOVED = "[removed by its owner]"

Drafts = Mapping[tuple[str, str], tuple[str, ...]]
"""(section, owner) -> the places that somebody wants taken out."""


def list_drafts(work: Work, case_ids: Sequence[str]) -> dict[str, Drafts]:
    """What is held in each case until an owner says whether it goes."""
    found: dict[str, dict[tuple[str, str], tuple[str, ...]]] = defaultdict(dict)
    for row in redactions.list_redactions(work.session, case_ids):
        if row.state is RedactionState.DRAFTED:
            place = (row.section, row.owner_id)
            found[row.case_id][place] = found[row.case_id].get(place, ()) + row.places
    return dict(found)


def redact(work: Work, key: CaseKey, profile: Profile, row: RedactionRow) -> list[dict[str, str]]:
    """Take the words out for good, put what is left under new keys, and keep what was there.

    Gives the digests of each text before and after; none if the places are not there.
    """
    told: list[dict[str, str]] = []
    changed: list[str] = []
    for stored, content in open_named(work, {key.case_id: key}, [row.section]):
        left, count = leaks.cut(content, row.places, REMOVED)
        if stored.owner_id != row.owner_id or not count:
            continue
        salt = b64u(work.chance(16))
        kept = {"section": row.section, "number": row.seq, "salt": salt, "content": content}
        box = Box(row.section, BEFORE_PART, kept)
        contribute(work, key, Contribution(row.owner_id, work.now, [box]))
        sealed = seal_box(key, stored, seal.new_section_key(), dump(left))
        sections.set_sealed(
            work.session, section_id=stored.section_id, key=sealed.key, content=sealed.content
        )
        changed.append(stored.section_id)
        told.append({"before": _digest(salt, content), "after": _digest(salt, left)})
    if changed:
        sections.drop_grants(work.session, case_id=key.case_id, section_ids=changed)
        regrant(work, key, profile)
    return told


def open_removed(
    work: Work,
    facts: CaseFacts,
    rows: Sequence[RedactionRow],
    purpose: Purpose,
    reference: str,
) -> tuple[dict[int, list[Any]], Told]:
    """What stood in the caller's own sections before words were taken out, by number of the draft.

    Each text comes with the salt of its digest. Recorded first; the caller decided that all `rows`
    are its own.
    """
    names = sorted({row.section for row in rows if row.state is RedactionState.CONFIRMED})
    decision = Allowed({}, "own", dict.fromkeys(names, Level.FULL))
    risk = dated.list_risks(work.session, [facts.case_id])[facts.case_id]
    entry = work.record(
        "redaction.read",
        facts.case_id,
        because=decision.because,
        purpose=purpose,
        basis=basis_of(work, facts, risk),
        levels=decision.own,
        facts={"owners": [work.caller.agency_id], "numbers": [row.seq for row in rows]},
    )
    found: dict[int, list[Any]] = {row.seq: [] for row in rows}
    if names:
        key = read_case_key(work, facts.case_id)
        with work.keeping(facts.case_id):
            kept = open_for_gateway(work, {facts.case_id: key}, BEFORE_PART)
        for each in kept.get(facts.case_id, ()):
            if each["number"] in found:
                found[each["number"]].append({name: each[name] for name in ("salt", "content")})
    return found, Told(reference, facts, decision, (), entry)


def _digest(salt: str, content: object) -> str:
    return b64u(hashlib.sha256(salt.encode() + dump(content)).digest())
