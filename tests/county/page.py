"""The page docs/county.md: what a run of the county came to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.county.looking import Score
from tests.county.mutating import Row
from tests.county.neutral import Stops

PAGE = Path(__file__).resolve().parents[2] / "docs" / "county.md"

_HEAD = """\
# A county of invented families

This page is written by `python -m tests.county --write`; run it again instead of changing the page.
A small county, each story once, runs with the tests (`tests/county/`), and so does each row below.

Invented families are referred to the real application by the real client: twins of names, days of
birth and streets, couples who come again spelt otherwise, two who accuse each other, staff who are
neighbours, relatives or the accused themselves, hidden addresses, conditions, agreements that end
and are taken back. In every class of data of every family a word is planted that stands nowhere
else. Then every agency and every registered worker asks at every door: each case for each purpose,
every list, agendas as data, page and PDF, who looked, receipts, explanations, the access statement,
pages of the desk, notices by mail, the published log. Meetings are played as far as one of their
stages: the list stands and research has come, a case is open in the room, it was heard, minutes and
plan are out, the plan is closed. Whoever comes to one, leaves before the end, observes, has not
signed or is not let in asks there for agenda, requests and returns, hearing, minutes, plan and
files. What comes is opened with the asker's own
keys and searched, and so are log lines and what each act was answered. Who may ever be shown a word
is said in `tests/county/owners.py`, from the domain's table and by no code of the gateway; a word,
or the reference of a case, in the hands of anybody else is one point of the **leak score**, and so
is any answer about a case to somebody for whom there is none.
"""

_GUARDS = """\
## Without a guard

Each guard is taken away in the running process; a fresh family of the story that needs it is sent,
and its agencies and the workers it is about ask. The score is what came out. Where it is nought
because other guards hold its place, those are taken away too: the last two columns are the score
without the others alone, and without all of them. No guard can be gone unnoticed: a test fails if
the last column is not the higher one, and also if a guard that others should hold comes to more
than nought by itself.

| Guard | Story | Asked at | With it | Without it | Held by | Without those | Without all |
| --- | --- | --- | ---: | ---: | --- | ---: | ---: |
"""

_REST = """
What no row can take away: a private note, and what is sealed to an agency, is ciphertext for the
gateway and for everybody else; there is no guard of ours to switch off.
"""

_SCAN = """
## False stops

Of {texts:,} texts that tell nothing of where somebody is (other streets and schools, the same
number in another street, a number one digit off, offices, sums and times), the outbound scan
stopped {stopped:,}: {rate} in a thousand, where one is allowed. Of as many slips in spellings of
their own it found {caught:,} of {slips:,}.

A text with the very name by which a protected place is known is not counted as neutral.
"""


@dataclass(frozen=True)
class Run:
    """The size of a run."""

    seed: int
    families: int
    askers: int
    secrets: int
    pairs: int
    one_in: int


def text_of(run: Run, score: Score, rows: Sequence[Row], stops: Stops) -> str:
    """The whole page."""
    asked = "at every door" if run.one_in == 1 else f"at one in {run.one_in} doors, in turn"
    if run.one_in > 50:  # as `running.ask_everybody` does
        asked += f", by an agency for one case in {run.one_in // 50}"
    sizes = (
        ("families (referrals)", run.families),
        ("agencies and workers who ask", run.askers),
        ("planted words and references", run.secrets),
        ("pairs of a word and somebody who may never have it", run.pairs),
        (f"questions asked, {asked}", score.asked),
        ("of them answered with something", score.answered),
        ("times a planted word was found by who may have it", score.shown),
        ("**leak score**", len(score.leaks)),
    )
    size = "".join(f"| {name} | {value:,} |\n" for name, value in sizes)
    rate = f"{1000 * stops.stopped / stops.texts:.2f}"
    scan = _SCAN.format(**vars(stops), rate=rate)
    head = f"{_HEAD}\n## The run (seed {run.seed})\n\n| | |\n| --- | ---: |\n{size}"
    return f"{head}\n{_GUARDS}{''.join(_lines(rows))}{_REST}{scan}"


def _lines(rows: Iterable[Row]) -> Iterable[str]:
    for each in rows:
        guard = each.guard
        held = ", ".join(name for name, _ in guard.held_by) or "–"
        place = (guard.door or "pull_case").replace("_", " ")
        rest = f"{each.others} | {each.together}" if guard.held_by else "– | –"
        story = guard.story.replace("_", " ")
        scores = f"{each.before} | {each.alone} | {held} | {rest}"
        yield f"| {guard.name} | {story} | {place} | {scores} |\n"
