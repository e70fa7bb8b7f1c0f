"""An override record is complete, or it is refused field by field; and it is owed on time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from gateway.errors import Invalid
from gateway.profiles.legal import load_legal
from gateway.rules.facts import Narrowing
from gateway.rules.limits import Limits
from gateway.rules.overrides import Decided, faults, owed_since
from gateway.schemas import forms
from gateway.schemas.codes import AgencyKind, Category, Purpose, RecordKind
from gateway.schemas.consent_codes import LegalBasis
from tests.doors.test_forms import a_form
from tests.rules.tables import read

LEGAL = load_legal(read("legal"))
NOW = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
NEEDED, FREE = frozenset({RecordKind.SHARE, RecordKind.OVERRIDE}), frozenset({RecordKind.SHARE})
EMPTY = Limits()


def a_record(**changes: Any) -> dict[str, Any]:
    """The record of C2, as it is sent by itself."""
    return {**a_form("c2")["override_record"], **changes}


def found(record: dict[str, Any], limits: Limits = EMPTY) -> set[tuple[str, str]]:
    """Faults that only the rules can see: code and path."""
    loaded = forms.load("override/1", record)
    given = faults(loaded, limits, now=NOW, is_reliable=LEGAL.may_rely)
    return {(code, "/".join(map(str, path))) for code, path in given}


def refused(record: dict[str, Any]) -> set[tuple[str, str]]:
    """Faults that the form sees."""
    with pytest.raises(Invalid) as caught:
        forms.load("override/1", record)
    return {(each.code, each.pointer) for each in caught.value.problems}


def test_F51_a_complete_record_has_no_fault() -> None:
    assert found(a_record()) == set()


MANDATORY = sorted(set(a_form("c2")["override_record"]) - {"why_not_told"})


@pytest.mark.parametrize("field", MANDATORY)
def test_F51_each_field_is_mandatory(field: str) -> None:
    record = a_record()
    del record[field]
    assert refused(record) == {("missing", f"/{field}")}


@pytest.mark.parametrize(
    "field", ["necessary", "proportionate", "risk_of_sharing", "risk_of_not_sharing"]
)
@pytest.mark.parametrize("empty", ["", " ", "\n\t "])
def test_F51_an_empty_reason_is_refused_by_its_name(field: str, empty: str) -> None:
    assert refused(a_record(**{field: empty})) == {("too_short", f"/{field}")}


@pytest.mark.parametrize("name", ["Marian Oldacre", "MARIAN  oldacre", " marian\u00a0oldacre "])
def test_F52_the_same_person_twice_is_refused(name: str) -> None:
    second = {"name": name, "role": "Head"}
    assert refused(a_record(authoriser=second)) == {("same_person", "/authoriser/name")}


def test_F51_not_told_without_a_reason_is_refused() -> None:
    record = a_record()
    del record["why_not_told"]
    assert refused(record) == {("needed_here", "/why_not_told")}


@pytest.mark.parametrize(("seconds", "is_refused"), [(-1, False), (0, False), (1, True)])
def test_F51_a_decision_of_the_future_is_refused(seconds: int, is_refused: bool) -> None:
    at = (NOW + timedelta(seconds=seconds)).isoformat()
    wanted = {("issued_in_future", "decided_at")} if is_refused else set()
    assert found(a_record(decided_at=at)) == wanted


def test_F51_a_review_before_the_decision_is_refused() -> None:
    assert found(a_record(review_on="2026-11-19")) == {("out_of_range", "review_on")}
    assert found(a_record(review_on="2026-11-20")) == set()


# --- conditions -----------------------------------------------------------------------------------

POLICE = Narrowing(kind=AgencyKind.POLICE)
SAID: list[tuple[Narrowing, dict[str, str]]] = [
    (POLICE, {"excludes_kind": "POLICE"}),
    (
        Narrowing(kind=AgencyKind.IDVA, category=Category.D07),
        {"excludes_kind": "IDVA", "excludes_category": "D07"},
    ),
    (
        Narrowing(kind=AgencyKind.POLICE, purpose=Purpose.P2),
        {"excludes_kind": "POLICE", "excludes_purpose": "P2"},
    ),
    (Narrowing(category=Category.D05), {"excludes_category": "D05"}),
]


def limits_with(each: Narrowing) -> Limits:
    if each == POLICE:
        return Limits(kinds=frozenset({AgencyKind.POLICE}))
    return Limits(narrowed=frozenset({each}))


@pytest.mark.parametrize(("condition", "named"), SAID)
def test_F51_a_condition_that_is_broken_is_named(
    condition: Narrowing, named: dict[str, str]
) -> None:
    limits = limits_with(condition)
    assert found(a_record(), limits) == {("needed_here", "breaks_conditions")}
    assert found(a_record(breaks_conditions=[named]), limits) == set()


@pytest.mark.parametrize(("condition", "named"), SAID)
def test_F51_a_condition_she_never_set_is_refused(
    condition: Narrowing, named: dict[str, str]
) -> None:
    assert found(a_record(breaks_conditions=[named])) == {
        ("not_a_condition", "breaks_conditions/0")
    }


@pytest.mark.parametrize(
    "condition",
    [
        Narrowing(kind=AgencyKind.PRIMARY_CARE),
        Narrowing(kind=AgencyKind.ASC),  # not among whom the record names
        Narrowing(kind=AgencyKind.POLICE, category=Category.D10),  # nor this class
        Narrowing(kind=AgencyKind.POLICE, purpose=Purpose.P7),
        Narrowing(agency="marlbury-police"),
    ],
)
def test_a_condition_that_the_record_does_not_touch_need_not_be_named(condition: Narrowing) -> None:
    narrow = condition.purpose or condition.category
    kinds = frozenset({condition.kind} if condition.kind and not narrow else ())
    agencies = frozenset({condition.agency} if condition.agency else ())
    rest = frozenset({condition} if narrow else ())
    assert found(a_record(), Limits(kinds=kinds, agencies=agencies, narrowed=rest)) == set()


def test_what_danger_to_life_broke_already_need_not_be_named() -> None:
    kinds = frozenset({AgencyKind.POLICE})
    assert found(a_record(), Limits(kinds=kinds, overridden_kinds=kinds)) == set()


# --- legal bases ----------------------------------------------------------------------------------


def test_F75_a_basis_counts_from_its_day() -> None:
    body = [{"body": "IDVA", "bases": ["GDPR_6_1_EA", "COMMON_LAW_PUBLIC_INTEREST"]}]
    for day, wanted in (
        ("2026-02-04", {("no_basis", "legal_bases/0/bases/0")}),
        ("2026-02-05", set()),
    ):
        assert found(a_record(legal_bases=body, decided_at=f"{day}T10:00:00Z")) == wanted


def test_F75_every_body_and_basis_over_the_whole_catalogue() -> None:
    """Recognised and legitimate interests are not for public bodies; Part 3 is for few."""
    on, private = date(2026, 11, 20), {"IDVA", "SUBSTANCE_USE", "LANDLORD", "PERP_PROGRAMME"}
    private |= {"REFUGE", "OTHER"}
    for kind, basis in product(AgencyKind, LegalBasis):
        may = LEGAL.may_rely(kind, basis, on)
        match basis:
            case LegalBasis.GDPR_6_1_EA | LegalBasis.GDPR_6_1_F:
                assert may is (kind.name in private)
            case LegalBasis.GDPR_6_1_E:
                assert may is (kind.name not in private)
            case LegalBasis.DPA_PART3_S35 | LegalBasis.DPA_SCH8_P4:
                assert may is (kind in (AgencyKind.POLICE, AgencyKind.PROBATION))
            case _:
                assert may


# --- when it is owed ------------------------------------------------------------------------------


def decided(*needs: bool) -> list[Decided]:
    """Decisions an hour apart, each with or without a need for the record."""
    return [
        Decided(NOW + timedelta(hours=n), "R1b", NEEDED if each else FREE)
        for n, each in enumerate(needs)
    ]


@pytest.mark.parametrize("needs", list(product([True, False], repeat=4)))
@pytest.mark.parametrize("signed", [None, 0, 1, 2, 3])
def test_F51_a_record_is_owed_from_the_need_until_it_is_signed(
    needs: tuple[bool, ...], signed: int | None
) -> None:
    """Over every history of four decisions, and a record that came in with each of them."""
    since = owed_since(decided(*needs), [] if signed is None else [NOW + timedelta(hours=signed)])
    run = 0
    for each in reversed(needs):
        if not each:
            break
        run += 1
    first = len(needs) - run
    is_owed = run > 0 and (signed is None or signed < first)
    assert since == (NOW + timedelta(hours=first) if is_owed else None)


def test_nothing_is_owed_where_nothing_was_decided() -> None:
    assert owed_since([], []) is None
