"""Owns the ladder of what nobody has read or answered: each rung is logged, and told once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gateway.flows.notices.posting import Ladder
from gateway.ledger import Act, Work
from gateway.rules import noticing
from gateway.rules.moving import TRANSFER
from gateway.schemas.codes import Sending
from gateway.store import notices
from gateway.store.notices import NoticeRow, UnreadRow

_ANSWER = "CLK_TRANSFER_ACK"  # of one period, until another area has answered for a case


def climb(work: Work) -> int:
    """Write down each rung that an unread case has reached; how many are new."""
    unread = notices.list_unread(work.session, noticing.READABLE)
    offered = notices.list_unanswered(work.session, TRANSFER)
    told = {
        (row.case_id, row.agency_id, row.rung)
        for row in notices.list_notices(
            work.session, [each.case_id for each in (*unread, *offered)]
        )
    }
    new = [
        row
        for each, clock in (
            *((each, noticing.clock_of(each.danger)) for each in unread),
            *((each, _ANSWER) for each in offered),
        )
        for row in _rungs(work, each, clock)
        if (row.case_id, row.agency_id, row.rung) not in told
    ]
    new = [row for row in new if notices.add_notice(work.session, row)]
    if new:
        work.record_all([_act("notice.climbed", row) for row in new])
    return len(new)


def _rungs(work: Work, unread: UnreadRow, code: str) -> Iterator[NoticeRow]:
    profile = work.profiles.for_area(unread.area, work.today)
    clock = profile.clocks[code]
    for rung, at in noticing.rungs_due(clock, unread.since, work.now, profile.working_days):
        of_reader = rung in noticing.OF_READER
        told = unread.agency_id if of_reader else unread.coordinator_id
        if told is not None:
            contact = noticing.CONTACTS[rung]
            place = (unread.case_id, unread.agency_id, rung, told, contact, at)
            yield NoticeRow(*place, Sending.WAITING, tries=0, next_at=work.now)


def _needed(work: Work) -> Callable[[NoticeRow], bool]:
    """Whether a case is still unread, or an offer not answered; looked up once for all."""
    rows = notices.list_unread(work.session, noticing.READABLE)
    rows += notices.list_unanswered(work.session, TRANSFER)
    unread = {(row.case_id, row.agency_id) for row in rows}
    return lambda row: (row.case_id, row.agency_id) in unread


def _act(event: str, row: NoticeRow, sending: Sending | None = None) -> Act:
    facts = {"unread_by": row.agency_id, "rung": row.rung, "told": row.to_id}
    return Act(event, row.case_id, "unread", facts=facts | ({"how": sending} if sending else {}))


UNREAD: Ladder[NoticeRow] = Ladder(
    waiting=lambda work: notices.list_waiting(work.session),
    needed=_needed,
    claim=notices.claim_notice,
    settle=notices.settle_notice,
    delay=notices.delay_notice,
    act=_act,
)
