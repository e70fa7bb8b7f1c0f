"""A new edition of the need-to-know table holds from its day, with the next request."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.profiles import loader
from tests.journeys.attacks import COORDINATOR, IDVA, LANDLORD
from tests.journeys.world import World, a_world, example, seen

FROM = "2026-12-01"
OPENED = ('  "S", "S", "S", "-", "S", "S", "F", "F",', '  "S", "F", "S", "-", "S", "S", "F", "F",')
CLOSED = (
    '  "F", "F", "F", "S", "F", "S", "S?TREATED", "S",',
    '  "F", "S", "F", "S", "F", "S", "S?TREATED", "S",',
)


@pytest.fixture
def edited(database_url: str, tmp_path: Path) -> Iterator[World]:
    """From December the adviser reads all of D10 and a summary of D07, the other way round."""
    tables = tmp_path / "tables"
    shutil.copytree(Path(loader.__file__).parent, tables)
    text = (tables / "matrix.toml").read_text("utf-8").replace("2026-02-05", FROM)
    for was, now in (OPENED, CLOSED):
        assert text.count(was) == 1
        text = text.replace(was, now)
    (tables / "matrix_2026_12.toml").write_text(text, encoding="utf-8")
    with a_world(database_url, tmp_path / "world", profiles=tables) as made:
        yield made


def test_F82_what_an_edition_opens_and_closes_holds_with_the_next_request(edited: World) -> None:
    world = edited
    ref = world.client(LANDLORD).refer(example("c1")).reference
    idva = world.client(IDVA)
    foreseen = world.client(COORDINATOR).explain_change(ref, IDVA, "P2", on=FROM)
    changes = {each["section"]: (each["was"], each["now"]) for each in foreseen["changes"]}
    assert changes["health"] == ("SUMMARY", "FULL")
    assert changes["incidents"] == ("FULL", "SUMMARY")
    before = seen(idva, ref, "P2")
    assert (before["health"][0], before["incidents"][0]) == ("SUMMARY", "FULL")
    world.later(days=8)  # nobody writes to the case meanwhile, and nothing runs
    assert world.now.date().isoformat() == FROM
    after = seen(idva, ref, "P2")
    assert (after["health"][0], after["incidents"][0]) == ("FULL", "SUMMARY")
    assert after["health"][1] != {"present": True}
    assert after["health"][1] != before["health"][1]
    regranted = world.log(event="case.regranted")
    assert [each["because"] for each in regranted] == ["tables"]
    assert seen(idva, ref, "P2") == after  # and once is enough
    assert len(world.log(event="case.regranted")) == 1
