"""Owns the tables. Times and codes are in the clear; whatever tells a story is sealed bytes.

Position, risk, consent decision, assignment, state and feedback are dated rows: a new row is
added, none is overwritten. A row's `seq` counts from 1 within its case.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from gateway.schemas.codes import (
    Acknowledgement,
    AgencyKind,
    ApprovalState,
    Capacity,
    CaseRole,
    CaseState,
    Category,
    ConflictAct,
    Contact,
    Custody,
    Enrolling,
    GlassFinding,
    KeyEvent,
    NoteKind,
    OneTime,
    Outcome,
    PersonRole,
    Position,
    PrimaryVictim,
    ProfessionalLevel,
    Purpose,
    RedactionState,
    ReleaseState,
    RiskLevel,
    Rung,
    SealRequest,
    Sending,
    SignedInBy,
)
from gateway.store.types import Digest, Id, Sealed, Slug, Utc, code

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# BIGINT has no implicit rowid on SQLite, so an autoincrementing key needs INTEGER there.
Serial = BigInteger().with_variant(Integer(), "sqlite")


def _case_id(**kwargs: object) -> Column[str]:
    return Column("case_id", Id, ForeignKey("case.id"), nullable=False, **kwargs)  # type: ignore[arg-type]


def _agency_id(**kwargs: object) -> Column[str]:
    return Column("agency_id", Slug, ForeignKey("agency.id"), nullable=False, **kwargs)  # type: ignore[arg-type]


# --- who is calling ---------------------------------------------------------------------------

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
    _agency_id(primary_key=True),
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
    _agency_id(primary_key=True),
    Column("scope", String(40), primary_key=True),
)

worker = Table(
    "worker",
    metadata,
    _agency_id(primary_key=True),
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
    _agency_id(primary_key=True),
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
    _agency_id(primary_key=True),
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
    _agency_id(primary_key=True),
    Column("worker_id", Slug, primary_key=True),
    Index("ix_interest_token_agency_id_worker_id", "agency_id", "worker_id"),
    sqlite_with_rowid=False,
)

# --- people at the desk -------------------------------------------------------------------------

person_role = Table(
    "person_role",  # what a worker does at the desk; given by its agency's administrator
    metadata,
    _agency_id(primary_key=True),
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
    _agency_id(),
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
    _agency_id(primary_key=True),
    Column("worker_id", Slug, primary_key=True),
    Column("salt", LargeBinary(16), nullable=False),
    Column("seed", Sealed, nullable=False),  # of RFC 6238, under a key that the password makes
    Column("last_step", BigInteger, nullable=False),  # of the last code that was taken
    Column("set_at", Utc, nullable=False),
    ForeignKeyConstraint(["agency_id", "worker_id"], ["worker.agency_id", "worker.id"]),
)

one_time = Table(
    "one_time",  # invitations, and codes for a lost device
    metadata,
    Column("digest", Digest, primary_key=True),  # SHA-256 of what the person holds
    _agency_id(),
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
    _agency_id(),
    Column("worker_id", Slug, nullable=False),
    Column("method", code(SignedInBy), nullable=False),  # of the newest proof
    Column("began_at", Utc, nullable=False),
    Column("authenticated_at", Utc, nullable=False),  # when the person last proved who it is
    Column("seen_at", Utc, nullable=False),  # to the minute
    Column("ended_at", Utc),
    ForeignKeyConstraint(["agency_id", "worker_id"], ["worker.agency_id", "worker.id"]),
    Index("ix_desk_session_agency_id_worker_id", "agency_id", "worker_id"),
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
    _agency_id(primary_key=True),
    Column("jti", String(128), primary_key=True),
    Column("expires_at", Utc, nullable=False, index=True),
)

answer = Table(
    "answer",  # what an Idempotency-Key was answered, byte for byte
    metadata,
    _agency_id(primary_key=True),
    Column("key", Id, primary_key=True),
    Column("digest", Digest, nullable=False),
    Column("status", Integer, nullable=False),
    Column("content_type", String(80), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("answered_at", Utc, nullable=False),
)

# --- cases ------------------------------------------------------------------------------------

case = Table(
    "case",
    metadata,
    Column("id", Id, primary_key=True),
    Column("area", Slug, nullable=False),
    Column("referrer_id", Slug, ForeignKey("agency.id"), nullable=False),
    Column("opened_at", Utc, nullable=False),
    Column("unshared_from", Date),  # from this day no link tells of it; NULL: links may
)

case_key = Table(
    "case_key",
    metadata,
    _case_id(primary_key=True),
    Column("gen", Integer, primary_key=True),
    Column("epoch", String(40), nullable=False),
    Column("wrapped", Sealed),  # NULL once destroyed
    Column("made_at", Utc),  # NULL for keys from before this was kept
)

referral = Table(
    "referral",
    metadata,
    Column("reference", String(10), primary_key=True),  # without check symbol and dashes
    _case_id(index=True),
    _agency_id(),
    Column("worker_id", Slug),
    Column("received_at", Utc, nullable=False),
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
    _case_id(index=True),
    Column("name", String(40), nullable=False),
    Column(
        "part", String(7), nullable=False
    ),  # FULL, SUMMARY, SEALED (class EXCLUSIVE), ALERT, SCAN, BEFORE (it was redacted)
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
    _case_id(primary_key=True),
    _agency_id(primary_key=True),
    Column("section_id", Id, ForeignKey("section.id"), primary_key=True),
    Column("wrapped", Sealed, nullable=False),  # section key under the case key
    sqlite_with_rowid=False,
)

seal_request = Table(
    "seal_request",  # a sealed copy that an agency is owed; a holder's client makes it
    metadata,
    _case_id(primary_key=True),
    _agency_id(primary_key=True),
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
    _case_id(),
    _agency_id(),
    Column("number", Integer, nullable=False),  # from 1, among the agency's own in the case
    Column("kind", code(NoteKind), nullable=False),
    Column("digest", Digest, nullable=False),  # of the salted text, as the agency signed it
    Column("by_worker", Slug),
    Column("at", Utc, nullable=False),
    Column("document", Sealed, nullable=False),  # the signed document; the note in it stays shut
    UniqueConstraint("case_id", "agency_id", "number"),
)

state = Table(
    "state",
    metadata,
    _case_id(primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("state", code(CaseState), nullable=False),
    Column("because", String(80), nullable=False),
    Column("reasons", JSON, nullable=False),  # codes
    Column("by_agency", Slug, nullable=False),
    Column("by_worker", Slug),
    Column("at", Utc, nullable=False),
)

position = Table(
    "position",
    metadata,
    _case_id(primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("position", code(Position), nullable=False),
    Column("capacity", code(Capacity), nullable=False),
    Column("excluded_kinds", JSON, nullable=False),
    Column("excluded_agencies", JSON, nullable=False),
    Column("overridden_kinds", JSON, nullable=False),
    Column("barred_kinds", JSON, nullable=False),  # these two only ever grow
    Column("barred_agencies", JSON, nullable=False),
    Column("narrowed", JSON),  # limits on purposes and classes of data; NULL: none
    Column("broken", JSON),  # of them, those that an override breaks
    Column("scope", JSON),  # codes; NULL: from a form whose scope was never a gate
    Column("starts_on", Date),
    Column("expires_on", Date),  # the last day on which an agreement counts
    Column("account", Sealed, nullable=False),  # who asked, how, in what words
    Column("by_agency", Slug, nullable=False),
    Column("by_worker", Slug),
    Column("at", Utc, nullable=False),
)

risk = Table(
    "risk",
    metadata,
    _case_id(primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("level", code(RiskLevel), nullable=False),
    Column("criteria", JSON, nullable=False),
    Column("professional", code(ProfessionalLevel), nullable=False),
    Column("grades", JSON, nullable=False),  # instrument, score, counts, critical items, prompts
    Column("age", String(10), nullable=False),
    Column("child", String(20), nullable=False),
    Column("danger", String(20), nullable=False),
    Column("care_needs", Boolean(create_constraint=True, name="care_needs"), nullable=False),
    Column("needs", Sealed, nullable=False),  # codes; one of them tells of orientation
    Column("markers", JSON, nullable=False),  # codes, each shown with its section only
    Column("children", Integer, nullable=False),
    Column("incident_on", Date),
    Column("events", JSON, nullable=False),  # days of releases, hearings and ends of orders
    Column("by_agency", Slug, nullable=False),
    Column("by_worker", Slug),
    Column("at", Utc, nullable=False),
)

consent = Table(
    "consent",
    metadata,
    _case_id(primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("rule", String(8), nullable=False),
    Column("outcome", code(Outcome), nullable=False),
    Column("share_with", JSON, nullable=False),
    Column("duties", JSON, nullable=False),
    Column("must_record", JSON, nullable=False),
    Column("versions", JSON, nullable=False),  # SHA-256 of each rule table that decided
    Column("lapses_on", Date),  # the last day of the agreement it rests on; after it, the next two
    Column("lapsed_rule", String(8)),
    Column("lapsed_outcome", String(40)),
    Column("at", Utc, nullable=False),
)

override = Table(
    "override",  # that a record of sharing without agreement came in; its text is a section
    metadata,
    _case_id(primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("purpose", String(4), nullable=False),
    Column("categories", JSON, nullable=False),
    Column("recipients", JSON, nullable=False),
    Column("is_signed", Boolean(create_constraint=True, name="is_signed"), nullable=False),
    Column("decided_at", Utc, nullable=False),
    Column("review_on", Date, nullable=False),
    Column("by_agency", Slug, nullable=False),
    Column("by_worker", Slug),
    Column("at", Utc, nullable=False),
)

recall = Table(
    "recall",  # a referrer asked for its referral back after it had gone on
    metadata,
    _case_id(primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("reason", String(40), nullable=False),
    Column("by_agency", Slug, nullable=False),
    Column("by_worker", Slug),
    Column("at", Utc, nullable=False),
)

assignment = Table(
    "assignment",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    _case_id(index=True),
    _agency_id(),
    Column("role", code(CaseRole), nullable=False),
    Column("conditions", JSON, nullable=False),  # matrix condition codes known to be true
    Column("because", String(80), nullable=False),  # routing row or act
    Column("at", Utc, nullable=False),
    Column("until", Utc),
    Index("ix_assignment_agency_id_case_id", "agency_id", "case_id"),
)

acknowledgement = Table(
    "acknowledgement",
    metadata,
    _case_id(primary_key=True),
    _agency_id(primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("outcome", code(Acknowledgement), nullable=False),
    Column("reason", String(40)),
    Column("by_worker", Slug),
    Column("at", Utc, nullable=False),
)

feedback = Table(
    "feedback",  # what the coordinator released to the referrer
    metadata,
    _case_id(primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("code", String(40), nullable=False),
    Column("reasons", JSON, nullable=False),
    Column("at", Utc, nullable=False),
)

link = Table(
    "link",  # a suggestion that two cases belong together; a human confirms
    metadata,
    _case_id(primary_key=True),
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
    _case_id(index=True),
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
    _case_id(primary_key=True, index=True),
    sqlite_with_rowid=False,
)

conflict_act = Table(
    "conflict_act",
    metadata,
    _case_id(primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("act", code(ConflictAct), nullable=False),
    _agency_id(),
    Column("worker_id", Slug),  # NULL: about the agency
    Column("account", Sealed),  # why, under the case key
    Column("by_agency", Slug, nullable=False),
    Column("by_worker", Slug),
    Column("at", Utc, nullable=False),
)

counter_review = Table(
    "counter_review",  # who of two that accuse each other is found to be the victim
    metadata,
    _case_id(primary_key=True),
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
    _case_id(primary_key=True),
    _agency_id(primary_key=True),
    Column("section", String(40), primary_key=True),
    Column("owner_id", Slug, ForeignKey("agency.id"), primary_key=True),
    Column("place", String(200), primary_key=True),
    Column("at", Utc, nullable=False),
)

release = Table(
    "release",  # may a team that serves both sides know where she is; a second person says
    metadata,
    _case_id(primary_key=True),
    _agency_id(primary_key=True),
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
    _case_id(primary_key=True),
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
    _case_id(primary_key=True),
    Column("seq", Integer, primary_key=True),
    _agency_id(),
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
    _case_id(primary_key=True),
    Column("seq", Integer, primary_key=True),
    _agency_id(),  # who asked
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

# --- notices ----------------------------------------------------------------------------------

contact = Table(
    "contact",  # mailboxes of an agency: of a duty, not of a person
    metadata,
    _agency_id(primary_key=True),
    Column("contact", code(Contact), primary_key=True),
    Column("address", String(254), nullable=False),
    Column("at", Utc, nullable=False),
)

announcement = Table(
    "announcement",  # up to which place of its feed an agency was told that something is new
    metadata,
    _agency_id(primary_key=True),
    Column("leaf", BigInteger, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("told_at", Utc),
    Column("tries", Integer, nullable=False),
    Column("next_at", Utc, nullable=False),  # not tried before; a worker that tries moves it on
)

notice = Table(
    "notice",  # that a high-risk case is unread, and who was told of it
    metadata,
    _case_id(primary_key=True),
    _agency_id(primary_key=True),  # who has not read it
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

receipt = Table(
    "receipt",  # what an agency was given of a case, and why: as it was signed, and what it was not
    metadata,
    Column("id", Id, primary_key=True),  # of its line in the log
    _case_id(),
    _agency_id(),  # who was given it
    Column("form", String(40), nullable=False),
    Column("at", Utc, nullable=False),
    Column("content", Sealed, nullable=False),
    Index("ix_receipt_case_id_agency_id_id", "case_id", "agency_id", "id"),
)

feed = Table(
    "feed",  # what an agency's pull shows, in the sequencer's order
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    _agency_id(),
    _case_id(),
    Column("kind", String(20), nullable=False),  # ASSIGNED, ALERT, CHANGED, ENDED, LOOKED
    Column("entry_id", Id, nullable=False, index=True),
    Column("leaf", BigInteger),  # NULL until sequenced
    Index("ix_feed_agency_id_leaf_id", "agency_id", "leaf", "id"),
)

# --- conferences ------------------------------------------------------------------------------

conference = Table(
    "conference",
    metadata,
    Column("id", Id, primary_key=True),
    Column("area", Slug, nullable=False),
    _agency_id(),
    Column("starts_at", Utc, nullable=False),
    Column("planned_at", Utc, nullable=False),
    Column("locked_at", Utc),  # the list stands: only the chair adds to it
)

conference_attendee = Table(
    "conference_attendee",
    metadata,
    Column("conference_id", Id, ForeignKey("conference.id"), primary_key=True),
    _agency_id(primary_key=True),
)

conference_case = Table(
    "conference_case",
    metadata,
    Column("conference_id", Id, ForeignKey("conference.id"), primary_key=True),
    _case_id(primary_key=True, index=True),
    Column("kind", String(20), nullable=False),
    Column("listed_at", Utc, nullable=False),
    Column("place", Integer),  # in the order made by hand, if there is one
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

# --- keys -------------------------------------------------------------------------------------

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

# --- access log -------------------------------------------------------------------------------

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
    _agency_id(),
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
