"""Owns the three jobs as both sides do them; each operation checks its own answer."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from bench import floor_reads
from bench.pairs import (
    IDVA,
    LISTED,
    MARAC,
    Pair,
    access_floor,
    access_ours,
    submit_floor,
    submit_ours,
)
from bench.payloads import BASE_URL, NOW
from bench.timing import Build, Job
from gateway.flows import cases, conferences
from gateway.ledger import begin
from gateway.papers import agenda as papers
from gateway.rules.facts import Caller
from gateway.schemas import reference as references
from gateway.schemas.codes import AgencyKind, Purpose

PULLED = 20
_IDVA = Caller(IDVA, AgencyKind.IDVA, "MARLBURY", frozenset(), "idva-01")
_MARAC = Caller(MARAC, AgencyKind.COORDINATOR, "MARLBURY", frozenset(), "marac-01")


def build(pair: Pair, *, times: dict[str, int]) -> list[Job]:
    """All jobs that are measured in this process; `times` are operations per round."""
    return [
        Job("submit", _submit(pair), times["submit"]),
        Job("pull 20", _pull(pair), times["pull"]),
        Job("agenda 30", _agenda(pair), times["agenda"]),
        Job("token and proof", _checked(pair), times["submit"]),
    ]


def _checked(pair: Pair) -> dict[str, Build]:
    """What every request begins with: the token, its proof, and the proof's first use."""
    return {
        "floor": Build(
            lambda: next(pair.packets),
            lambda packet: access_floor(pair, packet),
            lambda: pair.floor.commit_ns,
        ),
        "ours": Build(lambda: next(pair.packets), lambda packet: access_ours(pair, packet)),
    }


def _submit(pair: Pair) -> dict[str, Build]:
    return {
        "floor": Build(
            lambda: next(pair.packets),
            lambda packet: submit_floor(pair, packet),
            lambda: pair.floor.commit_ns,
        ),
        "ours": Build(
            lambda: next(pair.packets),
            lambda packet: submit_ours(pair, packet),
            lambda: pair.commit_ns,
        ),
    }


def _pull(pair: Pair) -> dict[str, Build]:
    floor, house = pair.floor, pair.stage.house
    held = pair.stage.sender(IDVA).agency.encryption
    key = held.private_key.public_key()  # type: ignore[union-attr]
    its = _twenty(pair.its)
    mine = _twenty([references.read(reference) or "-" for reference in pair.ours])

    def one_by_one(given: list[str]) -> None:
        for reference in given:
            assert floor_reads.pull(floor, [reference], "agency-01", key).count(b".") == 4

    def in_one_answer(given: list[str]) -> None:
        assert floor_reads.pull(floor, given, "agency-01", key).count(b".") == 4

    def ours(given: list[str]) -> None:
        for reference in given:
            with begin(house.sessions, house.keys, _IDVA, NOW, profiles=house.profiles) as work:
                sealed = cases.pull(work, reference, Purpose.P2, issuer=BASE_URL)
            assert sealed.body.count(".") == 4

    return {
        "floor": Build(lambda: next(its), one_by_one, lambda: floor.commit_ns),
        "ours": Build(lambda: next(mine), ours, lambda: pair.commit_ns),
        "floor, all in one answer": Build(
            lambda: next(its), in_one_answer, lambda: floor.commit_ns
        ),
    }


def _agenda(pair: Pair) -> dict[str, Build]:
    floor, house = pair.floor, pair.stage.house

    def its(_: object) -> None:
        assert floor_reads.agenda(floor, pair.its).count("<tr>") == LISTED + 1

    def ours(_: object) -> None:
        with begin(house.sessions, house.keys, _MARAC, NOW, profiles=house.profiles) as work:
            found, _entry = conferences.build_agenda(work, pair.conference, Purpose.P9)
            page = papers.render(found, "html")["text"]
        assert len(found.lines) == LISTED
        assert page.count("<tr>") > LISTED

    return {
        "floor": Build(lambda: None, its, lambda: floor.commit_ns),
        "ours": Build(lambda: None, ours, lambda: pair.commit_ns),
    }


def _twenty(known: list[str]) -> Iterator[list[str]]:
    turning = itertools.cycle(known)
    while True:
        yield [next(turning) for _ in range(PULLED)]
