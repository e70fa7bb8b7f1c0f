"""Owns the registry of every way out of the gateway: what may leave there, and how it is looked at.

An operation that is not in it cannot be declared, and a sealed answer of another form cannot be
made. Later channels (notices, exports, packs) join it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Way(StrEnum):
    """How what leaves is looked at for protected values."""

    SCANNED = "SCANNED"  # text of several agencies: every text is searched before it is sealed
    OWN = "OWN"  # the reader's own words, given back to it alone
    INITIALS = "INITIALS"  # initials, codes and counts, drawn from what was scanned
    CODES = "CODES"  # ids, codes, times and public keys: no text of a case can be in it


# Forms of sealed answers.
FORMS: Mapping[str, Way] = {
    "disclosure/1": Way.SCANNED,
    "own-referral/1": Way.OWN,
    "agenda/1": Way.INITIALS,
    "access/1": Way.CODES,
    "private-notes/1": Way.OWN,
    "readings/1": Way.CODES,
    "glass/1": Way.SCANNED,
}

# Operations of the API.
OPERATIONS: Mapping[str, Way] = {
    "submit_referral": Way.CODES,
    "list_referrals": Way.CODES,
    "read_referral": Way.OWN,
    "resubmit_referral": Way.CODES,
    "withdraw_referral": Way.CODES,
    "add_risk_assessment": Way.CODES,
    "preview_routing": Way.CODES,
    "list_cases": Way.CODES,
    "pull_case": Way.SCANNED,
    "acknowledge_case": Way.CODES,
    "record_position": Way.CODES,
    "record_dated_position": Way.CODES,
    "record_override": Way.CODES,
    "decide_case": Way.CODES,
    "list_seal_requests": Way.CODES,
    "add_sealed_copy": Way.CODES,
    "keep_private_note": Way.CODES,
    "list_private_notes": Way.OWN,
    "explain_case": Way.CODES,
    "list_access": Way.CODES,
    "list_readings": Way.CODES,
    "list_due": Way.CODES,
    "plan_conference": Way.CODES,
    "list_conference_case": Way.CODES,
    "read_agenda": Way.INITIALS,
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
    "break_glass": Way.CODES,
    "look_behind_glass": Way.SCANNED,
    "review_glass": Way.CODES,
    "review_primary_victim": Way.CODES,
}
