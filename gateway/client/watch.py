"""Owns what an agency does for the log of all: once in a round it countersigns, and looks for its
own entries."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.client.access import ProblemError
from gateway.client.own import Fetch, OwnEntries
from gateway.client.verify import Checkpoint
from gateway.client.witness import Witness
from gateway.errors import Unavailable, Undecipherable
from gateway.sealing import notes
from gateway.sealing.jose import b64u

ROUND = 900  # seconds; the gateway publishes one checkpoint in each
STATE = "log-watch"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Errands:
    """What a watch asks of the connection."""

    fetch: Fetch
    post: Callable[[str, Mapping[str, Any]], Any]
    state: Callable[[Mapping[str, Any]], str]  # claims -> a JWS by the agency's signing key
    now: Callable[[], int]


class Watch:
    """One agency's part in watching one log."""

    def __init__(
        self,
        witness: Witness,
        errands: Errands,
        *,
        agency_id: str,
        base_url: str,
        key: Ed25519PrivateKey | None,
        log_key: bytes | None,
    ) -> None:
        self._witness, self._do, self._key = witness, errands, key
        self._agency_id, self._base_url = agency_id, base_url
        self._own = OwnEntries(witness.memory, log_key)

    def promise(self, commitment: str) -> None:
        """Remember the commitment of an answer: it must turn up in the log."""
        self._own.promise(commitment)

    def attend(self) -> None:
        """Look at the published log, if this round has not been looked at.

        What the agency signs is what it saw *before* it asks for anything in this round, so that
        its signature tells nothing of which entries are its own; the time is that of the round.

        :raises Disproved: if the log contradicts what was seen, or omits what was promised.
        """
        memory, at = self._witness.memory, self._round()
        if memory.read_object(STATE).get("round") == at:
            return
        try:
            note = self._do.fetch("/log/checkpoint").decode("utf-8", errors="replace")
            seen = self._witness.accept(note)
            self._own.follow(seen, note, at, self._do.fetch)
        except (Unavailable, ProblemError, Undecipherable):
            log.warning("The gateway did not show its access log.")
            return
        if self._is_countersigned(seen, note, at):
            self._remember(round=at)

    def _is_countersigned(self, seen: Checkpoint, note: str, at: int) -> bool:
        """Sign below a checkpoint; False if that has to wait."""
        held = self._witness.held()
        if self._key is None or self._witness.memory.read_object(STATE).get("size") == seen.size:
            return True
        if held is None or held.size != seen.size:  # a cosignature says: nothing larger was seen
            return False
        cosignature = notes.cosign(note, self._key, at * ROUND)
        try:
            self._register(seen.origin, self._key)
            body = {"size": seen.size, "cosignature": b64u(cosignature)}
            self._do.post("/v1/log/cosignatures", body)
        except (Unavailable, ProblemError, Undecipherable):
            log.info("The gateway did not take the countersignature.")
            return True  # once in a round is enough
        self._remember(size=seen.size)
        return True

    def _register(self, origin: str, key: Ed25519PrivateKey) -> None:
        """Name our key to the partners, once: by a statement that our signing key signs."""
        name = notes.witness_name(origin, self._agency_id)
        public = key.public_key().public_bytes_raw()
        verifier = str(notes.Verifier(name, notes.WITNESS, public))
        if self._witness.memory.read_object(STATE).get("verifier") == verifier:
            return
        claims = {
            "iss": self._agency_id,
            "aud": self._base_url,
            "iat": self._do.now(),
            "witness": verifier,
        }
        self._do.post("/v1/log/witnesses", {"statement": self._do.state(claims)})
        self._remember(verifier=verifier)

    def _remember(self, **known: Any) -> None:
        memory = self._witness.memory
        memory.write(STATE, json.dumps({**memory.read_object(STATE), **known}))

    def _round(self) -> int:
        return self._do.now() // ROUND
