"""Owns what goes on to hold when a case becomes another area's: who is shut out, what is held.

What shuts is carried, what opens is not: a deputy, a confirmation, a lifted tie and an agreement
are for the new area's own people to give.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from gateway.agencies import directory
from gateway.disclosure import SCAN_PART, CaseKey, list_drafts, open_section, open_value, seal_value
from gateway.ledger import Act, Work
from gateway.rules import leaks
from gateway.rules.facts import CaseFacts
from gateway.rules.releasing import BOTH, DUE
from gateway.schemas.codes import ConflictAct, ReleaseAct, ReleaseState
from gateway.store import conflicts, dated, releases
from gateway.store import sections as stored
from gateway.store import tables as t
from gateway.store.conflicts import Decided
from gateway.store.releases import ReleaseRow
from gateway.store.sections import SectionRow

Kept = list[tuple[SectionRow, Any]]
"""Sections of a case that goes on elsewhere, each with its content."""

FIRST = ("referral", "FULL")  # once in each case
ASSESSED = "risk_answers"
# Beside the text itself; its summaries are in it. What is looked for in texts goes on to be.
CARRIED = frozenset({SCAN_PART})
_WHERE = "protected_address"
_SHUTS = frozenset({ConflictAct.EXCLUDE, ConflictAct.EMPLOYER, ConflictAct.RESTRICT})


def kept_of(work: Work, old: CaseFacts, key: CaseKey) -> Kept:
    """Everything of the old case that goes with it, opened by the gateway for that alone.

    Where she was kept safe is left behind: she has moved, and it would be read as where she is now.
    How to reach her is what the referral says last; what was put in its place is not listed.
    """
    rows = stored.list_sections(work.session, [old.case_id])
    # In a case that moved before it is not its referrer who contributed it.
    owner = next((row.owner_id for row in rows if (row.name, row.part) == FIRST), None)
    profile = work.profiles.for_area(old.area, work.today)
    sent = frozenset(profile.fields.section_of.values())
    return [
        (row, open_section(work, key, row))
        for row in rows
        if row.name in (sent | {SCAN_PART} | profile.matrix.exclusive) - {_WHERE}
        and (row.owner_id == owner or row.name == ASSESSED)
        and row.part in {"FULL", "SEALED"} | CARRIED
    ]


def assessed_in(contents: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Assessments that came one after the other, as one section."""
    assessed: dict[str, Any] = {}
    filled: list[Any] = []
    for content in contents:
        assessed = {**assessed, **content}
        filled += content.get("risk_assessments", {}).get("value", ())
    return {**assessed, "risk_assessments": {"value": filled}} if filled else assessed


def without_held(work: Work, case_id: str, kept: Kept) -> Kept:
    """The sections without the words that somebody wants taken out: no draft goes on with them."""
    drafts = list_drafts(work, [case_id]).get(case_id, {})
    return [
        (row, leaks.cut(content, drafts.get((row.name, row.owner_id), ()))[0])
        if row.part == "FULL"
        else (row, content)
        for row, content in kept
    ]


def carry_acts(work: Work, old: CaseKey, new: CaseKey) -> None:
    """Let everybody whom somebody shut out of the old case be shut out of the new one.

    Each stays the act of who decided it. To be done before anybody is granted a key.
    """
    shut = _standing(conflicts.list_decided(work.session, old.case_id))
    for row in shut:
        dated.add_dated(
            work.session,
            t.conflict_act,
            case_id=new.case_id,
            act=row.act,
            agency_id=row.agency_id,
            worker_id=row.worker_id,
            account=_resealed(old, new, row.account),
            by_agency=row.by_agency,
            by_worker=row.by_worker,
            at=row.at,
        )
    acts = [
        Act(
            "conflict.settled",
            new.case_id,
            because=str(row.act),
            outcome="walled",  # like who was refused: for the chair and the auditor alone
            facts={"agency": row.agency_id, "worker": row.worker_id},
        )
        for row in shut
    ]
    if acts:
        work.record_all(acts)


def carry_releases(work: Work, old_id: str, case_id: str) -> None:
    """Let refusals stand, and that an agency serves both; who agreed is asked anew.

    Of an agency that need not serve both there is a row only because somebody said that it does.
    """
    standing = directory.standing(work.session)
    carried: list[tuple[ReleaseAct, ReleaseRow]] = []
    for row in releases.list_releases(work.session, [old_id]):
        known = standing.get(row.agency_id)
        if row.state is ReleaseState.REFUSED:
            carried.append((ReleaseAct.REFUSE, replace(row, case_id=case_id)))
        elif known is None or known.kind not in BOTH:
            carried.append((ReleaseAct.SERVES, _asked_anew(work, row, case_id)))
    for _, row in carried:
        releases.add_release(work.session, row)
    acts = [
        Act(
            "release.settled",
            case_id,
            because=str(act),
            facts={"agency": row.agency_id, "team": row.team},
        )
        for act, row in carried
    ]
    if acts:
        work.record_all(acts)


def _asked_anew(work: Work, row: ReleaseRow, case_id: str) -> ReleaseRow:
    return ReleaseRow(
        case_id,
        row.agency_id,
        row.team,
        ReleaseState.WAITING,
        None,
        row.asked_by,
        work.now,
        work.now + DUE,
    )


def _standing(acts: Iterable[Decided]) -> list[Decided]:
    """The acts that shut and that nobody lifted since, oldest first, none twice."""
    found: dict[tuple[str, str | None, ConflictAct], Decided] = {}
    for row in acts:
        if row.act is ConflictAct.LIFT:
            for act in _SHUTS:
                found.pop((row.agency_id, row.worker_id, act), None)
        elif row.act in _SHUTS:
            found[row.agency_id, row.worker_id, row.act] = row
    return list(found.values())


def _resealed(old: CaseKey, new: CaseKey, cell: bytes | None) -> bytes | None:
    if cell is None:  # found by the gateway: nobody said why
        return None
    place = {"table": "conflict_act", "column": "account"}
    value = open_value(old, **place, row=old.case_id, cell=cell)
    return seal_value(new, **place, row=new.case_id, value=value)
