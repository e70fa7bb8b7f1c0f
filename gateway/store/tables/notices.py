"""Owns the tables of who is told that something waits: feed, mailboxes, the worker's beat."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table

from gateway.schemas.codes import Contact, Rung, Sending
from gateway.store.tables.base import Serial, agency_id, case_id, metadata
from gateway.store.types import Id, Slug, Utc, code

feed = Table(
    "feed",  # what an agency's pull shows, in the sequencer's order
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    agency_id(),
    case_id(),
    Column("kind", String(20), nullable=False),  # ASSIGNED, ALERT, CHANGED, ENDED, LOOKED
    Column("entry_id", Id, nullable=False, index=True),
    Column("leaf", BigInteger),  # NULL until sequenced
    Index("ix_feed_agency_id_leaf_id", "agency_id", "leaf", "id"),
)

contact = Table(
    "contact",  # mailboxes of an agency: of a duty, not of a person
    metadata,
    agency_id(primary_key=True),
    Column("contact", code(Contact), primary_key=True),
    Column("address", String(254), nullable=False),
    Column("at", Utc, nullable=False),
)

announcement = Table(
    "announcement",  # up to which place of its feed an agency was told that something is new
    metadata,
    agency_id(primary_key=True),
    Column("leaf", BigInteger, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("told_at", Utc),
    Column("tries", Integer, nullable=False),
    Column("next_at", Utc, nullable=False),  # not tried before; a worker that tries moves it on
)

notice = Table(
    "notice",  # that a high-risk case is unread, and who was told of it
    metadata,
    case_id(primary_key=True),
    agency_id(primary_key=True),  # who has not read it
    Column("rung", code(Rung), primary_key=True),
    Column("to_id", Slug, ForeignKey("agency.id"), nullable=False),
    Column("contact", code(Contact), nullable=False),
    Column("at", Utc, nullable=False),
    Column("sending", code(Sending), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_at", Utc, nullable=False),
    Column("settled_at", Utc),
)

beat = Table(
    "beat",  # when the worker looked last
    metadata,
    Column("name", Slug, primary_key=True),
    Column("at", Utc, nullable=False),
)
