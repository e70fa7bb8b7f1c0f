"""Owns the directory: which partners there are, the keys to seal to, and their history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.agencies import key_events
from gateway.agencies.directory import Listing, listings
from gateway.agencies.key_events import Proven
from gateway.ledger import Work, newest_checkpoint


@dataclass(frozen=True, slots=True)
class History:
    """One page of what became of the partners' keys, each change with its proof."""

    events: Sequence[Proven]
    more: bool
    size: int
    checkpoint: str = field(repr=False)


def list_agencies(work: Work) -> tuple[Listing, ...]:
    """Every registered agency with its kind, area, custody and valid encryption keys."""
    work.count("directory.read")
    return listings(work.session, work.now)


def list_key_events(work: Work, after: int) -> History:
    """Every change of an agency's keys that follows a number, proven to stand in the log."""
    work.count("directory.keys")
    events, more = key_events.list_proven(work, after=after)
    if not events:
        return History((), more=False, size=0, checkpoint=newest_checkpoint(work.session))
    newest = events[0].inclusion
    return History(events, more=more, size=newest.size, checkpoint=newest.checkpoint)
