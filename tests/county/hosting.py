"""An agency without software: its keys lie with the gateway, and its people read at the desk."""

from __future__ import annotations

import json
from collections.abc import Iterable

from gateway.errors import GatewayError, Invalid
from gateway.flows import cases
from gateway.ledger import Entry
from gateway.rules.facts import Worker
from gateway.schemas import reference as references
from gateway.schemas.codes import NoteKind, Purpose
from gateway.store import tables as t
from tests.county.driving import FEN_IDVA, OTHER, POLICE, County, first_worker
from tests.county.looking import Looker
from tests.county.owners import Asker, Family, Secret, knows
from tests.journeys.hosting import desk, host
from tests.journeys.world import BASE

NOBODY_OF_IT = "nobody-77"  # signed in at some provider, and never registered
WORKER: Worker = (FEN_IDVA, first_worker(FEN_IDVA))


def hosted(county: County) -> None:
    """She lives where he does not know it, and the service that supports her has no software."""
    (row,) = county.world.rows(t.agency, id=FEN_IDVA)
    if row["custody"] != "HOSTED":
        host(county.world, FEN_IDVA)
    family = county.papers.family("hosted", OTHER, area="FENHOLLOW")
    county.papers.hide(family)
    county.list_(county.send(family))
    family.never.add((FEN_IDVA, NOBODY_OF_IT))
    word = county.papers.marks.word()
    with desk(county.world, *WORKER) as work:
        written = str(references.read(family.reference))
        cases.write_for_worker(work, written, NoteKind.CASEWORK, f"Rang {word}.", audience=BASE)
    family.secrets.append(Secret("NOTE", word, FEN_IDVA))


def read(looker: Looker, families: Iterable[Family], purposes: Iterable[str] = ("P2",)) -> None:
    """Let its worker read what is sealed to it; and let those try who may not, or not like that."""
    kinds, stated = looker.county.kinds, list(purposes)
    for family in families:
        if not family.parts.get(FEN_IDVA):
            continue
        for purpose in stated:
            entry = None
            for agency, worker in (
                *(WORKER, (FEN_IDVA, NOBODY_OF_IT), (FEN_IDVA, None)),
                (POLICE, first_worker(POLICE)),
            ):
                asker = Asker(agency, kinds[agency], worker)
                entry = _read(looker, asker, family, purpose, entry)


def _read(
    looker: Looker, asker: Asker, family: Family, purpose: str, before: Entry | None
) -> Entry | None:
    """Ask, and read once that stands in the log; before that, and by what another asked."""
    try:
        with desk(looker.county.world, asker.agency, asker.worker) as work:
            entry = cases.ask_to_read(work, _written(family), Purpose(purpose))
    except (GatewayError, Invalid):
        looker.score.asked += 1
        entry = before
    else:
        _open(looker, asker, family, purpose, entry, "UNRECORDED")
    looker.county.world.sequence()
    if entry is not None:
        _open(looker, asker, family, purpose, entry, "BY ANOTHER'S" if entry is before else "")
    return before or entry


def _open(
    looker: Looker, asker: Asker, family: Family, purpose: str, entry: Entry, never: str
) -> None:
    """Read; `never` says why nothing may come."""
    looker.score.asked += 1
    try:
        with desk(looker.county.world, asker.agency, asker.worker) as work:
            found = cases.read_for_worker(work, _written(family), Purpose(purpose), entry)
    except GatewayError:
        return
    looker.score.answered += 1
    if never or not knows(family, asker):
        looker.found(family, never or "EXISTS", asker, "hosted desk")
    said = [each.reveal() for each in found.sections.values()]
    said += [each.content for each in found.notes]
    said += [each.content for each in found.disclosed.pieces]
    looker.judge(asker, "hosted desk", json.dumps(said, ensure_ascii=False, default=str), purpose)


def _written(family: Family) -> str:
    return str(references.read(family.reference))
