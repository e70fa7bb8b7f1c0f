"""Owns the tables of research: who was asked about a listed case, and what came back."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
)

from gateway.store.tables.base import agency_id, case_id, metadata
from gateway.store.types import Digest, Id, Sealed, Slug, Utc

research_request = Table(
    "research_request",  # an attendee is asked to look in its records; and that it has answered
    metadata,
    Column("conference_id", Id, ForeignKey("conference.id"), primary_key=True),
    case_id(primary_key=True),
    agency_id(primary_key=True),
    Column("asked_at", Utc, nullable=False),
    Column("due_at", Utc, nullable=False),
    Column("version", Integer, nullable=False),  # of the newest return; 0: none yet
    Column("returned_at", Utc),  # the first return
    Column("changed_at", Utc),  # the newest
    Column("is_nil", Boolean),  # of the newest
    Index("ix_research_request_case_id", "case_id"),
    Index("ix_research_request_agency_id", "agency_id"),
)

research_return = Table(
    "research_return",  # each version as its agency sent it; none is ever written over
    metadata,
    Column("conference_id", Id, primary_key=True),
    case_id(primary_key=True),
    agency_id(primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("digest", Digest, nullable=False),
    Column("by_worker", Slug),
    Column("at", Utc, nullable=False),
    Column("document", Sealed, nullable=False),  # signed as sent, or as it was written on a page
    ForeignKeyConstraint(
        ["conference_id", "case_id", "agency_id"],
        [
            "research_request.conference_id",
            "research_request.case_id",
            "research_request.agency_id",
        ],
    ),
    Index("ix_research_return_case_id", "case_id"),
)
