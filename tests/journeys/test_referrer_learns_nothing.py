"""What the gateway finds out changes nothing that a referrer is told (promise 8).

The same referral is sent to worlds that differ only in what happened there before: nobody has
heard of these people; they were referred four months ago; somebody else referred them yesterday;
the roles are reversed. Every answer is compared.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.client.access import ProblemError
from gateway.client.http import Response
from gateway.store import tables as t
from tests.database import fresh
from tests.journeys.world import START, World, a_world, example, lines
from tests.overhearing import traced

LANDLORD, OTHER, COORDINATOR = "harbourgate-homes", "tidewell-housing", "marlbury-marac"
KEY = "4f2f7cde-33f0-4d2e-8b6c-2f1b7f6f5a10"


def same_people() -> dict[str, Any]:
    """Elena and Dale, as another agency knows them."""
    people = example("c1")["document"]
    return example(
        "minimal",
        victim__given_names="Elena",
        victim__family_name="Marsh-Okoro",
        victim__dob=people["victim"]["dob"],
        victim__dob_precision="DAY",
        perpetrators=people["perpetrators"],
        incidents=people["incidents"],
        risk_assessments=people["risk_assessments"],
    )


def reversed_roles() -> dict[str, Any]:
    """Dale has himself referred as Elena's victim."""
    people = example("c1")["document"]
    dale = people["perpetrators"][0]
    accused = {
        **example("minimal")["document"]["perpetrators"][0],
        "given_names": "Elena",
        "family_name": "Marsh-Okoro",
        "dob": people["victim"]["dob"]["value"],
        "dob_precision": "DAY",
    }
    del accused["description"]
    return example(
        "minimal",
        victim__given_names=dale["given_names"],
        victim__family_name=dale["family_name"],
        victim__dob={"value": dale["dob"]},
        victim__dob_precision="DAY",
        perpetrators=[accused],
    )


def strangers() -> dict[str, Any]:
    """Nobody who has to do with Elena or Dale: the case before, where nobody knows them."""
    document = same_people()
    for name in ("victim", "perpetrators"):
        person = document["document"][name]
        person = person if name == "victim" else person[0]
        person["given_names"], person["family_name"] = "Ffion", "Quarrell"
    document["document"]["victim"]["dob"] = {"value": "1971-07-07"}
    document["document"]["perpetrators"][0]["dob"] = "1970-02-02"
    for name in ("phones", "vehicles", "aliases", "addresses"):
        document["document"]["perpetrators"][0].pop(name, None)
    return document


BEFORE = {
    "unknown": (strangers, 120),
    "referred four months ago": (same_people, 120),
    "referred yesterday": (same_people, 1),
    "roles reversed": (reversed_roles, 30),
}


@dataclass
class Told:
    """Everything the landlord was told, and what the gateway did to find out."""

    world: World
    reference: str
    earlier: str
    answer: Response
    claims: dict[str, Any]
    statements: list[str]


@contextmanager
def counted(world: World) -> Iterator[list[str]]:
    """The statements as SQLite gets them, without their values."""
    sent: list[str] = []

    def note(statement: str) -> None:
        words = re.split(r"\(| WHERE | VALUES |'", statement, maxsplit=1)[0]
        sent.append(" ".join(words.split()))

    if world.engine.dialect.name != "sqlite":
        yield sent
        return
    with traced(world.sessions.kw["bind"], note):
        yield sent


def play(world: World, before: str) -> Told:
    make, days = BEFORE[before]
    earlier = world.client(OTHER).refer(make())
    world.later(days=days)
    landlord = world.client(LANDLORD)
    landlord.directory()  # tokens and keys are at hand: only the referral itself is counted
    with counted(world) as statements:
        receipt = landlord.refer(example("c1"), idempotency_key=KEY)
    answer = next(a for a in reversed(world.answers) if a.media_type == "application/jose")
    return Told(
        world, receipt.reference, earlier.reference, answer, dict(receipt.claims), statements
    )


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def told(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Told]]:
    """The same referral, sent to each of these worlds at the same moment."""
    with _worlds(request, tmp_path_factory) as worlds:
        yield {before: play(world, before) for before, world in worlds.items()}


@contextmanager
def _worlds(
    request: pytest.FixtureRequest, factory: pytest.TempPathFactory
) -> Iterator[dict[str, World]]:
    with ExitStack() as stack:
        worlds = {}
        for before, (_, days) in BEFORE.items():
            folder: Path = factory.mktemp("world")
            url = stack.enter_context(fresh(request, folder))
            start = START - timedelta(days=days)
            worlds[before] = stack.enter_context(a_world(url, folder, start=start))
        yield worlds


KNOWN = pytest.mark.parametrize("before", [each for each in BEFORE if each != "unknown"])


def shown(answer: Response) -> tuple[int, dict[str, str], int]:
    """What is seen of an answer without opening it."""
    return answer.status, headers(answer), len(answer.body)


def headers(answer: Response) -> dict[str, str]:
    """All headers; of the nonce its minute and length, since each world has a key of its own."""
    found = dict(answer.headers)
    minute, _, mac = found["dpop-nonce"].partition(".")
    return {**found, "dpop-nonce": f"{minute}.{len(mac)}"}


@KNOWN
def test_promise_08_the_worlds_do_differ(told: dict[str, Told], before: str) -> None:
    """The gateway has found the link, and shows it to the coordinator alone."""
    kinds = {
        "referred four months ago": "SAME_PEOPLE",
        "referred yesterday": "SAME_PEOPLE",
        "roles reversed": "REVERSED",
    }
    links = told[before].world.rows(t.link)
    assert [link["kind"] for link in links] == [kinds[before]]
    assert told["unknown"].world.rows(t.link) == []


@KNOWN
def test_promise_08_the_receipt_is_the_same(told: dict[str, Told], before: str) -> None:
    known, unknown = told[before], told["unknown"]
    assert shown(known.answer) == shown(unknown.answer)
    own = {"sub", "iat", "log"}
    assert {k: v for k, v in known.claims.items() if k not in own} == {
        k: v for k, v in unknown.claims.items() if k not in own
    }
    assert known.claims["iat"] == unknown.claims["iat"]
    assert known.claims["log"].keys() == unknown.claims["log"].keys()


@KNOWN
def test_T11_the_same_statements_are_sent_whether_the_victim_is_known_or_not(
    told: dict[str, Told], before: str
) -> None:
    if told[before].world.engine.dialect.name == "sqlite":
        assert len(told["unknown"].statements) > 20
    assert told[before].statements == told["unknown"].statements


def views(told: Told) -> dict[str, Any]:
    """Everything a referrer can ask about its referral."""
    landlord, ref = told.world.client(LANDLORD), told.reference
    own = landlord.referral(ref)
    sealed = told.world.answers[-1]
    explained = landlord.explain(ref, LANDLORD, "P7")
    feed = landlord.list_cases()
    listed = landlord.referrals()
    return {
        "own": {k: v for k, v in own.items() if k != "reference"},
        "own, sealed": shown(sealed),
        "explain": explained,
        "feed": feed["items"],
        "list": [{k: v for k, v in item.items() if k != "reference"} for item in listed["items"]],
    }


@KNOWN
def test_promise_08_all_that_is_shown_later_is_the_same(told: dict[str, Told], before: str) -> None:
    assert views(told[before]) == views(told["unknown"])


def refused(told: Told, act: str) -> tuple[int, str]:
    """How an act is refused that only another state of the case would allow."""
    landlord, ref = told.world.client(LANDLORD), told.reference
    calls: dict[str, Callable[[], object]] = {
        "resubmit": lambda: landlord.resubmit(ref, example("c1")),
        "pull for another purpose": lambda: landlord.pull(ref, "P5"),
        "decide": lambda: landlord.decide(ref, {"decision": "ACCEPT"}),
        "acknowledge": lambda: landlord.acknowledge(ref, "ACCEPTED"),
    }
    with pytest.raises(ProblemError) as problem:
        calls[act]()
    return problem.value.status, problem.value.code


ACTS = ("resubmit", "pull for another purpose", "decide", "acknowledge")


@pytest.mark.parametrize("act", ACTS)
def test_promise_08_a_merged_referral_reads_as_received(told: dict[str, Told], act: str) -> None:
    """Nothing a referrer can ask or try tells that its referral was joined to another."""
    merged, other = told["referred yesterday"], told["unknown"]
    if not any(row["state"] == "MERGED" for row in merged.world.rows(t.state)):
        before = views(merged)
        merged.world.client(COORDINATOR).decide(
            merged.reference, {"decision": "MERGE", "merge_with": merged.earlier}
        )
        assert any(row["state"] == "MERGED" for row in merged.world.rows(t.state))
        assert views(merged) == before
        assert before["own"]["status"] == "RECEIVED"
    assert refused(merged, act) == refused(other, act)


def test_promise_08_until_the_coordinator_releases_it(world: World) -> None:
    first = world.client(OTHER).refer(same_people()).reference
    ref = world.client(LANDLORD).refer(example("c1")).reference
    decision = {"decision": "MERGE", "merge_with": first, "release": True}
    world.client(COORDINATOR).decide(ref, decision)
    own = world.client(LANDLORD).referral(ref)
    assert [each["code"] for each in own["feedback"]] == ["JOINED"]
    assert own["status"] == "RECEIVED"


CONFERENCE = {
    "area": "MARLBURY",
    "starts_at": "2026-12-08T09:30:00Z",
    "attendees": [LANDLORD, "marlbury-police"],
}


def test_promise_08_the_landlords_agenda_line_is_the_same(told: dict[str, Told]) -> None:
    """A landlord that attends sees its case by what it sent, not as the repeat that it is."""
    found = {}
    for before in ("unknown", "referred four months ago"):
        each = told[before]
        coordinator = each.world.client(COORDINATOR)
        coordinator.decide(each.reference, {"decision": "ACCEPT"})
        conference = coordinator.create_conference(CONFERENCE)["conference"]
        kind = coordinator.list_case(conference, each.reference)["kind"]
        assert kind == ("NEW" if before == "unknown" else "REPEAT")
        (line,) = lines(each.world.client(LANDLORD), conference)
        found[before] = {name: value for name, value in line.items() if name != "reference"}
    assert found["unknown"] == found["referred four months ago"]
