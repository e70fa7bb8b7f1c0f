"""Owns attempts to reach her: written down by her adviser, and read by the adviser's agency alone.

An attempt is casework (class OWNER): a private note, sealed to the agency's own key. Nothing is
ever sent to her, and how she is reached safely is opened before anything can be written down.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from gateway.agencies import hosted
from gateway.disclosure import (
    OpenedNote,
    Unsealed,
    disclose,
    keep_shown,
    require_purpose,
    unseal,
    ways,
)
from gateway.errors import Conflict, Denied, Invalid, Problem
from gateway.flows.cases.finding import names_of
from gateway.flows.cases.hosting import write_own
from gateway.flows.cases.noting import MOST, find_part
from gateway.flows.cases.showing import find_shown
from gateway.ledger import Entry, Work
from gateway.rules import attempts as rule
from gateway.rules.attempts import Attempt, Standing
from gateway.rules.clocks import due
from gateway.schemas import moments
from gateway.schemas.codes import NoteKind, Purpose
from gateway.schemas.contact_codes import ContactOutcome, ContactWay
from gateway.schemas.protected import Protected, reveal
from gateway.store import cases

PAGE = "contact-page/1"  # in receipts
SECTION, _NOTES, _MEMBER = "safe_contact", "idva_notes", "contact"
LONGEST = 1000  # characters of a remark
_EARLY = timedelta(days=366)
_CLOCKS = ("CLK_IDVA_ATTEMPTS", "CLK_IDVA_CONTACT")


@dataclass(frozen=True, slots=True)
class Contacting:
    """How she is reached safely, and what was tried, for a worker of her adviser's agency."""

    reference: str
    safe: Mapping[str, Any] | None = field(repr=False)  # None: nothing is recorded that opens
    uses: frozenset[str]  # what some channel may be used for today
    attempts: tuple[Attempt, ...] = field(repr=False)  # the newest first
    standing: Standing
    first_due_at: datetime


@dataclass(frozen=True, slots=True)
class Tried:
    """An attempt as a worker writes it down."""

    at: datetime
    way: ContactWay
    outcome: ContactOutcome
    remark: str = field(default="", repr=False)
    although: bool = False  # it was made although it was not safe by the record


def show_contact(
    work: Work, reference: str, purpose: Purpose, asked: Entry, *, issuer: str
) -> Contacting:
    """Return how she is reached safely, and every attempt; a receipt of it is kept.

    `asked` is the line of `ask_to_show`. So many statements however many attempts there are.

    :raises Denied: for any other agency than an adviser's: the answer is that of an unknown case.
    :raises Unavailable: if the line `asked` is not in the tree of the access log yet.
    """
    work.attempt("sealed.read", purpose=purpose)
    case_id, read = _open(work, reference, purpose, asked)
    profile = read.disclosed.profile
    known_as = names_of(work, [case_id])[case_id]
    found = _attempts(read.notes)
    enough, first = (profile.clocks[code] for code in _CLOCKS)
    opened_at = cases.list_cases(work.session, [case_id])[case_id].opened_at
    told = read.disclosed.told(known_as)
    safe = _safe(read.sections.get(SECTION))
    page = {"reference": known_as, SECTION: safe}
    keep_shown(work, issuer=issuer, form=PAGE, document=page, told=[told])
    return Contacting(
        known_as,
        safe,
        _uses(safe),
        tuple(sorted(found, key=lambda each: each.at, reverse=True)),
        rule.standing(found, wanted=enough.count or 1, days=enough.amount, zone=profile.zone),
        due(first, opened_at, profile.working_days),
    )


def require_contact(work: Work, reference: str, purpose: Purpose) -> None:
    """Decide and record for an agency with keys of its own, which opens it in its own software.

    :raises Denied: as `show_contact`.
    """
    work.attempt("case.read", purpose=purpose)
    require_purpose(work, purpose)
    case_id = _find(work, reference)
    disclose(work, case_id, purpose, opens=())


def keep_attempt(
    work: Work, reference: str, purpose: Purpose, tried: Tried, asked: Entry, *, audience: str
) -> str:
    """Write down an attempt, sealed to the caller's own agency; gives the note's id.

    :raises Denied: as `show_contact`.
    :raises Invalid: if it lies ahead, or long back, or the remark is too long.
    :raises Conflict: code not_safe, if by the record it was not safe and nobody said that it was
        made although; too_many, if the agency keeps as many notes as there may be.
    """
    work.attempt("note.keep")
    find_part(work, reference)  # locks the case
    case_id, read = _open(work, reference, purpose, asked)
    if not work.now - _EARLY <= tried.at <= work.now:
        raise Invalid("It was not at that time.", Problem("out_of_range", "/at"))
    if len(tried.remark) > LONGEST or any(ord(c) < 32 and c not in "\n\t" for c in tried.remark):
        raise Invalid("The remark cannot be kept.", Problem("too_long", "/remark"))
    channels = (_safe(read.sections.get(SECTION)) or {}).get("channels", ())
    local = tried.at.astimezone(read.disclosed.profile.zone)
    is_safe = rule.is_safe(tried.way, channels, local)
    if not is_safe and not tried.although:
        raise Conflict("By the record this was not safe.", code="not_safe")
    contact = {
        "at": moments.write(tried.at),
        "way": str(tried.way),
        "outcome": str(tried.outcome),
        "safe": is_safe,
    }
    content = {"text": tried.remark or "Contact attempt.", _MEMBER: contact}
    return write_own(work, case_id, NoteKind.CASEWORK, content, audience=audience)


def _open(work: Work, reference: str, purpose: Purpose, asked: Entry) -> tuple[str, Unsealed]:
    """Open the safe contact and the agency's casework, and nothing else of the case."""
    require_purpose(work, purpose)
    hosted.require_worker(work)
    case_id = _find(work, reference)
    return case_id, unseal(
        work, case_id, purpose, asked, opens={SECTION}, kind=NoteKind.CASEWORK, most=MOST
    )


def _find(work: Work, reference: str) -> str:
    """The case, for an agency of a kind that keeps an adviser's notes. :raises Denied: else."""
    case_id = find_shown(work, reference)
    matrix = work.profiles.matrix(work.today)
    if work.caller.kind not in matrix.readers(_NOTES):
        raise Denied("not-an-adviser", subject=case_id)
    return case_id


def _safe(opened: Protected | None) -> Mapping[str, Any] | None:
    """The safe contact, written out for a page that may."""
    if opened is None:
        return None
    if not ways.may_reveal(ways.PAGES["contact"]):
        raise ValueError("a page that may not write out what is protected")
    found: Mapping[str, Any] = reveal(opened)
    return found


def _uses(safe: Mapping[str, Any] | None) -> frozenset[str]:
    channels = (safe or {}).get("channels", ())
    return frozenset(use for each in channels for use in each.get("safe_uses", ()))


def _attempts(notes: Sequence[OpenedNote]) -> list[Attempt]:
    return list(_each(notes))


def _each(notes: Sequence[OpenedNote]) -> Iterator[Attempt]:
    """The notes that are attempts; other casework is read where it was written."""
    for each in notes:
        contact = each.content.get(_MEMBER)
        if isinstance(contact, Mapping):
            yield Attempt(
                at=moments.read(str(contact["at"])),
                way=ContactWay(contact["way"]),
                outcome=ContactOutcome(contact["outcome"]),
                is_safe=contact["safe"] is True,
                remark=str(each.content["text"]).removeprefix("Contact attempt."),
                worker=each.note.by_worker or "",
            )
