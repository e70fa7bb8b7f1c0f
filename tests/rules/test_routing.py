"""Routing: which agency receives a case, by recipient, area and needs, and who stands in."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import BrokenTable
from gateway.profiles.routes import load_routing
from gateway.rules.disclosure import decide
from gateway.rules.facts import Caller, Membership, Standing
from gateway.rules.routing import preview, researchers, route
from gateway.schemas.codes import (
    AgencyKind,
    CaseRole,
    CaseState,
    Need,
    Purpose,
    Recipient,
)
from tests.rules.cases import MATRIX, a_case, a_table
from tests.rules.tables import read

TABLE = load_routing(read("routing"))
M, FH = "MARLBURY", "FENHOLLOW"
USABLE = {
    contact.agency_id: Standing(contact.agency_id, contact.kind, contact.area)
    for contact in TABLE.agencies.values()
}
_AGENCIES = st.frozensets(st.sampled_from(sorted(TABLE.agencies)))
_NEEDS = st.frozensets(st.sampled_from(list(Need)))
_WANTED = st.frozensets(st.sampled_from(list(Recipient)))


def _without(*, suspended: str = "", conflicted: str = "", gone: str = "") -> dict[str, Standing]:
    """Return the directory with some agencies out of use."""
    return {
        key: Standing(
            key,
            standing.kind,
            standing.area,
            is_suspended=key in suspended.split(),
            is_conflicted=key in conflicted.split(),
        )
        for key, standing in USABLE.items()
        if key not in gone.split()
    }


def _one(
    recipient: str, area: str, needs: str = "", standing: Mapping[str, Standing] = USABLE
) -> tuple[str, str, str, str]:
    wanted = frozenset(Need(need) for need in needs.split())
    (found,) = route(TABLE, [Recipient(recipient)], area, wanted, standing)
    return found.agency_id, found.role, found.rule, found.because


# (recipient, area, needs) -> (agency, row)
VECTORS = [
    ("IDVA", M, "", "marlbury-idva", "M-IDVA"),
    ("IDVA", M, "MALE", "marlbury-idva", "M-IDVA-MALE"),
    ("IDVA", M, "LGBT", "marlbury-idva", "M-IDVA-2"),
    ("IDVA", M, "HBA", "aster-women", "M-IDVA-BY-FOR"),
    ("IDVA", M, "LANGUAGE", "aster-women", "M-IDVA-BY-FOR"),
    ("IDVA", M, "HBA LANGUAGE", "aster-women", "M-IDVA-BY-FOR"),
    ("IDVA", M, "AGE_16_17", "marlbury-idva", "M-IDVA-YOUNG"),
    ("IDVA", M, "DISABILITY", "marlbury-idva", "M-IDVA-DISABILITY"),
    # several rows match: the first wins
    ("IDVA", M, "MALE LGBT DISABILITY", "marlbury-idva", "M-IDVA-MALE"),
    ("IDVA", M, "MALE HBA", "marlbury-idva", "M-IDVA-MALE"),
    ("IDVA", M, "LGBT HBA", "aster-women", "M-IDVA-BY-FOR"),
    ("IDVA", M, "HBA AGE_16_17", "aster-women", "M-IDVA-BY-FOR"),
    ("IDVA", M, "LGBT AGE_16_17", "marlbury-idva", "M-IDVA-2"),
    ("IDVA", M, "AGE_16_17 DISABILITY", "marlbury-idva", "M-IDVA-YOUNG"),
    ("IDVA", M, "MALE LGBT AGE_16_17 HBA DISABILITY LANGUAGE", "marlbury-idva", "M-IDVA-MALE"),
    ("IDVA", FH, "", "fenhollow-idva", "F-IDVA"),
    ("IDVA", FH, "HBA", "fenhollow-idva", "F-IDVA-BY-FOR"),
    ("IDVA", FH, "LANGUAGE", "fenhollow-idva", "F-IDVA-BY-FOR"),
    ("IDVA", FH, "MALE", "fenhollow-idva", "F-IDVA-MALE"),
    ("IDVA", FH, "LGBT", "fenhollow-idva", "F-IDVA-MALE"),
    ("IDVA", FH, "MALE HBA", "fenhollow-idva", "F-IDVA-BY-FOR"),
    ("IDVA", FH, "DISABILITY", "fenhollow-idva", "F-IDVA"),
    ("POLICE", M, "", "marlbury-police", "M-POLICE"),
    ("POLICE", M, "HBA", "marlbury-police", "M-POLICE"),
    ("POLICE", FH, "", "marlbury-police", "F-POLICE"),
    ("CSC", M, "", "marlbury-csc", "M-CSC"),
    ("CSC", M, "AGE_16_17", "marlbury-csc", "M-CSC-YOUNG"),
    ("CSC", FH, "", "marlbury-csc", "F-CSC"),
    ("CSC", FH, "AGE_16_17", "marlbury-csc", "F-CSC"),
    ("ASC", M, "", "marlbury-asc", "M-ASC"),
    ("ASC", M, "DISABILITY", "marlbury-asc", "M-ASC"),
    ("ASC", FH, "", "marlbury-asc", "F-ASC"),
]
ROLES = {"IDVA": "IDVA", "POLICE": "NAMED", "CSC": "NAMED", "ASC": "NAMED"}


@pytest.mark.parametrize(("recipient", "area", "needs", "agency", "row"), VECTORS)
def test_F24_the_first_matching_row_decides(
    recipient: str, area: str, needs: str, agency: str, row: str
) -> None:
    assert _one(recipient, area, needs) == (agency, ROLES[recipient], row, "row")


# what is out of use -> (agency, role, row, because)
STAND_INS = [
    (
        "IDVA",
        M,
        "",
        {"suspended": "marlbury-idva"},
        ("aster-women", "IDVA", "M-IDVA", "fallback-after-suspended"),
    ),
    (
        "IDVA",
        M,
        "HBA",
        {"suspended": "aster-women"},
        ("marlbury-idva", "IDVA", "M-IDVA-BY-FOR", "fallback-after-suspended"),
    ),
    (
        "IDVA",
        M,
        "HBA",
        {"conflicted": "aster-women"},
        ("marlbury-idva", "IDVA", "M-IDVA-BY-FOR", "fallback-after-conflicted"),
    ),
    (
        "IDVA",
        M,
        "MALE",
        {"gone": "marlbury-idva"},
        ("fenhollow-idva", "IDVA", "M-IDVA-MALE", "fallback-after-unknown"),
    ),
    (  # row and fallback are out, the next matching row has a fallback that is in
        "IDVA",
        M,
        "MALE",
        {"suspended": "marlbury-idva fenhollow-idva"},
        ("aster-women", "IDVA", "M-IDVA", "fallback-after-suspended"),
    ),
    (
        "IDVA",
        M,
        "DISABILITY",
        {"conflicted": "marlbury-idva", "suspended": "fenhollow-idva"},
        ("aster-women", "IDVA", "M-IDVA", "fallback-after-conflicted"),
    ),
    (
        "IDVA",
        FH,
        "",
        {"conflicted": "fenhollow-idva"},
        ("marlbury-idva", "IDVA", "F-IDVA", "fallback-after-conflicted"),
    ),
    (
        "IDVA",
        FH,
        "LANGUAGE",
        {"suspended": "fenhollow-idva"},
        ("aster-women", "IDVA", "F-IDVA-BY-FOR", "fallback-after-suspended"),
    ),
    (  # the reason named is why the first choice was passed over
        "IDVA",
        M,
        "HBA DISABILITY",
        {"suspended": "aster-women", "conflicted": "marlbury-idva"},
        ("fenhollow-idva", "IDVA", "M-IDVA-DISABILITY", "fallback-after-suspended"),
    ),
    (  # no IDVA service at all
        "IDVA",
        M,
        "HBA",
        {"suspended": "marlbury-idva aster-women fenhollow-idva"},
        ("marlbury-marac", "ALERTED", "M-MARAC", "coordinator-stands-in"),
    ),
    (
        "POLICE",
        M,
        "",
        {"suspended": "marlbury-police"},
        ("marlbury-marac", "ALERTED", "M-MARAC", "coordinator-stands-in"),
    ),
    (
        "CSC",
        FH,
        "",
        {"conflicted": "marlbury-csc"},
        ("fenhollow-marac", "ALERTED", "F-MARAC", "coordinator-stands-in"),
    ),
    (
        "ASC",
        M,
        "",
        {"gone": "marlbury-asc", "conflicted": "marlbury-marac"},
        ("fenhollow-marac", "ALERTED", "F-MARAC", "coordinator-of-other-area"),
    ),
    ("MARAC", M, "", {}, ("marlbury-marac", "COORDINATOR", "M-MARAC", "coordinator-of-area")),
    ("MARAC", FH, "", {}, ("fenhollow-marac", "COORDINATOR", "F-MARAC", "coordinator-of-area")),
    (
        "MARAC",
        M,
        "",
        {"conflicted": "marlbury-marac"},
        ("fenhollow-marac", "COORDINATOR", "F-MARAC", "coordinator-of-other-area"),
    ),
    (
        "MARAC",
        FH,
        "",
        {"suspended": "fenhollow-marac"},
        ("marlbury-marac", "COORDINATOR", "M-MARAC", "coordinator-of-other-area"),
    ),
    (
        "MARAC",
        FH,
        "",
        {"suspended": "fenhollow-marac marlbury-marac"},
        ("fenhollow-marac", "COORDINATOR", "F-MARAC", "last-resort"),
    ),
    # an area that nobody serves
    (
        "IDVA",
        "NOWHERE",
        "",
        {},
        ("marlbury-marac", "ALERTED", "M-MARAC", "coordinator-of-other-area"),
    ),
    (
        "MARAC",
        "",
        "",
        {},
        ("marlbury-marac", "COORDINATOR", "M-MARAC", "coordinator-of-other-area"),
    ),
]


@pytest.mark.parametrize(("recipient", "area", "needs", "out", "expected"), STAND_INS)
def test_F25_who_stands_in_is_named_with_the_reason(
    recipient: str,
    area: str,
    needs: str,
    out: dict[str, str],
    expected: tuple[str, str, str, str],
) -> None:
    assert _one(recipient, area, needs, _without(**out)) == expected


def test_each_row_of_the_table_is_chosen_by_some_vector() -> None:
    chosen = {row for *_, row in VECTORS} | {expected[2] for *_, expected in STAND_INS}
    assert chosen == {row.id for row in TABLE.rows}


def test_wanting_the_conference_brings_the_areas_coordinator() -> None:
    wanted = [Recipient.MARAC, Recipient.IDVA, Recipient.MARAC]
    found = route(TABLE, wanted, M, frozenset(), USABLE)
    assert [(each.recipient, each.agency_id, each.role) for each in found] == [
        (Recipient.MARAC, "marlbury-marac", CaseRole.COORDINATOR),
        (Recipient.IDVA, "marlbury-idva", CaseRole.IDVA),
    ]


def test_triage_brings_the_coordinator_and_nothing_wanted_brings_nobody() -> None:
    (found,) = route(TABLE, [], FH, frozenset(), USABLE, needs_triage=True)
    assert (found.agency_id, found.role) == ("fenhollow-marac", CaseRole.COORDINATOR)
    # A child under 16 goes to children's social care alone, never to the conference.
    (found,) = route(TABLE, [Recipient.CSC], M, frozenset(), USABLE)
    assert found.agency_id == "marlbury-csc"
    assert route(TABLE, [], M, frozenset(), USABLE) == ()


@given(_WANTED, st.sampled_from([M, FH, "NOWHERE"]), _NEEDS, _AGENCIES, _AGENCIES, _AGENCIES)
def test_nothing_routes_to_nobody(
    wanted: frozenset[Recipient],
    area: str,
    needs: frozenset[Need],
    suspended: frozenset[str],
    conflicted: frozenset[str],
    gone: frozenset[str],
) -> None:
    standing = _without(
        suspended=" ".join(suspended), conflicted=" ".join(conflicted), gone=" ".join(gone)
    )
    found = route(TABLE, wanted, area, needs, standing)
    assert {each.recipient for each in found} == wanted
    assert len(found) == len(wanted)
    out = suspended | conflicted | gone
    rows = {row.id for row in TABLE.rows}
    for each in found:
        assert each.rule in rows
        assert (each.agency_id in out) is (each.because == "last-resort")
        if each.because == "last-resort":
            assert {"marlbury-marac", "fenhollow-marac"} <= out
    assert found == route(TABLE, sorted(wanted), area, needs, standing)


def test_a_conflicted_last_resort_stays_behind_the_wall() -> None:
    standing = _without(conflicted="marlbury-marac fenhollow-marac")
    (found,) = route(TABLE, [Recipient.MARAC], M, frozenset(), standing)
    assert found.because == "last-resort"
    member = Membership(found.agency_id, AgencyKind.COORDINATOR, frozenset({found.role}))
    case = a_case(member, state=CaseState.TRIAGE, conflicted=frozenset({found.agency_id}))
    caller = Caller(found.agency_id, AgencyKind.COORDINATOR, M)
    assert not decide(case, caller, Purpose.P9, MATRIX)


def test_research_asks_the_agencies_of_the_area_that_can_be_asked() -> None:
    everyone = researchers(TABLE, M, USABLE)
    assert "marlbury-gp" in everyone
    out = _without(suspended="marlbury-gp", conflicted="marlbury-council-housing")
    left = researchers(TABLE, M, out)
    assert set(everyone) - set(left) == {"marlbury-gp", "marlbury-council-housing"}
    assert "marlbury-college" not in researchers(TABLE, FH, USABLE)
    assert researchers(TABLE, "NOWHERE", USABLE) == ()


# --- preview ----------------------------------------------------------------------------------

BOTH = ("protected_address", "safe_contact")


@pytest.mark.parametrize(
    ("area", "needs", "idva"),
    [
        (M, frozenset(), "marlbury-idva"),
        (M, frozenset({Need.HBA}), "aster-women"),
        (M, frozenset({Need.MALE, Need.LANGUAGE}), "marlbury-idva"),
        (FH, frozenset({Need.HBA}), "fenhollow-idva"),
    ],
)
def test_preview_names_whom_to_seal_to(area: str, needs: frozenset[Need], idva: str) -> None:
    assert preview(TABLE, MATRIX, area, needs, USABLE) == (
        (idva, AgencyKind.IDVA, BOTH),
        ("marlbury-police", AgencyKind.POLICE, BOTH),
    )


def test_preview_never_seals_to_a_coordinator_that_stands_in() -> None:
    standing = _without(suspended="marlbury-idva aster-women fenhollow-idva")
    sealed = preview(TABLE, MATRIX, M, frozenset(), standing)
    assert [agency for agency, _, _ in sealed] == ["marlbury-police"]


def test_preview_follows_the_matrix() -> None:
    rows = deepcopy(read("matrix")["rows"])
    rows["D03"]["cells"][2] = "I"
    rows["D04"]["cells"][1] = "F?PRESENT"
    sealed = preview(TABLE, a_table(rows=rows), M, frozenset(), USABLE)
    assert sealed == (
        ("marlbury-idva", AgencyKind.IDVA, ("protected_address",)),
        ("marlbury-police", AgencyKind.POLICE, ("safe_contact",)),
    )


# --- loading ----------------------------------------------------------------------------------


def _row(data: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(row for row in data["rows"] if row["id"] == name)
    return found


@pytest.mark.parametrize(
    ("change", "row"),
    [
        (lambda data: data["rows"].remove(_row(data, "M-IDVA")), "MARLBURY/IDVA"),
        (lambda data: data["rows"].remove(_row(data, "F-MARAC")), "FENHOLLOW/MARAC"),
        (lambda data: data["rows"].append(_row(data, "M-IDVA")), "M-IDVA"),
        (lambda data: data["rows"].append(_row(data, "M-IDVA") | {"id": "late"}), "late"),
        (lambda data: _row(data, "M-IDVA").update(recipient="GP"), "M-IDVA"),
        (lambda data: _row(data, "M-IDVA").update(role="COORDINATOR"), "M-IDVA"),
        (lambda data: _row(data, "M-IDVA").update(agency="nobody"), "M-IDVA"),
        (lambda data: _row(data, "M-IDVA").update(agency="marlbury-gp"), "M-IDVA"),
        (lambda data: _row(data, "M-IDVA").update(fallback="marlbury-gp"), "M-IDVA"),
        (lambda data: _row(data, "M-IDVA").update(fallback="marlbury-idva"), "M-IDVA"),
        (lambda data: _row(data, "M-IDVA-MALE").update(any_need=["TALL"]), "M-IDVA-MALE"),
        (lambda data: _row(data, "M-IDVA-MALE").update(any_need=[]), "M-IDVA-MALE"),
        (lambda data: _row(data, "M-IDVA").update(need=["MALE"]), "M-IDVA"),
        (lambda data: _row(data, "M-MARAC").update(fallback="fenhollow-marac"), "M-MARAC"),
        (lambda data: _row(data, "M-IDVA").pop("desk"), "missing"),
        (lambda data: data["agencies"]["marlbury-gp"].update(kind="DOCTOR"), "marlbury-gp"),
        (lambda data: data["agencies"]["marlbury-gp"].pop("phone"), "missing"),
        (lambda data: data["research"]["MARLBURY"].append("nobody"), "research.MARLBURY"),
        (lambda data: data["research"]["MARLBURY"].append("marlbury-gp"), "research.MARLBURY"),
        (lambda data: data.update(rows=[]), "rows"),
        (lambda data: data.clear(), "missing"),
    ],
)
def test_a_broken_routing_table_never_loads(change: Any, row: str) -> None:
    data = deepcopy(read("routing"))
    change(data)
    with pytest.raises(BrokenTable, match=row):
        load_routing(data)


def test_work_phones_are_invented() -> None:
    assert TABLE.agencies
    for contact in TABLE.agencies.values():
        assert contact.phone.startswith("01632 960")
        assert contact.hours
        assert contact.capacity
