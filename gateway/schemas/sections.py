"""Owns the names of the sections: the unit in which a case is sealed and disclosed."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.schemas.codes import AgencyKind

# What a referrer contributes and the gateway can read; each may have a short text of its own.
SUMMARISED = (
    "victim_identity",
    "victim_address",
    "perpetrators",
    "children",
    "incidents",
    "referral",
    "consent",
    "risk_answers",
    "health",
    "mental_health",
    "substance_use",
    "sexual_violence",
    "orientation",
    "language",
    "background",
    "immigration",
    "victim_offending",
    "perpetrator_history",
    "orders",
    "tenancy",
    "finances",
    "employment",
    "informants",
    "override",
)

# Sealed by the client to named recipients; the gateway never reads them.
SEALED = ("protected_address", "safe_contact")

# The kinds of agencies that can come to hold a copy: those whose cell of the need-to-know matrix
# opens the section in full. A table that opens it to others is refused at start, and a client seals
# to no other kind, whatever a gateway asks.
_READERS = frozenset({AgencyKind.IDVA, AgencyKind.POLICE, AgencyKind.REFUGE})
SEALED_READERS: Mapping[str, frozenset[AgencyKind]] = dict.fromkeys(SEALED, _READERS)
