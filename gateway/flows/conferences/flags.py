"""Owns the list of flags that end, and taking one off with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from gateway.disclosure import find_locked, list_facts, names_of, remove_flag, shown_on_pages
from gateway.errors import Conflict, Denied
from gateway.ledger import Act, Work
from gateway.rules.disclosure import kept_out
from gateway.schemas.action_codes import FlagAct, FlagReason
from gateway.schemas.codes import CaseRole
from gateway.store import flags

SOON = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag that ends soon, or has ended and is to be removed."""

    reference: str
    until: date
    is_over: bool


def list_flags(work: Work) -> tuple[Flag, ...]:
    """The flags of the caller's cases that end within four weeks, or have ended; those first."""
    work.attempt("flag.listed")
    me = work.caller.agency_id
    ending = flags.list_ending(work.session, agency_id=me, before=work.today + SOON)
    facts = list_facts(work.session, list(ending), on=work.today)
    seen = [case_id for case_id, each in facts.items() if shown_on_pages(work, each) is not None]
    names = names_of(work, seen)
    if not names:
        work.count("flag.listed.empty")
        return ()
    work.record_all([Act("flag.listed", case_id, "own") for case_id in names])
    found = [Flag(names[c], ending[c].until, ending[c].until < work.today) for c in names]
    return tuple(sorted(found, key=lambda each: (each.until, each.reference)))


def take_off(work: Work, reference: str, reason: FlagReason) -> None:
    """Take the flag of a case off, with a reason.

    :raises Denied: for who does not coordinate the case.
    :raises Conflict: code no_flag; or flag_stands, if its period has not ended.
    """
    work.attempt("flag.settled")
    case_id, loaded = find_locked(work, reference)
    facts = loaded.get(case_id)
    if facts is None or kept_out(facts, work.caller) is not None:
        raise Denied("not-assigned", subject=case_id)
    if CaseRole.COORDINATOR not in facts.members[work.caller.agency_id].roles:
        raise Denied("not-the-coordinator", subject=case_id)
    known = flags.list_flags(work.session, [case_id]).get(case_id)
    if known is None or known.act is FlagAct.REMOVED:
        raise Conflict("No flag stands on the case.", code="no_flag")
    if reason is FlagReason.PERIOD_ENDED and known.until >= work.today:
        raise Conflict("Its period has not ended.", code="flag_stands")
    remove_flag(work, facts, known, reason)
