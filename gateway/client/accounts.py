"""Owns what a client does with receipts: fetch what was given of a case, and who looked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from gateway.client.exchange import Exchange
from gateway.client.reading import read_document
from gateway.schemas.codes import Purpose, Scope


class Accounts:
    """What disclosures this agency may account for. Each raises what `Gateway` raises."""

    def __init__(self, exchange: Exchange, expect: Callable[[Any], None]) -> None:
        self._exchange, self._expect = exchange, expect

    def receipts(
        self, ref: str, agency: str | None = None, *, until: str | None = None
    ) -> dict[str, Any]:
        """What an agency was given of a case up to a moment: every page, and what it knew by then.

        `until` is RFC 3339 in UTC; without `agency`, it is this one.
        """
        found: dict[str, Any] = {}
        receipts: list[Any] = []
        after: int | None = 0
        while after is not None:
            found = dict(self._page(ref, agency, until, after))
            receipts += found.pop("receipts")
            after = found.pop("next")
        return {**found, "receipts": receipts}

    def looks(self, cursor: str | None = None) -> Iterator[Mapping[str, Any]]:
        """Pages of who was given what this agency contributed; each has `looks` and `next`."""
        more = True
        while more:
            page = self._document("/v1/looks", cursor=cursor)
            more, cursor = bool(page["more"]), page["next"]
            yield page

    def statement(self, ref: str) -> Mapping[str, Any]:
        """A survivor's access statement, as her adviser; `text` is what may be handed over."""
        path = f"/v1/cases/{quote(ref, safe='')}/access-statement"
        answer = self._exchange.get(path, Scope.CASES_READ)
        self._expect(answer)
        return read_document(answer)

    def removed(self, ref: str, purpose: str) -> Mapping[str, Any]:
        """What was taken out of this agency's own sections of a case, as one of its workers."""
        path = f"/v1/cases/{quote(ref, safe='')}/redactions"
        answer = self._exchange.get(path, Scope.CASES_READ, purpose=purpose)
        self._expect(answer)
        return read_document(answer)

    def _page(
        self, ref: str, agency: str | None, until: str | None, after: int
    ) -> Mapping[str, Any]:
        path = f"/v1/cases/{quote(ref, safe='')}/receipts"
        return self._document(path, agency=agency, until=until, after=str(after))

    def _document(self, path: str, **query: str | None) -> Mapping[str, Any]:
        asked = {name: value for name, value in query.items() if value is not None}
        answer = self._exchange.get(path, Scope.LOG_READ, purpose=Purpose.P10, **asked)
        self._expect(answer)
        return read_document(answer)
