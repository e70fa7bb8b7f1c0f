"""Owns the tables of conferences: who attends, what is listed."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, String, Table

from gateway.store.tables.base import agency_id, case_id, metadata
from gateway.store.types import Id, Slug, Utc

conference = Table(
    "conference",
    metadata,
    Column("id", Id, primary_key=True),
    Column("area", Slug, nullable=False),
    agency_id(),
    Column("starts_at", Utc, nullable=False),
    Column("planned_at", Utc, nullable=False),
    Column("locked_at", Utc),  # the list stands: only the chair adds to it
)

conference_attendee = Table(
    "conference_attendee",
    metadata,
    Column("conference_id", Id, ForeignKey("conference.id"), primary_key=True),
    agency_id(primary_key=True),
)

conference_case = Table(
    "conference_case",
    metadata,
    Column("conference_id", Id, ForeignKey("conference.id"), primary_key=True),
    case_id(primary_key=True, index=True),
    Column("kind", String(20), nullable=False),
    Column("listed_at", Utc, nullable=False),
    Column("place", Integer),  # in the order made by hand, if there is one
)
