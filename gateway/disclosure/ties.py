"""Owns loading who stands behind the wall of a case, anew on each request and from no cache."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from gateway.ledger import matching
from gateway.rules.facts import Ties, Worker
from gateway.schemas.codes import ConflictAct
from gateway.store import conflicts
from gateway.store.conflicts import CHAIR, HIT, SENDER, ActRow, SideRow, TieRow

NOTHING = "-"  # no case has this id: asked for where there is none, so that the steps are the same


def list_ties(session: Session, case_ids: Sequence[str]) -> dict[str, Ties]:
    """The ties of each case: a fixed number of statements, whatever there is to find."""
    asked = list(case_ids) or [NOTHING]
    with matching(session):  # an agency does not see what other agencies' workers declared
        opened = conflicts.list_opened(session, asked)
        sides = conflicts.list_sides(session, asked)
        around = {each for side in sides for each in (side.case_id, side.other_id)}
        acts = conflicts.list_acts(session, sorted({*asked, *around}))
        found = conflicts.list_ties(session, asked)
    acts_of: dict[str, list[ActRow]] = defaultdict(list)
    for act in acts:
        acts_of[act.case_id].append(act)
    ties_of: dict[str, list[TieRow]] = defaultdict(list)
    for tie in found:
        ties_of[tie.case_id].append(tie)
    return {
        case_id: _ties(case_id, opened.get(case_id), ties_of[case_id], acts_of, sides)
        for case_id in case_ids
    }


def _ties(
    case_id: str,
    opened_at: datetime | None,
    found: Sequence[TieRow],
    acts_of: dict[str, list[ActRow]],
    sides: Sequence[SideRow],
) -> Ties:
    acts = acts_of[case_id]
    others = {
        side.other_id if side.case_id == case_id else side.case_id
        for side in sides
        if case_id in (side.case_id, side.other_id)
    }
    named = _standing(acts, {ConflictAct.DEPUTY}, {ConflictAct.END_DEPUTY})
    return Ties(
        opened_at=opened_at,
        hits=_workers(found, HIT),
        employers=_agencies(acts, ConflictAct.EMPLOYER),
        excluded=_standing(acts, {ConflictAct.EXCLUDE}, {ConflictAct.LIFT}),
        lifted=_standing(acts, {ConflictAct.LIFT}, {ConflictAct.EXCLUDE}),
        # Whoever sent it knows what it sent.
        deputies=named | _workers(found, SENDER),
        chairs=_workers(found, CHAIR),
        confirmed=_standing(acts, {ConflictAct.CONFIRM}, set()),
        is_restricted=bool(_agencies(acts, ConflictAct.RESTRICT)),
        is_counter=bool(others),
        here=_acting(sides, {case_id}) | named,
        there=_acting(sides, others).union(
            *(_standing(acts_of[o], {ConflictAct.DEPUTY}, {ConflictAct.END_DEPUTY}) for o in others)
        ),
    )


def _workers(found: Iterable[TieRow], what: str) -> frozenset[Worker]:
    return frozenset((tie.agency_id, tie.worker_id) for tie in found if tie.what == what)


def _acting(sides: Iterable[SideRow], cases: set[str]) -> frozenset[Worker]:
    return frozenset(
        (side.agency_id, side.worker_id)
        for side in sides
        if side.acting_in in cases and side.agency_id and side.worker_id
    )


def _standing(
    acts: Iterable[ActRow], sets: set[ConflictAct], ends: set[ConflictAct]
) -> frozenset[Worker]:
    """The workers of whom the newest of these acts is one that sets."""
    newest = {
        (act.agency_id, act.worker_id): act.act in sets
        for act in acts
        if act.worker_id is not None and act.act in sets | ends
    }
    return frozenset((a, w) for (a, w), is_set in newest.items() if is_set and w is not None)


def _agencies(acts: Iterable[ActRow], what: ConflictAct) -> frozenset[str]:
    """The agencies of which this was found, unless the chair found otherwise since."""
    newest = {
        act.agency_id: act.act is what
        for act in acts
        if act.worker_id is None and act.act in (what, ConflictAct.LIFT)
    }
    return frozenset(agency for agency, is_set in newest.items() if is_set)
