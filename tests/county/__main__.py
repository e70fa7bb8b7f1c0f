"""Runs a county of any size: `python -m tests.county`, with --help for what it takes.

Thousands of families take hours on one core; the tests run each story once.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path

from gateway import migrations
from gateway.agencies import replay
from gateway.profiles.loader import Profiles
from tests import database
from tests.county import mutating, neutral, page
from tests.county.driving import County
from tests.county.guards import GUARDS
from tests.county.looking import Looker, never_pairs
from tests.county.running import (
    a_county,
    act_everybody,
    ask_everybody,
    hear,
    hear_answers,
    live,
    overheard,
    read_post,
)
from tests.database import Postgres
from tests.journeys.world import DATABASES

_began = time.monotonic()


def _say(line: str) -> None:
    sys.stdout.write(f"{time.monotonic() - _began:6.0f} s  {line}\n")
    sys.stdout.flush()


@contextmanager
def _county(where: str | None, seed: int, server: Postgres | None) -> Iterator[County]:
    with tempfile.TemporaryDirectory(dir=where) as name, ExitStack() as until:
        folder = Path(name)
        if server is not None:
            url = until.enter_context(server.database(server.template))
        else:
            url = f"sqlite:///{folder / 'gateway.db'}"
            migrations.upgrade(url)
            (folder / "gateway.db").chmod(0o600)
        yield until.enter_context(a_county(url, folder, seed))


@contextmanager
def _server(name: str) -> Iterator[Postgres | None]:
    """A PostgreSQL of its own, with a migrated database to copy; None for SQLite."""
    if name == "sqlite":
        yield None
        return
    database.open_run()
    try:
        server = database.postgres("county")
        server.create(server.template)
        owner = server.url(server.template, server.owner)
        migrations.upgrade(owner, service=server.service)
        replay.prepare(owner, server.service)
        yield server
        server.close()
    finally:
        database.close_run()


def _whole(county: County, families: int, one_in: int) -> tuple[Looker, page.Run]:
    with overheard() as heard:
        live(county, families, _say)
        askers = county.askers()
        looker = ask_everybody(county, one_in, _say)
        read_post(looker)
        _say(f"{looker.score.asked:,} asked, leak score {len(looker.score.leaks)}; now all act")
        act_everybody(looker, county.families[:3])
        hear(looker, heard.lines)
        hear_answers(looker, county.world)
    run = page.Run(
        seed=county.seed,
        families=len(county.families),
        askers=len(askers),
        secrets=sum(len(each.secrets) for each in county.families),
        pairs=never_pairs(county.families, askers),
        one_in=one_in,
    )
    return looker, run


def _mutated(where: str | None, seed: int, server: Postgres | None) -> list[mutating.Row]:
    rows = []
    with _county(where, seed, server) as county:
        for guard in GUARDS:
            rows.append(mutating.row(county, guard))
            each = rows[-1]
            scores = f"{each.before:4} {each.alone:4} {each.others:4} {each.together:4}"
            _say(f"{scores}  without: {guard.name}")
    return rows


def main() -> int:
    """Run everything, print how far it is; 1 if anything leaks, or a guard is gone unnoticed."""
    parser = argparse.ArgumentParser(prog="python -m tests.county", description=__doc__)
    parser.add_argument("--families", type=int, default=2000)
    parser.add_argument("--one-in", type=int, default=10, help="at how many of the doors each asks")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--texts", type=int, default=20_000, help="neutral texts to be scanned")
    parser.add_argument("--database", choices=DATABASES, default="sqlite")
    parser.add_argument("--folder", help="where the databases lie for the while")
    parser.add_argument("--write", action="store_true", help="write docs/county.md")
    given = parser.parse_args()
    with _server(given.database) as server:
        return _run(given, server)


def _run(given: argparse.Namespace, server: Postgres | None) -> int:
    with _county(given.folder, given.seed, server) as county:
        looker, run = _whole(county, given.families, given.one_in)
    for leak in sorted(map(str, looker.score.leaks)):
        _say(leak)
    _say(f"{run}, {looker.score.asked:,} asked, leak score {len(looker.score.leaks)}")
    rows = _mutated(given.folder, given.seed, server)
    profile = Profiles.load().for_area("MARLBURY", date(2026, 11, 23))
    stops = neutral.count(profile, given.texts, given.seed)
    _say(f"{stops}")
    if given.write:
        page.PAGE.write_text(page.text_of(run, looker.score, rows, stops), encoding="utf-8")
    unnoticed = [each for each in rows if not each.is_noticed]
    return 1 if looker.score.leaks or unnoticed or 1000 * stops.stopped > stops.texts else 0


if __name__ == "__main__":
    sys.exit(main())
