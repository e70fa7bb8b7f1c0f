"""Owns what a conference takes up of the last one: actions not possible, and actions not done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.disclosure import list_facts, names_of
from gateway.ledger import Act, Work
from gateway.rules import actions as rule
from gateway.rules import conflict
from gateway.rules.disclosure import kept_out
from gateway.rules.facts import CaseFacts
from gateway.schemas.action_codes import ActionStatus
from gateway.schemas.codes import CaseRole
from gateway.store import actions, conferences
from gateway.store.conferences import ConferenceRow


@dataclass(frozen=True, slots=True)
class Outstanding:
    """One action of the last conference, by its codes."""

    reference: str
    theme: str
    owner: str
    due_at: datetime
    is_possible: bool  # False: its owner said why it cannot be done


def list_outstanding(work: Work, conference: ConferenceRow) -> tuple[Outstanding, ...]:
    """What is outstanding of the conference before this one; recorded case by case.

    Its own to each attendee, and all of it to who coordinates the case. Of a case that goes to a
    deputy's own key nothing is said here.
    """
    last = conferences.find_last(
        work.session, agency_id=conference.agency_id, before=conference.starts_at
    )
    if last is None:
        return ()
    listed = [case_id for case_id, _ in conferences.list_listed(work.session, last)]
    facts = list_facts(work.session, listed, on=work.today)
    rows = [
        row
        for row in actions.list_actions(work.session, list(facts))
        if _is_outstanding(work, row) and _is_told(work, facts[row.case_id], row.owner_id)
    ]
    names = names_of(work, list(dict.fromkeys(row.case_id for row in rows)))
    if names:
        work.record_all([Act("action.listed", case_id, "agenda") for case_id in names])
    return tuple(
        Outstanding(
            names[row.case_id],
            str(row.theme),
            row.owner_id,
            row.due_at,
            is_possible=row.status is not ActionStatus.NOT_POSSIBLE,
        )
        for row in rows
        if row.case_id in names
    )


def _is_outstanding(work: Work, row: actions.ActionRow) -> bool:
    said = (ActionStatus.NOT_POSSIBLE, ActionStatus.NOT_DONE)
    return row.status in said or rule.is_overdue(row.status, row.due_at, work.now)


def _is_told(work: Work, facts: CaseFacts, owner: str) -> bool:
    me = work.caller.agency_id
    if kept_out(facts, work.caller) is not None or conflict.needs_own_key(facts, me):
        return False
    return owner == me or CaseRole.COORDINATOR in facts.members[me].roles
