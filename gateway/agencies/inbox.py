"""Owns taking in what an agency sends: by the caller, for its worker, and once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from gateway.agencies import directory
from gateway.errors import Conflict, Invalid, Mismatch, Problem
from gateway.ledger import Work
from gateway.schemas import forms
from gateway.sealing import envelopes
from gateway.sealing.claims import canonical
from gateway.store import answers
from gateway.store.answers import Answer

__all__ = [
    "JOSE_TYPE",
    "JSON_TYPE",
    "Answer",
    "Received",
    "answer_once",
    "find_answer",
    "keep_answer",
    "once",
    "receive",
]

JOSE_TYPE = "application/jose"
JSON_TYPE = "application/json"


@dataclass(frozen=True, slots=True)
class Received:
    """An opened document of the caller. `answered` is set if this content was answered before."""

    form: str
    document: Mapping[str, Any] = field(repr=False)  # as sent, JSON-plain
    loaded: Mapping[str, Any] = field(repr=False)  # codes, dates and times as such
    sealed: tuple[Mapping[str, Any], ...] = field(repr=False)
    jws: str = field(repr=False)
    digest: bytes = field(repr=False)
    answered: Answer | None = field(default=None, repr=False)


def receive(
    work: Work,
    body: str,
    *,
    form: str,
    audience: str,
    key: str,
    about: str = "",
    resealed: Collection[str] = (),
) -> Received:
    """Open, check and load a document; `about` is the reference it is sent to, if any.

    `resealed` are members of it that are other bytes each time the same words are sealed; its
    digest stands beside them and tells a retry.

    A retry under the same Idempotency-Key with the same content is recognised whatever its jti;
    after that, a jti is good for one document.

    :raises Undecipherable: if it is not by the caller, for this gateway, at this time.
    :raises Invalid: if it is not of the form, or its jti was used before.
    :raises Mismatch: if it names another worker than the token does.
    :raises Conflict: if the key was used for other content.
    """
    opened = envelopes.open_document(
        body,
        decrypt_keys=work.keys.encryption.by_kid,
        find_verify_key=lambda iss, kid: _verify_key(work, iss, kid),
        audience=audience,
        now=work.now,
    )
    claims = opened.claims
    if claims.get("worker") != work.caller.worker_id:
        raise Mismatch("The document is by another worker than the token.")
    if claims["form"] != form:
        raise Invalid("Another form belongs here.", Problem("wrong_form", "/form"))
    sealed = tuple(claims.get("sealed") or ())
    digest = bytes.fromhex(
        envelopes.content_digest(form, _lasting(claims["document"], resealed), sealed)
    )
    if about:  # the same words about another case are another act
        digest = hashlib.sha256(about.encode() + digest).digest()
    earlier = find_answer(work, key, digest)
    loaded = {} if earlier else forms.load(form, claims["document"])
    received = Received(
        form=form,
        document=claims["document"],
        loaded=loaded,
        sealed=sealed,
        jws=opened.jws,
        digest=digest,
        answered=earlier,
    )
    if earlier is None:
        _use_jti(work, claims)
    return received


def find_answer(work: Work, key: str, digest: bytes) -> Answer | None:
    """What this content was answered under this key before, recorded as a retry.

    :raises Conflict: if the key was used for other content.
    """
    earlier = answers.find_answer(work.session, agency_id=work.caller.agency_id, key=key)
    if earlier is None:
        return None
    if earlier.digest != digest:
        raise Conflict(
            "This Idempotency-Key was used for other content.", code="idempotency_key_reused"
        )
    work.record("answer.repeated", None, because="idempotency-key")
    return earlier


def keep_answer(work: Work, key: str, answer: Answer) -> Answer:
    """Keep an answer under its key, in the transaction of the act itself.

    :raises Conflict: code in_progress, if the same key is being answered at this moment.
    """
    is_first = answers.add_answer(
        work.session,
        agency_id=work.caller.agency_id,
        key=key,
        answered_at=work.now,
        given=answer,
    )
    if not is_first:
        raise Conflict("The same key is being answered now; try again.", code="in_progress")
    return answer


def once(
    work: Work,
    key: str,
    content: Mapping[str, Any],
    act: Callable[[], Mapping[str, Any]],
    *,
    status: int = 200,
) -> Answer:
    """Do something of codes and ids once per Idempotency-Key, and answer it in JSON.

    `content` is what was asked, route and all; the same key with other content is refused.

    :raises Conflict: as `find_answer` and `keep_answer` do.
    """
    digest = hashlib.sha256(canonical(dict(content))).digest()
    earlier = find_answer(work, key, digest)
    if earlier:
        return earlier
    body = json.dumps(act(), ensure_ascii=False, separators=(",", ":")).encode()
    return keep_answer(work, key, Answer(digest, status, JSON_TYPE, body))


def _lasting(document: Any, resealed: Collection[str]) -> Any:
    if not resealed or not isinstance(document, dict):
        return document
    return {name: value for name, value in document.items() if name not in resealed}


def answer_once(
    work: Work, key: str, received: Received, content: Mapping[str, Any], *, status: int
) -> Answer:
    """Answer a document in JSON, and keep the answer under its key.

    :raises Conflict: as `keep_answer` does.
    """
    body = json.dumps(dict(content), ensure_ascii=False, separators=(",", ":")).encode()
    return keep_answer(work, key, Answer(received.digest, status, JSON_TYPE, body))


def _verify_key(work: Work, iss: str, kid: str) -> Any:
    if iss != work.caller.agency_id:
        return None
    return directory.find_signing_key(work.session, iss, kid, work.now)


def _use_jti(work: Work, claims: Mapping[str, Any]) -> None:
    answers.forget_jtis(work.session, now=work.now)
    is_first = answers.use_jti(
        work.session,
        agency_id=work.caller.agency_id,
        jti=claims["jti"],
        expires_at=datetime.fromtimestamp(claims["exp"], UTC),
    )
    if not is_first:
        raise Invalid(
            "This document was sent before.", Problem("replayed", "/jti"), code="replayed_jti"
        )
