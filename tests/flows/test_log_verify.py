"""Whoever changes the stored log is found out, and the first changed entry is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from gateway import ledger
from gateway.cli.log import log as log_commands
from gateway.errors import Unavailable, UnsafeSettings
from gateway.sealing import notes, tree
from gateway.store.tables import checkpoint, log_entry, log_node, log_pending
from tests.flows.a_log import IDVA, LANDLORD, NOW, Log, a_case, a_log

ENTRIES = 530  # two whole tiles and a begun one


@pytest.fixture
def log(database_url: str, tmp_path: Path) -> Iterator[Log]:
    with a_log(database_url, tmp_path) as made:
        yield made


@pytest.fixture
def full(log: Log) -> Log:
    log.read_many(300)
    log.read_many(226, LANDLORD)
    log.read_many(4)
    return log


def test_a_good_log_is_verified(full: Log) -> None:
    seen: list[tuple[int, int]] = []
    report = ledger.verify(
        full.sessions, full.keys, lambda done, entries: seen.append((done, entries)), deep=True
    )
    assert report
    assert report == ledger.Report(ENTRIES)
    assert seen[-1] == (ENTRIES, ENTRIES)
    assert ledger.verify(full.sessions, full.keys) == ledger.Report(ENTRIES)
    ledger.check_head(full.sessions, full.keys)


def test_an_empty_log_is_verified(log: Log) -> None:
    assert ledger.verify(log.sessions, log.keys, deep=True) == ledger.Report(0)
    log.sequence()
    assert ledger.verify(log.sessions, log.keys, deep=True) == ledger.Report(0)
    ledger.check_head(log.sessions, log.keys)


def test_verification_hinders_nobody(full: Log) -> None:
    """Lines may be added while the log is being read; they belong to the next check."""

    def write(_done: int, _entries: int) -> None:
        full.read()
        full.sequence()

    assert ledger.verify(full.sessions, full.keys, write) == ledger.Report(ENTRIES)
    assert ledger.verify(full.sessions, full.keys, write, deep=True)
    assert ledger.verify(full.sessions, full.keys, deep=True).entries > ENTRIES


# --- tampering --------------------------------------------------------------------------------

Deed = Callable[[Log], None]


def other_bytes(log: Log) -> None:
    log.execute("UPDATE log_entry SET bytes = :new WHERE leaf = 77", new=b"{}")


def other_hash(log: Log) -> None:
    log.execute("UPDATE log_entry SET hash = :new WHERE leaf = 77", new=bytes(32))


def other_bytes_and_hash(log: Log) -> None:
    """A leaf exchanged with its hash, below a stored node."""
    log.execute(
        "UPDATE log_entry SET bytes = :new, hash = :hash WHERE leaf = 77",
        new=b"{}",
        hash=tree.leaf_hash(b"{}"),
    )


def other_bytes_and_hash_at_the_end(log: Log) -> None:
    """The same where no node is stored yet: only the checkpoint knows."""
    log.execute(
        "UPDATE log_entry SET bytes = :new, hash = :hash WHERE leaf = 528",
        new=b"{}",
        hash=tree.leaf_hash(b"{}"),
    )


def swapped(log: Log) -> None:
    """Two whole lines change places."""
    for old, new in ((77, 9000), (80, 77), (9000, 80)):
        log.execute("UPDATE log_entry SET leaf = :new WHERE leaf = :old", old=old, new=new)


def removed(log: Log) -> None:
    log.execute("DELETE FROM log_entry WHERE leaf = 77")


def removed_at_the_end(log: Log) -> None:
    log.execute("DELETE FROM log_entry WHERE leaf = 529")


def other_node(log: Log) -> None:
    log.execute("UPDATE log_node SET hash = :new WHERE number = 1", new=bytes(32))


def removed_node(log: Log) -> None:
    log.execute("DELETE FROM log_node WHERE number = 0")


def other_root(log: Log) -> None:
    log.execute("UPDATE checkpoint SET root = :new WHERE size = 530", new=bytes(32))


def forged_checkpoint(log: Log) -> None:
    log.execute("UPDATE checkpoint SET note = :new WHERE size = 530", new="made up\n530\n\n")


def shorter_checkpoint(log: Log) -> None:
    """The last signed root is taken away: lines stand that nothing signs."""
    log.execute("DELETE FROM checkpoint WHERE size = 530")


def own_tree(log: Log) -> None:
    """All hashes rebuilt by someone without the signing key."""
    other_bytes_and_hash(log)
    with log.engine.begin() as connection:
        hashes = connection.scalars(select(log_entry.c.hash).order_by(log_entry.c.leaf)).all()
    log.execute("UPDATE log_node SET hash = :new WHERE number = 0", new=tree.root(hashes[:256]))
    log.execute("UPDATE checkpoint SET root = :new WHERE size = 530", new=tree.root(hashes))


QUICK: list[tuple[Deed, int, str]] = [
    (other_bytes, 77, "leaf"),
    (other_hash, 77, "leaf"),
    (other_bytes_and_hash, 77, "tag"),
    (other_bytes_and_hash_at_the_end, 528, "tag"),
    (swapped, 77, "sequence"),
    (removed, 77, "missing"),
    (removed_at_the_end, 529, "missing"),
    (other_node, 256, "node"),
    (removed_node, 0, "node"),
    (other_root, 529, "checkpoint"),
    (forged_checkpoint, 529, "checkpoint"),
    (shorter_checkpoint, 526, "unsigned"),
    (own_tree, 529, "checkpoint"),
]


@pytest.mark.parametrize(("deed", "leaf", "what"), QUICK)
@pytest.mark.parametrize("deep", [False, True])
def test_F72_a_changed_tree_is_found(
    full: Log, deed: Deed, leaf: int, what: str, deep: bool
) -> None:
    deed(full)
    report = ledger.verify(full.sessions, full.keys, deep=deep)
    assert not report
    assert (report.first_bad, report.what) == (leaf, what)


def other_record(log: Log) -> None:
    log.execute(
        "UPDATE log_entry SET record = (SELECT record FROM log_entry WHERE leaf = 87)"
        " WHERE leaf = 77"
    )


def other_agency(log: Log) -> None:
    log.execute("UPDATE log_entry SET agency_id = 'oak', agency_seq = 9999 WHERE leaf = 77")


def other_case(log: Log) -> None:
    log.execute("UPDATE log_entry SET case_id = :case WHERE leaf = 77", case=a_case(99))


def other_commitment(log: Log) -> None:
    log.execute("UPDATE log_entry SET commitment = :new WHERE leaf = 77", new=bytes(32))


def removed_key(log: Log) -> None:
    log.execute("DELETE FROM log_key WHERE subject = :case", case=a_case(7))


def removed_agency_key(log: Log) -> None:
    log.execute("DELETE FROM agency_log_key WHERE agency_id = 'oak'")


def other_counter(log: Log) -> None:
    log.execute("UPDATE agency_log_key SET last_seq = 7 WHERE agency_id = 'oak'")


def older_checkpoint(log: Log) -> None:
    log.execute("UPDATE checkpoint SET root = :new WHERE size = 300", new=bytes(32))


def older_note(log: Log) -> None:
    log.execute(
        "UPDATE checkpoint SET note = (SELECT note FROM checkpoint WHERE size = 526)"
        " WHERE size = 300"
    )


DEEP: list[tuple[Deed, int, str]] = [
    (other_record, 77, "record"),
    (other_agency, 77, "tag"),
    (other_case, 77, "record"),
    (other_commitment, 77, "tag"),
    (removed_key, 7, "record"),
    (removed_agency_key, 300, "tag"),
    (other_counter, ENTRIES, "counter"),
    (older_checkpoint, 299, "checkpoint"),
    (older_note, 299, "checkpoint"),
]


@pytest.mark.parametrize(("deed", "leaf", "what"), DEEP)
def test_what_lies_behind_the_hashes_is_found_by_a_deep_check(
    full: Log, deed: Deed, leaf: int, what: str
) -> None:
    deed(full)
    report = ledger.verify(full.sessions, full.keys, deep=True)
    assert (report.first_bad, report.what) == (leaf, what)


def test_a_record_that_was_exchanged_with_its_key_breaks_its_commitment(full: Log) -> None:
    """Even the holder of all keys cannot give a leaf another record."""
    from gateway.ledger import keyring, records

    with Session(full.engine) as session:
        key = keyring.log_keys(session, full.keys, [a_case(7)])[a_case(7)]
        entry_id = session.scalar(select(log_entry.c.id).where(log_entry.c.leaf == 77))
    assert entry_id is not None
    sealed = records.seal(key, entry_id, a_case(7), bytes(16) + b'{"agency":"larch"}')
    full.execute("UPDATE log_entry SET record = :new WHERE leaf = 77", new=sealed)
    report = ledger.verify(full.sessions, full.keys, deep=True)
    assert (report.first_bad, report.what) == (77, "commitment")


# --- checkpoints held elsewhere ----------------------------------------------------------------


def test_a_log_that_was_cut_is_found_by_a_checkpoint_that_someone_kept(full: Log) -> None:
    with Session(full.engine) as session:
        kept = ledger.newest_checkpoint(session)
    full.execute("DELETE FROM log_entry WHERE leaf >= 526")
    full.execute("DELETE FROM checkpoint WHERE size > 526")
    full.execute("UPDATE agency_log_key SET last_seq = 300 WHERE agency_id = 'larch'")
    assert ledger.verify(full.sessions, full.keys, deep=True)  # in itself it is whole
    report = ledger.verify(full.sessions, full.keys, held=[kept])
    assert (report.first_bad, report.what) == (526, "missing")


def test_a_second_history_is_found_by_a_checkpoint_that_someone_kept(full: Log) -> None:
    origin = notes.origin_of(full.keys.log_public)
    other = notes.Checkpoint(origin, 300, bytes(32))  # the signing key is in the wrong hands
    kept = notes.sign_checkpoint(other, full.keys.log)
    assert ledger.verify(full.sessions, full.keys, held=[kept]).what == "held"
    assert ledger.verify(full.sessions, full.keys, held=["no checkpoint"]).what == "held"


def test_every_checkpoint_ever_given_still_holds(full: Log) -> None:
    with Session(full.engine) as session:
        kept = session.scalars(select(checkpoint.c.note)).all()
    assert len(kept) == 3
    assert ledger.verify(full.sessions, full.keys, held=kept)


# --- at start and while sequencing -------------------------------------------------------------

AT_START = [
    other_bytes_and_hash_at_the_end,
    removed_at_the_end,
    other_node,
    removed_node,
    other_root,
    forged_checkpoint,
    shorter_checkpoint,
]


@pytest.mark.parametrize("deed", AT_START)
def test_the_service_does_not_start_on_a_changed_head(full: Log, deed: Deed) -> None:
    deed(full)
    with pytest.raises(UnsafeSettings):
        ledger.check_head(full.sessions, full.keys)


def test_a_changed_log_is_never_signed_again(full: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that meets the log for the first time compares it before it adds to it."""
    other_bytes_and_hash_at_the_end(full)
    monkeypatch.setattr("gateway.ledger.sequencer._seen", (tree.EMPTY, tree.Frontier()))
    full.read()
    with pytest.raises(Unavailable):
        full.sequence()
    assert full.count(log_pending) == 1
    assert full.count(checkpoint) == 3


def test_nodes_are_kept_for_whole_subtrees_only(full: Log) -> None:
    with full.engine.begin() as connection:
        columns = select(log_node.c.level, log_node.c.number).order_by(log_node.c.number)
        rows = connection.execute(columns).all()
        hashes = connection.scalars(select(log_entry.c.hash).order_by(log_entry.c.leaf)).all()
        stored = connection.scalars(select(log_node.c.hash).order_by(log_node.c.number)).all()
    assert [tuple(row) for row in rows] == [(1, 0), (1, 1)]
    assert list(stored) == [tree.root(hashes[:256]), tree.root(hashes[256:512])]


# --- the command ------------------------------------------------------------------------------


def test_the_command_says_that_the_log_holds(full: Log, tmp_path: Path) -> None:
    with Session(full.engine) as session:
        (tmp_path / "kept").write_text(ledger.newest_checkpoint(session), encoding="utf-8")
    for options in ([], ["--deep"], ["--checkpoint", str(tmp_path / "kept")]):
        result = CliRunner().invoke(log_commands, ["verify", *options], obj=full)
        assert (result.exit_code, result.output[:21]) == (0, "verified: 530 entries")


def test_the_command_names_the_first_bad_entry(full: Log) -> None:
    other_bytes(full)
    result = CliRunner().invoke(log_commands, ["verify"], obj=full)
    assert (result.exit_code, result.output) == (1, "NOT VERIFIED: entry 77: leaf\n")


# --- the size of the whole -----------------------------------------------------------------------


def test_a_log_of_several_levels_is_verified_and_proved(sqlite_url: str, tmp_path: Path) -> None:
    """More than 65,536 entries, written straight into the tables as the sequencer would."""
    with a_log(sqlite_url, tmp_path) as log:
        count, edge = 65_536 + 300, tree.Frontier()
        log.read_many(1)
        with log.engine.begin() as connection:
            row = dict(connection.execute(select(log_entry)).mappings().one())
            edge.append(row["hash"])
            rows, nodes = [], []
            for leaf in range(1, count):
                data = b"%d" % leaf
                hashed, unique = tree.leaf_hash(data), leaf.to_bytes(32, "big")
                nodes += edge.append(hashed)
                rows.append(
                    row
                    | {"leaf": leaf, "id": f"{leaf:036}", "agency_seq": leaf + 1}
                    | {"commitment": unique, "bytes": data, "hash": hashed}
                )
            connection.execute(insert(log_entry), rows)
            names = ("level", "number", "hash")
            made = [dict(zip(names, node, strict=True)) for node in nodes]
            connection.execute(insert(log_node), made)
            connection.execute(checkpoint.delete())
            origin = notes.origin_of(log.keys.log_public)
            signed = notes.Checkpoint(origin, count, edge.root())
            note = notes.sign_checkpoint(signed, log.keys.log)
            row = {"size": count, "root": signed.root, "note": note, "at": NOW}
            connection.execute(insert(checkpoint), row)
        assert ledger.verify(log.sessions, log.keys) == ledger.Report(count)
        with Session(log.engine) as session:
            ledger.check_head(log.sessions, log.keys)
            found = ledger.inclusion(session, (40_000).to_bytes(32, "big"))
            step = ledger.consistency(session, 40_000, count)
        hashed = tree.leaf_hash(b"40000")
        assert tree.includes(hashed, 40_000, count, found.proof, signed.root)
        assert len(step) > 10
        log.execute("UPDATE agency_log_key SET last_seq = :seq", seq=count)
        log.read(IDVA)
        assert log.sequence() == 1
        assert ledger.verify(log.sessions, log.keys) == ledger.Report(count + 1)
        log.execute("UPDATE log_node SET hash = :new WHERE level = 2", new=bytes(32))
        report = ledger.verify(log.sessions, log.keys)
        assert (report.first_bad, report.what) == (1, "tag")  # the first of our invented lines
