"""Owns what an agenda says of a case besides risk: open actions, who must come, ended flags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from gateway.disclosure import Disclosed
from gateway.flows.conferences.flags import list_flags
from gateway.ledger import Work
from gateway.rules import agenda as rule
from gateway.schemas.codes import CaseRole
from gateway.store import research as store
from gateway.store.actions import ActionRow
from gateway.store.conferences import ConferenceRow

_COMES_FOR = frozenset({CaseRole.REFERRER, CaseRole.NAMED})


@dataclass(frozen=True, slots=True)
class Needs:
    """What one reader is told of one case; None where there is nothing to tell."""

    open_actions: int | None
    specialists: tuple[str, ...]


def needs_of(
    work: Work,
    conference: ConferenceRow,
    found: Mapping[str, Disclosed],
    rows: Sequence[ActionRow],
    attendees: Collection[str],
) -> dict[str, Needs]:
    """Return, by case, how many actions are open, and which specialists come for it.

    A specialist comes for what it referred or was named for, and where its research found
    something; `attendees` are those looked for. To an attendee its own actions alone; all of it
    only to who runs the conference, and of a case that it merely referred not even to that one.
    """
    me = work.caller.agency_id
    every = Counter(row.case_id for row in rows)
    own = Counter(row.case_id for row in rows if row.owner_id == me)
    is_run = conference.agency_id == me
    returned = (
        store.list_requests(work.session, conference.conference_id, list(found))
        if is_run and attendees
        else ()
    )
    knows = {(row.case_id, row.agency_id) for row in returned if row.is_nil is False}
    needs = {}
    for case_id, each in found.items():
        is_all = is_run and each.decision.because != "own"
        members = each.facts.members.values() if is_all else ()
        needs[case_id] = Needs(
            (every if is_all else own)[case_id] or None,
            tuple(
                sorted(
                    member.agency_id
                    for member in members
                    if member.agency_id in attendees
                    and member.kind in rule.SPECIALISTS
                    and (member.roles & _COMES_FOR or (case_id, member.agency_id) in knows)
                )
            ),
        )
    return needs


def ended_flags(work: Work, conference: ConferenceRow, on: date) -> tuple[str, ...]:
    """The cases whose flag has ended on the day of the conference, for who runs it."""
    if conference.agency_id != work.caller.agency_id:
        return ()
    return tuple(each.reference for each in list_flags(work) if each.until < on)
