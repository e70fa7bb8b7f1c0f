"""A county from beginning to end: a service of its own, its stories, and everybody who asks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from gateway.schemas.codes import Limited
from tests.buckets import with_buckets
from tests.county import hosting
from tests.county.driving import County
from tests.county.looking import (
    FORMATS,
    NOBODY,
    OF_A_CASE,
    OF_NO_CASE,
    PURPOSES,
    RESEARCHED,
    Looker,
)
from tests.county.mutating import involved
from tests.county.owners import Asker, Family
from tests.county.paging import Pages
from tests.county.posting import mailboxes
from tests.county.stories import STORIES
from tests.journeys.world import World, a_world

Say = Callable[[str], object]
T = TypeVar("T")


class Overheard(logging.Handler):
    """Keeps every log line of the process."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line with all that hangs on it."""
        self.lines.append(f"{record.getMessage()} {record.__dict__}")


@contextmanager
def a_county(url: str, folder: Path, seed: int = 1) -> Iterator[County]:
    """The service on a migrated, empty database, with buckets that are never empty."""
    tables = with_buckets(folder, dict.fromkeys(Limited, 100_000_000))
    with a_world(url, folder, profiles=tables) as world:
        yield County(world, seed)


def live(
    county: County, families: int = 0, say: Say = str, stories: Iterable[str] = tuple(STORIES)
) -> None:
    """Let every story happen once, and again in turn until there are so many families."""
    turn = 0
    while not turn or len(county.families) < families:
        for story in stories:
            STORIES[story](county)
        turn = county.turn = turn + 1
        county.world.sequence()
        say(f"{len(county.families)} families")
    county.pass_days()
    STORIES["glass"](county)  # those of before are closed by now
    county.world.sequence()


@contextmanager
def overheard() -> Iterator[Overheard]:
    """Keep every log line of this process while the block lasts."""
    handler, root = Overheard(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield handler
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def ask_everybody(county: County, one_in: int = 1, say: Say = str) -> Looker:
    """Let everybody ask for everything; with `one_in`, each asks at fewer doors, in turn.

    Every agency asks for every case, and whoever a story is about at every door, all the same; past
    one in 50, every agency for some of the cases, and the others for their own.
    """
    looker, turn, some = Looker(county), 0, max(1, one_in // 50)
    concerned = {asker for asker in involved(county, county.families) if asker.worker}
    for asker in county.askers():
        is_all = one_in == 1 or asker in concerned
        if is_all or asker.worker is None:
            looker.around(asker, _share(OF_NO_CASE, turn, some if asker.worker else 1))
        _agendas(looker, asker, turn, one_in)
        for family in county.families:
            turn += 1
            if is_all and (one_in == 1 or _is_about(asker, family)):
                looker.pull(asker, family)
                looker.look(asker, family)
            elif asker.worker is None and turn % some == 0:
                looker.pull(asker, family, {"P1", *_share(PURPOSES, turn, 2 * one_in)})
                looker.look(asker, family, _share(OF_A_CASE, turn, _doors(asker, family, one_in)))
            elif turn % one_in == 0:
                looker.pull(asker, family, ("P1",))
        say(f"{asker.agency} {asker.worker or ''}: {looker.score.asked} asked")
    _at_the_desk(looker, concerned, one_in)
    _at_the_meetings(looker, one_in)
    hosting.read(looker, looker.families, PURPOSES if one_in == 1 else ("P2",))
    looker.public()
    return looker


def _agendas(looker: Looker, asker: Asker, turn: int, one_in: int) -> None:
    """Agencies ask for every agenda, or many; workers for some, each time in another form."""
    if one_in == 1:
        looker.agendas(asker)
        return
    for place, conference in enumerate(looker.conferences):
        every = max(1, one_in // 10) if asker.worker is None else one_in
        if (turn + place) % every == 0:
            looker.agendas(asker, [FORMATS[(turn + place) % len(FORMATS)]], [conference])


def _at_the_meetings(looker: Looker, one_in: int) -> None:
    """Whoever comes to a meeting, or wanted to, asks for all of it, each at its stage."""
    pages, played = Pages(looker), _meetings(looker, one_in)
    for asker in looker.county.askers():
        who = (asker.agency, asker.worker or "")
        mine = [each for each in played if who in each.attends]
        for family in mine:
            looker.pull(asker, family, PURPOSES if one_in == 1 else ("P1",))
            looker.look(asker, family, RESEARCHED)
        if mine:
            pages.attend(asker, mine)


def _meetings(looker: Looker, one_in: int) -> list[Family]:
    """The cases of those meetings that are asked about, each stage as often as any other."""
    rounds = sorted({each.turn for each in looker.families if each.attends})
    asked = set(_share(rounds, 0, max(1, one_in // 10)))
    return [each for each in looker.families if each.attends and each.turn in asked]


def _at_the_desk(looker: Looker, concerned: Collection[Asker], one_in: int) -> None:
    pages, everybody = Pages(looker), [each for each in looker.county.askers() if each.worker]
    for turn, asker in enumerate(everybody):
        about = [each for each in looker.families if _is_about(asker, each)]
        others = _share(looker.families, turn, one_in * max(1, one_in // 50))
        if asker in concerned or turn % one_in in (0, 1):
            pages.look(asker, [*about, *others], PURPOSES if one_in == 1 else ("P1", "P9"))


def act_everybody(looker: Looker, families: Iterable[Family]) -> None:
    """Let every agency send every form about some cases; the last thing that is done with them."""
    for family in families:
        for asker in looker.county.askers():
            if asker.worker is None:
                looker.act(asker, family)


def _is_about(asker: Asker, family: Family) -> bool:
    """Whether a story tells of this worker."""
    alone = family.only.get(asker.agency, frozenset())
    opened = {worker for agency, worker, _ in family.opened if agency == asker.agency}
    return (asker.agency, asker.worker) in family.never or asker.worker in alone | opened


def _doors(asker: Asker, family: Family, one_in: int) -> int:
    """One in how many doors an agency asks at: at all, if it added something itself."""
    added = {each.owner for each in family.secrets} - {family.sender}
    return 1 if asker.agency in added else one_in


def _share(things: Iterable[T], turn: int, one_in: int) -> list[T]:
    return [each for place, each in enumerate(things) if (place + turn) % one_in == 0]


def read_post(looker: Looker) -> None:
    """Judge the notices that agencies are sent."""
    with mailboxes(looker.county) as boxes:
        boxes.judge(looker)


def hear(looker: Looker, lines: Iterable[str]) -> None:
    """Judge what the process wrote to its logs, as if the public read them."""
    for line in lines:
        looker.judge(NOBODY, "log line", line)


def hear_answers(looker: Looker, world: World) -> None:
    """Judge what the acts of the stories were answered, as it came over the wire."""
    for answer in world.answers:
        looker.judge(NOBODY, "wire", answer.body.decode("latin-1"))
