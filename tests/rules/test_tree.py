"""The tree of the access log against the recursive definition of RFC 6962 section 2.1."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sealing import tree

SMALL = range(71)


def definition_root(hashes: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962, written as it stands there."""
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = split(len(hashes))
    both = definition_root(hashes[:k]) + definition_root(hashes[k:])
    return sha256(b"\x01" + both).digest()


def definition_path(m: int, hashes: Sequence[bytes]) -> list[bytes]:
    """PATH of RFC 6962."""
    if len(hashes) == 1:
        return []
    k = split(len(hashes))
    if m < k:
        return [*definition_path(m, hashes[:k]), definition_root(hashes[k:])]
    return [*definition_path(m - k, hashes[k:]), definition_root(hashes[:k])]


def definition_proof(m: int, hashes: Sequence[bytes], *, is_whole: bool = True) -> list[bytes]:
    """PROOF and SUBPROOF of RFC 6962."""
    if m == len(hashes):
        return [] if is_whole else [definition_root(hashes)]
    k = split(len(hashes))
    if m <= k:
        inner = definition_proof(m, hashes[:k], is_whole=is_whole)
        return [*inner, definition_root(hashes[k:])]
    inner = definition_proof(m - k, hashes[k:], is_whole=False)
    return [*inner, definition_root(hashes[:k])]


def split(count: int) -> int:
    """The largest power of two smaller than `count`."""
    k = 1
    while k * 2 < count:
        k *= 2
    return k


def leaves(count: int) -> list[bytes]:
    return [tree.leaf_hash(str(number).encode()) for number in range(count)]


class Stored:
    """A tree kept in tiles, as the database keeps it; counts what is read."""

    def __init__(self, count: int) -> None:
        self.levels: dict[int, list[bytes]] = {0: leaves(count)}
        self.frontier = tree.Frontier()
        self.reads: list[tuple[int, int]] = []
        for hashed in self.levels[0]:
            for level, number, top in self.frontier.append(hashed):
                assert number == len(self.levels.setdefault(level, []))
                self.levels[level].append(top)

    def tile(self, level: int, number: int) -> list[bytes]:
        self.reads.append((level, number))
        return self.levels.get(level, [])[number * 256 : number * 256 + 256]


@pytest.fixture(scope="module")
def small() -> Stored:
    return Stored(max(SMALL))


@pytest.fixture(scope="module")
def large() -> Stored:
    return Stored(66_000)  # one subtree of 65,536, one begun


def test_leaves_and_nodes_are_hashed_apart() -> None:
    assert tree.leaf_hash(b"ab") == sha256(b"\x00ab").digest()
    assert tree.node_hash(b"a", b"b") == sha256(b"\x01ab").digest()
    assert tree.EMPTY.hex().startswith("e3b0c44298fc1c14")


@pytest.mark.parametrize("size", SMALL)
def test_the_root_is_the_one_of_the_definition(small: Stored, size: int) -> None:
    wanted = definition_root(leaves(size))
    grown = tree.Frontier()
    for hashed in leaves(size):
        grown.append(hashed)
    found = (tree.root(leaves(size)), tree.root_of(small.tile, size), grown.root())
    assert found == (wanted,) * 3


@pytest.mark.parametrize("size", SMALL)
def test_every_inclusion_proof_is_the_one_of_the_definition(small: Stored, size: int) -> None:
    top, hashes = definition_root(leaves(size)), leaves(size)
    for index in range(size):
        proof = tree.inclusion_proof(small.tile, index, size)
        assert proof == definition_path(index, hashes)
        assert tree.includes(hashes[index], index, size, proof, top)


@pytest.mark.parametrize("size", SMALL)
def test_every_consistency_proof_is_the_one_of_the_definition(small: Stored, size: int) -> None:
    top, hashes = definition_root(leaves(size)), leaves(size)
    for old in range(1, size + 1):
        proof = tree.consistency_proof(small.tile, old, size)
        assert proof == definition_proof(old, hashes)
        assert tree.extends(old, size, definition_root(hashes[:old]), top, proof)
    assert tree.consistency_proof(small.tile, 0, size) == []
    assert tree.extends(0, size, tree.EMPTY, top, [])


@given(size=st.integers(1, 70), data=st.data())
def test_a_changed_inclusion_proof_is_refused(size: int, data: st.DataObject) -> None:
    hashes = leaves(size)
    index = data.draw(st.integers(0, size - 1))
    proof, top = definition_path(index, hashes), definition_root(hashes)
    other = tree.leaf_hash(b"other")
    assert not tree.includes(other, index, size, proof, top)
    assert not tree.includes(hashes[index], index, size, proof, other)
    assert not tree.includes(hashes[index], index, size, [*proof, other], top)
    assert not tree.includes(hashes[index], size, size, proof, top)
    assert not tree.includes(hashes[index], -1, size, proof, top)
    for place in range(len(proof)):
        changed = [*proof[:place], other, *proof[place + 1 :]]
        assert not tree.includes(hashes[index], index, size, changed, top)
        assert not tree.includes(hashes[index], index, size, proof[:place], top)
    for wrong in range(size):
        is_right = tree.includes(hashes[index], wrong, size, proof, top)
        assert is_right == (wrong == index)


@given(size=st.integers(2, 70), data=st.data())
def test_a_changed_consistency_proof_is_refused(size: int, data: st.DataObject) -> None:
    hashes = leaves(size)
    old = data.draw(st.integers(1, size - 1))
    proof = definition_proof(old, hashes)
    was, top, other = definition_root(hashes[:old]), definition_root(hashes), tree.leaf_hash(b"x")
    assert not tree.extends(old, size, other, top, proof)
    assert not tree.extends(old, size, was, other, proof)
    assert not tree.extends(size, old, top, was, proof)
    assert not tree.extends(old, size, was, top, [*proof, other])
    assert not tree.extends(old, size, was, top, [])
    for place in range(len(proof)):
        changed = [*proof[:place], other, *proof[place + 1 :]]
        assert not tree.extends(old, size, was, top, changed)


def test_the_empty_and_the_same_tree_need_no_proof() -> None:
    top = definition_root(leaves(5))
    assert tree.extends(5, 5, top, top, [])
    assert not tree.extends(5, 5, top, tree.EMPTY, [])
    assert not tree.extends(5, 5, top, top, [top])
    assert not tree.extends(0, 5, top, top, [])


def test_proofs_hold_across_tiles_and_read_few(large: Stored) -> None:
    hashes = large.levels[0]
    assert {level: len(found) for level, found in large.levels.items()} == {
        0: 66_000,
        1: 257,
        2: 1,
    }
    for size in (255, 256, 257, 511, 65_535, 65_536, 65_537, 65_792, 66_000):
        top = tree.root(hashes[:size])
        assert tree.root_of(large.tile, size) == top
        for index in {0, 255, 256, size // 2, size - 1} & set(range(size)):
            large.reads.clear()
            proof = tree.inclusion_proof(large.tile, index, size)
            assert len(large.reads) == len(set(large.reads)) <= 6  # two of 256 for each level
            assert tree.includes(hashes[index], index, size, proof, top)
        for old in {1, 255, 256, size // 2, size - 1} & set(range(size + 1)):
            proof = tree.consistency_proof(large.tile, old, size)
            assert tree.extends(old, size, tree.root(hashes[:old]), top, proof)


def test_a_frontier_goes_on_from_storage(large: Stored) -> None:
    hashes = large.levels[0]
    begun = tree.frontier_of(large.tile, 65_500)
    for hashed in hashes[65_500:]:
        begun.append(hashed)
    assert (begun.size, begun.root()) == (66_000, large.frontier.root())


def test_a_frontier_takes_whole_subtrees(large: Stored) -> None:
    grown = tree.Frontier()
    done = [node for top in large.levels[1] for node in grown.append(top, 8)]
    assert [top for level, _, top in done if level == 2] == large.levels[2]
    for hashed in large.levels[0][grown.size :]:
        grown.append(hashed)
    assert grown.root() == large.frontier.root()


@pytest.mark.parametrize("wrong", [(-1, 5), (5, 5), (0, 0)])
def test_no_proof_for_a_leaf_that_is_not_there(small: Stored, wrong: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="no such leaf"):
        tree.inclusion_proof(small.tile, *wrong)


@pytest.mark.parametrize("wrong", [(-1, 5), (6, 5)])
def test_no_proof_between_trees_out_of_order(small: Stored, wrong: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="smaller"):
        tree.consistency_proof(small.tile, *wrong)
