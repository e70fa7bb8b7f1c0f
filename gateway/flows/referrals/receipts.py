"""Owns the receipt: what a sender is told, signed, and derived from what it sent alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.disclosure import proof
from gateway.flows.referrals.reading import Reading
from gateway.flows.referrals.settling import Settled
from gateway.ledger import Entry, Work
from gateway.profiles.loader import Profile
from gateway.rules.clocks import next_steps
from gateway.schemas import reference as references
from gateway.schemas.codes import Danger, Recipient
from gateway.sealing import envelopes

RING_999 = "Someone's life is in danger: ring 999 now. This is not an emergency channel."

# The kind of agency behind each recipient; the receipt names kinds, never an agency.
_KINDS = {Recipient.MARAC: "COORDINATOR"}


def sign(
    work: Work,
    *,
    issuer: str,
    reference: str,
    reading: Reading,
    settled: Settled,
    profile: Profile,
) -> str:
    """Sign the receipt of a submission (typ marac-receipt+jws)."""
    decision = reading.decision
    steps = next_steps(
        decision,
        settled.state,
        at=work.now,
        clocks=profile.clocks,
        calendar=profile.working_days,
        clock=reading.clock,
        record_within_hours=reading.record_within_hours,
    )
    claims: dict[str, Any] = {}
    if reading.facts.danger is Danger.IMMINENT_LIFE:
        claims["urgent"] = RING_999
    claims |= {
        "iss": issuer,
        "aud": work.caller.agency_id,
        "sub": references.write(reference),
        "iat": int(work.now.timestamp()),
        "level": str(reading.level),
        "criteria": sorted(reading.criteria),
        "decision": {
            "outcome": str(decision.outcome),
            "rule": decision.rule,
            "versions": dict(profile.versions),
        },
        "state": str(settled.state),
        "reasons": [str(reason) for reason in settled.reasons],
        "must_record": sorted(decision.must_record),
        "missing": sorted(reading.missing),
        "duties": sorted(decision.duties),
        "routed": sorted({_KINDS.get(r.recipient, str(r.recipient)) for r in settled.routes}),
        "next": [
            {"code": step.code, "by": step.by, "due_at": _time(step.due_at)} for step in steps
        ],
        "assessments": [
            {
                "instrument": grade.instrument,
                "score": grade.score,
                "unknown": grade.unknown,
                "is_unreliable": grade.is_unreliable,
                "prompts": list(grade.prompts),
            }
            for grade in reading.grades
        ],
        "log": proof(work, settled.entry),
    }
    signing = work.keys.signing
    return envelopes.sign_receipt(claims, signing.key, signing.kid)


def sign_short(
    work: Work, *, issuer: str, reference: str, claims: Mapping[str, Any], entry: Entry
) -> str:
    """Sign the receipt of a later document: what was taken in, and its log entry."""
    signing = work.keys.signing
    full = {
        "iss": issuer,
        "aud": work.caller.agency_id,
        "sub": references.write(reference),
        "iat": int(work.now.timestamp()),
        **claims,
        "log": proof(work, entry),
    }
    return envelopes.sign_receipt(full, signing.key, signing.kid)


def _time(at: Any) -> str:
    return str(at.strftime("%Y-%m-%dT%H:%M:%SZ"))
