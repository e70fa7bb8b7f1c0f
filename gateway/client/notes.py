"""Owns an agency's private notes: sealed on its own machine to its own key, opened there again."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from gateway.client.config import AgencyKeys
from gateway.client.exchange import Exchange
from gateway.client.reading import read_document, read_text
from gateway.errors import Undecipherable
from gateway.schemas import forms
from gateway.schemas.codes import NoteKind, Scope
from gateway.sealing import jose, private

FORM = "private-note/1"


@dataclass(frozen=True, slots=True)
class PrivateNote:
    """One note of this agency. `text` is None if no key that lies here opens it."""

    id: str
    number: int
    kind: str
    at: str
    worker: str | None
    kid: str
    text: str | None = field(repr=False)


class Notes:
    """The private notes of one agency at one gateway, which carries them and cannot read them."""

    def __init__(self, exchange: Exchange, keys: AgencyKeys, expect: Callable[[Any], None]) -> None:
        self._exchange, self._keys, self._expect = exchange, keys, expect

    def keep(
        self,
        ref: str,
        text: str,
        kind: str = NoteKind.RESEARCH,
        *,
        idempotency_key: str | None = None,
    ) -> str:
        """Seal a note to this agency's own key and have it kept with the case; gives its id.

        :raises Invalid: if the text is empty or too long.
        """
        content = {"text": text}
        forms.load_body(forms.NOTE_TEXT, content)
        key = idempotency_key or str(uuid.uuid4())
        own = {**self._keys.encryption.as_dict(private=False), "kid": self._keys.encryption_kid}
        sealed = private.seal_note(content, own, idempotency_key=key, secret=self._keys.secret)
        document = {"kind": str(kind), **sealed}
        claims = self._exchange.send_sealed(_path(ref), FORM, document, Scope.CASES_WRITE, key=key)
        self._expect(claims)
        return read_text(claims, "note")

    def read(self, ref: str, purpose: str = "P2") -> list[PrivateNote]:
        """Return all notes of this agency in a case, oldest first, opened.

        :raises Undecipherable: if a note is not the one that this agency signed.
        """
        return list(self._pages(ref, purpose))

    def _pages(self, ref: str, purpose: str) -> Iterator[PrivateNote]:
        after = 0
        while True:
            query = {"purpose": purpose, "after": str(after)}
            answer = self._exchange.get(_path(ref), Scope.CASES_READ, **query)
            self._expect(answer)
            document = read_document(answer)
            try:
                notes = [self._opened(item) for item in document["notes"]]
                is_over = document["more"] is not True or not notes or notes[-1].number <= after
            except (KeyError, TypeError):
                text = "The gateway's answer is not of the published form."
                raise Undecipherable(text) from None
            yield from notes
            if is_over:
                return
            after = notes[-1].number

    def _opened(self, item: Mapping[str, Any]) -> PrivateNote:
        held: Mapping[str, jose.Key] = self._keys.opening
        is_ours = item["kid"] in held
        content = private.open_note(item, held) if is_ours else {}
        text = content.get("text") if is_ours else None
        return PrivateNote(
            id=item["note"],
            number=item["number"],
            kind=item["kind"],
            at=item["at"],
            worker=item.get("worker"),
            kid=item["kid"],
            text=text,
        )


def _path(ref: str) -> str:
    return f"/v1/cases/{quote(ref, safe='')}/private-notes"
