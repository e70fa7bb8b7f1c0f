"""Owns taking in what an agency sends, or its worker writes on a page: by the caller, and once.

What comes by the API is sealed and signed with the agency's key. What is written on a page of the
desk is of the same form and is checked alike; the person's session stands in the signature's place.
"""

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
from gateway.sealing import envelopes, jose
from gateway.sealing.claims import canonical
from gateway.store import answers
from gateway.store.answers import Answer

__all__ = [
    "JOSE_TYPE",
    "JSON_TYPE",
    "Answer",
    "Received",
    "Sent",
    "Written",
    "answer_once",
    "find_answer",
    "keep_answer",
    "once",
    "read_kept",
    "receive",
]

JOSE_TYPE = "application/jose"
JSON_TYPE = "application/json"


@dataclass(frozen=True, slots=True)
class Written:
    """What a signed-in person wrote on a page; `seen` is how the page said that things stood.

    `sealed` are sections that were sealed as they came in, before anything of them was kept.
    """

    document: Mapping[str, Any] = field(repr=False)
    seen: str = ""
    sealed: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)


Sent = str | Written  # compact JOSE, or the form of a page


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
    seen: str = ""  # of a page: how it said that things stood

    @property
    def kept(self) -> bytes:
        """What is kept of it: the document as it was signed, or as it was typed in on a page."""
        plain = {"form": self.form, "document": dict(self.document)}
        return self.jws.encode() or canonical(plain)


def receive(
    work: Work,
    body: Sent,
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
    if isinstance(body, Written):
        return _of_page(work, body, form=form, key=key, about=about)
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
    digest = _digest(form, _lasting(claims["document"], resealed), sealed, about)
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


def _of_page(work: Work, body: Written, *, form: str, key: str, about: str) -> Received:
    """Check and load what a person wrote; a form that is sent twice is one act.

    :raises Mismatch: if no person is behind it.
    """
    if work.caller.worker_id is None:
        raise Mismatch("A person writes on a page.")
    digest = _digest(form, body.document, body.sealed, about)
    earlier = find_answer(work, key, digest)
    loaded = {} if earlier else forms.load(form, dict(body.document))
    return Received(form, body.document, loaded, body.sealed, "", digest, earlier, body.seen)


def read_kept(text: bytes) -> tuple[str, Mapping[str, Any]]:
    """Return form and document of what `Received.kept` gave."""
    plain = text if text.startswith(b"{") else jose.read_signed(text.decode()).payload
    claims = json.loads(plain)
    return claims["form"], claims["document"]


def _digest(form: str, document: Any, sealed: tuple[Mapping[str, Any], ...], about: str) -> bytes:
    digest = bytes.fromhex(envelopes.content_digest(form, document, sealed))
    # The same words about another case are another act.
    return hashlib.sha256(about.encode() + digest).digest() if about else digest


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
