"""Owns the tables of conferences: who attends, what is listed."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table

from gateway.schemas.meeting_codes import Attending
from gateway.store.tables.base import agency_id, case_id, metadata
from gateway.store.types import Id, Slug, Utc, code

conference = Table(
    "conference",
    metadata,
    Column("id", Id, primary_key=True),
    Column("area", Slug, nullable=False),
    agency_id(),
    Column("starts_at", Utc, nullable=False),
    Column("planned_at", Utc, nullable=False),
    Column("locked_at", Utc),  # the list stands: only the chair adds to it
    Column("begun_at", Utc),  # the meeting itself
    Column("ended_at", Utc),
    Index("ix_conference_agency_id_starts_at", "agency_id", "starts_at"),
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

attendance = Table(
    "attendance",  # who is at a conference, as what, and that it signed for confidentiality
    metadata,
    Column("conference_id", Id, ForeignKey("conference.id"), primary_key=True),
    agency_id(primary_key=True),
    Column("worker_id", Slug, primary_key=True),  # "-": the whole agency sent apologies
    Column("attending", code(Attending), nullable=False),
    Column("version", String(20)),  # of the declaration that was signed
    Column("digest", String(64)),  # and its SHA-256
    Column("signed_at", Utc),
    Column("admitted_by", Slug),  # an observer, by the chair
)

presence = Table(
    "presence",  # who was in the room while one case was heard, from when to when
    metadata,
    Column("conference_id", Id, ForeignKey("conference.id"), primary_key=True),
    case_id(primary_key=True, index=True),
    agency_id(primary_key=True),
    Column("worker_id", Slug, primary_key=True),
    Column("arrived_at", Utc, primary_key=True),
    Column("left_at", Utc),
    Column("attending", code(Attending), nullable=False),
    Column("to_end", Boolean, nullable=False),  # heard the case to its end
)
