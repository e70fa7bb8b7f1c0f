"""Owns the tables of cases: referrals, sealed sections, who may open them, people, links."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from gateway.schemas.codes import NoteKind, SealRequest
from gateway.store.tables.base import agency_id, case_id, metadata
from gateway.store.types import Digest, Id, Sealed, Slug, Utc, code

case = Table(
    "case",
    metadata,
    Column("id", Id, primary_key=True),
    Column("area", Slug, nullable=False),
    Column("referrer_id", Slug, ForeignKey("agency.id"), nullable=False),
    Column("opened_at", Utc, nullable=False),
    Column("unshared_from", Date),  # from this day no link tells of it; NULL: links may
    Column("sitting_id", Id),  # the conference in which it is open at this moment
)

case_key = Table(
    "case_key",
    metadata,
    case_id(primary_key=True),
    Column("gen", Integer, primary_key=True),
    Column("epoch", String(40), nullable=False),
    Column("wrapped", Sealed),  # NULL once destroyed
    Column("made_at", Utc),  # NULL for keys from before this was kept
)

referral = Table(
    "referral",
    metadata,
    Column("reference", String(10), primary_key=True),  # without check symbol and dashes
    case_id(index=True),
    agency_id(),
    Column("worker_id", Slug),
    Column("received_at", Utc, nullable=False),
    Column("entered_agency_id", Slug, ForeignKey("agency.id")),  # who typed it in for its sender
    Column("entered_worker_id", Slug),
    Index("ix_referral_agency_id_received_at", "agency_id", "received_at"),
)

referral_version = Table(
    "referral_version",
    metadata,
    Column("reference", String(10), ForeignKey("referral.reference"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("received_at", Utc, nullable=False),
    Column("digest", Digest, nullable=False),
    Column("document", Sealed, nullable=False),  # the signed document as sent, in a cell
)

section = Table(
    "section",
    metadata,
    Column("id", Id, primary_key=True),
    case_id(index=True),
    Column("name", String(40), nullable=False),
    Column(
        "part", String(7), nullable=False
    ),  # FULL, SUMMARY, SEALED (EXCLUSIVE), ALERT, SCAN, BEFORE (redacted), DRAFT (minutes)
    Column("audience", Slug),  # SEALED: the one agency that can open it
    Column("owner_id", Slug, ForeignKey("agency.id"), nullable=False),
    Column("key", Sealed, nullable=False),  # the section key under the case key, to derive grants
    Column("content", Sealed, nullable=False),
    Column("written_at", Utc, nullable=False),
    Column("superseded_at", Utc),
)

section_grant = Table(
    "section_grant",
    metadata,
    # One tree on disk, and a case's grants for one reader lie side by side in it.
    case_id(primary_key=True),
    agency_id(primary_key=True),
    Column("section_id", Id, ForeignKey("section.id"), primary_key=True),
    Column("wrapped", Sealed, nullable=False),  # section key under the case key
    sqlite_with_rowid=False,
)

seal_request = Table(
    "seal_request",  # a sealed copy that an agency is owed; a holder's client makes it
    metadata,
    case_id(primary_key=True),
    agency_id(primary_key=True),
    Column("source_id", Id, ForeignKey("section.id"), primary_key=True),  # a copy of that text
    Column("digest", Digest, nullable=False),  # of the salted text, as its sender signed it
    Column("state", code(SealRequest), nullable=False),
    Column("asked_at", Utc, nullable=False),
    Column("ended_at", Utc),
    Column("by_agency", Slug),  # whose client sealed the copy
    Column("by_worker", Slug),
    Column("document", Sealed),  # the signed document in which the copy came
)

private_note = Table(
    "private_note",  # class OWNER: sealed by an agency to its own key, and handed back to it alone
    metadata,
    Column("id", Id, primary_key=True),
    case_id(),
    agency_id(),
    Column("number", Integer, nullable=False),  # from 1, among the agency's own in the case
    Column("kind", code(NoteKind), nullable=False),
    Column("digest", Digest, nullable=False),  # of the salted text, as the agency signed it
    Column("by_worker", Slug),
    Column("at", Utc, nullable=False),
    Column("document", Sealed, nullable=False),  # the signed document; the note in it stays shut
    UniqueConstraint("case_id", "agency_id", "number"),
)

link = Table(
    "link",  # a suggestion that two cases belong together; a human confirms
    metadata,
    case_id(primary_key=True),
    Column("other_id", Id, ForeignKey("case.id"), primary_key=True),
    Column("kind", String(20), primary_key=True),  # SAME_PEOPLE, REVERSED, MERGED ...
    Column("repeats", JSON, nullable=False),  # definitions under which this repeats the other
    Column("status", String(10), nullable=False),  # PROPOSED, CONFIRMED, REJECTED
    Column("at", Utc, nullable=False),
    Index("ix_link_other_id", "other_id"),
)

party = Table(
    "party",
    metadata,
    Column("id", Id, primary_key=True),
    case_id(index=True),
    Column("role", String(12), nullable=False),  # VICTIM or PERPETRATOR
    Column("index_key", String(40), nullable=False, server_default=""),  # what made the tokens
)

party_token = Table(
    "party_token",  # keyed blind index; no column tells what kind of token it is
    metadata,
    Column("token", Digest, primary_key=True),
    Column("party_id", Id, ForeignKey("party.id"), primary_key=True, index=True),
    sqlite_with_rowid=False,
)

case_token = Table(
    "case_token",  # keyed values of everybody in a case, to be compared with interests
    metadata,
    Column("token", Digest, primary_key=True),
    case_id(primary_key=True, index=True),
    sqlite_with_rowid=False,
)

tombstone = Table(
    "tombstone",  # that there was a case, by each of its references; nothing refers to it
    metadata,
    Column("reference", String(10), primary_key=True),
    Column("case_id", Id, nullable=False, index=True),
    Column("area", Slug, nullable=False),
    Column("opened_at", Utc, nullable=False),
    Column("erased_at", Utc, nullable=False),
    Column("because", String(40), nullable=False),
    Column("first", Slug, nullable=False),  # the two operators
    Column("second", Slug, nullable=False),
    Column("asked_by", Slug),  # the agency that asked; NULL for what was erased earlier
    Column("asked", Text),  # its signed statement
)
