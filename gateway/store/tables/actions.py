"""Owns the tables of actions and flags: codes and times; the words lie among the sections."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, Integer, Table, UniqueConstraint

from gateway.schemas.action_codes import (
    ActionAbout,
    ActionAct,
    ActionRung,
    ActionStatus,
    ActionTheme,
    ActionUrgency,
    FlagAct,
    FlagReason,
    NotPossible,
)
from gateway.schemas.codes import Contact, Sending
from gateway.store.tables.base import case_id, metadata
from gateway.store.types import Id, Slug, Utc, code

action = Table(
    "action",  # what was agreed; how it stands is told by its newest step
    metadata,
    Column("id", Id, primary_key=True),
    case_id(),
    Column("number", Integer, nullable=False),  # drawn: a next one would tell of others
    Column("conference_id", Id, ForeignKey("conference.id")),  # NULL: between conferences
    Column("theme", code(ActionTheme), nullable=False),
    Column("about", code(ActionAbout), nullable=False),
    Column("urgency", code(ActionUrgency), nullable=False),
    Column("owner_id", Slug, ForeignKey("agency.id"), nullable=False, index=True),
    Column("depends_on", Integer),  # the number of another action of the case
    Column("due_at", Utc, nullable=False),
    UniqueConstraint("case_id", "number"),
)

action_step = Table(
    "action_step",  # every change, dated
    metadata,
    Column("action_id", Id, ForeignKey("action.id"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    case_id(index=True),
    Column("act", code(ActionAct), nullable=False),
    Column("status", code(ActionStatus), nullable=False),  # after the act
    Column("reason", code(NotPossible)),
    Column("by_agency", Slug, nullable=False),
    Column("by_worker", Slug),  # NULL: unattended
    Column("at", Utc, nullable=False),
)

action_notice = Table(
    "action_notice",  # that an action is overdue, and who was told of it
    metadata,
    Column("action_id", Id, ForeignKey("action.id"), primary_key=True),
    Column("rung", code(ActionRung), primary_key=True),
    case_id(index=True),
    Column("to_id", Slug, ForeignKey("agency.id"), nullable=False),
    Column("contact", code(Contact), nullable=False),
    Column("at", Utc, nullable=False),
    Column("sending", code(Sending), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_at", Utc, nullable=False),
    Column("settled_at", Utc),
)

flag = Table(
    "flag",  # that a case was heard within the last 12 months: dated acts, the newest counts
    metadata,
    case_id(primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("act", code(FlagAct), nullable=False),
    Column("until", Date, nullable=False),  # its last day
    Column("reason", code(FlagReason)),  # of a removal
    Column("by_agency", Slug, nullable=False),
    Column("by_worker", Slug),
    Column("at", Utc, nullable=False),
)
