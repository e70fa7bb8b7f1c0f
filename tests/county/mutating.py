"""Takes one guard after the other away, lets its story happen once more, and asks again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from tests.county import hosting
from tests.county.driving import GP, County
from tests.county.guard import Guard
from tests.county.looking import Looker
from tests.county.owners import Asker, Family
from tests.county.paging import Pages
from tests.county.patching import Undo, without
from tests.county.posting import Mailboxes, mailboxes
from tests.county.stories import STORIES
from tests.journeys.asking import BY_NAME

PAGE, NOTICE, HOSTED = "page of a case", "notice", "hosted desk"
MEETING = ("paper", "page of minutes", "page of a plan", "original")


@dataclass(frozen=True)
class Row:
    """What came out without a guard alone, without those that hold its place, without all."""

    guard: Guard
    before: int
    alone: int
    others: int
    together: int

    @property
    def is_noticed(self) -> bool:
        """Whether it tells that the guard is gone, once nothing holds its place; and only then."""
        return self.before == 0 and self.together > self.others


def row(county: County, guard: Guard, *, is_short: bool = False) -> Row:
    """Play and ask without one guard, and before that with it; not that if it is to be short."""
    before = 0 if is_short and guard.door != NOTICE else leaks(county, guard, [])
    alone = leaks(county, guard, [guard.gone])
    if not guard.held_by:
        return Row(guard, before, alone, 0, alone)
    others = [gone for _, gone in guard.held_by]
    together = leaks(county, guard, [guard.gone, *others])
    return Row(guard, before, alone, leaks(county, guard, others), together)


def leaks(county: County, guard: Guard, gone: Iterable[Undo]) -> int:
    """How much comes out of a fresh family of the guard's story while these guards are gone."""
    if guard.door == NOTICE:
        with mailboxes(county) as boxes:
            boxes.look()  # what was new before
            return _leaks(county, guard, gone, boxes)
    return _leaks(county, guard, gone)


def _leaks(
    county: County, guard: Guard, gone: Iterable[Undo], boxes: Mailboxes | None = None
) -> int:
    before = len(county.families)
    county.adjourn()
    with without(county, gone):
        STORIES[guard.story](county)
        if guard.story == "lapsed":  # a broken glass is open for an hour
            county.pass_days()
        county.world.sequence()
        families = county.families[before:]
        looker = Looker(county, families)
        if boxes is not None:
            boxes.judge(looker, families)
        if guard.door == HOSTED:
            hosting.read(looker, families)
            return len(looker.score.leaks)
        for asker in _askers(county, families) if boxes is None else ():
            _ask(looker, guard, asker)
    return sum(each.where.startswith(guard.door or "pull") for each in looker.score.leaks)


def _askers(county: County, families: Iterable[Family]) -> list[Asker]:
    """Whom a story is about; of a meeting, who comes to it, and whose agency has a part."""
    listed = list(families)
    found = involved(county, listed, with_meetings=True)
    if not any(each.attends for each in listed):
        return found
    has_part = {agency for each in listed for agency in (*each.parts, GP)}
    return [each for each in found if each.worker or each.agency in has_part]


def involved(
    county: County, families: Iterable[Family], *, with_meetings: bool = False
) -> list[Asker]:
    """Every agency, and the workers of whom a story tells; if asked for, who comes to meetings."""
    named = {
        (agency, worker)
        for family in families
        for agency, worker in chain(
            family.never,
            ((agency, worker) for agency, all_ in family.only.items() for worker in all_),
            ((agency, worker) for agency, worker, _ in family.opened if worker),
            family.attends if with_meetings else (),
        )
    }
    everybody = county.askers()
    return [each for each in everybody if not each.worker or (each.agency, each.worker) in named]


def _ask(looker: Looker, guard: Guard, asker: Asker) -> None:
    if guard.door == PAGE or guard.door.startswith(MEETING):
        if asker.worker:
            _open(Pages(looker), guard, asker)
        return
    operation = BY_NAME.get(guard.door)
    for family in looker.families:
        if operation is None:
            looker.pull(asker, family, guard.purposes)
        elif "<reference>" in operation.rule:
            looker.look(asker, family, [operation])
    if guard.door == "read_agenda":
        looker.agendas(asker, ["json"])
    elif operation is not None and "<" not in operation.rule:
        looker.around(asker, [operation])


def _open(pages: Pages, guard: Guard, asker: Asker) -> None:
    families = pages.looker.families
    if guard.door == PAGE:
        pages.look(asker, families, guard.purposes)
    else:
        pages.attend(asker, families)
