"""The tables as a whole: what ships loads, what is broken does not, each file has a version."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date, time
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gateway.errors import BrokenTable, NotFound
from gateway.profiles.areas import load_area
from gateway.profiles.loader import Profiles
from gateway.rules.clocks import Clock, Unit
from gateway.schemas.codes import AgencyKind, Purpose, RepeatAnchor, RepeatDefinition
from gateway.schemas.sections import SEALED, SEALED_READERS
from tests.rules.tables import FOLDER, read

ON = date(2026, 11, 20)


@pytest.fixture(scope="module")
def profiles() -> Profiles:
    return Profiles.load()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped tables, to be broken."""
    copy = tmp_path / "profiles"
    shutil.copytree(FOLDER, copy, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return copy


def edit(path: Path, change: Callable[[str], str]) -> None:
    before = path.read_text()
    after = change(before)
    assert after != before, "the edit missed"
    path.write_text(after)


# --- what ships -------------------------------------------------------------------------------


def test_two_areas_ship_with_all_their_tables(profiles: Profiles) -> None:
    assert profiles.areas == ("FENHOLLOW", "MARLBURY")
    profile = profiles.for_area("MARLBURY", ON)

    assert (profile.area, profile.name, profile.nation) == ("MARLBURY", "Marlbury", "ENG")
    assert profile.zone == ZoneInfo("Europe/London")
    assert profile.repeat.definition is RepeatDefinition.ANY_ABUSE
    assert profile.repeat.anchor is RepeatAnchor.LAST_REFERRAL
    assert (profile.capacity.cases, profile.capacity.minutes) == (16, 12)
    assert profile.criteria.visible_high_risk == {"DASH_RIC@1": 14, "DASH_YP@1": 14}
    assert not profile.criteria.honour_based


def test_every_clock_of_the_domain_is_there(profiles: Profiles) -> None:
    clocks = profiles.for_area("FENHOLLOW", ON).clocks
    named = """REFER ACK IDVA_TRIAGE IDVA_CONTACT IDVA_ATTEMPTS CUTOFF LIST RESEARCH LATE_LIST
    MEETING CASE CAP ACTIONS MINUTES IDVA_FEEDBACK ACTION_DEFAULT ACTION_URGENT FLAG REPEAT REVIEW
    EMERG TRANSFER"""
    assert {f"CLK_{each}" for each in named.split()} <= clocks.keys()
    assert all(code == clock.code for code, clock in clocks.items())
    assert clocks["CLK_IDVA_ATTEMPTS"] == Clock("CLK_IDVA_ATTEMPTS", 7, Unit.DAYS, count=3)
    assert clocks["CLK_CUTOFF"].is_before
    assert clocks["CLK_CAP"].count == 16


@pytest.mark.parametrize(
    ("outward", "area"),
    [
        ("XX1", "MARLBURY"),
        ("XX2", "MARLBURY"),
        ("XX3", "MARLBURY"),
        (" xx1 ", "MARLBURY"),
        ("XX7", "FENHOLLOW"),
        ("XX8", "FENHOLLOW"),
        ("XX4", None),
        ("", None),
    ],
)
def test_the_outward_postcode_gives_the_area(
    profiles: Profiles, outward: str, area: str | None
) -> None:
    assert profiles.area_of(outward) == area


def test_an_area_nobody_knows_is_not_found(profiles: Profiles) -> None:
    for area, on in (("NOWHERE", ON), ("MARLBURY", date(2023, 12, 31))):
        with pytest.raises(NotFound):
            profiles.for_area(area, on)


# --- versions ---------------------------------------------------------------------------------


def test_F82_each_table_is_versioned_by_its_content(profiles: Profiles) -> None:
    files = {
        "area": "areas/marlbury",
        "consent": "consent",
        "matrix": "matrix",
        "routing": "routing",
        "fields": "fields",
        "legal": "legal",
        "DASH_RIC@1": "instruments/dash_ric_1",
        "DASH_YP@1": "instruments/dash_yp_1",
        "SDASH@1": "instruments/sdash_1",
        "HDASH@1": "instruments/hdash_1",
    }
    assert profiles.for_area("MARLBURY", ON).versions == {
        name: sha256((FOLDER / f"{path}.toml").read_bytes()).hexdigest()
        for name, path in files.items()
    }


def test_F82_a_further_version_of_an_instrument_stands_beside_the_first(folder: Path) -> None:
    first, second = (folder / f"instruments/dash_ric_{n}.toml" for n in (1, 2))
    second.write_text(first.read_text().replace("version = 1", "version = 2"))
    before = Profiles.load().for_area("MARLBURY", ON)
    after = Profiles.load(folder).for_area("MARLBURY", ON)

    assert after.instruments["DASH_RIC@1"] == before.instruments["DASH_RIC@1"]
    assert after.versions["DASH_RIC@1"] == before.versions["DASH_RIC@1"]
    assert after.instruments["DASH_RIC@2"].version == 2


def test_the_profile_of_the_day_is_the_latest_in_force(folder: Path) -> None:
    now = (folder / "areas/marlbury.toml").read_text()
    then = now.replace("2024-01-01", "2027-04-01").replace("cases = 16", "cases = 20")
    (folder / "areas/marlbury_2027.toml").write_text(then)
    profiles = Profiles.load(folder)

    assert profiles.for_area("MARLBURY", date(2027, 3, 31)).capacity.cases == 16
    assert profiles.for_area("MARLBURY", date(2027, 4, 1)).capacity.cases == 20
    versions = [profiles.for_area("MARLBURY", date(2027, m, 1)).versions["area"] for m in (3, 4)]
    assert versions[0] != versions[1]


DATED = ["consent", "matrix", "routing", "legal"]


@pytest.mark.parametrize("name", DATED)
def test_F82_of_several_versions_the_one_in_force_on_the_day_decides(
    folder: Path, name: str
) -> None:
    first = (folder / f"{name}.toml").read_text()
    began = read(name)["effective_from"]
    later = first.replace(f"effective_from = {began}", "effective_from = 2027-04-01")
    (folder / f"{name}_2027.toml").write_text(later)
    profiles = Profiles.load(folder)

    before = profiles.for_area("MARLBURY", date(2027, 3, 31))
    after = profiles.for_area("MARLBURY", date(2027, 4, 1))
    assert before.versions[name] == sha256(first.encode()).hexdigest()
    assert after.versions[name] == sha256(later.encode()).hexdigest()
    others = before.versions.keys() - {name}
    assert all(before.versions[each] == after.versions[each] for each in others)


def test_the_matrix_of_a_day_is_the_one_in_force(folder: Path) -> None:
    later = (folder / "matrix.toml").read_text().replace("2026-02-05", "2027-04-01")
    (folder / "matrix_2027.toml").write_text(
        later.replace('IDVA = ["P1", "P2",', 'IDVA = ["P1", "P2", "P5",')
    )
    profiles = Profiles.load(folder)

    stated = [
        profiles.matrix(day).may_state(AgencyKind.IDVA, Purpose.P5)
        for day in (date(2027, 3, 31), date(2027, 4, 1))
    ]
    assert stated == [False, True]
    with pytest.raises(NotFound):
        profiles.matrix(date(2026, 2, 4))


@pytest.mark.parametrize("name", DATED)
def test_nothing_is_decided_before_a_table_counts(folder: Path, name: str) -> None:
    began = read(name)["effective_from"]
    edit(folder / f"{name}.toml", lambda text: text.replace(f"{began}", "2027-04-01", 1))
    with pytest.raises(NotFound):
        Profiles.load(folder).for_area("MARLBURY", date(2027, 3, 31))
    assert Profiles.load(folder).for_area("MARLBURY", date(2027, 4, 1))


# --- what does not load -----------------------------------------------------------------------

TABLES = ["consent", "matrix", "routing", "fields", "legal"]


@pytest.mark.parametrize("name", [*TABLES, "areas/marlbury", "instruments/dash_ric_1"])
@pytest.mark.parametrize("text", ["", "effective_from = 2026-01-01", "not = [toml"])
def test_an_empty_or_unreadable_table_is_refused(folder: Path, name: str, text: str) -> None:
    (folder / f"{name}.toml").write_text(text)
    with pytest.raises(BrokenTable):
        Profiles.load(folder)


@pytest.mark.parametrize("name", TABLES)
def test_a_missing_table_is_refused_by_name(folder: Path, name: str) -> None:
    (folder / f"{name}.toml").unlink()
    with pytest.raises(BrokenTable, match=rf"{name}\.toml"):
        Profiles.load(folder)


@pytest.mark.parametrize("name", ["areas", "instruments"])
def test_a_folder_without_tables_is_refused(folder: Path, name: str) -> None:
    shutil.rmtree(folder / name)
    with pytest.raises(BrokenTable, match=name):
        Profiles.load(folder)


def test_two_areas_cannot_share_an_outward_postcode(folder: Path) -> None:
    edit(folder / "areas/fenhollow.toml", lambda text: text.replace('"XX7"', '"XX1"'))
    with pytest.raises(BrokenTable, match="outward postcode belongs to another"):
        Profiles.load(folder)


def test_an_area_cannot_cite_an_instrument_that_is_not_there(folder: Path) -> None:
    edit(folder / "areas/marlbury.toml", lambda text: text.replace("DASH_RIC@1", "DASH_RIC@7"))
    with pytest.raises(BrokenTable, match="cites no known instrument"):
        Profiles.load(folder)


def test_an_area_nobody_coordinates_is_refused(folder: Path) -> None:
    edit(folder / "areas/marlbury.toml", lambda text: text.replace('"MARLBURY"', '"ATLANTIS"'))
    with pytest.raises(BrokenTable, match="nobody coordinates"):
        Profiles.load(folder)


def test_a_clock_of_the_consent_table_must_be_set_by_every_area(folder: Path) -> None:
    edit(folder / "consent.toml", lambda text: text.replace('"CLK_ESCALATE"', '"CLK_NEVER"'))
    with pytest.raises(BrokenTable, match="lacks one that the consent table cites"):
        Profiles.load(folder)


def test_clients_seal_to_exactly_those_to_whom_the_matrix_opens_a_section(
    profiles: Profiles,
) -> None:
    matrix = profiles.for_area("MARLBURY", ON).matrix
    assert {name: matrix.readers(name) for name in SEALED_READERS} == SEALED_READERS
    assert SEALED_READERS.keys() == set(SEALED) == matrix.exclusive


def test_a_matrix_that_opens_a_sealed_section_to_others_is_refused(folder: Path) -> None:
    """No client would seal to them, so that they would wait for a copy for ever."""
    row = """  "-", "-", "-", "C?OWN_STOCK","""
    edit(folder / "matrix.toml", lambda text: text.replace(row, row.replace('"C?', '"F?')))
    with pytest.raises(BrokenTable, match="protected_address is opened to LANDLORD"):
        Profiles.load(folder)


@pytest.mark.parametrize("name", DATED)
def test_two_versions_from_one_day_are_refused(folder: Path, name: str) -> None:
    shutil.copy(folder / f"{name}.toml", folder / f"{name}_b.toml")
    with pytest.raises(BrokenTable, match=f"{name}: two versions count from"):
        Profiles.load(folder)


@pytest.mark.parametrize("name", DATED)
def test_a_table_without_a_first_day_is_refused(folder: Path, name: str) -> None:
    began = read(name)["effective_from"]
    for instead in ("", f'effective_from = "{began}"', f"effective_from = {began}T00:00:00Z"):
        text = (FOLDER / f"{name}.toml").read_text()
        changed = text.replace(f"effective_from = {began}", instead)
        (folder / f"{name}.toml").write_text(changed)
        with pytest.raises(BrokenTable, match="effective_from"):
            Profiles.load(folder)


def test_a_broken_version_beside_a_sound_one_is_refused_by_its_file(folder: Path) -> None:
    text = (folder / "matrix.toml").read_text().replace("2026-02-05", "2027-04-01")
    (folder / "matrix_2027.toml").write_text(text.replace('title = "safe contact"', ""))
    with pytest.raises(BrokenTable, match=r"matrix_2027\.toml: matrix"):
        Profiles.load(folder)


def test_a_score_that_no_answers_reach_is_no_criterion(folder: Path) -> None:
    edit(folder / "areas/marlbury.toml", lambda text: text.replace("min = 14", "min = 25", 1))
    with pytest.raises(BrokenTable, match="no answers to DASH_RIC@1 reach 25"):
        Profiles.load(folder)


def test_one_instrument_in_two_files_is_refused(folder: Path) -> None:
    shutil.copy(folder / "instruments/sdash_1.toml", folder / "instruments/sdash_1b.toml")
    with pytest.raises(BrokenTable, match="sdash_1b: this version stands there twice"):
        Profiles.load(folder)


def test_one_area_in_two_files_from_one_day_is_refused(folder: Path) -> None:
    shutil.copy(folder / "areas/marlbury.toml", folder / "areas/marlbury_b.toml")
    with pytest.raises(BrokenTable, match="marlbury_b: stands there twice"):
        Profiles.load(folder)


def area_with(**changes: Any) -> dict[str, Any]:
    return read("areas/marlbury") | changes


def clocks_with(**changes: Any) -> dict[str, Any]:
    table = read("areas/marlbury")
    return table | {"clocks": table["clocks"] | changes}


@pytest.mark.parametrize(
    ("table", "named"),
    [
        (area_with(nation="FRA"), "nation is unknown"),
        (area_with(timezone="Europe/Marlbury"), "timezone is unknown"),
        (area_with(timezone="../etc/passwd"), "timezone is unknown"),
        (area_with(outward_postcodes=[]), "outward_postcodes is empty"),
        (area_with(outward_postcodes=["xx1"]), "not in capitals"),
        (area_with(effective_from="2026-01-01"), "effective_from is missing or of the wrong type"),
        (area_with(motto="onwards"), "unknown key motto"),
        (area_with(capacity={"cases": 0, "minutes": 12, "max_minutes": 15}), "leaves no time"),
        (area_with(capacity={"cases": 9, "minutes": 20, "max_minutes": 15}), "leaves no time"),
        (area_with(working_hours={"opens": time(17), "closes": time(9)}), "closes before it opens"),
        (
            area_with(repeat={"definition": "ALL", "anchor": "LAST_HEARD", "months": 12}),
            "repeat: definition has an unknown code",
        ),
        (area_with(criteria={}), "criteria: escalation is missing"),
        (clocks_with(CLK_ACK={}), "CLK_ACK: has no unit"),
        (clocks_with(CLK_ACK={"hours": 1, "days": 1}), "CLK_ACK: has no unit, or several"),
        (clocks_with(CLK_ACK={"weeks": 1}), "CLK_ACK: has no unit"),
        (clocks_with(CLK_ACK={"hours": -1}), "hours is negative"),
        (clocks_with(CLK_ACK={"hours": 1, "befroe": True}), "CLK_ACK: unknown key befroe"),
        (clocks_with(CLK_TEA={"hours": 1}), "clocks: unknown key CLK_TEA"),
        (area_with(clocks={}), "clocks: CLK_REFER is missing"),
    ],
)
def test_a_broken_area_is_refused_by_row(table: dict[str, Any], named: str) -> None:
    with pytest.raises(BrokenTable, match=named):
        load_area(table, "areas/marlbury")
