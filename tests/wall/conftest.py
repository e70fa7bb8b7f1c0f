"""A world in which something happened to every table, with the second wall before it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, insert

from gateway import ledger
from gateway.agencies import requested
from gateway.demo.registrars import Registrars
from gateway.flows import agencies
from gateway.rules.facts import Caller
from gateway.schemas.action_codes import (
    ActionAbout,
    ActionAct,
    ActionRung,
    ActionStatus,
    ActionTheme,
    ActionUrgency,
    FlagAct,
)
from gateway.schemas.codes import (
    AgencyKind,
    ApprovalState,
    CaseState,
    Category,
    ConflictAct,
    Contact,
    Custody,
    NoteKind,
    OneTime,
    PersonRole,
    PrimaryVictim,
    Purpose,
    RedactionState,
    ReleaseState,
    Rung,
    SealRequest,
    Sending,
    SignedInBy,
)
from gateway.schemas.meeting_codes import Attending
from gateway.schemas.people_codes import AttachmentKind
from gateway.store import tables as t
from tests.database import fresh
from tests.journeys.world import (
    World,
    a_world,
    example,
    graded,
    position,
    shared_sqlite_world,
    shared_world,
    world,
)

__all__ = ["shared_sqlite_world", "shared_world", "world"]

DRAFT = "00000000-0000-7000-8000-000000000002"
RECEIPT = "00000000-0000-7000-8000-000000000001"
ACTION = "00000000-0000-7000-8000-000000000002"
MINUTES = "00000000-0000-7000-8000-000000000004"
LANDLORD, OTHER, IDVA = "harbourgate-homes", "tidewell-housing", "marlbury-idva"
COORDINATOR, AWAY, POLICE = "marlbury-marac", "fenhollow-idva", "marlbury-police"
HOSTED = "marlbury-clinic"
_IDVA = Caller(IDVA, AgencyKind.IDVA, "MARLBURY")


@pytest.fixture(scope="module")
def postgres_world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """A world on PostgreSQL in which one referral was sent."""
    folder: Path = tmp_path_factory.mktemp("world")
    with fresh(request, folder, "postgresql") as url, a_world(url, folder) as made:
        made.client(LANDLORD).refer(example("c1"))
        yield made


@pytest.fixture(scope="module")
def lived(shared_world: World) -> World:
    """No table is empty, and most have rows of several agencies and of two areas."""
    world = shared_world
    coordinator = world.client(COORDINATOR)
    conference = coordinator.create_conference(
        {"area": "MARLBURY", "starts_at": "2027-01-08T09:30:00Z", "attendees": [POLICE, IDVA]}
    )["conference"]
    first = world.client(LANDLORD).refer(example("c1")).reference
    coordinator.decide(first, {"decision": "ACCEPT", "feedback": "PLAN_AGREED"})
    coordinator.list_case(conference, first)
    world.execute("UPDATE conference_case SET place = 1")  # as its coordinator ordered it
    again = world.client(OTHER).refer(example("c1")).reference
    coordinator.decide(again, {"decision": "MERGE", "merge_with": first, "release": True})
    world.client(IDVA).pull(first, "P2")  # and looks at the log, and signs what it saw
    world.client(IDVA).acknowledge(first, "ACCEPTED")
    landlord = world.client(LANDLORD)
    landlord.record_position(first, position("GIVEN"))
    objects = landlord.refer(graded(20)).reference
    landlord.withdraw(first, "SENT_IN_ERROR")  # only asks: it goes on already
    landlord.record_position(objects, position("WITHDRAWN"))
    landlord.record_override(objects, example("c2")["document"]["override_record"])
    landlord.record_position(landlord.refer(graded(3)).reference, position("WITHDRAWN"))
    world.client(AWAY).refer(example("c3"))
    world.client("marlbury-gp").refer(graded(3))
    agency = world.wire(LANDLORD).agency
    agency.send("revoke", agency.token("referrals:read"))
    _host(world)
    world.client(LANDLORD).list_cases()
    world.sequence()
    world.client(POLICE).agenda(conference)
    nothing = {"people": [{"person": "VICTIM", "known": "NOT_KNOWN"}]}
    world.client(POLICE).research.give(conference, first, nothing)
    for caller, case_id in ((ledger.OPERATOR, None), (_IDVA, world.case_of(first))):
        with ledger.begin(world.sessions, world.keys, caller, world.now) as work:
            work.record("case.read", case_id, because="assigned")  # lines that wait
    _fill(world, world.case_of(first))
    _tie(world, world.case_of(first))
    return world


def _tie(world: World, case_id: str) -> None:
    """Somebody is tied, somebody looked behind the glass, and two accuse each other."""
    worker = {"agency_id": LANDLORD, "worker_id": "homes-01"}
    by = {"by_agency": COORDINATOR, "by_worker": "marac-01", "at": world.now}
    shared = world.rows(t.case_token, case_id=case_id)[0]["token"]
    other = next(row["id"] for row in world.rows(t.case) if row["id"] != case_id)
    actions = ((ACTION, case_id), (str(uuid.uuid4()), other))  # of a listed case, and of another
    signs_in = {"agency_id": LANDLORD, "worker_id": "homes-01"}
    rows: list[tuple[Table, dict[str, Any]]] = [
        (t.person_role, {**signs_in, "role": PersonRole.AGENCY_REP, "at": world.now}),
        (
            t.passkey,
            {
                **signs_in,
                "id": b"k" * 32,
                "credential": b"c",
                "public_key": b"p",
                "sign_count": 0,
                "added_at": world.now,
            },
        ),
        (
            t.password,
            {**signs_in, "salt": b"s" * 16, "seed": b"e", "last_step": 0, "set_at": world.now},
        ),
        (t.sign_on, {**signs_in, "subject": b"j" * 32, "linked_at": world.now}),
        (
            t.one_time,
            {
                **signs_in,
                "digest": b"o" * 32,
                "kind": OneTime.INVITATION,
                "made_at": world.now,
            },
        ),
        (
            t.desk_session,
            {
                **signs_in,
                "digest": b"d" * 32,
                "method": SignedInBy.PASSKEY,
                "began_at": world.now,
                "authenticated_at": world.now,
                "seen_at": world.now,
            },
        ),
        (
            t.interest,
            {
                **worker,
                "epoch": "e",
                "wrapped": b"w",
                "content": b"c",
                "index_key": "i",
                "declared_at": world.now,
            },
        ),
        (t.interest_token, {**worker, "token": shared}),
        (
            t.worker_key,
            {
                **worker,
                "kid": "own",
                "jwk": {},
                "thumbprint": "T" * 43,
                "asked_at": world.now,
                "approved_by": "homes-02",
                "approved_at": world.now,
            },
        ),
        (
            t.conflict_act,
            {"case_id": case_id, "seq": 1, "act": ConflictAct.CONFIRM, **worker, **by},
        ),
        (
            t.counter_review,
            {"case_id": case_id, "seq": 1, "outcome": PrimaryVictim.INSUFFICIENT, **by},
        ),
        (
            t.redaction,
            {
                "case_id": case_id,
                "seq": 1,
                "section": "incidents",
                "owner_id": LANDLORD,
                "places": [],
                "digests": [],
                "state": RedactionState.REJECTED,
                **by,
            },
        ),
        (
            t.release,
            {
                "case_id": case_id,
                "agency_id": POLICE,
                "team": "safeguarding",
                "state": ReleaseState.WAITING,
                "asked_at": world.now,
                "due_at": world.now,
            },
        ),
        (
            t.held_text,
            {
                "case_id": case_id,
                "agency_id": POLICE,
                "section": "incidents",
                "owner_id": LANDLORD,
                "place": "/incidents/0/what",
                "at": world.now,
            },
        ),
        (
            t.glass,
            {
                "case_id": case_id,
                "seq": 1,
                **worker,
                "category": Category.D05,
                "purpose": Purpose.P7,
                "account": b"a",
                "method": "otp",
                "authenticated_at": world.now,
                "asked_at": world.now,
                "until": world.now + timedelta(hours=1),
                "due_at": world.now,
            },
        ),
        (
            t.approval,
            {
                "case_id": case_id,
                "seq": 1,
                **worker,
                "section": "orientation",
                "account": b"a",
                "asked_at": world.now,
                "state": ApprovalState.APPROVED,
                **by,
                "answer": b"a",
                "until": date(2030, 1, 1),
            },
        ),
        (
            t.approval,
            {
                "case_id": case_id,
                "seq": 2,
                **worker,
                "section": "religion",
                "account": b"a",
                "asked_at": world.now,
                "state": ApprovalState.ASKED,
            },
        ),
        *[  # as it once stood: what counts is the newest
            (
                t.state,
                {
                    "case_id": case_id,
                    "seq": seq,
                    "state": state,
                    "because": "then",
                    "reasons": [],
                    **by,
                },
            )
            for seq, state in (
                (0, CaseState.HEARD),
                (-1, CaseState.RETURNED),
                (-2, CaseState.REJECTED),
            )
        ],
        *[
            (
                t.action,
                {
                    "id": action,
                    "case_id": of,
                    "number": 1,
                    "theme": ActionTheme.SAFETY_PLAN,
                    "about": ActionAbout.VICTIM,
                    "urgency": ActionUrgency.ROUTINE,
                    "owner_id": LANDLORD,
                    "due_at": world.now,
                },
            )
            for action, of in actions
        ],
        *[
            (
                t.action_step,
                {
                    "action_id": action,
                    "seq": 1,
                    "case_id": of,
                    "act": ActionAct.PROPOSE,
                    "status": ActionStatus.PROPOSED,
                    **by,
                },
            )
            for action, of in actions
        ],
        (
            t.action_notice,
            {
                "action_id": ACTION,
                "rung": ActionRung.OWNER,
                "case_id": case_id,
                "to_id": LANDLORD,
                "contact": Contact.DUTY,
                "at": world.now,
                "sending": Sending.WAITING,
                "tries": 0,
                "next_at": world.now,
            },
        ),
        (
            t.section,
            {
                "id": MINUTES,
                "case_id": case_id,
                "name": "minutes",
                "part": "FULL",
                "owner_id": LANDLORD,
                "key": b"k",
                "content": b"c",
                "written_at": world.now,
            },
        ),
        (
            t.flag,
            {
                "case_id": case_id,
                "seq": 1,
                "act": FlagAct.PLACED,
                "until": date(2030, 1, 1),
                **by,
            },
        ),
        (
            t.draft,
            {
                "id": DRAFT,
                "agency_id": LANDLORD,
                "made_by": "homes-01",
                "made_at": world.now,
                "changed_by": "homes-01",
                "changed_at": world.now,
                "expires_at": world.now + timedelta(days=999),
                "version": 1,
                "epoch": "e",
                "wrapped": b"w",
                "content": b"c",
            },
        ),
        (
            t.draft_file,
            {
                "draft_id": DRAFT,
                "number": 1,
                "kind": AttachmentKind.OTHER,
                "media_type": "text/plain",
                "size": 1,
                "added_by": "homes-01",
                "added_at": world.now,
                "content": b"c",
            },
        ),
        (
            t.attachment,
            {
                "id": DRAFT,
                "case_id": case_id,
                "reference": world.rows(t.referral, case_id=case_id)[0]["reference"],
                "number": 1,
                "owner_id": LANDLORD,
                "kind": AttachmentKind.OTHER,
                "media_type": "text/plain",
                "size": 1,
                "digest": b"d" * 32,
                "at": world.now,
                "content": b"c",
                **{name: by[name] for name in ("by_agency", "by_worker")},
            },
        ),
        (
            t.receipt,
            {
                "id": RECEIPT,
                "case_id": case_id,
                "agency_id": LANDLORD,
                "form": "glass/1",
                "at": world.now,
                "content": b"c",
            },
        ),
        (
            t.link,
            {
                "case_id": case_id,
                "other_id": other,
                "kind": "REVERSED",
                "repeats": [],
                "status": "PROPOSED",
                "at": world.now,
            },
        ),
    ]
    with world.engine.begin() as connection:
        for table, row in rows:
            connection.execute(insert(table).values(**row))


def _fill(world: World, case_id: str) -> None:
    """A row for each table that only time, or ten thousand entries, would fill."""
    granted = {(row["section_id"], row["agency_id"]) for row in world.rows(t.section_grant)}
    copies = world.rows(t.section, case_id=case_id)
    sealed = next(row for row in copies if (row["id"], row["audience"]) in granted)
    conference_id = world.rows(t.conference)[0]["id"]
    rows: dict[Table, dict[str, Any]] = {
        t.log_node: {"level": 1, "number": 0, "hash": bytes(32)},
        t.epoch: {"name": "epoch-2024-01-1", "retired_at": world.now},
        t.key_job: {"kind": "cases", "started_at": world.now},
        t.tombstone: {
            "reference": "0000000000",
            "case_id": str(uuid.uuid4()),
            "area": "MARLBURY",
            "opened_at": world.now,
            "erased_at": world.now,
            "because": "RETENTION_ENDED",
            "first": "sam",
            "second": "alex",
        },
        t.attendance: {
            "conference_id": conference_id,
            "agency_id": IDVA,
            "worker_id": "idva-01",
            "attending": Attending.REPRESENTATIVE,
            "version": "1",
            "digest": "0" * 64,
            "signed_at": world.now,
        },
        t.presence: {
            "conference_id": conference_id,
            "case_id": case_id,
            "agency_id": IDVA,
            "worker_id": "idva-01",
            "arrived_at": world.now,
            "attending": Attending.REPRESENTATIVE,
            "to_end": False,
        },
        t.contact: {
            "agency_id": IDVA,
            "contact": Contact.DUTY,
            "address": "duty@idva.example",
            "at": world.now,
        },
        t.announcement: {
            "agency_id": IDVA,
            "leaf": 1,
            "number": 1,
            "tries": 0,
            "next_at": world.now,
        },
        t.notice: {
            "case_id": case_id,
            "agency_id": IDVA,
            "rung": Rung.WORKER,
            "to_id": IDVA,
            "contact": Contact.DUTY,
            "at": world.now,
            "sending": Sending.WAITING,
            "tries": 0,
            "next_at": world.now,
        },
        t.beat: {"name": "worker", "at": world.now},
        t.private_note: {
            "id": str(uuid.uuid4()),
            "case_id": case_id,
            "agency_id": IDVA,
            "number": 1,
            "kind": NoteKind.CASEWORK,
            "digest": bytes(32),
            "at": world.now,
            "document": b"sealed",
        },
        t.seal_request: {
            "case_id": case_id,
            "agency_id": POLICE,
            "source_id": sealed["id"],
            "digest": bytes(32),
            "document": b"sealed",
            "state": SealRequest.OPEN,
            "asked_at": world.now,
        },
    }
    empty = [table for table in rows if not world.rows(table)]
    with world.engine.begin() as connection:
        for table in empty:
            connection.execute(insert(table).values(**rows[table]))


def _host(world: World) -> None:
    """An agency whose keys lie with the gateway, and somebody asked for other ones."""
    registrars = Registrars(world.sessions, world.keys)
    registrars.register(
        agency_id=HOSTED,
        name="Marlbury clinic",
        kind=AgencyKind.PRIMARY_CARE,
        area="MARLBURY",
        custody=Custody.HOSTED,
        now=world.now,
    )
    registrars.ask(
        requested.rekeying(agency_id=HOSTED, now=world.now), world.now, by=registrars.pair[0]
    )
    with ledger.begin(world.sessions, world.keys, ledger.OPERATOR, world.now) as work:
        agencies.add_worker(work, agency_id=HOSTED, worker_id="clinic-01")
