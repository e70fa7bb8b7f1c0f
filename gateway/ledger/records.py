"""Owns what one line of the log says, and how it is sealed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gateway.rules.facts import Caller
from gateway.schemas.codes import Level, Purpose
from gateway.schemas.json_text import dump_sorted
from gateway.sealing import cells
from gateway.store import log

SALT = 16
_SAFE = 2**53 - 1  # RFC 8785 knows numbers as IEEE doubles


@dataclass(frozen=True, slots=True)
class Act:
    """What is to be recorded. Codes, ids and counts only: a record tells no story."""

    event: str  # "case.read", "referral.submit" ...
    case_id: str | None
    because: str
    outcome: str = "allowed"
    purpose: Purpose | None = None
    basis: tuple[str, ...] = ()
    levels: Mapping[str, Level] | None = None
    facts: Mapping[str, Any] | None = None


def record_of(
    act: Act, caller: Caller, now: datetime, versions: Mapping[str, str]
) -> dict[str, Any]:
    """The full record of an act; who acted comes from the caller, never from the request."""
    return {
        "t": now.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "event": act.event,
        "outcome": act.outcome,
        "because": act.because,
        "agency": caller.agency_id,
        "worker": caller.actor,
        "case": act.case_id,
        "purpose": act.purpose,
        "basis": list(act.basis),
        "levels": dict(act.levels or {}),
        "versions": dict(versions),
        "facts": _plain(act.facts or {}),
    }


def canonical(record: Mapping[str, Any]) -> bytes:
    """RFC 8785 JSON of a record, which holds no floating-point number and only ASCII names.

    A general encoder agrees with RFC 8785 on exactly that, at a fraction of the time.
    """
    return dump_sorted(record)


def seal(key: bytes, entry_id: str, subject: str, plaintext: bytes) -> bytes:
    """A sealed line, bound to its entry and its log key; it may move from queue to tree."""
    return cells.seal_cell(
        key,
        table="log_entry",
        column="record",
        row=entry_id,
        case=subject,
        gen=1,
        plaintext=plaintext,
    )


def unseal(key: bytes, line: log.Line) -> tuple[bytes, bytes]:
    """Salt and canonical record of a line.

    :raises Undecipherable: if it was moved or changed.
    """
    text = cells.open_cell(
        key, table="log_entry", column="record", row=line.id, case=line.log_key, cell=line.record
    )
    return text[:SALT], text[SALT:]


def _plain(value: Any) -> Any:
    """The same value in plain JSON types; whatever has no exact canonical form is refused."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int) and abs(value) <= _SAFE:
        return value
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping) and all(isinstance(k, str) and k.isascii() for k in value):
        return {name: _plain(item) for name, item in value.items()}
    raise TypeError("a record holds text, whole numbers, lists and names only")
