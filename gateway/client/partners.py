"""Owns what an agency knows of its partners' keys: only what the access log shows to everybody.

The gateway names whom to seal to and with which key. A key counts here if its coming stands in the
log, proven by a checkpoint that goes with every one seen before, and if it has not ended since.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from copy import deepcopy
from datetime import datetime
from typing import Any

from gateway.client import verify
from gateway.client.memory import Memory
from gateway.client.verify import Checkpoint, NotVerified, Unreadable
from gateway.errors import GatewayError, Undecipherable, UnsafeSettings
from gateway.schemas import moments
from gateway.sealing import jose
from gateway.sealing.outgoing import Check

KEPT = "partner-keys"
ADDED, ENDED, RESUMED = "agency-key.added", "agency-key.ended", "agency.resumed"
_NEW: Mapping[str, Any] = {"number": 0, "last": "", "index": -1, "keys": {}, "suspended": []}
_FAULTS = (NotVerified, Unreadable, ValueError, KeyError, TypeError, RecursionError)


class Unproven(GatewayError):
    """A key, or the history of the partners' keys, is not what the access log shows."""

    code = "unproven_key"


class Partners:
    """The keys of all partners, as far as the log was followed.

    They are kept in the agency's own memory. `ask` gives the changes after a number, as
    `GET /v1/directory/keys` answers; `accept` proves a checkpoint, as `Witness.accept` does.
    """

    def __init__(
        self,
        memory: Memory,
        *,
        ask: Callable[[int], Any],
        accept: Callable[[str], Checkpoint],
        clock: Callable[[], datetime],
    ) -> None:
        self._memory = memory
        self._ask, self._accept, self._clock = ask, accept, clock
        self._known: dict[str, Any] = deepcopy(dict(_NEW))

    def follow(self) -> list[Mapping[str, Any]]:
        """Take in what changed since the last time; gives the new changes, in order.

        :raises Unproven: if a change is not proven, or one is missing; nothing of it is kept.
        :raises Forked: if the log contradicts itself.
        :raises Unavailable: if the gateway does not answer.
        """
        self._known = self._read()
        seen: list[Mapping[str, Any]] = []
        while True:
            answer = self._ask(self._known["number"])
            new = list(self._proven(answer))
            known = deepcopy(self._known)
            for change in new:
                _take(known, change)
            self._known = known
            seen += new
            if not new or answer.get("more") is not True:
                break
        if seen:
            self._memory.write(KEPT, json.dumps(self._known, indent=1) + "\n")
        return seen

    def checker(self) -> Check:
        """Follow the log up to now; gives the function that checks keys against it."""
        self.follow()
        return self.check

    def check(self, agency: str, jwk: Mapping[str, Any], kind: str) -> None:
        """Return if this is a key to seal to for this agency, by what was followed so far.

        The kind is checked too: by it a victim says who must not receive.

        :raises Unproven: if the log does not show it, or shows its end.
        """
        kid = jwk.get("kid")
        is_named = isinstance(agency, str) and isinstance(kid, str)
        known = self._known["keys"].get(agency, {}).get(kid) if is_named else None
        if known is None or (known["use"], known["thumbprint"]) != ("enc", _print(jwk)):
            raise Unproven(f"The access log does not show this key of {agency}.")
        if known["kind"] != kind:
            raise Unproven(f"The access log shows {agency} as an agency of another kind.")
        if self._is_over(known) or agency in self._known["suspended"]:
            raise Unproven(f"The access log says that this key of {agency} has ended.")

    def strange_keys(self, agency: str, own: Collection[str]) -> list[str]:
        """The ids of an agency's own keys that hold and are not among those that it has here."""
        keys = self._known["keys"].get(agency, {})
        return sorted(kid for kid, key in keys.items() if kid not in own and not self._is_over(key))

    # --- within -------------------------------------------------------------------------------

    def _is_over(self, key: Mapping[str, Any]) -> bool:
        now = moments.write(self._clock())
        return key["valid_until"] is not None and key["valid_until"] <= now

    def _proven(self, answer: Any) -> Iterator[Mapping[str, Any]]:
        """The changes of an answer, each found in the tree whose checkpoint was accepted."""
        events = answer.get("events") if isinstance(answer, dict) else None
        if not isinstance(events, list):
            raise Undecipherable("The gateway's answer is not of the published form.")
        if not events:
            return
        checkpoint = self._accept(str(answer.get("checkpoint")))
        number, last, index = (self._known[name] for name in ("number", "last", "index"))
        for event in events:
            try:
                text, commitment = _committed(event)
                verify.check_leaf({**event, "size": answer.get("size")}, checkpoint, commitment)
                record = json.loads(text)
                facts = record["facts"]
                stated = (facts["number"], facts["previous"], record["agency"])
                _check_texts(record, facts)
            except _FAULTS:
                raise Unproven("A change of a partner's key is not in the access log.") from None
            if stated != (number + 1, last, "@operator") or not event["index"] > index:
                raise Unproven("A change of a partner's key was left out or put in between.")
            number, last, index = number + 1, jose.b64u(commitment), event["index"]
            place = {"at": record["t"], "index": index, "commitment": last}
            yield {**facts, "event": record["event"], **place}

    def _read(self) -> dict[str, Any]:
        found = self._memory.read_object(KEPT) or deepcopy(dict(_NEW))
        if found.keys() != _NEW.keys():
            raise UnsafeSettings("What is remembered of the partners' keys cannot be read.")
        return found


def _take(known: dict[str, Any], change: Mapping[str, Any]) -> None:
    """Note one change. What this version does not know ends what it is about."""
    agency, kid = change["agency"], change.get("kid")
    known |= {name: change[name] for name in ("number", "index")}
    known["last"] = change["commitment"]
    if change["event"] == RESUMED:
        known["suspended"] = [each for each in known["suspended"] if each != agency]
    elif kid is None:
        known["suspended"] = sorted({*known["suspended"], agency})
    elif change["event"] == ADDED:
        names = ("use", "thumbprint", "kind", "custody", "valid_until")
        known["keys"].setdefault(agency, {})[kid] = {name: change[name] for name in names}
    elif kid in known["keys"].get(agency, {}):
        until = change["valid_until"] if change["event"] == ENDED else change["at"]
        known["keys"][agency][kid]["valid_until"] = until


def _check_texts(record: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    """Refuse a record that is proven and yet not of the form in which changes are recorded.

    :raises TypeError: or KeyError, so.
    """
    needed = [record["event"], record["t"], facts["agency"], facts.get("kid") or ""]
    if record["event"] == ADDED:
        needed += [facts[name] for name in ("kid", "use", "thumbprint", "kind", "custody")]
    if record["event"] in (ADDED, ENDED):
        needed.append(facts["valid_until"] or "")
    if not all(isinstance(each, str) for each in needed):
        raise TypeError


def _committed(event: Mapping[str, Any]) -> tuple[str, bytes]:
    """The record of a change, and the commitment that its salt and itself come to."""
    text, salt = event["record"], event["salt"]
    if not isinstance(text, str) or not isinstance(salt, str):
        raise TypeError
    return text, hashlib.sha256(verify.base64url(salt) + text.encode()).digest()


def _print(jwk: Mapping[str, Any]) -> str:
    try:
        return jose.thumbprint(jwk)
    except Undecipherable:
        return ""
