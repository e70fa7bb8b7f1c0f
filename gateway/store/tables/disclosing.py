"""Owns the tables of what a disclosure stops at, waits for and leaves behind."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Date, ForeignKey, Index, Integer, String, Table

from gateway.schemas.codes import (
    ApprovalState,
    Category,
    ConflictAct,
    GlassFinding,
    PrimaryVictim,
    Purpose,
    RedactionState,
    ReleaseState,
)
from gateway.store.tables.base import agency_id, case_id, metadata
from gateway.store.types import Id, Sealed, Slug, Utc, code

conflict_act = Table(
    "conflict_act",
    metadata,
    case_id(primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("act", code(ConflictAct), nullable=False),
    agency_id(),
    Column("worker_id", Slug),  # NULL: about the agency
    Column("account", Sealed),  # why, under the case key
    Column("by_agency", Slug, nullable=False),
    Column("by_worker", Slug),
    Column("at", Utc, nullable=False),
)

counter_review = Table(
    "counter_review",  # who of two that accuse each other is found to be the victim
    metadata,
    case_id(primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("outcome", code(PrimaryVictim), nullable=False),
    Column("account", Sealed),  # NULL in the other record: nothing of this one is told there
    Column("by_agency", Slug, nullable=False),
    Column("by_worker", Slug, nullable=False),
    Column("at", Utc, nullable=False),
)

held_text = Table(
    "held_text",  # which paragraph was not given to which reader; no word of it
    metadata,
    case_id(primary_key=True),
    agency_id(primary_key=True),
    Column("section", String(40), primary_key=True),
    Column("owner_id", Slug, ForeignKey("agency.id"), primary_key=True),
    Column("place", String(200), primary_key=True),
    Column("at", Utc, nullable=False),
)

release = Table(
    "release",  # may a team that serves both sides know where she is; a second person says
    metadata,
    case_id(primary_key=True),
    agency_id(primary_key=True),
    Column("team", String(64), primary_key=True),  # "" is none, or the agency as a whole
    Column("state", code(ReleaseState), nullable=False),
    Column("given_at", Utc),  # in danger to life it went first
    Column("asked_by", Slug),  # NULL: unattended
    Column("asked_at", Utc, nullable=False),
    Column("due_at", Utc, nullable=False),
    Column("by_agency", Slug),  # the second person
    Column("by_worker", Slug),
    Column("at", Utc),
)

redaction = Table(
    "redaction",  # words to be taken out of a section, and what its owner said to it
    metadata,
    case_id(primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("section", String(40), nullable=False),
    Column("owner_id", Slug, ForeignKey("agency.id"), nullable=False),
    Column("places", JSON, nullable=False),
    Column("state", code(RedactionState), nullable=False),
    # Of each text, original and what is left of it: salted SHA-256, the salt with the original.
    Column("digests", JSON, nullable=False),
    Column("by_agency", Slug, nullable=False),
    Column("by_worker", Slug, nullable=False),
    Column("at", Utc, nullable=False),
    Column("settled_by", Slug),
    Column("settled_at", Utc),
)

glass = Table(
    "glass",  # one look behind the need to know, and who looked at it afterwards
    metadata,
    case_id(primary_key=True),
    Column("seq", Integer, primary_key=True),
    agency_id(),
    Column("worker_id", Slug, nullable=False),
    Column("category", code(Category), nullable=False),
    Column("purpose", code(Purpose), nullable=False),
    Column("account", Sealed, nullable=False),  # the reason, under the case key
    Column("method", String(80), nullable=False),  # how the worker proved who it is
    Column("authenticated_at", Utc, nullable=False),
    Column("asked_at", Utc, nullable=False),
    Column("approved_by", Slug),  # of an auditor's sample: the chair
    Column("until", Utc),  # NULL: a sample that nobody approved yet
    Column("due_at", Utc),  # when it must have been reviewed
    Column("finding", code(GlassFinding)),
    Column("review", Sealed),
    Column("reviewed_by", Slug),
    Column("reviewed_at", Utc),
    Index("ix_glass_agency_id_worker_id", "agency_id", "worker_id"),
)

approval = Table(
    "approval",  # a section that the table gives case by case: who asked, who answers for it
    metadata,
    case_id(primary_key=True),
    Column("seq", Integer, primary_key=True),
    agency_id(),  # who asked
    Column("worker_id", Slug, nullable=False),
    Column("section", String(60), nullable=False),
    Column("account", Sealed, nullable=False),  # why, under the case key
    Column("asked_at", Utc, nullable=False),
    Column("state", code(ApprovalState), nullable=False),
    Column("by_agency", Slug),  # who answered, and why
    Column("by_worker", Slug),
    Column("answer", Sealed),
    Column("at", Utc),
    Column("until", Date),  # the last day on which it is open
)

receipt = Table(
    "receipt",  # what an agency was given of a case, and why: as it was signed, and what it was not
    metadata,
    Column("id", Id, primary_key=True),  # of its line in the log
    case_id(),
    agency_id(),  # who was given it
    Column("form", String(40), nullable=False),
    Column("at", Utc, nullable=False),
    Column("content", Sealed, nullable=False),
    Index("ix_receipt_case_id_agency_id_id", "case_id", "agency_id", "id"),
)
