"""The worked examples are valid, complete and invented; what is published agrees with the forms."""

from __future__ import annotations

import copy
import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from gateway.errors import BrokenTable, Invalid, NotFound
from gateway.profiles.fields import SHIPPED, load, load_fields, published_paths
from gateway.schemas import forms
from gateway.schemas.codes import DataClass
from gateway.schemas.publish import PUBLISHED, json_schema
from gateway.schemas.strict_json import parse

EXAMPLES = {path.stem: path for path in (Path(__file__).parents[2] / "examples").glob("*.json")}
GOLDEN = Path(__file__).parent / "golden" / "v1"
BASE = "https://gateway.example"
CASES = ("c1", "c2", "c3", "c4", "c5")


def an_example(name: str) -> dict[str, Any]:
    example = parse(EXAMPLES[name].read_bytes())
    assert isinstance(example, dict)
    return example


VALIDATORS = {name: Draft202012Validator(json_schema(name, base=BASE)) for name in PUBLISHED}
DOCUMENTS = {name: an_example(name)["document"] for name in EXAMPLES}


def test_there_is_an_example_of_each_demo_case() -> None:
    assert EXAMPLES.keys() == {*CASES, "minimal"}


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_F13_the_examples_are_valid_for_the_form_and_for_the_schema(name: str) -> None:
    example = an_example(name)
    forms.load(example["form"], example["document"])
    VALIDATORS[example["form"]].validate(example["document"])
    for section, plaintext in example.get("sealed", {}).items():
        forms.load_sealed(section, plaintext)
        VALIDATORS[f"sealed-{section.replace('_', '-')}/1"].validate(plaintext)


def members(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield (*path, name)
            yield from members(inner, (*path, name))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from members(inner, (*path, place))


def without(document: dict[str, Any], path: tuple[str | int, ...]) -> dict[str, Any]:
    changed = copy.deepcopy(document)
    here: Any = changed
    for step in path[:-1]:
        here = here[step]
    del here[path[-1]]
    return changed


def pointer(path: tuple[str | int, ...]) -> str:
    return "".join(f"/{step}" for step in path)


@pytest.mark.parametrize("path", list(members(DOCUMENTS["minimal"])), ids=pointer)
def test_nothing_can_be_left_out_of_the_smallest_referral(path: tuple[str | int, ...]) -> None:
    with pytest.raises(Invalid) as caught:
        forms.load("referral/1", without(DOCUMENTS["minimal"], path))
    assert pointer(path) in {problem.pointer for problem in caught.value.problems}


def test_the_smallest_referral_has_one_member_on_a_line() -> None:
    lines = EXAMPLES["minimal"].read_text("utf-8").splitlines()
    assert all(len(re.findall(r'"[^"]*": ', line)) <= 1 for line in lines)
    named = [line for line in lines if re.match(r'\s*"[^"]*": ', line)]
    assert len(named) == 2 + len(list(members(DOCUMENTS["minimal"])))


def answers(name: str, instrument: str) -> Counter[str]:
    filled = DOCUMENTS[name]["risk_assessments"]["value"]
    (found,) = (each for each in filled if each["instrument"].startswith(instrument))
    return Counter(answer["value"] for answer in found["answers"])


@pytest.mark.parametrize(
    ("name", "instrument", "items", "yes", "unknown"),
    [
        ("c1", "DASH_RIC", 24, 16, 2),
        ("c2", "DASH_RIC", 24, 9, 8),
        ("c2", "HDASH", 10, 5, 2),
        ("c4", "DASH_RIC", 24, 11, 3),
        ("c5", "DASH_YP", 24, 14, 3),
    ],
)
def test_the_examples_count_as_the_cases_say(
    name: str, instrument: str, items: int, yes: int, unknown: int
) -> None:
    counted = answers(name, instrument)
    assert (counted.total(), counted["YES"], counted["DONT_KNOW"]) == (items, yes, unknown)


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, str):
        yield value


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_nobody_in_the_examples_is_real(name: str) -> None:
    for text in texts(an_example(name)):
        for postcode in re.findall(r"\b[A-Z]{1,2}[0-9][A-Z0-9]? [0-9][A-Z]{2}\b", text):
            assert postcode.startswith("XX")
        for number in re.findall(r"\b0[0-9]{4} ?[0-9]{6}\b", text):
            assert re.fullmatch(r"07700 900[0-9]{3}|01632 960[0-9]{3}", number)
        for host in re.findall(r"\w@(\S+\.\S+)", text):
            assert host.endswith("example.org")
        for nhs in re.findall(r"\b[0-9]{10}\b", text):
            assert nhs.startswith("999")


def test_what_must_be_sealed_stands_nowhere_in_the_clear() -> None:
    for name in CASES:
        example = an_example(name)
        clear = "\n".join(texts(example["document"]))
        for channel in example["sealed"]["safe_contact"]["channels"]:
            assert channel["value"] not in clear
        address = example["sealed"].get("protected_address", {}).get("address")
        if address:
            assert not any(line in clear for line in address["lines"])
            assert address["postcode"]["value"] not in clear
            assert example["document"]["victim"]["address_classification"] == "REFUGE"


# --- what is published ------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(PUBLISHED))
def test_each_published_schema_is_a_schema_and_stays_as_it_is(name: str) -> None:
    schema = json_schema(name, base=BASE)
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"{BASE}/schemas/{name}.json"
    golden = GOLDEN / "schemas" / f"{name.replace('/', '-')}.json"
    assert schema == json.loads(golden.read_text("utf-8"))


def test_what_is_not_published_is_not_found() -> None:
    with pytest.raises(NotFound):
        json_schema("referral/2", base=BASE)


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_F13_a_golden_document_comes_out_as_ever(path: Path) -> None:
    golden = json.loads(path.read_text("utf-8"))
    loaded = forms.load_body(PUBLISHED[golden["form"]], golden["in"])
    assert forms.plain(loaded) == golden["out"]
    VALIDATORS[golden["form"]].validate(golden["in"])


def test_every_published_form_has_a_golden_document() -> None:
    found = {json.loads(path.read_text("utf-8"))["form"] for path in GOLDEN.glob("*.json")}
    assert found == PUBLISHED.keys()


def leaves(value: Any, path: str, known: frozenset[str]) -> Iterator[str]:
    if path in known or f"{path}[]" in known:
        yield path if path in known else f"{path}[]"
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, f"{path}.{name}" if path else name, known)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, f"{path}[]", known)


def test_the_golden_documents_use_every_field() -> None:
    known = frozenset(published_paths())
    used: set[str] = set()
    for path in GOLDEN.glob("*.json"):
        golden = json.loads(path.read_text("utf-8"))
        name = golden["form"].split("/")[0]
        start = f"sealed.{name[7:].replace('-', '_')}" if name.startswith("sealed-") else ""
        if start or name == "referral":
            used |= set(leaves(golden["in"], start, known))
    blank = {"risk_assessments.absent", "actions_taken.absent"}
    assert known - used <= blank | {path for path in known if path.endswith(".absent")}
    assert used <= known


PLACES = [(name, path) for name in CASES for path in members(DOCUMENTS[name])]
OTHER_TYPE: dict[type, Any] = {str: 7, bool: "true", int: "7", dict: [], list: {}}


def changed_at(name: str, path: tuple[str | int, ...], change: Any) -> dict[str, Any]:
    document = copy.deepcopy(DOCUMENTS[name])
    here: Any = document
    for step in path[:-1]:
        here = here[step]
    change(here, path[-1])
    return document


def to_another_type(here: Any, step: str | int) -> None:
    here[step] = OTHER_TYPE[type(here[step])]


def by_a_strange_member(here: Any, step: str | int) -> None:
    target = here[step] if isinstance(here[step], dict) else here
    target["not_in_the_form"] = "x"


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(PLACES), st.sampled_from([to_another_type, by_a_strange_member]))
def test_form_and_schema_refuse_the_same_mutations(place: tuple[str, Any], change: Any) -> None:
    document = changed_at(*place, change)
    with pytest.raises(Invalid):
        forms.load("referral/1", document)
    assert not VALIDATORS["referral/1"].is_valid(document)


@pytest.mark.parametrize(("name", "path"), PLACES[::7], ids=lambda each: str(each)[:40])
def test_no_member_takes_another_type(name: str, path: tuple[str | int, ...]) -> None:
    with pytest.raises(Invalid):
        forms.load("referral/1", changed_at(name, path, to_another_type))


# --- the table of fields ------------------------------------------------------------------------


def test_every_field_has_exactly_one_row() -> None:
    table = load()
    assert tuple(sorted(table.rows)) == tuple(sorted(published_paths()))
    assert len(set(published_paths())) == len(published_paths())
    for path, row in table.rows.items():
        assert row.path == path
        assert row.category is table.category(row.section)
        assert row.data_class is table.data_class(row.section)
        assert table.section_of[path] == row.section


def test_what_would_give_a_place_away_is_protected() -> None:
    table = load()
    protected = {path for path, row in table.rows.items() if row.is_protected}
    assert {path for path in table.rows if path.startswith("sealed.")} <= protected
    for start in ("children[].school", "children[].nursery", "victim.gp_practice"):
        assert {path for path in table.rows if path.startswith(f"{start}.")} <= protected
    assert "victim.employer" in protected
    assert "victim.given_names" not in protected


def a_table() -> dict[str, Any]:
    return tomllib.loads(SHIPPED.read_text("utf-8"))


BREAKS = [
    (lambda t: t["section"]["health"]["fields"].remove("incidents[].injury"), "incidents[].injury"),
    (lambda t: t["section"]["tenancy"]["fields"].append("victim.dob"), "victim.dob has two"),
    (lambda t: t["section"]["tenancy"]["fields"].append("victim.shoes"), "victim.shoes"),
    (lambda t: t["section"]["tenancy"].update(category="D99"), "tenancy"),
    (lambda t: t["section"]["tenancy"].pop("class"), "tenancy"),
    (lambda t: t["section"]["tenancy"].update(protected=["victim.dob"]), "victim.dob"),
    (lambda t: t["section"]["tenancy"].update(note="x"), "note"),
    (lambda t: t["section"]["safe_contact"].update({"class": "GATEWAY"}), "sealed."),
    (lambda t: t["section"]["tenancy"].update({"class": "EXCLUSIVE"}), "victim.ten"),
    (lambda t: t.update(section={}), "referrer.name"),
    (lambda t: t.pop("section"), "fields"),
]


@pytest.mark.parametrize(("broken", "named"), BREAKS)
def test_a_table_that_is_not_whole_is_refused_by_name(broken: Any, named: str) -> None:
    table = a_table()
    broken(table)
    with pytest.raises(BrokenTable, match=re.escape(named)):
        load_fields(table)


def test_sections_without_a_field_are_known() -> None:
    table = load()
    assert table.data_class("idva_notes") is DataClass.OWNER
    assert "minutes" not in table.section_of.values()
