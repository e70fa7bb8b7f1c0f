"""Owns naming the first bad line of a log whose tree is not the one that was signed.

A hash above many lines tells that one of them was changed, not which. Two things tell more: what
lies behind each line (its tag, its number, its record), and the checkpoints that were signed while
the log grew, each of which the lines before a change still reach.
"""

from __future__ import annotations

from gateway.ledger.lines import Bad, check_lines
from gateway.sealing import tree
from gateway.sealing.keys import Keys
from gateway.store import log
from gateway.store.sessions import Session

_CHUNK = 16 * tree.WIDTH


def first_bad(session: Session, keys: Keys, fault: Bad, *, end: int) -> Bad:
    """The fault of the first bad line before `end`, or `fault` itself if no line is to blame."""
    unlike, line = _unlike(session, end), _bad_line(session, keys, end)
    if line is not None and (unlike is None or line.leaf < unlike.leaf + unlike.span):
        return line
    if unlike is None:
        return fault
    within = max(unlike.leaf, fault.leaf) if fault.what == "node" else unlike.leaf
    return Bad(within, fault.what)


def _bad_line(session: Session, keys: Keys, end: int) -> Bad | None:
    """The first line that is not what its tag, number or record says."""
    seqs: dict[str, int] = {}
    try:
        for first in range(0, end, _CHUNK):
            check_lines(session, keys, first, min(first + _CHUNK, end), seqs)
    except Bad as bad:
        return bad
    return None


def _unlike(session: Session, end: int) -> Bad | None:
    """The leaves between the last checkpoint that the lines reach and the first that they miss."""
    edge = tree.Frontier()
    for first in range(0, end, _CHUNK):
        last = min(first + _CHUNK, end)
        rows = log.read_leaves(session, first=first, end=last)
        for signed in log.list_checkpoints(session, first=first + 1, end=last + 1):
            good = edge.size
            for _, hashed in rows[good - first : signed.size - first]:
                edge.append(hashed)
            if edge.root() != signed.root:
                return Bad(good, "root", signed.size - good)
        for _, hashed in rows[edge.size - first :]:
            edge.append(hashed)
    return None
