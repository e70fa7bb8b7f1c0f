"""Cutting a document into sections loses nothing, repeats nothing and leaks nothing."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import BrokenTable
from gateway.profiles.fields import load
from gateway.rules.sections import merge, split

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.json"))
TABLE = load()
SMALL = {
    "who.name": "identity",
    "who.aliases[]": "identity",
    "who.home.town": "address",
    "people[].name": "identity",
    "people[].history": "history",
    "people[].homes[].town": "address",
    "none": "history",
}


def a_document(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["document"]
    return document


def a_text_of(value: object) -> set[str]:
    """All texts of five letters and more: short ones are codes and occur everywhere."""
    if isinstance(value, dict):
        return {text for item in value.values() for text in a_text_of(item)}
    if isinstance(value, list):
        return {text for item in value for text in a_text_of(item)}
    return {value} if isinstance(value, str) and len(value) > 40 else set()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_all_sections_together_are_the_document(path: Path) -> None:
    document = a_document(path)
    parts = split(document, TABLE.section_of)
    assert merge(parts.values()) == document
    assert merge(reversed(parts.values())) == document
    assert parts.keys() <= set(TABLE.sections)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_no_long_text_stands_in_two_sections(path: Path) -> None:
    parts = split(a_document(path), TABLE.section_of)
    texts = {name: a_text_of(part) for name, part in parts.items()}
    shared = {
        (one, other): texts[one] & texts[other]
        for one, other in combinations(texts, 2)
        if texts[one] & texts[other]
    }
    assert shared == {}


def test_a_withheld_section_leaves_nothing_behind() -> None:
    parts = split(a_document(EXAMPLES[0]), TABLE.section_of)
    rest = merge(part for name, part in parts.items() if name != "incidents")
    assert "rationale" not in rest["referral"]
    assert all("what" not in incident for incident in rest["incidents"])
    assert rest["incidents"][0] == {"injury": parts["health"]["incidents"][0]["injury"]}


def test_lists_keep_their_length_and_order() -> None:
    document = {"people": [{"name": "a"}, {"history": "x"}, {"name": "c", "history": "y"}]}
    assert split(document, SMALL) == {
        "identity": {"people": [{"name": "a"}, {}, {"name": "c"}]},
        "history": {"people": [{}, {"history": "x"}, {"history": "y"}]},
    }


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"who": {}},
        {"people": []},
        {"people": [{}]},
        {"people": [{"homes": []}, {"homes": [{}]}]},
        {"who": {"aliases": []}},
    ],
)
def test_emptiness_is_kept(document: dict[str, Any]) -> None:
    assert merge(split(document, SMALL).values()) == document


PEOPLE = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "name": st.text(),
            "history": st.none() | st.dictionaries(st.text(), st.integers()),
            "homes": st.lists(st.fixed_dictionaries({}, optional={"town": st.text()})),
        },
    )
)
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "who": st.fixed_dictionaries(
            {},
            optional={
                "name": st.text(),
                "aliases": st.lists(st.text()),
                "home": st.fixed_dictionaries({}, optional={"town": st.text()}),
            },
        ),
        "people": PEOPLE,
        "none": st.booleans(),
    },
)


@given(DOCUMENTS)
def test_merge_undoes_split(document: dict[str, Any]) -> None:
    assert merge(split(document, SMALL).values()) == document


@pytest.mark.parametrize(
    "document", [{"new": 1}, {"who": {"new": "x"}}, {"people": [{"new": {}}]}, {"people": "x"}]
)
def test_a_member_without_a_row_is_refused_not_dropped(document: dict[str, Any]) -> None:
    with pytest.raises(BrokenTable):
        split(document, SMALL)


@pytest.mark.parametrize(
    "parts",
    [
        [{"a": 1}, {"a": 2}],
        [{"a": 1}, {"a": True}],
        [{"a": [{}]}, {"a": [{}, {}]}],
        [{"a": {}}, {"a": []}],
    ],
)
def test_parts_of_two_documents_do_not_merge(parts: list[dict[str, Any]]) -> None:
    with pytest.raises(BrokenTable):
        merge(parts)
