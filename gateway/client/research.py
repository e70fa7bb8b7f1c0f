"""Owns an agency's research for a conference: what it is asked about, and what it returns."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from gateway.client.exchange import Exchange
from gateway.client.reading import read_document
from gateway.schemas.codes import Scope

FORM = "research/1"


class Research:
    """The research of one agency at one gateway."""

    def __init__(self, exchange: Exchange, expect: Callable[[Any], None]) -> None:
        self._exchange, self._expect = exchange, expect

    def requests(self, conference: str, purpose: str = "P9") -> Sequence[Mapping[str, Any]]:
        """What this agency is asked to look for, case by case."""
        path = f"/v1/conferences/{quote(conference, safe='')}/research"
        return list(self._document(path, purpose)["requests"])

    def own(self, conference: str, ref: str, purpose: str = "P9") -> Mapping[str, Any]:
        """What it was asked about one case, and what it returned."""
        return self._document(_path(conference, ref), purpose)

    def give(
        self,
        conference: str,
        ref: str,
        document: Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
    ) -> Mapping[str, Any]:
        """Return what was found; gives the claims of the receipt: `version`, and `late`."""
        key = idempotency_key or str(uuid.uuid4())
        claims = self._exchange.send_sealed(
            _path(conference, ref), FORM, document, Scope.CASES_WRITE, key=key
        )
        self._expect(claims)
        return dict(claims)

    def _document(self, path: str, purpose: str) -> Mapping[str, Any]:
        answer = self._exchange.get(path, Scope.CONFERENCE_READ, purpose=purpose)
        self._expect(answer)
        return read_document(answer)


def _path(conference: str, ref: str) -> str:
    return f"/v1/conferences/{quote(conference, safe='')}/cases/{quote(ref, safe='')}/research"
