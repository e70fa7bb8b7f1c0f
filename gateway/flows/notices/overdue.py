"""Owns the ladder of actions that are overdue: each rung is written down, logged, and told once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from gateway.flows.notices.posting import Ladder
from gateway.ledger import Act, Work
from gateway.rules import actions as rule
from gateway.schemas.codes import Sending
from gateway.store import action_notices as store
from gateway.store import conferences
from gateway.store.action_notices import ActionNoticeRow, OverdueRow


def climb_overdue(work: Work) -> int:
    """Write down each rung that an overdue action has reached; how many are new."""
    overdue = store.list_overdue(work.session, rule.PLANNED_IN, now=work.now)
    if not overdue:
        return 0
    told = {
        (row.action_id, row.rung)
        for row in store.list_notices(work.session, [each.case_id for each in overdue])
    }
    first = min(each.due_at for each in overdue)
    met = conferences.list_begun(work.session, after=first, until=work.now)
    new = [
        (row, each)
        for each in overdue
        for row in _rungs(work, each, met)
        if (row.action_id, row.rung) not in told
    ]
    new = [(row, each) for row, each in new if store.add_notice(work.session, row)]
    if new:
        work.record_all([_climbed(row, each) for row, each in new])
    return len(new)


def _rungs(
    work: Work, overdue: OverdueRow, met: Sequence[tuple[str, datetime]]
) -> Iterator[ActionNoticeRow]:
    profile = work.profiles.for_area(overdue.area, work.today)
    ours = [at for agency, at in met if agency == overdue.coordinator_id and at > overdue.due_at]
    reached = rule.rungs_due(
        overdue.due_at,
        work.now,
        clocks=profile.clocks,
        calendar=profile.working_days,
        meets_at=min(ours, default=None),
    )
    for rung, at in reached:
        to_owner = rung in rule.TO_OWNER
        told = overdue.owner_id if to_owner else overdue.coordinator_id
        if told is not None:
            place = (overdue.action_id, rung, overdue.case_id, told, rule.CONTACTS[rung], at)
            yield ActionNoticeRow(*place, Sending.WAITING, tries=0, next_at=work.now)


def _needed(work: Work) -> Callable[[ActionNoticeRow], bool]:
    """Whether an action is still overdue; looked up once for all."""
    rows = store.list_overdue(work.session, rule.PLANNED_IN, now=work.now)
    still = {row.action_id for row in rows}
    return lambda row: row.action_id in still


def _climbed(row: ActionNoticeRow, overdue: OverdueRow) -> Act:
    facts = {
        "action": overdue.number,
        "owner": overdue.owner_id,
        "rung": row.rung,
        "told": row.to_id,
    }
    return Act("action.overdue", row.case_id, "overdue", facts=facts)


def _settled(event: str, row: ActionNoticeRow, sending: Sending) -> Act:
    facts = {"rung": row.rung, "told": row.to_id, "how": sending}
    return Act(event, row.case_id, "overdue", facts=facts)


OVERDUE: Ladder[ActionNoticeRow] = Ladder(
    waiting=lambda work: store.list_waiting(work.session),
    needed=_needed,
    claim=store.claim_notice,
    settle=store.settle_notice,
    delay=store.delay_notice,
    act=_settled,
)
