"""Owns what a second person says of telling a team where somebody is (F62)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.agencies.inbox import Answer, Sent, answer_once, receive
from gateway.disclosure import may_know
from gateway.errors import Conflict, Denied, Invalid, Problem
from gateway.flows.cases.finding import find_locked
from gateway.ledger import Work
from gateway.rules import conflict
from gateway.rules.facts import CaseFacts
from gateway.rules.releasing import BOTH, DUE, may_decide
from gateway.schemas.codes import ReleaseAct, ReleaseState
from gateway.store import feed, referrals, releases
from gateway.store.releases import ReleaseRow

FORM = "release/1"
_BECOMES = {
    ReleaseAct.APPROVE: ReleaseState.APPROVED,
    ReleaseAct.REFUSE: ReleaseState.REFUSED,
    ReleaseAct.SERVES: ReleaseState.WAITING,
}


def settle_release(work: Work, reference: str, body: Sent, *, audience: str, key: str) -> Answer:
    """Say that an agency serves the alleged perpetrator too, or agree to or refuse a release (201).

    By a worker of the agency that coordinates the case, or to which it belongs still, who is not
    tied, did not ask and did not send it; that it serves him too, an agency's own worker also says
    of itself. Refusing takes an agreement back.

    :raises Denied: for everybody else: the answer is that of an unknown case.
    :raises Conflict: code same_person.
    :raises Invalid: if the agency has no part in the case, or nobody asked for this team.
    """
    work.attempt("release.settled")
    case_id, loaded = find_locked(work, reference)
    facts = loaded.get(case_id)
    if facts is None:
        raise Denied("not-assigned", subject=case_id)
    received = receive(work, body, form=FORM, audience=audience, key=key, about=reference)
    act = ReleaseAct(received.document["act"])  # of a repeated document nothing is loaded again
    is_own = act is ReleaseAct.SERVES and received.document["agency"] == work.caller.agency_id
    if not (may_know(work, facts) if is_own else may_decide(facts, work.caller.agency_id)):
        raise Denied("not-the-second-person", subject=case_id)
    if work.caller.worker_id is None or conflict.refusal(facts, work.caller) is not None:
        raise Denied("unattended" if work.caller.worker_id is None else "conflict", subject=case_id)
    if received.answered:
        return received.answered
    row = _declare(work, facts, received.loaded) if act is ReleaseAct.SERVES else None
    if row is None:
        row = _decide(work, facts, _BECOMES[act], received.loaded)
    entry = work.record(
        "release.settled",
        case_id,
        because=str(act),
        facts={"agency": row.agency_id, "team": row.team},
    )
    kinds = [(row.agency_id, "CHANGED")] if row.agency_id != work.caller.agency_id else []
    feed.add_items(work.session, case_id=case_id, kinds=kinds, entry_id=entry.id)
    return answer_once(work, key, received, {"state": str(_BECOMES[act])}, status=201)


def _declare(work: Work, facts: CaseFacts, form: Mapping[str, Any]) -> ReleaseRow:
    """From now on a second person is asked for this agency; police and the like always are."""
    member = facts.members.get(form["agency"])
    if member is None:
        raise Invalid("This agency has no part in the case.", Problem("unknown_code", "/agency"))
    if member.kind in BOTH or "team" in form:
        raise Conflict("Teams of this agency are asked about anyway.")
    row = ReleaseRow(
        facts.case_id,
        member.agency_id,
        "",
        ReleaseState.WAITING,
        None,
        work.caller.worker_id if member.agency_id == work.caller.agency_id else None,
        work.now,
        work.now + DUE,
    )
    releases.add_release(work.session, row)
    return row


def _decide(
    work: Work, facts: CaseFacts, state: ReleaseState, form: Mapping[str, Any]
) -> ReleaseRow:
    place = (form["agency"], form.get("team", ""))
    rows = releases.list_releases(work.session, [facts.case_id])
    row = next((each for each in rows if (each.agency_id, each.team) == place), None)
    if row is None:
        raise Invalid("Nobody asked for this team.", Problem("unknown_code", "/team"))
    by = (work.caller.agency_id, work.caller.worker_id or "")
    sent = referrals.list_references(work.session, [facts.case_id])[facts.case_id]
    if by in {(row.agency_id, row.asked_by), *((each.agency_id, each.worker_id) for each in sent)}:
        raise Conflict("Somebody else says whether it may be released.", code="same_person")
    releases.set_decided(work.session, row, state, by=by, at=work.now)
    return row
