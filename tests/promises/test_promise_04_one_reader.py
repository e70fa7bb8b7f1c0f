"""Promise 4: one reader. Only `disclosure` opens sealed case data."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from sqlalchemy import LargeBinary

from gateway.errors import Undecipherable
from gateway.sealing import sections as seal
from gateway.store import tables as t
from tests.journeys.world import ROOT, World, example

LANDLORD, IDVA = "harbourgate-homes", "marlbury-idva"
OPENING = {"open_section_content", "open_grant"}


def modules() -> list[Path]:
    return sorted((ROOT / "gateway").rglob("*.py"))


def names_in(path: Path) -> set[str]:
    """Every name and attribute that a module uses."""
    tree = ast.parse(path.read_text("utf-8"))
    found = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return found | {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def test_promise_04_only_disclosure_uses_what_opens_a_section() -> None:
    users = {
        path.relative_to(ROOT / "gateway").parts[0]
        for path in modules()
        if names_in(path) & OPENING and path.name != "sections.py"
    }
    assert users == {"disclosure"}


def test_promise_04_the_database_holds_sections_as_bytes_alone() -> None:
    """No column type and no store function turns them into anything."""
    for name in ("key", "content"):
        assert isinstance(t.section.c[name].type, LargeBinary)
    store = ROOT / "gateway" / "store"
    assert not any("cells" in names_in(path) for path in store.glob("*.py"))


@pytest.mark.parametrize("table", ["section", "referral_version", "position"])
def test_promise_04_what_is_stored_opens_only_in_its_own_place(
    sqlite_world: World, table: str
) -> None:
    """Each cell is bound to its table, column, row and case: moved, it does not open (F36, V19)."""
    world = sqlite_world
    first = world.client(LANDLORD).refer(example("c1")).reference
    second = world.client(LANDLORD).refer(example("c1")).reference
    case_id, other = world.case_of(first), world.case_of(second)
    key = world.case_key(case_id)
    row = world.rows(t.section, case_id=case_id)[0]
    place = {"case_id": case_id, "section_id": row["id"]}
    section_key = seal.open_grant(key, row["key"], agency_id="@gateway", **place)
    assert seal.open_section_content(section_key, row["content"], **place)
    elsewhere = [{**place, "case_id": other}, {**place, "section_id": other}]
    for wrong in elsewhere:
        with pytest.raises(Undecipherable):
            seal.open_section_content(section_key, row["content"], **wrong)
    column = {"section": "content", "referral_version": "document", "position": "account"}[table]
    blobs = [each[column] for each in world.rows(t.metadata.tables[table])]
    assert len(set(blobs)) == len(blobs)
    for blob in blobs:
        with pytest.raises(Undecipherable):
            seal.open_section_content(section_key, blob, case_id=other, section_id=other)


def test_promise_04_a_swapped_section_is_not_shown(world: World) -> None:
    """Somebody with the database in hand cannot show one case's text in another's place."""
    first = world.client(LANDLORD).refer(example("c1")).reference
    second = world.client(LANDLORD).refer(example("c5")).reference
    texts = {
        ref: next(
            row
            for row in world.rows(t.section, case_id=world.case_of(ref))
            if (row["name"], row["part"]) == ("incidents", "FULL")
        )
        for ref in (first, second)
    }
    with world.engine.begin() as connection:
        connection.execute(
            t.section.update()
            .where(t.section.c.id == texts[first]["id"])
            .values(content=texts[second]["content"])
        )
    wire = world.wire(IDVA)
    answer = wire.ask("GET", f"/v1/cases/{first}?purpose=P2", "cases:read")
    assert answer.status_code >= 400
    assert "Keira" not in answer.text
