"""Owns the dated rows of a case, where nothing is overwritten; `seq` counts within the case."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Date, Index, Integer, String, Table

from gateway.schemas.codes import (
    Acknowledgement,
    Capacity,
    CaseRole,
    CaseState,
    Outcome,
    Position,
    ProfessionalLevel,
    RiskLevel,
)
from gateway.store.tables.base import Serial, agency_id, case_id, metadata
from gateway.store.types import Sealed, Slug, Utc, code

state = Table(
    "state",
    metadata,
    case_id(primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("state", code(CaseState), nullable=False),
    Column("because", String(80), nullable=False),
    Column("reasons", JSON, nullable=False),  # codes
    Column("by_agency", Slug, nullable=False),
    Column("by_worker", Slug),
    Column("at", Utc, nullable=False),
)

position = Table(
    "position",
    metadata,
    case_id(primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("position", code(Position), nullable=False),
    Column("capacity", code(Capacity), nullable=False),
    Column("excluded_kinds", JSON, nullable=False),
    Column("excluded_agencies", JSON, nullable=False),
    Column("overridden_kinds", JSON, nullable=False),
    Column("barred_kinds", JSON, nullable=False),  # these two only ever grow
    Column("barred_agencies", JSON, nullable=False),
    Column("narrowed", JSON),  # limits on purposes and classes of data; NULL: none
    Column("broken", JSON),  # of them, those that an override breaks
    Column("scope", JSON),  # codes; NULL: from a form whose scope was never a gate
    Column("starts_on", Date),
    Column("expires_on", Date),  # the last day on which an agreement counts
    Column("account", Sealed, nullable=False),  # who asked, how, in what words
    Column("by_agency", Slug, nullable=False),
    Column("by_worker", Slug),
    Column("at", Utc, nullable=False),
)

risk = Table(
    "risk",
    metadata,
    case_id(primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("level", code(RiskLevel), nullable=False),
    Column("criteria", JSON, nullable=False),
    Column("professional", code(ProfessionalLevel), nullable=False),
    Column("grades", JSON, nullable=False),  # instrument, score, counts, critical items, prompts
    Column("age", String(10), nullable=False),
    Column("child", String(20), nullable=False),
    Column("danger", String(20), nullable=False),
    Column("care_needs", Boolean(create_constraint=True, name="care_needs"), nullable=False),
    Column("needs", Sealed, nullable=False),  # codes; one of them tells of orientation
    Column("markers", JSON, nullable=False),  # codes, each shown with its section only
    Column("children", Integer, nullable=False),
    Column("incident_on", Date),
    Column("events", JSON, nullable=False),  # days of releases, hearings and ends of orders
    Column("by_agency", Slug, nullable=False),
    Column("by_worker", Slug),
    Column("at", Utc, nullable=False),
)

consent = Table(
    "consent",
    metadata,
    case_id(primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("rule", String(8), nullable=False),
    Column("outcome", code(Outcome), nullable=False),
    Column("share_with", JSON, nullable=False),
    Column("duties", JSON, nullable=False),
    Column("must_record", JSON, nullable=False),
    Column("versions", JSON, nullable=False),  # SHA-256 of each rule table that decided
    Column("lapses_on", Date),  # the last day of the agreement it rests on; after it, the next two
    Column("lapsed_rule", String(8)),
    Column("lapsed_outcome", String(40)),
    Column("at", Utc, nullable=False),
)

override = Table(
    "override",  # that a record of sharing without agreement came in; its text is a section
    metadata,
    case_id(primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("purpose", String(4), nullable=False),
    Column("categories", JSON, nullable=False),
    Column("recipients", JSON, nullable=False),
    Column("is_signed", Boolean(create_constraint=True, name="is_signed"), nullable=False),
    Column("decided_at", Utc, nullable=False),
    Column("review_on", Date, nullable=False),
    Column("by_agency", Slug, nullable=False),
    Column("by_worker", Slug),
    Column("at", Utc, nullable=False),
)

recall = Table(
    "recall",  # a referrer asked for its referral back after it had gone on
    metadata,
    case_id(primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("reason", String(40), nullable=False),
    Column("by_agency", Slug, nullable=False),
    Column("by_worker", Slug),
    Column("at", Utc, nullable=False),
)

assignment = Table(
    "assignment",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    case_id(index=True),
    agency_id(),
    Column("role", code(CaseRole), nullable=False),
    Column("conditions", JSON, nullable=False),  # matrix condition codes known to be true
    Column("because", String(80), nullable=False),  # routing row or act
    Column("at", Utc, nullable=False),
    Column("until", Utc),
    Index("ix_assignment_agency_id_case_id", "agency_id", "case_id"),
)

acknowledgement = Table(
    "acknowledgement",
    metadata,
    case_id(primary_key=True),
    agency_id(primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("outcome", code(Acknowledgement), nullable=False),
    Column("reason", String(40)),
    Column("by_worker", Slug),
    Column("at", Utc, nullable=False),
)

feedback = Table(
    "feedback",  # what the coordinator released to the referrer
    metadata,
    case_id(primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("code", String(40), nullable=False),
    Column("reasons", JSON, nullable=False),
    Column("at", Utc, nullable=False),
)
