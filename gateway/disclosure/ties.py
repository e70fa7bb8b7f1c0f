"""Owns loading who stands behind the wall of a case, anew on each request and from no cache."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from gateway.ledger import matching
from gateway.rules.facts import Ties, Worker
from gateway.schemas.codes import ConflictAct
from gateway.store import conflicts
from gateway.store.conflicts import CHAIR, HERE, HIT, SENDER, SIDE, ActRow, Around
from gateway.store.sessions import Session

NOTHING = "-"  # no case has this id: asked for where there is none, so that the steps are the same


def list_ties(session: Session, case_ids: Sequence[str]) -> dict[str, Ties]:
    """The ties of each case: a fixed number of statements, whatever there is to find."""
    asked = list(case_ids) or [NOTHING]
    with matching(session):  # an agency does not see what other agencies' workers declared
        found = conflicts.list_around(session, asked)
        sides = [each for each in found if each.what == SIDE]
        around = {each for side in sides for each in (side.case_id, side.other_id) if each}
        acts = conflicts.list_acts(session, sorted({*asked, *around}))
    acts_of: dict[str, list[ActRow]] = defaultdict(list)
    for act in acts:
        acts_of[act.case_id].append(act)
    ties_of: dict[str, list[Around]] = defaultdict(list)
    for each in found:
        if each.what != SIDE:
            ties_of[each.case_id].append(each)
    return {case_id: _ties(case_id, ties_of[case_id], acts_of, sides) for case_id in case_ids}


def _ties(
    case_id: str,
    found: Sequence[Around],
    acts_of: dict[str, list[ActRow]],
    sides: Sequence[Around],
) -> Ties:
    acts = acts_of[case_id]
    others = {
        each
        for side in sides
        for each in (side.case_id, side.other_id)
        if each and each != case_id and case_id in (side.case_id, side.other_id)
    }
    named = _standing(acts, {ConflictAct.DEPUTY}, {ConflictAct.END_DEPUTY})
    return Ties(
        opened_at=next((each.at for each in found if each.what == HERE), None),
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


def _workers(found: Iterable[Around], what: str) -> frozenset[Worker]:
    return frozenset(
        (tie.agency_id, tie.worker_id)
        for tie in found
        if tie.what == what and tie.agency_id and tie.worker_id
    )


def _acting(sides: Iterable[Around], cases: set[str]) -> frozenset[Worker]:
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
