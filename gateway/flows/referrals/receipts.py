"""Owns the receipt: what a sender is told, signed, and derived from what it sent alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.disclosure import sign_receipt
from gateway.flows.referrals.reading import Reading
from gateway.flows.referrals.sending import Sender
from gateway.flows.referrals.settling import Settled
from gateway.ledger import Work
from gateway.profiles.loader import Profile
from gateway.rules.clocks import next_steps
from gateway.schemas import moments
from gateway.schemas.codes import Danger

RING_999 = "Someone's life is in danger: ring 999 now. This is not an emergency channel."


def sign(
    work: Work,
    *,
    issuer: str,
    reference: str,
    reading: Reading,
    settled: Settled,
    profile: Profile,
    sender: Sender,
    sealed: Sequence[Mapping[str, Any]] = (),
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
    if sender.is_entered:  # it is theirs; the receipt is for who typed it in
        claims |= {"referred_by": sender.agency_id, "entered_by": work.caller.agency_id}
    claims |= {
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
        # By the kind of the agency that was really told: a stand-in is no adviser.
        "routed": sorted({str(profile.routing.agencies[r.agency_id].kind) for r in settled.routes}),
        "next": [
            {"code": step.code, "by": step.by, "due_at": moments.write(step.due_at)}
            for step in steps
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
    }
    return sign_receipt(
        work,
        issuer=issuer,
        reference=reference,
        claims=claims,
        entry=settled.entry,
        sealed_to={copy["agency"] for item in sealed for copy in item["recipients"]},
    )
