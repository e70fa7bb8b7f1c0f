"""Owns the registry of every way out, of the gateway and of our client: what may leave there, and
how it is looked at for protected values.

An operation that is not in it cannot be declared, a sealed answer or a paper of another form cannot
be made, and a test fails for a command, a log or a module that writes and is not named here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Way(StrEnum):
    """How what leaves is looked at for protected values."""

    SCANNED = "SCANNED"
    OWN = "OWN"
    INITIALS = "INITIALS"
    CODES = "CODES"
    OPENED = "OPENED"
    SEALED = "SEALED"
    ORIGINAL = "ORIGINAL"


@dataclass(frozen=True, slots=True)
class About:
    """What one kind of way out carries, and what stands between a protected value and it."""

    carries: str
    guard: str
    may_reveal: bool = False  # whether what has no text form is written out there


ABOUT: Mapping[Way, About] = {
    Way.SCANNED: About(
        "Text of several agencies, for one agency, sealed to it.",
        "Every paragraph is searched for the case's values and tokens before it is sealed.",
        may_reveal=True,
    ),
    Way.OWN: About(
        "The reader's own words, given back to it alone, sealed to it.",
        "Nothing of another agency can be in it.",
        may_reveal=True,
    ),
    Way.INITIALS: About(
        "Initials, codes and counts.",
        "Drawn from what was searched; a protected value has no text form and cannot be written.",
    ),
    Way.CODES: About(
        "Ids, codes, times, digests and public keys.",
        "No text of a case can be in it; a protected value has no text form.",
    ),
    Way.OPENED: About(
        "What an agency's own key opened, on the agency's own machine.",
        "A file or a screen for the one who asked; it was searched when the gateway sealed it.",
        may_reveal=True,
    ),
    Way.ORIGINAL: About(
        "A file as it came with a referral.",
        "No file can be searched: it is for who sent or attached it, and for a reader who may read"
        " all of the case, what tells where she is included.",
        may_reveal=True,
    ),
    Way.SEALED: About(
        "Ciphertext, wrapped keys and signatures.",
        "Only the holder of a key reads it.",
    ),
}


def may_reveal(way: Way) -> bool:
    """Whether a protected value may be written out there."""
    return ABOUT[way].may_reveal


# Forms of sealed answers.
FORMS: Mapping[str, Way] = {
    "disclosure/1": Way.SCANNED,
    "own-referral/1": Way.OWN,
    "agenda/1": Way.INITIALS,
    "access/1": Way.CODES,
    "private-notes/1": Way.OWN,
    "readings/1": Way.CODES,
    "glass/1": Way.SCANNED,
    "receipts/1": Way.CODES,
    "looks/1": Way.CODES,
    "statement/1": Way.CODES,
    "approvals/1": Way.SCANNED,
    "removed/1": Way.OWN,
    "actions/1": Way.SCANNED,
    "research-requests/1": Way.SCANNED,
    "research-own/1": Way.SCANNED,
}

# Operations of the API.
OPERATIONS: Mapping[str, Way] = {
    "submit_referral": Way.CODES,
    "list_referrals": Way.CODES,
    "read_referral": Way.OWN,
    "resubmit_referral": Way.CODES,
    "challenge_referral": Way.CODES,
    "withdraw_referral": Way.CODES,
    "add_risk_assessment": Way.CODES,
    "preview_routing": Way.CODES,
    "list_cases": Way.CODES,
    "pull_case": Way.SCANNED,
    "acknowledge_case": Way.CODES,
    "settle_match": Way.CODES,
    "record_position": Way.CODES,
    "record_dated_position": Way.CODES,
    "record_override": Way.CODES,
    "decide_case": Way.CODES,
    "list_seal_requests": Way.CODES,
    "add_sealed_copy": Way.CODES,
    "keep_private_note": Way.CODES,
    "list_private_notes": Way.OWN,
    "explain_case": Way.CODES,
    "explain_change": Way.CODES,
    "list_access": Way.CODES,
    "list_readings": Way.CODES,
    "list_due": Way.CODES,
    "list_receipts": Way.CODES,
    "list_looks": Way.CODES,
    "make_statement": Way.CODES,
    "settle_approval": Way.CODES,
    "list_approvals": Way.SCANNED,
    "plan_conference": Way.CODES,
    "list_conference_case": Way.CODES,
    "hear_case": Way.CODES,
    "read_agenda": Way.INITIALS,
    "list_actions": Way.CODES,
    "read_actions": Way.SCANNED,
    "settle_action": Way.CODES,
    "list_flags": Way.CODES,
    "take_flag_off": Way.CODES,
    "make_report": Way.CODES,
    "list_research": Way.SCANNED,
    "read_research": Way.SCANNED,
    "return_research": Way.CODES,
    "read_checkpoint": Way.CODES,
    "prove": Way.CODES,
    "read_log_proof": Way.CODES,
    "list_witnesses": Way.CODES,
    "register_witness": Way.CODES,
    "cosign_checkpoint": Way.CODES,
    "list_directory": Way.CODES,
    "list_key_events": Way.CODES,
    "declare_interests": Way.CODES,
    "settle_worker_key": Way.CODES,
    "settle_conflict": Way.CODES,
    "settle_release": Way.CODES,
    "move_case": Way.CODES,
    "settle_redaction": Way.CODES,
    "read_removed": Way.OWN,
    "break_glass": Way.CODES,
    "look_behind_glass": Way.SCANNED,
    "review_glass": Way.CODES,
    "review_primary_victim": Way.CODES,
}

# Papers: what a conference is given, by format.
PAPERS: Mapping[str, Way] = {
    "json": Way.INITIALS,
    "html": Way.INITIALS,
    "pdf": Way.INITIALS,
    "docx": Way.INITIALS,
    "ics": Way.CODES,
}

# What one agency is asked to look for before a conference, by format.
REQUESTS: Mapping[str, Way] = {
    "pdf": Way.SCANNED,
    "docx": Way.SCANNED,
}

# The pack of an agency without a sign-in: encrypted, for the one who is told its passphrase.
PACKS: Mapping[str, Way] = {
    "pdf": Way.SCANNED,
}

# Reports: counts with small ones hidden, by format.
REPORTS: Mapping[str, Way] = {
    "csv": Way.CODES,
    "xlsx": Way.CODES,
}

# Commands of gateway-client: what each prints or writes to a file.
CLIENT: Mapping[str, Way] = {
    "keys": Way.CODES,
    "check": Way.CODES,
    "refer": Way.CODES,
    "pull": Way.OPENED,
    "cases": Way.CODES,
    "agenda": Way.INITIALS,
    "open": Way.OPENED,
    "agent": Way.CODES,
    "note": Way.CODES,
    "notes": Way.OPENED,
    "ask-erasure": Way.CODES,
    "partners": Way.CODES,
    "acknowledge": Way.CODES,
    "receipts": Way.CODES,
    "looks": Way.CODES,
    "statement": Way.CODES,
    "actions": Way.CODES,
    "plan": Way.OPENED,
    "settle": Way.CODES,
    "flags": Way.CODES,
    "report": Way.CODES,
}

# Notices that the mail server is given.
NOTICES: Mapping[str, Way] = {
    "NEW": Way.CODES,
    "UNREAD": Way.CODES,
}

# Modules that print, log or write a file themselves.
WRITERS: Mapping[str, Way] = {
    "gateway.api.problem": Way.CODES,
    "gateway.cli.agency": Way.CODES,
    "gateway.cli.case": Way.CODES,
    "gateway.cli.conference": Way.SEALED,
    "gateway.cli.db": Way.CODES,
    "gateway.cli.enrolment": Way.SEALED,
    "gateway.cli.importing": Way.CODES,
    "gateway.cli.key_jobs": Way.CODES,
    "gateway.cli.keys": Way.CODES,
    "gateway.cli.log": Way.CODES,
    "gateway.cli.operator": Way.SEALED,
    "gateway.cli.pages": Way.CODES,
    "gateway.cli.profiles": Way.CODES,
    "gateway.cli.progress": Way.CODES,
    "gateway.cli.recovery": Way.CODES,
    "gateway.cli.server": Way.CODES,
    "gateway.cli.worker": Way.CODES,
    "gateway.cli.worker_id": Way.CODES,
    "gateway.desk.problems": Way.CODES,
    "gateway.client.account_commands": Way.CODES,
    "gateway.client.command_line": Way.OPENED,
    "gateway.client.commands": Way.OPENED,
    "gateway.client.config": Way.SEALED,
    "gateway.client.gateway": Way.CODES,
    "gateway.client.memory": Way.CODES,
    "gateway.client.action_commands": Way.OPENED,
    "gateway.client.note_commands": Way.OPENED,
    "gateway.client.own_key": Way.SEALED,
    "gateway.client.verify": Way.CODES,
    "gateway.client.watch": Way.CODES,
    "gateway.demo.service": Way.CODES,
    "gateway.demo.tables": Way.CODES,
    "gateway.flows.notices.rounds": Way.CODES,
    "gateway.host": Way.CODES,
    "gateway.ledger.running": Way.CODES,
    "gateway.ledger.work": Way.CODES,
    "gateway.main": Way.CODES,
    "gateway.migrations.wall": Way.CODES,
    "gateway.sealing.erased": Way.SEALED,
    "gateway.sealing.held": Way.CODES,
    "gateway.sealing.key_files": Way.CODES,
    "gateway.sealing.key_lock": Way.CODES,
    "gateway.sealing.key_making": Way.SEALED,
    "gateway.store.writing": Way.CODES,
}

# Pages of the desk.
PAGES: Mapping[str, Way] = {
    "sign_in": Way.CODES,
    "passkey_options": Way.CODES,
    "sign_in_with_passkey": Way.CODES,
    "sign_in_with_password": Way.CODES,
    "sign_in_with_recovery": Way.CODES,
    "sign_in_at_provider": Way.CODES,
    "answer_of_provider": Way.CODES,
    "link_at_provider": Way.CODES,
    "prove_at_provider": Way.CODES,
    "link": Way.CODES,
    "follow_link": Way.CODES,
    "sign_out": Way.CODES,
    "signed_out": Way.CODES,
    "sign_out_everywhere": Way.CODES,
    "missing": Way.CODES,
    "account": Way.CODES,
    "new_passkey_options": Way.CODES,
    "add_passkey": Way.CODES,
    "begin_password": Way.CODES,
    "set_password": Way.CODES,
    "recovery_codes": Way.CODES,
    "prove": Way.CODES,
    "prove_again_options": Way.CODES,
    "prove_again": Way.CODES,
    "colleagues": Way.CODES,
    "invite": Way.CODES,
    "end_colleague": Way.CODES,
    "home": Way.CODES,
    "needs": Way.CODES,
    "my_cases": Way.CODES,
    "why": Way.CODES,
    "case": Way.SCANNED,
    "why_history": Way.CODES,
    "history": Way.SCANNED,
    "contact": Way.SCANNED,
    "keep_attempt": Way.SCANNED,
    "case_records": Way.CODES,
    "take_receipt": Way.CODES,
    "answer_case": Way.CODES,
    "triage": Way.SCANNED,
    "decide_case": Way.SCANNED,
    "meetings": Way.CODES,
    "plan_meeting": Way.CODES,
    "agenda": Way.SCANNED,
    "order_agenda": Way.SCANNED,
    "put_on_list": Way.CODES,
    "take_papers": Way.SCANNED,
    "packs": Way.CODES,
    "make_pack": Way.SCANNED,
    "own_meetings": Way.CODES,
    "own_agenda": Way.SCANNED,
    "research": Way.SCANNED,
    "return_research": Way.SCANNED,
    "declaration": Way.CODES,
    "sign_declaration": Way.CODES,
    "room": Way.SCANNED,
    "run_room": Way.SCANNED,
    "hearing": Way.SCANNED,
    "run_case": Way.SCANNED,
    "save_minute": Way.SCANNED,
    "add_action": Way.SCANNED,
    "fresh_token": Way.CODES,
    "send_minutes": Way.SCANNED,
    "minutes": Way.SCANNED,
    "correct_minute": Way.SCANNED,
    "actions": Way.CODES,
    "case_plan": Way.SCANNED,
    "change_plan": Way.SCANNED,
    "send_plan": Way.CODES,
    "reports": Way.CODES,
    "audit": Way.CODES,
    "audit_case": Way.CODES,
    "make_report": Way.CODES,
    "flags": Way.CODES,
    "take_flag_off": Way.CODES,
    "moves": Way.CODES,
    "move_case": Way.CODES,
    "waits": Way.SCANNED,
    "settle": Way.SCANNED,
    "own_referrals": Way.CODES,
    "challenge": Way.CODES,
    "drafts": Way.CODES,
    "begin_draft": Way.CODES,
    "drop_draft": Way.CODES,
    "draft_page": Way.OWN,
    "save_draft": Way.OWN,
    "check_draft": Way.OWN,
    "send_draft": Way.OWN,
    "returned": Way.CODES,
    "mend": Way.OWN,
    "sent_draft": Way.CODES,
    "draft_files": Way.CODES,
    "earlier_cases": Way.CODES,
    "take_over": Way.CODES,
    "change_files": Way.CODES,
    "original": Way.ORIGINAL,
}
