"""Owns the tables of people at the desk: their roles, how they sign in, their sessions."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Index, LargeBinary, Table

from gateway.schemas.codes import OneTime, PersonRole, SignedInBy
from gateway.store.tables.base import agency_id, metadata
from gateway.store.types import Digest, Sealed, Slug, Utc, code

person_role = Table(
    "person_role",  # what a worker does at the desk; given by its agency's administrator
    metadata,
    agency_id(primary_key=True),
    Column("worker_id", Slug, primary_key=True),
    Column("role", code(PersonRole), primary_key=True),
    Column("given_by", Slug),  # NULL: an operator, or the demonstration
    Column("at", Utc, nullable=False),
    ForeignKeyConstraint(["agency_id", "worker_id"], ["worker.agency_id", "worker.id"]),
)

passkey = Table(
    "passkey",  # a person's public key (WebAuthn); the private one never leaves its device
    metadata,
    Column("id", Digest, primary_key=True),  # SHA-256 of the credential id
    agency_id(),
    Column("worker_id", Slug, nullable=False),
    Column("credential", LargeBinary, nullable=False),
    Column("public_key", LargeBinary, nullable=False),  # COSE
    Column("sign_count", BigInteger, nullable=False),
    Column("added_at", Utc, nullable=False),
    Column("used_at", Utc),
    Column("ended_at", Utc),
    ForeignKeyConstraint(["agency_id", "worker_id"], ["worker.agency_id", "worker.id"]),
    Index("ix_passkey_agency_id_worker_id", "agency_id", "worker_id"),
)

password = Table(
    "password",  # no hash of it is kept: it opens the seed of the codes, and nothing else does
    metadata,
    agency_id(primary_key=True),
    Column("worker_id", Slug, primary_key=True),
    Column("salt", LargeBinary(16), nullable=False),
    Column("seed", Sealed, nullable=False),  # of RFC 6238, under a key that the password makes
    Column("last_step", BigInteger, nullable=False),  # of the last code that was taken
    Column("set_at", Utc, nullable=False),
    ForeignKeyConstraint(["agency_id", "worker_id"], ["worker.agency_id", "worker.id"]),
)

sign_on = Table(
    "sign_on",  # whom a provider's subject is here; a person links its own
    metadata,
    agency_id(primary_key=True),
    Column("worker_id", Slug, primary_key=True),
    Column("subject", Digest, nullable=False, unique=True),  # SHA-256 of issuer and subject
    Column("linked_at", Utc, nullable=False),
    Column("used_at", Utc),
    ForeignKeyConstraint(["agency_id", "worker_id"], ["worker.agency_id", "worker.id"]),
)

one_time = Table(
    "one_time",  # invitations, and codes for a lost device
    metadata,
    Column("digest", Digest, primary_key=True),  # SHA-256 of what the person holds
    agency_id(),
    Column("worker_id", Slug, nullable=False),
    Column("kind", code(OneTime), nullable=False),
    Column("made_by", Slug),  # NULL: an operator, or the demonstration
    Column("made_at", Utc, nullable=False),
    Column("expires_at", Utc),  # NULL: until it is used or replaced
    Column("used_at", Utc),
    ForeignKeyConstraint(["agency_id", "worker_id"], ["worker.agency_id", "worker.id"]),
    Index("ix_one_time_agency_id_worker_id", "agency_id", "worker_id"),
)

desk_session = Table(
    "desk_session",  # a person signed in at one browser
    metadata,
    Column("digest", Digest, primary_key=True),  # SHA-256 of what the browser holds
    agency_id(),
    Column("worker_id", Slug, nullable=False),
    Column("method", code(SignedInBy), nullable=False),  # of the newest proof
    Column("began_at", Utc, nullable=False),
    Column("authenticated_at", Utc, nullable=False),  # when the person last proved who it is
    Column("seen_at", Utc, nullable=False),  # to the minute
    Column("ended_at", Utc),
    ForeignKeyConstraint(["agency_id", "worker_id"], ["worker.agency_id", "worker.id"]),
    Index("ix_desk_session_agency_id_worker_id", "agency_id", "worker_id"),
)
