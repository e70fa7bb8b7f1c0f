"""Owns telling an agency that its feed has something new.

The feed is the outbox: what is new stands there by the transaction that made it new.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from gateway.disclosure import beyond_wall
from gateway.flows.notices.sending import LEASE, Letter, Opener, Send, again, is_sent
from gateway.ledger import NOTIFIER, Work
from gateway.rules.facts import Caller
from gateway.schemas.codes import Contact
from gateway.store import agencies, feed, notices
from gateway.store import contacts as contacts_of
from gateway.store.notices import AnnouncementRow

QUIET = timedelta(minutes=10)  # an agency is not told of each item by itself
_PAGE = 200


def announce(open_work: Opener, glance: Opener, send: Send) -> tuple[int, int]:
    """Tell each agency with a mailbox that its feed has something new, which it can open."""
    with open_work(NOTIFIER) as work:
        work.count("notice.look")
        now = work.now
        contacts = contacts_of.list_contacts(work.session)
        known = notices.list_announcements(work.session)
        there = [row for row in agencies.list_agencies(work.session) if not row.suspended_at]
        callers = [Caller(row.id, row.kind, row.area) for row in there]
        callers = [each for each in callers if (each.agency_id, Contact.DUTY) in contacts]
        for caller in callers:
            if caller.agency_id not in known:
                begun = AnnouncementRow(caller.agency_id, 0, 0, None, 0, now)
                notices.add_announcement(work.session, begun)
                known[caller.agency_id] = begun
    done = [
        _told(open_work, glance, send, caller, known[caller.agency_id], contacts)
        for caller in callers
        if known[caller.agency_id].next_at <= now
    ]
    return sum(each is True for each in done), sum(each is False for each in done)


def _told(
    open_work: Opener,
    glance: Opener,
    send: Send,
    caller: Caller,
    row: AnnouncementRow,
    contacts: Mapping[tuple[str, Contact], str],
) -> bool | None:
    """Whether the agency was told; None if there was nothing, or somebody else tells it."""
    with glance(caller) as work:
        place = _newest(work, (row.leaf, row.number))
    if place is None:
        return None
    with open_work(NOTIFIER) as work:
        work.count("notice.look")
        until = work.now + LEASE
        if not notices.claim_announcement(work.session, row, now=work.now, until=until):
            return None
    was_sent = is_sent(send, contacts[caller.agency_id, Contact.DUTY], Letter.NEW)
    with open_work(NOTIFIER) as work:
        work.count("notice.sent" if was_sent else "notice.look")
        if was_sent:
            after = work.now + QUIET
            notices.settle_announcement(
                work.session, row.agency_id, place, at=work.now, next_at=after
            )
        else:
            after = again(work.now, row.tries)
            notices.delay_announcement(work.session, row.agency_id, until=after)
    return was_sent


def _newest(work: Work, after: tuple[int, int]) -> tuple[int, int] | None:
    """The newest place of the caller's feed at which it sees something; None for nothing new."""
    found: tuple[int, int] | None = None
    while True:
        rows = feed.list_items(
            work.session, agency_id=work.caller.agency_id, after=after, limit=_PAGE
        )
        known = set(beyond_wall(work, [row.case_id for row in rows]))
        seen = [(row.leaf, row.number) for row in rows if row.case_id in known]
        found = seen[-1] if seen else found
        if len(rows) < _PAGE:
            return found
        after = (rows[-1].leaf, rows[-1].number)
