"""Who may see which row, said once more, in Python and from the rows themselves.

Independent of gateway.store.wall, so that the two can be compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from gateway.store import context
from gateway.store import tables as t
from tests.journeys.world import World

Row = Mapping[str, Any]

WRITERS = {"REFERRER", "IDVA", "COORDINATOR", "NAMED"}
TABLES = t.metadata.sorted_tables
EVERYBODY = {
    "agency",
    "agency_key",
    "beat",
    "checkpoint",
    "conference",
    "key_event",
    "log_cosignature",
    "log_node",
    "log_witness",
    "revoked_token",
    "worker_key",
}
OWN = {
    "agency_scope",
    "answer",
    "contact",
    "counter",
    "desk_session",
    "document_jti",
    "draft",
    "feed",
    "hosted_key",
    "interest",
    "interest_token",
    "one_time",
    "passkey",
    "password",
    "person_role",
    "sign_on",
    "worker",
}
OF_CASE = {
    "acknowledgement",
    "action",
    "action_notice",
    "action_step",
    "flag",
    "attachment",
    "case_key",
    "case_token",
    "conflict_act",
    "consent",
    "override",
    "recall",
    "counter_review",
    "feedback",
    "approval",
    "held_text",
    "receipt",
    "redaction",
    "release",
    "link",
    "notice",
    "party",
    "position",
    "presence",
    "risk",
    "section",
    "seal_request",
    "section_grant",
}
NO_AGENCY = {"agency_log_key", "announcement", "enrolment", "epoch", "key_job"}


@dataclass(frozen=True)
class Facts:
    """What the answers hang on."""

    rows: Mapping[str, list[Row]]

    def parts(self, agency: str) -> set[str]:
        """The cases in which an agency has a part."""
        standing = [
            row
            for row in self.rows["assignment"]
            if row["agency_id"] == agency and row["until"] is None
        ]
        mine = {row["case_id"] for row in standing}
        mine |= {row["id"] for row in self.rows["case"] if row["referrer_id"] == agency}
        acting = {row["case_id"] for row in standing if row["role"] in WRITERS}
        merged = [
            r for r in self.rows["link"] if (r["kind"], r["status"]) == ("MERGED", "CONFIRMED")
        ]
        return mine | {row["other_id"] for row in merged if row["case_id"] in acting}

    def audited(self, agency: str) -> set[str]:
        """The cases whose log an agency may read because it audits the area."""
        (row,) = [row for row in self.rows["agency"] if row["id"] == agency]
        if row["kind"] != "AUDITOR":
            return set()
        return {case["id"] for case in self.rows["case"] if case["area"] == row["area"]}

    def erased(self, agency: str) -> list[Row]:
        """What is left of erased cases, for the auditor of their area."""
        (row,) = [row for row in self.rows["agency"] if row["id"] == agency]
        if row["kind"] != "AUDITOR":
            return []
        return [stone for stone in self.rows["tombstone"] if stone["area"] == row["area"]]

    def seen(self, table: str, agency: str) -> list[Row]:
        """The rows of a table that an agency may see."""
        return [row for row in self.rows[table] if self._may(table, agency)(row)]

    def _may(self, table: str, agency: str) -> Callable[[Row], bool]:
        parts, known = self.parts(agency), self.parts(agency) | self.audited(agency)
        if table in EVERYBODY:
            return lambda row: True
        if table in NO_AGENCY:
            return lambda row: False
        if table in OWN:
            return lambda row: row["agency_id"] == agency
        if table in OF_CASE:
            return lambda row: row["case_id"] in parts
        return self._special(agency, parts, known)[table]

    def _special(
        self, agency: str, parts: set[str], known: set[str]
    ) -> dict[str, Callable[[Row], bool]]:
        people = {row["id"] for row in self.rows["party"] if row["case_id"] in parts}
        sent = {
            r["reference"]
            for r in self.rows["referral"]
            if agency in (r["agency_id"], r["entered_agency_id"])
        }
        drafts = {row["id"] for row in self.rows["draft"] if row["agency_id"] == agency}
        run = {row["id"] for row in self.rows["conference"] if row["agency_id"] == agency}
        attended = {
            row["conference_id"]
            for row in self.rows["conference_attendee"]
            if row["agency_id"] == agency
        }

        stones = self.erased(agency)
        logged = known | {stone["case_id"] for stone in stones}

        def own_or_known(row: Row) -> bool:
            return row["agency_id"] == agency or row["case_id"] in known

        def own_or_logged(row: Row) -> bool:
            return row["agency_id"] == agency or row["case_id"] in logged

        return {
            "case": lambda row: row["id"] in known,
            "draft_file": lambda row: row["draft_id"] in drafts,
            "referral": own_or_known,
            "log_pending": own_or_logged,
            "log_entry": own_or_logged,
            "tombstone": lambda row: row in stones,
            "glass": own_or_known,
            "state": lambda row: row["case_id"] in known,
            "private_note": lambda row: row["agency_id"] == agency and row["case_id"] in parts,
            "assignment": lambda row: row["agency_id"] == agency or row["case_id"] in parts,
            "referral_version": lambda row: row["reference"] in sent,
            "party_token": lambda row: row["party_id"] in people,
            "conference_attendee": lambda row: (
                row["agency_id"] == agency or row["conference_id"] in run
            ),
            "attendance": lambda row: row["agency_id"] == agency or row["conference_id"] in run,
            "conference_case": lambda row: (
                row["conference_id"] in attended or row["case_id"] in parts
            ),
            "research_request": lambda row: (
                row["agency_id"] == agency or row["conference_id"] in run
            ),
            "research_return": lambda row: row["agency_id"] == agency and row["case_id"] in parts,
            "log_key": lambda row: len(row["subject"]) == 7 or row["subject"] in logged,
        }


def facts_of(world: World) -> Facts:
    """Everything there is, from behind the wall."""
    return Facts({table.name: world.rows(table) for table in TABLES})


def shown(world: World, agency: str | None, table: Table) -> list[Row]:
    """What the database gives when all of a table is asked for in this context."""
    with world.sessions() as session:
        context.stand(session, agency)
        return read(session, table)


def read(session: Session, table: Table) -> list[Row]:
    """All rows of a table as this session sees it, in the order of its key."""
    rows = session.execute(select(table).order_by(*table.primary_key.columns))
    return [dict(row._mapping) for row in rows]
