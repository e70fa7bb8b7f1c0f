"""Cutting a document into sections loses nothing, repeats nothing and leaks nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
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


def slowly(value: Any, path: str, section_of: Mapping[str, str]) -> dict[str, Any]:
    """What `split` means, path by path: the yardstick of the quick way."""
    if path in section_of:
        return {section_of[path]: value}
    if isinstance(value, list) and f"{path}[]" in section_of:
        return {section_of[f"{path}[]"]: value}
    if not isinstance(value, dict | list):
        raise BrokenTable
    found: dict[str, Any] = {}
    for step, section, piece in slow_pieces(value, path, section_of):
        empty: Any = {} if isinstance(value, dict) else [{} for _ in value]
        found.setdefault(section, empty)[step] = piece
    return found or ({slow_home(path, section_of): value} if path else {})


def slow_pieces(
    value: dict[str, Any] | list[Any], path: str, section_of: Mapping[str, str]
) -> Iterator[tuple[Any, str, Any]]:
    if isinstance(value, list):
        inside: Iterable[tuple[Any, str, Any]] = (
            (place, f"{path}[]", item) for place, item in enumerate(value)
        )
    else:
        inside = ((name, f"{path}.{name}".lstrip("."), item) for name, item in value.items())
    for step, below, item in inside:
        for section, piece in slowly(item, below, section_of).items():
            yield step, section, piece


def slow_home(path: str, section_of: Mapping[str, str]) -> str:
    for row, section in section_of.items():
        if row.startswith((f"{path}.", f"{path}[")):
            return section
    raise BrokenTable


def outcome(cut: Callable[[], dict[str, Any]]) -> object:
    try:
        parts = cut()
    except BrokenTable:
        return "refused"
    return json.dumps(parts)  # the order of sections, of members and of items too


NAMES = ("a", "b", "c")
TABLES = st.dictionaries(
    st.lists(
        st.tuples(st.sampled_from(NAMES), st.sampled_from(["", "", "[]", "[][]"])).map("".join),
        min_size=1,
        max_size=3,
    ).map(".".join),
    st.sampled_from(["one", "one", "two"]),
    min_size=1,
    max_size=8,
)
ANYTHING = st.recursive(
    st.none() | st.just("x"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from((*NAMES, "d", "")), inner, max_size=3)
    ),
    max_leaves=12,
)


def fitting(steps: list[str]) -> st.SearchStrategy[Any]:
    """A document that has this path, with something at its end."""
    if not steps:
        return ANYTHING
    inner = fitting(steps[1:])
    return (
        st.lists(inner, max_size=2)
        if steps[0] == "[]"
        else st.fixed_dictionaries({}, optional={steps[0]: inner, "a": st.just("x")})
    )


@settings(max_examples=300)
@given(TABLES, st.data())
def test_the_quick_way_cuts_like_the_plain_one(table: dict[str, str], data: st.DataObject) -> None:
    documents = st.dictionaries(st.sampled_from(NAMES), ANYTHING, max_size=3)
    fits = st.sampled_from(sorted(table)).flatmap(
        lambda path: fitting(path.replace("[]", ".[]").split("."))
    )
    document = data.draw(documents | fits | st.tuples(fits, fits).map(laid_over))
    assert outcome(lambda: split(document, table)) == outcome(lambda: slowly(document, "", table))


def laid_over(pair: tuple[Any, Any]) -> Any:
    under, over = pair
    if isinstance(under, dict) and isinstance(over, dict):
        shared = {name: laid_over((under[name], over[name])) for name in under if name in over}
        return {**under, **over, **shared}
    return [*under, *over] if isinstance(under, list) and isinstance(over, list) else under


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_cut_like_the_plain_way_cuts_it(path: Path) -> None:
    document, rows = a_document(path), dict(TABLE.section_of)
    assert outcome(lambda: split(document, rows)) == outcome(lambda: slowly(document, "", rows))


@pytest.mark.parametrize(
    "document",
    [{"who.name": "x"}, {"people[]": {"name": "x"}}, {"": {}}, {"": "x"}, {"who": {"": {}}}],
)
def test_a_name_that_looks_like_a_path_has_no_row(document: dict[str, Any]) -> None:
    with pytest.raises(BrokenTable):
        split(document, SMALL)


def test_an_empty_list_goes_with_its_items_where_an_object_may_stand_too() -> None:
    rows = {"sights.none": "one", "sights[]": "two", "rows.none": "one", "rows[].a": "two"}
    assert split({"sights": [], "rows": []}, rows) == {"two": {"sights": []}, "one": {"rows": []}}
    assert split({}, {}) == {}


def test_each_table_is_its_own() -> None:
    for section in ("one", "two", "one"):
        assert split({"a": 1}, {"a": section}) == {section: {"a": 1}}


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
