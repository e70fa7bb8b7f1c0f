"""Owns how an agency looks for its own entries in the public log, and notices one that is missing.

Two things tell: the numbers that only the holder of the agency's log key can recognise, which
leave no gap; and the commitments of answers that it got, which must turn up as leaves.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gateway.client.memory import Memory
from gateway.client.verify import Checkpoint
from gateway.client.witness import Disproved
from gateway.errors import Undecipherable
from gateway.sealing import tlog, tree
from gateway.sealing.jose import b64u

OWN, PROMISED = "log-own", "log-promised"
AHEAD = 1000  # how many of our numbers in a row may be missing before we no longer recognise any
BUNDLES = 64  # read at a time: a new partner catches up with an old log over some rounds
PATIENCE = 2  # rounds after we first looked in vain; by our looking the gateway was told to sort
MOST = 10_000  # promised commitments that are remembered

Fetch = Callable[[str], bytes]
"""A path below the gateway's address that is open to everyone -> what lies there."""


class Omitted(Disproved):
    """An entry that the gateway made, or promised, about this agency's acts is not in the log."""

    code = "log_omitted"


class OwnEntries:
    """What an agency has read of the public log, up to which size, and what it still expects."""

    def __init__(self, memory: Memory, log_key: bytes | None) -> None:
        self._memory, self._key = memory, log_key

    def promise(self, commitment: str) -> None:
        """Remember the commitment (base64url) of an answer: it must become a leaf."""
        with self._memory.alone():
            promised = self._memory.read_object(PROMISED)
            promised.setdefault(commitment, 0)
            kept = dict(list(promised.items())[-MOST:])
            self._memory.write(PROMISED, json.dumps(kept))

    def follow(self, checkpoint: Checkpoint, note: str, at: int, fetch: Fetch) -> None:
        """Read the leaves that are new up to a checkpoint, in round `at`.

        :raises Omitted: if an entry of this agency's is missing; told once, and kept as evidence.
        :raises Undecipherable: if the leaves are not those below the checkpoint.
        :raises Unavailable: if they do not come.
        """
        before = self._memory.read(OWN)
        state = self._memory.read_object(OWN)
        seen = _Seen(state, self._key)
        for leaf in self._new_leaves(seen, checkpoint.size, fetch):
            seen.take(leaf)
        is_whole = seen.edge.size == checkpoint.size
        if is_whole and seen.edge.root() != checkpoint.root:
            self._memory.write(OWN, "{}")  # what was read in parts cannot be told apart: read anew
            raise Undecipherable("The log's entries are not those below its checkpoint.")
        overdue = self._keep(before, seen, at if is_whole else 0)
        if seen.missing or overdue:
            found = {"numbers": seen.missing, "commitments": overdue, "checkpoint": note}
            raise Omitted(
                "Entries about this agency's own acts are missing from the access log.",
                self._memory.keep_evidence("own", found),
            )

    def _new_leaves(self, seen: _Seen, size: int, fetch: Fetch) -> Iterator[bytes]:
        for _ in range(BUNDLES):
            start = seen.edge.size
            if start >= size:
                return
            number = start // tree.WIDTH
            width = min(tree.WIDTH, size - number * tree.WIDTH)
            path = tlog.write_path(tlog.Tile(tlog.ENTRIES, number, width))
            leaves = tlog.unbundle(fetch(f"/log/tile/{path}"))
            if len(leaves) != width:
                raise Undecipherable("The log's entries are not as many as its checkpoint says.")
            yield from leaves[start % tree.WIDTH :]

    def _keep(self, before: str | None, seen: _Seen, at: int) -> list[str]:
        """Keep how far we read, and what is still owed; what is overdue is told, and no longer."""
        with self._memory.alone():
            if self._memory.read(OWN) == before:
                self._memory.write(OWN, json.dumps(seen.state()))
            promised = self._memory.read_object(PROMISED)
            owed = {each: since for each, since in promised.items() if each not in seen.commits}
            overdue = [each for each, since in owed.items() if 0 < since <= at - PATIENCE]
            rest = {each: since or at for each, since in owed.items() if each not in overdue}
            if rest != promised:
                self._memory.write(PROMISED, json.dumps(rest))
        return overdue


class _Seen:
    """A reading of the log: its right edge, and the next number that is ours."""

    def __init__(self, state: Mapping[str, Any], key: bytes | None) -> None:
        stack = [bytes.fromhex(each) for each in state.get("edge", ())]
        self.edge = tree.Frontier(state.get("size", 0), stack)
        self.missing: list[int] = []
        self.commits: set[str] = set()
        self._key, self._next = key, state.get("next", 1)
        self._tags: dict[str, int] = {}
        self._made = self._next

    def take(self, leaf: bytes) -> None:
        self.edge.append(tree.leaf_hash(leaf))
        content = _content(leaf)
        self.commits.add(content["commit"])
        number = self._numbers().pop(content["tag"], 0)
        if number >= self._next:
            self.missing += range(self._next, number)
            self._next = number + 1

    def state(self) -> dict[str, Any]:
        edge = [each.hex() for each in self.edge.stack]
        return {"size": self.edge.size, "edge": edge, "next": self._next}

    def _numbers(self) -> dict[str, int]:
        while self._key is not None and self._made < self._next + AHEAD:
            tag = hmac.digest(self._key, str(self._made).encode(), "sha256")
            self._tags[b64u(tag)] = self._made
            self._made += 1
        return self._tags


def _content(leaf: bytes) -> Mapping[str, str]:
    try:
        found = json.loads(leaf)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(
        isinstance(found.get(name), str) for name in ("commit", "tag")
    ):
        raise Undecipherable("A leaf of the log is not of the published form.")
    return found
