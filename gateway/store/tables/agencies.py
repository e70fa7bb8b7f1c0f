"""Owns the tables of who is calling: agencies, keys, workers, interests; what is used once."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from gateway.schemas.codes import AgencyKind, Custody, Enrolling, KeyEvent
from gateway.store.tables.base import agency_id, metadata
from gateway.store.types import Digest, Id, Sealed, Slug, Utc, code

agency = Table(
    "agency",
    metadata,
    Column("id", Slug, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("kind", code(AgencyKind), nullable=False),
    Column("area", Slug, nullable=False),
    Column("custody", code(Custody), nullable=False),
    Column("registered_at", Utc, nullable=False),
    Column("suspended_at", Utc),
)

agency_key = Table(
    "agency_key",
    metadata,
    agency_id(primary_key=True),
    Column("kid", String(64), primary_key=True),
    Column("use", String(3), nullable=False),  # "sig" or "enc" (RFC 7517 section 4.2)
    Column("jwk", JSON, nullable=False),  # public members only
    Column("valid_from", Utc, nullable=False),
    Column("valid_until", Utc),  # as planned
    Column("thumbprint", String(43), nullable=False, unique=True),  # RFC 7638; one key, one agency
    Column("ended_at", Utc),  # stopped before its time
    Column("enrolment_id", Id, ForeignKey("enrolment.id")),  # whose two signatures let it in
)

hosted_key = Table(
    "hosted_key",  # apart from agency_key, which every partner reads
    metadata,
    Column("agency_id", Slug, primary_key=True),
    Column("kid", String(64), primary_key=True),
    Column("private", Sealed, nullable=False),  # wrapped by the key provider
    ForeignKeyConstraint(["agency_id", "kid"], ["agency_key.agency_id", "agency_key.kid"]),
)

enrolment = Table(
    "enrolment",  # what one operator asked for and another approved, with their signatures
    metadata,
    Column("id", Id, primary_key=True),
    Column("act", code(Enrolling), nullable=False),
    Column("agency_id", Slug, nullable=False, index=True),  # of REGISTER there is no row yet
    Column("content", JSON, nullable=False),  # what was signed, public keys by value
    Column("asked_by", Slug, nullable=False),
    Column("asked_at", Utc, nullable=False),
    Column("asked_proof", Text, nullable=False),
    Column("expires_at", Utc, nullable=False),
    Column("closed_by", Slug),  # who approved or withdrew it
    Column("closed_at", Utc),
    Column("approved_proof", Text),  # NULL: still open, or withdrawn
)

key_event = Table(
    "key_event",  # what became of agencies' keys, as the log says it; public to partners
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("agency_id", Slug, nullable=False),  # no foreign key: the history outlives an agency
    Column("kid", String(64)),  # NULL: the agency was suspended or resumed, with all its keys
    Column("event", code(KeyEvent), nullable=False),
    Column("commitment", Digest, nullable=False, unique=True),
    Column("salt", LargeBinary, nullable=False),
    Column("record", Text, nullable=False),  # the log's own record, to be hashed with its salt
    Column("at", Utc, nullable=False),
)

agency_scope = Table(
    "agency_scope",
    metadata,
    agency_id(primary_key=True),
    Column("scope", String(40), primary_key=True),
)

worker = Table(
    "worker",
    metadata,
    agency_id(primary_key=True),
    Column("id", Slug, primary_key=True),
    Column("is_chair", Boolean(create_constraint=True, name="is_chair"), nullable=False),
    Column("registered_at", Utc, nullable=False),
    Column("suspended_at", Utc),
    Column("vouched_by", Slug),  # the worker of the agency who had this one registered
    Column("team", Slug),  # of an agency that serves both sides; NULL: none is known
)

worker_key = Table(
    "worker_key",  # a worker's own key, for what no colleague may read; public to partners
    metadata,
    agency_id(primary_key=True),
    Column("kid", String(64), primary_key=True),
    Column("worker_id", Slug, nullable=False),
    Column("jwk", JSON, nullable=False),  # public members only
    Column("thumbprint", String(43), nullable=False, unique=True),
    Column("asked_at", Utc, nullable=False),
    Column("approved_by", Slug),  # another worker of the agency
    Column("approved_at", Utc),
    Column("ended_at", Utc),
    ForeignKeyConstraint(["agency_id", "worker_id"], ["worker.agency_id", "worker.id"]),
)

interest = Table(
    "interest",  # whom a worker is close to, by its own declaration; the newest alone is kept
    metadata,
    agency_id(primary_key=True),
    Column("worker_id", Slug, primary_key=True),
    Column("epoch", String(40), nullable=False),
    Column("wrapped", Sealed, nullable=False),  # the key of `content`
    Column("content", Sealed, nullable=False),
    Column("index_key", String(40), nullable=False),  # what made the tokens
    Column("declared_at", Utc, nullable=False),
    ForeignKeyConstraint(["agency_id", "worker_id"], ["worker.agency_id", "worker.id"]),
)

interest_token = Table(
    "interest_token",  # keyed values of an interest; no column tells whose or what kind
    metadata,
    Column("token", Digest, primary_key=True),
    agency_id(primary_key=True),
    Column("worker_id", Slug, primary_key=True),
    Index("ix_interest_token_agency_id_worker_id", "agency_id", "worker_id"),
    sqlite_with_rowid=False,
)

revoked_token = Table(
    "revoked_token",
    metadata,
    Column("jti", String(64), primary_key=True),
    Column("expires_at", Utc, nullable=False, index=True),
)

document_jti = Table(
    "document_jti",
    metadata,
    agency_id(primary_key=True),
    Column("jti", String(128), primary_key=True),
    Column("expires_at", Utc, nullable=False, index=True),
)

answer = Table(
    "answer",  # what an Idempotency-Key was answered, byte for byte
    metadata,
    agency_id(primary_key=True),
    Column("key", Id, primary_key=True),
    Column("digest", Digest, nullable=False),
    Column("status", Integer, nullable=False),
    Column("content_type", String(80), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("answered_at", Utc, nullable=False),
)
