"""Owns the flag of a case that was heard: 12 months from its last referral, and who is told.

Its days are a section of their own, so that the need-to-know table says who sees it, and how long.
"""

from __future__ import annotations

from datetime import date

from gateway.disclosure.announcing import announce
from gateway.disclosure.boxes import Box, Contribution, contribute, open_case_key
from gateway.disclosure.deciding import profile_of
from gateway.disclosure.facts import list_facts
from gateway.disclosure.grants import regrant
from gateway.ledger import Work
from gateway.rules.clocks import due
from gateway.rules.facts import CaseFacts
from gateway.schemas.action_codes import FlagAct, FlagReason
from gateway.schemas.codes import CaseRole
from gateway.store import flags, referrals
from gateway.store.flags import FlagRow

SECTION = "flag"
_CLOCK = "CLK_FLAG"


def place_flag(work: Work, facts: CaseFacts) -> FlagRow | None:
    """Place the flag of a case that is heard, or renew it; None if it stands as long already."""
    known = flags.list_flags(work.session, [facts.case_id]).get(facts.case_id)
    until = _until(work, facts, facts.case_id)
    if known is None or known.act is FlagAct.REMOVED:
        return _act(work, facts, known, FlagAct.PLACED, until)
    return _act(work, facts, known, FlagAct.RENEWED, until) if until > known.until else None


def renew_flag(work: Work, case_id: str, repeat_id: str) -> None:
    """Renew the flag of an earlier case, because a new one was found to be of the same people.

    Where the caller does not coordinate the earlier one, or no flag stands, nothing is done.
    """
    facts = list_facts(work.session, [case_id], on=work.today).get(case_id)
    member = facts.members.get(work.caller.agency_id) if facts else None
    known = flags.list_flags(work.session, [case_id]).get(case_id)
    if facts is None or member is None or CaseRole.COORDINATOR not in member.roles:
        return
    if known is None or known.act is FlagAct.REMOVED:
        return
    until = _until(work, facts, repeat_id)
    if until > known.until:
        _act(work, facts, known, FlagAct.RENEWED, until)


def carry_flag(work: Work, case_id: str, old_id: str) -> None:
    """Let the flag of a case that moved in go on in its new case, until the same day."""
    known = flags.list_flags(work.session, [old_id]).get(old_id)
    if known is None or known.act is FlagAct.REMOVED or known.until < work.today:
        return
    facts = list_facts(work.session, [case_id], on=work.today)[case_id]
    _act(work, facts, None, FlagAct.PLACED, known.until)


def remove_flag(work: Work, facts: CaseFacts, known: FlagRow, reason: FlagReason) -> None:
    """Take a flag off; who has a part in the case is told, and that it was there stays."""
    _act(work, facts, known, FlagAct.REMOVED, known.until, reason)


def _until(work: Work, facts: CaseFacts, case_id: str) -> date:
    """The last day of a flag: so long after the newest referral of a case."""
    profile = profile_of(work, facts)
    rows = referrals.list_references(work.session, [case_id]).get(case_id, ())
    sent = max((row.received_at for row in rows), default=work.now)
    ends = due(profile.clocks[_CLOCK], sent, profile.working_days)
    return profile.working_days.local_day(ends)


def _act(
    work: Work,
    facts: CaseFacts,
    known: FlagRow | None,
    act: FlagAct,
    until: date,
    reason: FlagReason | None = None,
) -> FlagRow:
    me, seq = work.caller.agency_id, known.seq + 1 if known else 1
    row = FlagRow(facts.case_id, seq, act, until, reason, me, work.caller.worker_id, work.now)
    flags.add_act(work.session, row)
    key = open_case_key(work, facts.case_id)
    content = {"flag": {"act": str(act), "until": until.isoformat()}}
    made = contribute(work, key, Contribution(me, work.now, [Box(SECTION, "FULL", content)]))
    regrant(work, key, profile_of(work, facts), known=made)
    _tell(work, facts, row)
    return row


def _tell(work: Work, facts: CaseFacts, row: FlagRow) -> None:
    because = str(row.reason or row.act)
    said = {"act": str(row.act), "until": row.until.isoformat(), "owners": [row.by_agency]}
    entry = work.record("flag.settled", facts.case_id, because=because, facts=said)
    announce(work, facts, entry.id)
