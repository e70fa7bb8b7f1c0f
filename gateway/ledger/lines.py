"""Owns checking single lines of the log: tag, number, and the sealed record behind the leaf."""

from __future__ import annotations

import json
from hashlib import sha256

from sqlalchemy.orm import Session

from gateway.errors import Undecipherable
from gateway.ledger import keyring
from gateway.ledger.records import unseal
from gateway.ledger.sequencer import leaf_bytes
from gateway.sealing.keys import Keys
from gateway.store import log


class Bad(Exception):
    """A leaf is not as it was signed."""

    def __init__(self, leaf: int, what: str) -> None:
        super().__init__(what)
        self.leaf, self.what = leaf, what


def check_lines(
    session: Session, keys: Keys, first: int, end: int, seqs: dict[str, int] | None = None
) -> int:
    """Check the lines from `first` up to, not including, `end`; how many records are destroyed.

    `seqs` carries each agency's last number from chunk to chunk; without it, a number may start
    anywhere.

    :raises Bad: at the first line that is not as it was signed.
    """
    lines = log.list_lines(session, first=first, end=end)
    held = keyring.find_agency_log_keys(session, keys, {line.agency_id for line in lines})
    log_keys = keyring.find_log_keys(session, keys, {line.log_key for line in lines})
    numbers = {} if seqs is None else seqs
    destroyed = 0
    for leaf, line in enumerate(lines, start=first):
        if line.leaf != leaf:
            raise Bad(leaf, "missing")
        _check_leaf(line, leaf, held.get(line.agency_id))
        begins = 0 if seqs is not None else (line.agency_seq or 0) - 1
        numbers[line.agency_id] = numbers.get(line.agency_id, begins) + 1
        if line.agency_seq != numbers[line.agency_id]:
            raise Bad(leaf, "sequence")
        if line.log_key not in log_keys:
            raise Bad(leaf, "record")
        key = log_keys[line.log_key]
        if key is None:
            destroyed += 1
        else:
            _check_record(line, leaf, key)
    return destroyed


def _check_leaf(line: log.Line, leaf: int, log_key: bytes | None) -> None:
    if log_key is None or line.agency_seq is None:
        raise Bad(leaf, "tag")
    if line.bytes != leaf_bytes(log_key, line.agency_seq, line.commitment):
        raise Bad(leaf, "tag")


def _check_record(line: log.Line, leaf: int, key: bytes) -> None:
    try:
        salt, text = unseal(key, line)
    except Undecipherable:
        raise Bad(leaf, "record") from None
    if sha256(salt + text).digest() != line.commitment:
        raise Bad(leaf, "commitment")
    record = json.loads(text)
    if (record["agency"], record["case"]) != (line.agency_id, line.case_id):
        raise Bad(leaf, "record")
