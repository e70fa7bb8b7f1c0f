"""Owns reading the log again: the sealed lines of one case, in order."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from gateway.errors import Unavailable, Undecipherable
from gateway.ledger import keyring
from gateway.ledger.records import unseal
from gateway.ledger.work import Work
from gateway.store import log


@dataclass(frozen=True, slots=True)
class Recorded:
    """One line of the log, opened. `leaf` and `agency_seq` are None until it has its place."""

    id: str
    agency_id: str
    case_id: str | None
    leaf: int | None
    agency_seq: int | None
    commitment: bytes
    salt: bytes = field(repr=False)
    record: Mapping[str, Any] = field(repr=False)


def case_records(work: Work, case_id: str) -> list[Recorded]:
    """Everything the log says of one case, in order; empty once its log key was destroyed.

    :raises Unrecorded: if this reading was not itself recorded before.
    :raises Unavailable: if a line is not what was committed to.
    """
    work.may_commit()
    key = keyring.find_log_keys(work.session, work.keys, [case_id]).get(case_id)
    if key is None:
        return []
    return [_open(key, line) for line in log.list_case_lines(work.session, case_id=case_id)]


def _open(key: bytes, line: log.Line) -> Recorded:
    try:
        salt, text = unseal(key, line)
    except Undecipherable:
        raise Unavailable("A line of the access log does not open.") from None
    if sha256(salt + text).digest() != line.commitment:
        raise Unavailable("A line of the access log is not the one that was committed to.")
    return Recorded(
        line.id,
        line.agency_id,
        line.case_id,
        line.leaf,
        line.agency_seq,
        line.commitment,
        salt,
        json.loads(text),
    )
