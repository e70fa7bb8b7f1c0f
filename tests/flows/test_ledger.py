"""The access log, written and read on both databases."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from hashlib import sha256
from inspect import signature
from pathlib import Path
from threading import Thread

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from gateway import ledger
from gateway.errors import Denied, Invalid, NotFound, Unavailable
from gateway.ledger import keyring
from gateway.ledger.records import canonical
from gateway.ledger.sequencer import leaf_bytes
from gateway.profiles.loader import Profiles
from gateway.rules.facts import Caller
from gateway.schemas.codes import AgencyKind, Level, Purpose
from gateway.sealing import notes, tree
from gateway.sealing.jose import b64u
from gateway.store import log_keys
from gateway.store.tables import checkpoint, feed, log_entry, log_key, log_pending
from tests.flows.a_log import IDVA, LANDLORD, NOW, Log, a_case, a_log


@pytest.fixture
def log(database_url: str, tmp_path: Path) -> Iterator[Log]:
    with a_log(database_url, tmp_path) as made:
        yield made


# --- what is recorded -------------------------------------------------------------------------


def test_F75_purpose_and_basis_stand_in_each_entry(log: Log) -> None:
    with log.begin() as work:
        entry = work.record(
            "case.read",
            a_case(1),
            because="assigned",
            purpose=Purpose.P2,
            basis=("UKGDPR-6-1-e", "DPA18-S1-18"),
            levels={"incidents": Level.FULL, "health": Level.NONE},
            facts={"reference": "7K3M9QX2PD", "sections": 2},
        )
    with log.begin() as work:
        work.record("log.read", a_case(1), because="auditor")
        recorded = ledger.case_records(work, a_case(1))[0]
    assert recorded.record == {
        "t": "2026-11-21T12:30:00Z",
        "event": "case.read",
        "outcome": "allowed",
        "because": "assigned",
        "agency": "larch",
        "worker": "w-1",
        "case": a_case(1),
        "purpose": "P2",
        "basis": ["UKGDPR-6-1-e", "DPA18-S1-18"],
        "levels": {"incidents": "FULL", "health": "NONE"},
        "versions": {},
        "facts": {"reference": "7K3M9QX2PD", "sections": 2},
    }
    text = rfc8785.dumps(dict(recorded.record))
    assert recorded.commitment == entry.commitment == sha256(entry.salt + text).digest()
    assert len(entry.salt) == 16


def test_F68_an_entry_names_the_agency_and_worker_or_unattended(log: Log) -> None:
    log.read(IDVA)
    log.read(LANDLORD)
    with log.begin() as work:
        work.record("log.read", a_case(1), because="auditor")
        first, second, _ = ledger.case_records(work, a_case(1))
    assert (first.record["agency"], first.record["worker"]) == ("larch", "w-1")
    assert (second.record["agency"], second.record["worker"]) == ("oak", "unattended")


def test_V22_no_one_can_ask_not_to_be_logged() -> None:
    """Who, when and whether come from the Work; a flow can say only what and why."""
    given = set(signature(ledger.Work.record).parameters)
    assert not given & {"agency", "agency_id", "worker", "worker_id", "t", "now", "at", "skip"}


def test_F75_an_entry_names_the_rule_tables_that_were_in_force(log: Log) -> None:
    profiles = Profiles.load()
    for area in profiles.areas:
        caller = Caller("larch", AgencyKind.IDVA, area)
        with ledger.begin(log.sessions, log.keys, caller, NOW, profiles=profiles) as work:
            assert work.profiles is profiles
            entry = work.record("case.read", a_case(1), because="assigned")
        versions = entry.record["versions"]
        assert versions == profiles.for_area(area, NOW.date()).versions
        assert {len(version) for version in versions.values()} == {64}


def test_an_operator_acts_under_no_areas_tables(log: Log) -> None:
    profiles = Profiles.load()
    with ledger.begin(log.sessions, log.keys, ledger.OPERATOR, NOW, profiles=profiles) as work:
        entry = work.record("agency.list", None, because="operator")
    assert entry.record["versions"] == {}


def test_a_work_without_rule_tables_has_none_to_give(log: Log) -> None:
    with log.begin(ledger.OPERATOR) as work:
        work.record("agency.list", None, because="operator")
        with pytest.raises(RuntimeError, match="without rule tables"):
            _ = work.profiles


def test_time_is_written_in_utc(log: Log) -> None:
    summer = datetime.fromisoformat("2026-07-01T00:30:00+01:00")
    with log.begin(now=summer) as work:
        entry = work.record("case.read", a_case(1), because="assigned")
    assert entry.record["t"] == "2026-06-30T23:30:00Z"


_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | _TEXT,
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(st.characters(max_codepoint=127)), inner)
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.text(st.characters(max_codepoint=127)), _PLAIN))
def test_the_fast_encoder_agrees_with_rfc_8785(record: dict[str, object]) -> None:
    assert canonical(record) == rfc8785.dumps(record)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [1.5, 2**53, {"né": 1}, {1: 2}, b"", NOW, {1, 2}])
def test_facts_without_one_canonical_form_are_refused(log: Log, value: object) -> None:
    with pytest.raises(TypeError), log.begin() as work:
        work.record("case.read", a_case(1), because="assigned", facts={"fact": value})
    assert log.count(log_pending) == 0


def test_nothing_that_was_recorded_lies_in_the_clear(log: Log) -> None:
    with log.begin() as work:
        work.record("case.read", a_case(1), because="planted-reason", facts={"note": "planted"})
    log.sequence()
    with log.engine.begin() as connection:
        row = connection.execute(select(log_entry)).one()
    assert not any(b"planted" in value for value in row if isinstance(value, bytes))
    assert "planted" not in repr([value for value in row if not isinstance(value, bytes)])


def test_a_leaf_says_nothing_but_version_tag_and_commitment(log: Log) -> None:
    entry = log.read_many(1)[0]
    with Session(log.engine) as session:
        found = ledger.inclusion(session, entry.commitment)
        own = ledger.ensure_agency_log_key(session, log.keys, "larch")
    assert found.leaf == rfc8785.dumps(json.loads(found.leaf))
    assert json.loads(found.leaf).keys() == {"v", "tag", "commit"}
    assert found.leaf == leaf_bytes(own, 1, entry.commitment)
    assert json.loads(found.leaf)["commit"] == b64u(entry.commitment)


# --- refusals ---------------------------------------------------------------------------------


def test_F70_a_denied_attempt_is_logged_with_its_true_reason(log: Log) -> None:
    def read() -> None:
        with log.begin(LANDLORD) as work:
            work.attempt("case.read", purpose=Purpose.P7)
            work.record("case.read", a_case(1), because="assigned")  # goes with the rollback
            raise Denied("conflict", subject=a_case(1))

    with pytest.raises(NotFound) as caught:
        read()
    assert (type(caught.value), caught.value.args) == (NotFound, ("",))
    assert (caught.value.__cause__, caught.value.__suppress_context__) == (None, True)
    with log.begin() as work:
        work.record("log.read", a_case(1), because="auditor")
        denied, _ = ledger.case_records(work, a_case(1))
    wanted = {"event": "case.read", "outcome": "denied", "because": "conflict", "purpose": "P7"}
    assert {name: denied.record[name] for name in wanted} == wanted
    assert denied.record["agency"] == "oak"


def test_absence_is_logged_too_and_under_no_case(log: Log) -> None:
    with pytest.raises(NotFound), log.begin(LANDLORD):
        raise NotFound
    with log.engine.begin() as connection:
        row = connection.execute(select(log_pending.c.case_id, log_pending.c.log_key)).one()
    assert tuple(row) == (None, "2026-11")


def test_a_bad_request_leaves_nothing(log: Log) -> None:
    with pytest.raises(Invalid):
        _submit_and_fail(log)
    assert (log.count(log_pending), log.count(log_key)) == (0, 0)


# --- keys -------------------------------------------------------------------------------------


def test_a_key_that_was_rolled_back_is_never_used_again(log: Log) -> None:
    with pytest.raises(Invalid):
        _submit_and_fail(log)
    log.read()
    with log.begin() as work:
        work.record("log.read", a_case(1), because="auditor")
        assert [r.record["event"] for r in ledger.case_records(work, a_case(1))] == [
            "case.read",
            "log.read",
        ]


def test_a_destroyed_log_key_takes_the_records_and_leaves_the_tree(log: Log) -> None:
    log.read_many(10)
    log.execute("UPDATE log_key SET wrapped = NULL WHERE subject = :case", case=a_case(1))
    with log.begin() as work:
        work.record("log.read", None, because="auditor")
        assert ledger.case_records(work, a_case(1)) == []
    with pytest.raises(Unavailable), log.begin() as work:
        work.record("case.read", a_case(1), because="assigned")
    log.sequence()
    assert ledger.verify(log.sessions, log.keys, deep=True) == ledger.Report(11, destroyed=1)


def test_entries_without_a_case_are_sealed_under_the_month(log: Log) -> None:
    for now in (NOW, NOW + timedelta(days=30)):
        with log.begin(ledger.OPERATOR, now) as work:
            work.record("agency.add", None, because="operator")
    with log.engine.begin() as connection:
        subjects = connection.scalars(select(log_key.c.subject).order_by(log_key.c.subject)).all()
    assert subjects == ["2026-11", "2026-12"]


def test_held_keys_are_bounded(log: Log) -> None:
    with log.begin() as work:
        work.record_all([ledger.Act("case.read", a_case(n), "assigned") for n in range(600)])
    assert len(keyring._held) <= 512


def test_an_agency_has_one_log_key(log: Log) -> None:
    with Session(log.engine) as session, session.begin():
        first = ledger.ensure_agency_log_key(session, log.keys, "larch")
        assert ledger.ensure_agency_log_key(session, log.keys, "larch") == first
        assert ledger.ensure_agency_log_key(session, log.keys, "oak") != first
    assert len(first) == 32


# --- order ------------------------------------------------------------------------------------


def test_the_order_of_writing_is_the_order_of_the_log(log: Log) -> None:
    entries = log.read_many(30)
    with Session(log.engine) as session:
        found = [ledger.inclusion(session, entry.commitment).index for entry in entries]
    assert found == list(range(30))


def test_a_batch_is_bounded(log: Log) -> None:
    with log.begin() as work:
        work.record_all([ledger.Act("case.read", a_case(1), "assigned")] * 5)
    taken = [ledger.sequence(log.sessions, log.keys, limit=2, now=NOW) for _ in range(4)]
    assert taken == [2, 2, 1, 0]


def test_the_empty_log_has_a_checkpoint(log: Log) -> None:
    with Session(log.engine) as session:
        assert ledger.newest_checkpoint(session) == ""
    assert ledger.sequence(log.sessions, log.keys, now=NOW) == 0
    assert ledger.sequence(log.sessions, log.keys, now=NOW) == 0
    with Session(log.engine) as session:
        note = ledger.newest_checkpoint(session)
    origin = notes.origin_of(log.keys.log_public)
    opened = notes.open_checkpoint(note, origin=origin, publics=log.keys.log_public)
    assert opened == notes.Checkpoint(origin, 0, tree.EMPTY)


def test_the_feed_gets_the_leaf_of_its_entry(log: Log) -> None:
    with log.begin() as work:
        first = work.record("case.assign", a_case(1), because="route")
        second = work.record("case.assign", a_case(1), because="route")
        for entry in (second, first, second):
            row = {"agency_id": "larch", "case_id": a_case(1), "kind": "ASSIGNED"}
            work.session.execute(insert(feed), row | {"entry_id": entry.id})
    log.sequence()
    with log.engine.begin() as connection:
        assert connection.scalars(select(feed.c.leaf).order_by(feed.c.id)).all() == [1, 0, 1]


def test_wait_for_answers_once_an_entry_has_its_place(log: Log) -> None:
    log.read_many(3)
    entry = log.read()
    assert ledger.wait_for(log.sessions, log.keys, entry.id, NOW) == 3
    assert ledger.wait_for(log.sessions, log.keys, entry.id, NOW) == 3


def test_wait_for_gives_up_on_an_entry_that_never_was(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.ledger.sequencer._TRIES", 2)
    with pytest.raises(Unavailable):
        ledger.wait_for(log.sessions, log.keys, str(uuid.uuid4()), NOW)


def test_eight_writers_lose_nothing_and_leave_no_gap(log: Log) -> None:
    made: list[tuple[str, bytes]] = []

    def write(number: int) -> None:
        caller = Caller(f"agency-{number % 3}", AgencyKind.IDVA, "marlbury")
        for turn in range(15):
            entry = log.read(caller, case=turn % 4)
            made.append((caller.agency_id, entry.commitment))
            if turn % 5 == 0:
                ledger.wait_for(log.sessions, log.keys, entry.id, NOW)
            else:
                ledger.sequence(log.sessions, log.keys, limit=3, now=NOW)

    threads = [Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.sequence()
    with log.engine.begin() as connection:
        columns = select(log_entry.c.agency_id, log_entry.c.agency_seq, log_entry.c.commitment)
        rows = connection.execute(columns.order_by(log_entry.c.leaf)).all()
    assert sorted((row[0], row[2]) for row in rows) == sorted(made)
    assert len(made) == 8 * 15
    for agency_id in ("agency-0", "agency-1", "agency-2"):
        own = [row[1] for row in rows if row[0] == agency_id]
        assert own == list(range(1, len(own) + 1))
    assert ledger.verify(log.sessions, log.keys, deep=True) == ledger.Report(120)


def test_several_processes_memories_do_not_contradict(log: Log, tmp_path: Path) -> None:
    """What a process remembers of the tree is used only where the database agrees."""
    log.read_many(5)
    log.execute("DELETE FROM checkpoint WHERE size > 0")  # another history: the memory is stale
    log.execute("DELETE FROM log_entry")
    log.execute("UPDATE agency_log_key SET last_seq = 0")
    log.read_many(3)
    assert ledger.verify(log.sessions, log.keys, deep=True) == ledger.Report(3)


# --- proofs -----------------------------------------------------------------------------------


def test_every_entry_is_proved_to_be_in_the_newest_tree(log: Log) -> None:
    entries = log.read_many(300)  # more than one tile
    entries += log.read_many(7)
    origin = notes.origin_of(log.keys.log_public)
    with Session(log.engine) as session:
        for entry in entries[::13] + entries[-9:]:
            found = ledger.inclusion(session, entry.commitment)
            signed = notes.open_checkpoint(
                found.checkpoint, origin=origin, publics=log.keys.log_public
            )
            hashed = tree.leaf_hash(found.leaf)
            assert signed.size == found.size == 307
            assert tree.includes(hashed, found.index, 307, found.proof, signed.root)


def test_every_checkpoint_is_proved_to_be_a_prefix_of_the_newest(log: Log) -> None:
    for count in (1, 2, 250, 3, 60):
        log.read_many(count)
    with Session(log.engine) as session:
        rows = session.execute(select(checkpoint.c.size, checkpoint.c.root)).all()
        roots = {row[0]: row[1] for row in rows}
        for old in roots:
            for new in roots:
                if old <= new:
                    proof = ledger.consistency(session, old, new)
                    assert tree.extends(old, new, roots[old], roots[new], proof)
    assert sorted(roots) == [1, 3, 253, 256, 316]


def test_there_is_no_proof_of_what_is_not_in_the_log(log: Log) -> None:
    entry = log.read()
    with Session(log.engine) as session:
        for commitment in (entry.commitment, bytes(32)):
            with pytest.raises(NotFound):
                ledger.inclusion(session, commitment)
        for old, new in ((0, 1), (-1, 0), (1, 0)):
            with pytest.raises(Invalid):
                ledger.consistency(session, old, new)


# --- counters and reading ---------------------------------------------------------------------


def test_empty_polls_are_counted_per_agency_and_day(log: Log) -> None:
    for caller, now in ((IDVA, NOW), (IDVA, NOW), (LANDLORD, NOW), (IDVA, NOW + timedelta(1))):
        with log.begin(caller, now) as work:
            work.count("cases.poll")
    with Session(log.engine) as session:
        counts = log_keys.list_counts(session, agency_id="larch")
    assert counts == {
        (date(2026, 11, 21), "cases.poll"): 2,
        (date(2026, 11, 22), "cases.poll"): 1,
    }
    assert log.count(log_pending) == 0


def test_counting_at_once_loses_nothing(log: Log) -> None:
    def poll() -> None:
        for _ in range(10):
            with log.begin() as work:
                work.count("cases.poll")

    threads = [Thread(target=poll) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Session(log.engine) as session:
        assert list(log_keys.list_counts(session, agency_id="larch").values()) == [60]


def test_F79_the_log_is_read_only_by_who_recorded_that(log: Log) -> None:
    log.read()
    with pytest.raises(ledger.Unrecorded), log.begin() as work:
        ledger.case_records(work, a_case(1))


def test_F69_case_records_are_the_cases_own_in_order_with_those_that_wait(log: Log) -> None:
    log.read_many(20)
    log.read(case=3)
    with log.begin() as work:
        work.record("log.read", a_case(3), because="auditor")
        found = ledger.case_records(work, a_case(3))
    assert [line.leaf for line in found] == [3, 13, None, None]
    assert [line.agency_seq for line in found] == [4, 14, None, None]
    assert {line.case_id for line in found} == {a_case(3)}


def test_secrets_are_not_shown_by_repr(log: Log) -> None:
    with log.begin() as work:
        entry = work.record("case.read", a_case(1), because="planted-reason")
        shown = repr(work) + repr(entry)
    assert "planted-reason" not in shown
    assert str(entry.salt) not in shown


def _submit_and_fail(log: Log) -> None:
    with log.begin() as work:
        work.record("referral.submit", a_case(1), because="R1")
        raise Invalid("malformed")
