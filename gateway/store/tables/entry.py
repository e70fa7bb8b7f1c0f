"""Owns the tables of what is typed in at the desk: drafts, their files, and originals of a case."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table

from gateway.schemas.people_codes import AttachmentKind
from gateway.store.tables.base import agency_id, case_id, metadata
from gateway.store.types import Digest, Id, Sealed, Slug, Utc, code

draft = Table(
    "draft",  # a referral that is being typed in, under a key of its own until it is sent
    metadata,
    Column("id", Id, primary_key=True),
    agency_id(),  # whose writer it is; whose referral it will be stands within
    Column("made_by", Slug, nullable=False),
    Column("made_at", Utc, nullable=False),
    Column("changed_by", Slug, nullable=False),
    Column("changed_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
    Column("version", Integer, nullable=False),
    Column("epoch", String(40), nullable=False),
    Column("wrapped", Sealed, nullable=False),
    Column("content", Sealed, nullable=False),
    Index("ix_draft_agency_id_expires_at", "agency_id", "expires_at"),
)

draft_file = Table(
    "draft_file",
    metadata,
    Column("draft_id", Id, ForeignKey("draft.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("kind", code(AttachmentKind), nullable=False),
    Column("media_type", String(80), nullable=False),
    Column("size", Integer, nullable=False),
    Column("added_by", Slug, nullable=False),
    Column("added_at", Utc, nullable=False),
    Column("content", Sealed, nullable=False),
)

attachment = Table(
    "attachment",  # an original that came with a referral, under the key of its case
    metadata,
    Column("id", Id, primary_key=True),
    case_id(),
    Column("reference", String(10), ForeignKey("referral.reference"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("owner_id", Slug, ForeignKey("agency.id"), nullable=False),
    Column("kind", code(AttachmentKind), nullable=False),
    Column("media_type", String(80), nullable=False),
    Column("size", Integer, nullable=False),
    Column("digest", Digest, nullable=False),
    Column("by_agency", Slug, nullable=False),
    Column("by_worker", Slug),
    Column("at", Utc, nullable=False),
    Column("content", Sealed, nullable=False),
    Index("ix_attachment_case_id_number", "case_id", "reference", "number", unique=True),
)
