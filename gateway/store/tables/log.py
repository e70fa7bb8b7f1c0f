"""Owns the tables of the access log, and the keys that are being exchanged."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from gateway.store.tables.base import Serial, agency_id, metadata
from gateway.store.types import Digest, Id, Sealed, Slug, Utc

epoch = Table(
    "epoch",  # an epoch key that wraps nothing any more, or an index key that made no token
    metadata,
    Column("name", String(40), primary_key=True),
    Column("retired_at", Utc, nullable=False),  # backups from before may still need it
    Column("destroyed_at", Utc),
)

key_job = Table(
    "key_job",  # an exchange of keys that is under way
    metadata,
    Column("kind", String(20), primary_key=True),
    Column("started_at", Utc, nullable=False),
)

log_key = Table(
    "log_key",  # per case, or per month for entries without a case
    metadata,
    Column("subject", String(40), primary_key=True),  # case id, or "YYYY-MM"
    Column("epoch", String(40), nullable=False),
    Column("wrapped", Sealed),
)

agency_log_key = Table(
    "agency_log_key",
    metadata,
    Column("agency_id", Slug, primary_key=True),  # no foreign key: "@operator" has one too
    Column("epoch", String(40), nullable=False),
    Column("wrapped", Sealed, nullable=False),
    Column("last_seq", BigInteger, nullable=False),
)

log_pending = Table(
    "log_pending",
    metadata,
    Column("number", Serial, primary_key=True, autoincrement=True),
    Column("id", Id, nullable=False, unique=True),
    Column("agency_id", Slug, nullable=False),
    Column("case_id", Id),
    Column("log_key", String(40), nullable=False),
    Column("commitment", Digest, nullable=False),
    Column("record", Sealed, nullable=False),
)

log_entry = Table(
    "log_entry",
    metadata,
    Column("leaf", BigInteger, primary_key=True, autoincrement=False),
    Column("id", Id, nullable=False, unique=True),
    Column("agency_id", Slug, nullable=False),
    Column("agency_seq", BigInteger, nullable=False),
    Column("case_id", Id),
    Column("log_key", String(40), nullable=False),
    Column("commitment", Digest, nullable=False, unique=True),
    Column("bytes", LargeBinary, nullable=False),  # the leaf as it was hashed
    Column("hash", Digest, nullable=False),
    Column("record", Sealed, nullable=False),
    Index("ix_log_entry_case_id_leaf", "case_id", "leaf"),
    UniqueConstraint("agency_id", "agency_seq"),
)

log_node = Table(
    "log_node",  # hashes of complete subtrees, one level for every 8 of the tree (C2SP tiles)
    metadata,
    Column(
        "level", Integer, primary_key=True, autoincrement=False
    ),  # 1: of 256 leaves, 2: of 65,536 ...
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", Digest, nullable=False),
)

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("root", Digest, nullable=False),
    Column("note", Text, nullable=False),
    Column("at", Utc, nullable=False),
)

log_witness = Table(
    "log_witness",  # an agency's key for countersigning checkpoints; its newest one counts
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    agency_id(),
    Column("verifier", String(300), nullable=False, unique=True),  # name+id+key
    Column("statement", Text, nullable=False),  # by which the agency itself names the key: a JWS
    Column("at", Utc, nullable=False),
)

log_cosignature = Table(
    "log_cosignature",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("witness_id", BigInteger, ForeignKey("log_witness.id"), primary_key=True),
    Column("cosignature", LargeBinary(72), nullable=False),  # time and signature
)

counter = Table(
    "counter",  # acts that disclose nothing, such as an empty poll, per agency and day
    metadata,
    Column("agency_id", Slug, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("event", String(40), primary_key=True),
    Column("times", BigInteger, nullable=False),
)
