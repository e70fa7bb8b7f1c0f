"""Owns taking minutes while a case is heard: paragraph by paragraph, and nobody's text is lost."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from gateway.disclosure import (
    announce,
    hold_drafts,
    issue_minutes,
    keep_minute_draft,
    list_facts,
    open_case_key,
    open_minute_drafts,
    regrant,
    shown_on_pages,
)
from gateway.disclosure.minutes import Drafts
from gateway.errors import Conflict, Invalid, Problem
from gateway.flows.conferences.declaring import require_signed
from gateway.flows.conferences.finding import run_by_caller
from gateway.flows.conferences.plans import send_plan
from gateway.flows.conferences.room import find_listed
from gateway.ledger import Work
from gateway.rules import minutes as rule
from gateway.rules.facts import CaseFacts
from gateway.rules.minutes import Paragraph, Sent
from gateway.schemas.chance import new_uuid
from gateway.schemas.codes import CaseState
from gateway.schemas.paragraphs import read_text
from gateway.store import cases, conferences, meetings

_AFTER = (CaseState.HEARD, CaseState.ACTIONS_OPEN)


@dataclass(frozen=True, slots=True)
class Saved:
    """A paragraph as it was kept. `theirs` is what somebody else wrote there meanwhile."""

    paragraph: Paragraph
    theirs: Paragraph | None = field(default=None, repr=False)


def list_paragraphs(work: Work, conference_id: str, reference: str) -> tuple[Paragraph, ...]:
    """Return the paragraphs of a case that were not sent out, for who takes its minutes.

    What others wrote is looked through for what tells where she is, as when it is sent out.

    :raises Denied: for who does not run the meeting, or may not know of the case on a page.
    :raises Conflict: code declaration_missing.
    """
    facts = _find(work, conference_id, reference, "minutes.drafted", lock=False)
    work.record("minutes.drafted", facts.case_id, because="minute-taker")
    key = open_case_key(work, facts.case_id)
    drafts = open_minute_drafts(work, key)
    return hold_drafts(work, facts, key, [each for _, each in drafts.values()])


def save_paragraph(work: Work, conference_id: str, reference: str, sent: Sent) -> Saved:
    """Keep a paragraph. What somebody else changed meanwhile stays, and this one stands beside it.

    The same page may send the same paragraph again and again; it stays one.

    :raises Denied: as `list_paragraphs`.
    :raises Conflict: code declaration_missing; minutes_closed, if the case is not open or heard in
        this meeting, or its minutes were sent out; too_many.
    :raises Invalid: for a text, class or agency that cannot be.
    """
    facts = _find(work, conference_id, reference, "minute.kept", lock=True)
    text = read_text(sent.text, rule.LONGEST) if sent.text.strip() else ""
    if text is None:
        raise Invalid(
            "This is too long, or holds signs that cannot be kept.", Problem("bad_text", "/text")
        )
    if sent.section not in rule.SECTIONS or sent.owner not in facts.members:
        raise Invalid("Choose what it tells, and whose it is.", Problem("unknown_code", "/class"))
    key = open_case_key(work, facts.case_id)
    drafts = open_minute_drafts(work, key)
    _require_writable(work, conference_id, facts, drafts)
    saved = _saved(work, drafts, replace(sent, text=text))
    row = drafts[saved.paragraph.key][0] if saved.paragraph.key in drafts else None
    work.record(
        "minute.kept",
        facts.case_id,
        because="beside" if saved.theirs else "written",
        facts={
            "conference": conference_id,
            "number": saved.paragraph.number,
            "version": saved.paragraph.version,
            "section": sent.section,
            "owners": [sent.owner],
        },
    )
    keep_minute_draft(work, key, saved.paragraph, row)
    if saved.theirs is None:
        return saved
    (theirs,) = hold_drafts(work, facts, key, [saved.theirs])
    return replace(saved, theirs=theirs)


def send_out(work: Work, conference_id: str) -> int:
    """Send the plan and the minutes of a meeting out, in one act: of every case that it heard.

    Each paragraph becomes its agency's section, each action goes to its owner, and each case goes
    on. Gives how many cases that were.

    :raises Denied: for who does not run the meeting.
    :raises Conflict: code declaration_missing; not_over, while the meeting goes on; or
        nothing_to_send.
    """
    row = run_by_caller(work, conference_id, "plan.sent")
    require_signed(work, conference_id)
    if row.ended_at is None:
        raise Conflict("The meeting is not over.", code="not_over")
    told = [_issue(work, conference_id, facts) for facts in _heard(work, conference_id)]
    try:
        return send_plan(work, conference_id).cases
    except Conflict:  # no action was put down since, and every case went on before
        if not any(told):
            raise
        return sum(told)


# --- within -----------------------------------------------------------------------------------


def _find(work: Work, conference_id: str, reference: str, event: str, *, lock: bool) -> CaseFacts:
    row = run_by_caller(work, conference_id, event)
    require_signed(work, conference_id)
    return find_listed(work, row, reference, lock=lock)


def _require_writable(work: Work, conference_id: str, facts: CaseFacts, drafts: Drafts) -> None:
    stays = meetings.list_stays(work.session, [facts.case_id])[facts.case_id]
    last = max(stays, key=lambda each: each.arrived_at, default=None)
    is_here = last is not None and last.conference_id == conference_id
    is_open = facts.in_conference or facts.state is CaseState.HEARD
    # A plan may go out alone, by software; what was written by then waits to be sent.
    is_left = facts.state is CaseState.ACTIONS_OPEN and any(
        each.text for _, each in drafts.values()
    )
    if not (is_here and (is_open or is_left)):
        raise Conflict("The minutes of this case are closed.", code="minutes_closed")


def _saved(work: Work, drafts: Drafts, sent: Sent) -> Saved:
    stored = drafts[sent.key][1] if sent.key in drafts else None
    if stored is None:
        if len(drafts) >= rule.MOST:
            raise Conflict("There are too many paragraphs.", code="too_many")
        return Saved(_paragraph(work, sent, _next(drafts), 1))
    if not rule.is_overtaken(stored, sent):
        version = stored.version + (not _is_same(stored, sent))
        return Saved(_paragraph(work, sent, stored.number, version, stored.beside))
    mine = next(
        (
            each
            for _, each in drafts.values()
            if each.beside == stored.number and each.page == sent.page
        ),
        None,
    )
    number = mine.number if mine else _next(drafts)
    own = replace(sent, key=mine.key if mine else new_uuid(work.chance))
    version = mine.version + 1 if mine else 1
    return Saved(_paragraph(work, own, number, version, stored.number), stored)


def _next(drafts: Drafts) -> int:
    """The number of the next draft, for who takes the minutes; sent out it has another."""
    return max((each.number for _, each in drafts.values()), default=0) + 1


def _is_same(stored: Paragraph, sent: Sent) -> bool:
    names = ("text", "kind", "said", "section", "owner")
    return all(getattr(stored, name) == getattr(sent, name) for name in names)


def _paragraph(
    work: Work, sent: Sent, number: int, version: int, beside: int | None = None
) -> Paragraph:
    return Paragraph(
        key=sent.key,
        number=number,
        version=version,
        page=sent.page,
        by=work.caller.actor,
        kind=sent.kind,
        said=sent.said,
        section=sent.section,
        owner=sent.owner,
        text=sent.text,
        beside=beside,
    )


def _heard(work: Work, conference_id: str) -> list[CaseFacts]:
    """The facts of the cases that a meeting heard, as far as a page shows them to the caller."""
    ids = [case_id for case_id, _ in conferences.list_listed(work.session, conference_id)]
    stays = meetings.list_stays(work.session, ids)
    here = [
        case_id
        for case_id in ids
        if stays[case_id]
        and max(stays[case_id], key=lambda each: each.arrived_at).conference_id == conference_id
    ]
    facts = list_facts(work.session, sorted(here), on=work.today)
    return [
        each
        for each in facts.values()
        if each.state in _AFTER and shown_on_pages(work, each) is not None
    ]


def _issue(work: Work, conference_id: str, facts: CaseFacts) -> bool:
    cases.lock_case(work.session, facts.case_id)
    key = open_case_key(work, facts.case_id)
    drafts = [each for each in open_minute_drafts(work, key).values() if each[1].text]
    if not drafts:
        return False
    told = {
        "conference": conference_id,
        "paragraphs": len(drafts),
        "owners": sorted({each.owner for _, each in drafts}),
    }
    entry = work.record("minutes.sent", facts.case_id, because="sent", facts=told)
    issue_minutes(work, key, drafts)
    regrant(work, key, work.profiles.for_area(facts.area, work.today))
    announce(work, facts, entry.id)
    return True
