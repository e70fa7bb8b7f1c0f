"""Owns what a client does about conflicts of interest: declare, register a key, settle, look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from gateway.client.exchange import Exchange
from gateway.schemas.codes import Scope


class Walls:
    """One worker's acts around the conflict wall. Each raises what `Gateway` raises."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def declare(self, document: Mapping[str, Any]) -> Any:
        """Say whom this worker is close to, in place of what it said before."""
        path = "/v1/workers/interests"
        return self._exchange.send_sealed(path, "interests/1", document, Scope.CASES_READ)

    def register_key(self, jwk: Mapping[str, Any]) -> str:
        """Ask for a key of this worker's own; gives its id, for a colleague to approve."""
        return str(self._key({"act": "REGISTER", "key": dict(jwk)})["kid"])

    def approve_key(self, kid: str) -> None:
        """Approve a colleague's key; compare its id with the colleague first."""
        self._key({"act": "APPROVE", "kid": kid})

    def end_key(self, kid: str) -> None:
        """Stop a key of a worker of this agency."""
        self._key({"act": "END", "kid": kid})

    def settle(
        self, ref: str, act: str, agency: str, worker: str | None = None, *, reason: str
    ) -> Any:
        """Name a deputy, confirm a newcomer, set somebody aside, or lift what stands."""
        document = {"act": act, "agency": agency, "reason": reason}
        if worker is not None:
            document["worker"] = worker
        path = f"/v1/cases/{quote(ref, safe='')}/conflicts"
        return self._exchange.send_sealed(path, "conflict/1", document, Scope.CASES_WRITE)

    def release(self, ref: str, act: str, agency: str, team: str = "") -> Any:
        """Say that an agency SERVES him too, or APPROVE or REFUSE what a team asked for."""
        document = {"act": act, "agency": agency} | ({"team": team} if team else {})
        path = f"/v1/cases/{quote(ref, safe='')}/releases"
        return self._exchange.send_sealed(path, "release/1", document, Scope.CASES_WRITE)

    def draft_redaction(self, ref: str, section: str, owner: str, places: Sequence[str]) -> Any:
        """Say which words are to be taken out of a section; they are held at once."""
        document = {"act": "DRAFT", "section": section, "owner": owner, "places": list(places)}
        return self._redact(ref, document)

    def settle_redaction(self, ref: str, act: str, number: int) -> Any:
        """CONFIRM or REJECT a draft, as whose section it is."""
        return self._redact(ref, {"act": act, "number": number})

    def _redact(self, ref: str, document: Mapping[str, Any]) -> Any:
        path = f"/v1/cases/{quote(ref, safe='')}/redactions"
        return self._exchange.send_sealed(path, "redaction/1", document, Scope.CASES_WRITE)

    def find_primary_victim(self, ref: str, outcome: str, *, account: str) -> Any:
        """Say, as the chair, who of two that accuse each other is found to be the victim."""
        document = {"outcome": outcome, "account": account}
        path = f"/v1/cases/{quote(ref, safe='')}/primary-victim"
        return self._exchange.send_sealed(path, "primary-victim/1", document, Scope.CASES_WRITE)

    def _key(self, document: Mapping[str, Any]) -> Any:
        path = "/v1/workers/keys"
        return self._exchange.send_sealed(path, "worker-key/1", document, Scope.CASES_READ)
