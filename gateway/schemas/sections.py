"""Owns the names of the sections: the unit in which a case is sealed and disclosed."""

from __future__ import annotations

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
