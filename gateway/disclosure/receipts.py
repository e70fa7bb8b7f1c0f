"""Owns receipts of disclosures: signed, given to the reader, and kept for as long as the case is.

One signature stands for all cases of an answer: it covers a salted digest of each case's part, so
that a part shows nothing of the others and goes with its own case when that is erased. What a
reader was not told of is no part of its receipt; the kept copy has it beside the part.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.agencies import directory
from gateway.disclosure.boxes import CaseKey, open_case_keys, open_value, seal_value
from gateway.ledger import Entry, Work
from gateway.rules import withholding
from gateway.rules.facts import Allowed, CaseFacts
from gateway.schemas.codes import Level
from gateway.schemas.json_text import dump
from gateway.sealing import envelopes, jose
from gateway.sealing.claims import canonical
from gateway.store import feed
from gateway.store import receipts as store
from gateway.store.receipts import ReceiptRow

SALT = 16
_PLACE: Mapping[str, str] = {"table": "receipt", "column": "content"}
_LOGGED = ("t", "agency", "worker", "purpose", "because", "basis", "levels", "versions")


@dataclass(frozen=True, slots=True)
class Told:
    """One case that an answer tells of: what was decided about it, and its line in the log."""

    reference: str  # as the reader knows it
    facts: CaseFacts = field(repr=False)
    decision: Allowed
    withheld: tuple[str, ...]  # sections of which the reader knows that it gets less than all
    entry: Entry
    is_behind: bool = False  # behind broken glass: the reader has no part in the case


@dataclass(frozen=True, slots=True)
class Given:
    """A receipt as it was given: the signed text, the part that is about this case, its salt."""

    id: str
    case_id: str
    agency_id: str
    form: str
    at: datetime
    signed: str
    salt: str  # base64url
    part: Mapping[str, Any] = field(repr=False)
    kept: Mapping[str, Any] = field(repr=False)  # what the reader was not told


def give_receipt(
    work: Work,
    *,
    issuer: str,
    form: str,
    document: Mapping[str, Any],
    told: Sequence[Told],
    custody: str,
) -> dict[str, Any]:
    """Sign and keep what is told of each case, and tell its owners; the members for the reader.

    {"signed", "content": {"salt"}, "parts": [{"salt", "part"}]}. `content` in the signed text is
    SHA-256 of that salt and the canonical document.
    """
    salts = [work.chance(SALT) for _ in told]
    parts = [_part(each) for each in told]
    content_salt = work.chance(SALT)
    signed = envelopes.sign_disclosed(
        {
            "iss": issuer,
            "aud": work.caller.agency_id,
            "iat": int(work.now.timestamp()),
            "form": form,
            "custody": custody,
            "content": _digest(content_salt, document),
            "parts": [_digest(salt, part) for salt, part in zip(salts, parts, strict=True)],
        },
        work.keys.signing.key,
        work.keys.signing.kid,
    )
    shown = [
        {"salt": jose.b64u(salt), "part": part} for salt, part in zip(salts, parts, strict=True)
    ]
    _keep(work, form, signed, list(zip(told, shown, strict=True)))
    return {"signed": signed, "content": {"salt": jose.b64u(content_salt)}, "parts": shown}


def keep_shown(
    work: Work, *, issuer: str, form: str, document: Mapping[str, Any], told: Sequence[Told]
) -> None:
    """Sign and keep what a page shows of cases; the reader finds it among its agency's receipts.

    `document` is what the page is made of, with what is protected written out.
    """
    me = work.caller.agency_id
    custody = str(directory.custodies(work.session, {me})[me])
    give_receipt(work, issuer=issuer, form=form, document=document, told=told, custody=custody)


def list_given(work: Work, case_id: str, *, agency_id: str, until: datetime) -> list[Given]:
    """What one agency was given of a case up to a moment, oldest first.

    The caller decided and recorded that it may be read. For whoever keeps or audits the case.
    """
    work.may_commit()
    with work.keeping(case_id):
        rows = store.list_receipts(work.session, case_id, agency_id=agency_id, until=until)
        return _opened(work, rows)


def list_all_given(work: Work, case_id: str) -> list[Given]:
    """What anybody was given of a case, oldest first; decided and recorded as `list_given`."""
    work.may_commit()
    with work.keeping(case_id):
        return _opened(work, store.list_of_case(work.session, case_id))


def open_receipts(work: Work, ids: Sequence[str]) -> dict[str, Given]:
    """Some receipts of cases that the caller has a part in, by id."""
    work.may_commit()
    rows = store.list_by_id(work.session, ids)
    return {each.id: each for each in _opened(work, list(rows.values()))}


# --- within -----------------------------------------------------------------------------------


def _part(told: Told) -> dict[str, Any]:
    record = told.entry.record
    return {
        "reference": told.reference,
        **{name: record[name] for name in _LOGGED},
        "withheld": [
            {"section": name, "level": str(level), "why": withholding.TO_READER[level]}
            for name in told.withheld
            for level in [told.decision.shown.get(name, Level.INDICATOR)]
            if level in withholding.TO_READER
        ],
        "log": {
            "commitment": jose.b64u(told.entry.commitment),
            "salt": jose.b64u(told.entry.salt),
        },
    }


def _unsaid(told: Told, me: str) -> dict[str, Any]:
    """What the decision rested on, and all that was withheld: not for the reader."""
    facts, decision = told.facts, told.decision
    less = [
        (each, level)
        for each in facts.sections
        for level in [decision.level(each.name, is_own=each.owner == me)]
        if level is not Level.FULL
    ]
    return {
        "state": str(facts.state),
        "consent": {
            "version": facts.consent_seq,
            "outcome": str(facts.outcome),
            "position": str(facts.position),
        },
        "withheld": [
            {
                "section": each.name,
                "owner": each.owner,
                "level": str(level),
                "rule": rule,
                "why": withholding.says(rule, level),
            }
            for each, level in less
            for rule in [decision.reasons.get(each.name, decision.because)]
        ],
    }


def _keep(
    work: Work, form: str, signed: str, told: Sequence[tuple[Told, Mapping[str, Any]]]
) -> None:
    """Seal each part for its case, and announce it to the others whose words were read."""
    inside = [pair for pair in told if not pair[0].is_behind]
    if inside:
        _keep_some(work, form, signed, inside)
    for each, shown in told:
        if each.is_behind:
            with work.keeping(each.facts.case_id):
                _keep_some(work, form, signed, [(each, shown)])


def _keep_some(
    work: Work, form: str, signed: str, told: Sequence[tuple[Told, Mapping[str, Any]]]
) -> None:
    me = work.caller.agency_id
    keys = open_case_keys(work, [each.facts.case_id for each, _ in told])
    rows = [
        _row(work, keys[each.facts.case_id], form, each, {"signed": signed, **shown})
        for each, shown in told
    ]
    store.add_receipts(work.session, rows)
    feed.add_looks(
        work.session,
        [
            (owner, each.facts.case_id, each.entry.id)
            for each, _ in told
            for owner in each.entry.record["facts"].get("owners", ())
            if owner != me
        ],
    )


def _row(work: Work, key: CaseKey, form: str, told: Told, content: Mapping[str, Any]) -> ReceiptRow:
    me, receipt_id = work.caller.agency_id, told.entry.id
    text = dump({**content, "kept": _unsaid(told, me)})
    sealed = seal_value(key, **_PLACE, row=receipt_id, value=text)
    return ReceiptRow(receipt_id, key.case_id, me, form, work.now, sealed)


def _opened(work: Work, rows: Iterable[ReceiptRow]) -> list[Given]:
    listed = list(rows)
    keys = open_case_keys(work, sorted({row.case_id for row in listed}))
    found = []
    for row in listed:
        if row.case_id not in keys:  # erased since
            continue
        plain = open_value(keys[row.case_id], **_PLACE, row=row.id, cell=row.content)
        content = json.loads(plain)
        found.append(Given(row.id, row.case_id, row.agency_id, row.form, row.at, **content))
    return found


def _digest(salt: bytes, value: Any) -> str:
    return jose.b64u(hashlib.sha256(salt + canonical(value)).digest())
