"""Owns the order of a list that a person makes, and when the list stands."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.disclosure import find_referral, keep_shown
from gateway.errors import Conflict, Denied
from gateway.flows.conferences.agenda import Agenda, build_agenda
from gateway.flows.conferences.declaring import require_declared
from gateway.flows.conferences.finding import run_by_caller
from gateway.ledger import Work
from gateway.rules import agenda as rule
from gateway.schemas import reference as references
from gateway.schemas.codes import Purpose
from gateway.store import conferences
from gateway.store.conferences import ConferenceRow

PAGE = "page/1"  # in receipts: what a page of the desk shows
CHANGED = "changed_meanwhile"


def show_agenda(work: Work, conference_id: str, *, issuer: str, runs: bool = False) -> Agenda:
    """Return an agenda as a page shows it; a receipt of it is kept like that of a sealed one.

    :raises Denied: if the caller's agency does not attend; with `runs`, if it does not run it.
    :raises Conflict: code declaration_missing.
    """
    require_declared(work, conference_id, "agenda.read", runs=runs)
    agenda, _ = build_agenda(work, conference_id, Purpose.P9, on_page=True)
    if agenda.told:
        document = {"conference": conference_id, "cases": [line.reference for line in agenda.lines]}
        keep_shown(work, issuer=issuer, form=PAGE, document=document, told=agenda.told)
    return agenda


def move(work: Work, conference_id: str, reference: str, *, up: bool, seen: str) -> None:
    """Change a case of a list with its neighbour; the whole order is a person's from then on.

    `seen` is how the order stood when it was shown: nobody moves what has moved meanwhile.

    :raises Denied: for who does not run the conference, or for a case that is not shown to it.
    :raises Conflict: code list_locked, declaration_missing or changed_meanwhile.
    """
    agenda, case_id = _shown(work, conference_id, reference, seen)
    order = rule.moved(agenda.order, _seen(agenda), case_id, up=up)
    _keep(work, conference_id, case_id, order, because="up" if up else "down")


def place(work: Work, conference_id: str, reference: str, *, before: str, seen: str) -> None:
    """Put a case before another, or last if that is none; raises as `move` does."""
    agenda, case_id = _shown(work, conference_id, reference, seen)
    ids = {references.read(each.reference): each.facts.case_id for each in agenda.told}
    order = rule.placed(agenda.order, _seen(agenda), case_id, ids.get(before, ""))
    _keep(work, conference_id, case_id, order, because="placed")


def bring_together(work: Work, conference_id: str, *, seen: str) -> None:
    """Let cases that need the same specialist follow each other; raises as `move` does."""
    agenda = _open_agenda(work, conference_id, seen)
    ids = {each.reference: each.facts.case_id for each in agenda.told}
    lines = {ids[line.reference]: line for line in agenda.lines}
    order = rule.together(
        agenda.order,
        lines,
        {case_id: (line.because, line.level or "") for case_id, line in lines.items()},
        {case_id: frozenset(line.specialists) for case_id, line in lines.items()},
    )
    _keep(work, conference_id, None, order, because="together")


def are_apart(agenda: Agenda) -> bool:
    """Whether cases that need the same specialist have others between them."""
    for agency in {each for line in agenda.lines for each in line.specialists}:
        at = [n for n, line in enumerate(agenda.lines) if agency in line.specialists]
        if at[-1] - at[0] >= len(at):
            return True
    return False


def follow_rules(work: Work, conference_id: str) -> None:
    """Take the order that a person made back; the rules order the list again.

    :raises Denied: for who does not run the conference. :raises Conflict: code list_locked.
    """
    _orderable(work, conference_id, is_open=True)
    placed = conferences.list_places(work.session, conference_id)
    conferences.set_places(work.session, conference_id, dict.fromkeys(placed))
    work.record("conference.ordered", None, because="rules", facts={"conference": conference_id})


def lock(work: Work, conference_id: str, *, is_locked: bool) -> None:
    """Let a list stand, or open it again. While it stands only the chair adds to it.

    :raises Denied: for who does not run the conference.
    :raises Conflict: if it stands, or is open, already.
    """
    row = _orderable(work, conference_id)
    if (row.locked_at is not None) is is_locked:
        raise Conflict("The list stands like that already.", code=CHANGED)
    conferences.set_locked(work.session, conference_id, work.now if is_locked else None)
    because = "locked" if is_locked else "opened"
    work.record("conference.ordered", None, because=because, facts={"conference": conference_id})


def mark(agenda: Agenda) -> str:
    """How the order of an agenda stands, as its reader sees it."""
    return " ".join(line.reference for line in agenda.lines)


def _open_agenda(work: Work, conference_id: str, seen: str) -> Agenda:
    _orderable(work, conference_id, is_open=True)
    require_declared(work, conference_id, "conference.ordered", runs=True)
    agenda, _ = build_agenda(work, conference_id, Purpose.P9, on_page=True)
    if seen != mark(agenda):
        raise Conflict("The order has changed since the page was opened.", code=CHANGED)
    return agenda


def _shown(work: Work, conference_id: str, reference: str, seen: str) -> tuple[Agenda, str]:
    agenda = _open_agenda(work, conference_id, seen)
    row = find_referral(work, reference)
    if row is None or row.case_id not in _seen(agenda):
        raise Denied("absent")
    return agenda, row.case_id


def _seen(agenda: Agenda) -> set[str]:
    return {each.facts.case_id for each in agenda.told}


def _keep(
    work: Work, conference_id: str, case_id: str | None, order: Sequence[str], *, because: str
) -> None:
    places = {each: place for place, each in enumerate(order, 1)}
    conferences.set_places(work.session, conference_id, places)
    facts = {"conference": conference_id}
    work.record("conference.ordered", case_id, because=because, facts=facts)


def _orderable(work: Work, conference_id: str, *, is_open: bool = False) -> ConferenceRow:
    row = run_by_caller(work, conference_id, "conference.ordered")
    if is_open and row.locked_at is not None:
        raise Conflict("The list stands.", code="list_locked")
    return row
