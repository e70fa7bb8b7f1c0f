"""Owns the sealed answer: signed by the gateway, readable by the caller's agency alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.agencies import directory
from gateway.disclosure import ways
from gateway.errors import Unavailable
from gateway.ledger import Entry, Work, newest_checkpoint
from gateway.schemas import reference as references
from gateway.schemas.codes import Purpose
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
    has_exclusive: bool = False,
) -> Sealed:
    """Sign a document and encrypt it to the caller's newest key, with its log commitment.

    :raises Unavailable: if the caller's agency has no valid encryption key.
    """
    if form not in ways.FORMS:
        raise ValueError("an answer of a form that no registered way out has")
    keys = directory.encryption_keys(work.session, work.caller.agency_id, work.now)
    if not keys:
        raise Unavailable("The agency has no valid encryption key.")
    signing = work.keys.signing
    claims: dict[str, Any] = {
        "iss": issuer,
        "aud": work.caller.agency_id,
        "iat": int(work.now.timestamp()),
        "jti": entry.id,
        "form": form,
        "document": document,
        "receipt": _receipt(entry, purpose),
        "log": proof(work, entry),
    }
    if work.caller.worker_id is not None:
        claims["worker"] = work.caller.worker_id
    body = envelopes.seal_disclosure(
        claims=claims,
        signing_key=signing.key,
        signing_kid=signing.kid,
        recipient_jwk=keys[0],
        recipient_kid=str(keys[0]["kid"]),
    )
    return Sealed(body, entry, has_exclusive)


def sign_receipt(
    work: Work, *, issuer: str, reference: str, claims: Mapping[str, Any], entry: Entry
) -> str:
    """Sign what an agency is told of a document it sent (typ marac-receipt+jws).

    `claims` come first, in their order: what matters most is read first. No personal data.
    """
    signing = work.keys.signing
    full = {
        **claims,
        "iss": issuer,
        "aud": work.caller.agency_id,
        "sub": references.write(reference),
        "iat": int(work.now.timestamp()),
        "log": proof(work, entry),
    }
    return envelopes.sign_receipt(full, signing.key, signing.kid)


def proof(work: Work, entry: Entry) -> dict[str, str]:
    """The commitment of a log entry with its salt, and the newest checkpoint."""
    return {
        "commitment": jose.b64u(entry.commitment),
        "salt": jose.b64u(entry.salt),
        "checkpoint": newest_checkpoint(work.session),
    }


def _receipt(entry: Entry, purpose: Purpose) -> dict[str, Any]:
    """Who was given what, why and on which basis: the log's own record, for the reader to keep."""
    kept = ("t", "agency", "worker", "because", "basis", "levels", "versions")
    return {"purpose": str(purpose), **{name: entry.record[name] for name in kept}}
