"""T16: two public leaves of one case, one agency or one actor cannot be told from two of others."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from gateway.ledger import Act
from gateway.rules.facts import Caller
from gateway.schemas.codes import AgencyKind
from gateway.sealing.jose import b64u_decode
from gateway.store import log as store
from tests.flows.a_log import a_case, a_log

ENTRIES, PAIRS = 2000, 3000


@dataclass(frozen=True)
class Leaf:
    """What everyone sees of an entry, and what it is about."""

    data: bytes
    bits: int
    case: str | None
    agency: str
    worker: str


@pytest.fixture(scope="module")
def leaves(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Leaf]]:
    """Entries of four agencies with three workers each about ten cases, in random order."""
    folder, chance = tmp_path_factory.mktemp("linking"), random.Random(16)  # noqa: S311 - repeats
    (folder / "gateway.db").write_bytes(sqlite_template.read_bytes())
    names = ["larch", "oak", "elm", "yew"]
    with a_log(f"sqlite:///{folder / 'gateway.db'}", folder) as log:
        told = []
        for _ in range(ENTRIES // 10):
            who = Caller(
                chance.choice(names), AgencyKind.IDVA, "marlbury", f"w-{chance.randrange(3)}"
            )
            cases = [a_case(chance.randrange(10)) for _ in range(10)]
            with log.begin(who) as work:
                work.record_all([Act("case.read", case, "assigned") for case in cases])
            told += [(case, who.agency_id, str(who.worker_id)) for case in cases]
        log.sequence()
        with Session(log.engine) as session:
            lines = store.list_lines(session, first=0, end=ENTRIES)
        yield [
            Leaf(data, _bits(data), *about)
            for line, about in zip(lines, told, strict=True)
            for data in [line.bytes or b""]
        ]


def _bits(data: bytes) -> int:
    leaf = json.loads(data)
    return int.from_bytes(b64u_decode(leaf["tag"]) + b64u_decode(leaf["commit"]), "big")


def test_T16_a_leaf_has_nothing_that_could_be_the_same_twice(leaves: list[Leaf]) -> None:
    assert len({len(leaf.data) for leaf in leaves}) == 1  # sizes tell nothing
    seen: set[str] = set()
    for leaf in leaves:
        content = json.loads(leaf.data)
        assert content.keys() == {"v", "tag", "commit"}
        assert content["v"] == 1
        values = {content["tag"], content["commit"]}
        assert len(values) == 2
        assert not values & seen
        seen |= values


SAME: dict[str, Callable[[Leaf], str | None]] = {
    "case": lambda leaf: leaf.case,
    "agency": lambda leaf: leaf.agency,
    "actor": lambda leaf: f"{leaf.agency} {leaf.worker}",
}


@pytest.mark.parametrize("about", SAME.values(), ids=SAME.keys())
def test_T16_no_classifier_links_two_leaves_better_than_chance(
    leaves: list[Leaf], about: Callable[[Leaf], str | None]
) -> None:
    """Naive Bayes over every bit in which two leaves differ, learnt on one half of the pairs."""
    chance = random.Random(2026)  # noqa: S311 - a sample that repeats
    pairs = {True: list(_pairs(leaves, about, True, chance)), False: []}
    pairs[False] = list(_pairs(leaves, about, False, chance))
    half = PAIRS // 2
    weights = []
    for place in range(512):
        ones = {same: sum(p >> place & 1 for p in pairs[same][:half]) for same in (True, False)}
        on = math.log((ones[True] + 1) / (ones[False] + 1))
        off = math.log((half - ones[True] + 1) / (half - ones[False] + 1))
        weights.append((off, on))
    right = sum(
        (sum(weights[place][p >> place & 1] for place in range(512)) > 0) is same
        for same in (True, False)
        for p in pairs[same][half:]
    )
    share, tried = right / PAIRS, PAIRS
    assert abs(share - 0.5) < 4 * math.sqrt(0.25 / tried), share


def _pairs(
    leaves: list[Leaf], about: Callable[[Leaf], str | None], same: bool, chance: random.Random
) -> Iterator[int]:
    found = 0
    while found < PAIRS:
        one, other = chance.sample(leaves, 2)
        if (about(one) == about(other)) is same:
            found += 1
            yield one.bits ^ other.bits


def test_T16_the_classifier_would_find_a_pseudonym(leaves: list[Leaf]) -> None:
    """Were one byte of the leaf a stable mark of the case, it would be linked at once."""
    marked = [
        Leaf(leaf.data, leaf.bits >> 8 << 8 | hash(leaf.case) & 0xFF, *_rest(leaf))
        for leaf in leaves
    ]
    with pytest.raises(AssertionError):
        test_T16_no_classifier_links_two_leaves_better_than_chance(marked, SAME["case"])


def _rest(leaf: Leaf) -> tuple[str | None, str, str]:
    return leaf.case, leaf.agency, leaf.worker
