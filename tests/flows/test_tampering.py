"""Every byte that is flipped, every line that is dropped, swapped or cut: found, and named.

On 300 entries, which cross a tile of 256, without exception; on 10,000 by a seeded sample.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session, sessionmaker

from gateway import ledger
from gateway.ledger import Act, Report
from gateway.ledger.audit import check_signed
from gateway.ledger.lines import Bad, LineKeys, _keys_of, check_rows
from gateway.ledger.rehash import Rehash
from gateway.sealing import tree
from gateway.store import log as store
from tests.flows.a_log import IDVA, LANDLORD, Log, a_case, a_log

SMALL, LARGE = 300, 10_000


@dataclass(frozen=True)
class Stored:
    """A log as it is stored, read once."""

    log: Log
    lines: list[store.Line]
    leaves: list[tuple[bytes, bytes]]
    nodes: list[bytes]
    checkpoints: list[store.Signed]
    keys: LineKeys

    def tiles(self, level: int, number: int) -> list[bytes]:
        """The stored nodes."""
        return self.nodes if (level, number) == (1, 0) else []


def read(log: Log) -> Stored:
    with Session(log.engine) as session:
        lines = store.list_lines(session, first=0, end=10**9)
        return Stored(
            log,
            lines,
            [(row[0], row[1]) for row in store.read_leaves(session, first=0, end=10**9)],
            store.list_tile(session, 1, 0),
            store.list_checkpoints(session, first=0, end=10**9),
            _keys_of(session, log.keys, lines),
        )


@pytest.fixture(scope="module")
def small(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stored]:
    """300 entries of two agencies, each signed as it came: so every one of them can be named."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "gateway.db").write_bytes(sqlite_template.read_bytes())
    with a_log(f"sqlite:///{folder / 'gateway.db'}", folder) as log:
        for number in range(SMALL):
            with log.begin(LANDLORD if number % 3 else IDVA) as work:
                case = None if number % 7 == 0 else a_case(number % 10)
                work.record("case.read", case, because="assigned")
            log.sequence()
        found = read(log)
        assert len(found.lines) == SMALL == len(found.checkpoints)
        yield found


@pytest.fixture(scope="module")
def large(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stored]:
    """10,000 entries of two agencies, sequenced in batches."""
    folder = tmp_path_factory.mktemp("large")
    (folder / "gateway.db").write_bytes(sqlite_template.read_bytes())
    with a_log(f"sqlite:///{folder / 'gateway.db'}", folder) as log:
        for part in range(10):
            acts = [Act("case.read", a_case(n % 10), "assigned") for n in range(LARGE // 10)]
            with log.begin(LANDLORD if part % 2 else IDVA) as work:
                work.record_all(acts)
            log.sequence()
        found = read(log)
        assert len(found.lines) == LARGE
        yield found


def bad_of(check: Callable[[], Any]) -> tuple[int, str] | None:
    """Which leaf a check names, and what it finds; None if it finds nothing."""
    try:
        check()
    except Bad as bad:
        return bad.leaf, bad.what
    return None


def flips(value: bytes) -> Iterator[bytes]:
    """The value with one bit changed in each of its bytes in turn."""
    for place, byte in enumerate(value):
        yield value[:place] + bytes([byte ^ 1]) + value[place + 1 :]


def changes(value: object) -> Iterator[object]:
    """A stored value with each of its bytes changed in turn."""
    if isinstance(value, bytes):
        yield from flips(value)
    elif isinstance(value, str):
        yield from (each.decode("latin-1") for each in flips(value.encode("latin-1")))
    elif isinstance(value, int):
        yield from (value ^ (1 << bit) for bit in range(63))
    else:
        yield "00000000-0000-4000-8000-000000000001"  # where there was nothing


# --- the pure checks, over every byte ---------------------------------------------------------

COLUMNS = ("id", "agency_id", "agency_seq", "case_id", "log_key", "commitment", "record", "bytes")


@pytest.mark.parametrize("column", COLUMNS)
def test_F72_every_flipped_byte_behind_a_leaf_is_found_in_every_line(
    small: Stored, column: str
) -> None:
    """Tag, number, case, key, and each byte of the sealed record: what a deep check reads."""
    checked = 0
    for leaf, line in enumerate(small.lines):
        assert bad_of(lambda: check_rows([line], small.keys, leaf)) is None  # noqa: B023
        for other in changes(getattr(line, column)):
            changed: list[store.Line] = [replace(line, **{column: other})]
            found = bad_of(lambda: check_rows(changed, small.keys, leaf))  # noqa: B023
            assert found is not None, (leaf, other)
            assert found[0] == leaf
            checked += 1
    assert checked >= SMALL


@pytest.mark.parametrize("part", [0, 1], ids=["bytes", "hash"])
def test_F72_every_flipped_byte_of_a_leaf_and_of_its_hash_is_found(
    small: Stored, part: int
) -> None:
    for leaf, row in enumerate(small.leaves):
        tile = leaf // tree.WIDTH * tree.WIDTH
        before = small.leaves[:tile]
        for other in flips(row[part]):
            rows = list(small.leaves[tile : tile + tree.WIDTH])
            rows[leaf - tile] = (other, row[1]) if part == 0 else (row[0], other)
            rehash = Rehash(small.tiles)
            rehash.take(before)
            assert bad_of(lambda: rehash.take(rows)) == (leaf, "leaf")  # noqa: B023


def test_F72_every_flipped_byte_of_a_node_is_found(small: Stored) -> None:
    (node,) = small.nodes
    for other in flips(node):
        rehash = Rehash(lambda level, number: [other])  # noqa: B023
        assert bad_of(lambda: rehash.take(small.leaves)) == (0, "node")  # noqa: B023
    assert bad_of(lambda: Rehash(lambda level, number: []).take(small.leaves)) == (0, "node")


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 300])
def test_F72_every_flipped_byte_of_a_checkpoint_is_found(small: Stored, size: int) -> None:
    keys, signed = small.log.keys, small.checkpoints[size - 1]
    assert bad_of(lambda: check_signed(keys, signed)) is None
    for note in changes(signed.note.encode().decode("latin-1")):
        assert isinstance(note, str)
        read_back = note.encode("latin-1").decode("utf-8", errors="replace")
        other = replace(signed, note=read_back)
        assert bad_of(lambda: check_signed(keys, other)) == (size - 1, "checkpoint")  # noqa: B023
    for root in flips(signed.root):
        other = replace(signed, root=root)
        assert bad_of(lambda: check_signed(keys, other)) == (size - 1, "checkpoint")  # noqa: B023
    for length in range(len(signed.note)):
        other = replace(signed, note=signed.note[:length])
        assert bad_of(lambda: check_signed(keys, other)) == (size - 1, "checkpoint")  # noqa: B023


@pytest.mark.parametrize("column", ["commitment", "record", "bytes"])
def test_F72_every_truncation_of_a_stored_value_is_found(small: Stored, column: str) -> None:
    for leaf in range(0, SMALL, 25):
        line = small.lines[leaf]
        for length in range(len(getattr(line, column))):
            other = replace(line, **{column: getattr(line, column)[:length]})
            found = bad_of(lambda: check_rows([other], small.keys, leaf))  # noqa: B023
            assert found is not None
            assert found[0] == leaf


# --- whole lines, by the whole check ----------------------------------------------------------


class Hand:
    """Somebody who changes the stored log, and takes it back: one connection, never committed."""

    def __init__(self, stored: Stored, connection: Connection) -> None:
        self._stored, self._connection = stored, connection

    def does(self, *statements: str, deep: bool = False, **values: Any) -> Report:
        """What the whole check says of the log after some statements."""
        outer = self._connection.begin()
        try:
            for statement in statements:
                named = {name: values[name] for name in values if f":{name}" in statement}
                self._connection.execute(text(statement), named)
            sessions = sessionmaker(self._connection, join_transaction_mode="create_savepoint")
            return ledger.verify(sessions, self._stored.log.keys, deep=deep)
        finally:
            outer.rollback()


@contextmanager
def a_hand(stored: Stored) -> Iterator[Hand]:
    with stored.log.engine.connect() as connection:
        yield Hand(stored, connection)


SHIFT = (
    "DELETE FROM log_entry WHERE leaf = :leaf",
    "UPDATE log_entry SET leaf = -leaf WHERE leaf > :leaf",
    "UPDATE log_entry SET leaf = -leaf - 1 WHERE leaf < 0",
)
SWAP = (
    "UPDATE log_entry SET leaf = -1 WHERE leaf = :leaf",
    "UPDATE log_entry SET leaf = :leaf WHERE leaf = :other",
    "UPDATE log_entry SET leaf = :other WHERE leaf = -1",
)
EXCHANGE = "UPDATE log_entry SET bytes = :data, hash = :hash WHERE leaf = :leaf"


def test_a_hand_that_does_nothing_is_not_found(small: Stored) -> None:
    with a_hand(small) as hand:
        assert hand.does("SELECT 1", deep=True) == Report(SMALL)


def test_F72_every_dropped_line_is_named(small: Stored) -> None:
    with a_hand(small) as hand:
        for leaf in range(SMALL):
            report = hand.does("DELETE FROM log_entry WHERE leaf = :leaf", leaf=leaf)
            assert (report.first_bad, report.what) == (leaf, "missing")


def test_F72_every_dropped_line_is_named_though_the_others_close_the_gap(small: Stored) -> None:
    with a_hand(small) as hand:
        for leaf in range(SMALL):
            report = hand.does(*SHIFT, leaf=leaf)
            assert (report.first_bad, bool(report)) == (leaf, False), report


def test_F72_every_swap_of_neighbours_is_named(small: Stored) -> None:
    with a_hand(small) as hand:
        for leaf in range(SMALL - 1):
            report = hand.does(*SWAP, leaf=leaf, other=leaf + 1)
            assert (report.first_bad, bool(report)) == (leaf, False), report


def test_F72_every_truncation_of_the_log_is_named(small: Stored) -> None:
    with a_hand(small) as hand:
        for length in range(SMALL):
            report = hand.does("DELETE FROM log_entry WHERE leaf >= :length", length=length)
            assert (report.first_bad, report.what) == (length, "missing")


def test_F72_every_truncation_of_log_and_checkpoints_is_caught_by_one_that_was_held(
    small: Stored,
) -> None:
    """What was cut off cleanly is whole in itself; only somebody who saw more can tell."""
    kept, keys = small.checkpoints[-1].note, small.log.keys
    for length in range(1, SMALL, 10):
        with small.log.engine.connect() as connection, connection.begin() as outer:
            for table, column in (("log_entry", "leaf + 1"), ("checkpoint", "size")):
                connection.execute(
                    text(f"DELETE FROM {table} WHERE {column} > :length"),  # noqa: S608 - ours
                    {"length": length},
                )
            if length < tree.WIDTH:
                connection.execute(text("DELETE FROM log_node"))
            sessions = sessionmaker(connection, join_transaction_mode="create_savepoint")
            assert ledger.verify(sessions, keys)
            report = ledger.verify(sessions, keys, held=[kept])
            assert (report.first_bad, report.what) == (length, "missing")
            outer.rollback()


def test_F72_every_leaf_exchanged_together_with_its_hash_is_named(small: Stored) -> None:
    with a_hand(small) as hand:
        for leaf in range(SMALL):
            data = small.leaves[leaf][0].replace(b'"v":1', b'"v":2')
            report = hand.does(EXCHANGE, leaf=leaf, data=data, hash=tree.leaf_hash(data))
            assert (report.first_bad, report.what) == (leaf, "tag")


def test_F72_every_line_given_to_another_agency_is_named(small: Stored) -> None:
    """Whole lines that keep the order of each agency's numbers: only the checkpoints tell."""
    with a_hand(small) as hand:
        for leaf in range(0, SMALL - 1, 3):  # an entry of the IDVA, then one of the landlord
            report = hand.does(*SWAP, leaf=leaf, other=leaf + 1)
            assert report.first_bad == leaf


def test_F72_a_record_that_is_swapped_with_another_of_the_same_case_is_found(
    small: Stored,
) -> None:
    with a_hand(small) as hand:
        for leaf in range(0, SMALL - 10, 29):
            statement = (
                "UPDATE log_entry SET record = (SELECT record FROM log_entry WHERE leaf = :other)"
                " WHERE leaf = :leaf"
            )
            report = hand.does(statement, leaf=leaf, other=leaf + 10, deep=True)
            assert (report.first_bad, report.what) == (leaf, "record")


@pytest.mark.parametrize("table", ["log_key", "agency_log_key"])
def test_a_wrapped_key_that_does_not_open_is_a_fault_and_no_crash(
    small: Stored, table: str
) -> None:
    with a_hand(small) as hand:
        report = hand.does(f"UPDATE {table} SET wrapped = :new", new=bytes(60), deep=True)  # noqa: S608 - ours
        assert (report.first_bad, bool(report)) == (0, False)


# --- a larger log, by chance --------------------------------------------------------------------


def test_F72_flips_in_ten_thousand_entries_are_named(large: Stored) -> None:
    chance = random.Random(300)  # noqa: S311 - a sample that repeats
    with a_hand(large) as hand:
        assert hand.does("SELECT 1") == Report(LARGE)
        for _ in range(60):
            leaf, part = chance.randrange(LARGE), chance.randrange(2)
            value = large.leaves[leaf][part]
            place = chance.randrange(len(value))
            other = (
                value[:place]
                + bytes([value[place] ^ 1 << chance.randrange(8)])
                + value[place + 1 :]
            )
            column = ("bytes", "hash")[part]
            report = hand.does(
                f"UPDATE log_entry SET {column} = :other WHERE leaf = :leaf",  # noqa: S608 - ours
                leaf=leaf,
                other=other,
            )
            assert (report.first_bad, report.what) == (leaf, "leaf")
        for leaf in chance.sample(range(LARGE), 300):
            for column in COLUMNS:
                line = large.lines[leaf]
                changed = replace(
                    line, **{column: chance.choice(list(changes(getattr(line, column))))}
                )
                found = bad_of(lambda: check_rows([changed], large.keys, leaf))  # noqa: B023
                assert found is not None
                assert found[0] == leaf


def test_F72_drops_swaps_and_exchanges_in_ten_thousand_entries_are_named(large: Stored) -> None:
    chance = random.Random(301)  # noqa: S311 - a sample that repeats
    with a_hand(large) as hand:
        for leaf in chance.sample(range(LARGE), 20):
            report = hand.does("DELETE FROM log_entry WHERE leaf = :leaf", leaf=leaf)
            assert (report.first_bad, report.what) == (leaf, "missing")
        for length in chance.sample(range(LARGE), 20):
            report = hand.does("DELETE FROM log_entry WHERE leaf >= :length", length=length)
            assert (report.first_bad, report.what) == (length, "missing")
        for leaf in chance.sample(range(LARGE - 1000), 5):
            assert hand.does(*SHIFT, leaf=leaf).first_bad == leaf
            assert hand.does(*SWAP, leaf=leaf, other=leaf + 999).first_bad == leaf
            data = large.leaves[leaf + 1][0]
            report = hand.does(EXCHANGE, leaf=leaf, data=data, hash=tree.leaf_hash(data))
            assert (report.first_bad, report.what) == (leaf, "tag")
