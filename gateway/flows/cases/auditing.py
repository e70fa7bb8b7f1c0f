"""Owns what an auditor sees of an area: who looked at a case, proved line by line, and each glass.

No content: what was opened is named by its section, and nothing of it is opened here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from gateway.disclosure import beyond_wall, names_of
from gateway.errors import Denied
from gateway.flows.cases.accessed import read_accessed
from gateway.ledger import Act, Inclusion, Recorded, Work, inclusions, proves
from gateway.schemas import moments
from gateway.schemas.codes import AgencyKind, Purpose
from gateway.store import glasses
from gateway.store.glasses import GlassRow

MOST = 200  # lines and looks on one page, the newest


class Standing(StrEnum):
    """What is known of the place of a line in the log."""

    PROVED = "PROVED"  # its proof leads to the newest signed checkpoint
    WAITS = "WAITS"  # it has no place yet
    BROKEN = "BROKEN"  # its proof does not


@dataclass(frozen=True, slots=True)
class Filter:
    """Which lines are looked for; "" and None are any."""

    agency: str = ""
    outcome: str = ""
    event: str = ""
    since: date | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log of a case."""

    at: datetime
    told: Mapping[str, Any]
    standing: Standing


@dataclass(frozen=True, slots=True)
class Glass:
    """One look behind the need to know, without its account."""

    reference: str
    row: GlassRow
    is_late: bool  # nobody reviewed it by its day


@dataclass(frozen=True, slots=True)
class Audited:
    """What was found of one case."""

    lines: tuple[Line, ...]  # the newest first
    found: int  # before the newest were taken
    agencies: tuple[str, ...]
    events: tuple[str, ...]


def audit_case(work: Work, reference: str, wanted: Filter) -> Audited:
    """The lines of the log of a case that an auditor looks for, each proved again.

    :raises Denied: for who is no auditor, and for a case of another area or behind its wall.
    """
    work.attempt("log.read", purpose=Purpose.P10)
    _require_auditor(work)
    recorded = read_accessed(work, reference).recorded
    fitting = [each for each in recorded if _fits(each, wanted, work)]
    newest = sorted(fitting, key=_when, reverse=True)[:MOST]
    places = inclusions(work.session, [each.commitment for each in newest])
    lines = [Line(_when(each), each.record, _stands(work, each, places)) for each in newest]
    return Audited(
        tuple(lines),
        len(fitting),
        tuple(sorted({str(each.record["agency"]) for each in recorded})),
        tuple(sorted({str(each.record["event"]) for each in recorded})),
    )


def list_glasses(work: Work) -> tuple[Glass, ...]:
    """Each look behind the need to know in the auditor's area, the newest first.

    :raises Denied: for who is no auditor.
    """
    work.attempt("glass.listed", purpose=Purpose.P10)
    _require_auditor(work)
    rows = glasses.list_of_area(work.session, area=work.caller.area, limit=MOST)
    open_to = set(beyond_wall(work, [row.case_id for row in rows]))
    names = names_of(work, sorted(open_to)) if open_to else {}
    seen = [row for row in rows if row.case_id in names]
    if not seen:
        work.count("glass.listed.empty")
        return ()
    cases_seen = dict.fromkeys(row.case_id for row in seen)
    acts = [Act("glass.listed", each, "audit", purpose=Purpose.P10) for each in cases_seen]
    work.record_all(acts)
    return tuple(
        Glass(
            names[row.case_id],
            row,
            row.reviewed_at is None and row.due_at is not None and row.due_at < work.now,
        )
        for row in seen
    )


def _require_auditor(work: Work) -> None:
    if work.caller.kind is not AgencyKind.AUDITOR:
        raise Denied("not-the-auditor")


def _when(each: Recorded) -> datetime:
    return moments.read(str(each.record["t"]))


def _fits(each: Recorded, wanted: Filter, work: Work) -> bool:
    record = each.record
    day = work.profiles.for_area(work.caller.area, work.today).working_days.local_day
    return (
        wanted.agency in ("", record["agency"])
        and wanted.outcome in ("", record["outcome"])
        and wanted.event in ("", record["event"])
        and (wanted.since is None or day(_when(each)) >= wanted.since)
    )


def _stands(work: Work, each: Recorded, places: Mapping[bytes, Inclusion]) -> Standing:
    found = places.get(each.commitment)
    if found is None:
        return Standing.WAITS
    return Standing.PROVED if proves(work.keys, found, each.commitment) else Standing.BROKEN
