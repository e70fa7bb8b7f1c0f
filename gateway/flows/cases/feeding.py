"""Owns the feed: what became new for the caller's agency, in the sequencer's order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.disclosure import list_facts, may_know
from gateway.flows.cases.finding import names_of
from gateway.ledger import Act, Work, newest_checkpoint
from gateway.store import cases, feed
from gateway.store.feed import FeedRow

PAGE = 50
ALERT, ENDED = "ALERT", "ENDED"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is new for the caller. A case it lost shows as ENDED and nothing more."""

    reference: str
    kind: str
    level: str | None = None
    state: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Feed:
    """One page of what is new; `place` is where the next one begins."""

    items: tuple[Item, ...]
    place: tuple[int, int]
    more: bool
    checkpoint: str


def list_new(work: Work, after: tuple[int, int]) -> Feed:
    """What became new for the caller's agency after a place in the log, oldest first.

    Only what has its place in the log is shown, so nothing is skipped by a late commit and
    nothing comes twice. An empty poll is counted; a page that tells something is recorded, case
    by case. Whatever is shown here can be opened for some purpose: one predicate for both.
    """
    work.attempt("case.listed")
    rows = feed.list_items(
        work.session, agency_id=work.caller.agency_id, after=after, limit=PAGE + 1
    )
    shown, more = rows[:PAGE], len(rows) > PAGE
    checkpoint = newest_checkpoint(work.session)
    if not shown:
        work.count("case.listed.empty")
        return Feed((), after, more=False, checkpoint=checkpoint)
    place = (shown[-1].leaf, shown[-1].number)
    return Feed(_items(work, shown), place, more=more, checkpoint=checkpoint)


def _items(work: Work, rows: list[FeedRow]) -> tuple[Item, ...]:
    case_ids = list(dict.fromkeys(row.case_id for row in rows))
    facts = list_facts(work.session, case_ids)
    risks = cases.list_risks(work.session, case_ids)
    found = cases.list_cases(work.session, case_ids)
    names = names_of(work, case_ids)
    known = {case_id for case_id in case_ids if may_know(work, facts[case_id])}
    work.record_all([Act("case.listed", case_id, "feed") for case_id in case_ids])
    items = []
    for row in rows:
        case, name = found[row.case_id], names[row.case_id]
        if row.case_id not in known:
            items.append(Item(name, ENDED))
            continue
        state = None if row.kind == ALERT else str(case.state)
        items.append(Item(name, row.kind, str(risks[row.case_id].level), state, case.state_at))
    return tuple(items)
