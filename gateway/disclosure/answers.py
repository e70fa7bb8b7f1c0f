"""Owns the sealed answer: signed by the gateway, readable by the caller's agency alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.agencies import directory
from gateway.disclosure import ways
from gateway.disclosure.own_keys import recipient
from gateway.disclosure.receipts import Told, give_receipt
from gateway.ledger import Entry, Work, newest_checkpoint
from gateway.rules.facts import CaseFacts
from gateway.schemas import reference as references
from gateway.schemas.codes import Purpose
from gateway.schemas.protected import reveal
from gateway.sealing import envelopes, jose


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed answer, and the log entry it rests on."""

    body: str = field(repr=False)
    entry: Entry
    has_exclusive: bool = False  # the entry must be in the tree before this leaves


def seal_answer(
    work: Work,
    *,
    issuer: str,
    form: str,
    document: Mapping[str, Any],
    purpose: Purpose,
    entry: Entry,
    cases: Iterable[CaseFacts],
    told: Sequence[Told] = (),
    has_exclusive: bool = False,
) -> Sealed:
    """Sign a document and encrypt it to the caller's newest key, with its log commitment.

    `cases` are all those of which the document tells: one that only a deputy reads is sealed to
    the deputy's own key. None is for what tells of no case. Of those in `told` it discloses
    something, and a receipt of that is given and kept.

    :raises Denied: if one of them is for a deputy's own key, and there is none.
    :raises Unavailable: if the caller's agency has no valid encryption key.
    """
    if form not in ways.FORMS:
        raise ValueError("an answer of a form that no registered way out has")
    if ways.may_reveal(ways.FORMS[form]):
        document = reveal(document)  # of any other way out what is protected cannot be written
    to = recipient(work, cases)
    signing = work.keys.signing
    receipt = _receipt(work, entry, purpose)
    if told:
        custody = receipt["custody"]
        receipt |= give_receipt(
            work, issuer=issuer, form=form, document=document, told=told, custody=custody
        )
    about = {"iss": issuer, "form": form, "document": document, "receipt": receipt}
    body = envelopes.seal_disclosure(
        claims=about | _whose(work, entry),
        signing_key=signing.key,
        signing_kid=signing.kid,
        recipient_jwk=to,
        recipient_kid=str(to["kid"]),
    )
    return Sealed(body, entry, has_exclusive)


def sign_receipt(
    work: Work,
    *,
    issuer: str,
    reference: str,
    claims: Mapping[str, Any],
    entry: Entry,
    sealed_to: Collection[str] = (),
) -> str:
    """Sign what an agency is told of a document it sent (typ marac-receipt+jws).

    `claims` come first, in their order: what matters most is read first. No personal data. Who
    holds the keys is named, of the agency itself and of those of `sealed_to`, to whom it sealed a
    section: what is hosted here, the host could read.
    """
    signing, mine = work.keys.signing, work.caller.agency_id
    custody = directory.custodies(work.session, {mine, *sealed_to})
    named = [{"agency": each, "custody": str(custody[each])} for each in sorted({*sealed_to})]
    full = {
        **claims,
        "custody": str(custody[mine]),
        **({"sealed_to": named} if named else {}),
        "iss": issuer,
        "aud": work.caller.agency_id,
        "sub": references.write(reference),
        "iat": int(work.now.timestamp()),
        "log": proof(work, entry),
    }
    return envelopes.sign_receipt(full, signing.key, signing.kid)


def _whose(work: Work, entry: Entry) -> dict[str, Any]:
    """For whom an answer is, from when, and where the log says that it was given."""
    caller = work.caller
    return {
        "aud": caller.agency_id,
        "iat": int(work.now.timestamp()),
        "jti": entry.id,
        "log": proof(work, entry),
        **({"worker": caller.worker_id} if caller.worker_id is not None else {}),
    }


def proof(work: Work, entry: Entry) -> dict[str, str]:
    """The commitment of a log entry with its salt, and the newest checkpoint."""
    return {
        "commitment": jose.b64u(entry.commitment),
        "salt": jose.b64u(entry.salt),
        "checkpoint": newest_checkpoint(work.session),
    }


def _receipt(work: Work, entry: Entry, purpose: Purpose) -> dict[str, Any]:
    """Who was given what, why and on which basis: the log's own record, for the reader to keep.

    And who holds the key to which it was sealed.
    """
    kept = ("t", "agency", "worker", "because", "basis", "levels", "versions")
    mine = work.caller.agency_id
    custody = directory.custodies(work.session, {mine})[mine]
    told = {name: entry.record[name] for name in kept}
    return {"purpose": str(purpose), **told, "custody": str(custody)}
