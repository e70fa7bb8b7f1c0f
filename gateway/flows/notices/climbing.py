"""Owns the ladder of what nobody has read: each rung is written down, logged, and told once."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

from gateway.disclosure import beyond_wall
from gateway.flows.notices.sending import LEASE, Letter, Opener, Send, again, is_sent
from gateway.ledger import NOTIFIER, Act, Work
from gateway.rules import noticing
from gateway.rules.facts import Caller
from gateway.schemas.codes import Sending
from gateway.store import agencies, notices
from gateway.store import contacts as contacts_of
from gateway.store.notices import NoticeRow, UnreadRow


def climb(work: Work) -> int:
    """Write down each rung that an unread case has reached; how many are new."""
    unread = notices.list_unread(work.session, noticing.READABLE)
    told = {
        (row.case_id, row.agency_id, row.rung)
        for row in notices.list_notices(work.session, [each.case_id for each in unread])
    }
    new = [
        row
        for each in unread
        for row in _rungs(work, each)
        if (row.case_id, row.agency_id, row.rung) not in told
    ]
    new = [row for row in new if notices.add_notice(work.session, row)]
    if new:
        work.record_all([_act("notice.climbed", row) for row in new])
    return len(new)


def _rungs(work: Work, unread: UnreadRow) -> Iterator[NoticeRow]:
    profile = work.profiles.for_area(unread.area, work.today)
    clock = profile.clocks[noticing.clock_of(unread.danger)]
    for rung, at in noticing.rungs_due(clock, unread.since, work.now, profile.working_days):
        of_reader = rung in noticing.OF_READER
        told = unread.agency_id if of_reader else unread.coordinator_id
        if told is not None:
            contact = noticing.CONTACTS[rung]
            place = (unread.case_id, unread.agency_id, rung, told, contact, at)
            yield NoticeRow(*place, Sending.WAITING, tries=0, next_at=work.now)


def send_notices(open_work: Opener, glance: Opener, send: Send) -> tuple[int, int]:
    """Send what is to be sent now; how many were, and how many have to wait."""
    with open_work(NOTIFIER) as work:
        work.count("notice.look")
        waiting = [row for row in notices.list_waiting(work.session) if row.next_at <= work.now]
        callers = {
            row.id: Caller(row.id, row.kind, row.area)
            for row in agencies.list_agencies(work.session)
        }
    walled = {row for row in waiting if _is_walled(glance, callers[row.to_id], row.case_id)}
    with open_work(NOTIFIER) as work:
        work.count("notice.look")
        taken = list(_claimed(work, waiting, walled))
    results = [is_sent(send, address, Letter.UNREAD) for _, address in taken]
    with open_work(NOTIFIER) as work:
        work.count("notice.look")
        for (row, _), was_sent in zip(taken, results, strict=True):
            if was_sent:
                _settle(work, row, Sending.SENT)
            else:
                notices.delay_notice(work.session, row, until=again(work.now, row.tries))
    return sum(results), len(results) - sum(results)


def _is_walled(glance: Opener, caller: Caller, case_id: str) -> bool:
    """Whether a wall stands before a case for whoever reads an agency's mailbox."""
    with glance(caller) as work:
        return not beyond_wall(work, [case_id])


def _claimed(
    work: Work, waiting: Sequence[NoticeRow], walled: Container[NoticeRow]
) -> Iterator[tuple[NoticeRow, str]]:
    """What is to be sent now, and where to; what is not to be sent any more is settled."""
    unread = {
        (row.case_id, row.agency_id) for row in notices.list_unread(work.session, noticing.READABLE)
    }
    contacts = contacts_of.list_contacts(work.session)
    for row in waiting:
        address = contacts.get((row.to_id, row.contact))
        if (row.case_id, row.agency_id) not in unread:
            _settle(work, row, Sending.NOT_NEEDED)
        elif row in walled:
            _settle(work, row, Sending.WALLED)
        elif address is None:
            _settle(work, row, Sending.NO_CONTACT)
        elif notices.claim_notice(work.session, row, now=work.now, until=work.now + LEASE):
            yield row, address


def _settle(work: Work, row: NoticeRow, sending: Sending) -> None:
    work.record_all([_act("notice.settled", row, sending)])
    notices.settle_notice(work.session, row, sending, at=work.now)


def _act(event: str, row: NoticeRow, sending: Sending | None = None) -> Act:
    facts = {"unread_by": row.agency_id, "rung": row.rung, "told": row.to_id}
    return Act(event, row.case_id, "unread", facts=facts | ({"how": sending} if sending else {}))
