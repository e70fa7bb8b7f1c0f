"""Owns what the desk takes with years of cases behind it: pages against their template alone.

`python -m bench.desk [--cases N] [--folder F]`: fills a database (25,000 cases unless told, with 12
answers, 6 actions and 300 lines of the log for each heard one), then opens each page in turn with
the same template rendered from constants. With a folder that is kept, it is filled only once.
"""

from __future__ import annotations

import argparse
import pickle
import random
import re
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask, Response
from jinja2 import Template
from sqlalchemy import event

from bench import copies, lived
from bench.copies import Copy
from bench.lived import AREA, CASES, WAITING, Block
from bench.service import BASE_URL, NOW
from bench.stage import Stage, build, open_stage
from bench.timing import Build, Job, Taken, calibrate, quantile, ratios, run
from gateway import ledger
from gateway.demo.play import COORDINATOR
from gateway.flows import people
from gateway.ledger import OPERATOR, begin
from gateway.schemas.codes import OneTime, PersonRole

ALL, AREAS, YEARS = 25_000, 12, 5
ACTING = 4  # meetings whose actions are under way, in each area
MOST_MS, MOST_RATIO = 300, 3
ELSEWHERE = {COORDINATOR: "fenhollow-marac", AREA: "FENHOLLOW"}
_FILLED, _BLOCKS = "filled", "blocks"
_BATCH = 10_000  # lines that are sequenced at once
_SAME = {"Sec-Fetch-Site": "same-origin"}
_KEY = re.compile(r'name="key" value="[^"]+"')
_DIGEST = re.compile(r'name="digest" value="(\w+)"')
_TOKEN = re.compile(r'name="token" value="([^"]+)"')


def fill(folder: Path, cases: int) -> None:
    """Live one meeting of each state, and copy them over the years and over twelve areas."""
    stage = build(folder, lived.SINCE)
    blocks = {each.name: each for each in lived.live(stage, 7)}
    (folder / _BLOCKS).write_bytes(pickle.dumps(blocks))
    _sequence(stage)
    stage.close()
    with closing(sqlite3.connect(folder / "gateway.db", isolation_level=None)) as db:
        for pragma in ("journal_mode=WAL", "synchronous=OFF", "cache_size=-400000"):
            db.execute(f"PRAGMA {pragma}")
        stage = open_stage(folder)
        held, done, begun = stage.house.keys, sum(len(b.references) for b in blocks.values()), None
        writers = {
            name: copies.Writer(db, held, copies.model(db, held, block))
            for name, block in blocks.items()
        }
        for name, copy in _copies(cases - done):
            begun = begun or time.perf_counter()
            db.execute("BEGIN")
            done += writers[name].write(copy)
            db.execute("COMMIT")
            if copy.number % 4 == 0:
                _sequence(stage)
            if copy.number % 40 == 0:
                left = (time.perf_counter() - begun) / done * (cases - done)
                print(f"\r{done} of {cases} cases, {left / 60:.0f} min left", end="", flush=True)
        _sequence(stage)
        stage.close()
    print(f"\r{done} cases.{' ' * 20}")
    (folder / _FILLED).touch()


def _copies(cases: int) -> Iterator[tuple[str, Copy]]:
    """Which meetings are copied: first what goes on in each area, then the years before."""
    number, made = 0, 0
    for area in range(AREAS):
        renamed = ELSEWHERE if area else {}
        live = [("acting", 14 * far) for far in range(ACTING)] + [("coming", 0), ("waiting", 0)]
        for name, days in live if area else live[1:ACTING]:
            if made >= cases:
                return
            number, made = number + 1, made + (WAITING if name == "waiting" else CASES)
            yield name, Copy(number, timedelta(days=days), renamed, False)
    left = -(-(cases - made) // CASES)
    for each in range(left):
        ago = timedelta(days=365 * YEARS * each // left)
        yield "over", Copy(number + each + 1, ago, ELSEWHERE if each % AREAS else {}, True)


def _sequence(stage: Stage) -> None:
    while ledger.sequence(stage.house.sessions, stage.house.keys, limit=_BATCH, now=NOW):
        pass


class Browser:
    """The coordinator's browser, without a screen: pages as the application gives them."""

    def __init__(self, stage: Stage) -> None:
        house = stage.house
        with begin(house.sessions, house.keys, OPERATOR, NOW) as work:
            roles = {PersonRole.COORDINATOR}
            link = people.invite_first(work, COORDINATOR, "marac-01", roles, OneTime.INVITATION)
        self._client = stage.app.test_client()
        self.post(f"/desk/link/{link}", self.get(f"/desk/link/{link}"), status=303)

    def get(self, path: str) -> str:
        """Open a page."""
        answer = self._client.get(path, base_url=BASE_URL, headers=_SAME)
        assert answer.status_code == 200, answer.text
        return answer.text

    def sign(self, conference: str) -> None:
        """Sign the declaration of a conference, unless that was done before."""
        path = f"{conference}/declaration"
        page = self.get(path)
        for digest in _DIGEST.findall(page)[:1]:
            self.post(path, page, status=303, attending="REPRESENTATIVE", digest=digest)

    def post(self, path: str, page: str, *, status: int = 200, **form: str) -> str:
        """Send the form of a page."""
        found = _TOKEN.search(page)
        data = {"token": found[1] if found else "", **form}
        answer = self._client.post(path, base_url=BASE_URL, headers=_SAME, data=data)
        assert answer.status_code == status, answer.text
        return answer.text


def pages(browser: Browser, conference: str) -> dict[str, Callable[[], str]]:
    """The three pages of the goal, each as a coordinator opens it."""
    home = browser.get("/desk")
    listed = browser.get("/desk/cases")
    agenda = f"/desk/conferences/{conference}"
    assert agenda in home, "the next conference is not on the desk"
    (reference, *_) = re.findall(r"/desk/cases/([0-9A-Z]{5}-[0-9A-Z]{5}-[0-9A-Z])", listed)
    case = f"/desk/cases/{reference}"
    browser.sign(agenda)
    asking = browser.get(case)
    return {
        "desk": lambda: browser.get("/desk"),
        "list of cases": lambda: browser.get("/desk/cases"),
        "case": lambda: browser.post(case, asking, purpose="P9"),
        "agenda": lambda: browser.get(agenda),
    }


def floors(found: dict[str, Callable[[], str]]) -> dict[str, Callable[[], str]]:
    """The same templates rendered from what they were given once, by an application that does no
    more.
    """
    kept: list[tuple[Template, tuple[Any, ...], dict[str, Any]]] = []
    render = Template.render

    def keeping(self: Template, *given: Any, **named: Any) -> str:
        kept.append((self, given, named))
        return render(self, *given, **named)

    made = {}
    for name, ask in found.items():
        Template.render = keeping  # type: ignore[method-assign]
        try:
            whole = ask()
        finally:
            Template.render = render  # type: ignore[method-assign]
        made[name] = _floor(*kept[-1], whole)
    return made


def _floor(
    template: Template, given: tuple[Any, ...], named: dict[str, Any], whole: str
) -> Callable[[], str]:
    app = Flask("floor")
    app.add_url_rule("/", view_func=lambda: Response(template.render(*given, **named)))
    client = app.test_client()

    def ask() -> str:
        return client.get("/").text

    # A form's own key is drawn as it is rendered.
    assert _KEY.sub("", ask()) == _KEY.sub("", whole), "the floor shows another page"
    return ask


def measure(folder: Path, *, rounds: int, times: int) -> bool:
    """Print each page's times, and whether all hold."""
    stage = open_stage(folder)
    blocks: dict[str, Block] = pickle.loads((folder / _BLOCKS).read_bytes())  # noqa: S301  # own
    asked = pages(Browser(stage), str(blocks["coming"].conference))
    constant = floors(asked)
    jobs = [
        Job(
            name,
            {
                "floor": Build(lambda: None, lambda _, ask=constant[name]: ask() and None),
                "ours": Build(lambda: None, lambda _, ask=ask: ask() and None),
            },
            times,
        )
        for name, ask in asked.items()
    ]
    before = calibrate()
    found = run(jobs, rounds=rounds, chance=random.Random(7))
    print(f"calibration {before} us before, {calibrate()} us after; one process")
    held = True
    for name, taken in found.items():
        held &= _told(name, taken, _statements(stage, asked[name]))
    print(f"must: p95 under {MOST_MS} ms, at most {MOST_RATIO} times the template: ", end="")
    print("held" if held else "missed")
    stage.close()
    return held


def _told(name: str, taken: dict[str, Taken], statements: int) -> bool:
    ours, floor = taken["ours"], taken["floor"]
    p95, (_, ratio, _) = quantile(ours.wall, 0.95) / 1e6, ratios(ours, floor)
    print(
        f"{name:14} p50 {quantile(ours.wall, 0.5) / 1e6:6.1f} ms, p95 {p95:6.1f} ms, "
        f"CPU {quantile(ours.cpu, 0.1) / 1e6:6.1f} ms, template "
        f"{quantile(floor.cpu, 0.1) / 1e6:5.2f} ms: {ratio:.1f} times; {statements} statements"
    )
    return p95 < MOST_MS and ratio <= MOST_RATIO


def _statements(stage: Stage, ask: Callable[[], str]) -> int:
    counted: list[str] = []
    engine = stage.house.sessions.kw["bind"]
    event.listen(engine, "before_cursor_execute", lambda *given: counted.append(given[2]))
    ask()
    return len(counted)


def main() -> int:
    """Fill, measure and print; 1 if a page misses its goal."""
    parser = argparse.ArgumentParser(prog="python -m bench.desk", description=__doc__)
    parser.add_argument("--cases", type=int, default=ALL)
    parser.add_argument("--folder", type=Path, help="kept, and filled only once")
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as made:
        folder: Path = asked.folder or Path(made)
        folder.mkdir(exist_ok=True)
        if not (folder / _FILLED).exists():
            fill(folder, asked.cases)
        return int(not measure(folder, rounds=3 if asked.quick else 9, times=4))


if __name__ == "__main__":
    sys.exit(main())
