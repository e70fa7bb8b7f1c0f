"""Owns the declaration of confidentiality: who signed it, which observers may in, apologies.

Nothing of a conference opens on a page to somebody who has not signed the text in force: neither
its agenda, nor what is asked about its cases, nor the meeting.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gateway.errors import Conflict, Denied, Invalid, Problem
from gateway.flows.conferences.finding import attended_by_caller, run_by_caller
from gateway.ledger import Work
from gateway.profiles.declaration import Declaration
from gateway.schemas.meeting_codes import Attending
from gateway.schemas.paragraphs import read_text
from gateway.store import conferences, meetings
from gateway.store.conferences import ConferenceRow
from gateway.store.meetings import NOBODY, AttendanceRow

SIGNS_AS = frozenset({Attending.REPRESENTATIVE, Attending.DEPUTY, Attending.OBSERVER})
MOST = 500  # characters of a reason


@dataclass(frozen=True, slots=True)
class Declaring:
    """The declaration as one person finds it."""

    conference: ConferenceRow
    declaration: Declaration
    mine: AttendanceRow | None  # as what it signed, if it did
    is_signed: bool  # the text in force


def show_declaration(work: Work, conference_id: str) -> Declaring:
    """Return what the caller's person has to sign for a conference, and whether it did.

    :raises Denied: if its agency does not attend.
    """
    row = attended_by_caller(work, conference_id, "conference.declared")
    work.count("conference.declared")
    mine = _mine(work, conference_id)
    return Declaring(row, work.profiles.declaration, mine, is_signed(work, mine))


def sign(work: Work, conference_id: str, attending: Attending, digest: str) -> None:
    """Sign the declaration that was shown, by who is signed in; once for each version.

    :raises Denied: if the caller's agency does not attend, or no person is behind it.
    :raises Conflict: code declaration_changed, if another text is in force than was shown;
        meeting_over.
    :raises Invalid: for something that nobody signs as.
    """
    row = attended_by_caller(work, conference_id, "conference.declared")
    declaration, worker = work.profiles.declaration, work.caller.worker_id
    if worker is None:
        raise Denied("unattended")
    if attending not in SIGNS_AS:
        raise Invalid("Choose as what you attend.", Problem("unknown_code", "/attending"))
    if digest != declaration.digest:
        raise Conflict("The text has changed: read it again.", code="declaration_changed")
    if row.ended_at is not None:
        raise Conflict("The conference is over.", code="meeting_over")
    before = _mine(work, conference_id)
    if before is not None and is_signed(work, before):
        work.record("answer.repeated", None, because="signed-before")
        return
    signed = AttendanceRow(
        work.caller.agency_id,
        worker,
        attending,
        declaration.version,
        declaration.digest,
        work.now,
        # The chair's word holds for a changed text, too; for who now speaks it is not needed.
        before.admitted_by if before and attending is Attending.OBSERVER else None,
    )
    meetings.set_attendance(work.session, conference_id, signed, is_new=before is None)
    work.record(
        "conference.declared",
        None,
        because=str(attending),
        facts={
            "conference": conference_id,
            "version": declaration.version,
            "digest": declaration.digest,
        },
    )


def admit(work: Work, conference_id: str, agency_id: str, worker_id: str, reason: str) -> None:
    """Let an observer in, as the chair, for a reason in writing; the reason stands in the log.

    :raises Denied: for who does not run the conference, or is no chair.
    :raises Invalid: without a reason, or for who did not ask to observe.
    """
    run_by_caller(work, conference_id, "conference.admitted")
    if not work.caller.is_chair:
        raise Denied("not-the-chair")
    why = read_text(reason, MOST, lines=False)
    if why is None:
        raise Invalid("Write why, in up to 500 characters.", Problem("needed_here", "/reason"))
    row = _find(work, conference_id, agency_id, worker_id)
    if row is None or row.attending is not Attending.OBSERVER or not is_signed(work, row):
        raise Invalid("Nobody of that name asks to observe.", Problem("unknown_code", "/worker"))
    admitted = replace(row, admitted_by=work.caller.worker_id)
    meetings.set_attendance(work.session, conference_id, admitted, is_new=False)
    facts = {
        "conference": conference_id,
        "observer": [agency_id, worker_id],
        "reason": why,
    }
    work.record("conference.admitted", None, because="chair", facts=facts)


def apologise(work: Work, conference_id: str, agency_id: str) -> None:
    """Note the apologies of an agency that attends; who of it signs afterwards attends after all.

    :raises Denied: for who does not run the conference.
    :raises Invalid: for an agency that is not asked to it.
    """
    run_by_caller(work, conference_id, "conference.apologies")
    if agency_id not in conferences.list_attendees(work.session, conference_id):
        raise Invalid("That agency is not asked to it.", Problem("unknown_code", "/agency"))
    if _find(work, conference_id, agency_id, NOBODY) is None:
        row = AttendanceRow(agency_id, NOBODY, Attending.APOLOGIES)
        meetings.set_attendance(work.session, conference_id, row, is_new=True)
    facts = {"conference": conference_id, "agency": agency_id}
    work.record("conference.apologies", None, because="noted", facts=facts)


def is_signed(work: Work, row: AttendanceRow | None) -> bool:
    """Whether somebody signed the text in force."""
    return row is not None and row.digest == work.profiles.declaration.digest


def may_enter(work: Work, row: AttendanceRow) -> bool:
    """Whether somebody may be in the room: signed, and an observer let in by the chair."""
    return is_signed(work, row) and _is_admitted(row)


def require_signed(work: Work, conference_id: str) -> None:
    """Refuse whoever has not signed, or observes and was not let in.

    :raises Conflict: code declaration_missing.
    """
    mine = _mine(work, conference_id)
    if mine is None or not may_enter(work, mine):
        raise Conflict("Sign the declaration first.", code="declaration_missing")


def require_declared(
    work: Work, conference_id: str, event: str, *, runs: bool = False
) -> ConferenceRow:
    """Refuse to open any paper of a conference to whoever has not signed for it.

    Nobody signs once it is over: then an earlier text counts too, and who ran it needs none to
    finish it. With `runs`, for who runs it alone.

    :raises Denied: if the caller's agency does not attend.
    :raises Conflict: code declaration_missing.
    """
    row = attended_by_caller(work, conference_id, event)
    is_run = row.agency_id == work.caller.agency_id
    if runs and not is_run:
        raise Denied("not-the-coordinator")
    mine = _mine(work, conference_id)
    has_signed = mine is not None and mine.digest is not None and _is_admitted(mine)
    if row.ended_at is not None and (is_run or has_signed):
        return row
    require_signed(work, conference_id)
    return row


def _is_admitted(row: AttendanceRow) -> bool:
    return row.attending is not Attending.OBSERVER or row.admitted_by is not None


def _mine(work: Work, conference_id: str) -> AttendanceRow | None:
    return _find(work, conference_id, work.caller.agency_id, work.caller.worker_id or "")


def _find(work: Work, conference_id: str, agency_id: str, worker_id: str) -> AttendanceRow | None:
    rows = meetings.list_attendance(work.session, conference_id)
    place = (agency_id, worker_id)
    return next((each for each in rows if (each.agency_id, each.worker_id) == place), None)
