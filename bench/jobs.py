"""Owns the three jobs as both sides do them; each operation checks its own answer."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from bench import floor_agenda, floor_facts, floor_reads, smaller_reads
from bench.pairs import (
    AS_MARAC,
    IDVA,
    LISTED,
    Pair,
    access_floor,
    access_ours,
    pull_ours,
    submit_floor,
    submit_ours,
    submit_smaller,
)
from bench.payloads import NOW
from bench.timing import Build, Job
from gateway.flows import conferences
from gateway.ledger import begin
from gateway.papers import agenda as papers
from gateway.schemas.codes import Purpose

PULLED = 20
SMALLER = "the smaller floor"  # what the job was before the gateway was built (ADR 66)


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
        SMALLER: Build(
            lambda: next(pair.packets),
            lambda packet: submit_smaller(pair, packet),
            lambda: pair.smaller.commit_ns,
        ),
    }


def _pull(pair: Pair) -> dict[str, Build]:
    floor = pair.floor
    held = pair.stage.sender(IDVA).agency.encryption
    key = held.private_key.public_key()  # type: ignore[union-attr]
    its, smaller = _twenty(pair.its), _twenty(pair.smaller_its)
    mine = _twenty(pair.ours)
    who = floor_facts.reader(floor, "case.read", "IDVA")

    def by_hand(given: list[str]) -> None:
        for reference in given:
            assert floor_reads.pull(floor, reference, who, key).count(b".") == 4

    def by_smaller(given: list[str]) -> None:
        for reference in given:
            found = smaller_reads.pull(pair.smaller, [reference], "agency-01", key)
            assert found.count(b".") == 4

    def ours(given: list[str]) -> None:
        for reference in given:
            assert pull_ours(pair, reference)[0].count(".") == 4

    return {
        "floor": Build(lambda: next(its), by_hand, lambda: floor.commit_ns),
        "ours": Build(lambda: next(mine), ours, lambda: pair.commit_ns),
        SMALLER: Build(lambda: next(smaller), by_smaller, lambda: pair.smaller.commit_ns),
    }


def _agenda(pair: Pair) -> dict[str, Build]:
    floor, house = pair.floor, pair.stage.house

    who = floor_facts.reader(floor, "agenda.read", "COORDINATOR")

    def its(_: object) -> None:
        assert floor_agenda.agenda(floor, pair.conference, who).count("<tr>") == LISTED + 1

    def by_smaller(_: object) -> None:
        page = smaller_reads.agenda(pair.smaller, pair.smaller_its)
        assert page.count("<tr>") == LISTED + 1

    def ours(_: object) -> None:
        with begin(house.sessions, house.keys, AS_MARAC, NOW, profiles=house.profiles) as work:
            found, _entry = conferences.build_agenda(
                work,
                pair.conference,
                Purpose.P9,
                has_research=papers.shows_research("html"),  # as the door does
            )
            page = papers.render(found, "html")["text"]
        assert len(found.lines) == LISTED
        assert page.count("<tr>") > LISTED

    return {
        "floor": Build(lambda: None, its, lambda: floor.commit_ns),
        "ours": Build(lambda: None, ours, lambda: pair.commit_ns),
        SMALLER: Build(lambda: None, by_smaller, lambda: pair.smaller.commit_ns),
    }


def _twenty(known: list[str]) -> Iterator[list[str]]:
    turning = itertools.cycle(known)
    while True:
        yield [next(turning) for _ in range(PULLED)]
