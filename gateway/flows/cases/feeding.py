"""Owns the feed: what became new for the caller's agency, in the sequencer's order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.disclosure import basis_of, beyond_wall, decision_for, list_facts
from gateway.flows.cases.finding import names_of
from gateway.ledger import Act, Work, newest_checkpoint, settled_checkpoint
from gateway.rules import conflict
from gateway.rules.disclosure import ALERT
from gateway.rules.facts import Allowed, Caller, CaseFacts
from gateway.schemas.codes import Level
from gateway.store import cases, dated, feed
from gateway.store.cases import CaseRow
from gateway.store.dated import RiskRow
from gateway.store.feed import FeedRow

PAGE = 50
EMPTY = "case.listed.empty"
ALERT_KIND, ENDED, CHANGED = "ALERT", "ENDED", "CHANGED"
NOTICES = frozenset({"OBJECTION", "ACTION"})  # kinds of rows that show as CHANGED with a notice
GLASS = "GLASS"  # somebody looked behind the need to know: told to whom reads nothing else, too


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is new for the caller. A case it lost shows as ENDED and nothing more."""

    reference: str
    kind: str
    level: str | None = None
    state: str | None = None
    at: datetime | None = None
    notice: str | None = None  # OBJECTION: the victim objects; ACTION: there is one for the caller


@dataclass(frozen=True, slots=True)
class Feed:
    """One page of what is new; `place` is where the next one begins."""

    items: tuple[Item, ...]
    place: tuple[int, int]
    more: bool
    checkpoint: str


def find_nothing(work: Work, after: tuple[int, int]) -> Feed | None:
    """An empty page, counted, if nothing became new for the caller's agency after a place.

    For a look, which can tell nothing else; None if there may be something, for `list_new`.
    """
    checkpoint = settled_checkpoint(work.session)
    if checkpoint is None or _visible(work, after):
        return None
    work.count(EMPTY)
    return Feed((), after, more=False, checkpoint=checkpoint)


def list_new(work: Work, after: tuple[int, int]) -> Feed:
    """What became new for the caller's agency after a place in the log, oldest first.

    Only what has its place in the log is shown, so nothing is skipped by a late commit and
    nothing comes twice. An empty poll is counted; a page that tells something is recorded, case
    by case. Whatever is shown here can be opened for some purpose: one predicate for both.
    """
    work.attempt("case.listed")
    rows = _visible(work, after)
    shown, more = rows[:PAGE], len(rows) > PAGE
    checkpoint = newest_checkpoint(work.session)
    if not shown:
        work.count(EMPTY)
        return Feed((), after, more=False, checkpoint=checkpoint)
    place = (shown[-1].leaf, shown[-1].number)
    return Feed(_items(work, shown), place, more=more, checkpoint=checkpoint)


def _visible(work: Work, after: tuple[int, int]) -> list[FeedRow]:
    """A page and one more, without what lies behind the wall: no gap and no page tells of it."""
    rows: list[FeedRow] = []
    while len(rows) <= PAGE:
        found = feed.list_items(
            work.session, agency_id=work.caller.agency_id, after=after, limit=PAGE + 1
        )
        known = set(beyond_wall(work, [row.case_id for row in found]))
        rows += [row for row in found if row.case_id in known]
        if len(found) <= PAGE:
            break
        after = (found[-1].leaf, found[-1].number)
    return rows


def _items(work: Work, rows: list[FeedRow]) -> tuple[Item, ...]:
    case_ids = list(dict.fromkeys(row.case_id for row in rows))
    facts = list_facts(work.session, case_ids, on=work.today)
    risks = dated.list_risks(work.session, case_ids)
    found = cases.list_cases(work.session, case_ids)
    names = names_of(work, case_ids)
    seen = risks.keys() & found.keys() & names.keys()  # any may be lost between two statements
    facts = {case_id: each for case_id, each in facts.items() if case_id in seen}
    lost = [case_id for case_id in case_ids if case_id not in facts]
    if lost:  # seen no more: the name by which it was known, and nothing else
        with work.routing():
            names |= names_of(work, lost)
    if not names:  # all of it was erased in between
        work.count("case.listed.empty")
        return ()
    known = {case_id: decision_for(work, each) for case_id, each in facts.items()}
    listed = [each for each in case_ids if each in names]
    work.record_all([_act(work, each, facts, found, risks, known) for each in listed])
    return tuple(
        _item(
            row,
            names[row.case_id],
            found[row.case_id],
            risks[row.case_id],
            known[row.case_id],
            notice=_notice(row, facts[row.case_id], work.caller),
        )
        if row.case_id in facts
        else Item(names[row.case_id], GLASS if row.kind == GLASS else ENDED)
        for row in rows
        if row.case_id in names
    )


def _act(
    work: Work,
    case_id: str,
    facts: Mapping[str, CaseFacts],
    found: Mapping[str, CaseRow],
    risks: Mapping[str, RiskRow],
    known: Mapping[str, Allowed | None],
) -> Act:
    """What the log says of one case on a page: on which basis, and what was told besides its name.

    A list has no receipt (ADR 62): this line is the account of it.
    """
    decision = known.get(case_id)
    if decision is None:
        return Act("case.listed", case_id, "feed")
    level, state = told(found[case_id], risks[case_id], decision)
    shown = decision.level("referral", is_own=False)
    return Act(
        "case.listed",
        case_id,
        "feed",
        basis=basis_of(work, facts[case_id], risks[case_id]),
        levels={"referral": shown} if shown in (Level.FULL, Level.SUMMARY) else {},
        facts={"told": [name for name, said in (("level", level), ("state", state)) if said]},
    )


def _notice(row: FeedRow, facts: CaseFacts, caller: Caller) -> str | None:
    """What a row tells besides that something changed; nothing to whoever stands behind a wall."""
    is_walled = conflict.refusal(facts, caller) is not None or caller.kind in facts.barred_kinds
    return row.kind if row.kind in NOTICES and not is_walled else None


def _item(
    row: FeedRow,
    name: str,
    case: CaseRow,
    risk: RiskRow,
    decision: Allowed | None,
    *,
    notice: str | None,
) -> Item:
    if decision is None:
        return Item(name, ENDED, notice=notice)
    level, state = told(case, risk, decision)
    if decision.because == ALERT:
        return Item(name, ALERT_KIND, level, state, case.state_at, notice)
    kind = CHANGED if row.kind in NOTICES else row.kind
    return Item(name, kind, level, state, case.state_at, notice)


def told(case: CaseRow, risk: RiskRow, decision: Allowed) -> tuple[str | None, str | None]:
    """What a list tells of a case besides its name: level and state, or None for each."""
    if decision.because == ALERT:
        return str(risk.level), None
    # The level is D08: shown as the section of the referral itself is.
    is_shown = decision.level("referral", is_own=False) in (Level.FULL, Level.SUMMARY)
    level = str(risk.level) if is_shown else None
    # Whoever sees only its own is told how the case stands by another door, with care.
    state = None if decision.because == "own" else str(case.state)
    return level, state
