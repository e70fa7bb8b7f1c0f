"""Every read of the store, asked with others' ids and no rule in between, finds nothing."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

import gateway.store
from gateway.schemas.codes import CaseRole, CaseState, OneTime
from gateway.store import context, engine
from gateway.store import tables as t
from tests.journeys.world import CHURCH, World
from tests.wall.conftest import DRAFT, HOSTED, LANDLORD, OTHER, RECEIPT

# Where a read finds something although it was asked by a stranger, and why it may.
PUBLIC = {
    "agencies.find_agency": "the directory",
    "agencies.list_agencies": "the directory",
    "agencies.list_custodies": "the directory",
    "agencies.list_standing": "the directory",
    "agency_keys.find_key": "the directory",
    "agency_keys.list_keys": "the directory",
    "agency_keys.list_lives": "the directory",
    "agency_keys.list_by_thumbprint": "the directory",
    "key_events.find_last": "the history of partners' keys is public to partners",
    "key_events.list_events": "the history of partners' keys is public to partners",
    "key_events.find_added": "the history of partners' keys is public to partners",
    "key_events.list_announced": "the history of partners' keys is public to partners",
    "contacts.find_beat": "whether the worker looks is for everybody who relies on it",
    "conferences.find_conference": "when and where, and no case",
    "conferences.find_last": "when and where, and no case",
    "conferences.list_begun": "when and where, and no case",
    "reports.list_meetings": "when and where, and no case",
    "log.find_newest_checkpoint": "signed roots are published",
    "log.list_checkpoints": "signed roots are published",
    "published.find_published": "signed roots are published",
    "published.find_best_witnessed": "signed roots are published",
    "published.list_witnesses": "who countersigns is published",
    "published.list_all_cosignatures": "who countersigns is published",
    "published.list_cosignatures": "who countersigns is published",
    "epochs.count_elsewhere": "the month's log key, under which everybody's lines lie",
    "epochs.list_epochs_in_use": "the month's log key, under which everybody's lines lie",
    "worker_keys.find_key": "workers' own public keys are the partners' to seal to",
    "worker_keys.is_known": "workers' own public keys are the partners' to seal to",
    "worker_keys.list_keys": "workers' own public keys are the partners' to seal to",
}
NOTHING: Mapping[str, object] = {
    "dated.next_seq": 1,
    "drafts.next_number": 1,
}  # the first, where no row is seen
READING = ("find_", "list_", "count_", "get_", "read_", "is_", "next_", "take_", "lock_")
OFFERED = "notices.list_unanswered"  # nothing is offered here: the notices' own tests find some
# Reads of another kind, or writers by such a name.
NO_READ = {
    "cases.lock_case",
    "cases.lock_for_reading",
    "conferences.list_case",
    "log.try_sequencer_lock",
}


def reads() -> dict[str, Callable[..., Any]]:
    """Every public function of the store that reads with a session."""
    found = {}
    for module in pkgutil.iter_modules(gateway.store.__path__):
        loaded = importlib.import_module(f"gateway.store.{module.name}")
        for name, function in vars(loaded).items():
            if not inspect.isfunction(function) or function.__module__ != loaded.__name__:
                continue
            first = next(iter(inspect.signature(function).parameters), None)
            if first == "session" and name.startswith(READING):
                found[f"{module.name}.{name}"] = function
    return {name: each for name, each in found.items() if name not in NO_READ}


def values(world: World) -> dict[str, Any]:
    """Ids of others, by the name of the parameter that takes them."""
    case_ids = [row["id"] for row in world.rows(t.case)]
    case_id = world.rows(t.conference_case)[0]["case_id"]
    entry = world.rows(t.log_entry, case_id=case_id)[0]
    referral = world.rows(t.referral, agency_id=OTHER)[0]
    section_ids = [row["id"] for row in world.rows(t.section)]
    return {
        "after": (0, 0),
        "attachment_id": DRAFT,
        "draft_id": DRAFT,
        "agencies": [LANDLORD],
        "agency_id": LANDLORD,
        "agency_ids": [LANDLORD, OTHER],
        "at": world.now,
        "area": "MARLBURY",
        "because": world.rows(t.assignment, role=CaseRole.COORDINATOR)[0]["because"],
        "before": None,
        "case_id": case_id,
        "case_ids": case_ids,
        "commitment": entry["commitment"],
        "commitments": [entry["commitment"]],
        "conference_id": world.rows(t.conference)[0]["id"],
        "end": 10_000,
        "epoch": "another",
        "entry_id": entry["id"],
        "first": 0,
        "holder": _holder(world),
        "index_key": "another",
        "jti": "x" * 20,
        "key": world.rows(t.answer, agency_id=LANDLORD)[0]["key"],
        "kid": world.rows(t.agency_key, agency_id=LANDLORD, use="sig")[0]["kid"],
        "leaf": 0,
        "level": 0,
        "limit": 1000,
        "names": [row["name"] for row in world.rows(t.section)],
        "now": world.now,
        "on": LATER.date(),
        "number": 0,
        "reference": referral["reference"],
        "part": "FULL",
        "references": [referral["reference"]],
        "section_ids": section_ids,
        "seq": 1,
        "state": CaseState.LISTED,
        "size": world.rows(t.log_cosignature)[0]["size"],
        "subjects": case_ids,
        "table": t.state,
        "thumbprint": "T" * 43,
        "thumbprints": [world.rows(t.agency_key)[0]["thumbprint"]],
        "tokens": [row["token"] for row in world.rows(t.party_token)],
        "use": "sig",
        "width": 256,
        "worker_id": "homes-01",
    }


def _holder(world: World) -> str:
    """An agency that could open a copy that was asked for."""
    asked = {row["source_id"] for row in world.rows(t.seal_request)}
    copies = [row for row in world.rows(t.section) if row["id"] in asked]
    granted = {(row["section_id"], row["agency_id"]) for row in world.rows(t.section_grant)}
    return next(str(row["audience"]) for row in copies if (row["id"], row["audience"]) in granted)


LONG_BEFORE, LATER = datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
# What another value says better.
INSTEAD: Mapping[str, Mapping[str, Any]] = {
    "agency_keys.find_private": {"agency_id": HOSTED, "use": "enc"},
    "key_events.list_events": {"after": 0},
    "published.find_published": {"before": LATER},
    "key_jobs.count_older_keys": {"before": LATER},
    "key_jobs.list_older_keys": {"before": LATER},
    "private_notes.list_notes": {"agency_id": "marlbury-idva", "after": 0},
    "drafts.find_file": {"number": 1},
    "dated.list_sealed": {"table": "state", "column": "state"},
    "conferences.find_next": {"agency_id": "marlbury-police", "since": LONG_BEFORE},
    "conferences.list_coming": {"agency_id": "marlbury-police", "since": LONG_BEFORE},
    "conferences.list_of_case": {"since": LONG_BEFORE},
    "conferences.find_last": {"agency_id": "marlbury-marac", "before": LATER},
    "conferences.list_begun": {"after": LONG_BEFORE, "until": LATER},
    "flags.list_ending": {"agency_id": "marlbury-marac", "before": date(2031, 1, 1)},
    "conferences.list_attended": {"agency_id": "marlbury-police", "until": LATER},
    "reports.list_named": {"name": "safe_contact"},
    "reports.list_heard": {"since": LONG_BEFORE, "until": LATER},
    "action_notices.list_overdue": {"states": tuple(CaseState), "now": LATER},
    "reports.list_meetings": {
        "agency_id": "marlbury-marac",
        "since": LONG_BEFORE,
        "until": LATER,
    },
    "research.find_request": {"agency_id": "marlbury-police"},
    "research.list_asked": {"agency_id": "marlbury-police"},
    "research.list_returns": {"agency_id": "marlbury-police"},
    "credentials.count_one_time": {"kind": OneTime.INVITATION},
    "credentials.find_one_time": {"digest": b"o" * 32},
    "credentials.find_passkey": {"key_id": b"k" * 32},
    "sign_ons.find_subject": {"subject": b"j" * 32},
    "epochs.list_elsewhere": {"table": t.case_key},
    "worker_keys.find_key": {"kid": "own"},
    "erasing.find_tombstone": {"reference": "0000000000"},
    "feed.list_looks": {"agency_id": "harbourgate-homes", "after": (0, 0)},
    "receipts.list_by_id": {"ids": [RECEIPT]},
    "receipts.list_receipts": {"agency_id": "harbourgate-homes", "until": LATER},
    "notices.list_unread": {"states": tuple(CaseState)},
    "approvals.list_standing": {"on": LATER.date()},
    "feed.list_items": {"agency_id": "marlbury-idva", "after": (0, 0)},
}


def ask(world: World, name: str, session: Session) -> Any:
    """Call a read of the store with others' ids."""
    function, known = reads()[name], {**values(world), **INSTEAD.get(name, {})}
    needed = list(inspect.signature(function).parameters.values())[1:]
    given = {
        each.name: known[each.name]
        for each in needed
        if each.default is inspect.Parameter.empty or each.name in INSTEAD.get(name, {})
    }
    positional = [given.pop(p.name) for p in needed if p.kind is p.POSITIONAL_OR_KEYWORD]
    return function(session, *positional, **given)


@contextmanager
def as_stranger(world: World) -> Iterator[Session]:
    with world.sessions() as session:
        context.stand(session, CHURCH)
        yield session


def is_nothing(name: str, found: object) -> bool:
    return found == NOTHING[name] if name in NOTHING else not found


@pytest.mark.parametrize("name", sorted(reads()))
def test_V44_a_read_with_others_ids_finds_nothing(lived: World, name: str) -> None:
    with as_stranger(lived) as session:
        found = ask(lived, name, session)
    assert is_nothing(name, found) or name in PUBLIC


@pytest.mark.parametrize("name", sorted(reads().keys() - {OFFERED}))
def test_each_of_these_reads_would_find_something(lived: World, name: str) -> None:
    """Behind the wall the same call does: the test above can fail."""
    with Session(lived.engine) as session:
        session.connection(execution_options={"readonly": True})
        found = ask(lived, name, session)
        session.rollback()
    assert not is_nothing(name, found)


def test_what_is_public_is_still_read_so() -> None:
    assert set(PUBLIC) <= set(reads())


def test_a_token_tells_nothing_of_another_agencys_worker(lived: World) -> None:
    from gateway.store import tokens

    kid = lived.rows(t.agency_key, agency_id=CHURCH)[0]["kid"]
    asked = {"agency_id": CHURCH, "jti": "x" * 20, "kid": kid, "now": lived.now}
    found = tokens.find_facts(lived.sessions.kw["bind"], worker_id="homes-01", **asked)
    assert found is not None
    assert found.worker_id is None


def test_the_store_has_no_other_way_to_open_a_database() -> None:
    """One engine for the service, and it is the walled one."""
    openers = {name for name in vars(engine) if name.startswith("make_")}
    assert openers == {"make_engine", "make_owner_engine", "make_sessions"}
