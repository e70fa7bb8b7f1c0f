"""Owns what an agency remembers of the access log: the newest checkpoint that it saw and proved.

Whoever met the log at one size never again accepts another history: a checkpoint that cannot be
proved to go with the one that is held is refused, and both are kept as evidence.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from gateway.client import verify
from gateway.client.memory import Memory
from gateway.client.verify import Checkpoint, NotVerified, Unreadable
from gateway.errors import GatewayError, Undecipherable

LOG_KEYS, HELD = "log-keys", "log-checkpoint"

Prove = Callable[[int, int], Sequence[bytes]]
"""(older size, newer size) -> the steps of the consistency proof, as the gateway gives them."""


class Disproved(GatewayError):
    """The access log cannot be what the gateway says it is.

    `evidence` is the file that shows it; None without a folder to keep it in. `pulled` is what the
    same call brought, if it brought anything.
    """

    pulled: Any = None

    def __init__(self, message: str, evidence: Path | None) -> None:
        super().__init__(message)
        self.evidence = evidence


class Forked(Disproved):
    """The log shows a history that cannot go with the one that was shown before."""

    code = "log_forked"

    def __init__(self, evidence: Path | None) -> None:
        super().__init__("The access log contradicts a checkpoint that it signed before.", evidence)


class Witness:
    """The memory of one agency about one log; `folder` is the agency's own, mode 0700.

    Without a folder it remembers as long as it lives. Processes may share a folder. `verifiers`
    asks the gateway for the log's public keys ("name+id+key"); they are asked for once and pinned,
    and again only when a checkpoint comes that none of them signed.
    """

    def __init__(
        self, folder: Path | None, *, verifiers: Callable[[], Sequence[str]], prove: Prove
    ) -> None:
        self.memory = Memory(folder)
        self._verifiers, self._prove = verifiers, prove

    def held(self) -> Checkpoint | None:
        """The newest checkpoint that was accepted."""
        note = self.memory.read(HELD)
        return None if note is None else self._open(note)

    def accept(self, note: str) -> Checkpoint:
        """What a checkpoint says, once it is proved to go with what is held; the newer is kept.

        :raises Forked: if it contradicts what is held; that stays, and both are kept as evidence.
        :raises Undecipherable: if the log did not sign it, or the proof cannot be read.
        :raises Unavailable: if the gateway does not give the proof; nothing is forgotten.
        """
        new = self._open(note)
        while True:
            before = self.memory.read(HELD)
            if before is not None and (held := self._open(before)) != new:
                self._compare(before, held, note, new)
                if new.size <= held.size:
                    return new
            if before is not None and held == new:
                return new
            if self._exchange(before, note):
                return new

    # --- within -------------------------------------------------------------------------------

    def _compare(self, before: str, held: Checkpoint, note: str, new: Checkpoint) -> None:
        """Compare two checkpoints by a proof of consistency, whichever is the older one."""
        old, later = sorted((held, new), key=lambda each: each.size)
        steps: Sequence[bytes] = ()
        if 0 < old.size < later.size:
            steps = self._prove(old.size, later.size)
        try:
            verify.check_consistency(old, later, steps)
        except NotVerified:
            raise Forked(self._keep_evidence(before, note, steps)) from None

    def _open(self, note: str) -> Checkpoint:
        pinned = self.memory.read(LOG_KEYS)
        keys = tuple(self._verifiers()) if pinned is None else tuple(pinned.split())
        try:
            found = verify.open_checkpoint(note, keys)
        except Unreadable:
            raise Undecipherable("The checkpoint cannot be read.") from None
        except NotVerified:
            return self._open_anew(note, keys)
        if pinned is None:  # not before they opened something: what is pinned stays for good
            self._pin(keys)
        return found

    def _open_anew(self, note: str, keys: Sequence[str]) -> Checkpoint:
        """Ask whether the log has a newer key; it counts if the pinned ones are still named."""
        asked = tuple(self._verifiers())
        try:
            if not set(keys) <= set(asked):
                raise NotVerified("the log disowns a key that is pinned here")
            found = verify.open_checkpoint(note, asked)
        except (NotVerified, Unreadable):
            raise Undecipherable("The checkpoint is not signed by the log.") from None
        self._pin(asked)
        return found

    def _pin(self, keys: Sequence[str]) -> None:
        self.memory.write(LOG_KEYS, "\n".join(keys) + "\n")

    def _exchange(self, before: str | None, note: str) -> bool:
        """Keep `note` if `before` is still what is held; False if another process was first."""
        with self.memory.alone():
            if self.memory.read(HELD) != before:
                return False
            self.memory.write(HELD, note)
            return True

    def _keep_evidence(self, held: str, seen: str, steps: Sequence[bytes]) -> Path | None:
        found = {
            "held": held,
            "seen": seen,
            "proof": [base64.urlsafe_b64encode(step).decode().rstrip("=") for step in steps],
            "keys": (self.memory.read(LOG_KEYS) or "").split(),
        }
        return self.memory.keep_evidence("fork", found)
