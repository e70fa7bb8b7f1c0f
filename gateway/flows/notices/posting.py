"""Owns sending what waits on a ladder: claimed, sent, and what became of it written down.

Each ladder says what it keeps and whether somebody still has to be told.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from gateway.disclosure import beyond_wall
from gateway.flows.notices.sending import LEASE, Letter, Opener, Send, again, is_sent
from gateway.ledger import NOTIFIER, Act, Work
from gateway.rules.facts import Caller
from gateway.schemas.codes import Contact, Sending
from gateway.store import agencies
from gateway.store import contacts as contacts_of


class Waiting(Protocol):
    """That somebody is to be told of something in a case."""

    @property
    def case_id(self) -> str: ...
    @property
    def to_id(self) -> str: ...
    @property
    def contact(self) -> Contact: ...
    @property
    def tries(self) -> int: ...
    @property
    def next_at(self) -> datetime: ...


Row = TypeVar("Row", bound=Waiting)


@dataclass(frozen=True, slots=True)
class Ladder(Generic[Row]):
    """What one ladder keeps, and how."""

    waiting: Callable[[Work], Sequence[Row]]
    needed: Callable[[Work], Callable[[Row], bool]]  # whether somebody still has to be told
    claim: Callable[..., bool]
    settle: Callable[..., None]
    delay: Callable[..., None]
    act: Callable[[str, Row, Sending], Act]


def send_waiting(
    ladder: Ladder[Row], open_work: Opener, glance: Opener, send: Send
) -> tuple[int, int]:
    """Send what is to be sent now; how many were, and how many have to wait."""
    with open_work(NOTIFIER) as work:
        work.count("notice.look")
        waiting = [row for row in ladder.waiting(work) if row.next_at <= work.now]
        callers = {
            row.id: Caller(row.id, row.kind, row.area)
            for row in agencies.list_agencies(work.session)
        }
    walled = [row for row in waiting if _is_walled(glance, callers[row.to_id], row.case_id)]
    with open_work(NOTIFIER) as work:
        work.count("notice.look")
        taken = list(_claimed(ladder, work, waiting, walled))
    results = [is_sent(send, address, Letter.UNREAD) for _, address in taken]
    with open_work(NOTIFIER) as work:
        work.count("notice.look")
        for (row, _), was_sent in zip(taken, results, strict=True):
            if was_sent:
                _settle(ladder, work, row, Sending.SENT)
            else:
                ladder.delay(work.session, row, until=again(work.now, row.tries))
    return sum(results), len(results) - sum(results)


def _is_walled(glance: Opener, caller: Caller, case_id: str) -> bool:
    """Whether a wall stands before a case for whoever reads an agency's mailbox."""
    with glance(caller) as work:
        return not beyond_wall(work, [case_id])


def _claimed(
    ladder: Ladder[Row], work: Work, waiting: Sequence[Row], walled: Collection[Row]
) -> Iterator[tuple[Row, str]]:
    """What is to be sent now, and where to; what is not to be sent any more is settled."""
    is_needed = ladder.needed(work)
    contacts = contacts_of.list_contacts(work.session)
    for row in waiting:
        address = contacts.get((row.to_id, row.contact))
        if not is_needed(row):
            _settle(ladder, work, row, Sending.NOT_NEEDED)
        elif row in walled:
            _settle(ladder, work, row, Sending.WALLED)
        elif address is None:
            _settle(ladder, work, row, Sending.NO_CONTACT)
        elif ladder.claim(work.session, row, now=work.now, until=work.now + LEASE):
            yield row, address


def _settle(ladder: Ladder[Row], work: Work, row: Any, sending: Sending) -> None:
    work.record_all([ladder.act("notice.settled", row, sending)])
    ladder.settle(work.session, row, sending, at=work.now)
