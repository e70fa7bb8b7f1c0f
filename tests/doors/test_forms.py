"""The forms take what is published and nothing else, and say where and why, never what."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError, missing
from marshmallow.fields import Field

from gateway.errors import Invalid, Problem
from gateway.schemas import fields, forms
from gateway.schemas.blanks import OrReason
from gateway.schemas.codes import Position
from gateway.schemas.parts import Form, ListOf, Part
from gateway.schemas.problem import PROBLEM_TEXTS
from gateway.schemas.publish import PUBLISHED

EXAMPLES = Path(__file__).parents[2] / "examples"


def a_form(name: str = "c1") -> dict[str, Any]:
    document: dict[str, Any] = json.loads((EXAMPLES / f"{name}.json").read_text("utf-8"))
    return document["document"]


def faults(document: object, form: str = "referral/1") -> set[tuple[str, str]]:
    with pytest.raises(Invalid) as caught:
        forms.load(form, document)
    return {(problem.code, problem.pointer) for problem in caught.value.problems}


def change(document: Any, pointer: str, to: Any) -> None:
    """Change one member; GONE takes it away."""
    *steps, last = (int(step) if step.isdigit() else step for step in pointer.split("/")[1:])
    for step in steps:
        document = document[step]
    if to is GONE:
        del document[last]
    else:
        document[last] = to


GONE = object()
GULL = {"lines": ["1 Gull Steps"], "postcode": {"value": "XX2 1AA"}}
UNKNOWN = {"absent": "UNKNOWN"}
RULES: list[tuple[str, dict[str, Any], str, str]] = [
    ("c3", {"/victim/address": {"value": GULL}}, "must_be_sealed", "/victim/address/value"),
    (
        "c3",
        {"/victim/landlord": {"value": {"name": "H"}}},
        "must_be_sealed",
        "/victim/landlord/value",
    ),
    (
        "c3",
        {"/victim/address_classification": "TEMP_ACCOM", "/victim/address": {"value": GULL}},
        "must_be_sealed",
        "/victim/address/value",
    ),
    (
        "c3",
        {"/victim/previous_addresses/0/classification": "REFUGE"},
        "must_be_sealed",
        "/victim/previous_addresses/0/classification",
    ),
    ("minimal", {"/victim/address": {"value": GULL}}, "not_both", "/victim/address/value"),
    ("c1", {"/victim/address": GONE}, "missing", "/victim/address"),
    ("c1", {"/victim/address": UNKNOWN}, "needed_here", "/referral/area"),
    ("c1", {"/victim/address/value/postcode": UNKNOWN}, "needed_here", "/referral/area"),
    ("c3", {"/referral/area": GONE}, "needed_here", "/referral/area"),
    ("c1", {"/victim/dob_precision": GONE}, "needed_here", "/victim/dob_precision"),
    ("c1", {"/victim/dob": UNKNOWN}, "not_both", "/victim/dob_precision"),
    (
        "c2",
        {"/victim/interpreter_exclusions": GONE},
        "needed_here",
        "/victim/interpreter_exclusions",
    ),
    (
        "c2",
        {"/victim/aware_of_referral/reason": GONE},
        "needed_here",
        "/victim/aware_of_referral/reason",
    ),
    (
        "c1",
        {"/victim/pregnant/value/due_on": "2027-01-01"},
        "not_both",
        "/victim/pregnant/value/due_on",
    ),
    (
        "c1",
        {"/victim/afraid_of/value/0/ref": "p9"},
        "unknown_reference",
        "/victim/afraid_of/value/0/ref",
    ),
    ("c1", {"/victim/gp_practice": {}}, "needed_here", "/victim/gp_practice/name"),
    ("c1", {"/victim/position": "WITHDRAWN"}, "needed_here", "/consent_record/withdrawn_on"),
    (
        "c1",
        {"/consent_record/withdrawn_on": "2026-11-20"},
        "not_both",
        "/consent_record/withdrawn_on",
    ),
    ("c2", {"/perpetrators/2/description": GONE}, "needed_here", "/perpetrators/2/description"),
    ("c2", {"/perpetrators/1/ref": "p1"}, "duplicate", "/perpetrators/1/ref"),
    ("c1", {"/children/0/ref": "p1"}, "duplicate", "/children/0/ref"),
    (
        "c1",
        {"/perpetrators/0/aware_of_referral": True},
        "unknown_code",
        "/perpetrators/0/aware_of_referral",
    ),
    (
        "c3",
        {"/perpetrators/0/relationship/value/separated": "NO"},
        "not_both",
        "/perpetrators/0/relationship/value/separated_on",
    ),
    (
        "c3",
        {"/perpetrators/0/relationship/value/ended_on": "2016-01-01"},
        "out_of_range",
        "/perpetrators/0/relationship/value/ended_on",
    ),
    ("c1", {"/perpetrators": []}, "too_short", "/perpetrators"),
    ("c1", {"/children": []}, "too_short", "/children"),
    ("c1", {"/children": {}}, "missing", "/children/none"),
    ("c1", {"/children": {"none": False}}, "wrong_type", "/children/none"),
    ("c1", {"/children": {"none": 1}}, "wrong_type", "/children/none"),
    ("c1", {"/children/0/given_names": GONE}, "needed_here", "/children/0/given_names"),
    (
        "c1",
        {"/children/0/unborn": True, "/children/0/dob": GONE, "/children/0/dob_precision": GONE},
        "needed_here",
        "/children/0/due_on",
    ),
    (
        "c5",
        {"/children/0/unborn": False, "/children/0/given_names": "A", "/children/0/dob": UNKNOWN},
        "not_both",
        "/children/0/due_on",
    ),
    (
        "c1",
        {"/children/0/address": {**GULL, "classification": "REFUGE"}},
        "must_be_sealed",
        "/children/0/address/classification",
    ),
    ("c1", {"/incidents": []}, "too_short", "/incidents"),
    ("c1", {"/incidents/0/precision": GONE}, "needed_here", "/incidents/0/precision"),
    ("c1", {"/incidents/0/kinds": ["VIOLENCE", "VIOLENCE"]}, "duplicate", "/incidents/0/kinds/1"),
    ("c1", {"/referral/criteria": []}, "too_short", "/referral/criteria"),
    ("c1", {"/referral/rationale": "x" * 4001}, "too_long", "/referral/rationale"),
    (
        "c1",
        {"/referral/victim_wants_police/rationale": GONE},
        "needed_here",
        "/referral/victim_wants_police/rationale",
    ),
    (
        "c3",
        {"/referral/previous_marac/value/heard": False},
        "not_both",
        "/referral/previous_marac/value/hearings",
    ),
    (
        "c1",
        {"/risk_assessments/value/0/rationale": GONE},
        "needed_here",
        "/risk_assessments/value/0/rationale",
    ),
    (
        "c1",
        {"/risk_assessments/value/0/professional": GONE},
        "needed_here",
        "/risk_assessments/value/0/professional",
    ),
    (
        "c1",
        {"/risk_assessments/value/0/professional/P3": GONE},
        "missing",
        "/risk_assessments/value/0/professional/P3",
    ),
    (
        "c1",
        {"/risk_assessments/value/0/answers/1/item_id": "DASH01"},
        "duplicate",
        "/risk_assessments/value/0/answers/1/item_id",
    ),
    (
        "c5",
        {"/risk_assessments/value/0/professional/P5/made_on": GONE},
        "needed_here",
        "/risk_assessments/value/0/professional/P5/made_on",
    ),
    ("c2", {"/conflict_check/people": GONE}, "needed_here", "/conflict_check/people"),
    ("c2", {"/must_not_receive/0": {"reason": "x"}}, "needed_here", "/must_not_receive/0/name"),
    ("c2", {"/override_record/why_not_told": GONE}, "needed_here", "/override_record/why_not_told"),
    ("c2", {"/override_record/authoriser": GONE}, "needed_here", "/override_record/authoriser"),
    (
        "c2",
        {"/override_record/authoriser/name": "MARIAN Oldacre"},
        "same_person",
        "/override_record/authoriser/name",
    ),
    (
        "c2",
        {"/override_record/breaks_conditions": [{}]},
        "needed_here",
        "/override_record/breaks_conditions/0/excludes_kind",
    ),
    ("c1", {"/victim/contact": {"value": "07700 900123"}}, "unknown_code", "/victim/contact/value"),
    (
        "c1",
        {"/orders": [{"type": "NMO", "against": "p7"}]},
        "unknown_reference",
        "/orders/0/against",
    ),
]


@pytest.mark.parametrize(("name", "changes", "code", "pointer"), RULES)
def test_what_contradicts_itself_is_sent_back(
    name: str, changes: dict[str, Any], code: str, pointer: str
) -> None:
    document = a_form(name)
    for place, to in changes.items():
        change(document, place, to)
    assert faults(document) == {(code, pointer)}


def test_one_person_may_override_alone_only_while_life_is_in_danger() -> None:
    document = a_form("c2")
    del document["override_record"]["authoriser"]
    document["referral"]["danger"] = "IMMINENT_LIFE"
    forms.load("referral/1", document)


def test_an_unrecorded_position_is_taken_in() -> None:
    document = a_form("minimal")
    document["victim"]["position"] = "UNRECORDED"
    assert forms.load("referral/1", document)["victim"]["position"] is Position.UNRECORDED


OTHER_RULES = [
    ("decision/1", {"decision": "RETURN"}, ("needed_here", "/reasons")),
    ("decision/1", {"decision": "REJECT", "reason": "x"}, ("needed_here", "/alternative_route")),
    ("decision/1", {"decision": "MERGE"}, ("needed_here", "/merge_with")),
    ("decision/1", {"decision": "ACCEPT", "merge_with": "7K3MQ-2XF8A-0"}, None),
    ("position/1", {}, ("missing", "/position")),
    ("risk-assessment/1", [], ("wrong_type", "")),
    ("referral/2", {}, ("unknown_form", "")),
    ("withdrawal/1", {}, ("unknown_form", "")),
]


@pytest.mark.parametrize(("form", "document", "fault"), OTHER_RULES)
def test_the_other_forms_have_their_rules(form: str, document: Any, fault: Any) -> None:
    found = faults(document, form)
    assert fault in found if fault else found


@pytest.mark.parametrize(
    ("body", "sent", "fault"),
    [
        ("acknowledgement/1", {"outcome": "DECLINED"}, Problem("needed_here", "/reason")),
        ("routing-preview/1", {}, Problem("needed_here", "/area")),
        ("routing-preview/1", {"area": "A1", "outward": "XX1"}, Problem("not_both", "/outward")),
        ("routing-preview/1", {"area": "A1", "position": 1}, Problem("unknown_field", "/position")),
        ("listing/1", {"reference": "7K3MQ-2XF8A-0"}, Problem("bad_check_digit", "/reference")),
        ("conference/1", None, Problem("wrong_type", "")),
    ],
)
def test_plain_bodies_have_their_rules(body: str, sent: Any, fault: Problem) -> None:
    with pytest.raises(Invalid) as caught:
        forms.load_body(forms.BODIES[body], sent)
    assert caught.value.problems == (fault,)


def some_claims(**changes: Any) -> dict[str, Any]:
    golden = json.loads((Path(__file__).parent / "golden/v1/envelope.json").read_text("utf-8"))
    return golden["in"] | changes


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"exp": 1795262400}, "out_of_range", "/exp"),
        ({"exp": 1795262400 + 901}, "out_of_range", "/exp"),
        ({"iat": 1795262400.0}, "wrong_type", "/iat"),
        ({"jti": "short"}, "bad_format", "/jti"),
        ({"aud": ["a", "b"]}, "wrong_type", "/aud"),
        ({"sub": "x"}, "unknown_field", "/sub"),
        ({"document": []}, "wrong_type", "/document"),
        ({"worker": None}, "wrong_type", "/worker"),
        ({"pad": "01"}, "bad_format", "/pad"),
        ({"form": "../referral"}, "bad_format", "/form"),
        ({"sealed": [{}]}, "missing", "/sealed/0/digest"),
    ],
)
def test_claims_are_of_one_shape(changes: dict[str, Any], code: str, pointer: str) -> None:
    with pytest.raises(Invalid) as caught:
        forms.load_claims(some_claims(**changes))
    assert Problem(code, pointer) in caught.value.problems


def test_a_sealed_section_goes_to_each_agency_once() -> None:
    claims = some_claims()
    claims["sealed"][0]["recipients"] *= 2
    with pytest.raises(Invalid) as caught:
        forms.load_claims(claims)
    assert caught.value.problems == (Problem("duplicate", "/sealed/0/recipients/1/agency"),)


def test_F14_every_fault_has_a_published_code_and_a_pointer() -> None:
    document = a_form()
    del document["victim"]["dob"]
    document["referral"]["urgency"] = "SOON"
    document["perpetrators"][0]["sex"] = 1
    document["shoe_size"] = 44
    assert faults(document) == {
        ("missing", "/victim/dob"),
        ("unknown_code", "/referral/urgency"),
        ("wrong_type", "/perpetrators/0/sex"),
        ("unknown_field", "/shoe_size"),
    }


@pytest.mark.parametrize("name", ["Elena Marsh", "/x", "~0", "_schema", "", "Ünë", "a" * 65])
def test_a_strange_member_is_not_repeated(name: str) -> None:
    document = a_form()
    document["victim"][name] = 1
    assert faults(document) == {("unknown_field", "/victim")}


def test_many_faults_give_a_bounded_answer() -> None:
    document = a_form()
    document["victim"] |= {f"x{number}": 1 for number in range(5000)}
    assert len(faults(document)) == forms.MOST_PROBLEMS


def nodes(value: Any, pointer: str = "") -> Iterator[str]:
    if isinstance(value, list):
        value = dict(enumerate(value))
    for name, inner in value.items() if isinstance(value, dict) else ():
        yield f"{pointer}/{name}"
        yield from nodes(inner, f"{pointer}/{name}")


CANARY = "zq canary\x07 77"
DOCUMENTS = {name: a_form(name) for name in ("c1", "c2", "c3", "c4", "c5", "minimal")}
PLACES = [(name, path) for name, document in DOCUMENTS.items() for path in nodes(document)]
ODD = [
    CANARY,
    {CANARY: CANARY},
    [CANARY],
    {"value": CANARY},
    {"absent": CANARY},
    None,
    7,
    7.5,
    True,
]


@given(st.sampled_from(PLACES), st.sampled_from(ODD))
def test_no_refusal_repeats_what_was_sent(place: tuple[str, str], odd: Any) -> None:
    name, path = place
    document = copy.deepcopy(DOCUMENTS[name])
    change(document, path, odd)
    refusal = refused(document)
    if refusal is not None:  # a text may be changed to any other
        assert refusal.problems
        assert "canary" not in f"{refusal} {refusal.message} {refusal.problems}"
        assert refusal.__suppress_context__
        assert all(each.code in PROBLEM_TEXTS for each in refusal.problems)


def refused(document: object) -> Invalid | None:
    try:
        forms.load("referral/1", document)
    except Invalid as refusal:
        return refusal
    return None


def outcome(load: Any, value: Any) -> Any:
    try:
        return load(value)
    except ValidationError as error:
        return error.messages


@given(st.sampled_from(PLACES), st.sampled_from(ODD))
def test_the_short_way_and_marshmallow_agree(place: tuple[str, str], odd: Any) -> None:
    name, path = place
    document = copy.deepcopy(DOCUMENTS[name])
    change(document, path, odd)
    form = forms.FORMS["referral/1"]
    assert outcome(form.take, document) == outcome(form.load, document)
    for member, field in form.fields.items():
        if isinstance(field, Part):
            part = document.get(member)
            assert outcome(field.form.take, part) == outcome(field.form.load, part)


@given(st.sampled_from(PLACES), st.sampled_from([*ODD, missing]))
def test_a_field_takes_what_marshmallow_makes_it_take(place: tuple[str, str], odd: Any) -> None:
    document = copy.deepcopy(DOCUMENTS[place[0]])
    change(document, place[1], odd)
    for name, field in forms.FORMS["referral/1"].fields.items():
        for value in (document.get(name, missing), odd):
            by_marshmallow = partial(Field.deserialize, field)
            assert outcome(field.deserialize, value) == outcome(by_marshmallow, value)


def parts_of(form: Form) -> Iterator[Form]:
    yield form
    for field in form.fields.values():
        while isinstance(field, (OrReason, ListOf)):
            field = field.inner
        if isinstance(field, Part):
            yield from parts_of(field.form)


@pytest.mark.parametrize("name", list(PUBLISHED))
def test_every_member_of_every_form_is_strict(name: str) -> None:
    for form in parts_of(PUBLISHED[name]):
        assert form.unknown == "raise"
        for field in form.fields.values():
            assert isinstance(field, fields.Strict)
            assert not field.allow_none
            # Strict.deserialize passes these by: there must be none.
            assert [*field.pre_load, *field.validators, *field.post_load] == []
            assert field.load_default is missing


def test_plain_gives_back_what_was_loaded() -> None:
    document = a_form()
    loaded = forms.load("referral/1", document)
    again = forms.plain(loaded)
    assert json.loads(json.dumps(again)) == again
    assert forms.load("referral/1", again) == loaded
    document["consent_record"]["recorded_at"] = "2026-11-19T10:25:00Z"
    assert again == document


def test_value_of_reads_both_sides_of_a_blank() -> None:
    assert forms.value_of({"value": 3}) == 3
    assert forms.value_of({"absent": "UNKNOWN"}) is None
    assert forms.value_of(None) is None


@pytest.mark.parametrize("text", PROBLEM_TEXTS.values())
def test_a_code_is_explained_in_one_sentence_or_two(text: str) -> None:
    assert text.endswith(".")
    assert len(text) < 200
