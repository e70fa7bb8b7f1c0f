"""Legal bases by kind of agency, person and day; and one retention for each category."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from typing import Any

import pytest

from gateway.errors import BrokenTable
from gateway.profiles.legal import load_legal
from gateway.schemas.codes import AgencyKind, Category
from tests.rules.tables import read

TABLE = load_legal(read("legal"))
TODAY = date(2026, 11, 1)
PUBLIC = ("COORDINATOR", "CSC", "ASC", "ACUTE", "PRIMARY_CARE", "MENTAL_HEALTH", "EDUCATION")
CHARITY = ("IDVA", "REFUGE", "LANDLORD", "PERP_PROGRAMME", "SUBSTANCE_USE")


def _of(kind: str, *, on: date = TODAY, special: bool = True) -> tuple[str, ...]:
    return TABLE.for_kind(AgencyKind(kind), on=on, is_child_or_has_care_needs=special)


@pytest.mark.parametrize("kind", [*PUBLIC, "LA_HOUSING"])
def test_public_bodies_stay_on_public_task(kind: str) -> None:
    assert "UKGDPR_6_1_E" in _of(kind)
    assert not {"UKGDPR_6_1_EA", "UKGDPR_6_1_F"} & set(_of(kind))


@pytest.mark.parametrize("kind", CHARITY)
def test_recognised_legitimate_interest_counts_from_its_day(kind: str) -> None:
    assert "UKGDPR_6_1_EA" not in _of(kind, on=date(2026, 2, 4))
    assert "UKGDPR_6_1_EA" in _of(kind, on=date(2026, 2, 5))
    assert "UKGDPR_6_1_F" in _of(kind, on=date(2026, 2, 4))
    assert "UKGDPR_6_1_E" not in _of(kind)


@pytest.mark.parametrize("kind", ["POLICE", "PROBATION"])
def test_law_enforcement_has_part_3_and_public_task_for_safeguarding(kind: str) -> None:
    assert {"DPA18_PART3_S35", "UKGDPR_6_1_E"} <= set(_of(kind))


@pytest.mark.parametrize("kind", [kind for kind in AgencyKind if kind is not AgencyKind.AUDITOR])
def test_paragraph_18_does_not_reach_a_competent_adult_without_care_needs(kind: str) -> None:
    assert "DPA18_SCH1_PARA_18" not in _of(kind, special=False)
    others = {"DPA18_SCH1_PARA_2", "DPA18_SCH1_PARA_6", "DPA18_SCH1_PARA_10"}
    assert others & set(_of(kind, special=False))
    if kind != AgencyKind.PERP_PROGRAMME:
        assert "DPA18_SCH1_PARA_18" in _of(kind, special=True)


@pytest.mark.parametrize("kind", list(AgencyKind))
def test_consent_is_never_a_basis(kind: AgencyKind) -> None:
    assert _of(kind)
    assert not {"UKGDPR_6_1_A", "UKGDPR_9_2_A"} & set(_of(kind))


def test_each_category_has_one_retention() -> None:
    assert set(TABLE.retention) == set(Category)
    assert TABLE.retention[Category.D26].startswith("12 months")
    assert "25th birthday" in TABLE.retention[Category.D07]


@pytest.mark.parametrize(
    ("change", "row"),
    [
        (lambda data: data["kinds"].pop("POLICE"), "missing"),
        (lambda data: data["kinds"].update(VICAR=[]), "VICAR"),
        (lambda data: data["kinds"].update(POLICE=["CDA98_S115"]), "kinds.POLICE"),
        (lambda data: data["kinds"]["POLICE"].append("UKGDPR_9_9"), "kinds.POLICE"),
        (lambda data: data["kinds"]["POLICE"].append("CDA98_S115"), "kinds.POLICE"),
        (lambda data: data["bases"].update(X=data["bases"]["OMA07"]), "bases.X"),
        (lambda data: data["bases"]["OMA07"].update(group="ARTICLE_7"), "OMA07"),
        (lambda data: data["bases"]["OMA07"].update({"from": "2008"}), "OMA07"),
        (lambda data: data["bases"]["OMA07"].update(only="ADULTS"), "OMA07"),
        (lambda data: data["bases"]["OMA07"].pop("title"), "missing"),
        (lambda data: data["retention"].pop("FLAG"), "D26"),
        (lambda data: data["retention"]["FLAG"]["categories"].append("D01"), "retention"),
        (lambda data: data["retention"]["FLAG"]["categories"].append("D99"), "retention.FLAG"),
        (lambda data: data.clear(), "missing"),
    ],
)
def test_a_broken_table_never_loads(change: Any, row: str) -> None:
    data = deepcopy(read("legal"))
    change(data)
    with pytest.raises(BrokenTable, match=row):
        load_legal(data)
