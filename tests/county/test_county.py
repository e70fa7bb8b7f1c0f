"""A county of invented families: nothing that was planted reaches anybody who may never have it.

And without any one guard something does. The whole size is a command: `python -m tests.county`.
"""

from __future__ import annotations

import ast
import json
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from gateway.profiles.loader import Profiles
from tests.county import hosting, neutral, owners, page
from tests.county.driving import County
from tests.county.guard import Guard
from tests.county.guards import GUARDS
from tests.county.looking import Looker, never_pairs
from tests.county.marks import Marks, found_in, plain
from tests.county.mutating import involved, row
from tests.county.paging import Pages
from tests.county.running import (
    a_county,
    ask_everybody,
    hear,
    hear_answers,
    live,
    overheard,
    read_post,
)
from tests.database import Postgres
from tests.journeys.asking import BY_NAME

ROOT = Path(__file__).resolve().parents[2]
ONE_IN = 15
ON_POSTGRESQL = ("early", "later", "hosted", "sent")


@pytest.fixture(scope="module")
def county(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[County, Looker]]:
    """Each story once, and everybody has asked."""
    folder = tmp_path_factory.mktemp("county")
    url = f"sqlite:///{shutil.copy(sqlite_template, folder / 'gateway.db')}"
    with a_county(url, folder) as made, overheard() as heard:
        live(made)
        looker = ask_everybody(made, ONE_IN)
        read_post(looker)
        hear(looker, heard.lines)
        hear_answers(looker, made.world)
        yield made, looker


def test_F57_F60_V16_nothing_that_was_planted_reaches_who_may_never_have_it(
    county: tuple[County, Looker],
) -> None:
    made, looker = county
    score = looker.score
    assert score.leaks == set()
    assert score.asked > 1500
    assert score.answered > 600
    assert never_pairs(made.families, made.askers()) > 30_000


def test_F57_what_was_planted_is_found_by_who_may_have_it(county: tuple[County, Looker]) -> None:
    """Otherwise nothing would be found because nothing is there, or because nobody can read it."""
    made, looker = county
    shown = looker.score.seen
    for kind in ("COORDINATOR", "IDVA", "POLICE", "CSC", "PRIMARY_CARE", "LANDLORD"):
        assert {row for of, row in shown if of == kind} >= {"REF", "D01", "D05"}, kind
    rows = {secret.row for family in made.families for secret in family.secrets}
    assert {row for _, row in shown} == rows


def test_F57_every_planted_word_stands_in_the_papers_of_one_family(
    county: tuple[County, Looker],
) -> None:
    made, _ = county
    papers = [plain(json.dumps(each.form, ensure_ascii=False)) for each in made.families]
    for family, own in zip(made.families, papers, strict=True):
        for secret in family.secrets:
            if secret in family.written:
                (word,) = found_in(secret.word)
                assert word in own
                assert sum(word in each for each in papers) == 1


@pytest.fixture(scope="module")
def partnership(
    postgres: Postgres, postgres_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[County]:
    """Some of the stories, on the database of a partnership."""
    folder = tmp_path_factory.mktemp("partnership")
    with postgres.database(postgres_template) as url, a_county(url, folder) as made:
        yield made


def test_F57_F60_V16_nothing_comes_out_on_postgresql_either(partnership: County) -> None:
    """Whom the stories are about asks, and every agency."""
    live(partnership, stories=ON_POSTGRESQL)
    looker = Looker(partnership)
    pages = Pages(looker)
    for asker in involved(partnership, looker.families, with_meetings=True):
        mine = [f for f in looker.families if (asker.agency, asker.worker) in f.attends]
        for family in looker.families:
            looker.pull(asker, family, ["P1"])
        if asker.worker is None:
            looker.around(asker, [BY_NAME["list_cases"]])
        elif mine:
            pages.attend(asker, mine)
    hosting.read(looker, looker.families)
    score = looker.score
    assert score.leaks == set()
    assert score.answered > 100
    assert {row for _, row in score.seen} >= {"D01", "D03", "D24", "D25", "NOTE"}


@pytest.mark.parametrize("name", ["second wall in the database", "presence"])
def test_F57_without_a_guard_something_comes_out_of_postgresql(
    partnership: County, name: str
) -> None:
    (guard,) = (each for each in GUARDS if each.name == name)
    found = row(partnership, guard, is_short=True)
    assert found.is_noticed
    assert (found.alone == 0) is bool(guard.held_by)


@pytest.mark.parametrize("guard", GUARDS, ids=lambda each: each.name.replace(" ", "-"))
def test_F57_without_a_guard_something_comes_out(
    county: tuple[County, Looker], guard: Guard
) -> None:
    found = row(county[0], guard, is_short=True)  # the county itself was asked with all guards
    assert found.is_noticed
    # Where another guard holds its place alone, the table says so, and this finds it out.
    assert (found.alone == 0) is bool(guard.held_by)


def test_F57_who_may_see_what_is_said_without_the_product() -> None:
    tree = ast.parse(Path(owners.__file__).read_text("utf-8"))
    modules = {
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module] if isinstance(node, ast.ImportFrom) else [])
        + [each.name for each in node.names]
    }
    assert not {each for each in modules if each and each.startswith(("gateway", "tests"))}


def test_F57_a_word_comes_once() -> None:
    marks = Marks()
    words = [marks.word() for _ in range(50_000)]
    assert len(set(words)) == len(words)
    assert all(list(found_in(each)) == [each.lower()] for each in words[:1000])


def test_M4_one_neutral_text_in_a_thousand_is_stopped_at_most() -> None:
    profile = Profiles.load().for_area("MARLBURY", date(2026, 11, 23))
    stops = neutral.count(profile, 1000)
    assert stops.stopped <= 1
    # And no slip passes: a scan that stops nothing would be quiet as well.
    assert (stops.texts, stops.caught) == (1000, 1000)


def test_F57_the_page_has_a_row_for_each_guard() -> None:
    text = page.PAGE.read_text("utf-8")
    rows = [line.split(" | ")[0].removeprefix("| ") for line in text.splitlines()]
    assert [each for each in rows if each in {guard.name for guard in GUARDS}] == [
        guard.name for guard in GUARDS
    ]
