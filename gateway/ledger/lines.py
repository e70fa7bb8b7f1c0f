"""Owns checking single lines of the log: tag, number, and the sealed record behind the leaf."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TypeVar

from gateway.errors import Undecipherable
from gateway.ledger import keyring
from gateway.ledger.records import unseal
from gateway.ledger.sequencer import leaf_bytes
from gateway.sealing.keys import Keys
from gateway.store import log
from gateway.store.sessions import Session

T = TypeVar("T")


class Bad(Exception):
    """A leaf is not as it was signed, or one of the `span` leaves from it on."""

    def __init__(self, leaf: int, what: str, span: int = 1) -> None:
        super().__init__(what)
        self.leaf, self.what, self.span = leaf, what, span


@dataclass(frozen=True, slots=True)
class LineKeys:
    """The keys behind some lines: the log key of each agency, and that of each record's subject.

    A subject's key is None once it was destroyed. What is absent was never made, or does not open.
    """

    agencies: Mapping[str, bytes] = field(repr=False)
    subjects: Mapping[str, bytes | None] = field(repr=False)


def check_lines(
    session: Session, keys: Keys, first: int, end: int, seqs: dict[str, int] | None = None
) -> int:
    """Read and check the lines from `first` up to, not including, `end`, as `check_rows` does.

    :raises Bad: at the first line that is not as it was signed.
    """
    lines = log.list_lines(session, first=first, end=end)
    return check_rows(lines, _keys_of(session, keys, lines), first, seqs)


def check_rows(
    lines: Sequence[log.Line], keys: LineKeys, first: int, seqs: dict[str, int] | None = None
) -> int:
    """Check lines that stand side by side from `first` on; answers how many records are destroyed.

    `seqs` carries each agency's last number from chunk to chunk; without it, a number may start
    anywhere. Pure: what is checked is what is given.

    :raises Bad: at the first line that is not as it was signed.
    """
    numbers = {} if seqs is None else seqs
    destroyed = 0
    for leaf, line in enumerate(lines, start=first):
        if line.leaf != leaf:
            raise Bad(leaf, "missing")
        _check_leaf(line, leaf, keys.agencies.get(line.agency_id))
        begins = 0 if seqs is not None else (line.agency_seq or 0) - 1
        numbers[line.agency_id] = numbers.get(line.agency_id, begins) + 1
        if line.agency_seq != numbers[line.agency_id]:
            raise Bad(leaf, "sequence")
        if line.log_key not in keys.subjects:
            raise Bad(leaf, "record")
        key = keys.subjects[line.log_key]
        if key is None:
            destroyed += 1
        else:
            _check_record(line, leaf, key)
    return destroyed


def _keys_of(session: Session, keys: Keys, lines: Sequence[log.Line]) -> LineKeys:
    return LineKeys(
        _openable(
            {line.agency_id for line in lines},
            lambda wanted: keyring.find_agency_log_keys(session, keys, wanted),
        ),
        _openable(
            {line.log_key for line in lines},
            lambda wanted: keyring.find_log_keys(session, keys, wanted),
        ),
    )


def _openable(wanted: set[str], find: Callable[[set[str]], dict[str, T]]) -> dict[str, T]:
    """Find keys all at once; if one does not open, find the others, and the lines will tell."""
    try:
        return find(wanted)
    except Undecipherable:
        if len(wanted) == 1:
            return {}
        return {name: key for each in wanted for name, key in _openable({each}, find).items()}


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
