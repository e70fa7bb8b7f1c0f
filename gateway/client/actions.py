"""Owns an agency's actions at one gateway: what it has to do, and what became of it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from gateway.client.exchange import Exchange
from gateway.client.reading import read_document
from gateway.schemas.codes import Scope

FORM = "action-step/1"


class Actions:
    """The actions of one agency at one gateway; of a coordinator also flags and counts."""

    def __init__(self, exchange: Exchange, expect: Callable[[Any], None]) -> None:
        self._exchange, self._expect = exchange, expect

    def list_own(self) -> Sequence[Mapping[str, Any]]:
        """What this agency has to do, and a coordinator's cases: by codes, the first due first."""
        return list(self._exchange.get("/v1/actions", Scope.CASES_READ)["actions"])

    def plan(self, ref: str, purpose: str = "P9") -> Mapping[str, Any]:
        """The plan of a case as this agency may know it: `actions`, and whether there are more."""
        answer = self._exchange.get(_path(ref), Scope.CASES_READ, purpose=purpose)
        self._expect(answer)
        return read_document(answer)

    def settle(
        self,
        ref: str,
        number: int,
        act: str,
        *,
        reason: str | None = None,
        note: str | None = None,
        idempotency_key: str | None = None,
    ) -> str:
        """Say what becomes of an action; gives how it stands now."""
        document: dict[str, Any] = {"number": number, "act": str(act)}
        document |= {"reason": str(reason)} if reason else {}
        document |= {"note": note} if note else {}
        key = idempotency_key or str(uuid.uuid4())
        claims = self._exchange.send_sealed(_path(ref), FORM, document, Scope.CASES_WRITE, key=key)
        self._expect(claims)
        return str(claims["status"])

    def flags(self) -> Sequence[Mapping[str, Any]]:
        """The flags of a coordinator's cases that end, or have ended and are to be taken off."""
        return list(self._exchange.get("/v1/flags", Scope.CASES_READ)["flags"])

    def take_flag_off(self, ref: str, reason: str) -> None:
        """Take the flag of a case off."""
        path = f"/v1/cases/{quote(ref, safe='')}/flag"
        self._exchange.post(path, {"reason": str(reason)}, Scope.CASES_WRITE)

    def report(self, quarter: str, why: str) -> Mapping[str, Any]:
        """The counts of a quarter such as "2026-Q4", for an area's coordinator; null is hidden."""
        query = {"quarter": quarter, "why": why}
        return dict(self._exchange.get("/v1/reports", Scope.CONFERENCE_READ, **query))


def _path(ref: str) -> str:
    return f"/v1/cases/{quote(ref, safe='')}/actions"
